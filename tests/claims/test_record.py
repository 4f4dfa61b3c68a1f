"""Recording: whole or not at all, one after the other, never changed, and hashed."""

import asyncio
import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from heatstream.claims import audit, chain
from heatstream.claims.way import ITSELF
from heatstream.errors import BadInput, Refused
from heatstream.store import claims, tables

from .rig import NOW, Office, given, lines, opened, time, visit


async def faults(office: Office) -> list[str]:
    async with office.engine.connect() as conn:
        return [fault async for fault in audit.faults(conn)]


async def test_a_claim_needs_a_policy_that_judged_something(office: Office) -> None:
    async with office.engine.begin() as conn:
        await conn.execute(update(tables.run).values(policy_id=None))
    with pytest.raises(Refused, match="no run has judged under a policy yet"):
        await office.open()


async def test_an_unknown_household_or_officer_is_told(office: Office) -> None:
    with pytest.raises(BadInput, match="household: seen 'H9', expected a 户号"):
        await office.open(opened(household="H9"))
    for nobody in ("X", ITSELF):
        with pytest.raises(BadInput, match=f"officer: seen '{nobody}', expected a 工号"):
            await office.open(by=nobody)


async def test_a_household_has_one_open_claim(office: Office) -> None:
    await office.open()
    with pytest.raises(BadInput, match="household H1: claim C-1 is open; expected it recorded there"):
        await office.open(opened(time(9)))


async def test_a_claims_code_is_made_of_household_and_day(office: Office) -> None:
    assert await office.open(opened()) == "H1-20260105-1"


async def test_a_refused_event_leaves_nothing_behind(office: Office) -> None:
    await office.open()
    before = await office.claim()
    with pytest.raises(BadInput):
        await office.record(given("closed", NOW + dt.timedelta(days=1)), "D1")
    async with office.engine.connect() as conn:
        kept = await lines(conn)
    assert (len(kept), await office.claim()) == (1, before)


async def test_two_people_at_once_record_one_after_the_other(office: Office) -> None:
    await office.measured()
    offer = given("self_refund_offered", time(9, day=6), fen=300, day_from="2026-01-05", day_to="2026-01-05")
    await office.record(offer, "CO")
    accepted = given("self_refund_accepted", time(10, day=6), by_name="户主")
    found = await asyncio.gather(office.record(accepted, "H1"), office.record(accepted, "HOT"), return_exceptions=True)
    numbers = [each for each in found if isinstance(each, int)]
    wrong = [str(each) for each in found if isinstance(each, BadInput)]
    assert (numbers, len(wrong), "the offer was accepted already" in wrong[0]) == ([6], 1, True)


async def test_one_code_is_given_once(office: Office) -> None:
    await office.town.home("H2")
    await office.open()
    with pytest.raises(BadInput, match="claim 'C-1' is there already; expected another 案号"):
        async with office.desk() as desk:
            await desk.open(opened(household="H2"), by="HOT", code="C-1")


async def test_two_people_at_once_open_one_claim(office: Office) -> None:
    found = await asyncio.gather(office.open(opened()), office.open(opened()), return_exceptions=True)
    assert sorted(type(each).__name__ for each in found) == ["BadInput", "str"]


@pytest.mark.parametrize("statement", ["update claim_event set officer = 'X'", "delete from claim_event"])
async def test_the_database_refuses_to_change_an_event(office: Office, statement: str) -> None:
    await office.open()
    with pytest.raises(DBAPIError, match="claim_event: rows are added, never changed"):
        async with office.engine.begin() as conn:
            await conn.execute(text(statement))


async def test_a_whole_claim_is_found_whole(office: Office) -> None:
    await office.served()
    assert await faults(office) == []


FORGED: dict[str, str] = {
    "changed": 'update claim_event set body = body || \'{"why": "别的"}\' where number = 2',
    "told by another": "update claim_event set officer = 'D1' where number = 2",
    "moved in time": "update claim_event set happened_at = happened_at + interval '1 second' where number = 2",
    "left out": "delete from claim_event where number = 2",
}


