"""The scorecard of a company and season, and the internal 赛马 ranking. Neither is a 公示: that is an act of persons.

Points are exact; the one rounding is to hundredths, where a total is shown. A figure that is not known, or a hand score
that nobody gave, leaves the score undetermined, and says why.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Final, NamedTuple
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.core import score as core
from heatstream.core.score import Knot, Part
from heatstream.errors import BadInput, Refused
from heatstream.rules.supervision.file import SupervisionRules, required
from heatstream.rules.supervision.scorecard import (
    CATEGORIES,
    MEASURES,
    STRATA,
    Category,
    CategoryRule,
    Indicator,
    Measure,
    Stratum,
)
from heatstream.rules.supervision.scorecard import Scorecard as Rules
from heatstream.store import closings, matters
from heatstream.store.read import companies
from heatstream.store.read.companies import Company
from heatstream.store.read.days import Span
from heatstream.store.read.scores import Row
from heatstream.supervision import seasons
from heatstream.supervision.company.company_file import CompanyFile, Score
from heatstream.supervision.matter import Ground
from heatstream.supervision.watch.measures import Asked, rows

INTERNAL: Final = "内部赛马，不作公示 internal, not for publication"


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Exact(_Shape):
    """An exact number."""

    numerator: int
    denominator: int

    @classmethod
    def of(cls, value: Fraction) -> "Exact":
        return cls(numerator=value.numerator, denominator=value.denominator)


class Figure(_Shape):
    """A measured figure: numerator / denominator × scale, as sums over its rows."""

    measure: Measure
    stratum: Stratum | None = Field(description="homes it is measured of; null = it has none")
    title: str
    numerator: int
    numerator_is: str
    denominator: int
    denominator_is: str
    scale: int
    least_denominator: int = Field(description="of less it is undetermined")
    rows: str = Field(description="address of the API that lists the rows it is the sum of")


class Hand(_Shape):
    """A score that a person gave, and where it is recorded."""

    score_e2: int = Field(description="the score [0.01 points]")
    of_e2: int = Field(description="out of so much [0.01 points]")
    reason: str
    officer: str = Field(description="工号")
    matter: str = Field(description="the company's file")
    event: int = Field(description="number of the event in it")


class Line(_Shape):
    """One indicator."""

    indicator: str
    title: str
    weight: str
    figure: Figure | None = Field(description="null = scored by hand, or nothing could be measured")
    hand: Hand | None = Field(description="null = measured, or not given")
    points: Exact | None = Field(description="0 to 100; null = undetermined")
    undetermined: str | None = Field(None, description="why there are no points")
    undetermined_zh: str | None = Field(None, description="the same in Chinese")


class CategoryScore(_Shape):
    """One of the six categories of DB22/T 5064-2021."""

    category: Category
    name: str
    weight: str
    points: Exact | None = Field(description="null = one of its indicators is undetermined")
    lines: tuple[Line, ...]


class Scorecard(_Shape):
    """A company's season."""

    company: str
    name: str
    season_year: int = Field(description="the year the season begins in")
    first_day: dt.date
    through: dt.date = Field(description="last day that is scored: the season's, or the last closed one")
    version: str = Field(description="of the scorecard's rules")
    rules: str = Field(description="version of the operator's rules")
    rules_sha256: str
    watermarks: tuple[str, ...] = Field(description="must stand wherever this is shown")
    categories: tuple[CategoryScore, ...]
    points: Exact | None = Field(description="0 to 100, exactly; null = undetermined")
    points_e2: int | None = Field(description="the same, rounded half up once [0.01 points]")
    undetermined: tuple[str, ...] = Field(description="every indicator without points, and why")
    undetermined_zh: tuple[str, ...] = Field((), description="the same in Chinese")


class Ranked(_Shape):
    """A company's place."""

    rank: int | None = Field(description="equals share a rank; null = the score is undetermined")
    company: str
    name: str
    points: Exact | None
    points_e2: int | None
    undetermined: tuple[str, ...]
    undetermined_zh: tuple[str, ...]


class Ranking(_Shape):
    """赛马: companies by their exact points."""

    internal: str = Field(description="must stand wherever this is shown")
    season_year: int
    through: dt.date
    version: str
    rules_sha256: str
    watermarks: tuple[str, ...]
    rows: tuple[Ranked, ...] = Field(description="the best first, those without a rank last")


class _Season(NamedTuple):
    """What every company of a season is scored by."""

    ground: Ground
    rules: SupervisionRules
    card: Rules
    year: int
    days: Span

    @property
    def watermarks(self) -> tuple[str, ...]:
        marks = (self.rules.watermark, self.ground.law and self.ground.law.pack.watermark)
        return tuple(dict.fromkeys(mark for mark in marks if mark))


