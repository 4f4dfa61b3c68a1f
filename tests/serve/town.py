"""A town small enough to count by hand: five users of heat, three points, three judged days.

| home | building, district, company | point | 01-04 | 01-05 | 01-06 |
| --- | --- | --- | --- | --- | --- |
| H1 | B1, D1, E1 | P1 | 合格 | 不达标, first 无法判定 | 不达标 17.00 |
| H2 | B1, D1, E1 | P2 | 合格 | 合格 | 合格 19.00 |
| H3 | B2, D2, E2 | P3 | 合格 | 合格 | 无法判定 |
| H4 | B2, D2, E2 | none | | | |
| S1 | B2, D2, E2, a shop | none | | | |
"""

import datetime as dt
from typing import Any

import numpy as np
from sqlalchemy import Table, insert, select, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.rules import policy
from heatstream.rules.pack import SHIPPED
from heatstream.store import changes, day_outcomes
from heatstream.store import tables as t
from heatstream.store.timescale import LOCAL, ensure_partitions

DAYS = [dt.date(2026, 1, day) for day in (4, 5, 6)]
NOW = dt.datetime(2026, 1, 7, 9, tzinfo=LOCAL)
SINCE = dt.date(2025, 10, 1)
WATERMARK = "演示·非法律依据"

COMPLIANT, FAILING, UNDETERMINED = 1, 2, 3


def at(day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour, minute), LOCAL)


def _zeros(table: Table) -> dict[str, Any]:
    kinds = {int: 0, bool: False, bytes: b"\1" * 32}
    needed = (column for column in table.columns if not column.nullable and column.identity is None)
    return {column.name: kinds.get(column.type.python_type, "") for column in needed}


async def _add(conn: AsyncConnection, table: Table, *rows: dict[str, Any]) -> dict[str, int]:
    """Insert registry rows and give their ids by code."""
    dated = [{"valid_from": SINCE, **row} for row in rows]
    await conn.execute(insert(table), dated)
    return {row.code: row.id for row in await conn.execute(select(table.c.code, table.c.id))}


async def register(conn: AsyncConnection) -> None:
    await _add(conn, t.city, {"code": "shili", "name": "示例市"})
    district = await _add(conn, t.district, {"code": "D1", "name": "东城区"}, {"code": "D2", "name": "西城区"})
    company = await _add(conn, t.company, {"code": "E1", "name": "东热公司"}, {"code": "E2", "name": "西热公司"})
    community = await _add(
        conn,
        t.community,
        {"code": "C1", "name": "朝阳小区", "district_id": district["D1"]},
        {"code": "C2", "name": "夕照小区", "district_id": district["D2"]},
    )
    source = await _add(
        conn, t.heat_source, {"code": "HS1", "name": "热电厂", "company_id": company["E1"], "kind": "chp"}
    )
    station = await _add(
        conn,
        t.heat_station,
        {"code": "T1", "name": "东一站", "heat_source_id": source["HS1"], "company_id": company["E1"]},
        {"code": "T2", "name": "西一站", "heat_source_id": source["HS1"], "company_id": company["E2"]},
    )
    building = await _add(
        conn,
        t.building,
        {"code": "B1", "name": "1号楼", "community_id": community["C1"], "heat_station_id": station["T1"]},
        {"code": "B2", "name": "2号楼", "community_id": community["C2"], "heat_station_id": station["T2"]},
    )
    homes = [("H1", "B1"), ("H2", "B1"), ("H3", "B2"), ("H4", "B2"), ("S1", "B2")]
    household = await _add(
        conn,
        t.household,
        *(
            {
                "code": code,
                "building_id": building[where],
                "kind": "other" if code == "S1" else "residential",
                "address": f"{where} {code}室",
            }
            for code, where in homes
        ),
    )
    room = await _add(
        conn,
        t.room,
        *({"code": f"R{n}", "household_id": household[f"H{n}"], "kind": "bedroom"} for n in (1, 2, 3)),
    )
    gateway = await _add(conn, t.gateway, {"code": "gw-0001"})
    installed = {
        "gateway_id": gateway["gw-0001"],
        "interval_min": 10,
        "accepted_on": SINCE,
        "valid_from": at(SINCE, 0),
    }
    await conn.execute(
        insert(t.point),
        [
            installed | {"device": f"P{n}", "household_id": household[f"H{n}"], "room_id": room[f"R{n}"]}
            for n in (1, 2, 3)
        ],
    )


