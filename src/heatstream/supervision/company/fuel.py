"""Fuel of a day: each source's stock against the floor that holds there, how long it lasts, its colour.

What a figure needs and nobody told stays unknown, and the row says why. A report that contradicts itself or the
registry is listed with its flags; one that no source of its company can answer for enters no figure.
"""

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import groupby
from typing import Final, Literal, NamedTuple, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.core import fuel as core
from heatstream.core.calendar import day_of
from heatstream.core.fuel import Colour, Lasting, Reported, Use
from heatstream.errors import Refused
from heatstream.rules.supervision.fuel import Fuel
from heatstream.rules.supervision.law import COAL_FLOORS, in_jilin
from heatstream.store import outdoor
from heatstream.store.outdoor import Mean
from heatstream.store.read import companies
from heatstream.store.read.companies import FuelReport, Source
from heatstream.store.timescale import LOCAL
from heatstream.supervision import seasons
from heatstream.supervision.matter import Ground
from heatstream.supervision.seasons import Belongs

Figure = TypeVar("Figure")
Flag = Literal["unknown_source", "other_company", "day_ahead", "stock_differs"]
NO_FIGURE: Final[frozenset[Flag]] = frozenset({"unknown_source", "other_company", "day_ahead"})
"""Nobody knows whose fuel it is, or it was told before it could be known."""
BURNING: Final = frozenset({"chp", "boiler"})
"""Kinds of sources of which a day without a report is listed, whatever they burn."""
NO_SECTION: Final = "section `fuel` is not in the file that HEATSTREAM_SUPERVISION_RULES_FILE names"
LOOKED_BACK: Final = 30
"""Where no rule says how long a report holds, the newest of so many days is named, and counts on its own day [d]."""


class Flagged(NamedTuple):
    """A report, and what is wrong with it."""

    report: FuelReport
    flags: tuple[Flag, ...]
    differs_kg: int | None
    """With `stock_differs`: more is there than expected, or less [kg]."""


class Floor(NamedTuple):
    """储煤 floor of one source."""

    kg: Fraction
    rule: str


@dataclass(frozen=True, slots=True)
class Row:
    """One fuel at one source on one day."""

    source: Source
    fuel: str | None
    """None = the source burns something, and nothing was planned or reported."""
    report: FuelReport | None
    """The newest that may tell the day's stock."""
    stock_kg: int | None
    floor: Floor | None
    use: Use | None
    days_left: Fraction | None
    by_weather: Lasting | None
    colour: Colour | None = None
    """Of what the law holds against the floor: `Held`."""
    unknown: Mapping[str, str] = field(default_factory=dict)
    """Why a figure is missing, by its name."""

    @property
    def share(self) -> Fraction | None:
        """Stock as a share of the floor; None = one of them is unknown."""
        return None if self.stock_kg is None or self.floor is None else self.stock_kg / self.floor.kg

    @property
    def recipient(self) -> str:
        """To whom it goes: CHP plants to 工信, heating operation to 住建."""
        return recipient(self.source.kind)


@dataclass(frozen=True, slots=True)
class Held:
    """What the law holds against a floor: the coal of a plant (热电厂), or of a company's boilers (锅炉供热企业)."""

    company: str
    sources: tuple[str, ...]
    stock_kg: int | None
    floor_kg: Fraction | None
    colour: Colour | None
    unknown: Mapping[str, str]
    """Why `share` or `colour` is missing."""

    @property
    def share(self) -> Fraction | None:
        """Stock as a share of the floor; None = a part of one of them is unknown."""
        return None if self.stock_kg is None or self.floor_kg is None else self.stock_kg / self.floor_kg


@dataclass(frozen=True, slots=True)
class Table:
    """Fuel of a day."""

    day: dt.date
    season_year: int | None
    """The season it lies in, or that comes next; None = no law is in force."""
    in_season: bool | None
    rows: tuple[Row, ...]
    held: tuple[Held, ...]
    flagged: tuple[Flagged, ...]
    """Reports of the days that were looked at, with what is wrong with them."""
    forecast: str | None
    """What the days left by weather rest on."""
    watermark: str | None
    rules_hash: str | None


def recipient(kind: str) -> str:
    """Say to whom a source of a kind reports, by `law.REPORTED_TO`."""
    return "工信" if kind == "chp" else "住建"


