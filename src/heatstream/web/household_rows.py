"""Rows of one home that the browser fetches by itself: its curve, findings with their reasons, statistics, marks."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from fastapi import APIRouter, HTTPException, Request
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.access.fields import SEES
from heatstream.claims import explained
from heatstream.claims.law import in_force
from heatstream.core.calendar import date_of, day_of
from heatstream.core.finding import Outcome
from heatstream.core.quality import Quality
from heatstream.core.units import Centi, Mask, Micros
from heatstream.errors import Refused
from heatstream.evidence.series import micros
from heatstream.rules.sentences import changes, seen
from heatstream.store import dossier, household_days, quality
from heatstream.store.accepted import after, midnight
from heatstream.store.closings import newest_batch
from heatstream.store.quality import Exclusion
from heatstream.store.read import days, findings, readings, registry, statistics
from heatstream.store.read.days import Span
from heatstream.store.read.places import Place
from heatstream.store.read.rows import AnyRow
from heatstream.web.building_rows import held_against
from heatstream.web.rows import DayOfReadings, seen_by
from heatstream.web.rows import finding as finding_row
from heatstream.web.signed_in import Reading

router = APIRouter(prefix="/rows/household/{code}", include_in_schema=False)

MOST_POINTS: Final = 100
MOST_MARKS: Final = 300
MOST_DAYS: Final = 400
"""Days of findings."""
BACK: Final[Mapping[str, int]] = {"day": 1, "week": 7, "month": 31}
"""Days that a range of the curve shows, the last of them the chosen one."""
SEASON_DAYS: Final = 180
"""Days of a season that nobody's law tells."""
MILLISECOND_US: Final = 1000
STATISTIC: Final = (
    *("point", "room", "room_kind", "readings", "conflicts", "slots_valid", "slots_expected", "min_centi"),
    *("day_min_centi", "night_min_centi", "below_min", "longest_below_min", "limit_centi"),
)

Range = Literal["day", "week", "month", "season"]
Row = dict[str, Any]


async def household(conn: AsyncConnection, code: str) -> AnyRow:
    """Read the home that an address names."""
    found = await registry.household_by_code(conn, code)
    if found is None:
        raise HTTPException(404, f"no household {code!r}")
    return found


# --- the curve --------------------------------------------------------------------------------------------------------


@router.get("/curve")
async def curve(request: Request, reader: Reading, code: str, until: DayOfReadings, back: Range = "week") -> Row:
    """Give the readings of each point of a home in some days, those that count apart from those that do not."""
    async with reader.connection() as conn:
        home = await household(conn, code)
        span = await _span(conn, until, back)
        held = await held_against(conn, request.app.state.settings, span.last)
        registered = await household_days.households(conn, span.last, [home.id])
        [limit] = await held.limits(conn, registered, span.last)
        lines = await _lines(conn, code, span)
    return {
        "first": span.first.isoformat(),
        "last": span.last.isoformat(),
        "begins": _ms(midnight(span.first)),
        "ends": _ms(midnight(after(span.last))),
        "day_from_min": held.windows.day_from_min,
        "day_to_min": held.windows.day_to_min,
        "limit_centi": limit,
        "lines": lines,
    }


async def _span(conn: AsyncConnection, until: dt.date, back: Range) -> Span:
    """Find the days of a range; a season is the law's that touches the day, or ended last before it."""
    if back != "season":
        return Span(after(until, 1 - BACK[back]), until)
    try:
        season = (await in_force(conn)).policy.law_on(day_of(until)).season_until(day_of(until))
    except Refused:
        return Span(after(until, 1 - SEASON_DAYS), until)
    return Span(date_of(season.first_day), date_of(season.last_day))


class _Stored(NamedTuple):
    """What is stored of a home's points in some days."""

    readings: NDArray[np.void]
    """point_id, observed_at [µs], temp_centi, flags; by point and instant."""
    others: Mapping[tuple[int, int], list[int]]
    """By point and instant: the values besides the one that came first [0.01 °C]."""
    decided: Mapping[tuple[int, int], int | None]
    """By point and instant: the value that an officer decided on; None = neither counts."""
    exclusions: Sequence[Exclusion]
    marks: Sequence[quality.Mark]


