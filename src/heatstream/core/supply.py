"""Late start, early stop, interruption and low running of heat stations, from their meters and their homes.

Everything is laid on (stations, slots). A meter that tells nothing, or shows one value for hours, is neither heat nor
no heat; where the homes alone fall meanwhile, an interruption is suspected from them. House rules, no law: what is
found says where to look, and 无故 or a cause is for a person to find. `docs/supervision.md`, "Stations".
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from heatstream.core.calendar import MINUTE_US, Season
from heatstream.core.curve import Expected
from heatstream.core.stretch import OPEN, Stretches, rolling, run_lengths, stretches
from heatstream.core.units import Count, Exact, Mask

ALGORITHM: Final = 1
"""Frozen: stored with every span. A change of any span below is a new one."""
ALGORITHM_NAME: Final = "supply-spans/1"


class Kind(IntEnum):
    """What a span is. Its name in lower case is stored."""

    LATE_START = 1
    """No heat from the season's start on."""
    EARLY_STOP = 2
    """No heat up to the season's end."""
    INTERRUPTION = 3
    """No heat between."""
    LOW_RUNNING = 4
    """Heat, with the supply below the curve."""


class Homes(IntEnum):
    """What the station's homes say of a span. Its name in lower case is stored."""

    UNTOLD = 0
    """Too few points, or too short a time."""
    FELL = 1
    """They confirm it."""
    HELD = 2
    """They kept their warmth."""


