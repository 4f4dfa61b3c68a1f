"""Claims as kept: one row each, whose events are only ever added and hashed one over the other."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, FromClause, Select, func, insert, select, true, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store import changes, entitlements
from heatstream.store.entitlements import STANDS
from heatstream.store.marks import DAY
from heatstream.store.read.places import HOMES
from heatstream.store.tables import (
    claim,
    claim_event,
    claim_file,
    company,
    contract,
    day_statistic,
    district,
    entitlement,
    finding,
    finding_current,
    household,
    officer,
    point,
    review_task,
    room,
    ruling,
    run,
    stop_period,
)


class Claim(NamedTuple):
    """A claim where it stands, and whose it is."""

    id: int
    code: str
    """案号"""
    household_id: int
    household: str
    """户号"""
    district_id: int
    district: str
    company_id: int
    company: str
    season_from: dt.date
    season_to: dt.date
    policy_id: int
    opened_at: dt.datetime
    opened_way: str
    batch_case: str | None
    step: str
    next_due_at: dt.datetime | None
    computed_fen: int | None
    entitlement_fen: int | None
    ruled_fen: int | None
    paid_fen: int
    pay_by: dt.date | None


class Line(NamedTuple):
    """An event of a claim as it is kept."""

    number: int
    kind: str
    happened_at: dt.datetime
    recorded_at: dt.datetime
    officer: str
    body: Mapping[str, Any]
    hash: bytes
    erasure_id: int | None = None
    """Under which words about persons were erased; the hash is of what stood there."""


class Officer(NamedTuple):
    """A person who acts in claims, as registered."""

    code: str
    name: str
    role: str
    district_id: int | None
    company_id: int | None
    valid_from: dt.date
    valid_to: dt.date | None


class Home(NamedTuple):
    """A household and whose it is."""

    id: int
    code: str
    district_id: int
    district: str
    company_id: int
    company: str


class File(NamedTuple):
    """A paper that was attached to a claim, without its content."""

    kind: str
    name: str
    media_type: str
    sha256: bytes
    added_at: dt.datetime
    officer: str


class Terms(NamedTuple):
    """What a household's registration and contract of a day say."""

    resident: bool
    metered: bool
    fee_due_fen: int | None
    fee_paid_fen: int | None
    base_fee_fen: int | None
    billed_area_centi_m2: int | None
    standard_centi: int | None


class FoundDay(NamedTuple):
    """The finding that stands on a day."""

    day: dt.date
    outcome: int
    reason: int
    value_centi: int | None
    limit_centi: int
    tier: int | None
    tier_at_least: bool
    computed_fen: int | None


class MeasuredDay(NamedTuple):
    """The statistic of a point and day, with the room it stands for."""

    day: dt.date
    point_id: int
    room_kind: str | None
    area_centi_m2: int | None
    slot_min: int
    limit_centi: int
    readings: int
    conflicts: int
    slots_expected: int
    slots_valid: int
    min_centi: int | None
    sum_centi: int
    below_min: int
    longest_below_min: int
    below_at_start_min: int
    below_at_end_min: int


# --- a claim and its events -------------------------------------------------------------------------------------------

_HOME = (
    household.c.code.label("household"),
    district.c.id.label("district_id"),
    district.c.name.label("district"),
    company.c.id.label("company_id"),
    company.c.name.label("company"),
)


NOW: Final[FromClause] = claim
"""The rows of claims as they are."""


def _claims(rows: FromClause = NOW) -> Select[Any]:
    own = [rows.c[name] for name in Claim._fields[8:]]
    columns = (rows.c.id, rows.c.code, rows.c.household_id, *_HOME, *own)
    return select(*columns).select_from(HOMES.join(rows, rows.c.household_id == household.c.id))


def at(instant: dt.datetime) -> FromClause:
    """Give the rows of claims as they were kept at an instant, without those that were opened later."""
    then = (
        select(*(entitlement.c[name] for name in STANDS))
        .where(entitlement.c.claim_id == claim.c.id, entitlement.c.made_at <= instant)
        .order_by(entitlement.c.number.desc())
        .limit(1)
        .lateral("then")
    )
    fixed = [column for column in claim.c if column.key not in STANDS]
    return select(*fixed, *then.c).select_from(claim.join(then, true())).subquery("claim_then")


