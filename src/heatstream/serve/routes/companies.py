"""Companies under supervision: fuel and zero reports of a day, a company's file, and what was published."""

import datetime as dt
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field

from heatstream.errors import BadInput
from heatstream.serve.access import Connection, Published
from heatstream.serve.formats import Route
from heatstream.serve.handled import HandledBy
from heatstream.serve.paging import At, Page, PagedQuery, Parameters
from heatstream.serve.problems import NotFound
from heatstream.serve.shapes import Day, Instant, Now, Shape
from heatstream.store.read import companies, places
from heatstream.store.read.places import Place
from heatstream.store.timescale import LOCAL
from heatstream.supervision.company import company_shown, declarations, fuel, publications

router = APIRouter(tags=["companies"], route_class=Route)


# --- fuel -------------------------------------------------------------------------------------------------------------


class Exact(Shape):
    """An exact fraction."""

    numerator: int
    denominator: int


class FuelRow(Shape):
    """One fuel at one heat source. What is unknown is null, and `unknown` says why."""

    source: str = Field(description="code of the 热源")
    name: str
    kind: str = Field(description="chp, boiler, heat_pump, industrial or other")
    company: str = Field(description="code of the 供热企业")
    recipient: Literal["工信", "住建"] = Field(description="to whom it goes: CHP plants to 工信")
    fuel: str | None = Field(description="coal, gas, oil, biomass or other; null = nothing planned or reported")
    reported_on: dt.date | None = Field(description="day of the newest report")
    matter: str | None = Field(description="number of the company's file that holds it")
    event: int | None = Field(description="number of its event")
    stock_kg: int | None = Field(description="储量 that holds on the day [kg]")
    floor_kg: Exact | None = Field(description="the floor that holds there on the day [kg]")
    floor_rule: str | None = Field(description="which floor")
    share: Exact | None = Field(description="stock as a share of the floor")
    use_kg_a_day: Exact | None = Field(description="recent use [kg/day]")
    use_days: list[dt.date] = Field(description="the days it rests on")
    days_left: Exact | None = Field(description="at recent use [days]")
    days_left_by_weather: int | None = Field(description="whole days by the forecast; none is kept here, so null")
    beyond_forecast: bool | None = Field(description="true: it lasts longer than the forecast")
    colour: Literal["red", "yellow", "green"] | None = Field(description="that of the figure in `held` it is part of")
    unknown: dict[str, str] = Field(description="why a figure is null, by its name")


class HeldFuel(Shape):
    """What the law holds against a floor: a CHP plant's coal, or that of a company's boilers together."""

    company: str = Field(description="code of the 供热企业")
    sources: list[str] = Field(description="codes of the 热源")
    stock_kg: int | None = Field(description="储煤 of all of them [kg]")
    floor_kg: Exact | None = Field(description="their floor [kg]")
    share: Exact | None = Field(description="stock as a share of the floor")
    colour: Literal["red", "yellow", "green"] | None = Field(description="红黄绿 by choice A39")
    unknown: dict[str, str] = Field(description="why share or colour is null")


class FlaggedReport(Shape):
    """A report that was taken and contradicts the registry, the calendar or the day before."""

    company: str
    source: str = Field(description="as reported")
    fuel: str
    day: dt.date
    matter: str
    event: int
    flags: list[Literal["unknown_source", "other_company", "day_ahead", "stock_differs"]]
    differs_kg: int | None = Field(description="with stock_differs: how much more is there than expected [kg]")


class FuelTable(Shape):
    """Fuel of a day."""

    day: dt.date
    season_year: int | None = Field(description="its season, or the next one; null = no law is in force")
    in_season: bool | None
    watermark: str | None = Field(description="must stand on every figure")
    rules_hash: str | None = Field(description="SHA-256 of the operator's rules, hexadecimal; null = there are none")
    rows: list[FuelRow]
    held: list[HeldFuel] = Field(description="what is held against a floor on the day")
    flagged: list[FlaggedReport] = Field(description="reports of the days looked at, with what is wrong with them")


class DayQuery(Parameters):
    """A day, and a company."""

    day: Day | None = Field(None, description="the day; without it today")
    company: str | None = Field(None, description="code of a 供热企业")


@router.get("/fuel")
async def fuel_of_day(
    conn: Connection, query: Annotated[DayQuery, Query()], handled_by: HandledBy, now: Now
) -> FuelTable:
    """Give each source's stock against its floor, how long it lasts, and its colour, or why there is none."""
    await places.check(conn, Place(company=query.company))
    table = await fuel.of_day(conn, handled_by, _day(query, now))
    return FuelTable(
        day=table.day,
        season_year=table.season_year,
        in_season=table.in_season,
        watermark=table.watermark,
        rules_hash=table.rules_hash,
        rows=[
            FuelRow.model_validate(fuel.tree(each))
            for each in table.rows
            if query.company in {None, each.source.company}
        ],
        held=[
            HeldFuel.model_validate(fuel.held_tree(each))
            for each in table.held
            if query.company in {None, each.company}
        ],
        flagged=[
            FlaggedReport.model_validate(fuel.flagged_tree(each))
            for each in table.flagged
            if query.company in {None, each.report.company}
        ],
    )


def _day(query: DayQuery, now: dt.datetime) -> dt.date:
    return query.day or now.astimezone(LOCAL).date()


# --- zero reports -----------------------------------------------------------------------------------------------------


