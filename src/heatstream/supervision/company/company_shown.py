"""诚信档案 as a whole: everything there is of a company and season, for a person and for a program.

To a season belong the days since the one before it ended: what was ordered in the summer is seen with what it prepared.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.core.repair import RepairState
from heatstream.rules.supervision.scorecard import CATEGORIES, Category
from heatstream.store import matters
from heatstream.store.matters import Matter
from heatstream.store.read import companies
from heatstream.store.read.companies import Company
from heatstream.store.tables import matter
from heatstream.store.timescale import LOCAL
from heatstream.supervision import seasons
from heatstream.supervision.company import declarations, fuel
from heatstream.supervision.company.company_file import CompanyFile, Score, scored_by_hand
from heatstream.supervision.company.declarations import Declaration, days, is_one, midnight
from heatstream.supervision.company.fuel import Flagged, Held, Row, Table
from heatstream.supervision.incident import repairs
from heatstream.supervision.incident.incident_state import Incident
from heatstream.supervision.matter import Ground
from heatstream.supervision.seasons import Belongs

MINUTE = dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Incidents:
    """A season's incidents of a company."""

    codes: tuple[str, ...]
    minutes: int
    """All together, those that go on up to now; whole minutes of each."""
    running: int
    """抢修时限 by the chosen rule: heat is away, within the limit or its range."""
    kept: int
    breached: int
    no_limit: int
    """The limit is unknown, or there is none for what happened."""


@dataclass(frozen=True, slots=True)
class Whole:
    """Everything of a company and season."""

    company: Company
    season: Belongs
    file: str | None
    """Number of its file; None = nothing was recorded in it."""
    incidents: Incidents
    orders: tuple[Matter, ...]
    publications: tuple[Matter, ...]
    fuel_day: dt.date
    fuel: tuple[Row, ...]
    held: tuple[Held, ...]
    flagged: tuple[Flagged, ...]
    """Fuel reports of the season with what is wrong with them."""
    declarations: tuple[Declaration, ...]
    """Each day of the season that is over, and today where it is declared."""
    recorded: CompanyFile | None
    by_hand: frozenset[tuple[Category, str]] | None
    """What the scorecards score by hand; a score of anything else counts nowhere. None = no scorecards are known."""
    watermark: str | None
    rules_hash: str | None

    @property
    def unreported(self) -> tuple[dt.date, ...]:
        """Days without a declaration: 未报."""
        return tuple(each.day for each in self.declarations if not each.reported)

    def counts(self, score: Score) -> bool:
        """Say whether a scorecard names what was scored; where none is known, nothing says that it does not."""
        return self.by_hand is None or score.key in self.by_hand

    @property
    def contradicted(self) -> tuple[dt.date, ...]:
        """Days whose declared zero stands against an incident."""
        return tuple(each.day for each in self.declarations if each.contradicted)


async def whole(conn: AsyncConnection, ground: Ground, code: str, year: int | None, now: dt.datetime) -> Whole:
    """Gather it.

    Parameters
    ----------
    year : the year the season begins in; None = the season of today, or the next to begin

    Raises
    ------
    BadInput
        The registry holds no such company.
    Refused
        No law is in force, so no season is known.
    """
    of, today = await companies.of_code(conn, code), now.astimezone(LOCAL).date()
    season = seasons.of_day(ground, today) if year is None else seasons.starting(ground, year)
    file = await companies.file_of(conn, of.id, season.year)
    found = None if file is None else await matters.by_code(conn, file)
    fuel_day = max(season.first, min(today, season.last))
    basis = await fuel.load(conn, ground, season.first, fuel_day)
    table = fuel.table(basis, fuel_day)
    return Whole(
        company=of,
        season=season,
        file=file,
        incidents=await _incidents(conn, ground, of, season, now),
        orders=tuple(await matters.listed(conn, *_orders(ground, of, season))),
        publications=tuple(await matters.listed(conn, *_publications(ground, of, season))),
        fuel_day=fuel_day,
        fuel=tuple(each for each in table.rows if each.source.company == code),
        held=tuple(each for each in table.held if each.company == code),
        flagged=tuple(each for each in basis.reports if each.flags and each.report.company == code),
        declarations=tuple(await _declared(conn, of, season, today)),
        recorded=None if found is None else CompanyFile.model_validate(found.state),
        by_hand=scored_by_hand(ground),
        watermark=table.watermark,
        rules_hash=table.rules_hash,
    )


