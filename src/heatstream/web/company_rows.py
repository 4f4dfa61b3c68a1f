"""Rows of companies that the browser fetches by itself: each company's day, its file, its scorecard."""

import asyncio
import datetime as dt
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final

from fastapi import APIRouter, HTTPException, Query, Request
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.access.permits import WHOLE
from heatstream.access.scope import Scope
from heatstream.core.hysteresis import Level
from heatstream.errors import BadInput, Refused
from heatstream.rules.supervision.scorecard import Measure, Stratum
from heatstream.settings import Settings
from heatstream.store import matters
from heatstream.store.closings import closed_through
from heatstream.store.matters import OpenOf
from heatstream.store.read import city, companies, warnings
from heatstream.store.read.city import Tally
from heatstream.store.read.companies import Company
from heatstream.store.timescale import LOCAL
from heatstream.supervision import seasons
from heatstream.supervision.company import company_shown, declarations, fuel
from heatstream.supervision.company.company_shown import Whole
from heatstream.supervision.company.declarations import Declaration
from heatstream.supervision.company.fuel import Held, Table
from heatstream.supervision.company.fuel import Row as FuelRow
from heatstream.supervision.incident import repairs
from heatstream.supervision.incident.incident_state import Incident
from heatstream.supervision.matter import Ground
from heatstream.supervision.watch import scorecard
from heatstream.supervision.watch.scorecard import Ranking, Scorecard
from heatstream.web import failures
from heatstream.web.matter_rows import PAGE, After, Row, desk, iso, paged, row, settings_of
from heatstream.web.shared import Reader
from heatstream.web.signed_in import Reading

router = APIRouter(prefix="/rows", include_in_schema=False)

SCORED_S = 300
"""A score goes by closed days: it need not be made anew for every look."""
PATIENCE_S = 1
"""So long a list waits for scores."""
MOST_LEVELS = 100_000
Season = Annotated[int | None, Query(ge=2000, le=2199)]
_TALLY = ("homes", "monitored", "compliant", "failing", "undetermined", "below_now", "lowest_centi")


# --- each company's day -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Day:
    """What every company's row is made of."""

    tallies: dict[str, Tally]
    counts: dict[str, OpenOf]
    colours: dict[str, int]
    declared: dict[str, Declaration]
    fuel: Table
    through: dt.date | None


async def _read(conn: AsyncConnection, ground: Ground, now: dt.datetime) -> _Day:
    today, through = now.astimezone(LOCAL).date(), await closed_through(conn)
    levels = await warnings.levels(conn, subject="company", limit=MOST_LEVELS)
    colours: dict[str, int] = {}
    for each in levels:
        colours[each.code] = max(each.level, colours.get(each.code, int(Level.UNDETERMINED)))
    return _Day(
        {each.code: each for each in await city.tallies(conn, through, "company")} if through else {},
        await matters.open_by_company(conn, now),
        colours,
        {each.company: each for each in await declarations.of_day(conn, today)},
        await fuel.of_day(conn, ground, today),
        through,
    )


@router.get("/companies")
async def listed(request: Request, reader: Reading) -> list[Row]:
    """Give each company that the visitor sees, as it stands now."""

    async def load(conn: AsyncConnection) -> list[Row]:
        now = reader.source.now()
        ground = (await desk(conn, settings_of(request), reader.source.now)).ground
        day = await _read(conn, ground, now)
        those = await companies.on_day(conn, now.astimezone(LOCAL).date())
        return [_company(each, day) for each in those]

    rows = await reader.shared(("companies",), load, seconds=15)
    found = await _MAKING.soon(ranked(request, reader))
    return [each | _score(found, each["code"], reader) for each in rows]


def _company(of: Company, day: _Day) -> Row:
    tally = day.tallies.get(of.code, Tally())
    counts = day.counts.get(of.code, OpenOf(0, 0))
    declared = day.declared.get(of.code)
    return {
        "code": of.code,
        "name": of.name,
        "day": iso(day.through),
        **{name: getattr(tally, name) for name in _TALLY},
        "incidents": counts.incidents,
        "overdue": counts.overdue,
        "colour": day.colours.get(of.code),
        "declared": declared is not None and declared.reported,
        "zero": declared and declared.zero,
        "contradicted": declared is not None and declared.contradicted,
        **_least_fuel(day.fuel.rows, day.fuel.held, of.code),
    }