class Declaration(Shape):
    """What a company declared of a day; the software declares nothing."""

    company: str = Field(description="code of the 供热企业")
    name: str
    state: Literal["已报", "未报"]
    zero: bool | None = Field(description="true: nothing happened; null = 未报")
    contradicted: bool = Field(description="zero is declared, and an incident of the company stood on the day")
    incidents: list[str] = Field(description="numbers of those incidents")
    declared: list[dict[str, Any]] = Field(description="what it declares, where it is not zero")
    signature: str | None = Field(description="who signed")
    recorded_at: Instant | None
    matter: str | None = Field(description="number of the company's file that holds it")
    event: int | None = Field(description="number of its event")


@router.get("/declarations")
async def declarations_of_day(conn: Connection, query: Annotated[DayQuery, Query()], now: Now) -> list[Declaration]:
    """List every company of a day: 已报 or 未报, zero or not, and whether an incident contradicts it."""
    await places.check(conn, Place(company=query.company))
    found = await declarations.of_day(conn, _day(query, now))
    return [
        Declaration.model_validate(company_shown.declaration_tree(each))
        for each in found
        if query.company in {None, each.company}
    ]


# --- the company's file -----------------------------------------------------------------------------------------------


class IncidentCounts(Shape):
    """Incidents of a company in a season."""

    codes: list[str]
    minutes: int = Field(description="all together, whole minutes of each [min]")
    repair_running: int = Field(description="抢修时限 by the chosen rule: heat is away, within it")
    repair_kept: int
    repair_breached: int
    repair_no_limit: int = Field(description="the limit is unknown, or there is none for what happened")


class MatterOfIt(Shape):
    """An order or a publication, where it stands."""

    matter: str
    headline: str
    step: str
    opened_at: str
    next_due_at: str | None
    closed_at: str | None


class DeclaredDays(Shape):
    """Declarations of a season so far."""

    days: int
    reported: int
    zero: int
    unreported: list[dt.date] = Field(description="未报")
    contradicted: list[dt.date] = Field(description="zero is declared, and an incident stood on the day")


class CompanyFile(Shape):
    """诚信档案: everything of a company and season."""

    company: str
    name: str
    licence_no: str | None
    licence_expires: dt.date | None
    season_year: int
    season_from: dt.date
    season_to: dt.date
    file: str | None = Field(description="number of its file; null = nothing was recorded in it")
    watermark: str | None = Field(description="must stand on every figure")
    rules_hash: str | None = Field(description="SHA-256 of the operator's rules, hexadecimal; null = there are none")
    incidents: IncidentCounts
    orders: list[MatterOfIt]
    publications: list[MatterOfIt]
    fuel_day: dt.date
    fuel: list[FuelRow]
    fuel_held: list[HeldFuel]
    fuel_flagged: list[FlaggedReport]
    declarations: DeclaredDays
    hand_scores: list[dict[str, Any]] = Field(
        description="the newest of each indicator; `counts` false = no scorecard scores it by hand"
    )
    commendations: list[dict[str, Any]]
    sanctions: list[dict[str, Any]]


class SeasonQuery(Parameters):
    """A season."""

    season: int | None = Field(
        None, ge=2000, le=2199, description="the year it begins in; without it that of today, or the next to begin"
    )


@router.get(
    "/companies/{code}/file",
    responses={404: {"description": "no company has this code"}, 409: {"description": "no season is known"}},
)
async def file(
    conn: Connection,
    code: Annotated[str, Path(description="code of the 供热企业", max_length=200)],
    query: Annotated[SeasonQuery, Query()],
    handled_by: HandledBy,
    now: Now,
) -> CompanyFile:
    """Give a company's file of a season whole: incidents, orders, publications, fuel, declarations, scores."""
    try:
        seen = await company_shown.whole(conn, handled_by, code, query.season, now)
    except BadInput as error:
        raise NotFound(str(error)) from error
    return CompanyFile.model_validate(company_shown.tree(seen))


# --- publications -----------------------------------------------------------------------------------------------------


class Publication(Shape):
    """A version that was published, whole and unchanged; what came of it stands beside its content."""

    publication: str = Field(description="number of the 公示")
    version: int = Field(description="from 1; a newer one stands in its place where superseded_at is given")
    subject: Literal["scorecard", "credit_grade", "order", "other"]
    title: str
    season_year: int | None = Field(description="the year its season begins in")
    companies: list[str] = Field(description="companies it names")
    content: dict[str, Any] = Field(description="as it was published")
    content_sha256: str = Field(description="SHA-256 of the content as JSON with sorted keys, no blanks, UTF-8")
    doc_no: str = Field(description="文号 of its approval")
    published_at: Instant
    where: str
    superseded_at: Instant | None = Field(description="when a newer version was published; null = it stands")
    withdrawn_at: Instant | None = Field(description="撤回; null = it stands")
    withdrawn_because: str | None


class PublicationQuery(PagedQuery):
    """Filters of publications."""

    company: str | None = Field(None, description="only those that name this company")
    publication: str | None = Field(None, description="only the versions of this 公示")


@router.get("/publications")
async def published(conn: Published, cursor: At, query: Annotated[PublicationQuery, Query()]) -> Page[Publication]:
    """List every version that was published, in the order they were drafted in; drafts are in no answer."""
    await places.check(conn, Place(company=query.company))
    asked = [companies.naming(query.company)] if query.company else []
    asked += [companies.of_publication(query.publication)] if query.publication else []
    rows = await companies.published(conn, *asked, after=cursor.after_id(), limit=query.limit + 1)
    return cursor.page(Publication, [publications.out(each) for each in rows], query.limit)
