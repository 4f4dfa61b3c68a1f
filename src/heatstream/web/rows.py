"""Rows that the browser fetches by itself: in the page they would stay in the server's memory, once a visitor."""

import csv
import datetime as dt
import io
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final, Literal, NamedTuple
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.access.fields import SEES, Kind
from heatstream.access.principal import Principal
from heatstream.core.finding import Outcome
from heatstream.errors import BadInput
from heatstream.store.closings import closed_through
from heatstream.store.read import city, days, findings, places
from heatstream.store.read.findings import UserKind
from heatstream.store.read.places import Place
from heatstream.store.read.rows import AnyRow
from heatstream.store.read.words import OUTCOME_ZH, word
from heatstream.store.timescale import LOCAL
from heatstream.web import charts, city_figures, failures, figures
from heatstream.web import words as languages
from heatstream.web.signed_in import Reading
from heatstream.web.words import Words

router = APIRouter(prefix="/rows", include_in_schema=False)

PAGE: Final = 300
FILE_PAGE: Final = 5000
LEADS: Final = {
    "district": "/findings?district=",
    "company": "/companies/",
    "heat_station": "/stations/",
    "building": "/buildings/",
}
_PLACED = ("household", "address", "building_name", "community_name", "district_name", "company_name")
_FINDING = (
    *("id", *_PLACED, "outcome", "value_centi", "limit_centi", "margin_centi", "day_value_centi", "night_value_centi"),
    *("slots_valid", "slots_expected", "below_min", "computed_fen", "reason"),
)
_FLAG = ("household", "address", "point", "room_kind", "temp_centi", "lowest_centi", "limit_centi", "since", "stopped")
_TALLY = (
    *("code", "name", "homes", "monitored", "compliant", "failing", "undetermined", "waiting", "unmonitored"),
    *("below_now", "lowest_centi", "computed_fen"),
)

OF_KIND: Final[dict[str, Kind]] = {"address": "address", "door": "address", "computed_fen": "money"}
"""Cells of one home's row that not every role sees."""

DayOfReadings = Annotated[dt.date, Field(ge=dt.date(2000, 1, 1), le=dt.date(2199, 12, 31))]
"""Further away no reading is, and calendars end."""
Row = dict[str, Any]


def seen_by(visitor: Principal, row: Row) -> Row:
    """Give a home's row as somebody's role sees it: what it does not see is null."""
    hidden = {name for name, kind in OF_KIND.items() if kind not in SEES[visitor.role]}
    return {name: None if name in hidden else value for name, value in row.items()}


def _pick(row: object, names: tuple[str, ...]) -> Row:
    return {name: getattr(row, name) for name in names}


def finding(row: AnyRow) -> Row:
    """Tell a finding."""
    return {"day": row.period_from.isoformat(), **_pick(row, _FINDING)}


@router.get("/city")
async def the_city(request: Request, reader: Reading) -> Row:
    """Give the figures of the city's page, in the visitor's words."""
    words = languages.of_request(request)
    now, season, health = await figures.all_of_it(reader)
    told = (
        *city_figures.of_day(now, words),
        *city_figures.of_season(now, season, words),
        *city_figures.of_warnings(now, words),
        *city_figures.of_ingest(health, dt.datetime.now(dt.UTC), words),
    )
    return {
        "day": now.day,
        "heading": city_figures.heading(now, words),
        "figures": [(each.key, each.value, each.said, each.href) for each in told],
        "share": {word(outcome): homes for outcome, homes in city_figures.outcomes(now.tally).items()},
    }


@router.get("/city/trend")
async def trend(request: Request, reader: Reading) -> Row:
    """Give the season as its chart draws it."""
    return charts.trend(await figures.trend(reader), languages.of_request(request))


@router.get("/places/{level}")
async def by_place(reader: Reading, level: Literal["district", "company", "heat_station", "building"]) -> list[Row]:
    """Give the last closed day by place."""
    now, tallies = await figures.today(reader), await figures.tallies(reader, level)
    return [
        {**_pick(tally, _TALLY), "level": level, "day": now.day, "opens": LEADS[level] + quote(tally.code, safe="")}
        for tally in tallies
    ]


@router.get("/flags")
async def flags(reader: Reading) -> list[Row]:
    """Give who is below the standard now, the coldest first."""
    return [seen_by(reader.visitor, _pick(row, _FLAG)) for row in await figures.below_now(reader)]


def _unless_blank(value: object) -> object:
    return None if value == "" else value


Blank = BeforeValidator(_unless_blank)
Code = Annotated[str | None, Blank]
Day = Annotated[dt.date | None, Blank]


class Filters(BaseModel):
    """Which findings: what a form leaves blank does not narrow them.

    Attributes
    ----------
    day : one day alone, in place of both ends
    """

    model_config = ConfigDict(extra="forbid")

    day: Day = None
    day_from: Day = None
    day_to: Day = None
    outcome: Annotated[Literal["compliant", "failing", "undetermined", "unmonitored"] | None, Blank] = None
    kind: Annotated[UserKind | None, Blank] = None
    district: Code = None
    company: Code = None
    heat_station: Code = None
    building: Code = None
    household: Code = None

    def model_post_init(self, _: Any) -> None:
        """Let one day be both ends."""
        if self.day is not None:
            self.day_from = self.day_to = self.day

    def place(self) -> Place:
        """Give where."""
        return Place(
            district=self.district,
            company=self.company,
            heat_station=self.heat_station,
            building=self.building,
            household=self.household,
        )

    def query(self) -> dict[str, str]:
        """Write it for an address."""
        return self.model_dump(mode="json", exclude_none=True, exclude={"day", "after"})