def _least_fuel(rows: Iterable[FuelRow], held: Iterable[Held], code: str) -> Row:
    """Tell the source whose fuel lasts shortest, and the lowest share of a floor; what nobody knows stays unknown."""
    mine = [each for each in rows if each.source.company == code]
    lasting = min((each for each in mine if each.days_left is not None), key=_days_left, default=None)
    share = fuel.least_share_e4(each for each in held if each.company == code)
    return {
        "fuel_days_e1": None if lasting is None else int(_days_left(lasting) * 10),
        "fuel_source": lasting and lasting.source.code,
        "fuel_unknown": sum(each.days_left is None for each in mine),
        "fuel_rows": len(mine),
        "fuel_share_e4": share,
    }


def _days_left(each: FuelRow) -> Any:
    return each.days_left


# --- scores -----------------------------------------------------------------------------------------------------------


async def ranked(request: Request, reader: Reader) -> Ranking | Refused:
    """Rank the season's companies once for all who look: a score goes over every home, and shows none of them alone.

    The reason where nobody can be ranked.
    """
    everybodys = Reader(reader.source, replace(reader.visitor, scope=Scope("aggregates", reader.visitor.who)))

    async def load(conn: AsyncConnection) -> Ranking | Refused:
        there = await desk(conn, settings_of(request), reader.source.now)
        try:
            return await scorecard.ranking(conn, there.ground, season_of(there.ground, reader.source.now()))
        except Refused as error:
            return error.with_traceback(None)  # it is kept, and would keep the connection with it

    return await everybodys.shared(("ranking",), load, SCORED_S)


class _Making:
    """Scores that are being made: each goes over a whole season, and a list has them at its next turn."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Ranking | Refused]] = set()

    async def soon(self, making: Coroutine[Any, Any, Ranking | Refused]) -> Ranking | Refused | None:
        """Give what is made within moments; None = it is still being made."""
        task = asyncio.create_task(making)
        self._tasks.add(task)
        task.add_done_callback(self._made)
        done, _ = await asyncio.wait({task}, timeout=PATIENCE_S)
        return task.result() if done else None

    def _made(self, task: "asyncio.Task[Ranking | Refused]") -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Exception):
            failures.record(error)


_MAKING: Final = _Making()


def season_of(ground: Ground, now: dt.datetime) -> int:
    """Give the season of today, or the next to begin; `seasons.of_day` tells what is raised."""
    return seasons.of_day(ground, now.astimezone(LOCAL).date()).year


def _score(ranking: Ranking | Refused | None, code: str, reader: Reader) -> Row:
    """Give points, and the place to those who may see the ranking."""
    rows = ranking.rows if isinstance(ranking, Ranking) else ()
    found = next((each for each in rows if each.company == code), None)
    place = found and found.rank if reader.visitor.role in WHOLE else None
    return {"points_e2": found and found.points_e2, "rank": place}


@router.get("/scores")
async def scores(request: Request, reader: Reading) -> list[Row]:
    """Rank the companies against each other: 赛马, internal; none where nobody can be ranked, which the page tells."""
    found = await ranked(request, reader)
    return [] if isinstance(found, Refused) else [each.model_dump(mode="json") for each in found.rows]


@router.get("/scorecards/{code}")
async def figure_rows(
    request: Request,
    reader: Reading,
    code: str,
    *,
    measure: Measure,
    stratum: Stratum | None = None,
    season: Season = None,
    after: After = 0,
) -> Row:
    """List the rows that a figure of a scorecard is the sum of, as far as the visitor sees them."""
    now = reader.source.now()
    async with reader.connection() as conn:
        await _known(conn, code)
        there = await desk(conn, settings_of(request), reader.source.now)
        try:
            year = season or season_of(there.ground, now)
            found = await scorecard.rows_of(conn, there.ground, code, year, measure, stratum=stratum)
        except Refused as error:
            raise failures.refused(request, 409, error) from error
    ordered = sorted(found, key=lambda each: (each.subject, iso(each.day) or ""))
    return paged([{**each._asdict(), "day": iso(each.day)} for each in ordered[after : after + PAGE + 1]], after)


async def _known(conn: AsyncConnection, code: str) -> None:
    """Refuse a company that the visitor does not see, before anything of it is kept or counted."""
    try:
        await companies.id_of(conn, code)
    except BadInput as error:
        raise HTTPException(404, f"no company {code!r}") from error


async def scored(reader: Reader, settings: Settings, code: str, season: int | None) -> Scorecard | Refused:
    """Score a company's season over every home it heats; the reason where nobody can."""
    everybodys = Reader(reader.source, replace(reader.visitor, scope=reader.visitor.for_aggregates()))
    async with everybodys.connection() as conn:
        there = await desk(conn, settings, reader.source.now)
        try:
            return await scorecard.scorecard(
                conn, there.ground, code, season or season_of(there.ground, reader.source.now())
            )
        except Refused as error:
            return error