async def _lines(conn: AsyncConnection, code: str, span: Span) -> list[Row]:
    points = await registry.points(conn, Place(household=code), limit=MOST_POINTS)
    held = await _stored(conn, code, [point.id for point in points], span)
    there = set(held.readings["point_id"].tolist())
    return [_line(point, held) for point in points if point.id in there]


async def _stored(conn: AsyncConnection, code: str, ids: list[int], span: Span) -> _Stored:
    start, end = midnight(span.first), midnight(after(span.last))
    period = dossier.Span(start, end)
    others: dict[tuple[int, int], list[int]] = defaultdict(list)
    for row in await dossier.other_values(conn, ids, period):
        others[row.point_id, micros(row.observed_at)].append(row.temp_centi)
    return _Stored(
        readings=await readings.drawn(conn, ids, readings.Period(start, end)),
        others=others,
        decided={
            (row.point_id, micros(row.observed_at)): row.temp_centi
            for row in await dossier.decisions(conn, ids, period)
        },
        exclusions=await quality.exclusions(conn, ids, start, end, await newest_batch(conn)),
        marks=await quality.listed(conn, quality.Wanted(household=code, since=start), limit=MOST_MARKS),
    )


def _line(point: AnyRow, held: _Stored) -> Row:
    """Tell a point's readings: those that count, those set apart with the reason, instants with two values, flags."""
    mine = held.readings[held.readings["point_id"] == point.id]
    at_us, centi = mine["observed_at"].astype(np.int64), mine["temp_centi"].astype(np.int16)
    conflicts = [
        _conflict(place, int(at_us[place]), int(centi[place]), point.id, held)
        for place in np.flatnonzero(np.isin(at_us, [at for device, at in held.others if device == point.id])).tolist()
    ]
    evidence, excluded = _evidence(point, at_us), _excluded(point, at_us, held.exclusions)
    counts = evidence & ~excluded
    for each in conflicts:
        counts[each.place] &= each.counts is not None
        centi[each.place] = each.counts if each.counts is not None else centi[each.place]
    return {
        "point": point.device,
        "room": point.room,
        "room_kind": point.room_kind,
        "interval_min": point.interval_min,
        "at": _milliseconds(at_us[counts]),
        "centi": centi[counts].tolist(),
        "excluded": _pairs(at_us, centi, evidence & excluded),
        "no_evidence": _pairs(at_us, centi, ~evidence),
        "conflicts": [[each.at_us // MILLISECOND_US, each.values, each.said] for each in conflicts],
        "flags": [
            [at, value, [bit.name.lower() for bit in Quality(bits) if bit.name]]
            for (at, value), bits in zip(_pairs(at_us, centi, mine["flags"] != 0), _bits(mine), strict=True)
        ],
        "marks": [
            (_ms(mark.begins), _ms(mark.ends), mark.kind, mark.excludes)
            for mark in held.marks
            if mark.device == point.device
        ],
    }


class _Conflict(NamedTuple):
    """An instant with several values."""

    place: int
    at_us: int
    values: list[int]
    """[0.01 °C], in the order in which they came."""
    counts: int | None
    """The value that an officer decided on; None = none counts."""
    said: Literal["open", "neither", "decided"]


def _conflict(place: int, at_us: int, first: int, point_id: int, held: _Stored) -> _Conflict:
    key, values = (point_id, at_us), [first, *held.others[point_id, at_us]]
    if key not in held.decided:
        return _Conflict(place, at_us, values, None, "open")
    counts = held.decided[key]
    return _Conflict(place, at_us, values, counts, "neither" if counts is None else "decided")


def _evidence(point: AnyRow, at_us: Micros) -> Mask:
    """Say which readings were measured since the acceptance and within the installation."""
    if point.accepted_on is None:
        return np.zeros(len(at_us), np.bool_)
    first = micros(max(point.valid_from, midnight(point.accepted_on)))
    mask: Mask = at_us >= first
    return mask if point.valid_to is None else mask & (at_us < micros(point.valid_to))


def _excluded(point: AnyRow, at_us: Micros, exclusions: Sequence[Exclusion]) -> Mask:
    made = np.zeros(len(at_us), np.bool_)
    for each in exclusions:
        if each.point_id == point.id:
            made |= (at_us >= micros(each.begins)) & (at_us <= micros(each.ends))
    return made


def _pairs(at_us: Micros, centi: Centi, which: Mask) -> list[tuple[int, int]]:
    return list(zip(_milliseconds(at_us[which]), centi[which].tolist(), strict=True))


def _bits(mine: NDArray[np.void]) -> list[int]:
    flags: list[int] = mine["flags"][mine["flags"] != 0].tolist()
    return flags


def _milliseconds(at_us: Micros) -> list[int]:
    told: list[int] = (at_us // MILLISECOND_US).tolist()
    return told


def _ms(at: dt.datetime) -> int:
    return micros(at) // MILLISECOND_US


# --- findings and statistics ------------------------------------------------------------------------------------------


@router.get("/findings")
async def every_finding(reader: Reading, code: str) -> list[Row]:
    """Give the findings that stand, the newest day first."""
    async with reader.connection() as conn:
        await household(conn, code)
        span = await days.judged(conn, None, None)
        if span is None:
            return []
        page = days.DayPage(span, MOST_DAYS, newest_first=True)
        found = await findings.listed(conn, findings.Which(Place(household=code)), page)
    return [seen_by(reader.visitor, finding_row(row)) for row in found]


@router.get("/findings/{day}/explained")
async def explained_finding(reader: Reading, code: str, day: DayOfReadings) -> Row | None:
    """Give the reasons of the finding that stands on a day, the nearest change, and the findings before it, if any."""
    async with reader.connection() as conn:
        home = await household(conn, code)
        found = await _finding(conn, code, day)
        if found is None:
            return None
        rooms, money = await statistics.of_household(conn, home.id, day), "money" in SEES[reader.visitor.role]
        told = await explained.of_finding(conn, found, rooms, with_amounts=money)
        versions = await findings.versions(conn, home.id, findings.DAY, day)
    nearest = set(changes(told.change, Outcome(found.outcome))) if told.change else set()
    return {
        # Some free Chinese fonts draw U+2103 as a blank.
        "lines": [
            {"zh": line.zh.replace("℃", "°C"), "en": line.en.replace("℃", "°C"), "nearest": line in nearest}
            for line in told.lines
        ],
        "versions": [
            {
                "outcome": row.outcome,
                "change": row.change,
                "at": row.started_at.isoformat(),
                "stands": row.id == found.id,
            }
            for row in versions
        ],
    }


async def _finding(conn: AsyncConnection, code: str, day: dt.date) -> AnyRow | None:
    page = days.DayPage(Span(day, day), 1)
    found = await findings.listed(conn, findings.Which(Place(household=code)), page)
    return found[0] if found else None


@router.get("/statistics")
async def statistics_of_day(reader: Reading, code: str, day: DayOfReadings) -> list[Row]:
    """Give the statistics of a day, room by room."""
    async with reader.connection() as conn:
        home = await household(conn, code)
        rows = await statistics.of_household(conn, home.id, day)
    return [{name: getattr(row, name) for name in STATISTIC} for row in rows]


# --- marks ------------------------------------------------------------------------------------------------------------


@router.get("/marks")
async def marks(reader: Reading, code: str) -> list[Row]:
    """Give the quality marks of one household, the newest first, each with the review that stands."""
    async with reader.connection() as conn:
        await household(conn, code)
        found = await quality.listed(conn, quality.Wanted(household=code), newest_first=True, limit=MOST_MARKS)
    return [
        {name: getattr(mark, name) for name in ("id", "kind", "device", "excludes", "officer", "reason")}
        | {"begins": mark.begins.isoformat(), "ends": mark.ends.isoformat()}
        | dict(zip(("seen_zh", "seen_en"), seen(mark.evidence["seen"]), strict=True))
        for mark in found
    ]
