"""Meters, filings and homes of stations are laid on slots of ten minutes as the registry of the time tells."""

import datetime as dt
from typing import Any

import numpy as np
import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.core.calendar import day_of, day_start_us
from heatstream.store import stations
from heatstream.store import tables as t
from heatstream.store.stations import Station, Window
from heatstream.store.timescale import ensure_partitions

from .town import Office, ids, time

DAY = dt.date(2026, 1, 5)
WINDOW = Window(day_start_us(day_of(DAY)), 144)
SINCE = time(0, day=1, month=9, year=2025)
NOON = 72


async def group(conn: AsyncConnection) -> list[Station]:
    await ensure_partitions(conn, t.meter_reading, DAY, DAY)
    return await stations.listed(conn, metered=False)


async def meter(conn: AsyncConnection, device: str, *, interval_min: int = 10, **where: Any) -> int:
    table, code = ("heat_station", where["station"]) if "station" in where else ("heat_source", where["source"])
    at = {f"{table}_id": (await ids(conn, t.metadata.tables[table]))[code], "valid_from": where.get("since", SINCE)}
    row = insert(t.meter).values(device=device, interval_min=interval_min, **at)
    return int(await conn.scalar(row.returning(t.meter.c.id)) or 0)


async def tell(conn: AsyncConnection, number: int, at: dt.datetime, **told: int | None) -> None:
    values = {"supply_centi": 4400, "return_centi": 3600, "flow_l_h": 1000, "power_w": 9304, **told}
    row = {"meter_id": number, "observed_at": at, "received_at": at, "batch_id": 1}
    await conn.execute(insert(t.meter_reading).values(**row, **values))


async def test_a_slot_holds_the_mean_of_its_readings(office: Office) -> None:
    async with office.engine.begin() as conn:
        mine, number = await group(conn), await meter(conn, "M1", station="X1")
        for minute, power in ((1, 9000), (5, 9500), (9, 10_000)):
            await tell(conn, number, time(12, minute), power_w=power)
        told = await stations.told(conn, mine, WINDOW)
    assert (told.power_w[0, NOON], told.supply_centi[0, NOON], told.flow_l_h[0, NOON]) == (9500, 4400, 1000)
    assert np.flatnonzero(told.valid).tolist() == [NOON]
    assert told.metered.tolist() == [True, False, False]


async def test_power_follows_from_flow_and_flow_from_power_and_supply_alone_tells_nothing(office: Office) -> None:
    async with office.engine.begin() as conn:
        mine, number = await group(conn), await meter(conn, "M1", station="X1")
        await tell(conn, number, time(12), power_w=None)
        await tell(conn, number, time(12, 10), flow_l_h=None)
        await tell(conn, number, time(12, 20), flow_l_h=None, power_w=None)
        told = await stations.told(conn, mine, WINDOW)
    assert told.power_w[0, NOON : NOON + 2].tolist() == [9304, 9304]
    assert told.flow_l_h[0, NOON : NOON + 2].tolist() == [1000, 1000]
    assert told.valid[0, NOON : NOON + 3].tolist() == [True, True, False]


async def test_two_meters_of_a_station_are_added_up_and_tell_only_together(office: Office) -> None:
    async with office.engine.begin() as conn:
        mine = await group(conn)
        one, other = [await meter(conn, f"M{n}", station="X1") for n in (1, 2)]
        later = await meter(conn, "M3", station="X1", since=time(18))
        for number in (one, other):
            await tell(conn, number, time(12), supply_centi=4400 + number)
        await tell(conn, one, time(13))
        told = await stations.told(conn, mine, WINDOW)
    assert (told.power_w[0, NOON], told.flow_l_h[0, NOON]) == (18_608, 2000)
    assert told.supply_centi[0, NOON] == (8800 + one + other) // 2
    assert np.flatnonzero(told.valid[0]).tolist() == [NOON]
    assert later


async def test_a_reading_of_a_meter_read_by_the_hour_stands_for_an_hour(office: Office) -> None:
    async with office.engine.begin() as conn:
        mine, number = await group(conn), await meter(conn, "M1", station="X1", interval_min=60)
        await tell(conn, number, time(12))
        told = await stations.told(conn, mine, WINDOW)
    assert np.flatnonzero(told.valid[0]).tolist() == list(range(NOON, NOON + 6))
    assert told.interval_min.tolist() == [60, 10, 10]


async def test_the_weather_is_the_stations_else_its_sources_else_the_official_mean(office: Office) -> None:
    async with office.engine.begin() as conn:
        mine = await group(conn)
        await tell(conn, await meter(conn, "M1", station="X1"), time(12), outdoor_centi=-500)
        await tell(conn, await meter(conn, "MS", source="S1"), time(12), outdoor_centi=-700)
        before = await stations.told(conn, mine, WINDOW)
        await conn.execute(insert(t.outdoor_day).values(day=DAY, mean_centi=-900, source="气象台"))
        told = await stations.told(conn, mine, WINDOW)
    assert told.outdoor_centi[:, NOON].tolist() == [-500, -700, -900]
    assert before.outdoor_known[:, NOON].tolist() == [True, True, False]
    assert told.outdoor_centi[0, NOON + 1] == -900


