"""Findings and what they rest on."""

import datetime as dt
from collections.abc import Mapping
from enum import IntEnum
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BeforeValidator, Field

from heatstream.claims import explained
from heatstream.core.finding import Change, Outcome, Reason
from heatstream.core.standard import Statistic as Decided
from heatstream.serve.access import Connection
from heatstream.serve.formats import Route
from heatstream.serve.paging import At, NoParameters, Page, PagedQuery
from heatstream.serve.problems import NotFound
from heatstream.serve.routes.readings import Statistic
from heatstream.serve.shapes import (
    Address,
    AsOf,
    Celsius,
    Day,
    DayFilters,
    Digest,
    Instant,
    Money,
    Now,
    PlaceFilters,
    Shape,
    celsius,
    centi,
    check_days,
)
from heatstream.store.closings import closed_through
from heatstream.store.read import as_of, days, places, statistics
from heatstream.store.read import findings as judged
from heatstream.store.read import remeasure as to_measure
from heatstream.store.read.words import CHANGE_ZH, OUTCOME_ZH, REASON_ZH, STATISTIC_ZH, word

router = APIRouter(tags=["findings"], route_class=Route)

OfCurrent, OfHistory = tuple[dt.date, int], tuple[dt.date, int, int]  # what a cursor holds

OutcomeWord = Literal["compliant", "failing", "undetermined", "unmonitored"]
_PERIODS = {1: "day", 2: "month", 3: "claim"}
_GRADES = {1: "evidence", 2: "what_if"}


def _words_of(members: type[IntEnum]) -> BeforeValidator:
    return _told_by({each: word(each) for each in members})


def _told_by(words: Mapping[Any, str]) -> BeforeValidator:
    return BeforeValidator(words.__getitem__)


def _zh(column: str) -> Any:
    return Field(validation_alias=column, description=f"{column}, in Chinese")


class Finding(Shape):
    """The judgement of one household-day under one policy.

    Money stands in three amounts that are never mixed: 测算额 computed from readings, 应退热费, 裁定额.
    """

    id: int
    household: str = Field(description="户号")
    address: Address
    building: str = Field(description="code of the 楼栋")
    community: str = Field(description="code of the 小区")
    district: str = Field(description="code of the 区县")
    heat_station: str = Field(description="code of the 换热站")
    company: str = Field(description="code of the 供热企业")
    period_kind: Annotated[str, BeforeValidator(_PERIODS.get)] = Field(description="day, month or claim")
    period_from: dt.date = Field(description="first local day")
    period_to: dt.date = Field(description="last local day")
    outcome: Annotated[OutcomeWord, _words_of(Outcome)] = Field(
        description="compliant 合格, failing 不达标, undetermined 无法判定, unmonitored 未监测"
    )
    outcome_zh: Annotated[str, _told_by(OUTCOME_ZH)] = _zh("outcome")
    reason: Annotated[str, _words_of(Reason)] = Field(description="why it is undetermined or has no tier; none")
    reason_zh: Annotated[str, _told_by(REASON_ZH)] = _zh("reason")
    statistic: Annotated[str, _words_of(Decided)] = Field(description="the statistic that decided")
    statistic_zh: Annotated[str, _told_by(STATISTIC_ZH)] = _zh("statistic")
    point: str | None = Field(description="the room's point that decided; null = the rooms together, or none")
    value_c: Celsius | None = celsius("value_centi", "the deciding value, as measured")
    value_centi: int | None = centi("the same, exactly")
    limit_c: Celsius | None = celsius("limit_centi", "the standard")
    limit_centi: int | None = centi("the standard, exactly")
    margin_c: Celsius | None = celsius("margin_centi", "value less standard, after the guard band")
    margin_centi: int | None = centi("the same, exactly")
    day_value_c: Celsius | None = celsius("day_value_centi", "lowest of 昼")
    day_value_centi: int | None = centi("lowest of 昼, exactly")
    night_value_c: Celsius | None = celsius("night_value_centi", "lowest of 夜")
    night_value_centi: int | None = centi("lowest of 夜, exactly")
    slots_valid: int = Field(description="slots with a reading that counts, of the room with the fewest")
    slots_expected: int = Field(description="slots of its day; valid / expected is the coverage")
    below_min: int = Field(description="minutes below the standard")
    tier: int | None = Field(description="place in the pack's tiers, from 0")
    tier_at_least: bool = Field(description="the tier is a lower bound: coverage was partial")
    ratio_e4: int | None = Field(description="share of the fee [0.0001]")
    computed_fen: Money = Field(description="测算额: computed from readings alone [fen]")
    entitlement_fen: Money = Field(description="应退热费: the pack's conditions are met [fen]; null = not decided")
    ruled_fen: Money = Field(description="裁定额: ruled by the authority [fen]; null = no ruling")
    grade: Annotated[str, BeforeValidator(_GRADES.get)] = Field(
        description="evidence, or what_if: some value of the pack was neither read nor attested"
    )
    digest: Digest = Field(description="SHA-256 over the digests of the days it used, hexadecimal")
    change: Annotated[str, _words_of(Change)] = Field(description="why this finding was made")
    change_zh: Annotated[str, _told_by(CHANGE_ZH)] = _zh("change")
    supersedes: int | None = Field(description="id of the finding before it")
    current: bool = Field(description="no later finding stands in its place")
    run_id: int = Field(description="the evaluation that made it")
    policy_hash: Digest = Field(description="SHA-256 of the policy, hexadecimal")
    watermark: str | None = Field(description="must stand wherever this finding is shown")
    code_version: str = Field(description="version of the code that judged")
    through_batch: int = Field(description="batches up to this one were read")


