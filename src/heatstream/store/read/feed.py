"""The feed as numbered: where it stands, a window of it, the rows it tells of, what holds it up, what is complete."""

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, and_, bindparam, func, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql.ranges import Range
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.selectable import LateralFromClause

from heatstream.store.accepted import stands_on
from heatstream.store.closings import closed_through
from heatstream.store.marks import DAY
from heatstream.store.read.places import ADDRESS, HOMES
from heatstream.store.read.rows import AnyRow, Rows, every
from heatstream.store.registry_csv import TABLES, fields
from heatstream.store.tables import (
    change,
    claim,
    claim_event,
    entitlement,
    erasure,
    feed,
    finding_current,
    household,
    matter_event,
    point,
    registry_change,
    ruling,
)

PIECES: Final = 500
"""Changes looked at for one window, at most."""


@dataclass(frozen=True, slots=True)
class Stands:
    """Where the feed stands.

    Attributes
    ----------
    head : the last number that was given; 0 = none was
    oldest : the first number that is still kept
    here : it is this database's: nobody restored it elsewhere since numbers were last given
    moves : how often homes went over to another company or district
    """

    epoch: str
    head: int
    oldest: int
    here: bool
    moves: int


async def stands(conn: AsyncConnection) -> Stands:
    """Tell where the feed stands."""
    here = (feed.c.database == func.feed_database()).label("here")
    row = (await conn.execute(select(feed.c.epoch, feed.c.next_seq - 1, feed.c.oldest_seq, here, feed.c.moves))).one()
    return Stands(*row)


# --- a window ---------------------------------------------------------------------------------------------------------


class Piece(NamedTuple):
    """A part of what one change told: rows of one table, numbered one after the other."""

    noun: str
    """The table."""
    day: dt.date | None
    at: dt.datetime
    first_seq: int
    ids: list[int]

    @property
    def last_seq(self) -> int:
        return self.first_seq + len(self.ids) - 1


class Window(NamedTuple):
    """What was told after a number."""

    pieces: list[Piece]
    through: int
    """Everything up to this number was looked at."""


async def window(conn: AsyncConnection, after: int, head: int, most: int, nouns: Collection[str]) -> Window:
    """Find what was told after a number, of some tables, at most so many rows; ids alone, and those of no other row."""
    holding = select(func.max(change.c.first_seq)).where(change.c.first_seq <= after + 1).scalar_subquery()
    query = (
        select(change.c.noun, change.c.day, change.c.at, change.c.first_seq, change.c.rows, change.c.ids)
        .where(
            change.c.first_seq >= func.coalesce(holding, 0),
            change.c.noun == func.any(bindparam(None, list(nouns), ARRAY(change.c.noun.type))),
        )
        .order_by(change.c.first_seq)
        .limit(PIECES)
    )
    pieces: list[Piece] = []
    left, through = most, after
    found = await every(conn, query)
    for row in found:
        if left == 0:
            return Window(pieces, through)
        skip = max(0, after + 1 - row.first_seq)
        if ids := list(_cut(row.ids, skip, left)):
            pieces.append(Piece(row.noun, row.day, row.at, row.first_seq + skip, ids))
            left, through = left - len(ids), pieces[-1].last_seq
            if skip + len(ids) < row.rows:
                return Window(pieces, through)
    return Window(pieces, through if len(found) == PIECES else head)


def _cut(ranges: Iterable[Range[int]], skip: int, take: int) -> Iterator[int]:
    """Give `take` ids after the first `skip` of all of them, in their order."""
    for each in ranges:
        first, end = each.lower or 0, each.upper or 0
        begin = min(first + skip, end)
        skip -= begin - first
        stop = min(begin + take, end)
        take -= stop - begin
        yield from range(begin, stop)
        if take == 0:
            return


# --- the rows ---------------------------------------------------------------------------------------------------------


def _among(column: ColumnElement[int], ids: Sequence[int]) -> ColumnElement[bool]:
    return column == func.any(bindparam(None, list(ids), ARRAY(BigInteger)))


_PLACE: Final = tuple(each for each in ADDRESS if each.key in {"household", "district", "company"})
_CLAIMS: Final = HOMES.join(claim, claim.c.household_id == household.c.id)
_CLAIM: Final = (
    claim.c.code.label("claim"),
    *_PLACE,
    claim.c.season_from,
    claim.c.season_to,
    claim.c.opened_at,
    claim.c.opened_way,
    claim.c.batch_case,
)
"""Which claim, and whose."""


