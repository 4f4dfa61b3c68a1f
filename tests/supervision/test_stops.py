"""Announced stops, and whether users were told so long ahead."""

import dataclasses
import datetime as dt
from pathlib import Path

import pytest
from sqlalchemy import insert

from heatstream.rules.supervision import file
from heatstream.store.tables import heat_source, heat_station, maintenance
from heatstream.supervision.incident import stops

from .town import Office, ids, time

RULES = file.load(Path(file.__file__).with_name("demo-shili.yaml"))
DAY = dt.timedelta(days=1)
BEGINS = time(8, day=22)


async def announced(office: Office) -> None:
    """Two days ahead and a moment less, of two long stops; an hour ahead of a short one."""
    async with office.engine.begin() as conn:
        station, source = (await ids(conn, heat_station))["X1"], (await ids(conn, heat_source))["S2"]
        long = {"begins": BEGINS, "ends": BEGINS + 2 * DAY, "announced_by": "公告"}
        ahead = BEGINS - 2 * DAY
        rows = [
            {**long, "code": "停-1", "heat_station_id": station, "heat_source_id": None, "announced_at": ahead},
            {
                **long,
                "code": "停-2",
                "heat_station_id": None,
                "heat_source_id": source,
                "announced_at": ahead + dt.timedelta(seconds=1),
            },
            {
                **long,
                "code": "停-3",
                "ends": BEGINS + DAY,
                "heat_station_id": station,
                "heat_source_id": None,
                "announced_at": BEGINS - dt.timedelta(hours=1),
            },
        ]
        await conn.execute(insert(maintenance), rows)


@pytest.mark.parametrize(
    ("with_rules", "states"), [(True, ["kept", "breached", "not_asked"]), (False, ["unknown"] * 3)]
)
async def test_an_announced_stop_is_held_against_the_operator_s_period(
    office: Office, with_rules: bool, states: list[str]
) -> None:
    await announced(office)
    async with office.desk() as desk:
        by = dataclasses.replace(desk, ground=dataclasses.replace(desk.ground, rules=RULES if with_rules else None))
        found = await stops.between(by, BEGINS, BEGINS + DAY)
        before = await stops.between(by, BEGINS - DAY, BEGINS)
    assert [(stop.code, notice.state) for stop, notice in found] == list(
        zip(["停-1", "停-2", "停-3"], states, strict=True)
    )
    assert before == []
    assert [stops.tree(*each)["heat_source"] for each in found] == [None, "S2", None]
    assert next(stops.sentences(found)).startswith("停-1 · 站 X1 · 2026-01-22T08:00:00+08:00 to ")