class FindingPage(Page[Finding]):
    """A page of findings, and how far the judging has come."""

    closed_through: dt.date | None = Field(
        description="this day and every earlier one is closed; null = none is, or as_of"
    )


class FindingQuery(DayFilters, AsOf):
    """Filters of findings."""

    outcome: list[OutcomeWord] = Field([], description="one or more outcomes: repeat the parameter")
    kind: judged.UserKind | None = Field(
        None, description="residential 居民, whom /summary counts, or other 非居民; without it both"
    )
    history: bool = Field(default=False, description="with the findings that later ones superseded")

    def which(self, through_run: int | None) -> judged.Which:
        """Give what is asked for."""
        outcomes = tuple(int(Outcome[each.upper()]) for each in self.outcome)
        return judged.Which(self.place(), outcomes, self.kind, self.history, through_run)


@router.get("/findings")
async def findings(conn: Connection, cursor: At, now: Now, query: Annotated[FindingQuery, Query()]) -> FindingPage:
    """List findings by day, then by household, then by age.

    Households that never had a point have none: `/households?monitored=false` lists them. With `as_of` by the runs that
    had begun by then.
    """
    check_days(query.day_from, query.day_to)
    await places.check(conn, query.place())
    instant = query.instant(now)
    closed = await closed_through(conn) if instant is None else None
    span = await days.judged(conn, query.day_from, query.day_to)
    if span is None:
        return FindingPage(rows=[], next=None, closed_through=closed)
    which = query.which(None if instant is None else await as_of.newest_run(conn, instant))
    rows = await judged.listed(conn, which, query.page(span, cursor.after(OfHistory if which.history else OfCurrent)))
    key = ("period_from", *which.key)
    found = cursor.page(Finding, rows, query.limit, lambda row: [getattr(row, name) for name in key])
    return FindingPage(rows=found.rows, next=found.next, closed_through=closed)


class Version(Shape):
    """One of the findings of a household-day."""

    id: int
    outcome: Annotated[OutcomeWord, _words_of(Outcome)]
    change: Annotated[str, _words_of(Change)] = Field(description="why it was made")
    computed_fen: Money = Field(description="测算额 [fen]")
    started_at: Instant = Field(description="when its run began")


class RoomStatistic(Statistic):
    """The statistics of one room's point."""

    household: str = Field("", exclude=True)
    room: str | None = Field(description="code of the room")
    room_kind: str | None = Field(description="bedroom, living_room, kitchen, bathroom or other")


class Sentence(Shape):
    """One fact, for a person."""

    zh: str
    en: str


class Step(Shape):
    """A change of what was measured; one unit less leaves the outcome as it is."""

    by: int = Field(description="how much")
    outcome: Annotated[OutcomeWord, _words_of(Outcome)] = Field(description="the outcome after it")


class Turn(Shape):
    """Another value of one of the operator's choices. No advice."""

    option: str = Field(description="name of the choice")
    value: str = Field(description="its other value, as a choices file has it")
    beyond: Literal["more", "less"] | None = Field(description="every larger or smaller value turns it, too")
    outcome: Annotated[OutcomeWord, _words_of(Outcome)] = Field(description="the outcome under it")