async def entitlements(conn: AsyncConnection, ids: Sequence[int]) -> Rows:
    """Read what claims came to."""
    own = [each for each in entitlement.columns if each.name != "claim_id"]
    query = select(*own, *_CLAIM).select_from(_CLAIMS.join(entitlement, entitlement.c.claim_id == claim.c.id))
    return await every(conn, query.where(_among(entitlement.c.id, ids)))


def _issued() -> LateralFromClause:
    """Find, of an event, the 文号 of the ruling that stood when it was recorded, or that it issued."""
    issuing = claim_event.alias("issuing")
    last = (
        select(issuing.c.body["doc_no"].astext.label("doc_no"))
        .where(
            issuing.c.claim_id == claim_event.c.claim_id,
            issuing.c.number <= claim_event.c.number,
            issuing.c.kind == "ruling_approved",
            issuing.c.body["doc_no"].astext.is_not(None),
        )
        .order_by(issuing.c.number.desc())
        .limit(1)
    )
    return last.correlate(claim_event).lateral("issued")


async def claim_events(conn: AsyncConnection, ids: Sequence[int]) -> Rows:
    """Read what was recorded in claims, each with its claim and the ruling that it is about, where there is one."""
    own = [each for each in claim_event.columns if each.name != "claim_id"]
    issued = _issued()
    of_ruling = [ruling.c[name] for name in ("doc_no", "outcome", "ruled_fen", "issued_at", "served_at", "revoked_at")]
    joined = (
        _CLAIMS.join(claim_event, claim_event.c.claim_id == claim.c.id)
        .outerjoin(issued, literal(value=True))
        .outerjoin(ruling, and_(ruling.c.doc_no == issued.c.doc_no, ruling.c.claim_id == claim.c.id))
    )
    query = select(*own, *_CLAIM, claim.c.step, *of_ruling).select_from(joined)
    return await every(conn, query.where(_among(claim_event.c.id, ids)))


async def matter_events(conn: AsyncConnection, ids: Sequence[int]) -> Rows:
    """Read what was recorded in matters."""
    return await every(conn, select(matter_event).where(_among(matter_event.c.id, ids)))


async def registry_changes(conn: AsyncConnection, ids: Sequence[int]) -> Rows:
    """Read what the registry became."""
    return await every(conn, select(registry_change).where(_among(registry_change.c.id, ids)))


async def erasures(conn: AsyncConnection, ids: Sequence[int]) -> Rows:
    """Read of which homes something was erased."""
    joined = erasure.join(household, household.c.id == erasure.c.household_id)
    query = select(erasure.c.id, household.c.code).select_from(joined)
    return await every(conn, query.where(_among(erasure.c.id, ids)))


async def with_codes(conn: AsyncConnection, rows: Sequence[AnyRow]) -> list[Mapping[str, Any]]:
    """Give the columns of `registry_changes` as registry files name them: codes in the place of ids.

    A code that the reader may not see is null.
    """
    referring = {
        (name, field.column.name): (field.name, field.refers_to)
        for name in {row.noun for row in rows} & TABLES.keys()
        for field in fields(TABLES[name])
        if field.refers_to
    }
    wanted: dict[str, set[int]] = {}
    for row in rows:
        for column, value in row.after.items():
            if value is not None and (found := referring.get((row.noun, column))):
                wanted.setdefault(str(found[1]), set()).add(value)
    codes = {table: await _codes(conn, table, ids) for table, ids in wanted.items()}

    def told(noun: str, column: str, value: Any) -> tuple[str, Any]:
        name, table = referring.get((noun, column), (column, None))
        return (name, codes.get(table, {}).get(value)) if table else (name, value)

    return [dict(told(row.noun, column, value) for column, value in row.after.items()) for row in rows]


async def _codes(conn: AsyncConnection, table: str, ids: Collection[int]) -> dict[int, str]:
    there = TABLES[table]
    query = select(there.c.id, there.c.code).where(_among(there.c.id, sorted(ids)))
    return {row.id: row.code for row in await every(conn, query)}


# --- what is complete -------------------------------------------------------------------------------------------------


class Complete(NamedTuple):
    """How much of the last closed day the feed has told."""

    day: dt.date
    expected: int
    """Homes with an accepted point on that day."""
    received: int
    """Of them those whose standing finding of the day has its number."""


