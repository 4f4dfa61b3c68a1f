"""What callers said goes after the time that the operator chose; the work order, its limits and counts stay."""

import datetime as dt
from pathlib import Path

from sqlalchemy import select

from heatstream.access import erasure
from heatstream.store import tables as t
from tests.supervision.lines import Lines, told
from tests.supervision.town import Office, time


async def test_old_calls_lose_their_words_and_nothing_else(office: Office, tmp_path: Path) -> None:
    lines = await Lines.found(office, tmp_path)
    await lines.take(told(1), told(2, address="松涛苑3号楼2单元402"))
    first, _ = await lines.order(1)
    async with office.engine.begin() as conn:
        closed = select(t.matter.c.id).where(t.matter.c.code == first).scalar_subquery()
        await conn.execute(t.matter.update().where(t.matter.c.id == closed).values(closed_at=time(12)))
        assert await erasure.erase_old_calls(conn, time(11)) == 0
        assert await erasure.erase_old_calls(conn, time(12) + dt.timedelta(days=1)) == 1
        assert await erasure.erase_old_calls(conn, time(12) + dt.timedelta(days=1)) == 0
    old, young = await lines.ticket(1), await lines.ticket(2)
    assert (old.caller, old.content, old.address) == ("已删除",) * 3
    assert young.content == "家里冷"
    assert [set(version.raw.values()) for version in await lines.versions(1)] == [{"已删除"}]
    async with office.engine.connect() as conn:
        [record] = await erasure.listed(conn)
    assert (record.household, record.officer) == (None, "heatstream")
    assert sorted(each["table"] for each in record.erased) == ["ticket", "ticket_version"]
