"""What is known of a person goes; what was decided stays, and can be proven."""

import dataclasses
import datetime as dt
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.access import erasure
from heatstream.claims import audit
from heatstream.claims.told import told
from heatstream.errors import BadInput, HeatstreamError, Refused
from heatstream.store import tables as t
from heatstream.supervision import ground
from heatstream.supervision.act import Desk
from heatstream.supervision.matter import Ground
from tests.claims.rig import DAYS_OFF, LAST, NOW, Office, given, lines
from tests.evidence.opened import exported, sealed, tree
from tests.evidence.test_verify import verified

FIRST = dt.date(2026, 1, 5)
LATER = NOW + dt.timedelta(days=400)


async def closed(office: Office) -> Office:
    """A claim whose ruling was served, paid and closed; it is more than a year later."""
    await office.served()
    await office.attach(b"scan", kind="scan")
    paid = {"fen": 6 * 300, "paid_on": "2026-01-14", "voucher_no": "V1", "payee": "户主"}
    await office.record(given("payment_made", NOW - dt.timedelta(days=1), **paid), "CO")
    await office.record(given("closed", NOW), "D1")
    return dataclasses.replace(office, now=LATER)


async def desk_of(conn: AsyncConnection, now: dt.datetime) -> Desk:
    law = await ground.law_on(conn, now)
    assert law is not None
    return Desk(conn, Ground(rules=None, choices=law.choices, days_off=DAYS_OFF, law=law), lambda: now)


async def erased(office: Office, *, by: str = "D1", keep_years: int | None = 1) -> int:
    async with office.engine.begin() as conn:
        at = await desk_of(conn, office.now)
        return await erasure.erase(at, "H1", by=by, why="本人请求", keep_years=keep_years)


async def rows(office: Office, query: Any) -> list[Any]:
    async with office.engine.connect() as conn:
        return list((await conn.execute(query)).all())


async def test_words_go_and_the_chain_the_ruling_and_its_bundle_stay(office: Office, tmp_path: Path) -> None:
    office = await closed(office)
    async with office.engine.connect() as conn:
        before = [line.hash for line in await lines(conn)]
    number = await erased(office)
    async with office.engine.connect() as conn:
        after = await lines(conn)
        assert [fault async for fault in audit.faults(conn)] == []
    everything = str([line.body for line in after])
    assert [line.hash for line in after] == before
    assert {line.erasure_id for line in after} == {number}
    assert not [word for word in ("户主", "测温员", "本人", "已修", "测试") if word in everything], everything
    papers = await rows(office, select(t.claim_file.c.kind, t.claim_file.c.content, t.claim_file.c.erasure_id))
    assert {row.kind: (bool(row.content), row.erasure_id) for row in papers} == {
        "bundle": (True, None),
        "ruling": (True, None),
        "scan": (False, number),
    }
    [ruled] = await rows(office, select(t.ruling.c.doc_no, t.ruling.c.ruled_fen))
    assert tuple(ruled) == ("区供裁〔2026〕1号", 6 * 300)
    await sealed(office.town)
    content = await exported(office.town, "H1", LAST, first=FIRST, told_of=told)
    code, seen = verified(content, tmp_path)
    assert (code, "已依法删除" in seen) == (0, True), seen
    [claim] = tree(content, "claims.json")["claims"]
    assert all(event["erased"] for event in claim["events"])


async def test_the_record_tells_what_went_and_lets_the_original_be_shown(office: Office) -> None:
    number = await erased(await closed(office))
    async with office.engine.connect() as conn:
        [record] = await erasure.listed(conn)
    assert (record.id, record.household, record.officer, record.reason) == (number, "H1", "D1", "本人请求")
    [scan] = [each for each in record.erased if each["table"] == "claim_file"]
    assert scan["columns"] == ["content", "name"]
    original = json.dumps(
        {"content": b"scan".hex(), "name": "f"}, ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )
    assert scan["sha256"] == hashlib.sha256(original.encode()).hexdigest()


async def test_a_home_that_is_registered_still_keeps_its_address_and_one_that_is_not_loses_it(office: Office) -> None:
    office = await closed(office)
    await erased(office)
    [home] = await rows(office, select(t.household.c.address).where(t.household.c.code == "H1"))
    assert home.address != "已删除"
    async with office.engine.begin() as conn:
        await conn.execute(update(t.household).where(t.household.c.code == "H1").values(valid_to=dt.date(2026, 6, 1)))
    await erased(office)
    [home] = await rows(office, select(t.household.c.address).where(t.household.c.code == "H1"))
    assert home.address == "已删除"


async def test_who_acted_for_the_home_has_no_name_any_more_in_the_registry_and_in_its_changes(office: Office) -> None:
    office = await closed(office)
    home = select(t.household.c.id).where(t.household.c.code == "H1").scalar_subquery()
    was = {"code": "H1", "name": "户主", "organisation": "某户", "role": "household"}
    async with office.engine.begin() as conn:
        await conn.execute(update(t.officer).where(t.officer.c.code == "H1").values(household_id=home))
        await conn.execute(insert(t.registry_change).values(by="tests", noun="officer", code="H1", after=was))
    await erased(office)
    [person] = await rows(office, select(t.officer.c.name, t.officer.c.organisation).where(t.officer.c.code == "H1"))
    assert tuple(person) == ("已删除", "已删除")
    changes = await rows(office, select(t.registry_change.c.after).where(t.registry_change.c.noun == "officer"))
    assert was | {"name": "已删除", "organisation": "已删除"} in [each.after for each in changes]
    assert "户主" not in str(changes)


async def hold(conn: AsyncConnection) -> None:
    row = {"day_from": FIRST, "day_to": LAST, "reason": "诉讼", "by": "D1"}
    await conn.execute(insert(t.legal_hold).values(row))


@pytest.mark.parametrize(
    ("held", "given_", "refused"),
    [
        (True, {}, (Refused, r"hold 1 keeps its evidence")),
        (False, {"keep_years": None}, (Refused, r"KEEP_CASES_YEARS is not set; the operator must choose")),
        (False, {"keep_years": 3}, (Refused, r"its cases are kept until 2029-01-1. \(3 years\); today is 2027-02-24")),
        (False, {"by": "CO"}, (BadInput, r"by: seen 'CO' \(company\), expected the 工号 of an officer of 区 or 市")),
        (False, {"by": "X9"}, (BadInput, r"by: seen 'X9' \(not registered\)")),
    ],
)
async def test_it_is_refused_where_something_keeps_it(
    office: Office, held: bool, given_: dict[str, Any], refused: tuple[type[HeatstreamError], str]
) -> None:
    office = await closed(office)
    if held:
        async with office.engine.begin() as conn:
            await hold(conn)
    with pytest.raises(refused[0], match=refused[1]):
        await erased(office, **given_)
    async with office.engine.connect() as conn:
        assert {line.erasure_id for line in await lines(conn)} == {None}


async def test_an_open_claim_keeps_everything(office: Office) -> None:
    await office.measured()
    with pytest.raises(Refused, match=r"claim C-1 is open; expected it closed"):
        await erased(dataclasses.replace(office, now=LATER))


async def test_an_event_changes_in_no_other_way(office: Office) -> None:
    number = await erased(await closed(office))
    for change in (
        f"update claim_event set officer = 'X', erasure_id = {number} where number = 1",
        "update claim_event set body = '{}'",
        "delete from claim_event",
    ):
        async with office.engine.connect() as conn:
            with pytest.raises(DBAPIError, match="rows are added, never changed"):
                await conn.execute(text(change))