async def by_code(conn: AsyncConnection, code: str, rows: FromClause = NOW) -> Claim | None:
    """Read a claim."""
    row = (await conn.execute(_claims(rows).where(rows.c.code == code))).one_or_none()
    return Claim(*row) if row else None


async def locked(conn: AsyncConnection, code: str) -> Claim | None:
    """Read a claim and keep everybody else from recording in it until this transaction ends."""
    await conn.execute(select(claim.c.id).where(claim.c.code == code).with_for_update())
    return await by_code(conn, code)


async def of_household(conn: AsyncConnection, household_id: int) -> list[Claim]:
    """List a household's claims, the oldest first."""
    rows = await conn.execute(_claims().where(claim.c.household_id == household_id).order_by(claim.c.id))
    return [Claim(*row) for row in rows]


async def codes(conn: AsyncConnection) -> list[str]:
    """List every claim, by the order they were opened in."""
    return list(await conn.scalars(select(claim.c.code).order_by(claim.c.id)))


async def hold_openings(conn: AsyncConnection) -> None:
    """Keep everybody else from opening a claim until this transaction ends."""
    await _hold(conn, "heatstream.claim_openings")


async def _hold(conn: AsyncConnection, name: str) -> None:
    await conn.execute(select(func.pg_advisory_xact_lock(func.hashtext(name))))


async def add(conn: AsyncConnection, **values: Any) -> None:
    """Open a claim; its events follow."""
    await conn.execute(insert(claim).values(**values))


async def stand(conn: AsyncConnection, claim_id: int, since: dt.datetime, **values: Any) -> None:
    """Say where a claim stands after its newest event, and keep what it came to before."""
    await conn.execute(update(claim).where(claim.c.id == claim_id).values(**values))
    await entitlements.keep(conn, claim_id, since)


async def lines(conn: AsyncConnection, claim_id: int) -> list[Line]:
    """Read a claim's events, by their numbers."""
    columns = [claim_event.c[name] for name in Line._fields]
    query = select(*columns).where(claim_event.c.claim_id == claim_id).order_by(claim_event.c.number)
    return [Line(*row) for row in await conn.execute(query)]


async def append(conn: AsyncConnection, claim_id: int, line: Line) -> None:
    """Add an event, and tell the feed."""
    row = insert(claim_event).values(claim_id=claim_id, **{**line._asdict(), "body": dict(line.body)})
    await changes.tell(conn, "claim_event", list(await conn.scalars(row.returning(claim_event.c.id))))


# --- listing ----------------------------------------------------------------------------------------------------------


async def listed(
    conn: AsyncConnection,
    *conditions: ColumnElement[bool],
    after: int = 0,
    limit: int | None = None,
    rows: FromClause = NOW,
) -> list[Claim]:
    """List claims by the order they were opened in.

    Parameters
    ----------
    rows : `NOW`, or what `at` gives; the conditions are of the same
    """
    query = _claims(rows).where(rows.c.id > after, *conditions).order_by(rows.c.id)
    return [Claim(*row) for row in await conn.execute(query.limit(limit))]


def at_step(step: str, rows: FromClause = NOW) -> ColumnElement[bool]:
    """Say of a claim that it stands at this step."""
    return rows.c.step == step


def before(other: Claim) -> ColumnElement[bool]:
    """Say of a claim that the same household opened it before this one, in the same season."""
    return (
        (claim.c.household_id == other.household_id)
        & (claim.c.season_from == other.season_from)
        & (claim.c.id < other.id)
    )


def of_case(case: str, rows: FromClause = NOW) -> ColumnElement[bool]:
    """Say of a claim that this 批量退费 case opened it."""
    return rows.c.batch_case == case


def due_by(instant: dt.datetime, rows: FromClause = NOW) -> ColumnElement[bool]:
    """Say of a claim that a time limit of it ends by then, or has ended unmet."""
    return rows.c.next_due_at <= instant


def unpaid_since(day: dt.date, rows: FromClause = NOW) -> ColumnElement[bool]:
    """Say of a claim that what was ruled should have been paid before that day, and is not."""
    return (rows.c.pay_by < day) & (rows.c.paid_fen < func.coalesce(rows.c.ruled_fen, 0))


# --- who --------------------------------------------------------------------------------------------------------------


