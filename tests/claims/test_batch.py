"""批量退费: one case opens a claim for every household, all or none."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml

from heatstream.claims import batch
from heatstream.errors import BadInput
from heatstream.store import claims

from .rig import Office, time

CASE: dict[str, Any] = {
    "schema": "heatstream.batch-case/1",
    "case": "批2026-3",
    "at": "2026-01-12T09:00:00+08:00",
    "why": "提前停止供热",
    "grounds": "early_stop",
    "begins": "2026-01-08T00:00:00+08:00",
    "ends": "2026-01-10T06:00:00+08:00",
    "found": "换热站停运记录",
    "cause": "company",
    "names": ["王某"],
    "households": ["H1", "H2"],
}


def case(folder: Path, **changed: Any) -> batch.BatchCase:
    path = folder / "case.yaml"
    path.write_text(yaml.safe_dump({**CASE, **changed}, allow_unicode=True), encoding="utf-8")
    return batch.read(path)


async def opened(office: Office, told: batch.BatchCase) -> list[str]:
    async with office.desk() as desk:
        return await batch.open_all(desk, told, by="D1")


async def count(office: Office) -> int:
    async with office.engine.connect() as conn:
        return len(await claims.codes(conn))


@pytest.fixture
async def street(office: Office) -> Office:
    await office.town.home("H2", fee_fen=169_000, fee_paid_fen=169_000)
    return office


async def test_a_case_opens_a_claim_for_every_household(street: Office, tmp_path: Path) -> None:
    codes = await opened(street, case(tmp_path))
    assert codes == ["H1-20260112-1", "H2-20260112-1"]
    found = [await street.claim(code) for code in codes]
    assert [(each.opened_way, each.batch_case, each.step) for each in found] == [("batch", "批2026-3", "opened")] * 2


async def test_the_stop_of_heat_is_computed_as_an_outage(street: Office, tmp_path: Path) -> None:
    [_, code] = await opened(street, case(tmp_path))
    async with street.desk() as desk:
        seen = await desk.recompute(code)
    # 54 hours of ten yuan a day.
    assert (
        seen.amount.counts_to_fen,
        [each.day for each in [dt.datetime.fromisoformat(seen.facts["outages"][0]["start"])]],
    ) == (
        2250,
        [8],
    )


async def test_the_days_without_heat_are_told_though_they_lie_before_the_request(
    street: Office, tmp_path: Path
) -> None:
    [_, code] = await opened(street, case(tmp_path))
    amount = (await street.assessed(code)).amount
    assert [day.day for day in amount.given_back()] == [8, 9, 10]


async def test_heat_that_was_too_low_is_recorded_as_what_was_found(street: Office, tmp_path: Path) -> None:
    [code, _] = await opened(street, case(tmp_path, grounds="low_running"))
    way = await street.way(code)
    assert [each.event.kind for each in way.recorded] == ["opened", "site_recorded", "cause_determined"]


async def test_one_household_with_an_open_claim_leaves_no_claim_at_all(street: Office, tmp_path: Path) -> None:
    await street.open()
    with pytest.raises(BadInput) as caught:
        await opened(street, case(tmp_path, households=["H1", "H2", "H3"]))
    assert str(caught.value).splitlines() == [
        "household H1: claim C-1 is open; expected it recorded there",
        "household: seen 'H3', expected a 户号 of the registry",
    ]
    assert await count(street) == 1


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"households": ["H1", "H1"]}, "households: H1 stand twice"),
        ({"ends": "2026-01-07T00:00:00+08:00"}, "ends: seen 2026-01-07T00:00:00\\+08:00, expected after begins"),
        ({"grounds": "war"}, "grounds"),
    ],
)
def test_a_faulty_case_is_told(tmp_path: Path, changed: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        case(tmp_path, **changed)


def test_the_cases_instants_are_read_with_their_zone(tmp_path: Path) -> None:
    assert case(tmp_path).at == time(9, day=12)