async def _ids(conn: AsyncConnection, table: Table, column: str) -> dict[str, int]:
    return {row[0]: row[1] for row in await conn.execute(select(table.c[column], table.c.id))}


async def receive(conn: AsyncConnection) -> None:
    """Readings of P1 and P2, one instant with two values, a reject, an incident."""
    point = await _ids(conn, t.point, "device")
    await ensure_partitions(conn, t.reading, DAYS[0], DAYS[-1])
    written = {"writer": "ingest", "written_at": NOW - dt.timedelta(minutes=1)}
    batch = await conn.scalar(insert(t.batch).values(written).returning(t.batch.c.id))
    stored = [
        {
            "point_id": point[device],
            "observed_at": at(DAYS[-1], hour),
            "received_at": at(DAYS[-1], hour, 1),
            "temp_centi": temp + 10 * hour,
            "batch_id": batch,
        }
        for device, temp in (("P1", 1700), ("P2", 1900))
        for hour in range(6)
    ]
    await conn.execute(insert(t.reading), stored)
    await conn.execute(insert(t.reading_conflict).values(stored[2] | {"temp_centi": 1810}))
    counts = {"messages": 13, "undecodable": 1, "over_quota": 0, "readings": 14, "stored": 12, "repeated": 0}
    rest = {"conflicting": 1, "rejected": 1, "late": 0}
    page = {"gateway": "gw-0001", "kind": "indoor", **counts, **rest}
    still = {"contiguous": [None], "highest": [None], "beyond": [None]}
    page_of_one = {name: [value] for name, value in page.items()}
    await conn.execute(insert(t.ledger_page).values(batch_id=batch, **page_of_one, **still))
    await conn.execute(
        insert(t.gateway_progress).values(
            gateway="gw-0001", contiguous=10, highest=13, beyond=[Range(12, 14)], last_received_at=NOW
        )
    )
    await refuse(conn, batch)
    await conn.execute(insert(t.incident).values(kind="session_lost", at=NOW, detail={"client": "heatstream-ingest"}))
    await conn.execute(
        insert(t.flag).values(
            point_id=point["P1"],
            kind="below_standard",
            limit_centi=1800,
            temp_centi=1750,
            lowest_centi=1700,
            since=at(DAYS[-1], 0),
            observed_at=at(DAYS[-1], 5),
        )
    )


async def refuse(conn: AsyncConnection, batch: int) -> None:
    message = {
        "topic": "heat/v1/shili/gw-0001/indoor",
        "payload_sha256": b"\2" * 32,
        "gateway": "gw-0001",
        "first_received_at": NOW,
        "last_received_at": NOW,
        "batch_id": batch,
    }
    whole = message | {"payload": b"\xff{", "reason": "undecodable", "detail": "byte 0", "readings": 0}
    await conn.execute(insert(t.reject).values(whole))
    partly = message | {"payload": b"{}", "payload_sha256": b"\3" * 32, "readings": 1}
    made = await conn.scalar(insert(t.reject).values(partly).returning(t.reject.c.id))
    await conn.execute(
        insert(t.reject_reading).values(
            reject_id=made, position=0, reason="out_of_range", detail="99.9 °C", point="P1", at="x", value="99.9"
        )
    )