async def officer_by_code(conn: AsyncConnection, code: str) -> Officer | None:
    """Find who acts."""
    columns = [officer.c[name] for name in Officer._fields]
    row = (await conn.execute(select(*columns).where(officer.c.code == code))).one_or_none()
    return Officer(*row) if row else None


async def home(conn: AsyncConnection, code: str) -> Home | None:
    """Find a household and whose it is."""
    columns = (household.c.id, household.c.code, district.c.id, district.c.name, company.c.id, company.c.name)
    row = (await conn.execute(select(*columns).select_from(HOMES).where(household.c.code == code))).one_or_none()
    return Home(*row) if row else None


# --- papers -----------------------------------------------------------------------------------------------------------


async def attach(
    conn: AsyncConnection,
    claim_id: int,
    *,
    kind: str,
    name: str,
    media_type: str,
    sha256: bytes,
    content: bytes,
    by: str,
) -> None:
    """Keep a paper of a claim, once."""
    row = upsert(claim_file).values(
        claim_id=claim_id, kind=kind, name=name, media_type=media_type, sha256=sha256, content=content, officer=by
    )
    await conn.execute(row.on_conflict_do_nothing(index_elements=["claim_id", "sha256"]))


async def files(conn: AsyncConnection, claim_id: int) -> list[File]:
    """List the papers of a claim in the order they were attached."""
    columns = [claim_file.c[name] for name in File._fields]
    rows = await conn.execute(select(*columns).where(claim_file.c.claim_id == claim_id).order_by(claim_file.c.id))
    return [File(*row) for row in rows]


# --- rulings and reviews ----------------------------------------------------------------------------------------------


async def doc_no_taken(conn: AsyncConnection, doc_no: str) -> bool:
    """Say whether a ruling has this 文号; others wait to give one until this transaction ends."""
    await _hold(conn, "heatstream.doc_no")
    return bool(await conn.scalar(select(select(ruling.c.id).where(ruling.c.doc_no == doc_no).exists())))


async def add_ruling(conn: AsyncConnection, **values: Any) -> None:
    """Keep a ruling as issued."""
    await conn.execute(insert(ruling).values(**values))


class Issued(NamedTuple):
    """A ruling as kept."""

    doc_no: str
    outcome: str
    ruled_fen: int
    issued_at: dt.datetime
    served_at: dt.datetime | None
    revoked_at: dt.datetime | None
    closed_through: dt.date | None


class Task(NamedTuple):
    """A 复核 that something after a ruling asked for."""

    event_number: int
    kind: str
    detail: Mapping[str, Any]
    opened_at: dt.datetime
    closed_at: dt.datetime | None
    closed_by: str | None
    outcome: str | None


async def rulings(conn: AsyncConnection, claim_id: int) -> list[Issued]:
    """List a claim's rulings, the oldest first; the last one stands unless it is revoked."""
    columns = [ruling.c[name] for name in Issued._fields]
    query = select(*columns).where(ruling.c.claim_id == claim_id).order_by(ruling.c.id)
    return [Issued(*row) for row in await conn.execute(query)]


async def tasks(conn: AsyncConnection, claim_id: int) -> list[Task]:
    """List a claim's reviews, the oldest first."""
    columns = [review_task.c[name] for name in Task._fields]
    query = select(*columns).where(review_task.c.claim_id == claim_id).order_by(review_task.c.id)
    return [Task(*row) for row in await conn.execute(query)]


async def changes_since(
    conn: AsyncConnection, household_id: int, first: dt.date, last: dt.date, since: dt.datetime
) -> list[tuple[dt.date, int]]:
    """List the days whose finding was superseded since an instant, with core.finding.Change of the newest, by day."""
    query = (
        select(finding.c.period_from, finding.c.change)
        .join(run, run.c.id == finding.c.run_id)
        .where(
            finding.c.household_id == household_id,
            finding.c.period_kind == DAY,
            finding.c.period_from.between(first, last),
            finding.c.supersedes.is_not(None),
            run.c.started_at > since,
        )
        .order_by(finding.c.period_from, finding.c.id)
    )
    newest = dict(map(tuple, await conn.execute(query)))
    return sorted(newest.items())


async def serve_ruling(conn: AsyncConnection, claim_id: int, served_at: dt.datetime) -> None:
    """Say when the standing ruling was served to both parties."""
    await conn.execute(_standing(claim_id).values(served_at=served_at))


