"""A claim of the real database, from its application to a ruling, is computed again by the twin alone."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.claims.told import told
from tests.claims.rig import LAST, Office, time
from tests.evidence.opened import exported, sealed, tree
from tests.evidence.test_verify import tree_bent, verified

FIRST = dt.date(2026, 1, 5)


@pytest.fixture
async def office(engine: AsyncEngine) -> Office:
    return await Office.found(engine)


async def bundled(office: Office) -> bytes:
    await sealed(office.town)
    return await exported(office.town, "H1", LAST, first=FIRST, told_of=told)


async def test_an_open_claim_is_the_same_to_the_twin(office: Office, tmp_path: Path) -> None:
    await office.applied()
    content = await bundled(office)
    [claim] = tree(content, "claims.json")["claims"]
    assert claim["entitlement_fen"] == 6 * 300
    code, seen = verified(content, tmp_path)
    assert code == 0, seen
    assert "C-1" in seen


@pytest.mark.every_edition
async def test_a_ruled_claim_is_the_same_to_the_twin(office: Office, tmp_path: Path) -> None:
    await office.served()
    content = await bundled(office)
    [claim] = tree(content, "claims.json")["claims"]
    [ruling] = claim["rulings"]
    assert (claim["ruled_fen"], ruling["outcome"], ruling["doc_no"]) == (6 * 300, "refund", "区供裁〔2026〕1号")
    code, seen = verified(content, tmp_path)
    assert code == 0, seen


async def test_an_event_that_was_changed_breaks_its_chain(office: Office, tmp_path: Path) -> None:
    def bend(found: Any) -> None:
        found["claims"][0]["events"][2]["body"]["rooms"][0]["temp_centi"] = 1550

    await office.applied()
    code, seen = verified(tree_bent(await bundled(office), "claims.json", bend), tmp_path)
    assert (code, "hash" in seen) == (1, True), seen


async def test_an_amount_that_was_changed_is_told_with_what_the_law_gives(office: Office, tmp_path: Path) -> None:
    def bend(found: Any) -> None:
        found["claims"][0]["entitlement_fen"] = 99_999

    await office.applied()
    code, seen = verified(tree_bent(await bundled(office), "claims.json", bend), tmp_path)
    assert code == 1
    [line] = [line for line in seen.splitlines() if "entitlement_fen" in line]
    assert "99999" in line
    assert str(6 * 300) in line


async def test_a_claim_computed_before_more_days_were_closed_is_told_as_it_is_now(
    office: Office, tmp_path: Path
) -> None:
    await office.measured()
    stale = (await office.claim()).computed_fen
    await office.town.write({"P1": [(time(12, 5, day=5), 1400)]})
    await office.judge()
    content = await bundled(office)
    [claim] = tree(content, "claims.json")["claims"]
    assert claim["computed_fen"] != stale
    code, seen = verified(content, tmp_path)
    assert code == 0, seen