async def scorecard(
    conn: AsyncConnection, ground: Ground, company: str, season: int, *, through: dt.date | None = None
) -> Scorecard:
    """Score a company's season.

    Parameters
    ----------
    season : the year it begins in
    through : last day that is scored; None = the season's last, or the last closed one

    Raises
    ------
    BadInput
        There is no such company.
    Refused
        No rules or no law, no version holds for the season, or none of its days is closed.
    """
    found = await companies.of_code(conn, company)
    return await _scored(conn, found, await _of_season(conn, ground, season, through))


async def ranking(conn: AsyncConnection, ground: Ground, season: int, *, through: dt.date | None = None) -> Ranking:
    """Rank the companies of a season against each other; `scorecard` tells what is raised."""
    by = await _of_season(conn, ground, season, through)
    cards = [await _scored(conn, each, by) for each in await companies.on_day(conn, by.days.last)]
    places = core.ranks([_fraction(each.points) for each in cards])
    ranked = [_ranked(card, place) for card, place in zip(cards, places, strict=True)]
    ranked.sort(key=lambda each: (each.rank is None, each.rank, each.company))
    return Ranking(
        internal=INTERNAL,
        season_year=season,
        through=by.days.last,
        version=by.card.version,
        rules_sha256=by.rules.hash.hex(),
        watermarks=by.watermarks,
        rows=tuple(ranked),
    )


async def rows_of(
    conn: AsyncConnection,
    ground: Ground,
    company: str,
    season: int,
    measure: Measure,
    *,
    stratum: Stratum | None = None,
    through: dt.date | None = None,
) -> list[Row]:
    """List the rows that a figure is the sum of; no rules are needed."""
    found = await companies.of_code(conn, company)
    days = await _days(conn, ground, season, through)
    return await rows(Asked(conn, ground, found, days), measure, stratum)


def _fraction(exact: Exact | None) -> Fraction | None:
    return None if exact is None else Fraction(exact.numerator, exact.denominator)


def _ranked(card: Scorecard, rank: int | None) -> Ranked:
    told = card.model_dump(include={"company", "name", "points_e2", "undetermined", "undetermined_zh"})
    return Ranked(rank=rank, points=card.points, **told)


# --- one season -------------------------------------------------------------------------------------------------------


async def _of_season(conn: AsyncConnection, ground: Ground, season: int, through: dt.date | None) -> _Season:
    rules = required(ground.rules, "scorecards")
    versions = required(rules.scorecards, "scorecards")
    days = await _days(conn, ground, season, through)
    card = versions.of_season(days.first)
    if card is None:
        first = versions.versions[0].valid_from
        raise Refused(
            f"season {season}: its first day is {days.first}, and the scorecard's rules begin on {first}",
            zh=f"{season} 年起的采暖期首日为 {days.first}，而考核规则自 {first} 起施行",
        )
    return _Season(ground, rules, card, season, days)


async def _days(conn: AsyncConnection, ground: Ground, season: int, through: dt.date | None) -> Span:
    """Give the season's days that are scored.

    Raises
    ------
    Refused
        No law is in force, or none of the days is closed.
    BadInput
        `through` is not one of them.
    """
    belongs = seasons.starting(ground, season)
    closed = await closings.closed_through(conn)
    if closed is None or closed < belongs.begins:
        raise Refused(
            f"season {season}: it begins on {belongs.begins}, and days are closed through {closed or 'none'}",
            zh=f"{season} 年起的采暖期自 {belongs.begins} 计，而已关账至 {closed or '无'}",
        )
    last = min(belongs.last, closed)
    if through is not None and not belongs.begins <= through <= last:
        raise BadInput(
            f"through: seen {through}, expected a closed day of the season, {belongs.begins} to {last}",
            zh=f"截至日为 {through}，应为该采暖期已关账之日，即 {belongs.begins} 至 {last}",
        )
    return Span(belongs.begins, through or last)


# --- one company ------------------------------------------------------------------------------------------------------


async def _scored(conn: AsyncConnection, company: Company, by: _Season) -> Scorecard:
    asked = Asked(conn, by.ground, company, by.days)
    file = await _file(conn, company, by.year)
    categories = [await _category(asked, each, file, by) for each in by.card.categories]
    total = core.mean([_part(each.weight, each.points) for each in categories])
    return Scorecard(
        company=company.code,
        name=company.name,
        season_year=by.year,
        first_day=by.days.first,
        through=by.days.last,
        version=by.card.version,
        rules=by.rules.version,
        rules_sha256=by.rules.hash.hex(),
        watermarks=by.watermarks,
        categories=tuple(categories),
        points=None if total is None else Exact.of(total),
        points_e2=None if total is None else core.hundredths(total),
        undetermined=tuple(f"{where}: {line.undetermined}" for where, line in _open(categories)),
        undetermined_zh=tuple(f"{where}：{line.undetermined_zh}" for where, line in _open(categories)),
    )