async def revoke_ruling(conn: AsyncConnection, claim_id: int, revoked_at: dt.datetime) -> None:
    """Say when the standing ruling was revoked."""
    await conn.execute(_standing(claim_id).values(revoked_at=revoked_at))


def _standing(claim_id: int) -> Any:
    return update(ruling).where(ruling.c.claim_id == claim_id, ruling.c.revoked_at.is_(None))


async def open_task(
    conn: AsyncConnection, claim_id: int, event_number: int, kind: str, detail: Mapping[str, Any]
) -> None:
    """Put a 复核 on somebody's desk."""
    row = insert(review_task).values(claim_id=claim_id, event_number=event_number, kind=kind, detail=dict(detail))
    await conn.execute(row)


async def close_task(
    conn: AsyncConnection, claim_id: int, event_number: int, *, by: str, outcome: str, at: dt.datetime
) -> None:
    """Take it from the desk."""
    await conn.execute(
        update(review_task)
        .where(review_task.c.claim_id == claim_id, review_task.c.event_number == event_number)
        .values(closed_at=at, closed_by=by, outcome=outcome)
    )


# --- what the facts are made of ---------------------------------------------------------------------------------------


async def terms(conn: AsyncConnection, household_id: int, day: dt.date) -> Terms:
    """Read what a household's registration and its contract of a day say."""
    agreed = (
        select(contract)
        .where(
            contract.c.household_id == household.c.id,
            contract.c.valid_from <= day,
            contract.c.valid_to.is_(None) | (contract.c.valid_to >= day),
        )
        .order_by(contract.c.valid_from.desc(), contract.c.id.desc())
        .limit(1)
        .lateral("agreed")
    )
    query = (
        select(
            household.c.kind == "residential",
            func.coalesce(agreed.c.metered, False),
            *(agreed.c[name] for name in Terms._fields[2:]),
        )
        .select_from(household.outerjoin(agreed, agreed.c.id.is_not(None)))
        .where(household.c.id == household_id)
    )
    return Terms(*(await conn.execute(query)).one())


async def stops(
    conn: AsyncConnection, household_id: int, first: dt.date, last: dt.date
) -> list[tuple[dt.date, dt.date]]:
    """List the days of 报停 within a season, cut to it; a contract that supplies nothing (实供) stops, too."""
    stopped = select(stop_period.c.valid_from, stop_period.c.valid_to).where(stop_period.c.household_id == household_id)
    dry = select(contract.c.valid_from, contract.c.valid_to).where(
        contract.c.household_id == household_id, ~contract.c.supplied
    )
    found = [(max(begin, first), min(end or last, last)) for begin, end in await conn.execute(stopped.union(dry))]
    return sorted((begin, end) for begin, end in found if begin <= end)


async def found_days(conn: AsyncConnection, household_id: int, first: dt.date, last: dt.date) -> list[FoundDay]:
    """Read the findings that stand on the days of a season, by day."""
    columns = [finding.c[name] for name in FoundDay._fields[1:]]
    query = (
        select(finding.c.period_from, *columns)
        .join(
            finding_current,
            (finding.c.id == finding_current.c.finding_id) & (finding.c.period_from == finding_current.c.period_from),
        )
        .where(
            finding_current.c.household_id == household_id,
            finding_current.c.period_kind == DAY,
            finding_current.c.period_from.between(first, last),
            finding.c.period_from.between(first, last),
            finding.c.household_id == household_id,
        )
        .order_by(finding.c.period_from)
    )
    return [FoundDay(*row) for row in await conn.execute(query)]


async def measured_days(conn: AsyncConnection, household_id: int, first: dt.date, last: dt.date) -> list[MeasuredDay]:
    """Read the statistics of the days of a season, by day and point."""
    own = [day_statistic.c[name] for name in MeasuredDay._fields[4:]]
    rooms = day_statistic.join(point, point.c.id == day_statistic.c.point_id).outerjoin(
        room, room.c.id == point.c.room_id
    )
    query = (
        select(day_statistic.c.day, day_statistic.c.point_id, room.c.kind, room.c.area_centi_m2, *own)
        .select_from(rooms)
        .where(day_statistic.c.household_id == household_id, day_statistic.c.day.between(first, last))
        .order_by(day_statistic.c.day, day_statistic.c.point_id)
    )
    return [MeasuredDay(*row) for row in await conn.execute(query)]
