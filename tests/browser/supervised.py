"""Two incidents in the town: T1 stood for six hours and goes again, T2 still stands."""

import datetime as dt

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.rules import holidays
from heatstream.store import tables as t
from heatstream.store.timescale import ensure_partitions
from heatstream.supervision import ground
from heatstream.supervision.act import Desk
from heatstream.supervision.incident import incidents
from heatstream.supervision.matter import Ground
from tests.serve import town

BEGINS, ENDS = town.at(town.DAYS[-1], 2), town.at(town.DAYS[-1], 8)
TEN_MINUTES = dt.timedelta(minutes=10)


async def build(conn: AsyncConnection) -> None:
    await _supply(conn)
    law = await ground.law_on(conn, town.NOW)
    desk = Desk(conn, Ground(None, law and law.choices, holidays.DaysOff(None), law), lambda: town.NOW)
    for station, span in (("T1", 1), ("T2", 2)):
        seen = incidents.SpanSeen(
            at=BEGINS + 3 * TEN_MINUTES,
            why="热表连续三个时段无热",
            span=span,
            what="interruption",
            station=station,
            begins=BEGINS,
            known_at=BEGINS + 3 * TEN_MINUTES,
            evidence={"minutes_known": 360},
        )
        await desk.open("incident", seen, by="heatstream", code=f"INC-{station}")
    await desk.record(
        "INC-T1",
        incidents.SpanEnded(at=ENDS, why="热表恢复", span=1, ends=ENDS, evidence={}),
        by="heatstream",
    )


async def _supply(conn: AsyncConnection) -> None:
    station = await conn.scalar(select(t.heat_station.c.id).where(t.heat_station.c.code == "T1"))
    installed = {"device": "M-T1", "heat_station_id": station, "interval_min": 10, "valid_from": town.at(town.SINCE, 0)}
    meter = await conn.scalar(insert(t.meter).values(installed).returning(t.meter.c.id))
    curve = {"code": "Q-T1", "heat_station_id": station, "valid_from": town.SINCE}
    drawn = await conn.scalar(insert(t.weather_curve).values(curve).returning(t.weather_curve.c.id))
    points = [(-2000, 6500), (500, 4000)]
    await conn.execute(
        insert(t.weather_curve_point),
        [{"weather_curve_id": drawn, "outdoor_centi": out, "supply_centi": supply} for out, supply in points],
    )
    await ensure_partitions(conn, t.meter_reading, town.DAYS[0], town.DAYS[-1])
    batch = await conn.scalar(select(t.batch.c.id).limit(1))
    first = town.at(town.DAYS[-2], 12)
    rows = [first + n * TEN_MINUTES for n in range(6 * 24)]
    still = {at: BEGINS <= at < ENDS for at in rows}
    await conn.execute(
        insert(t.meter_reading),
        [
            {
                "meter_id": meter,
                "observed_at": at,
                "received_at": at,
                "supply_centi": 2300 if still[at] else 5200,
                "return_centi": 2250 if still[at] else 4200,
                "flow_l_h": 0 if still[at] else 20_000,
                "power_w": 0 if still[at] else 232_600,
                "outdoor_centi": -800,
                "batch_id": batch,
            }
            for at in rows
        ],
    )