# --- what is looked at ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Basis:
    """Everything the tables of some days are made of."""

    ground: Ground
    sources: Mapping[str, Source]
    needs_kg: Mapping[tuple[int, str, str], int]
    reports: tuple[Flagged, ...]
    series: Mapping[tuple[str, str], Sequence[FuelReport]]
    """Reports that enter figures, by source and fuel, the oldest first."""
    means_centi: Mapping[dt.date, int]
    rules_hash: str | None

    @property
    def rules(self) -> Fuel | None:
        return self.ground.rules.fuel if self.ground.rules else None

    def fuels(self, source: str, season_year: int | None) -> list[str]:
        """List what a source reports, or plans for a season."""
        reported = {fuel for of, fuel in self.series if of == source}
        planned = {fuel for year, of, fuel in self.needs_kg if (year, of) == (season_year, source)}
        return sorted(reported | planned)

    def of_days(self, source: str, fuel: str, first: dt.date, last: dt.date) -> Sequence[FuelReport]:
        """Give the reports of some days, both inside."""
        series = self.series.get((source, fuel), ())
        begin = bisect_left(series, first, key=_day)
        return series[begin : bisect_right(series, last, key=_day)]


async def load(conn: AsyncConnection, ground: Ground, first: dt.date, last: dt.date) -> Basis:
    """Read what the tables of some days need, both inside."""
    rules = ground.rules.fuel if ground.rules else None
    since = first - dt.timedelta(days=_looked_back(rules))
    sources = {each.code: each for each in await companies.sources(conn)}
    reports = await companies.fuel_reports(conn, since, last)
    flagged = tuple(_flagged(reports, sources, rules))
    means = await outdoor.between(conn, since, last)
    return Basis(
        ground=ground,
        sources=sources,
        needs_kg=await companies.season_needs_kg(conn),
        reports=flagged,
        series=_series(flagged),
        means_centi={each.day: each.mean_centi for each in means},
        rules_hash=ground.rules.hash.hex() if ground.rules else None,
    )


def _series(reports: Iterable[Flagged]) -> Mapping[tuple[str, str], Sequence[FuelReport]]:
    series: dict[tuple[str, str], list[FuelReport]] = {}
    for each in reports:
        if not NO_FIGURE.intersection(each.flags):
            series.setdefault((each.report.source, each.report.fuel), []).append(each.report)
    return series


def _day(report: FuelReport) -> dt.date:
    return report.day


def _looked_back(rules: Fuel | None) -> int:
    return LOOKED_BACK if rules is None else max(2 * rules.recent_days, rules.holds_days, LOOKED_BACK)


def _flagged(reports: Sequence[FuelReport], sources: Mapping[str, Source], rules: Fuel | None) -> Iterator[Flagged]:
    """Hold each report against the registry, the day it was told, and the day before."""
    for _, series in groupby(reports, key=lambda each: (each.company, each.source, each.fuel)):
        before: FuelReport | None = None
        for each in series:
            differs = None if rules is None or before is None else _differs_kg(before, each, rules)
            yield Flagged(each, tuple(_flags(each, sources.get(each.source), differs)), differs)
            before = each


def _flags(report: FuelReport, source: Source | None, differs_kg: int | None) -> Iterator[Flag]:
    if source is None:
        yield "unknown_source"
    elif source.company != report.company:
        yield "other_company"
    if report.day > report.recorded_at.astimezone(LOCAL).date():
        yield "day_ahead"
    if differs_kg is not None:
        yield "stock_differs"


def _differs_kg(before: FuelReport, report: FuelReport, rules: Fuel) -> int | None:
    if report.day - before.day != dt.timedelta(days=1):
        return None
    return core.differs_kg(_reported(before), _reported(report), rules.tolerance_e4)


def _reported(report: FuelReport) -> Reported:
    return Reported(day_of(report.day), report.stock_kg, report.received_kg, report.used_kg)


# --- the table --------------------------------------------------------------------------------------------------------


async def of_day(conn: AsyncConnection, ground: Ground, day: dt.date, forecast: Iterable[Mean] = ()) -> Table:
    """Give the fuel table of a day."""
    return table(await load(conn, ground, day, day), day, forecast)


