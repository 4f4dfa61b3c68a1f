"""诚信档案: what one company reports and what is said of it in one season.

Fuel is taken as it is reported; what contradicts itself is flagged where it is shown, never turned away. A zero report
is a person's signed statement: the software makes none, changes none, and a day without one is 未报.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Final, Literal, Self, TypeVar

from pydantic import BaseModel, Field, model_validator
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.claims.documents.words import hundredths
from heatstream.claims.events import Count, Day, EventNumber, Fen, Instant, Part, Text, Truth
from heatstream.errors import BadInput, FieldError
from heatstream.rules.supervision.scorecard import CATEGORIES, Category
from heatstream.store.read import companies
from heatstream.store.timescale import LOCAL
from heatstream.supervision import seasons
from heatstream.supervision.event_words import names_zh
from heatstream.supervision.matter import ROUTINE, Ground, Place, Recorded, Standing
from heatstream.supervision.told import Event

ZH: Final = names_zh("company_file")

Kept = TypeVar("Kept")

NAME: Final = "company_file"
Year = Annotated[int, Field(ge=2000, le=2199, strict=True)]
Kg = Annotated[int, Field(ge=0, le=10**11, strict=True)]
HundredthsOfAPoint = Annotated[int, Field(ge=0, le=10**6, strict=True)]
Fuel = Literal["coal", "gas", "oil", "biomass", "other"]
Method = Literal["weighed", "surveyed", "estimated", "book"]


# --- events -----------------------------------------------------------------------------------------------------------


class FileOpened(Event):
    """The file of a company and season is opened."""

    by_act: ClassVar[str | None] = "supervise company open"
    kind: Literal["file_opened"] = "file_opened"
    company: Text = Field(description="code of the 供热企业")
    season_year: Year = Field(description="the year its season begins in")


class FuelReported(Event):
    """One day's report of one fuel at one heat source; a later one of the same day stands in its place."""

    kind: Literal["fuel_reported"] = "fuel_reported"
    source: Text = Field(description="code of the 热源, as reported")
    fuel: Fuel = Field(description="`coal`, `gas`, `oil`, `biomass` or `other`")
    day: Day = Field(description="the day it is of")
    stock_kg: Kg = Field(description="储量 at the end of the day [kg]")
    received_kg: Kg = Field(description="进量 during the day [kg]")
    used_kg: Kg = Field(description="耗量 during the day [kg]")
    method: Method = Field(description="how stock is known: `weighed`, `surveyed` 盘点, `estimated`, `book` 账面")


class DeclaredIncident(Part):
    """An incident that a declaration names."""

    what: Text = Field(description="what happened")
    place: Text = Field(description="where")
    since: Instant = Field(description="since when")
    matter: Text | None = Field(None, description="number of the incident, where one was opened")


class Declared(Event):
    """零报告: a signed statement of a named officer of the company about one day."""

    kind: Literal["declared"] = "declared"
    day: Day = Field(description="the day it is of")
    zero: Truth = Field(description="true: nothing happened; false: what happened is listed")
    incidents: tuple[DeclaredIncident, ...] = Field((), description="what happened")
    statement: Text = Field(description="the statement, as it was signed")
    signature: Text = Field(description="name of who signed: the officer who records it")
    corrects: EventNumber | None = Field(None, description="number of the declaration of the same day it corrects")

    @model_validator(mode="after")
    def _zero_or_listed(self) -> Self:
        if self.zero == bool(self.incidents):
            raise FieldError(
                "incidents: expected none with zero true, and at least one with zero false",
                zh="当日无事件的应不填，有事件的至少填一项",
            )
        return self

    @property
    def cited_matters(self) -> tuple[str, ...]:
        """Incidents it names."""
        return tuple(each.matter for each in self.incidents if each.matter is not None)


class HandScored(Event):
    """An indicator of DB22/T 5064 that a person scores; a later one of the same indicator stands in its place."""

    kind: Literal["hand_scored"] = "hand_scored"
    category: Category = Field(description="the standard's category")
    indicator: Text = Field(description="the indicator, as the scorecard's rules name it")
    score_e2: HundredthsOfAPoint = Field(description="the score [0.01 points]")
    of_e2: Annotated[int, Field(gt=0, le=10**6, strict=True)] = Field(description="out of so much [0.01 points]")
    reason: Text = Field(description="what the score rests on")

    @model_validator(mode="after")
    def _within(self) -> Self:
        if self.score_e2 > self.of_e2:
            raise FieldError(
                f"score_e2: seen {self.score_e2}, expected at most of_e2 ({self.of_e2})",
                zh=f"得分为 {hundredths(self.score_e2)}，应不超过满分 {hundredths(self.of_e2)}",
            )
        return self