async def test_a_stations_own_curve_holds_before_its_sources_and_a_later_before_an_earlier(office: Office) -> None:
    async with office.engine.begin() as conn:
        mine = await group(conn)
        station, source = await ids(conn, t.heat_station), await ids(conn, t.heat_source)
        filed = (
            ("K1", {"heat_source_id": source["S1"]}, DAY - dt.timedelta(days=60), 5000),
            ("K2", {"heat_station_id": station["X1"]}, DAY - dt.timedelta(days=90), 5100),
            ("K3", {"heat_station_id": station["X1"]}, DAY - dt.timedelta(days=30), 5200),
            ("K4", {"heat_station_id": station["X1"]}, DAY + dt.timedelta(days=1), 5300),
        )
        for code, where, since, supply in filed:
            row = insert(t.weather_curve).values(code=code, valid_from=since, **where)
            number = await conn.scalar(row.returning(t.weather_curve.c.id))
            point = {"weather_curve_id": number, "outdoor_centi": 0, "supply_centi": supply}
            await conn.execute(insert(t.weather_curve_point).values(point))
        found = await stations.filed(conn, mine, WINDOW)
        number = await meter(conn, "M1", station="X1")
        ((curve, meters),) = await stations.curves_of_meters(conn, [number], DAY)
    wanted = [
        None if place < 0 else int(found.curves[place].supply_centi[0]) for place in found.curve[:, NOON].tolist()
    ]
    assert wanted == [5200, 5000, None]
    assert (curve.supply_centi.tolist(), meters) == ([5200], [number])


@pytest.mark.parametrize(("filed_on", "scheduled"), [(DAY, 8 * 6), (DAY + dt.timedelta(days=1), 144)])
async def test_a_schedule_counts_from_its_filing(office: Office, filed_on: dt.date, scheduled: int) -> None:
    async with office.engine.begin() as conn:
        mine = await group(conn)
        row = {"code": "J1", "heat_station_id": mine[0].id, "weekdays": "1", "from_min": 480, "to_min": 960}
        await conn.execute(insert(t.heating_schedule).values(**row, filed_on=filed_on, valid_from=dt.date(2025, 10, 1)))
        found = await stations.filed(conn, mine, WINDOW)
    assert (found.scheduled[0].sum(), found.scheduled[1].sum()) == (scheduled, 144)


async def test_a_stop_is_announced_from_when_users_were_told_and_at_every_station_of_its_source(office: Office) -> None:
    async with office.engine.begin() as conn:
        mine, source = await group(conn), await ids(conn, t.heat_source)
        row = {"code": "G1", "heat_source_id": source["S1"], "begins": time(6), "ends": time(10, 5)}
        await conn.execute(insert(t.maintenance).values(**row, announced_at=time(8), announced_by="公告"))
        found = await stations.filed(conn, mine, WINDOW)
    assert [np.flatnonzero(each).tolist() for each in found.announced] == [[*range(48, 61)], [*range(48, 61)], []]


async def test_area_and_homes_leave_out_who_is_stopped(office: Office) -> None:
    async with office.engine.begin() as conn:
        mine = await group(conn)
        found = (await stations.supplied(conn, DAY)).of([each.id for each in mine])
    assert found.homes.tolist() == [3, 1, 1]
    assert found.area_centi_m2.tolist() == [40_000, 10_000, 10_000]


async def test_a_point_that_falls_silent_moves_nothing_and_an_hour_stands_once_it_is_over(office: Office) -> None:
    async with office.engine.begin() as conn:
        mine, home = await group(conn), await ids(conn, t.household)
        await ensure_partitions(conn, t.reading, DAY, DAY)
        for device, code, level, until in (("P1", "H1", 2200, 24), ("P2", "H2", 1800, 12), ("P3", "H3", 900, 24)):
            placed = {"device": device, "household_id": home[code], "interval_min": 30, "valid_from": SINCE}
            point = await conn.scalar(insert(t.point).values(placed).returning(t.point.c.id))
            rows = [
                {
                    "point_id": point,
                    "observed_at": at,
                    "received_at": at,
                    "temp_centi": level - 10 * at.hour,
                    "batch_id": 1,
                }
                for at in (time(0) + n * dt.timedelta(minutes=30) for n in range(2 * until))
            ]
            await conn.execute(insert(t.reading), rows)
        centi, valid = await stations.indoor(conn, [each.id for each in mine], WINDOW, least_points=1)
        _, two = await stations.indoor(conn, [each.id for each in mine], WINDOW, least_points=2)
    assert valid[0].tolist() == [False] * 5 + [True] * 139
    assert two[0].tolist() == [False] * 5 + [True] * 72 + [False] * 67
    assert centi[0, 5::6].tolist() == [2000 - 10 * hour for hour in range(24)]
    assert not valid[1:].any()


async def test_a_station_is_touched_by_its_own_meter_and_by_its_sources_and_by_later_batches_alone(
    office: Office,
) -> None:
    async with office.engine.begin() as conn:
        mine = await group(conn)
        await tell(conn, await meter(conn, "M1", station="X1"), time(12))
        await tell(conn, await meter(conn, "MS", source="S1"), time(13))
        found, later = await stations.touched(conn, 0), await stations.touched(conn, 1)
    assert (found, later) == ({mine[0].id: time(12), mine[1].id: time(13)}, {})
