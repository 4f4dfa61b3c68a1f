"""The pass over the stations finds what meters and homes show, opens its incident, and follows later data.

Station X1 supplies 400 m² (H1, H2, H4 and the shop) and gives 15 W/m², on its curve; X2 has a meter too, X3 none.
"""

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.errors import Refused
from heatstream.jobs import run
from heatstream.settings import Database, Settings
from heatstream.store import tables as t
from heatstream.store.copy import Column, copy_in
from heatstream.store.timescale import ensure_partitions
from heatstream.supervision.incident.merging import merge
from heatstream.supervision.station import stations

from .town import Office, time

FIRST, LAST = time(0, day=10), time(12, day=20)
MINUTE = dt.timedelta(minutes=1)
SUPPLY, BACK, POWER_W = 4450, 3650, 6000


def october(day: int, hour: int = 0) -> dt.datetime:
    """An instant of October 2025; the season begins with the twentieth."""
    return time(hour, day=day, month=10, year=2025)


class Meters:
    """Meters of the town's stations, and points of its homes, that a test makes tell something."""

    def __init__(self, office: Office) -> None:
        self.office = office

    @property
    def engine(self) -> AsyncEngine:
        return self.office.engine

    async def register(self) -> None:
        async with self.engine.begin() as conn:
            station = {r.code: r.id for r in await conn.execute(select(t.heat_station.c.code, t.heat_station.c.id))}
            since = {"valid_from": time(0, day=1, month=9, year=2025), "interval_min": 10}
            for code, device in (("X1", "M1"), ("X2", "M2")):
                await conn.execute(insert(t.meter).values(device=device, heat_station_id=station[code], **since))
            curve = insert(t.weather_curve).values(
                code="K1", heat_station_id=station["X1"], valid_from=dt.date(2025, 10, 1)
            )
            number = await conn.scalar(curve.returning(t.weather_curve.c.id))
            points = [{"outdoor_centi": -2000, "supply_centi": 6000}, {"outdoor_centi": 1000, "supply_centi": 3600}]
            await conn.execute(insert(t.weather_curve_point), [{"weather_curve_id": number, **p} for p in points])
            home = {r.code: r.id for r in await conn.execute(select(t.household.c.code, t.household.c.id))}
            for device, code in (("P1", "H1"), ("P2", "H2"), ("P4", "H4")):
                at = {"household_id": home[code], "accepted_on": dt.date(2025, 10, 1)}
                await conn.execute(insert(t.point).values(device=device, **at, **since))
            await ensure_partitions(conn, t.meter_reading, october(18).date(), october(25).date())
            for table in (t.meter_reading, t.reading):
                await ensure_partitions(conn, table, FIRST.date(), LAST.date() + dt.timedelta(days=1))

    async def _batch(self, conn: Any) -> int:
        return int(await conn.scalar(insert(t.batch).values(writer="import").returning(t.batch.c.id)))

    async def tell(
        self, device: str, begin: dt.datetime, end: dt.datetime, *, heat: bool = True, lower: int = 0, every: int = 10
    ) -> None:
        """Readings of a meter; a second telling replaces the first, as a reviewer's correction would."""
        async with self.engine.begin() as conn:
            meter = await conn.scalar(select(t.meter.c.id).where(t.meter.c.device == device))
            c = t.meter_reading.c
            gone = t.meter_reading.delete().where(c.meter_id == meter, c.observed_at >= begin, c.observed_at < end)
            await conn.execute(gone)
            at = np.arange(int(begin.timestamp()), int(end.timestamp()), every * 60, dtype=np.int64) * 1_000_000
            wave = np.rint(100 * np.sin(at / 1e6 / 3000)).astype(np.int64)
            rows = {
                "meter_id": np.full(at.size, meter),
                "observed_at": at,
                "received_at": at,
                "supply_centi": (SUPPLY if heat else 3000) - lower + wave,
                "return_centi": (BACK if heat else 3000) - lower + wave,
                "flow_l_h": np.full(at.size, POWER_W * 1000 // 9304 if heat else 0),
                "power_w": np.full(at.size, POWER_W if heat else 0),
                "outdoor_centi": wave,
                "flags": np.zeros(at.size, np.int16),
                "batch_id": np.full(at.size, await self._batch(conn)),
            }
            await copy_in(conn, t.meter_reading, {name: Column(values) for name, values in rows.items()})

    async def homes(
        self,
        begin: dt.datetime,
        end: dt.datetime,
        *,
        falls_centi_h: int = 0,
        devices: Iterable[str] = ("P1", "P2", "P4"),
    ) -> None:
        async with self.engine.begin() as conn:
            batch = await self._batch(conn)
            at = np.arange(int(begin.timestamp()), int(end.timestamp()), 1200, dtype=np.int64) * 1_000_000
            hours = (at - at[0]) // 3_600_000_000
            for device in devices:
                point = await conn.scalar(select(t.point.c.id).where(t.point.c.device == device))
                rows = {
                    "point_id": np.full(at.size, point),
                    "observed_at": at,
                    "received_at": at,
                    "temp_centi": 2100 - falls_centi_h * hours,
                    "flags": np.zeros(at.size, np.int16),
                    "batch_id": np.full(at.size, batch),
                }
                await copy_in(conn, t.reading, {name: Column(values) for name, values in rows.items()})

    async def look(self, now: dt.datetime = LAST) -> stations.Passed:
        self.office.now = now
        async with self.engine.begin() as conn:
            ground = await self.office.ground(conn)
        return await stations.pass_over(self.engine, ground, now)

    async def spans(self) -> list[tuple[Any, ...]]:
        """Kind, begin, end, whether it stands."""
        async with self.engine.connect() as conn:
            c = t.station_span.c
            query = select(c.kind, c.begins, c.ends, c.withdrawn_at.is_(None)).order_by(c.id)
            return [tuple(row) for row in await conn.execute(query)]

    async def incident(self, number: int = 0) -> Any:
        async with self.engine.connect() as conn:
            query = select(t.matter.c.code).join(t.station_span, t.station_span.c.matter_id == t.matter.c.id)
            code = list(await conn.scalars(query.order_by(t.station_span.c.id)))[number]
        return await self.office.state(code)


@pytest.fixture
async def meters(office: Office) -> Meters:
    found = Meters(office)
    await found.register()
    await found.tell("M1", FIRST, LAST)
    return found


async def test_a_quiet_station_has_no_span_and_a_second_pass_changes_nothing(meters: Meters) -> None:
    assert (await meters.look()).opened == 0
    assert await meters.look() == stations.Passed(stations=2, opened=0, changed=0, ended=0, withdrawn=0, days=0)


async def test_an_interruption_opens_an_incident_that_says_what_was_seen(meters: Meters) -> None:
    await meters.tell("M1", time(6, day=15), time(12, day=15), heat=False)
    assert (await meters.look()).opened == 1
    assert await meters.spans() == [("interruption", time(6, day=15), time(12, day=15), True)]
    incident = await meters.incident()
    assert (incident.what, incident.station, incident.begins, incident.ends, incident.certain) == (
        "interruption", "X1", time(6, day=15), time(12, day=15), True,
    )  # fmt: skip


async def test_a_second_pass_over_an_interruption_opens_nothing(meters: Meters) -> None:
    await meters.tell("M1", time(6, day=20), LAST, heat=False)
    await meters.look()
    assert await meters.look() == stations.Passed(2, 0, 0, 0, 0, 0)


async def test_a_span_that_goes_on_keeps_its_row_and_its_incident_until_it_ends(meters: Meters) -> None:
    await meters.tell("M1", time(6, day=19), LAST, heat=False)
    await meters.look(time(8, day=19))
    assert await meters.spans() == [("interruption", time(6, day=19), None, True)]
    await meters.tell("M1", time(3, day=20), LAST)
    counts = await meters.look()
    assert (counts.opened, counts.ended) == (0, 1)
    assert await meters.spans() == [("interruption", time(6, day=19), time(3, day=20), True)]
    assert (await meters.incident()).ends == time(3, day=20)


async def test_later_readings_move_a_spans_bounds_in_its_row(meters: Meters) -> None:
    await meters.tell("M1", time(6, day=15), time(12, day=15), heat=False)
    await meters.look()
    await meters.tell("M1", time(4, day=15), time(6, day=15), heat=False)
    assert (await meters.look()).changed == 1
    assert await meters.spans() == [("interruption", time(4, day=15), time(12, day=15), True)]
    assert (await meters.incident()).begins == time(4, day=15)


async def test_later_readings_withdraw_a_span_and_its_incident_says_so(meters: Meters) -> None:
    await meters.tell("M1", time(6, day=15), time(12, day=15), heat=False)
    await meters.look()
    await meters.tell("M1", time(6, day=15), time(12, day=15))
    assert (await meters.look()).withdrawn == 1
    assert [row[-1] for row in await meters.spans()] == [False]
    assert (await meters.incident()).withdrawn


async def test_what_becomes_of_a_span_is_told_in_the_incident_that_took_it_in(meters: Meters) -> None:
    for day in (14, 15):
        await meters.tell("M1", time(6, day=day), time(12, day=day), heat=False)
    await meters.look()
    async with meters.engine.connect() as conn:
        one, other = await conn.scalars(select(t.matter.c.code).order_by(t.matter.c.id))
    async with meters.office.desk() as desk:
        await merge(desk, other, one, by="CITY", why="同一事故")
    await meters.tell("M1", time(12, day=15), time(15, day=15), heat=False)
    assert (await meters.look()).changed == 1
    assert (await meters.office.state(one)).ends == time(15, day=15)


async def test_passes_hour_by_hour_find_what_one_pass_finds(meters: Meters) -> None:
    await meters.tell("M1", time(6, day=17), time(20, day=18), heat=False)
    await meters.tell("M1", time(2, day=19), time(9, day=19), lower=1000)
    hour = time(0, day=17)
    while hour < LAST:
        await meters.look(hour)
        hour += dt.timedelta(hours=7)
    await meters.look()
    assert await meters.spans() == [
        ("interruption", time(6, day=17), time(20, day=18), True),
        ("low_running", time(2, day=19), time(9, day=19), True),
    ]


async def test_a_stop_withdraws_a_span_if_it_was_announced_before_and_not_if_after(meters: Meters) -> None:
    await meters.tell("M1", time(6, day=15), time(12, day=15), heat=False)
    await meters.look()
    async with meters.engine.begin() as conn:
        station = await conn.scalar(select(t.heat_station.c.id).where(t.heat_station.c.code == "X1"))
        stop = {"heat_station_id": station, "begins": time(5, day=15), "ends": time(13, day=15), "announced_by": "公告"}
        await conn.execute(insert(t.maintenance).values(code="G1", announced_at=time(14, day=15), **stop))
        await _log(conn, "maintenance", {"begins": time(5, day=15).isoformat()})
    assert (await meters.look()).withdrawn == 0
    async with meters.engine.begin() as conn:
        await conn.execute(update(t.maintenance).values(announced_at=time(8, day=14)))
        await _log(conn, "maintenance", {"begins": time(5, day=15).isoformat()})
    assert (await meters.look()).withdrawn == 1


async def _log(conn: Any, noun: str, after: dict[str, Any]) -> None:
    await conn.execute(insert(t.registry_change).values(by="tester", noun=noun, code="-", after=after))


async def test_an_intermittent_plant_on_its_filed_schedule_has_no_span(meters: Meters) -> None:
    async with meters.engine.begin() as conn:
        station = await conn.scalar(select(t.heat_station.c.id).where(t.heat_station.c.code == "X1"))
        filed = {"heat_station_id": station, "weekdays": "1234567", "filed_on": dt.date(2025, 9, 1)}
        for code, begin, end in (("J1", 300, 780), ("J2", 960, 1320)):
            window = {"code": code, "from_min": begin, "to_min": end, "valid_from": dt.date(2025, 9, 1)}
            await conn.execute(insert(t.heating_schedule).values(**filed, **window))
    for day in (15, 16, 17):
        for begin, end in ((time(0, day=day), time(5, day=day)), (time(13, day=day), time(16, day=day))):
            await meters.tell("M1", begin, end, heat=False)
    assert (await meters.look()).opened == 0


async def test_homes_that_fall_while_the_meter_is_silent_open_a_suspicion(meters: Meters) -> None:
    async with meters.engine.begin() as conn:
        silent = (t.meter_reading.c.observed_at >= time(4, day=15), t.meter_reading.c.observed_at < time(20, day=15))
        await conn.execute(t.meter_reading.delete().where(*silent))
    await meters.homes(time(0, day=15), time(6, day=15))
    await meters.homes(time(6, day=15), time(14, day=15), falls_centi_h=40)
    assert (await meters.look()).opened == 1
    incident = await meters.incident()
    assert (incident.what, incident.certain) == ("interruption", False)
    ((_, begins, ends, _),) = await meters.spans()
    assert time(6, day=15) <= begins <= time(8, day=15)
    assert ends == time(20, day=15)


async def test_supply_below_the_curve_while_homes_fall_is_certain_and_without_homes_a_candidate(meters: Meters) -> None:
    await meters.tell("M1", time(2, day=15), time(10, day=15), lower=1000)
    await meters.look()
    assert (await meters.incident()).certain is False
    await meters.homes(time(0, day=15), time(2, day=15))
    await meters.homes(time(2, day=15), time(10, day=15), falls_centi_h=20)
    await meters.tell("M1", time(9, day=15), time(10, day=15), lower=1000)
    assert (await meters.look()).changed == 1
    assert (await meters.incident()).certain is True


async def test_a_meter_read_at_every_minute_gives_the_same_bounds(meters: Meters) -> None:
    await meters.tell("M1", time(6, day=15), time(7, day=15), heat=False, every=1)
    await meters.look()
    assert await meters.spans() == [("interruption", time(6, day=15), time(7, day=15), True)]


async def test_one_odd_reading_of_a_meter_read_by_the_hour_is_no_interruption(meters: Meters) -> None:
    async with meters.engine.begin() as conn:
        await conn.execute(update(t.meter).where(t.meter.c.device == "M2").values(interval_min=60))
    await meters.tell("M2", FIRST, LAST, every=60)
    await meters.tell("M2", time(6, day=15), time(7, day=15), heat=False, every=60)
    await meters.tell("M2", time(6, day=17), time(9, day=17), heat=False, every=60)
    await meters.look()
    assert await meters.spans() == [("interruption", time(6, day=17), time(9, day=17), True)]


async def test_no_heat_from_the_seasons_start_on_is_a_late_start(meters: Meters) -> None:
    await meters.tell("M1", october(18), october(22, 6), heat=False)
    await meters.tell("M1", october(22, 6), october(24))
    await meters.look(october(21))
    await meters.look(october(24))
    assert await meters.spans() == [("late_start", october(20), october(22, 6), True)]
    assert (await meters.incident()).what == "late_start"


async def test_an_interruption_up_to_the_seasons_end_becomes_an_early_stop(meters: Meters) -> None:
    stop, end = time(6, day=4, month=4), time(0, day=7, month=4)
    async with meters.engine.begin() as conn:
        await ensure_partitions(conn, t.meter_reading, dt.date(2026, 4, 1), dt.date(2026, 4, 9))
    await meters.look()
    await meters.tell("M1", time(0, day=1, month=4), stop)
    await meters.tell("M1", stop, time(0, day=8, month=4), heat=False)
    await meters.look(time(12, day=5, month=4))
    await meters.look(time(12, day=7, month=4))
    assert await meters.spans() == [("interruption", stop, None, False), ("early_stop", stop, end, True)]
    assert [(await meters.incident(n)).what for n in (0, 1)] == ["interruption", "early_stop"]


async def test_a_closed_day_says_what_was_owed_what_was_told_and_how_the_homes_were(meters: Meters) -> None:
    day = dt.date(2025, 10, 22)
    await meters.tell("M1", october(19), october(24))
    await meters.tell("M1", october(22, 6), october(22, 12), heat=False)
    async with meters.engine.begin() as conn:
        await ensure_partitions(conn, t.day_statistic, day, day)
        point = {r.device: (r.id, r.household_id) for r in await conn.execute(select(t.point))}
        for device, low, mean, below in (("P1", 1750, 1820, 120), ("P2", 1900, 2001, 0)):
            await conn.execute(insert(t.day_statistic).values(day=day, **_statistic(*point[device], low, mean, below)))
        await conn.execute(insert(t.closing).values(closed_through=day))
    assert (await meters.look(october(24))).days == 3
    async with meters.engine.connect() as conn:
        found = await conn.execute(select(t.station_day).where(t.station_day.c.day == day))
        first, _, last = [dict(row) for row in found.mappings()]
    figures = (
        "due_min",
        "known_min",
        "without_min",
        "low_min",
        "homes",
        "monitored",
        "below",
        "lowest_centi",
        "mean_centi",
    )
    assert [first[name] for name in figures] == [1440, 1440, 360, 0, 4, 2, 1, 1750, 1910]
    assert [last[name] for name in figures] == [1440, 0, 0, 0, 1, 0, 0, None, None]
    assert (await meters.look(october(24))).days == 0


def _statistic(point: int, household: int, low: int, mean: int, below: int) -> dict[str, Any]:
    kinds: dict[type, Callable[[], Any]] = {int: lambda: 0, bytes: lambda: b"\1" * 32}
    needed = {
        col.name: kinds[col.type.python_type]() for col in t.day_statistic.c if not col.nullable and col.name != "day"
    }
    told = {"min_centi": low, "hourly_mean_centi": mean, "below_min": below, "slots_valid": 144}
    return {**needed, **told, "point_id": point, "household_id": household}


async def test_nothing_is_looked_at_while_no_law_is_in_force(office: Office) -> None:
    async with office.engine.begin() as conn:
        ground = dataclasses.replace(await office.ground(conn), law=None)
    with pytest.raises(Refused, match="nobody knows the season"):
        await stations.pass_over(office.engine, ground, LAST)


async def test_the_job_makes_the_days_of_the_meters_and_looks_at_the_stations(meters: Meters) -> None:
    await meters.tell("M1", time(6, day=15), time(12, day=15), heat=False)
    settings = Settings(database=Database(url=meters.office.url))
    assert await run.run_task(meters.engine, settings, "supervision", lambda: LAST)
    async with meters.engine.connect() as conn:
        detail = await conn.scalar(select(t.job_run.c.detail))
        curve = await conn.scalar(select(func.max(t.meter_day.c.expected_mean_centi)))
    assert "looked at 2 stations: 1 spans seen" in str(detail)
    assert curve == 4404


async def test_the_job_says_why_no_station_is_looked_at(office: Office) -> None:
    async with office.engine.begin() as conn:
        await conn.execute(update(t.run).values(policy_id=None))
    assert await run.run_task(office.engine, Settings(database=Database(url=office.url)), "supervision", lambda: LAST)
    async with office.engine.connect() as conn:
        assert "nobody knows the season" in str(await conn.scalar(select(t.job_run.c.detail)))