def _open(categories: Iterable[CategoryScore]) -> Iterable[tuple[str, Line]]:
    for category in categories:
        for line in category.lines:
            if line.undetermined is not None:
                yield f"{category.name} {line.title}", line


def _part(weight: str, points: Exact | None) -> Part:
    return Part(Fraction(weight), _fraction(points))


class _File(NamedTuple):
    """Hand scores of a company, and the matter they stand in."""

    matter: str | None
    scores: Sequence[Score]


async def _file(conn: AsyncConnection, company: Company, year: int) -> _File:
    code = await companies.file_of(conn, company.id, year)
    found = None if code is None else await matters.by_code(conn, code)
    return _File(None, ()) if found is None else _File(code, CompanyFile.model_validate(found.state).hand_scores)


async def _category(asked: Asked, rule: CategoryRule, file: _File, by: _Season) -> CategoryScore:
    lines = [await _line(asked, rule.category, each, file, by) for each in rule.indicators]
    made = core.mean([_part(each.weight, each.points) for each in lines])
    return CategoryScore(
        category=rule.category,
        name=CATEGORIES[rule.category],
        weight=str(rule.weight),
        points=None if made is None else Exact.of(made),
        lines=tuple(lines),
    )


async def _line(asked: Asked, category: Category, rule: Indicator, file: _File, by: _Season) -> Line:
    named = {"indicator": rule.indicator, "title": rule.title, "weight": str(rule.weight)}
    if rule.measure is None:
        return _by_hand(category, rule, file, named)
    try:
        found = await rows(asked, rule.measure, rule.stratum)
    except Refused as refused:
        why, zh = str(refused), refused.zh or str(refused)
        return Line(**named, figure=None, hand=None, points=None, undetermined=why, undetermined_zh=zh)
    figure = _figure(rule, rule.measure, found, asked, by.year)
    if figure.denominator < figure.least_denominator:
        why = f"{figure.denominator} {figure.denominator_is}, expected {figure.least_denominator} or more"
        zh = f"{MEASURES[rule.measure].denominator_zh}为 {figure.denominator}，应不少于 {figure.least_denominator}"
        return Line(**named, figure=figure, hand=None, points=None, undetermined=why, undetermined_zh=zh)
    value = Fraction(figure.numerator * figure.scale, figure.denominator)
    knots = [Knot(Fraction(each.figure), Fraction(each.points)) for each in rule.knots]
    earned = core.points(value, knots, linear=bool(rule.linear))
    return Line(**named, figure=figure, hand=None, points=Exact.of(earned))


def _figure(rule: Indicator, measure: Measure, found: Sequence[Row], asked: Asked, year: int) -> Figure:
    meaning = MEASURES[measure]
    filters = {"season": year, "through": asked.days.last.isoformat(), "measure": measure}
    filters |= {"stratum": rule.stratum} if rule.stratum else {}
    return Figure(
        measure=measure,
        stratum=rule.stratum,
        title=meaning.title + (f" {STRATA[rule.stratum]}" if rule.stratum else ""),
        numerator=sum(each.numerator for each in found),
        numerator_is=meaning.numerator,
        denominator=sum(each.denominator for each in found),
        denominator_is=meaning.denominator,
        scale=meaning.scale,
        least_denominator=rule.least_denominator or 1,
        rows=f"/api/v1/scorecards/{asked.company.code}/rows?{urlencode(filters)}",
    )


def _by_hand(category: Category, rule: Indicator, file: _File, named: dict[str, str]) -> Line:
    given = next((each for each in file.scores if each.key == (category, rule.indicator)), None)
    if given is None or file.matter is None:
        why, zh = "nobody has scored it; expected `hand_scored` in the company's file", "尚无人在诚信档案中评分"
        return Line(**named, figure=None, hand=None, points=None, undetermined=why, undetermined_zh=zh)
    told = given.told
    hand = Hand(
        score_e2=told.score_e2,
        of_e2=told.of_e2,
        reason=told.reason,
        officer=given.officer,
        matter=file.matter,
        event=given.number,
    )
    earned = Exact.of(Fraction(100 * told.score_e2, told.of_e2))
    return Line(**named, figure=None, hand=hand, points=earned)
