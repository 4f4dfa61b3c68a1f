"""日报, 周报, 半月报: when each is due, and making one.

A report is made once its last day is closed, on schedule once a kind and period; made again by hand it is another
version, and both stay. What stands in it is the operator's: section `reports` of the rules of supervision.
"""

import datetime as dt
from collections.abc import Iterator

from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.errors import BadInput, Refused
from heatstream.rules.supervision.file import SupervisionRules, required
from heatstream.rules.supervision.reports import KINDS_ZH, SEASON, Form, Kind, Reports
from heatstream.store import closings, reports
from heatstream.store.read import city
from heatstream.store.read.days import Span
from heatstream.supervision import seasons
from heatstream.supervision.matter import Ground
from heatstream.supervision.reporting import report_tables, report_workbook
from heatstream.supervision.reporting.report_figures import Figures, Part

A_DAY = dt.timedelta(days=1)


# --- days -------------------------------------------------------------------------------------------------------------


def span_of(form: Form, day: dt.date) -> Span:
    """Give the days of the report that a day is in."""
    first = _first(form, day)
    return Span(first, _next_first(form, first) - A_DAY)


def _first(form: Form, day: dt.date) -> dt.date:
    if form.week_begins is not None:
        return day - dt.timedelta(days=(day.isoweekday() - form.week_begins) % 7)
    if form.month_days:
        month = next((each for each in reversed(form.month_days) if each <= day.day), None)
        return day.replace(day=month) if month else (day.replace(day=1) - A_DAY).replace(day=form.month_days[-1])
    return day


def _next_first(form: Form, first: dt.date) -> dt.date:
    """Give the first day of the report after one."""
    day = first + A_DAY
    while _first(form, day) != day:
        day += A_DAY
    return day


def within(form: Form, rules: Reports, ground: Ground, days: Span) -> tuple[str, ...]:
    """Say in which of its form's periods some days lie, at least in part; none = it is not due.

    Raises
    ------
    Refused
        It is due in the season, and no law is in force that says when that is.
    """
    return tuple(name for name in form.within if _touches(name, rules, ground, days))


def _touches(name: str, rules: Reports, ground: Ground, days: Span) -> bool:
    if name == SEASON:
        season = seasons.of_day(ground, days.first)
        return season.begins <= days.last
    those = [each for each in rules.periods if each.period == name]
    return any(each.day_from <= days.last and days.first <= each.day_to for each in those)


# --- making -----------------------------------------------------------------------------------------------------------


def rules_of(ground: Ground) -> tuple[SupervisionRules, Reports]:
    """Take the rules of reports.

    Raises
    ------
    Refused
        There are none.
    """
    whole = required(ground.rules, "reports")
    return whole, required(whole.reports, "reports")


async def make(
    conn: AsyncConnection, ground: Ground, kind: Kind, day: dt.date | None, *, by: str, now: dt.datetime
) -> int:
    """Make the report that a day is in, whether or not there is one; give its id.

    Parameters
    ----------
    day : None = the newest report whose last day is closed
    by : who asks for it

    Raises
    ------
    BadInput
        Nobody is named, or the name is the software's.
    Refused
        No rules of reports, none of this kind, or a day of it is not closed.
    """
    if not by.strip() or by == reports.ON_SCHEDULE:
        raise BadInput(f"by: seen {by!r}, expected who asks for the report", zh=f"申请人为“{by}”，应写明由谁申请报告")
    _, rules = rules_of(ground)
    form, closed = rules.form(kind), await closings.closed_through(conn)
    if closed is None:
        raise Refused(
            f"{KINDS_ZH[kind]}: no day is closed yet; expected `heatstream evaluate` to have closed its days",
            zh=f"{KINDS_ZH[kind]}：尚无已关账之日，应先由 `heatstream evaluate` 关账",
        )
    days = _newest_closed(form, closed) if day is None else span_of(form, day)
    if days.last > closed:
        raise Refused(
            f"{KINDS_ZH[kind]} of {days.first} to {days.last}: days are closed through {closed}; expected its last day "
            "closed, for the findings of an open day are not made yet",
            zh=f"{KINDS_ZH[kind]}（{days.first} 至 {days.last}）：已关账至 {closed}，应待最后一日关账，"
            "未关账之日尚无判定",
        )
    await reports.hold(conn)
    return await _made(conn, ground, form, days, closed, by=by, now=now)


def _newest_closed(form: Form, closed: dt.date) -> Span:
    days = span_of(form, closed)
    return days if days.last <= closed else span_of(form, days.first - A_DAY)


async def make_due(conn: AsyncConnection, ground: Ground, *, now: dt.datetime) -> list[int]:
    """Make every report that is due and not there: after the newest made on schedule, up to the last closed day.

    Where none was made on schedule yet, the newest period alone.

    Returns
    -------
    their ids

    Raises
    ------
    Refused
        No rules of reports, or no law that says when the season is.
    """
    _, rules = rules_of(ground)
    closed, made = await closings.closed_through(conn), []
    if closed is None:
        return []
    await reports.hold(conn)
    for form in rules.forms:
        last = await reports.last_on_schedule(conn, form.kind)
        for days in _waiting(form, last, closed):
            due = within(form, rules, ground, days) and not await reports.versions(conn, form.kind, days)
            made += [await _made(conn, ground, form, days, closed, by=reports.ON_SCHEDULE, now=now)] if due else []
    return made


def _waiting(form: Form, last: dt.date | None, closed: dt.date) -> Iterator[Span]:
    days = _newest_closed(form, closed) if last is None else span_of(form, last + A_DAY)
    while days.last <= closed:
        yield days
        days = span_of(form, days.last + A_DAY)


async def _made(
    conn: AsyncConnection, ground: Ground, form: Form, days: Span, closed: dt.date, *, by: str, now: dt.datetime
) -> int:
    """Make one report; the caller holds off everybody else."""
    figures = await _figures(conn, ground, form, days, closed, by=by, now=now)
    told, workbook = figures.model_dump(mode="json"), report_workbook.written(figures)
    return await reports.add(conn, form.kind, days, made_at=now, figures=told, workbook=workbook)


async def _figures(
    conn: AsyncConnection, ground: Ground, form: Form, days: Span, closed: dt.date, *, by: str, now: dt.datetime
) -> Figures:
    whole, rules = rules_of(ground)
    return Figures(
        kind=form.kind,
        title=form.title,
        place=whole.place,
        period_from=days.first,
        period_to=days.last,
        within=within(form, rules, ground, days),
        version=await reports.versions(conn, form.kind, days) + 1,
        made_at=now,
        made_by=by,
        closed_through=closed,
        rules=whole.version,
        rules_sha256=whole.hash.hex(),
        watermarks=await _watermarks(conn, ground),
        recipients=tuple(Part(to=each.to, name=each.name, tables=each.tables) for each in form.recipients),
        tables=await report_tables.read(conn, ground, days, now, form.tables),
    )


async def _watermarks(conn: AsyncConnection, ground: Ground) -> tuple[str, ...]:
    """List those of the operator's rules, of the law in force, and of whatever findings were made by."""
    marks = (ground.rules and ground.rules.watermark, ground.law and ground.law.pack.watermark)
    return tuple(dict.fromkeys(mark for mark in (*marks, *await city.watermarks(conn)) if mark))
