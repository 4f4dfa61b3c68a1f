"""A household's quality marks, on its curve and in its table."""

import httpx
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.store import tables as t
from heatstream.web.shared import Source
from tests.serve import town
from tests.signed import token_of
from tests.web.conftest import visitor
from tests.web.test_rows import fetched


def milliseconds(hour: int) -> int:
    return int(town.at(town.DAYS[-1], hour).timestamp() * 1000)


async def test_a_mark_stands_on_the_line_of_its_point(browser: httpx.AsyncClient) -> None:
    [line] = await fetched(browser, "household/H1/curve?days=1")
    assert line["marks"] == [[milliseconds(2), milliseconds(3), "opened_window", None]]


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