class Commended(Event):
    """表扬, 奖励."""

    kind: Literal["commended"] = "commended"
    by_whom: Text = Field(description="who commends")
    what_for: Text = Field(description="for what")
    doc_no: Text | None = Field(None, description="文号")


class SanctionRecorded(Event):
    """处罚, as decided elsewhere by who may decide it."""

    kind: Literal["sanction_recorded"] = "sanction_recorded"
    by_whom: Text = Field(description="which authority decided")
    what: Text = Field(description="what was decided")
    doc_no: Text = Field(description="文号")
    fine_fen: Fen | None = Field(None, description="罚款 [fen]; null = another sanction")


# --- what they fold into ----------------------------------------------------------------------------------------------


class Report(Part):
    """A fuel report that stands."""

    number: Count
    ahead: bool
    """Its day lay ahead when it was recorded."""
    told: FuelReported

    @property
    def key(self) -> tuple[str, str, str]:
        """What a later report stands in the place of."""
        return (self.told.source, self.told.fuel, self.told.day.isoformat())


class Declaration(Part):
    """A declaration that stands, and those of its day that it corrects."""

    number: Count
    officer: Text
    recorded_at: Instant
    told: Declared
    earlier: tuple[Declared, ...] = ()

    @property
    def key(self) -> str:
        """One a day stands."""
        return self.told.day.isoformat()


class Score(Part):
    """A hand score that stands."""

    number: Count
    officer: Text
    told: HandScored

    @property
    def key(self) -> tuple[str, str]:
        """One an indicator stands."""
        return (self.told.category, self.told.indicator)


class CompanyFile(Part):
    """A company's season: the newest of each day and source, of each day, of each indicator, by their keys."""

    company: Text
    season_year: Year
    fuel: tuple[Report, ...] = ()
    declarations: tuple[Declaration, ...] = ()
    hand_scores: tuple[Score, ...] = ()
    commendations: tuple[Commended, ...] = ()
    sanctions: tuple[SanctionRecorded, ...] = ()

    def declared_on(self, day: str) -> Declaration | None:
        """Find what stands for a day, as 2026-01-05."""
        return next((each for each in self.declarations if each.key == day), None)


class CompanyFileKind:
    """诚信档案 as a matter."""

    name = NAME
    opening = (FileOpened,)
    later = (FuelReported, Declared, HandScored, Commended, SanctionRecorded)
    who: Mapping[str, frozenset[str]] = MappingProxyType(
        {
            "file_opened": frozenset({"company", "district", "city"}),
            "fuel_reported": frozenset({"company", "district", "city"}),
            # Nobody else may state it in the company's place, and no software may at all.
            "declared": frozenset({"company"}),
            "hand_scored": frozenset({"district", "city"}),
            "commended": frozenset({"district", "city"}),
            "sanction_recorded": frozenset({"district", "city"}),
        }
    )

    async def place(self, conn: AsyncConnection, event: Event) -> Place:
        """Find the company, and see that its season has no file yet."""
        opened = _as(FileOpened, event)
        company_id = await companies.id_of(conn, opened.company)
        there = await companies.file_of(conn, company_id, opened.season_year)
        if there is not None:
            raise BadInput(
                f"file_opened: {opened.company} has {there} for {opened.season_year}; record in it",
                zh=f"企业 {opened.company} 在 {opened.season_year} 年起的采暖期已有档案 {there}，应在其中记录",
            )
        return Place(company_id=company_id)

    def after(self, state: CompanyFile | None, recorded: Recorded, ground: Ground) -> BaseModel:
        """Fold an event."""
        event = recorded.event
        if state is None:
            opened = _as(FileOpened, event)
            return CompanyFile(company=opened.company, season_year=opened.season_year)
        match event:
            case FuelReported():
                return _changed(state, fuel=_newest(state.fuel, _report(state, event, recorded, ground), _key))
            case Declared():
                return _changed(
                    state, declarations=_newest(state.declarations, _declaration(state, event, recorded, ground), _key)
                )
            case HandScored():
                _expect_named(event, ground)
                score = Score(number=recorded.number, officer=recorded.officer.code, told=event)
                return _changed(state, hand_scores=_newest(state.hand_scores, score, _key))
            case Commended():
                return _changed(state, commendations=(*state.commendations, event))
            case SanctionRecorded():
                return _changed(state, sanctions=(*state.sanctions, event))
            case _:
                raise BadInput(f"{event.name}: the file is open already", zh=f"{ZH[event.name]}：档案已建")

    def standing(self, state: CompanyFile, ground: Ground, now: object) -> Standing:
        """It asks for nothing by itself."""
        del ground, now
        season = f"{state.season_year}-{state.season_year + 1}"
        return Standing(f"{state.company} 诚信档案 {season}", "open", ROUTINE)

    def coming(self, state: CompanyFile) -> tuple[str, ...]:
        """Everything, always."""
        del state
        return tuple(str(each.model_fields["kind"].default) for each in self.later)


