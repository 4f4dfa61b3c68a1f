"""The town under supervision.

T1 stood for six hours and goes again, T2 still stands, and a pump of T1 is reported to make a noise (INC-R). E1
reported its fuel and declared the last day, was told to mend something, and has a red warning. Two calls wait for a
person to say whom they concern.
"""

import datetime as dt
from pathlib import Path

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.rules import holidays
from heatstream.rules.supervision import file
from heatstream.store import supervision_rules
from heatstream.store import tables as t
from heatstream.store.timescale import ensure_partitions
from heatstream.supervision import ground
from heatstream.supervision.act import Desk
from heatstream.supervision.company import company_acts, company_file, orders
from heatstream.supervision.incident import incidents
from heatstream.supervision.matter import Ground
from tests.serve import town
from tests.signed import officer_of

DEMO = file.SHIPPED / "demo-shili.yaml"
RULES = file.load(DEMO)
RED, YELLOW, CLUSTER = "company_incidents", "station_cold", "cluster_cold"
"""Rules of warnings."""
SIGNED = "某company"

BEGINS, ENDS = town.at(town.DAYS[-1], 2), town.at(town.DAYS[-1], 8)
TEN_MINUTES = dt.timedelta(minutes=10)


def rules_file(folder: Path) -> Path:
    """Write the demo's rules with the other name of a community of this town."""
    found = folder / "supervision.yaml"
    found.write_text(DEMO.read_text(encoding="utf-8").replace("{松涛花苑: C001}", "{朝阳花苑: C1}"), encoding="utf-8")
    return found


async def build(conn: AsyncConnection) -> None:
    await _supply(conn)
    law = await ground.law_on(conn, town.NOW)
    desk = Desk(conn, Ground(RULES, law.choices if law else None, holidays.DaysOff(None), law), lambda: town.NOW)
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

    heard = incidents.Reported(
        at=town.at(town.DAYS[-1], 20),
        why="巡检",
        what="breakdown",
        station="T1",
        begins=town.at(town.DAYS[-1], 19),
        stops_heat=False,
        said="循环泵异响",
    )
    await desk.open("incident", heard, by=await officer_of(conn, "district", district="D1"), code="INC-R")
    await _station(conn)
    await _company(desk)
    await _warn(conn)
    await _calls(conn)


async def _station(conn: AsyncConnection) -> None:
    """T1 heats by a filed schedule, is to stop for maintenance, and its last day was looked at."""
    station = await conn.scalar(select(t.heat_station.c.id).where(t.heat_station.c.code == "T1"))
    rules = await supervision_rules.keep(conn, RULES)
    filed = {"code": "J-1", "weekdays": "1234567", "from_min": 300, "to_min": 1320, "filed_on": town.SINCE}
    await conn.execute(insert(t.heating_schedule).values(heat_station_id=station, valid_from=town.SINCE, **filed))
    announced = {"code": "检-1", "announced_at": town.NOW, "announced_by": "公告"}
    begins = town.NOW + dt.timedelta(days=3)
    await conn.execute(
        insert(t.maintenance).values(
            heat_station_id=station, begins=begins, ends=begins + dt.timedelta(hours=5), **announced
        )
    )
    by_rules = {"supervision_rules_id": rules, "algorithm": 1, "through_batch": 1}
    minutes = {"due_min": 1020, "known_min": 1010, "without_min": 180, "low_min": 60}
    homes = {"homes": 2, "monitored": 2, "below": 1, "lowest_centi": 1700, "mean_centi": 1830}
    await conn.execute(
        insert(t.station_day).values(heat_station_id=station, day=town.DAYS[-1], **minutes, **homes, **by_rules)
    )
    supply = {"lowest_centi": 2300, "mean_deviation_centi": None, "known_min": 360, "silent_min": 0}
    evidence = {"supply": supply, "homes": {"said": "fell", "fell_centi": 120}, "from_homes": False}
    matter = await conn.scalar(select(t.matter.c.id).where(t.matter.c.code == "INC-T1"))
    await conn.execute(
        insert(t.station_span).values(
            heat_station_id=station,
            kind="interruption",
            begins=BEGINS,
            known_at=BEGINS + 3 * TEN_MINUTES,
            ends=ENDS,
            evidence=evidence,
            matter_id=matter,
            **by_rules,
        )
    )


async def _company(desk: Desk) -> None:
    company = await officer_of(desk.conn, "company", company="E1")
    district = await officer_of(desk.conn, "district", district="D1")
    day, at = town.DAYS[-1], town.at(town.DAYS[-1], 18)
    fuel = company_file.FuelReported(
        at=at,
        why="日报",
        source="HS1",
        fuel="coal",
        day=day,
        stock_kg=1_200_000,
        received_kg=90_000,
        used_kg=100_000,
        method="weighed",
    )
    said = "本日运行安全，无事故。"
    declared = company_file.Declared(
        at=at, why="零报告", day=day, zero=True, statement=said, signature=SIGNED, incidents=()
    )
    for event in (fuel, declared):
        await company_acts.record_of_day(desk, "E1", day, event, by=company)
    order = orders.OrderIssued(
        at=at,
        why="停热六小时",
        company="E1",
        cites=("INC-T1",),
        doc_no="东供责〔2026〕1号",
        grounds="东一站停热六小时",
        must_do=("更换循环泵", "报告原因"),
        deadline=day + dt.timedelta(days=10),
    )
    await desk.open("order", order, by=district, code="ORD-E1")


async def _warn(conn: AsyncConnection) -> None:
    """E1 is red, T1 yellow; B2 has too few homes that tell."""
    rules = await supervision_rules.keep(conn, RULES)
    company, station, building = [
        await conn.scalar(select(table.c.id).where(table.c.code == code))
        for table, code in ((t.company, "E1"), (t.heat_station, "T1"), (t.building, "B2"))
    ]
    seen = {"supervision_rules_id": rules, "looked_at": town.NOW}
    rows = [
        {"rule": RED, "subject": "company", "subject_id": company, "level": 3, "numerator": 1, "denominator": 1},
        {
            "rule": YELLOW,
            "subject": "heat_station",
            "subject_id": station,
            "level": 2,
            "numerator": 1,
            "denominator": 12,
        },
        {
            "rule": CLUSTER,
            "subject": "building",
            "subject_id": building,
            "level": 0,
            "numerator": None,
            "denominator": 2,
        },
    ]
    for row in rows:
        known = row["numerator"] is not None
        since = town.NOW - dt.timedelta(hours=2) if known else None
        await conn.execute(insert(t.warning_level).values(row | seen | {"known": known, "since": since}))


async def _calls(conn: AsyncConnection) -> None:
    told = {"line": "12345", "category": "供热-温度不达标", "topic": "temperature", "caller": "周女士"}
    calls = (("K-1", "朝阳小区1号楼H1", "卧室只有十六度"), ("K-2", "朝阳小区", "家里不热"))
    for place, (number, address, content) in enumerate(calls):
        row = {"ticket_no": number, "address": address, "content": content}
        at = {"received_at": town.NOW - dt.timedelta(minutes=30 - place)}
        await conn.execute(insert(t.ticket).values(told | row | at))


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
