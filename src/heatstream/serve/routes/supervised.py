"""Warnings by colour, scorecards and the internal ranking, and pass rates by stratum."""

import datetime as dt
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BeforeValidator, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.access.scope import narrow
from heatstream.core.hysteresis import Level
from heatstream.errors import BadInput
from heatstream.rules.supervision.scorecard import Measure, Stratum
from heatstream.rules.supervision.warnings import Subject
from heatstream.serve.access import Asking, Connection
from heatstream.serve.formats import Route
from heatstream.serve.handled import HandledBy
from heatstream.serve.paging import At, Page, PagedQuery, Parameters
from heatstream.serve.problems import NotFound
from heatstream.serve.shapes import Day, Digest, Instant, Now, PlaceFilters, Shape, check_days
from heatstream.store.closings import closed_through
from heatstream.store.read import companies, places, scores, warnings
from heatstream.store.read.days import Span
from heatstream.store.timescale import LOCAL
from heatstream.supervision import seasons
from heatstream.supervision.homes import strata
from heatstream.supervision.homes.strata import Name
from heatstream.supervision.matter import Ground
from heatstream.supervision.watch import scorecard
from heatstream.supervision.watch.scorecard import Ranking, Scorecard

router = APIRouter(tags=["supervision"], route_class=Route)

Colour = Literal["undetermined", "green", "yellow", "red"]


def _colour(level: object) -> object:
    return Level(level).name.lower() if isinstance(level, int) else level


# --- warnings ---------------------------------------------------------------------------------------------------------


class Warned(Shape):
    """What one rule last saw of one subject."""

    rule: str = Field(description="the operator's rule")
    subject: Subject = Field(description="building 楼栋, heat_station, company or district")
    code: str = Field(description="code of the subject")
    name: str
    colour: Annotated[Colour, BeforeValidator(_colour)] = Field(
        validation_alias="level", description="undetermined where the last look told nothing and no warning stands"
    )
    since: Instant | None = Field(description="when it took its colour; null = it has none yet")
    known: bool = Field(description="the last look told a figure of enough")
    looked_at: Instant
    numerator: int | None = Field(description="of a share; else the figure itself, in its unit; null = not told")
    denominator: int = Field(description="homes, points, stations or sources it was told of")
    matter: str | None = Field(description="number of its warning; null = none stands")
    rules: str = Field(validation_alias="version", description="version of the operator's rules")
    rules_sha256: Digest = Field(validation_alias="rules_hash")
    watermark: str | None = Field(description="must stand wherever this is shown")


class WarningQuery(PagedQuery):
    """Filters of warnings."""

    rule: str | None = Field(None, description="only of this rule")
    subject: Subject | None = Field(None, description="only of this kind of subject")
    colour: Colour | None = Field(None, description="only of this colour")


@router.get("/warnings")
async def warned(conn: Connection, cursor: At, query: Annotated[WarningQuery, Query()]) -> Page[Warned]:
    """List every subject that a rule watches, with its colour: 红黄绿, and those that nobody can tell."""
    level = None if query.colour is None else int(Level[query.colour.upper()])
    after = cursor.after(tuple[str, str, int])
    rows = await warnings.levels(
        conn, rule=query.rule, subject=query.subject, level=level, after=after, limit=query.limit + 1
    )
    return cursor.page(Warned, rows, query.limit, lambda row: (row.rule, row.subject, row.subject_id))


# --- scorecards -------------------------------------------------------------------------------------------------------


class SeasonQuery(Parameters):
    """Which season, and through which day."""

    season: int | None = Field(None, ge=2000, le=2199, description="the year it begins in; without it today's, or next")
    through: Day | None = Field(None, description="last day that counts; without it the season's, or the last closed")

    def year(self, handled_by: Ground, now: dt.datetime) -> int:
        """Give the season that is asked for."""
        today = now.astimezone(LOCAL).date()
        return self.season if self.season is not None else seasons.of_day(handled_by, today).year


class RowQuery(SeasonQuery, PagedQuery):
    """Which figure."""

    measure: Measure = Field(description="which figure")
    stratum: Stratum | None = Field(None, description="of which homes; with pass_rate")


class FigureRow(Shape):
    """A part of a figure: all of them add up to it."""

    subject: str = Field(
        description="household, meter, station, source, claim, incident, ticket or company, by its code"
    )
    day: dt.date | None = Field(description="null = of the whole period")
    numerator: int
    denominator: int


