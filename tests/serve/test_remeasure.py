"""补测: the homes whose days are undetermined, a page at a time."""

from typing import Any

import httpx
import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.core.finding import Reason
from heatstream.store import tables as t
from tests.serve import town


async def asked(client: httpx.AsyncClient, **query: Any) -> dict[str, Any]:
    answer = await client.get("/api/v1/remeasure", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.every_edition
async def test_a_home_is_listed_with_its_reason_and_its_last_coverage(reader: httpx.AsyncClient) -> None:
    [home] = (await asked(reader))["rows"]
    assert home == {
        "household": "H3",
        "address": "B2 H3室",
        "building": "B2",
        "community": "C2",
        "district": "D2",
        "company": "E2",
        "undetermined_days": 1,
        "day": "2026-01-06",
        "reason": "coverage",
        "reason_zh": "有效数据不足",
        "slots_valid": 100,
        "slots_expected": 144,
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"district": "D2"}, ["H3"]),
        ({"district": "D1"}, []),
        ({"day_to": "2026-01-05"}, []),
        ({"day_from": "2026-01-06", "day_to": "2026-01-06", "company": "E2"}, ["H3"]),
    ],
)
async def test_place_and_period_narrow_the_list(
    reader: httpx.AsyncClient, query: dict[str, str], expected: list[str]
) -> None:
    assert [home["household"] for home in (await asked(reader, **query))["rows"]] == expected


async def leave_undetermined(engine: AsyncEngine, reason: Reason) -> None:
    """Every current finding of H1 and H2 is undetermined, too."""
    async with engine.begin() as conn:
        homes = select(t.household.c.id).where(t.household.c.code.in_(["H1", "H2"]))
        current = select(t.finding_current.c.finding_id).where(t.finding_current.c.household_id.in_(homes))
        await conn.execute(
            update(t.finding).where(t.finding.c.id.in_(current)).values(outcome=town.UNDETERMINED, reason=int(reason))
        )


async def test_pages_meet_every_home_once(client: httpx.AsyncClient, engine: AsyncEngine) -> None:
    await leave_undetermined(engine, Reason.CONFLICT)
    seen: list[tuple[str, int]] = []
    page = await asked(client, limit=1)
    seen += [(home["household"], home["undetermined_days"]) for home in page["rows"]]
    while page["next"]:
        page = await asked(client, limit=1, next=page["next"])
        seen += [(home["household"], home["undetermined_days"]) for home in page["rows"]]
    assert seen == [("H1", 3), ("H2", 3), ("H3", 1)]


async def test_a_home_that_stopped_its_heat_is_not_to_be_measured(
    client: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    await leave_undetermined(engine, Reason.STOPPED)
    assert [home["household"] for home in (await asked(client))["rows"]] == ["H3"]


async def test_a_finding_that_was_superseded_is_not_listed(reader: httpx.AsyncClient) -> None:
    # H1 was undetermined on 01-05 until later readings came.
    assert (await asked(reader, day_to="2026-01-05"))["rows"] == []


async def test_an_unknown_district_and_a_reversed_period_are_refused(reader: httpx.AsyncClient) -> None:
    for query, words in (
        ({"district": "zz"}, "district: seen 'zz'"),
        ({"day_from": "2026-01-06", "day_to": "2026-01-05"}, "day_from"),
    ):
        answer = await reader.get("/api/v1/remeasure", params=query)
        assert (answer.status_code, words in answer.text) == (422, True) or (
            answer.status_code == 400 and words in answer.text
        )


async def test_an_explanation_says_when_the_day_cannot_be_made_anew(reader: httpx.AsyncClient) -> None:
    [found] = (await reader.get("/api/v1/findings", params={"household": "H1", "day_from": "2026-01-06"})).json()[
        "rows"
    ]
    told = (await reader.get(f"/api/v1/findings/{found['id']}/explain")).json()
    assert told["nearest_change"] is None
    assert any("不能重现该判定" in sentence["zh"] for sentence in told["sentences"])


@pytest.mark.every_edition
async def test_an_explanation_tells_the_nearest_change_as_figures(
    client: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    """H2's finding of the last day, made to be what its six readings give."""
    async with engine.begin() as conn:
        home = select(t.household.c.id).where(t.household.c.code == "H2").scalar_subquery()
        row = update(t.finding).where(t.finding.c.household_id == home, t.finding.c.period_from == town.DAYS[-1])
        found = await conn.scalar(
            row.values(outcome=town.UNDETERMINED, reason=1, value_centi=1900, slots_valid=6).returning(t.finding.c.id)
        )
    told = (await client.get(f"/api/v1/findings/{found}/explain")).json()["nearest_change"]
    assert told["more_slots"] == {"by": 124, "outcome": "compliant"}
    assert told["warmer_centi"] is None
    assert {"option": "min_completeness", "value": "0.0416", "beyond": "less", "outcome": "compliant"} in told["turns"]
