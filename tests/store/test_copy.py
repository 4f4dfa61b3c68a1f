"""Binary COPY: every type, with NULLs and without, in and out, and never outside of a transaction."""

import datetime as dt
from contextlib import aclosing

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    func,
    insert,
    literal,
    select,
    text,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.schema import CreateTable

from heatstream.errors import StoreError
from heatstream.store import copy

SHEET = Table(
    "sheet",
    MetaData(),
    Column("small", SmallInteger),
    Column("whole", Integer),
    Column("big", BigInteger),
    Column("yes", Boolean),
    Column("at", DateTime(timezone=True)),
    Column("day", Date),
    Column("word", Text),
    Column("bytes", LargeBinary),
    prefixes=["TEMPORARY"],
)
AT = dt.datetime(2026, 1, 5, 0, 0, 0, 123456, tzinfo=dt.UTC)
AT_US = int(AT.timestamp()) * 1_000_000 + 123456
DAY = 20_458


@pytest.fixture
async def sheet(conn: AsyncConnection) -> AsyncConnection:
    await conn.execute(CreateTable(SHEET))
    return conn


async def rows(conn: AsyncConnection) -> list[tuple[object, ...]]:
    return [tuple(row) for row in await conn.execute(select(SHEET))]


async def test_every_type_arrives_as_it_was(sheet: AsyncConnection) -> None:
    columns = {
        "small": copy.Column(np.array([-32768, 32767])),
        "whole": copy.Column(np.array([-1, 2**31 - 1])),
        "big": copy.Column(np.array([-(2**63), 2**63 - 1])),
        "yes": copy.Column(np.array([True, False])),
        "at": copy.Column(np.array([AT_US, 0])),
        "day": copy.Column(np.array([DAY, 0])),
        "word": copy.Column(["供热", ""]),
        "bytes": copy.Column([b"\0\xff\0", b""]),
    }
    assert await copy.copy_in(sheet, SHEET, columns) == 2
    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    assert await rows(sheet) == [
        (-32768, -1, -(2**63), True, AT, dt.date(2026, 1, 5), "供热", b"\0\xff\0"),
        (32767, 2**31 - 1, 2**63 - 1, False, epoch, epoch.date(), "", b""),
    ]


async def test_a_null_stands_where_a_value_is_not_valid(sheet: AsyncConnection) -> None:
    mask = np.array([True, False, True])
    columns = {"whole": copy.Column(np.arange(3), mask), "word": copy.Column(["a", "b", "c"], ~mask)}
    await copy.copy_in(sheet, SHEET, columns)
    assert [(row[1], row[6]) for row in await rows(sheet)] == [(0, None), (None, "b"), (2, None)]


async def test_a_column_can_be_null_throughout(sheet: AsyncConnection) -> None:
    await copy.copy_in(
        sheet, SHEET, {"whole": copy.Column(np.arange(2), np.zeros(2, bool)), "big": copy.Column(np.arange(2))}
    )
    assert [(row[1], row[2]) for row in await rows(sheet)] == [(None, 0), (None, 1)]


async def test_bytes_of_one_width_come_as_a_matrix(sheet: AsyncConnection) -> None:
    await copy.copy_in(sheet, SHEET, {"bytes": copy.Column(np.arange(6, dtype=np.uint8).reshape(2, 3))})
    assert [row[7] for row in await rows(sheet)] == [b"\0\1\2", b"\3\4\5"]


async def test_no_rows_are_no_copy(sheet: AsyncConnection) -> None:
    assert await copy.copy_in(sheet, SHEET, {"whole": copy.Column(np.arange(0))}) == 0


async def test_columns_of_different_lengths_are_an_error(sheet: AsyncConnection) -> None:
    with pytest.raises(StoreError, match="differ in length"):
        await copy.copy_in(sheet, SHEET, {"whole": copy.Column(np.arange(2)), "big": copy.Column(np.arange(3))})


async def test_more_rows_than_a_piece_all_arrive(sheet: AsyncConnection) -> None:
    many = 2 * copy.PIECE_ROWS + 7
    assert await copy.copy_in(sheet, SHEET, {"whole": copy.Column(np.arange(many))}) == many
    assert (await sheet.execute(select(func.count(), func.sum(SHEET.c.whole)))).one() == (many, many * (many - 1) // 2)


async def test_a_copy_before_any_statement_is_refused(engine: AsyncEngine) -> None:
    async with engine.begin() as conn:
        with pytest.raises(StoreError, match="before any statement"):
            await copy.copy_in(conn, SHEET, {"whole": copy.Column(np.arange(2))})


async def test_a_copy_is_undone_with_its_transaction(engine: AsyncEngine) -> None:
    async with engine.begin() as conn:
        await conn.execute(text("create table sheet (whole integer)"))
    async with engine.connect() as conn:
        await conn.execute(select(1))
        await copy.copy_in(conn, SHEET, {"whole": copy.Column(np.arange(2))})
        await conn.rollback()
        assert await conn.scalar(text("select count(*) from sheet")) == 0


MAYBE = st.tuples(
    st.one_of(st.none(), st.integers(-(2**15), 2**15 - 1)),
    st.one_of(st.none(), st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)),
    st.one_of(st.none(), st.binary(max_size=8)),
)


