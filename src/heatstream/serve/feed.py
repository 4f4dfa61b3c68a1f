"""The feed as it is told to those who follow it: tokens, and the changes between two of them."""

import base64
import binascii
import datetime as dt
import hashlib
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Literal, NamedTuple, get_args

import msgspec
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.access import fields
from heatstream.access.principal import Principal
from heatstream.access.scope import Scope
from heatstream.errors import StoreError
from heatstream.serve.prepared import Prepared
from heatstream.serve.problems import BadCursor, Resync, ScopeMissing
from heatstream.serve.routes import claims as of_claims
from heatstream.serve.routes import matters as of_matters
from heatstream.serve.routes.findings import Finding
from heatstream.serve.shapes import Instant, Money, Shape
from heatstream.store import matters
from heatstream.store.read import feed, findings
from heatstream.store.read.feed import Piece, Stands
from heatstream.store.read.rows import AnyRow
from heatstream.store.timescale import LOCAL

Noun = Literal["finding", "entitlement", "claim", "ruling", "payment", "incident", "warning", "registry"]

TABLES: Final[Mapping[str, tuple[Noun, ...]]] = {
    "finding": ("finding",),
    "entitlement": ("entitlement",),
    "claim_event": ("claim", "ruling", "payment"),
    "matter_event": ("incident", "warning"),
    "registry_change": ("registry",),
    "erasure": ("registry",),
}
"""What rows of a table are told as."""
EVERYTHING: Final[frozenset[Noun]] = frozenset(get_args(Noun))
OF_CLAIMS: Final[frozenset[Noun]] = frozenset({"entitlement", "claim", "ruling", "payment"})
"""They name people: for the scope `claims`."""
PERSONAL: Final = frozenset({"contract", "stop_period", "officer"})
"""So do these tables of the registry."""
WINDOWS: Final = 10
"""A page looks through so many times its rows for those that the asker may see."""
BEGIN_AGAIN: Final = "take the token of GET /api/v1/changes/head, read the listings anew, then follow from that token"


# --- tokens -----------------------------------------------------------------------------------------------------------


def _check(body: bytes) -> bytes:
    # It finds slips and guesses. It keeps no secret: whoever forges a token sees what their key lets them see.
    return hashlib.sha256(b"heatstream feed" + body).digest()[:6]


def token(epoch: str, seq: int) -> str:
    """Write the place after a change."""
    body = uuid.UUID(epoch).bytes + seq.to_bytes(8, "big")
    return base64.urlsafe_b64encode(body + _check(body)).decode()