# --- a company's file -------------------------------------------------------------------------------------------------


async def file(reader: Reader, settings: Settings, code: str, season: int | None) -> Whole:
    """Gather a company's file of a season, as far as the visitor sees it.

    Raises
    ------
    HTTPException
        404: the visitor sees no such company.
    Refused
        No season is known.
    """
    async with reader.connection() as conn:
        await _known(conn, code)

    async def load(conn: AsyncConnection) -> Whole:
        there = await desk(conn, settings, reader.source.now)
        return await company_shown.whole(conn, there.ground, code, season, reader.source.now())

    if season is None:
        return await reader.shared(("file", code), load)
    async with reader.connection() as conn:
        return await load(conn)


async def _file(request: Request, reader: Reader, code: str, season: int | None) -> Whole:
    try:
        return await file(reader, settings_of(request), code, season)
    except Refused as error:
        raise failures.refused(request, 409, error) from error


@router.get("/companies/{code}/incidents")
async def incidents(request: Request, reader: Reading, code: str, season: Season = None) -> list[Row]:
    """Give a season's incidents with their limits under every repair rule, side by side."""
    found, now = await _file(request, reader, code, season), reader.source.now()
    async with reader.connection() as conn:
        there = await desk(conn, settings_of(request), reader.source.now)
        those = await matters.listed(conn, matters.coded(found.incidents.codes))
        states: list[Incident] = await there.states(those)
    return [row(each, now) | _limits(state, there.ground, now) for each, state in zip(those, states, strict=True)]


def _limits(state: Incident, ground: Ground, now: dt.datetime) -> Row:
    found = repairs.repair(state, ground, now)
    told: Row = {
        "begins": iso(state.begins),
        "ends": iso(state.ends),
        "minutes": ((state.ends or now) - state.begins) // company_shown.MINUTE,
        "what": state.what,
        "without_cause": state.verified and state.verified.without_cause,
        "unknown": None if found is None else " ".join(found.unknown) or None,
    }
    for clock in () if found is None else found.clocks:
        if clock.told_by == "actual":
            told[f"{clock.rule}_limit"] = iso(clock.limit)
            told[f"{clock.rule}_state"] = None if clock.state is None else clock.state.name.lower()
    return told


@router.get("/companies/{code}/matters")
async def acts(request: Request, reader: Reading, code: str, season: Season = None) -> list[Row]:
    """Give a season's orders and publications, the most urgent first."""
    found, now = await _file(request, reader, code, season), reader.source.now()
    return [row(each, now) for each in (*found.orders, *found.publications)]


@router.get("/companies/{code}/fuel")
async def fuel_rows(request: Request, reader: Reading, code: str, season: Season = None) -> list[Row]:
    """Give each fuel of each source: stock, both floors, share, days left, and why one of them is unknown."""
    found = await _file(request, reader, code, season)
    return [fuel_row(each) for each in found.fuel]


def fuel_row(each: FuelRow) -> Row:
    """Tell one fuel at one source."""
    return {
        "source": each.source.code,
        "name": each.source.name,
        "recipient": each.recipient,
        "fuel": each.fuel,
        "reported_on": iso(each.report.day if each.report else None),
        "stock_kg": each.stock_kg,
        "floor_kg": each.floor and int(each.floor.kg),
        "floor_rule": each.floor and each.floor.rule,
        "share_e4": None if each.share is None else int(each.share * 10_000),
        "days_e1": None if each.days_left is None else int(each.days_left * 10),
        "colour": each.colour and each.colour.name.lower(),
        "unknown": "；".join(each.unknown.values()),
    }


@router.get("/companies/{code}/declarations")
async def declared(request: Request, reader: Reading, code: str, season: Season = None) -> list[Row]:
    """Give each day's 零报告, the newest first."""
    found = await _file(request, reader, code, season)
    return [company_shown.declaration_tree(each) | {"day": iso(each.day)} for each in reversed(found.declarations)]
