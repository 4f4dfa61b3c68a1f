"""What callers said goes after the time that the operator chose; the work order, its limits and counts stay."""

import datetime as dt
from pathlib import Path

from sqlalchemy import insert, select, update

from heatstream.access import erasure
from heatstream.store import tables as t
from heatstream.supervision import audit
from heatstream.supervision.hotline import ticket_acts
from tests.supervision.lines import Lines, told
from tests.supervision.town import Office, time


async def test_old_calls_lose_their_words_and_nothing_else(office: Office, tmp_path: Path) -> None:
    lines = await Lines.found(office, tmp_path)
    await lines.take(told(1), told(2, category="热费"))
    first, _ = await lines.order(1)
    async with office.engine.begin() as conn:
        closed = select(t.matter.c.id).where(t.matter.c.code == first).scalar_subquery()
        await conn.execute(t.matter.update().where(t.matter.c.id == closed).values(closed_at=time(12)))
        assert await erasure.erase_old_calls(conn, time(11)) == 0
        hold = insert(t.legal_hold).values(day_from=time(8).date(), day_to=time(8).date(), reason="诉讼", by="D1")
        held = await conn.scalar(hold.returning(t.legal_hold.c.id))
        assert await erasure.erase_old_calls(conn, time(12) + dt.timedelta(days=1)) == 0
        released = update(t.legal_hold).where(t.legal_hold.c.id == held).values(released_at=time(12), released_by="D1")
        await conn.execute(released)
        assert await erasure.erase_old_calls(conn, time(12) + dt.timedelta(days=1)) == 1
        assert await erasure.erase_old_calls(conn, time(12) + dt.timedelta(days=1)) == 0
    old, young = await lines.ticket(1), await lines.ticket(2)
    assert (old.caller, old.content, old.address, old.match_why) == ("已删除",) * 4
    assert young.content == "家里冷"
    assert [set(version.raw.values()) for version in await lines.versions(1)] == [{"已删除"}]
    async with office.engine.connect() as conn:
        [record] = await erasure.listed(conn)
    assert (record.household, record.officer) == (None, "heatstream")
    assert sorted(each["table"] for each in record.erased) == ["matter_event", "ticket", "ticket_version"]
    assert await _why(office, first) == {"已删除"}
    assert "已删除" not in await _why(office, (await lines.order(2))[0])
    async with office.engine.begin() as conn:  # as it stood before the test closed it by hand
        await conn.execute(update(t.matter).where(t.matter.c.code == first).values(closed_at=None))
    async with office.desk() as desk:
        assert [fault async for fault in audit.faults(desk)] == []


async def _why(office: Office, code: str) -> set[str]:
    """What the events of a work order say they were recorded for."""
    query = select(t.matter_event.c.body).join_from(t.matter_event, t.matter).where(t.matter.c.code == code)
    async with office.engine.connect() as conn:
        return {body["why"] for body in await conn.scalars(query)}


async def test_a_call_that_was_set_aside_has_no_work_order_and_is_erased_all_the_same(
    office: Office, tmp_path: Path
) -> None:
    lines = await Lines.found(office, tmp_path)
    await lines.take(told(1, address="外省某市"), told(2, address="外省某市"))
    async with office.desk() as desk:
        await ticket_acts.set_aside(desk, "12345", "T1", by="HOT", why="王某说的是外省")
    async with office.engine.begin() as conn:
        imported: dt.datetime = (await conn.execute(select(t.ticket.c.imported_at).limit(1))).scalar_one()
        assert await erasure.erase_old_calls(conn, imported) == 0
        assert await erasure.erase_old_calls(conn, imported + dt.timedelta(days=1)) == 1
    aside, waits = await lines.ticket(1), await lines.ticket(2)
    assert (aside.content, aside.caller, aside.set_aside_why) == ("已删除",) * 3
    assert waits.content == "家里冷"