@pytest.mark.parametrize("statement", FORGED.values(), ids=FORGED)
async def test_an_event_that_was_tampered_with_is_found(office: Office, statement: str) -> None:
    await office.measured()
    async with office.engine.begin() as conn:
        await conn.execute(text("alter table claim_event disable trigger claim_event_add_only"))
        await conn.execute(text(statement))
    assert await faults(office) == ["claim C-1: event 2 is not what was recorded: its hash does not follow"]


async def test_a_row_that_says_otherwise_than_its_events_is_found(office: Office) -> None:
    await office.open()
    async with office.engine.begin() as conn:
        await conn.execute(update(tables.claim).values(paid_fen=5))
    assert await faults(office) == ["claim C-1: paid_fen: seen 5, its events say 0"]


def test_the_form_of_the_chain_is_frozen() -> None:
    told: dict[str, Any] = {"why": "测试", "by_means": "电话"}
    at = dt.datetime(2026, 1, 5, 0, 10, tzinfo=dt.UTC)
    line = claims.Line(2, "contacted", at, at, "CO", told, b"")
    assert chain.hash_of(chain.genesis("C-1", "H1"), line).hex() == (
        "99f8f35491fbb35d7c1504d30b3ddda229b911408d2d5b159af96824853cad88"
    )


async def test_a_ruling_has_its_own_number(office: Office) -> None:
    await office.ruled()
    revoked = given("ruling_revoked", time(9, day=14), by="市政府", decision_no="复议1号")
    await office.record(revoked, "D1")
    async with office.engine.connect() as conn:
        kept = (await conn.execute(select(tables.ruling.c.bundle_sha256))).scalar_one().hex()
    draft = {"outcome": "no_refund", "ruled_fen": 0, "facts": ["x"], "reasoning": ["x"], "bundle_sha256": kept}
    await office.record(given("ruling_drafted", time(9, day=15), other_amount_because="复议", **draft), "D1")
    await office.record(given("ruling_reviewed", time(10, day=15), agrees=True, opinion="同意"), "D2")
    approved = {"agrees": True, "opinion": "同意"}
    with pytest.raises(BadInput, match="文号 区供裁〔2026〕1号 stands on another ruling"):
        await office.record(given("ruling_approved", time(11, day=15), doc_no="区供裁〔2026〕1号", **approved), "D3")
    await office.record(given("ruling_approved", time(11, day=15), doc_no="区供裁〔2026〕2号", **approved), "D3")
    async with office.engine.connect() as conn:
        rulings = await claims.rulings(conn, (await office.claim()).id)
    assert [(each.doc_no, each.outcome, each.revoked_at is None) for each in rulings] == [
        ("区供裁〔2026〕1号", "refund", False),
        ("区供裁〔2026〕2号", "no_refund", True),
    ]


async def test_the_amounts_follow_each_event(office: Office) -> None:
    await office.open()
    found = [(await office.claim()).entitlement_fen]
    await office.record(visit(time(8, 20)), "INS")
    await office.record(given("escalated", time(9, day=6), trigger="disputed"), "D1")
    await office.record(visit(time(15, day=11), 2000, by="authority"), "D1")
    found.append((await office.claim()).entitlement_fen)
    cause = {"by": "authority", "names": ["王某"], "analysis": "失调", "on": [2]}
    await office.record(given("cause_determined", time(9, day=12), cause="company", **cause), "D1")
    found.append((await office.claim()).entitlement_fen)
    await office.record(given("cause_determined", time(10, day=12), cause="user", **cause), "D1")
    found.append((await office.claim()).entitlement_fen)
    assert found == [None, None, 6 * 300, 0]


async def test_the_next_limit_stands_on_the_claim(office: Office) -> None:
    await office.open()
    first = (await office.claim()).next_due_at
    await office.record(visit(time(8, 20)), "INS")
    assert (first, (await office.claim()).next_due_at) == (time(8, 30), None)


async def test_unpaid_rulings_are_listed_past_their_day(office: Office) -> None:
    await office.served()
    claim = await office.claim()
    async with office.engine.connect() as conn:
        due = [
            [each.code for each in await claims.listed(conn, claims.unpaid_since(day))]
            for day in (claim.pay_by or NOW.date(), dt.date(2026, 3, 1))
        ]
    assert (claim.pay_by, due) == (dt.date(2026, 1, 28), [[], ["C-1"]])