def table(basis: Basis, day: dt.date, forecast: Iterable[Mean] = ()) -> Table:
    """Make the fuel table of one of the basis' days.

    Parameters
    ----------
    forecast : outdoor means of the days from the next on; those after a gap are not looked at
    """
    law, rules = basis.ground.law, basis.ground.rules
    season = None if law is None else seasons.of_day(basis.ground, day)
    ahead = list(_days_ahead(day, forecast))
    of_day = _OfDay(basis, day, season, [each.mean_centi for each in ahead])
    rows = list(of_day.rows())
    held = tuple(of_day.held(rows))
    marks = [rules and rules.watermark, law and law.pack.watermark]
    return Table(
        day=day,
        season_year=season and season.year,
        in_season=season and season.touches(day),
        rows=tuple(_coloured(each, held) for each in rows),
        held=held,
        flagged=tuple(each for each in basis.reports if each.flags and of_day.since <= each.report.day <= day),
        forecast=f"{ahead[0].day} to {ahead[-1].day}, {ahead[0].source}" if ahead else None,
        watermark=next((each for each in marks if each), None),
        rules_hash=basis.rules_hash,
    )


def _days_ahead(day: dt.date, forecast: Iterable[Mean]) -> Iterator[Mean]:
    """Give the means of the days that follow, up to the first one missing."""
    by_day = {each.day: each for each in forecast}
    while (day := day + dt.timedelta(days=1)) in by_day:
        yield by_day[day]