async def _declared(conn: AsyncConnection, of: Company, season: Belongs, today: dt.date) -> list[Declaration]:
    """List the season's days so far; today is 未报 when it is over."""
    there = await declarations.of_company(conn, of, season.begins, min(today, season.last))
    return [each for each in there if each.reported or each.day < today]


async def _incidents(
    conn: AsyncConnection, ground: Ground, of: Company, season: Belongs, now: dt.datetime
) -> Incidents:
    begins, ends = midnight(season.first), midnight(season.last + dt.timedelta(days=1))
    found = [
        (each.code, Incident.model_validate(each.state)) for each in await companies.incidents(conn, begins, of.id)
    ]
    those = [(code, state) for code, state in found if is_one(state) and begins <= state.begins < ends]
    states = [_limit(state, ground, now) for _, state in those]
    return Incidents(
        codes=tuple(code for code, _ in those),
        minutes=sum(((state.ends or now) - state.begins) // MINUTE for _, state in those),
        running=sum(each in {RepairState.RUNNING, RepairState.WARNED} for each in states),
        kept=states.count(RepairState.KEPT),
        breached=states.count(RepairState.BREACHED),
        no_limit=states.count(None),
    )


def _limit(state: Incident, ground: Ground, now: dt.datetime) -> RepairState | None:
    repair = repairs.repair(state, ground, now)
    return None if repair is None or repair.alarm is None else repair.alarm.state


def _opened_in(ground: Ground, season: Belongs) -> ColumnElement[bool]:
    following = seasons.starting(ground, season.year + 1)
    return and_(matter.c.opened_at >= midnight(season.first), matter.c.opened_at < midnight(following.first))


def _orders(ground: Ground, of: Company, season: Belongs) -> list[ColumnElement[bool]]:
    return [matter.c.kind == "order", matter.c.company_id == of.id, _opened_in(ground, season)]


def _publications(ground: Ground, of: Company, season: Belongs) -> list[ColumnElement[bool]]:
    """Those of the season, and those of no season that were opened in it."""
    year = matter.c.state["season_year"].as_integer()
    of_season = or_(year == season.year, and_(year.is_(None), _opened_in(ground, season)))
    return [matter.c.kind == "publication", companies.naming(of.code), of_season]


# --- for a person -----------------------------------------------------------------------------------------------------


def sentences(seen: Whole) -> Iterator[str]:
    """Tell it, a line a fact."""
    season = f"{seen.season.begins} to {seen.season.last}"
    mark = f" · {seen.watermark}" if seen.watermark else ""
    yield f"{seen.company.code} {seen.company.name} · 诚信档案 {season} · {seen.file or 'no file yet'}{mark}"
    yield f"许可证 licence: {seen.company.licence_no or 'not registered'}{_until(seen.company.licence_expires)}"
    yield _told_incidents(seen.incidents)
    yield from _told_matters("处理 orders", seen.orders)
    yield from _told_matters("公示 publications", seen.publications)
    yield from (_told_fuel(each) for each in seen.fuel)
    yield from (_told_held(each) for each in seen.held)
    yield from (told_flags(each) for each in seen.flagged)
    yield from _told_declarations(seen)
    yield from _told_recorded(seen, seen.recorded)


def _until(day: dt.date | None) -> str:
    return "" if day is None else f", to {day}"


def _told_incidents(seen: Incidents) -> str:
    limits = (
        f"抢修 repair: running {seen.running}, kept {seen.kept}, breached {seen.breached}, no limit {seen.no_limit}"
    )
    hours = f"{seen.minutes // 60} h {seen.minutes % 60} min"
    return f"事故 incidents: {len(seen.codes)}, {hours} · {limits}"


def _told_matters(title: str, those: Sequence[Matter]) -> Iterator[str]:
    yield f"{title}: {len(those)}"
    for each in those:
        due = f", due {each.next_due_at.astimezone(LOCAL).isoformat()}" if each.next_due_at else ""
        yield f"  {each.code} · {each.step}{due} · {each.headline}"


def _told_fuel(row: Row) -> str:
    what = f"燃料 fuel {row.source.code} {row.source.name} ({row.source.kind}, → {row.recipient})"
    if row.fuel is None:
        return f"{what}: {row.unknown['stock']}"
    told = [
        _figure("stock", row.stock_kg, "kg", row.unknown),
        _figure("share", row.share, f"of the floor ({row.floor.rule})" if row.floor else "", _why_no_share(row)),
        _figure("days_left", row.days_left, "days left", row.unknown),
    ]
    return f"{what} {row.fuel}: {' · '.join(told)}"


def _told_held(held: Held) -> str:
    share = _figure("share", held.share, "of the floor", held.unknown)
    colour = held.colour.name.lower() if held.colour else f"no colour ({held.unknown['colour']})"
    return f"储煤 held to the floor: {', '.join(held.sources)}: {share} · {colour}"


def _why_no_share(row: Row) -> Mapping[str, str]:
    return {"share": row.unknown.get("floor") or row.unknown.get("stock", "")}


def _figure(name: str, value: Fraction | int | None, unit: str, unknown: Mapping[str, str]) -> str:
    if value is None:
        return f"{name.replace('_', ' ')} unknown ({unknown[name]})"
    shown = value if isinstance(value, int) else f"{float(value):.2f}"
    return f"{shown} {unit}".rstrip()


def told_flags(flagged: Flagged) -> str:
    """Tell what is wrong with a report, in a line."""
    report = flagged.report
    what = ", ".join(flagged.flags)
    by = f" by {flagged.differs_kg} kg" if flagged.differs_kg is not None else ""
    return f"  ! {report.day} {report.source} {report.fuel}: {what}{by} ({report.matter}, event {report.number})"


def told_table(seen: Table) -> Iterator[str]:
    """Tell the fuel of a day, a line a source and fuel."""
    season = "in the season" if seen.in_season else "before the season"
    mark = f" · {seen.watermark}" if seen.watermark else ""
    yield f"{seen.day} · {season} of {seen.season_year or '?'} · forecast: {seen.forecast or 'none given'}{mark}"
    for row in seen.rows:
        yield f"{row.source.company} · {_told_fuel(row)}{_told_weather(row)}"
    yield from (f"{each.company} · {_told_held(each)}" for each in seen.held)
    yield from (told_flags(each) for each in seen.flagged)


def _told_weather(row: Row) -> str:
    if row.by_weather is None:
        return ""
    more = "more than " if row.by_weather.beyond else ""
    return f" · {more}{row.by_weather.days} days by the forecast"


def declaration_cells(found: Declaration) -> tuple[str, ...]:
    """Tell one company's day, for a table."""
    zero = {True: "zero", False: "incidents", None: ""}[found.zero]
    signed = "" if found.declared is None else found.declared.signature
    against = "contradicted by " if found.contradicted else ""
    return (
        f"{found.company} {found.name}",
        "已报" if found.reported else "未报",
        zero,
        signed,
        against + ", ".join(found.incidents),
    )


def declaration_tree(found: Declaration) -> dict[str, Any]:
    """Tell one company's day to a program."""
    told = found.declared
    return {
        "company": found.company,
        "name": found.name,
        "state": "已报" if found.reported else "未报",
        "zero": found.zero,
        "contradicted": found.contradicted,
        "incidents": list(found.incidents),
        "declared": [] if told is None else [dict(each) for each in told.incidents],
        "signature": told and told.signature,
        "recorded_at": told and told.recorded_at.astimezone(LOCAL).isoformat(),
        "matter": told and told.matter,
        "event": told and told.number,
    }


def _told_declarations(seen: Whole) -> Iterator[str]:
    reported = [each for each in seen.declarations if each.reported]
    zero = sum(bool(each.zero) for each in reported)
    total = len(seen.declarations)
    yield f"零报告 declarations: {len(reported)} of {total} days, {zero} zero, {len(seen.unreported)} 未报"
    if seen.unreported:
        yield f"  未报 not reported: {', '.join(_spans(seen.unreported))}"
    for each in seen.declarations:
        if each.contradicted:
            yield f"  ! {each.day}: zero is declared, and {', '.join(each.incidents)} stood on the day"


def _spans(those: Sequence[dt.date]) -> Iterator[str]:
    """Join days that follow each other."""
    whole = set(those)
    for day in those:
        if day - dt.timedelta(days=1) not in whole:
            last = next(each for each in days(day, those[-1]) if each + dt.timedelta(days=1) not in whole)
            yield f"{day}" if last == day else f"{day} to {last}"


def _told_recorded(seen: Whole, recorded: CompanyFile | None) -> Iterator[str]:
    if recorded is None:
        return
    for score in recorded.hand_scores:
        told = score.told
        points = f"{_points(told.score_e2)} of {_points(told.of_e2)}"
        yield f"评分 {CATEGORIES[told.category]} {told.indicator}: {points} · {score.officer} · {told.reason}"
        if not seen.counts(score):
            yield f"  ! {told.indicator}: no scorecard scores it by hand, so it counts nowhere"
    for commended in recorded.commendations:
        yield f"表扬 {commended.by_whom}: {commended.what_for}"
    for sanction in recorded.sanctions:
        fine = "" if sanction.fine_fen is None else f", {sanction.fine_fen // 100}.{sanction.fine_fen % 100:02d} 元"
        yield f"处罚 {sanction.doc_no} {sanction.by_whom}: {sanction.what}{fine}"


def _points(score_e2: int) -> str:
    return f"{score_e2 // 100}.{score_e2 % 100:02d}"


# --- for a program ----------------------------------------------------------------------------------------------------


def tree(seen: Whole) -> dict[str, Any]:
    """Tell it to a program."""
    recorded = seen.recorded
    return {
        "company": seen.company.code,
        "name": seen.company.name,
        "licence_no": seen.company.licence_no,
        "licence_expires": seen.company.licence_expires and seen.company.licence_expires.isoformat(),
        "season_year": seen.season.year,
        "season_from": seen.season.begins.isoformat(),
        "season_to": seen.season.last.isoformat(),
        "file": seen.file,
        "watermark": seen.watermark,
        "rules_hash": seen.rules_hash,
        "incidents": {
            "codes": list(seen.incidents.codes),
            "minutes": seen.incidents.minutes,
            "repair_running": seen.incidents.running,
            "repair_kept": seen.incidents.kept,
            "repair_breached": seen.incidents.breached,
            "repair_no_limit": seen.incidents.no_limit,
        },
        "orders": [_matter(each) for each in seen.orders],
        "publications": [_matter(each) for each in seen.publications],
        "fuel_day": seen.fuel_day.isoformat(),
        "fuel": [fuel.tree(each) for each in seen.fuel],
        "fuel_held": [fuel.held_tree(each) for each in seen.held],
        "fuel_flagged": [fuel.flagged_tree(each) for each in seen.flagged],
        "declarations": {
            "days": len(seen.declarations),
            "reported": len(seen.declarations) - len(seen.unreported),
            "zero": sum(bool(each.zero) for each in seen.declarations),
            "unreported": [each.isoformat() for each in seen.unreported],
            "contradicted": [each.isoformat() for each in seen.contradicted],
        },
        "hand_scores": [] if recorded is None else [_score(seen, each) for each in recorded.hand_scores],
        "commendations": [] if recorded is None else _dumped(recorded.commendations),
        "sanctions": [] if recorded is None else _dumped(recorded.sanctions),
    }


def _matter(found: Matter) -> dict[str, Any]:
    return {
        "matter": found.code,
        "headline": found.headline,
        "step": found.step,
        "opened_at": found.opened_at.astimezone(LOCAL).isoformat(),
        "next_due_at": found.next_due_at and found.next_due_at.astimezone(LOCAL).isoformat(),
        "closed_at": found.closed_at and found.closed_at.astimezone(LOCAL).isoformat(),
    }


def _score(seen: Whole, score: Score) -> dict[str, Any]:
    told = {"event": score.number, "officer": score.officer, "counts": seen.counts(score)}
    return {**told, **_dumped([score.told])[0]}


def _dumped(events: Sequence[Any]) -> list[dict[str, Any]]:
    return [each.model_dump(mode="json") for each in events]