Code = Annotated[str, Path(description="code of a 供热企业", max_length=200)]
NO_RULES: dict[int | str, dict[str, Any]] = {409: {"description": "there are no rules of scorecards, or no season"}}
NO_COMPANY: dict[int | str, dict[str, Any]] = {404: {"description": "no company has this code"}, **NO_RULES}


async def _known(conn: AsyncConnection, company: str) -> None:
    try:
        await companies.of_code(conn, company)
    except BadInput as error:
        raise NotFound(str(error)) from error


@router.get("/scorecards/{company}", responses=NO_COMPANY)
async def scored(
    conn: Connection,
    asking: Asking,
    company: Code,
    *,
    query: Annotated[SeasonQuery, Query()],
    handled_by: HandledBy,
    now: Now,
) -> Scorecard:
    """Score a company's season by the operator's rules. It is no 公示: what was published stands in /publications."""
    await _known(conn, company)
    # A company may heat homes beyond the asker's district: a score over a part of them would be another score.
    await narrow(conn, asking.for_aggregates())
    return await scorecard.scorecard(conn, handled_by, company, query.year(handled_by, now), through=query.through)


@router.get("/scorecards/{company}/rows", responses=NO_COMPANY)
async def rows(
    conn: Connection, company: Code, *, cursor: At, query: Annotated[RowQuery, Query()], handled_by: HandledBy, now: Now
) -> Page[FigureRow]:
    """List the rows that a figure of a scorecard is the sum of, by subject and day."""
    await _known(conn, company)
    found = await scorecard.rows_of(
        conn,
        handled_by,
        company,
        query.year(handled_by, now),
        query.measure,
        stratum=query.stratum,
        through=query.through,
    )
    after = cursor.after(tuple[str, str])
    those = sorted((row for row in found if after is None or _key(row) > after), key=_key)
    return cursor.page(FigureRow, those[: query.limit + 1], query.limit, _key)


def _key(row: scores.Row) -> tuple[str, str]:
    return row.subject, "" if row.day is None else row.day.isoformat()


@router.get("/ranking", responses=NO_RULES)
async def ranked(conn: Connection, query: Annotated[SeasonQuery, Query()], handled_by: HandledBy, now: Now) -> Ranking:
    """Rank the companies against each other: 赛马, internal, and never a 公示."""
    return await scorecard.ranking(conn, handled_by, query.year(handled_by, now), through=query.through)


# --- strata -----------------------------------------------------------------------------------------------------------


class StratumRate(Shape):
    """Home-days of one stratum. A home may be edge and top at once; 悬空 is derived day by day."""

    stratum: Name = Field(description="all, edge 边, top 顶, bottom 底, middle, surrounded 悬空, or unknown")
    homes: int = Field(description="homes with a judged day")
    compliant: int = Field(description="合格 home-days")
    failing: int = Field(description="不达标 home-days")
    undetermined: int = Field(description="无法判定 home-days: in no rate")
    decided: int = Field(description="the denominator: compliant + failing")
    percent: float | None = Field(description="100 × compliant / decided; null where it is 0")


class Strata(Shape):
    """Pass rates of fixed points."""

    day_from: dt.date
    day_to: dt.date
    strata: list[StratumRate]


class StrataQuery(PlaceFilters):
    """Where and when."""

    day_from: Day | None = Field(None, description="first day; without it the last")
    day_to: Day | None = Field(None, description="last day; without it the last closed one")


@router.get("/strata", responses={404: {"description": "no day is closed"}})
async def rates(conn: Connection, query: Annotated[StrataQuery, Query()]) -> Strata:
    """Give the pass rate of fixed points by stratum, each with its denominator."""
    await places.check(conn, query.place())
    last = query.day_to or await closed_through(conn)
    if last is None:
        raise NotFound("no day is closed yet; name them by `day_from` and `day_to`")
    first = query.day_from or last
    check_days(first, last)
    found = await strata.tallies(conn, query.place(), Span(first, last))
    told = [_stratum(name, tally) for name, tally in found.items()]
    return Strata(day_from=first, day_to=last, strata=told)


def _stratum(name: Name, tally: strata.Tally) -> StratumRate:
    percent = round(100 * tally.compliant / tally.decided, 2) if tally.decided else None
    return StratumRate(stratum=name, **tally._asdict(), decided=tally.decided, percent=percent)