@hypothesis_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(table=st.lists(MAYBE, min_size=1, max_size=30))
async def test_any_mixture_of_values_and_nulls_arrives(
    engine: AsyncEngine, table: list[tuple[int | None, str | None, bytes | None]]
) -> None:
    small, word, raw = zip(*table, strict=True)
    columns = {
        "small": copy.Column(np.array([v or 0 for v in small]), np.array([v is not None for v in small])),
        "word": copy.Column([v or "" for v in word], np.array([v is not None for v in word])),
        "bytes": copy.Column([v or b"" for v in raw], np.array([v is not None for v in raw])),
    }
    async with engine.connect() as conn:
        await conn.execute(CreateTable(SHEET))
        await copy.copy_in(conn, SHEET, columns)
        found = await conn.execute(select(SHEET.c.small, SHEET.c.word, SHEET.c.bytes))
        assert [tuple(row) for row in found] == table
        await conn.rollback()


# --- out --------------------------------------------------------------------------------------------------------------


async def fill(conn: AsyncConnection, many: int) -> None:
    generated = select(func.generate_series(0, many - 1).label("n")).subquery()
    at = literal(AT, DateTime(timezone=True)) + generated.c.n * text("interval '1 microsecond'")
    query = select(generated.c.n % 100, generated.c.n, at, literal(dt.date(2026, 1, 5), Date))
    await conn.execute(insert(SHEET).from_select(["small", "whole", "at", "day"], query))


async def test_rows_come_out_as_arrays(sheet: AsyncConnection) -> None:
    await fill(sheet, 3)
    found = await copy.copy_out_all(sheet, select(SHEET.c.whole, SHEET.c.at, SHEET.c.day).order_by(SHEET.c.whole))
    assert found.dtype == np.dtype([("whole", "i4"), ("at", "i8"), ("day", "i4")])
    assert found.tolist() == [(n, AT_US + n, DAY) for n in range(3)]


async def test_parameters_are_passed_on(sheet: AsyncConnection) -> None:
    await fill(sheet, 10)
    query = select(SHEET.c.whole).where(SHEET.c.whole.in_([3, 5]), SHEET.c.at > AT, SHEET.c.day == dt.date(2026, 1, 5))
    assert (await copy.copy_out_all(sheet, query.order_by(SHEET.c.whole)))["whole"].tolist() == [3, 5]


async def test_no_rows_are_an_empty_array(sheet: AsyncConnection) -> None:
    assert len(await copy.copy_out_all(sheet, select(SHEET.c.whole))) == 0


async def test_many_rows_come_in_chunks_without_loss(sheet: AsyncConnection) -> None:
    await fill(sheet, 50_000)
    chunks = [
        chunk["whole"] async for chunk in copy.copy_out(sheet, select(SHEET.c.whole).order_by(SHEET.c.whole), rows=1000)
    ]
    assert len(chunks) > 1
    assert np.array_equal(np.concatenate(chunks), np.arange(50_000))


async def test_bytes_of_one_width_come_out_when_told(sheet: AsyncConnection) -> None:
    await copy.copy_in(sheet, SHEET, {"bytes": copy.Column([b"ab", b"cd"])})
    found = await copy.copy_out_all(sheet, select(SHEET.c.bytes), widths={"bytes": 2})
    assert [value.tobytes() for value in found["bytes"]] == [b"ab", b"cd"]


async def test_a_null_is_an_error_that_names_its_column(sheet: AsyncConnection) -> None:
    await copy.copy_in(
        sheet,
        SHEET,
        {"whole": copy.Column(np.arange(3)), "big": copy.Column(np.arange(3), np.array([True, False, True]))},
    )
    with pytest.raises(StoreError, match="column big: seen NULL"):
        await copy.copy_out_all(sheet, select(SHEET.c.whole, SHEET.c.big))


async def test_another_width_than_declared_is_an_error(sheet: AsyncConnection) -> None:
    await fill(sheet, 3)
    odd = func.coalesce(SHEET.c.small, text("0::int4"), type_=SmallInteger).label("odd")
    with pytest.raises(StoreError, match="column odd: seen 4 bytes, expected 2"):
        await copy.copy_out_all(sheet, select(odd))


async def test_a_type_without_one_width_is_an_error(sheet: AsyncConnection) -> None:
    with pytest.raises(StoreError, match="no fixed width"):
        await copy.copy_out_all(sheet, select(SHEET.c.word))


async def test_the_connection_lives_on_when_the_reader_stops_early(sheet: AsyncConnection) -> None:
    await fill(sheet, 50_000)
    async with aclosing(copy.copy_out(sheet, select(SHEET.c.whole), rows=100)) as chunks:
        async for _ in chunks:
            break
    assert await sheet.scalar(select(literal(7))) == 7


async def test_an_error_of_the_server_is_raised(sheet: AsyncConnection) -> None:
    await fill(sheet, 3)
    query = select((1 / (SHEET.c.whole - 1)).cast(Integer).label("x"))
    with pytest.raises(Exception, match="division by zero"):
        await copy.copy_out_all(sheet, query)