def _read(given: str) -> tuple[str, int]:
    try:
        whole = base64.b64decode(given.encode(), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadCursor(f"since: {len(given)} characters that are no token; take `next` of a page whole") from error
    body = whole[:24]
    if len(whole) != len(body) + 6 or whole[24:] != _check(body):
        raise BadCursor("since: not as it was given, its check does not fit; take `next` of a page whole")
    return str(uuid.UUID(bytes=body[:16])), int.from_bytes(body[16:], "big")


def as_seen(stands: Stands, scope: Scope) -> Stands:
    """Give whoever sees a part of the city an epoch that ends when homes go over to another company or district.

    What comes into their sight by that was told before, and what leaves it is told to them no more.
    """
    if scope.sees_everything:
        return stands
    return replace(stands, epoch=str(uuid.uuid5(uuid.UUID(stands.epoch), str(stands.moves))))


def place(stands: Stands, since: str | None) -> int:
    """Read a token: the number of the last change that was seen; without one, the beginning.

    Raises
    ------
    BadCursor
        It was not written by `token`.
    Resync
        It is of another feed, or changes after it were pruned.
    """
    epoch, seq = _read(since) if since is not None else (stands.epoch, 0)
    if since is not None and (epoch != stands.epoch or seq > stands.head or not stands.here):
        raise Resync(
            "since: of another feed: the database was restored or is another one, or homes went over to another "
            f"company or district and the key sees others than before; {BEGIN_AGAIN}"
        )
    require_here(stands)
    if seq + 1 < stands.oldest:
        raise Resync(f"the changes from {seq + 1} to {stands.oldest - 1} were pruned; {BEGIN_AGAIN}")
    return seq


def require_here(stands: Stands) -> None:
    """Refuse to tell of a feed that begins anew in a moment.

    Raises
    ------
    StoreError
        The database was restored, and nobody gave numbers since.
    """
    if not stands.here:
        raise StoreError("the database was restored and its feed has not begun anew: is `heatstream jobs` running?")


# --- shapes -----------------------------------------------------------------------------------------------------------


class OfClaim(Shape):
    """Which claim, and whose."""

    claim: str = Field(description="案号")
    household: str = Field(description="户号")
    district: str = Field(description="code of the 区县")
    company: str = Field(description="code of the 供热企业")
    season_from: dt.date = Field(description="first day of its season")
    season_to: dt.date = Field(description="last day of its season")


class Entitlement(OfClaim):
    """What a claim came to from a moment on, until its next revision."""

    step: str = Field(description="where the claim stood")
    computed_fen: Money = Field(description="测算额 of its days [fen]: from readings alone")
    entitlement_fen: Money = Field(description="应退热费 [fen]; null = undetermined")
    ruled_fen: Money = Field(description="裁定额 [fen]; null = not ruled")
    paid_fen: Money = Field(description="paid so far [fen]")
    pay_by: dt.date | None = Field(description="履行期限; null = none runs")
    next_due_at: Instant | None = Field(description="the earliest time limit that is waited for; null = none")
    made_at: Instant = Field(description="from when on")


class Opened(OfClaim):
    """A claim as it was opened."""

    opened_at: Instant = Field(description="the request")
    opened_way: str = Field(description="application, complaint, hotline, fixed_point, officer or batch")
    batch_case: str | None = Field(description="批量退费: the case that opened it")


class ClaimChange(Shape):
    """What was recorded in a claim; of a ruling or payment its `event` is what made it."""

    claim: Opened
    event: of_claims.Event
    ruling: of_claims.Ruling | None = Field(description="of noun `ruling`: as it stands when it is read; else null")


class MatterChange(Shape):
    """What was recorded in an incident or a warning."""

    matter: of_matters.Matter = Field(description="as it stands when it is read")
    event: of_matters.Event


class Registered(Shape):
    """A row of the registry, as it became."""

    table: str = Field(description="as registry files are named; or outdoor_day, the official outdoor mean of a day")
    code: str = Field(description="what tells the row from others of its table")
    row: dict[str, Any] = Field(description="its columns, as in registry files: codes for what it refers to")


class Change(Shape):
    """One change."""

    seq: int = Field(description="rises; gaps are changes that this key does not see, or did not ask for")
    noun: Noun = Field(description="what changed")
    key: str = Field(description="of what changed, within its noun; a later change of the same key replaces it")
    revision: int | None = Field(
        description="rises with every change of the key; null of an erasure, which always holds"
    )
    deleted: bool = Field(description="what the key names stands no more: remove it")
    at: Instant = Field(description="when the transaction that made it began")
    data: Finding | Entitlement | ClaimChange | MatterChange | Registered | None = Field(
        description="by noun; `finding` as a row of /findings; null of an erasure"
    )


class CompleteThrough(Shape):
    """The last closed day, and how much of it the feed has told."""

    day: dt.date = Field(description="this local day and every earlier one is closed")
    expected: int = Field(description="homes with an accepted point on that day, of those this key sees")
    received: int = Field(
        description="of them those whose standing finding of the day has its number; in the season all"
    )


class HeldBy(Shape):
    """A transaction that the feed waits for."""

    pid: int | None = Field(description="of its session at the database; null = a prepared transaction")
    application: str = Field(description="its application_name")
    state: str | None = Field(description="as pg_stat_activity has it; null = not told")
    seconds: float | None = Field(description="since it began [s]; null = not told")


class Lag(Shape):
    """How far the feed is behind what is stored."""

    seconds: float = Field(description="since the oldest change without a number was stored [s]; 0 = none waits")
    waiting: int = Field(description="rows that wait")
    held_by: list[HeldBy] = Field(description="what they wait for; empty = nothing but the next look")
    told: str = Field(description="the same for a person")


class ChangePage(Shape):
    """Changes after a token, in the order of their numbers."""

    rows: list[Change] = Field(description="fewer than `limit`, even none, where the key does not see what was changed")
    next: str = Field(
        description="the token after the last change that was looked at: give it as `since`, now or later"
    )
    more: bool = Field(description="ask again at once; false = there is nothing newer")
    complete_through: CompleteThrough | None = Field(description="null = no day is closed yet")
    lag: Lag


class Head(Shape):
    """Where the feed stands now."""

    next: str = Field(description="the token of now: changes after it are those that the listings may not hold yet")
    lag: Lag


# --- rows -------------------------------------------------------------------------------------------------------------


class Told(msgspec.Struct):
    """A change, ready to be written."""

    seq: int
    noun: Noun
    key: str
    revision: int | None
    deleted: bool
    at: str
    data: msgspec.Raw


class _Written(NamedTuple):
    """What a row of a table is told as."""

    id: int
    noun: Noun
    key: str
    revision: int | None
    deleted: bool
    data: bytes


Written = Sequence[_Written]


def _json(shape: Shape) -> bytes:
    return shape.__pydantic_serializer__.to_json(shape)


_FINDING: Final = Prepared(Finding)


async def _findings(conn: AsyncConnection, day: dt.date | None, ids: list[int]) -> Written:
    if day is None:
        raise ValueError("findings were told without their day")
    return [
        _Written(
            tree["id"],
            "finding",
            f"{tree['household']}/{tree['period_kind']}/{tree['period_from']}",
            tree["id"],
            deleted=False,
            data=_FINDING.write(tree),
        )
        for tree in _FINDING.trees(await findings.by_ids(conn, day, ids))
    ]


async def _entitlements(conn: AsyncConnection, _: dt.date | None, ids: list[int]) -> Written:
    return [
        _Written(
            row.id, "entitlement", row.claim, row.number, deleted=False, data=_json(Entitlement.model_validate(row))
        )
        for row in await feed.entitlements(conn, ids)
    ]


NO_MORE: Final = frozenset({"withdrawn", "dismissed", "merged"})
"""Steps of claims and incidents that take them away. It is told of every change of them, the earlier ones too."""


def _noun_of(row: AnyRow) -> Noun:
    """Tell what an event of a claim is told as; a ruling that went back to be drafted anew is none."""
    if row.kind == "payment_made":
        return "payment"
    ruled = row.kind in {"ruling_approved", "ruling_served", "ruling_revoked"} and row.doc_no is not None
    return "ruling" if ruled and row.body.get("agrees", True) else "claim"


async def _claim_events(conn: AsyncConnection, _: dt.date | None, ids: list[int]) -> Written:
    written = []
    for row in await feed.claim_events(conn, ids):
        noun = _noun_of(row)
        ruling = of_claims.Ruling.model_validate(row) if noun == "ruling" else None
        data = ClaimChange(claim=Opened.model_validate(row), event=of_claims.Event.model_validate(row), ruling=ruling)
        key = {"ruling": row.doc_no, "payment": f"{row.claim}/{row.number}"}.get(noun, row.claim)
        gone = {"ruling": row.revoked_at is not None, "claim": row.step in NO_MORE}.get(noun, False)
        written.append(_Written(row.id, noun, key, row.number, deleted=gone, data=_json(data)))
    return written


async def _matter_events(conn: AsyncConnection, _: dt.date | None, ids: list[int]) -> Written:
    rows = await feed.matter_events(conn, ids)
    of = {each.id: each for each in await matters.listed(conn, matters.among([row.matter_id for row in rows]))}
    written = []
    for row in rows:
        matter = of[row.matter_id]
        data = MatterChange(matter=of_matters.Matter.model_validate(matter), event=of_matters.Event.model_validate(row))
        noun: Noun = "incident" if matter.kind == "incident" else "warning"
        gone = matter.step in NO_MORE
        written.append(_Written(row.id, noun, matter.code, row.number, deleted=gone, data=_json(data)))
    return written


def _visible(column: str) -> bool:
    """Tell whether the asker's role sees a column of the registry."""
    if column in {"address", "door", "floor", "stair"}:
        return fields.sees("address")
    return fields.sees("money") if column.endswith("_fen") else True


async def _registry(conn: AsyncConnection, _: dt.date | None, ids: list[int]) -> Written:
    rows = await feed.registry_changes(conn, ids)
    written = []
    for row, columns in zip(rows, await feed.with_codes(conn, rows), strict=True):
        seen = {name: value for name, value in columns.items() if _visible(name)}
        data = Registered(table=row.noun, code=row.code, row=seen)
        written.append(_Written(row.id, "registry", f"{row.noun}/{row.code}", row.id, deleted=False, data=_json(data)))
    return written


async def _erasures(conn: AsyncConnection, _: dt.date | None, ids: list[int]) -> Written:
    return [
        _Written(row.id, "registry", f"household/{row.code}", None, deleted=True, data=b"null")
        for row in await feed.erasures(conn, ids)
    ]


_WRITE: Final[Mapping[str, Callable[[AsyncConnection, dt.date | None, list[int]], Awaitable[Written]]]] = {
    "finding": _findings,
    "entitlement": _entitlements,
    "claim_event": _claim_events,
    "matter_event": _matter_events,
    "registry_change": _registry,
    "erasure": _erasures,
}


async def _tell(conn: AsyncConnection, pieces: Sequence[Piece], wanted: "Wanted") -> list[Told]:
    """Read the rows of pieces, those of one table and day at once, and bring them into the order of their numbers."""
    places: dict[tuple[str, int], list[tuple[int, str]]] = {}
    groups: dict[tuple[str, dt.date | None], list[int]] = {}
    for piece in pieces:
        at = piece.at.astimezone(LOCAL).isoformat()
        for seq, id_ in enumerate(piece.ids, piece.first_seq):
            places.setdefault((piece.noun, id_), []).append((seq, at))
        groups.setdefault((piece.noun, piece.day), []).extend(piece.ids)
    told = [
        Told(seq, each.noun, each.key, each.revision, each.deleted, at, data=msgspec.Raw(each.data))
        for (table, day), ids in groups.items()
        for each in await _WRITE[table](conn, day, ids)
        if wanted.has(each)
        for seq, at in places[table, each.id]
    ]
    return sorted(told, key=lambda each: each.seq)


class Wanted(NamedTuple):
    """What to tell."""

    nouns: frozenset[Noun]
    personal: bool
    """The tables of the registry, too, that name people."""

    def has(self, written: _Written) -> bool:
        """Tell whether a row is asked for."""
        table, _, _ = written.key.partition("/")
        hidden = written.noun == "registry" and table in PERSONAL and not self.personal
        return written.noun in self.nouns and not hidden


def wanted(asking: Principal, nouns: Sequence[Noun]) -> Wanted:
    """Tell what to give: the nouns that were asked for, or all that the key may read.

    Raises
    ------
    ScopeMissing
        One that was asked for names people, and the key may not read it.
    """
    personal = asking.allows("claims")
    may = EVERYTHING if personal else EVERYTHING - OF_CLAIMS
    if barred := sorted(set(nouns) - may):
        raise ScopeMissing(f"{asking.who} has {', '.join(sorted(asking.scopes))}; {', '.join(barred)} needs claims")
    return Wanted(frozenset(nouns) or may, personal)


class Page(NamedTuple):
    """Changes after a number."""

    rows: list[Told]
    through: int
    """Everything up to this number was looked at."""


async def page(conn: AsyncConnection, stands: Stands, after: int, limit: int, wanted: Wanted) -> Page:
    """Read the changes after a number, as the connection's reader sees them."""
    tables = [table for table, told in TABLES.items() if wanted.nouns & set(told)]
    rows: list[Told] = []
    for _ in range(WINDOWS):
        found = await feed.window(conn, after, stands.head, limit, tables)
        rows += await _tell(conn, found.pieces, wanted)
        after = found.through
        if len(rows) >= limit or after >= stands.head:
            break
    if len(rows) > limit:
        del rows[limit:]
        after = rows[-1].seq
    return Page(rows, after)
