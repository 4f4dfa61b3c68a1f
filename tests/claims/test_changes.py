"""What happens in a claim is in the feed: what it comes to, its ruling, payments, and what was taken back."""

import datetime as dt
from itertools import pairwise
from typing import Any

from sqlalchemy import select

from heatstream.store import changes
from heatstream.store.tables import change, entitlement

from .rig import Office, given, opened, time
from .test_api import asking

Row = dict[str, Any]


async def told(office: Office, *nouns: str) -> list[Row]:
    await changes.sequence_all(office.engine)
    async with asking(office, "claims") as client:
        answer = await client.get("/api/v1/changes", params={"noun": nouns, "limit": 500})
    rows: list[Row] = answer.json()["rows"]
    return rows


async def test_a_claims_way_is_told_event_by_event_and_amount_by_amount(office: Office) -> None:
    await office.served()
    paid = {"fen": 100, "paid_on": "2026-01-14", "voucher_no": "凭1", "payee": "户主"}
    await office.record(given("payment_made", time(9, day=14), **paid), "CO")
    rows = await told(office, "claim", "ruling", "payment", "entitlement")
    claim, ruling, payment = ([row for row in rows if row["noun"] == noun] for noun in ("claim", "ruling", "payment"))
    assert [row["data"]["event"]["kind"] for row in claim][:2] == ["opened", "contacted"]
    assert {row["key"] for row in claim} == {"C-1"}
    assert [(row["key"], row["deleted"], row["data"]["event"]["kind"]) for row in ruling] == [
        ("区供裁〔2026〕1号", False, kind) for kind in ("ruling_approved", "ruling_served", "ruling_served")
    ]
    assert [(row["data"]["event"]["body"]["fen"], row["data"]["claim"]["household"]) for row in payment] == [
        (100, "H1")
    ]
    numbers = [row["revision"] for row in rows if row["noun"] != "entitlement"]
    assert numbers == list(range(1, len(numbers) + 1))
    stands = [row["data"] for row in rows if row["noun"] == "entitlement"]
    kept = await office.claim()
    assert (stands[-1]["step"], stands[-1]["ruled_fen"], stands[-1]["paid_fen"]) == (kept.step, kept.ruled_fen, 100)


async def test_what_a_claim_comes_to_is_a_revision_only_where_it_differs(office: Office) -> None:
    await office.measured()
    async with office.desk() as desk:
        await desk.recompute("C-1")
        await desk.recompute("C-1")
    async with office.engine.connect() as conn:
        rows = (await conn.execute(select(entitlement).order_by(entitlement.c.number))).all()
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    seen = [row[3:-1] for row in rows]
    assert all(one != other for one, other in pairwise(seen))


async def test_a_revoked_ruling_is_a_tombstone(office: Office) -> None:
    await office.served()
    revoked = {"by": "复议机关", "decision_no": "复议1号"}
    await office.record(given("ruling_revoked", time(9, day=14), **revoked), "D3")
    rows = await told(office, "ruling")
    assert [(row["data"]["event"]["kind"], row["deleted"]) for row in rows][-1] == ("ruling_revoked", True)


async def test_a_withdrawn_claim_is_a_tombstone(office: Office) -> None:
    code = await office.open(opened())
    await office.record(given("withdrawn", time(9), by_name="户主"), "H1", code)
    assert [(row["key"], row["deleted"]) for row in await told(office, "claim")] == [(code, True), (code, True)]


async def test_what_the_evaluator_finds_is_told_a_chunk_a_change(office: Office) -> None:
    rows = await told(office, "finding")
    async with asking(office) as client:
        listed = (await client.get("/api/v1/findings", params={"limit": 500})).json()["rows"]
    assert [row["data"] for row in rows if row["data"]["current"]] == listed
    async with office.engine.connect() as conn:
        chunks = (await conn.execute(select(change.c.day, change.c.rows).where(change.c.noun == "finding"))).all()
    assert sum(rows for _, rows in chunks) == len(rows)
    assert {day for day, _ in chunks} == {dt.date.fromisoformat(row["data"]["period_from"]) for row in rows}