@dataclass(frozen=True, slots=True)
class _OfDay:
    """One day of a basis."""

    basis: Basis
    day: dt.date
    season: Belongs | None
    forecast_centi: Sequence[int]

    @property
    def since(self) -> dt.date:
        return self.day - dt.timedelta(days=_looked_back(self.basis.rules))

    def rows(self) -> Iterator[Row]:
        year = self.season and self.season.year
        for code, source in self.basis.sources.items():
            if source.holds_on(self.day):
                yield from self._rows_of(source, self.basis.fuels(code, year))

    def _rows_of(self, source: Source, fuels: Sequence[str]) -> Iterator[Row]:
        told = {fuel: self.basis.of_days(source.code, fuel, self.since, self.day) for fuel in fuels}
        shown = [fuel for fuel, reports in told.items() if reports or self._need_kg(source, fuel) is not None]
        for fuel in shown:
            yield self._row(source, fuel, told[fuel])
        if not shown and source.kind in BURNING:
            yield self._nothing(source)

    def _nothing(self, source: Source) -> Row:
        why = {"stock": "未报: no report, and no 用煤计划 of the season (fuel_plan.csv)"}
        return Row(source, None, None, None, None, None, None, None, unknown=why)

    def _row(self, source: Source, fuel: str, reports: Sequence[FuelReport]) -> Row:
        why: dict[str, str] = {}
        newest = reports[-1] if reports else None
        use = _known("use", why, lambda: self._use(reports))
        stock = _known("stock", why, lambda: self._stock(newest))
        floor = _known("floor", why, lambda: self._floor(source, fuel, use))
        left = _known("days_left", why, lambda: _days_left(stock, use))
        weather = _known("by_weather", why, lambda: self._by_weather(stock, use))
        return Row(source, fuel, newest, stock, floor, use, left, weather, unknown=why)

    def _stock(self, newest: FuelReport | None) -> int:
        if newest is None:
            raise _Unknown("未报: no report")
        holds = self.basis.rules.holds_days if self.basis.rules else 0
        if self.day - newest.day > dt.timedelta(days=holds):
            raise _Unknown(
                f"未报: the newest report is of {newest.day}, and a report holds for {holds} days after its day"
            )
        return newest.stock_kg

    def _use(self, reports: Sequence[FuelReport]) -> Use:
        rules = self.basis.rules
        if rules is None:
            raise _Unknown(f"how many days recent use rests on: {NO_SECTION}")
        since = self.day - dt.timedelta(days=2 * rules.recent_days)
        near = [_reported(each) for each in reports if each.day > since]
        use = core.recent_use(near, rules.recent_days)
        if use is None:
            raise _Unknown(
                f"{len(near)} of {2 * rules.recent_days} days were reported, and recent use rests on "
                f"{rules.recent_days}"
            )
        return use

    def _floor(self, source: Source, fuel: str, use: Use | None) -> Floor:
        law = self.basis.ground.law
        if self.season is None or law is None:
            raise _Unknown("no law is in force: expected `heatstream evaluate` with HEATSTREAM_EVALUATE_CHOICES_FILE")
        if not in_jilin(law.pack):
            raise _Unknown(f"{COAL_FLOORS.read.doc_no} does not hold in {law.pack.place}, and no other floor was read")
        if fuel != "coal":
            raise _Unknown(f"{COAL_FLOORS.read.doc_no} is of coal, this is {fuel}")
        match source.kind, self.season.touches(self.day):
            case "boiler", False:
                return self._boiler_floor(source, fuel)
            case "chp", True:
                return self._chp_floor(use)
            case "boiler", _:
                raise _Unknown("锅炉: the floor holds before the season alone")
            case "chp", _:
                raise _Unknown("热电: the floor holds within the season alone")
        raise _Unknown(f"{COAL_FLOORS.read.doc_no} names boilers and CHP plants, this is {source.kind}")

    def _need_kg(self, source: Source, fuel: str) -> int | None:
        return None if self.season is None else self.basis.needs_kg.get((self.season.year, source.code, fuel))

    def _boiler_floor(self, source: Source, fuel: str) -> Floor:
        need = self._need_kg(source, fuel)
        if need is None:
            raise _Unknown("采暖期用煤总量 of the season is not registered (fuel_plan.csv)")
        share = Fraction(*COAL_FLOORS.boiler_before_season)
        return Floor(core.boiler_floor(need, share), f"采暖期前 {share} of the season's need")

    def _chp_floor(self, use: Use | None) -> Floor:
        floor = None if use is None else core.chp_floor(use, COAL_FLOORS.chp_in_season_days)
        if floor is None:
            raise _Unknown("a day's use is unknown, or nothing was used")
        return Floor(floor, f"采暖期内 {COAL_FLOORS.chp_in_season_days} days of recent use")

    def _by_weather(self, stock_kg: int | None, use: Use | None) -> Lasting:
        base = self.basis.rules.degree_base_centi if self.basis.rules else None
        if not self.forecast_centi:
            raise _Unknown("no forecast of outdoor means was given for the next day")
        if base is None:
            raise _Unknown("degree_base_centi of section `fuel` is not given")
        if stock_kg is None or use is None:
            raise _Unknown("stock or recent use is unknown")
        cold = self._degrees_centi(use, base)
        ahead = [core.degrees_centi(each, base) for each in self.forecast_centi]
        lasting = core.days_left_by_weather(stock_kg, use, cold, ahead)
        if lasting is None:
            raise _Unknown("nothing was used, or no day was cold: use goes with no weather")
        return lasting

    def _degrees_centi(self, use: Use, base: int) -> int:
        means = [self.basis.means_centi.get(_EPOCH + dt.timedelta(days=each)) for each in use.days]
        if None in means:
            missing = _EPOCH + dt.timedelta(days=use.days[means.index(None)])
            raise _Unknown(f"the outdoor mean of {missing} is not known (registry outdoor)")
        return sum(core.degrees_centi(each, base) for each in means if each is not None)

    def held(self, rows: Iterable[Row]) -> Iterator[Held]:
        """Say what is held against a floor on the day, with what is unknown of it."""
        kind = None if self.season is None else "chp" if self.season.touches(self.day) else "boiler"
        parts: dict[tuple[str, ...], list[Row]] = {}
        for row in rows:
            if row.source.kind == kind and row.fuel in {"coal", None}:
                own = (row.source.code,) if kind == "chp" else ()
                parts.setdefault((row.source.company, *own), []).append(row)
        for (company, *_), of_it in parts.items():
            yield self._held(company, of_it)

    def _held(self, company: str, rows: list[Row]) -> Held:
        why: dict[str, str] = {}
        stocks = [each.stock_kg for each in rows if each.stock_kg is not None]
        floors = [each.floor.kg for each in rows if each.floor is not None]
        stock = sum(stocks) if len(stocks) == len(rows) else None
        floor = sum(floors, Fraction(0)) if len(floors) == len(rows) else None
        if stock is None or floor is None:
            why["share"] = "; ".join(_why_no_share(each) for each in rows if each.share is None)
        share = None if stock is None or floor is None else stock / floor
        colour = _known("colour", why, lambda: self._colour(share))
        return Held(company, tuple(each.source.code for each in rows), stock, floor, colour, why)

    def _colour(self, share: Fraction | None) -> Colour:
        choices = self.basis.ground.choices
        chosen = None if choices is None else choices.warning_thresholds
        if share is None:
            raise _Unknown("the share of the floor is unknown")
        if chosen is None:
            raise _Unknown("choice warning_thresholds (A39) is not made; no text that was read gives thresholds")
        return core.colour(share, Fraction(chosen.green_from), Fraction(chosen.yellow_from))