COMPANY_FILE = CompanyFileKind()


def _as(kind: type[Kept], event: object) -> Kept:
    if not isinstance(event, kind):
        raise TypeError(f"seen {type(event).__name__}, expected {kind.__name__}: the desk sees to it")
    return event


def _key(each: Any) -> Any:
    return each.key


def _newest(those: tuple[Kept, ...], this: Kept, key: Callable[[Kept], Any]) -> tuple[Kept, ...]:
    """Put one in the place of what has its key, in the order of keys."""
    rest = [each for each in those if key(each) != key(this)]
    return tuple(sorted([*rest, this], key=key))


def _changed(state: CompanyFile, **parts: Any) -> CompanyFile:
    return state.model_copy(update=parts)


def _report(state: CompanyFile, event: FuelReported, recorded: Recorded, ground: Ground) -> Report:
    _expect_of_season(state, event.name, event.day, ground)
    ahead = event.day > recorded.at.astimezone(LOCAL).date()
    return Report(number=recorded.number, ahead=ahead, told=event)


def _declaration(state: CompanyFile, event: Declared, recorded: Recorded, ground: Ground) -> Declaration:
    _expect_of_season(state, event.name, event.day, ground)
    today, officer = event.at.astimezone(LOCAL).date(), recorded.officer
    if event.day > today:
        raise BadInput(
            f"declared: day: seen {event.day}, expected not after {today}, when it was signed",
            zh=f"零报告：日期为 {event.day}，不应晚于签名之日 {today}",
        )
    if event.signature != officer.name:
        raise BadInput(
            f"declared: signature: seen {event.signature!r}, expected the name of who records it, {officer.name!r}",
            zh=f"零报告：签名为“{event.signature}”，应为记录人的姓名“{officer.name}”",
        )
    there = state.declared_on(event.day.isoformat())
    if event.corrects != (there and there.number):
        expected = f"corrects: {there.number}, which stands" if there else "no `corrects`: none stands"
        zh_expected = f"为现行零报告的第 {there.number} 号记录" if there else "不填：该日尚无零报告"
        raise BadInput(
            f"declared: {event.day}: seen corrects {event.corrects}, expected {expected}",
            zh=f"零报告：{event.day}：更正的记录为 {event.corrects or '无'}，应{zh_expected}",
        )
    earlier = () if there is None else (*there.earlier, there.told)
    return Declaration(
        number=recorded.number, officer=officer.code, recorded_at=recorded.at, told=event, earlier=earlier
    )


def scored_by_hand(ground: Ground) -> frozenset[tuple[Category, str]] | None:
    """List category and name of the indicators that the operator's scorecards score by hand; None = there are none."""
    known = ground.rules.scorecards if ground.rules else None
    return None if known is None else known.by_hand()


def _expect_named(event: HandScored, ground: Ground) -> None:
    """A score of what no scorecard names would count nowhere."""
    known = None if ground.past else scored_by_hand(ground)
    if known is not None and (event.category, event.indicator) not in known:
        names = ", ".join(f"{category} {indicator}" for category, indicator in sorted(known)) or "none"
        zh_names = "、".join(f"{CATEGORIES[category]} {indicator}" for category, indicator in sorted(known)) or "无"
        raise BadInput(
            f"hand_scored: seen {event.category} {event.indicator}, expected one of the scorecards' that are scored by "
            f"hand: {names}",
            zh=f"人工评分：考核类别与指标为 {CATEGORIES[event.category]} {event.indicator}，"
            f"应为考核规则中由人工评分的指标：{zh_names}",
        )


def _expect_of_season(state: CompanyFile, name: str, day: dt.date, ground: Ground) -> None:
    """A day stands in one file alone: that of the season it lies in, or else of the next one."""
    if ground.past:
        return
    year = seasons.of_day(ground, day).year
    if year != state.season_year:
        raise BadInput(
            f"{name}: day: seen {day}, which belongs to the file of {year}; expected a day of {state.season_year}",
            zh=f"{ZH[name]}：日期为 {day}，属于 {year} 年起的采暖期的档案，应为 {state.season_year} 年起的采暖期的日期",
        )