async def complete(conn: AsyncConnection) -> Complete | None:
    """Count what the last closed day should have and what the feed has of it; None before the first closing."""
    day = await closed_through(conn)
    if day is None:
        return None
    homes = select(point.c.household_id).where(stands_on(day))
    expected = select(func.count(func.distinct(point.c.household_id))).where(stands_on(day))
    waiting = select(1).where(
        change.c.first_seq.is_(None),
        change.c.noun == "finding",
        change.c.day == day,
        change.c.ids.contains(finding_current.c.finding_id),
    )
    received = select(func.count()).where(
        finding_current.c.period_kind == DAY,
        finding_current.c.period_from == day,
        finding_current.c.household_id.in_(homes),
        ~waiting.correlate(finding_current).exists(),
    )
    row = (await conn.execute(select(expected.scalar_subquery(), received.scalar_subquery()))).one()
    return Complete(day, *row)


# --- what holds it up -------------------------------------------------------------------------------------------------


class Blocker(NamedTuple):
    """A transaction that was writing before what waits was told, and has not ended."""

    pid: int | None
    """None = a prepared transaction, which no session holds."""
    database: str
    user: str
    application: str
    """Or the identifier of a prepared transaction."""
    state: str | None
    """None = the database does not tell us: grant pg_read_all_stats."""
    seconds: float | None
    """Since it began; None = not told."""

    def __str__(self) -> str:
        held = "a prepared transaction" if self.pid is None else f"pid {self.pid}"
        began = "" if self.seconds is None else f", began {self.seconds:.0f} s ago"
        state = f", {self.state}" if self.state else ""
        return f"{held} ({self.application or 'no application_name'}, {self.user}@{self.database}{state}{began})"


@dataclass(frozen=True, slots=True)
class Lag:
    """How far the feed is behind what is committed, and by whom it is held up.

    Attributes
    ----------
    seconds : since the oldest change that waits was told; 0 = none waits
    waiting : rows that wait
    looked_s : since the sequencer last looked [s]; it looks at least every five seconds
    """

    seconds: float
    waiting: int
    looked_s: float
    held_by: tuple[Blocker, ...]

    def __str__(self) -> str:
        """Say it to anybody."""
        if self.looked_s > SILENT_S:
            unseen = f"nobody gave numbers for {self.looked_s:.0f} s"
            return f"{unseen}, {self.waiting} rows wait: is `heatstream jobs` running?"
        return f"{self.waiting} rows wait, the oldest for {self.seconds:.0f} s"

    @property
    def named(self) -> str:
        """The same with whose transactions hold it up: for who has a key, and for the log."""
        return f"{self}, until these end: {'; '.join(map(str, self.held_by))}" if self.held_by else str(self)


SILENT_S: Final = 30.0
"""The sequencer is taken for absent after it."""


async def lag(conn: AsyncConnection) -> Lag:
    """Tell how far the feed is behind; the rights of the process name more of other users' sessions than a reader's."""
    oldest = func.extract("epoch", func.clock_timestamp() - func.min(change.c.at))
    waits = select(func.coalesce(oldest, 0), func.coalesce(func.sum(change.c.rows), 0)).where(
        change.c.first_seq.is_(None)
    )
    seconds, rows = (await conn.execute(waits)).one()
    looked = select(func.extract("epoch", func.clock_timestamp() - feed.c.sequenced_at))
    silent = float(await conn.scalar(looked) or 0)
    held_by = tuple(Blocker(*row) for row in await conn.execute(_BLOCKERS)) if rows else ()
    return Lag(max(float(seconds), 0.0), int(rows), silent, held_by)


# A transaction holds the feed up while it has an id not above the oldest that waits; of any database of the cluster.
_BLOCKERS: Final = text("""
    with waiting as (select min(txid) as txid from change where first_seq is null), running as (
        select pid, datname, usename::text, application_name, state, xact_start, backend_xid as xid
        from pg_stat_activity where backend_xid is not null and pid <> pg_backend_pid()
        union all
        select null, database, owner, gid, 'prepared', prepared, transaction from pg_prepared_xacts
    )
    select pid, coalesce(datname, ''), coalesce(usename, ''), coalesce(application_name, ''), state,
        extract(epoch from clock_timestamp() - xact_start)::float8
    from running, waiting where age(xid) >= age(txid::xid)
    order by age(xid) desc limit 5
""")