Asked = Annotated[Filters, Query()]


class PageFilters(Filters):
    """The same, and where a list goes on."""

    after: str | None = None


class Part(NamedTuple):
    """A page of rows, and where the next one begins."""

    rows: list[Row]
    next: str | None


def _key(after: str | None) -> tuple[dt.date | None, int]:
    """Read where a list goes on; nobody's rows hang on it, so it is no secret."""
    if after is None:
        return None, 0
    day, _, home = after.partition(".")
    try:
        return (dt.date.fromisoformat(day) if day else None), int(home)
    except ValueError:
        raise BadInput(
            f"after: seen {after!r}, expected what a page before it told as `next`",
            zh=f"after 为“{after}”，应为前一页所给的 next",
        ) from None


async def _unmonitored(conn: AsyncConnection, asked: Filters, after: str | None, limit: int) -> Part:
    day = asked.day_to or await closed_through(conn)
    if day is None or asked.kind == "other":  # whether these have a point, nobody asks
        return Part([], None)
    found = await city.unmonitored(conn, day, asked.place(), after=_key(after)[1], limit=limit + 1)
    rows = [{"outcome": int(Outcome.UNMONITORED), **_pick(row, _PLACED)} for row in found[:limit]]
    return Part(rows, f".{found[limit - 1].id}" if len(found) > limit else None)


async def _part(conn: AsyncConnection, asked: Filters, after: str | None, limit: int) -> Part:
    if asked.outcome == word(Outcome.UNMONITORED):
        return await _unmonitored(conn, asked, after, limit)
    span = await days.judged(conn, asked.day_from, asked.day_to)
    if span is None:
        return Part([], None)
    day, home = _key(after)
    outcomes = (int(Outcome[asked.outcome.upper()]),) if asked.outcome else ()
    page = days.DayPage(span, limit + 1, newest_first=True, after_day=day, after_key=(home,) if day else ())
    found = await findings.listed(conn, findings.Which(asked.place(), outcomes, asked.kind), page)
    last = found[limit - 1] if len(found) > limit else None
    goes_on = None if last is None else f"{last.period_from}.{last.household_id}"
    return Part([finding(row) for row in found[:limit]], goes_on)


@router.get("/findings")
async def listed(request: Request, reader: Reading, asked: Annotated[PageFilters, Query()]) -> Row:
    """List the findings that stand, the newest day first; of 未监测 the homes, which have none."""
    async with reader.connection() as conn:
        try:
            await places.check(conn, asked.place())
            found, goes_on = await _part(conn, asked, asked.after, PAGE)
        except BadInput as error:
            raise failures.refused(request, 422, error) from None
    return {"rows": [seen_by(reader.visitor, row) for row in found], "next": goes_on}


_FILE: Final = {
    "day": ("日期", "day"),
    "household": ("户号", "household"),
    "address": ("地址", "address"),
    "building_name": ("楼栋", "building"),
    "community_name": ("小区", "community"),
    "district_name": ("区县", "district"),
    "company_name": ("供热企业", "company"),
    "outcome": ("判定", "outcome"),
    "value_centi": ("判定值 °C", "value °C"),
    "limit_centi": ("标准 °C", "standard °C"),
    "margin_centi": ("差值 °C", "margin °C"),
    "day_value_centi": ("昼最低 °C", "day min °C"),
    "night_value_centi": ("夜最低 °C", "night min °C"),
    "below_min": ("低于标准 分钟", "min below"),
    "slots_valid": ("有效时段", "valid slots"),
    "slots_expected": ("应有时段", "expected slots"),
    "computed_fen": ("测算额（元）", "computed (yuan)"),
}
"""Columns of the file, in its order."""


def _cell(name: str, value: Any, words: Words) -> str:
    if value is None:
        return ""
    if name == "outcome":
        return words(OUTCOME_ZH[Outcome(value)], word(Outcome(value)))
    if name.endswith(("_centi", "_fen")):
        return f"{'-' * (value < 0)}{abs(value) // 100}.{abs(value) % 100:02d}"
    text = str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text  # a spreadsheet would run it


@router.get("/findings.csv")
async def file(request: Request, reader: Reading, asked: Asked) -> StreamingResponse:
    """Give all of them as a file, page by page as it is read."""
    words = languages.of_request(request)
    async with reader.connection() as conn:
        try:
            await places.check(conn, asked.place())
        except BadInput as error:
            raise failures.refused(request, 422, error) from None

    async def lines() -> AsyncIterator[str]:
        yield "\ufeff" + _written(
            [[words(*name) for name in _FILE.values()]]
        )  # the mark lets spreadsheets read Chinese
        after: str | None = None
        async with reader.connection() as conn:
            while True:
                rows, after = await _part(conn, asked, after, FILE_PAGE)
                seen = [seen_by(reader.visitor, row) for row in rows]
                yield _written([[_cell(name, row.get(name), words) for name in _FILE] for row in seen])
                if after is None:
                    return

    name = f'attachment; filename="findings-{dt.datetime.now(LOCAL):%Y%m%d-%H%M}.csv"'
    return StreamingResponse(lines(), media_type="text/csv; charset=utf-8", headers={"Content-Disposition": name})


def _written(rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