@dataclass(frozen=True, slots=True)
class StationSeries:
    """What meters and homes told; whatever stands where its mask is false is not looked at."""

    begin_us: int
    """The first slot begins [µs since 1970-01-01T00:00Z]."""
    slot_min: int
    """Length of a slot [min]."""
    supply_centi: Count
    """(stations, slots) int32 [0.01 °C]; the next the same."""
    return_centi: Count
    flow_l_h: Count
    """(stations, slots) int32 [l/h]"""
    power_w: Exact
    """(stations, slots) int64 [W]"""
    valid: Mask
    """(stations, slots): a reading stands, with supply, return, flow and power."""
    outdoor_centi: Count
    """(stations, slots) or (1, slots) int32 [0.01 °C]"""
    outdoor_known: Mask
    """The same shape."""
    indoor_centi: Count
    """(stations, slots) int32: mean of the homes [0.01 °C]"""
    indoor_valid: Mask
    """(stations, slots): enough points stand behind it."""
    area_centi_m2: Exact
    """(stations,) int64: supplied area [0.01 m²]; 0 = not known"""
    interval_min: Count
    """(stations,) int32: a reading stands for so long [min]; not more than a slot where meters are read that often"""

    @property
    def slots(self) -> int:
        return int(self.valid.shape[1])

    def instant_us(self, slot: int) -> int:
        """Find where a slot begins."""
        return self.begin_us + slot * self.slot_min * MINUTE_US

    def slot_of(self, instant_us: int) -> int:
        """Find the first slot that begins at an instant or after it; below 0 before the first."""
        return -((self.begin_us - instant_us) // (self.slot_min * MINUTE_US))


@dataclass(frozen=True, slots=True)
class Duty:
    """When heat is owed."""

    season: Season
    announced: Mask
    """(stations, slots): within an announced stop for maintenance."""
    scheduled: Mask
    """(stations, slots): within the filed schedule; true throughout without one."""

    def due(self, series: StationSeries) -> Mask:
        """(stations, slots): heat is owed throughout the slot."""
        slot = np.arange(series.slots)
        within = (slot >= series.slot_of(self.season.start_us)) & (slot < _floor_slot(series, self.season.end_us))
        return within & self.scheduled & ~self.announced


def _floor_slot(series: StationSeries, instant_us: int) -> int:
    return (instant_us - series.begin_us) // (series.slot_min * MINUTE_US)


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on something is seen; `rules.supervision.detection` says what each is."""

    off_below_mw_per_m2: int
    off_for_min: int
    idle_for_min: int
    off_drop_centi: int
    back_for_min: int
    mild_from_centi: int
    late_within_min: int
    low_tolerance_centi: int
    low_for_min: int
    homes_fall_centi: int
    homes_alone_fall_centi: int
    homes_within_min: int
    stuck_for_min: int
    stuck_outdoor_centi: int


class Span(NamedTuple):
    """One span of one station, with what was seen of it."""

    station: int
    """Row of the series."""
    kind: Kind
    begins_us: int
    known_us: int
    """When the readings by which it was known were in [µs since 1970-01-01T00:00Z]."""
    ends_us: int | None
    """None = it goes on."""
    seen_from_us: int
    """From where on the figures below were taken: its begin, or that of the window."""
    known_min: int
    """Of the time since: the meter told [min]."""
    silent_min: int
    """Of the time since: the meter told nothing, or was stuck [min]."""
    silent_before_min: int
    """The meter told nothing for so long right before: it may have begun earlier [min]."""
    lowest_supply_centi: int | None
    """[0.01 °C]; None = no meter told."""
    mean_deviation_centi: int | None
    """Mean of supply less expected supply, floored [0.01 K]; None = no curve, or no meter told."""
    homes: Homes
    homes_fell_centi: int | None
    """Most that the homes lost within the time limit [0.01 K]; None = they told nothing."""
    from_homes: bool
    """Suspected from the homes alone: the meter told nothing, or was stuck."""


OFF: Final = frozenset({Kind.LATE_START, Kind.EARLY_STOP, Kind.INTERRUPTION})
"""Spans without heat; one may turn out to be another, when the season ends."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What each slot tells, (stations, slots) each."""

    due: Mask
    known: Mask
    """The meter told, and was not stuck."""
    weak: Mask
    """Known, and less heat than `off_below_mw_per_m2`."""
    cold: Mask
    """Weak, and not for want of demand: water stands, or is colder than the curve, or the homes fall."""
    still: Mask
    """Cold, and no water moves."""
    suspected: Mask
    """The meter told nothing, and the homes alone fall."""
    recovering: Mask
    """The meter told nothing, and the homes alone rise."""
    low: Mask
    """Heat is owed, and the supply is below the curve less tolerance."""


def detect(
    series: StationSeries, duty: Duty, expected: Expected, limits: Limits, carried: Sequence[Span] = ()
) -> list[Span]:
    """Find the spans of one season within a window of slots.

    Parameters
    ----------
    series : what was told; (stations, slots)
    duty : when heat is owed, of the same shape
    expected : by the curves, of the same shape
    limits : from where on something is seen
    carried : spans that were open where the window begins, at most one without heat and one of low running a station

    Returns
    -------
    spans by station and begin; spans that ended before the window are not among them

    Source: `supply-spans/1`, house rule; no text read says from when on a station is without heat.
    """
    seen = look(series, duty, expected, limits)
    window = _Window(series, duty.season, expected, limits, seen)
    off = _off_spans(window, carried)
    low = _low_spans(window, off, carried)
    return sorted([*off, *low], key=lambda each: (each.station, each.begins_us, each.kind))


# --- what each slot tells ---------------------------------------------------------------------------------------------


def look(series: StationSeries, duty: Duty, expected: Expected, limits: Limits) -> Sight:
    """Say what each slot tells, by itself and by the slots around it."""
    due = duty.due(series)
    known = series.valid & ~stuck(series, limits)
    weak = known & _gives_little(series, limits)
    still = weak & _stands(series, limits)
    deviation = expected.deviation_centi(series.supply_centi)
    short = expected.has_curve & (deviation < -limits.low_tolerance_centi)
    satisfied = np.where(
        expected.has_curve, ~short, series.outdoor_known & (series.outdoor_centi >= limits.mild_from_centi)
    )
    falling = _falls(series, limits) >= limits.homes_fall_centi
    suspected, recovering = _by_homes(series, limits, due & ~known)
    return Sight(
        due=due,
        known=known,
        weak=weak,
        cold=weak & (still | ~satisfied | falling),
        still=still,
        suspected=suspected,
        recovering=recovering,
        low=due & known & short,
    )


def stuck(series: StationSeries, limits: Limits) -> Mask:
    """Say where a meter shows the same values for hours while the weather moves, and is not to be believed.

    One that stands at heat is stuck. One that stands without heat may well be right: it is stuck from where its homes
    begin to rise. A dropout in between changes nothing.
    """
    told = np.where(series.valid, np.arange(series.slots), OPEN)
    before = np.maximum.accumulate(np.concatenate([np.full((len(told), 1), OPEN), told[:, :-1]], axis=1), axis=1)
    same = series.valid & (before >= 0)
    for each in (series.supply_centi, series.return_centi, series.flow_l_h, series.power_w):
        same &= each == np.take_along_axis(each, np.maximum(before, 0), axis=1)
    moves, little = series.valid & ~same, _gives_little(series, limits)
    need = _slots(limits.stuck_for_min, series)
    found = np.zeros(same.shape, np.bool_)
    for row in np.flatnonzero((run_lengths(same, moves) >= need).any(axis=1)).tolist():
        for begin, end in pairwise([*np.flatnonzero(moves[row]).tolist(), series.slots]):
            if np.count_nonzero(same[row, begin:end]) >= need and _weather_moves(series, limits, row, begin, end):
                found[row, _rise_of_homes(series, limits, row, begin, end) if little[row, begin] else begin : end] = (
                    True
                )
    return found


def _rise_of_homes(series: StationSeries, limits: Limits, row: int, begin: int, end: int) -> int:
    """Find from which slot on the homes rise within the time limit; the end where they do not."""
    valid = series.indoor_valid[row, begin:end]
    level = np.where(valid, series.indoor_centi[row, begin:end].astype(np.int64), _NEVER)
    width = _slots(limits.homes_within_min, series) + 1
    rises = valid & (level - rolling(np.minimum, level, width) >= limits.homes_alone_fall_centi)
    if not rises.any():
        return end
    risen = int(rises.argmax())
    earliest = max(risen - width + 1, 0)
    return begin + earliest + int(level[earliest : risen + 1].argmin())


def _weather_moves(series: StationSeries, limits: Limits, row: int, begin: int, end: int) -> bool:
    place = min(row, len(series.outdoor_centi) - 1)
    known = series.outdoor_known[place, begin:end]
    return (
        bool(known.any()) and int(np.ptp(series.outdoor_centi[place, begin:end][known])) >= limits.stuck_outdoor_centi
    )


def _gives_little(series: StationSeries, limits: Limits) -> Mask:
    """By the supplied area; where it is not known, no flow or no drop of temperature."""
    area = series.area_centi_m2[:, None]
    drop = series.supply_centi - series.return_centi
    bare: Mask = (series.flow_l_h <= 0) | (drop < limits.off_drop_centi)
    return np.where(area > 0, series.power_w * 100_000 < limits.off_below_mw_per_m2 * area, bare)


STILL_DROP_CENTI: Final = 1000
"""Water stands that could not bring the least heat even at this drop of temperature [0.01 K]."""


def _stands(series: StationSeries, limits: Limits) -> Mask:
    """No water moves, or too little of it: 1.163 Wh/(l·K) x flow x 10 K would be less than the least heat."""
    area = series.area_centi_m2[:, None]
    most = 1163 * series.flow_l_h.astype(np.int64) * STILL_DROP_CENTI
    return (series.flow_l_h <= 0) | ((area > 0) & (most < limits.off_below_mw_per_m2 * area))


def _falls(series: StationSeries, limits: Limits) -> Exact:
    """How much colder the homes are than within the time limit before, (stations, slots) [0.01 K]; 0 = not told."""
    width = _slots(limits.homes_within_min, series) + 1
    level = series.indoor_centi.astype(np.int64)
    highest = rolling(np.maximum, np.where(series.indoor_valid, level, -_NEVER), width)
    return np.where(series.indoor_valid, highest - level, 0)


_APART: Final = 1_000_000
_NEVER: Final = 1 << 50


def _by_homes(series: StationSeries, limits: Limits, silent: Mask) -> tuple[Mask, Mask]:
    """Say where the homes alone fall, and where they rise again, while the meter tells nothing."""
    piece = np.cumsum(np.diff(silent.astype(np.int8), axis=1, prepend=0) != 0, axis=1)
    told = series.indoor_valid & silent
    width = _slots(limits.homes_within_min, series) + 1
    up, down = series.indoor_centi + piece * _APART, series.indoor_centi - piece * _APART
    fell = rolling(np.maximum, np.where(told, up, -_NEVER), width) - up
    rose = down - rolling(np.minimum, np.where(told, down, _NEVER), width)
    falling = told & (fell >= limits.homes_alone_fall_centi)
    return falling, told & ~falling & (rose >= limits.homes_alone_fall_centi)


# --- without heat -----------------------------------------------------------------------------------------------------


def _slots(minutes: int, series: StationSeries) -> int:
    """So many slots last as long or longer."""
    return -(-minutes // series.slot_min)


def _need(minutes: int, series: StationSeries) -> NDArray[np.int64]:
    """So many slots, (stations, 1); where a reading stands for several slots, so many that it takes a second one."""
    held = np.maximum(series.interval_min.astype(np.int64) // series.slot_min - 1, 0)
    return (_slots(minutes, series) + held)[:, None]


class _Window(NamedTuple):
    """What a span is told from."""

    series: StationSeries
    season: Season
    expected: Expected
    limits: Limits
    seen: Sight


class _Piece(NamedTuple):
    """A stretch of slots of one station; OPEN where it began before the window, or goes on after it."""

    row: int
    first: int
    known: int
    end: int


def _pieces(found: Stretches) -> Iterator[_Piece]:
    columns = (found.row, found.first, found.known, found.end)
    return (_Piece(*each) for each in zip(*(column.tolist() for column in columns), strict=True))


def _holds(window: _Window, before: Mapping[int, Span]) -> Mask:
    holds = np.zeros(len(window.seen.due), np.bool_)
    holds[list(before)] = True
    return holds


def _off_spans(window: _Window, carried: Sequence[Span]) -> list[Span]:
    series, limits, seen = window.series, window.limits, window.seen
    before = {each.station: each for each in carried if each.kind in OFF}
    off, idle = _need(limits.off_for_min, series), _need(limits.idle_for_min, series)
    at_once, slowly = seen.due & (seen.still | seen.suspected), seen.due & seen.cold
    weight = np.where(at_once, idle, np.where(slowly, off, 0))
    warm = (seen.known & ~seen.cold) | seen.recovering
    back = _slots(limits.back_for_min, series)
    found = stretches(weight, warm, off * idle, end_after=back, reset_after=1, holds=_holds(window, before))
    heated = run_lengths(warm, weight > 0) >= back
    return [_off_span(window, piece, weight[piece.row] > 0, heated[piece.row], before) for piece in _pieces(found)]


def _off_span(window: _Window, piece: _Piece, cold: Mask, heated: Mask, before: Mapping[int, Span]) -> Span:
    """Make a span of a stretch without heat, `cold` and `heated` of its station."""
    series, season = window.series, window.season
    carried = before.get(piece.row) if piece.first == OPEN else None
    first = 0 if carried else _first_cold(window, piece)
    late = carried.kind is Kind.LATE_START if carried else _is_late(window, piece, first, heated)
    if late and not carried:
        first = _first_due(window, piece.row)
    last = _last(window.seen.due[piece.row], cold, first, piece.end)
    season_over = _floor_slot(series, season.end_us)
    to_the_end = season_over <= series.slots and (last == OPEN or last >= season_over)
    kind = Kind.LATE_START if late else Kind.EARLY_STOP if to_the_end else Kind.INTERRUPTION
    ends_us = season.end_us if to_the_end else None if last == OPEN else series.instant_us(last)
    return _told(window, piece, kind, first=first, carried=carried, ends_us=ends_us)


def _first_cold(window: _Window, piece: _Piece) -> int:
    """Go back from the first slot that counts to where the meter, or the homes, began to show it."""
    series, limits, seen, row, first = window.series, window.limits, window.seen, piece.row, piece.first
    if seen.suspected[row, first]:
        earliest = max(first - _slots(limits.homes_within_min, series), _begin_of(~seen.known[row], first))
        level = np.where(series.indoor_valid[row], series.indoor_centi[row], np.iinfo(np.int32).min)
        return first - int(level[earliest : first + 1][::-1].argmax())
    return max(first - _slots(limits.idle_for_min, series), _begin_of(seen.weak[row] & seen.due[row], first))


def _begin_of(mask: Mask, slot: int) -> int:
    """Find the first slot of the unbroken row of true ones that ends with a slot."""
    breaks = np.flatnonzero(~mask[: slot + 1])
    return int(breaks[-1]) + 1 if breaks.size else 0


def _first_due(window: _Window, row: int) -> int:
    start = max(window.series.slot_of(window.season.start_us), 0)
    return start + int(window.seen.due[row, start:].argmax())


def _is_late(window: _Window, piece: _Piece, first: int, heated: Mask) -> bool:
    """No heat since the season's start, as far back as that; a meter that was silent for too long tells nothing."""
    series = window.series
    start = series.slot_of(window.season.start_us)
    if start < 0 or heated[start : piece.known].any():
        return False
    return first - _first_due(window, piece.row) < _slots(window.limits.late_within_min, series)


def _last(due: Mask, speaks: Mask, first: int, end: int) -> int:
    """Find where a stretch ends: with the first slot against it, or before, where nothing was owed any more."""
    if end == OPEN:
        return OPEN
    spoke = np.flatnonzero(speaks[first:end] & due[first:end])
    since = first + int(spoke[-1]) if spoke.size else first
    free = np.flatnonzero(~due[since:end])
    return since + int(free[0]) if free.size else end


# --- low running ------------------------------------------------------------------------------------------------------


def _low_spans(window: _Window, off: Sequence[Span], carried: Sequence[Span]) -> list[Span]:
    series, limits, seen = window.series, window.limits, window.seen
    before = {each.station: each for each in carried if each.kind is Kind.LOW_RUNNING}
    without = _covered(series, off)
    low = seen.low & ~without
    expected = window.expected
    enough = expected.has_curve & (series.supply_centi >= expected.highest_centi - limits.low_tolerance_centi)
    against = (seen.due & seen.known & enough) | without
    back = _slots(limits.back_for_min, series)
    need = _need(limits.low_for_min, series)
    weight = low.astype(np.int8)
    found = stretches(weight, against, need, end_after=back, reset_after=back, holds=_holds(window, before))
    spans = (_low_span(window, piece, low[piece.row], before) for piece in _pieces(found))
    return [each for each in spans if each is not None]


def _covered(series: StationSeries, spans: Sequence[Span]) -> Mask:
    covered = np.zeros(series.valid.shape, np.bool_)
    for each in spans:
        end = series.slots if each.ends_us is None else max(series.slot_of(each.ends_us), 0)
        covered[each.station, max(series.slot_of(each.begins_us), 0) : end] = True
    return covered


def _low_span(window: _Window, piece: _Piece, low: Mask, before: Mapping[int, Span]) -> Span | None:
    """Make a span of a stretch of low supply; None where the homes tell that they held their warmth."""
    carried = before.get(piece.row) if piece.first == OPEN else None
    first = 0 if carried else piece.first
    last = _last_low(window, low, first, piece.end)
    ends_us = None if last == OPEN else window.series.instant_us(last)
    span = _told(window, piece, Kind.LOW_RUNNING, first=first, carried=carried, ends_us=ends_us)
    return None if span.homes is Homes.HELD else span


def _last_low(window: _Window, low: Mask, first: int, end: int) -> int:
    """Find where a stretch of low supply ends: after its last low slot, for those after it may be neither."""
    season_over = _floor_slot(window.series, window.season.end_us)
    if end == OPEN and season_over > window.series.slots:
        return OPEN
    spoke = np.flatnonzero(low[first : season_over if end == OPEN else end])
    return first + int(spoke[-1]) + 1 if spoke.size else first


# --- what is told of a span -------------------------------------------------------------------------------------------


class _HomesTold(NamedTuple):
    said: Homes
    fell_centi: int | None
    by: int
    """The slot by which they had fallen; OPEN = they have not."""


def _told(window: _Window, piece: _Piece, kind: Kind, *, first: int, carried: Span | None, ends_us: int | None) -> Span:
    series, seen, row = window.series, window.seen, piece.row
    last = series.slots if ends_us is None else min(max(series.slot_of(ends_us), first), series.slots)
    within = slice(first, last)
    due, known = seen.due[row, within], seen.known[row, within]
    homes = _homes(window, row, first, last, kind)
    known_us = carried.known_us if carried else series.instant_us(piece.known + 1)
    if kind is Kind.LOW_RUNNING and homes.by != OPEN and not carried:
        known_us = max(known_us, series.instant_us(homes.by + 1))
    begins_us = series.instant_us(first)
    if kind is Kind.LATE_START and series.slot_of(window.season.start_us) == first:
        begins_us = window.season.start_us
    span = Span(
        station=row,
        kind=kind,
        begins_us=begins_us,
        known_us=known_us,
        ends_us=ends_us,
        seen_from_us=begins_us,
        known_min=int(np.count_nonzero(due & known)) * series.slot_min,
        silent_min=int(np.count_nonzero(due & ~known)) * series.slot_min,
        silent_before_min=(first - _begin_of(seen.due[row] & ~seen.known[row], first - 1)) * series.slot_min,
        lowest_supply_centi=_lowest(series.supply_centi[row, within][known]),
        mean_deviation_centi=_mean_deviation(window, row, within),
        homes=homes.said,
        homes_fell_centi=homes.fell_centi,
        from_homes=bool(piece.first != OPEN and seen.suspected[row, piece.first]),
    )
    return _continued(span, carried) if carried else span


def _lowest(values: Count) -> int | None:
    return int(values.min()) if values.size else None


def _mean_deviation(window: _Window, row: int, within: slice) -> int | None:
    told = window.seen.known[row, within] & window.expected.has_curve[row, within]
    if not told.any():
        return None
    below = window.series.supply_centi[row, within].astype(np.int64) - window.expected.supply_centi[row, within]
    return int(below[told].sum()) // int(np.count_nonzero(told))


def _homes(window: _Window, row: int, first: int, last: int, kind: Kind) -> _HomesTold:
    """Say what the homes did from one slot to another: most that they lost within the time limit."""
    series, limits = window.series, window.limits
    valid = series.indoor_valid[row, first:last]
    if not valid.any():
        return _HomesTold(Homes.UNTOLD, None, OPEN)
    level = series.indoor_centi[row, first:last].astype(np.int64)
    highest = rolling(np.maximum, np.where(valid, level, -_NEVER), _slots(limits.homes_within_min, series) + 1)
    fall = np.where(valid, highest - level, 0)
    fell = fall >= limits.homes_fall_centi
    if fell.any():
        return _HomesTold(Homes.FELL, int(fall.max()), first + int(fell.argmax()))
    half = 2 * np.count_nonzero(valid) >= valid.size
    long_enough = kind is Kind.LOW_RUNNING or valid.size > _slots(limits.homes_within_min, series)
    return _HomesTold(Homes.HELD if half and long_enough else Homes.UNTOLD, int(fall.max()), OPEN)


def _continued(span: Span, before: Span) -> Span:
    """Tell a span that began before the window: its begin and the worst of both stay."""
    supplies = [each for each in (span.lowest_supply_centi, before.lowest_supply_centi) if each is not None]
    falls = [each for each in (span.homes_fell_centi, before.homes_fell_centi) if each is not None]
    return span._replace(
        begins_us=before.begins_us,
        silent_before_min=before.silent_before_min,
        lowest_supply_centi=min(supplies, default=None),
        homes=Homes.FELL if before.homes is Homes.FELL else span.homes,
        homes_fell_centi=max(falls, default=None),
        from_homes=before.from_homes,
    )
