"""However many look at the page, the database is asked once."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.web.shared import Reader, Source
from tests.signed import visitor_at


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Counted:
    """Counts how often the database is asked."""

    def __init__(self) -> None:
        self.asked = 0

    async def __call__(self, conn: AsyncConnection) -> int:
        self.asked += 1
        await conn.execute(text("select pg_sleep(0.05)"))
        return self.asked


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def reader(database_url: str, clock: Clock) -> AsyncIterator[Reader]:
    source = Source(database_url, clock)
    yield Reader(source, await visitor_at(database_url))
    await source.close()


async def test_all_who_come_at_once_get_one_answer(reader: Reader) -> None:
    counted = Counted()
    assert await asyncio.gather(*(reader.shared("x", counted) for _ in range(20))) == [1] * 20


async def test_an_answer_is_read_again_when_it_is_old(reader: Reader, clock: Clock) -> None:
    counted = Counted()
    found = []
    for clock.now in (0, 4.9, 5.0, 9.9, 10.0):
        found.append(await reader.shared("x", counted, seconds=5))
    assert found == [1, 1, 2, 2, 3]


async def test_a_failure_is_not_kept(reader: Reader) -> None:
    async def fail(_: AsyncConnection) -> int:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await reader.shared("x", fail)
    assert await reader.shared("x", Counted()) == 1


async def test_the_page_cannot_write(reader: Reader) -> None:
    async with reader.connection() as conn:
        with pytest.raises(DBAPIError, match="read-only transaction"):
            await conn.execute(text("delete from city"))