def finding(household: int, day: dt.date, outcome: int, **columns: object) -> dict[str, Any]:
    value = {COMPLIANT: 1900, FAILING: 1700, UNDETERMINED: None}[outcome]
    known = {
        "value_centi": value,
        "limit_centi": 1800,
        "margin_centi": None if value is None else value - 1800,
        "computed_fen": 300 if outcome == FAILING else 0,
        "slots_valid": 100 if value is None else 144,
        "slots_expected": 144,
    }
    stamped = {"household_id": household, "period_kind": 1, "period_from": day, "period_to": day, "outcome": outcome}
    numbers = {"statistic": 1, "grade": 1, "change": 1, "reason": 1 if outcome == UNDETERMINED else 0}
    return _zeros(t.finding) | stamped | numbers | known | columns


async def record(conn: AsyncConnection, row: dict[str, Any]) -> int:
    """Add a finding, let it stand, and tell the feed."""
    key = {name: row[name] for name in ("household_id", "period_kind", "period_from")}
    same = [t.finding_current.c[name] == value for name, value in key.items()]
    before = await conn.scalar(select(t.finding_current.c.finding_id).where(*same))
    made = await conn.scalar(insert(t.finding).values(row | {"supersedes": before}).returning(t.finding.c.id))
    if before is None:
        await conn.execute(insert(t.finding_current).values(**key, finding_id=made))
    else:
        await conn.execute(update(t.finding_current).where(*same).values(finding_id=made))
    await day_outcomes.count(conn, row["period_from"], np.array([row["household_id"]], np.int32))
    await changes.tell(conn, "finding", [int(made or 0)], row["period_from"])
    return int(made or 0)


def _canonical() -> str:
    return policy.load(SHIPPED / "demo-shili.choices.yaml").canonical


async def judge(conn: AsyncConnection) -> None:
    for table in (t.finding, t.finding_current, t.day_statistic):
        await ensure_partitions(conn, table, DAYS[0], DAYS[-1])
    kept = {"hash": b"\4" * 32, "place": "示例市", "watermark": WATERMARK, "canonical": _canonical()}
    law = await conn.scalar(insert(t.policy).values(kept).returning(t.policy.c.id))
    started = {"policy_id": law, "code_version": "0.1.0", "through_batch": 1}
    run = await conn.scalar(insert(t.run).values(started).returning(t.run.c.id))
    home, point = await _ids(conn, t.household, "code"), await _ids(conn, t.point, "device")
    by = {"policy_id": law, "run_id": run}
    for day in DAYS:
        for n in (1, 2, 3):
            statistic = {"point_id": point[f"P{n}"], "household_id": home[f"H{n}"], "day": day, "limit_centi": 1800}
            whole = {"slot_min": 10, "slots_expected": 144, "slots_valid": 144, "min_centi": 1700, "algorithm": 1}
            await conn.execute(insert(t.day_statistic).values(_zeros(t.day_statistic) | statistic | whole))
    for day, outcomes in zip(DAYS, ((1, 1, 1), (3, 1, 1), (2, 1, 3)), strict=True):
        for n, outcome in enumerate(outcomes, start=1):
            await record(conn, finding(home[f"H{n}"], day, outcome, point_id=point[f"P{n}"], **by))
    await record(conn, finding(home["H1"], DAYS[1], FAILING, point_id=point["P1"], change=2, **by))
    await conn.execute(insert(t.closing).values(closed_through=DAYS[-1]))
    await conn.execute(insert(t.job_run).values(job="partitions", ended_at=NOW, succeeded=True))


async def mark(conn: AsyncConnection) -> None:
    """P1 has an opened window from 02:00 to 03:00 of the last day, that nobody has reviewed."""
    point = await _ids(conn, t.point, "device")
    seen = {"drop_centi": 203, "recovered_after_min": 40, "neighbours_moved_centi": 3, "others": 3}
    made = {"kind": "opened_window", "algorithm": 3, "evidence": {"seen": seen, "thresholds": {}}}
    span = {"begins": at(DAYS[-1], 2), "ends": at(DAYS[-1], 3)}
    await conn.execute(insert(t.quality_mark).values(point_id=point["P1"], **made, **span))


async def build(conn: AsyncConnection) -> None:
    await register(conn)
    await receive(conn)
    await judge(conn)
    await mark(conn)
