"""What the page of a home shows is what the store holds of it, and each home is shown to who may see it."""

from typing import Any

import httpx
import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.core.quality import Quality
from heatstream.store import tables as t
from heatstream.web.shared import Source
from tests.serve import town
from tests.signed import token_of
from tests.web.conftest import SignIn, visitor

CURVE = "household/H1/curve?until=2026-01-06&back=day"


async def fetched(browser: httpx.AsyncClient, address: str) -> Any:
    answer = await browser.get(f"/rows/{address}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def at(hour: int) -> int:
    return int(town.at(town.DAYS[-1], hour).timestamp() * 1000)


async def test_a_curve_holds_what_counts_and_both_values_of_an_undecided_instant(browser: httpx.AsyncClient) -> None:
    told = await fetched(browser, CURVE)
    [line] = told["lines"]
    assert (line["point"], line["room"], line["room_kind"], line["interval_min"]) == ("P1", "R1", "bedroom", 10)
    assert dict(zip(line["at"], line["centi"], strict=True)) == {at(hour): 1700 + 10 * hour for hour in (0, 1, 3, 4, 5)}
    assert line["conflicts"] == [[at(2), [1720, 1810], "open"]]
    assert (line["excluded"], line["no_evidence"], line["flags"]) == ([], [], [])
    assert line["marks"] == [[at(2), at(3), "opened_window", None]]


async def test_a_curve_is_of_local_days_with_its_standard_and_its_nights(browser: httpx.AsyncClient) -> None:
    told = await fetched(browser, CURVE)
    assert (told["begins"], told["ends"], told["limit_centi"]) == (at(0), at(24 - 1) + 3_600_000, 1800)
    assert (told["day_from_min"], told["day_to_min"]) == (360, 1320)


@pytest.mark.parametrize(
    ("back", "first", "last"),
    [
        ("day", "2026-01-06", "2026-01-06"),
        ("week", "2025-12-31", "2026-01-06"),
        ("month", "2025-12-07", "2026-01-06"),
        ("season", "2025-10-20", "2026-04-06"),
    ],
)
async def test_a_range_ends_on_the_chosen_day_and_a_season_is_the_law_s(
    browser: httpx.AsyncClient, back: str, first: str, last: str
) -> None:
    told = await fetched(browser, f"household/H1/curve?until=2026-01-06&back={back}")
    assert (told["first"], told["last"]) == (first, last)


async def test_a_household_without_points_has_no_line(browser: httpx.AsyncClient) -> None:
    assert (await fetched(browser, "household/H4/curve?until=2026-01-06"))["lines"] == []


async def test_a_household_has_its_findings(browser: httpx.AsyncClient) -> None:
    found = await fetched(browser, "household/H3/findings")
    assert [(row["day"], row["outcome"]) for row in found] == [("2026-01-06", 3), ("2026-01-05", 1), ("2026-01-04", 1)]


async def test_an_inspector_sees_no_amounts(source: Source, sign_in: SignIn) -> None:
    async with visitor(source, await sign_in("inspector", company="E1")) as browser:
        found = await fetched(browser, "household/H1/findings")
        lines = (await fetched(browser, "household/H1/findings/2026-01-06/explained"))["lines"]
    assert [(row["outcome"], row["computed_fen"]) for row in found] == [(2, None), (2, None), (1, None)]
    assert lines
    assert not [line for line in lines if "元" in line["zh"] or "CNY" in line["en"]]


async def test_a_finding_tells_its_reasons_and_what_stood_before_it(browser: httpx.AsyncClient) -> None:
    told = await fetched(browser, "household/H1/findings/2026-01-05/explained")
    assert [(row["outcome"], row["change"], row["stands"]) for row in told["versions"]] == [(3, 1, False), (2, 2, True)]
    assert any("数值 17.00 °C，标准 18.00 °C" in line["zh"] for line in told["lines"])
    assert any("测算额：3.00 元" in line["zh"] for line in told["lines"])


async def test_a_day_without_a_finding_has_no_reasons(browser: httpx.AsyncClient) -> None:
    assert await fetched(browser, "household/H1/findings/2026-01-07/explained") is None


async def test_a_day_has_its_statistics_room_by_room(browser: httpx.AsyncClient) -> None:
    [row] = await fetched(browser, "household/H1/statistics?day=2026-01-06")
    told = ("point", "room", "room_kind", "slots_valid", "slots_expected", "min_centi", "limit_centi")
    assert [row[name] for name in told] == ["P1", "R1", "bedroom", 144, 144, 1700, 1800]


@pytest.mark.parametrize("day", ["0001-01-01", "1999-12-31", "2200-01-01", "9999-12-31"])
async def test_a_day_on_which_nothing_was_measured_is_refused(browser: httpx.AsyncClient, day: str) -> None:
    for address in (
        f"household/H1/curve?until={day}",
        f"household/H1/findings/{day}/explained",
        f"household/H1/statistics?day={day}",
        f"household/H1/evidence?from={day}&to={day}",
        f"buildings/B1/day?day={day}",
        f"findings?day={day}",
    ):
        expected = 200 if address.startswith("findings") else 422
        assert (await browser.get(f"/rows/{address}")).status_code == expected, address


@pytest.mark.parametrize(
    "address",
    [
        "H9/curve?until=2026-01-06",
        "H9/findings",
        "H9/findings/2026-01-06/explained",
        "H9/statistics?day=2026-01-06",
        "H9/marks",
    ],
)
async def test_what_is_not_there_is_not_found(browser: httpx.AsyncClient, address: str) -> None:
    assert (await browser.get(f"/rows/household/{address}")).status_code == 404


async def test_what_an_officer_decided_or_excluded_and_what_is_no_evidence_stands_apart(
    database_url: str, engine: AsyncEngine
) -> None:
    async with engine.begin() as conn:
        batch = await conn.scalar(select(t.batch.c.id).limit(1))
        signed = {"officer": "d1", "batch_id": batch}
        point = await conn.scalar(select(t.point.c.id).where(t.point.c.device == "P1"))
        chosen = {"point_id": point, "observed_at": town.at(town.DAYS[-1], 2), "temp_centi": 1810, "reason": "核对"}
        await conn.execute(insert(t.conflict_decision).values(signed | chosen))
        seen = {"kind": "jump", "algorithm": 3, "evidence": {"seen": {}, "thresholds": {}}}
        span = {"begins": town.at(town.DAYS[-1], 4), "ends": town.at(town.DAYS[-1], 5)}
        added = insert(t.quality_mark).values(point_id=point, **seen, **span).returning(t.quality_mark.c.id)
        mark = await conn.scalar(added)
        said = signed | {"mark_id": mark, "excludes": True, "reason": "取暖器"}
        await conn.execute(insert(t.quality_review).values(said))
        removed = {"valid_to": town.at(town.DAYS[-1], 5)}
        await conn.execute(update(t.point).where(t.point.c.id == point).values(removed))
        at_three = (t.reading.c.point_id == point) & (t.reading.c.observed_at == town.at(town.DAYS[-1], 3))
        await conn.execute(update(t.reading).where(at_three).values(flags=Quality.LATE | Quality.REPLAYED))
    source = Source(database_url)
    async with visitor(source, await token_of(engine)) as browser:
        [line] = (await fetched(browser, CURVE))["lines"]
    await source.close()
    assert dict(zip(line["at"], line["centi"], strict=True)) == {at(0): 1700, at(1): 1710, at(2): 1810, at(3): 1730}
    assert line["conflicts"] == [[at(2), [1720, 1810], "decided"]]
    assert (line["excluded"], line["no_evidence"]) == ([[at(4), 1740]], [[at(5), 1750]])
    assert line["flags"] == [[at(3), 1730, ["late", "replayed"]]]


@pytest.mark.parametrize(
    ("role", "whose"),
    [("household", {"household": "H1"}), ("company", {"company": "E1"}), ("district", {"district": "D1"})],
)
async def test_a_home_of_somebody_else_is_not_there(
    source: Source, sign_in: SignIn, role: str, whose: dict[str, str]
) -> None:
    async with visitor(source, await sign_in(role, **whose)) as browser:
        for address in ("findings", "marks", "curve?until=2026-01-06", "statistics?day=2026-01-06"):
            answers = [(await browser.get(f"/rows/household/{home}/{address}")).status_code for home in ("H1", "H3")]
            assert answers == [200, 404], address