class NearestChange(Shape):
    """What would alter the outcome, each by itself; null where nothing of the kind would."""

    warmer_centi: Step | None = Field(description="every reading warmer by this [0.01 °C]")
    colder_centi: Step | None = Field(description="every reading colder by this [0.01 °C]")
    fewer_below_min: Step | None = Field(description="so many of the minutes below at the standard instead [min]")
    more_below_min: Step | None = Field(description="so many more minutes below, where they would fail it first [min]")
    more_slots: Step | None = Field(description="so many more valid slots, each exactly at the standard")
    turns: list[Turn] = Field(description="each single choice that turns the outcome")


class Explanation(Shape):
    """Why a finding is what it is."""

    finding: Finding
    sentences: list[Sentence] = Field(description="the same, told in sentences")
    nearest_change: NearestChange | None = Field(
        description="null: what is stored now does not give this finding again"
    )
    rooms: list[RoomStatistic] = Field(description="the statistics of the day, a room each")
    versions: list[Version] = Field(description="every finding of this household and period, oldest first")


@router.get("/findings/{finding_id}/explain", responses={404: {"description": "no finding has this id"}})
async def explain(
    conn: Connection,
    finding_id: Annotated[int, Path(ge=1, le=2**63 - 1, description="id of the finding")],
    _: Annotated[NoParameters, Query()],
) -> Explanation:
    """Explain one finding: what was measured, by which policy, what would have altered it, and what stood before."""
    row = await judged.by_id(conn, finding_id)
    if row is None:
        raise NotFound(f"no finding has the id {finding_id}")
    rooms = await statistics.of_household(conn, row.household_id, row.period_from)
    versions = await judged.versions(conn, row.household_id, row.period_kind, row.period_from)
    told = await explained.of_finding(conn, row, rooms)
    return Explanation(
        finding=Finding.model_validate(row),
        sentences=[Sentence.model_validate(sentence) for sentence in told.lines],
        nearest_change=None if told.change is None else NearestChange.model_validate(told.change),
        rooms=[RoomStatistic.model_validate(room) for room in rooms],
        versions=[Version.model_validate(version) for version in versions],
    )


class HomeToMeasure(Shape):
    """补测: a home whose days are undetermined, with the last of them."""

    household: str = Field(description="户号")
    address: Address
    building: str = Field(description="code of the 楼栋")
    community: str = Field(description="code of the 小区")
    district: str = Field(description="code of the 区县")
    company: str = Field(description="code of the 供热企业")
    undetermined_days: int = Field(description="undetermined days of the period; 报停 days are none")
    day: dt.date = Field(description="the last of them")
    reason: Annotated[str, _words_of(Reason)] = Field(description="why it is undetermined")
    reason_zh: Annotated[str, _told_by(REASON_ZH)] = _zh("reason")
    slots_valid: int = Field(description="slots of that day with a reading that counts, of the room with the fewest")
    slots_expected: int = Field(description="slots of that day; valid / expected is its coverage")


class RemeasureQuery(PlaceFilters, PagedQuery, AsOf):
    """Whose undetermined days to list; days are local (UTC+08:00), both ends included."""

    day_from: Day | None = Field(None, description="first day; without it since the first point was installed")
    day_to: Day | None = Field(None, description="last day; without it up to today")


@router.get("/remeasure")
async def remeasure(
    conn: Connection, cursor: At, now: Now, query: Annotated[RemeasureQuery, Query()]
) -> Page[HomeToMeasure]:
    """List the homes to be measured 补测: those with undetermined days, in the order they were registered.

    With `as_of` by the runs that had begun by then.
    """
    check_days(query.day_from, query.day_to)
    await places.check(conn, query.place())
    instant = query.instant(now)
    span = await days.judged(conn, query.day_from, query.day_to)
    if span is None:
        return Page(rows=[], next=None)
    through, after = None if instant is None else await as_of.newest_run(conn, instant), cursor.after_id()
    place, limit = query.place(), query.limit + 1
    rows = await to_measure.listed(conn, span, place, after=after, limit=limit, through_run=through)
    return cursor.page(HomeToMeasure, rows, query.limit, lambda row: (row.household_id,))