def _why_no_share(row: Row) -> str:
    return f"{row.source.code}: {row.unknown.get('stock') or row.unknown['floor']}"


def _coloured(row: Row, held: Iterable[Held]) -> Row:
    """Colour a row as what it is part of."""
    of = next((each for each in held if row.source.code in each.sources and row.fuel in {"coal", None}), None)
    if of is None:
        return replace(row, unknown={**row.unknown, "colour": "no floor holds there on the day"})
    return replace(row, colour=of.colour, unknown={**row.unknown, **_colourless(of)})


def _colourless(held: Held) -> dict[str, str]:
    return {"colour": held.unknown["colour"]} if "colour" in held.unknown else {}


_EPOCH: Final = dt.date(1970, 1, 1)


class _Unknown(Refused):
    """A figure cannot be given, and why."""


def _known(name: str, why: dict[str, str], find: Callable[[], Figure]) -> Figure | None:
    try:
        return find()
    except _Unknown as reason:
        why[name] = str(reason)
        return None


def _days_left(stock_kg: int | None, use: Use | None) -> Fraction:
    left = None if stock_kg is None or use is None else core.days_left(stock_kg, use)
    if left is None:
        raise _Unknown("stock or recent use is unknown, or nothing was used")
    return left


# --- for those who read it --------------------------------------------------------------------------------------------


def least_share_e4(held: Iterable[Held]) -> int | None:
    """Give the lowest share of a floor, rounded down [0.0001]; None = none is known."""
    shares = [each.share for each in held if each.share is not None]
    return min(int(share * 10_000) for share in shares) if shares else None


def tree(row: Row) -> dict[str, object]:
    """Tell a row to a program: shares and days as exact fractions."""
    report = row.report
    return {
        "source": row.source.code,
        "name": row.source.name,
        "kind": row.source.kind,
        "company": row.source.company,
        "recipient": row.recipient,
        "fuel": row.fuel,
        "reported_on": report and report.day.isoformat(),
        "matter": report and report.matter,
        "event": report and report.number,
        "stock_kg": row.stock_kg,
        "floor_kg": _exact(row.floor and row.floor.kg),
        "floor_rule": row.floor and row.floor.rule,
        "share": _exact(row.share),
        "use_kg_a_day": _exact(row.use and row.use.a_day),
        "use_days": [(_EPOCH + dt.timedelta(days=each)).isoformat() for each in row.use.days] if row.use else [],
        "days_left": _exact(row.days_left),
        "days_left_by_weather": row.by_weather and row.by_weather.days,
        "beyond_forecast": row.by_weather and row.by_weather.beyond,
        "colour": row.colour and row.colour.name.lower(),
        "unknown": dict(row.unknown),
    }


def held_tree(held: Held) -> dict[str, object]:
    """Tell to a program what is held against a floor."""
    return {
        "company": held.company,
        "sources": list(held.sources),
        "stock_kg": held.stock_kg,
        "floor_kg": _exact(held.floor_kg),
        "share": _exact(held.share),
        "colour": held.colour and held.colour.name.lower(),
        "unknown": dict(held.unknown),
    }


def flagged_tree(flagged: Flagged) -> dict[str, object]:
    """Tell a report and what is wrong with it to a program."""
    report = flagged.report
    return {
        "company": report.company,
        "source": report.source,
        "fuel": report.fuel,
        "day": report.day.isoformat(),
        "matter": report.matter,
        "event": report.number,
        "flags": list(flagged.flags),
        "differs_kg": flagged.differs_kg,
    }


def _exact(value: Fraction | None) -> dict[str, int] | None:
    return None if value is None else {"numerator": value.numerator, "denominator": value.denominator}
