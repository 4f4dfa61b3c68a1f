"""A household's quality marks, in their table."""

import httpx
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.store import tables as t
from heatstream.web.shared import Source
from tests.signed import token_of
from tests.web.conftest import visitor
from tests.web.test_rows import fetched


async def test_a_mark_is_listed_with_what_was_seen(browser: httpx.AsyncClient) -> None:
    [mark] = await fetched(browser, "household/H1/marks")
    assert (mark["kind"], mark["device"], mark["excludes"]) == ("opened_window", "P1", None)
    assert mark["seen_zh"] == "骤降 2.03 K，邻户变化 0.03 K，比较的测点数 3，恢复用时 40 分钟"


async def test_a_review_stands_on_its_mark(database_url: str, engine: AsyncEngine) -> None:
    async with engine.begin() as conn:
        mark = await conn.scalar(select(t.quality_mark.c.id))
        said = {"mark_id": mark, "officer": "d1", "reason": "开窗", "batch_id": 1}
        await conn.execute(insert(t.quality_review), [said | {"excludes": each} for each in (False, True)])
    source = Source(database_url)
    async with visitor(source, await token_of(engine)) as browser:
        [found] = await fetched(browser, "household/H1/marks")
    await source.close()
    assert (found["excludes"], found["officer"], found["reason"]) == (True, "d1", "开窗")


async def test_another_household_has_no_marks(browser: httpx.AsyncClient) -> None:
    assert await fetched(browser, "household/H2/marks") == []
