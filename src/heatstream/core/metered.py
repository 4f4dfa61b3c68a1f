"""A meter's day: what its counters gave, what its power and its flow say, how long it was silent, warm, too cold.

Engineering figures of supervision, no law; `docs/supervision.md`, "Meters". Counters are conserved (`core.counter`);
rates are taken between neighbouring readings no further apart than a gap, and nothing is filled in.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from statistics import median_low
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from heatstream.core.calendar import DAY_US, MINUTE_US, day_start_us
from heatstream.core.counter import HEAT, HOUR_US, VOLUME, Kind, Mark, Quantity, Series, Spans, spans_of
from heatstream.core.units import Count, Exact, Mask, Micros
from heatstream.core.water import Pipe, heat_flow_w

ALGORITHM: Final = 1
"""Frozen: stored with every day. Another sum is another number."""

MILLI_US: Final = 1000
MINUTE_MS: Final = MINUTE_US // MILLI_US
HOUR_MS: Final = HOUR_US // MILLI_US
MOST_HEAT_WH_L: Final = 175
"""A litre gives no more: water that cools from 150 to 0 °C."""
MOST_LITRES: Final = 10**15
LEAST_COMPARED_WH: Final = 1000
"""Less heat in a day than this is not compared: displays are coarser."""
GAP_OF_INTERVALS: Final = (3, 2)
"""A meter that is read once an hour is not silent a minute later: a gap is one and a half intervals at least."""

Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Told:
    """Numbers, and where there are any."""

    value: Exact
    """int64; not looked at where `known` is false."""
    known: Mask

    def where(self, mask: Mask) -> Self:
        return type(self)(self.value, self.known & mask)

    @classmethod
    def nothing(cls, rows: int) -> Self:
        return cls(np.zeros(rows, np.int64), np.zeros(rows, np.bool_))


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What a day is held against; section `detection` of the operator's rules."""

    gap_from_min: int
    stuck_for_min: int
    stuck_outdoor_centi: int
    jump_times: int
    power_tolerance_e4: int
    low_tolerance_centi: int
    flow_meter_in: Pipe


@dataclass(frozen=True, slots=True)
class MetersDay:
    """One local day of some meters, with readings around it."""

    day: int
    """Local day [days since 1970-01-01]."""
    from_us: Micros
    """(meters,) int64 [µs since 1970-01-01T00:00Z], the meter's part of the day begins: at midnight, or installed."""
    to_us: Micros
    """(meters,) int64, and ends: at midnight, removed, or now."""
    interval_min: Count
    """(meters,) int32, nominal sampling interval [min]."""
    meter: Count
    """(readings,) int32, row of the meter; never falls."""
    at_us: Micros
    """(readings,) int64 [µs since 1970-01-01T00:00Z]; rises within a meter. From `stuck_for_min` before the day, and
    `2 × counter.NEAR` readings before and after."""
    supply_centi: Told
    """(readings,) [0.01 °C]; the next the same."""
    return_centi: Told
    flow_l_h: Told
    """(readings,) [l/h]"""
    power_w: Told
    """(readings,) [W]"""
    energy_wh: Told
    """(readings,) cumulated [Wh]"""
    volume_l: Told
    """(readings,) cumulated [l]"""
    outdoor_centi: Told
    """(readings,) [0.01 °C]"""
    expected_centi: Told
    """(readings,) supply temperature of the curve [0.01 °C]; nothing known = no curve."""

    def __len__(self) -> int:
        return len(self.interval_min)

    @property
    def start_us(self) -> int:
        return day_start_us(self.day)

    @property
    def end_us(self) -> int:
        return day_start_us(self.day) + DAY_US


@dataclass(frozen=True, slots=True)
class MeterDays:
    """(meters,) each; the columns of `meter_day`."""

    readings: Exact
    slots_expected: Exact
    slots_valid: Exact
    gap_min: Exact
    """Time in gaps [min], floored."""
    uncounted_min: Exact
    """Time that the heat counter does not tell [min], floored."""
    heating_min: Exact
    """Time with heat: power above 0, or flow × ΔT where no power is told [min], floored."""
    energy_wh: Told
    volume_l: Told
    flow_energy_wh: Told
    """Rounded once, to the nearest Wh, a half to the even; the next the same."""
    power_energy_wh: Told
    below_curve_min: Told
    supply_mean_centi: Told
    """By time, floored; the next the same."""
    return_mean_centi: Told
    expected_mean_centi: Told
    outdoor_mean_centi: Told
    marks: list[Mark]


def day_of_meters(given: MetersDay, thresholds: Thresholds) -> MeterDays:
    """Make one day of some meters.

    Parameters
    ----------
    given : arrays of the day
    thresholds : what it is held against

    Returns
    -------
    MeterDays
        Marks are those that end within the day, so that each belongs to one day.

    Raises
    ------
    ValueError
        Readings are not sorted by meter and instant.

    Source: `meter-day/1`, house rule; counters `counter-spans/1`, heat of water IAPWS-IF97.
    """
    day = _Day(given, thresholds)
    return MeterDays(
        readings=day.count(day.inside),
        slots_expected=day.slots_expected(),
        slots_valid=day.slots_valid(),
        gap_min=day.gap_ms() // MINUTE_MS,
        uncounted_min=day.uncounted_ms() // MINUTE_MS,
        heating_min=day.sum(day.pieces.ms * day.pieces.at_begin(day.heating)) // MINUTE_MS,
        energy_wh=day.taken(day.heat_counter[0]),
        volume_l=day.taken(day.volume_counter[0]),
        flow_energy_wh=day.integral(day.heat_w),
        power_energy_wh=day.integral(day.power_w),
        below_curve_min=day.below_curve_min(),
        supply_mean_centi=day.mean(given.supply_centi),
        return_mean_centi=day.mean(given.return_centi),
        expected_mean_centi=day.mean(given.expected_centi.where(given.supply_centi.known)),
        outdoor_mean_centi=day.mean(given.outdoor_centi),
        marks=[*day.counter_marks(), *day.gaps(), *day.stuck(), *day.power_mismatches()],
    )


@dataclass(frozen=True, slots=True)
class _Pieces:
    """Times between neighbouring readings of a meter, as far as they are its day's; gaps are left out."""

    meter: Count
    begin: Places
    """Row of the reading before."""
    ms: Exact
    """[ms]"""

    def at_begin(self, mask: Mask) -> Mask:
        return mask[self.begin]

    def at_both(self, mask: Mask) -> Mask:
        return mask[self.begin] & mask[self.begin + 1]


class _Day:
    """What is needed more than once."""

    def __init__(self, given: MetersDay, thresholds: Thresholds) -> None:
        self.given, self.thresholds = given, thresholds
        at, meter = given.at_us, given.meter
        self.inside = (at >= given.from_us[meter]) & (at < given.to_us[meter])
        self._pair = np.flatnonzero(meter[1:] == meter[:-1])
        self._long = np.diff(at)[self._pair] > self.gap_us[meter[self._pair]]

    # --- sums by meter ---

    def count(self, mask: Mask) -> Exact:
        return np.bincount(self.given.meter[mask], minlength=len(self.given)).astype(np.int64)

    def sum(self, values: Exact, meter: Count | None = None) -> Exact:
        total = np.zeros(len(self.given), np.int64)
        np.add.at(total, self.pieces.meter if meter is None else meter, values)
        return total

    # --- time ---

    @cached_property
    def gap_us(self) -> Exact:
        """(meters,) longer without a reading is a gap."""
        more, than = GAP_OF_INTERVALS
        least = self.given.interval_min.astype(np.int64) * MINUTE_US * more // than
        return np.maximum(least, self.thresholds.gap_from_min * MINUTE_US)

    def _clipped_ms(self, meter: Count, begins_us: Micros, ends_us: Micros) -> Exact:
        """Cut times to their meters' day [ms]; neighbours add up."""
        from_us, to_us = self.given.from_us[meter], self.given.to_us[meter]
        begin, end = np.clip(begins_us, from_us, to_us), np.clip(ends_us, from_us, to_us)
        clipped: Exact = np.maximum(end // MILLI_US - begin // MILLI_US, 0)
        return clipped

    @cached_property
    def pieces(self) -> _Pieces:
        begin = self._pair[~self._long]
        meter, at = self.given.meter[begin], self.given.at_us
        ms = self._clipped_ms(meter, at[begin], at[begin + 1])
        some = ms > 0
        return _Pieces(meter[some], begin[some], ms[some])

    def gap_ms(self) -> Exact:
        """Add up the gaps between readings, before the first and after the last."""
        given, long = self.given, self._pair[self._long]
        meter, at = given.meter[long], given.at_us
        between = self.sum(self._clipped_ms(meter, at[long], at[long + 1]), meter)
        each = np.arange(len(given), dtype=np.int32)
        first, last = given.to_us.copy(), given.to_us.copy()
        change = np.append(True, given.meter[1:] != given.meter[:-1])[: len(given.meter)]
        first[given.meter[change]] = at[change]
        last[given.meter] = at  # of several the last stands: readings are sorted
        head = np.where(first - given.from_us > self.gap_us, self._clipped_ms(each, given.from_us, first), 0)
        tail = np.where(given.to_us - last > self.gap_us, self._clipped_ms(each, last, given.to_us), 0)
        silent: Exact = between + head + tail
        return silent

    def slots_expected(self) -> Exact:
        length, start = self.given.interval_min.astype(np.int64) * MINUTE_US, self.given.start_us
        first, after = (self.given.from_us - start) // length, -(-(self.given.to_us - start) // length)
        return np.maximum(after - first, 0)

    def slots_valid(self) -> Exact:
        meter = self.given.meter[self.inside].astype(np.int64)
        length = self.given.interval_min.astype(np.int64)[meter] * MINUTE_US
        slot = (self.given.at_us[self.inside] - self.given.start_us) // length
        new = np.ones(len(slot), np.bool_)
        new[1:] = (slot[1:] != slot[:-1]) | (meter[1:] != meter[:-1])
        return np.bincount(meter[new], minlength=len(self.given)).astype(np.int64)

    # --- counters ---

    @cached_property
    def heat_counter(self) -> tuple[Spans, list[Mark]]:
        litres = self.given.volume_l.where(self.given.volume_l.value < MOST_LITRES)
        bound = Told(np.where(litres.known, litres.value, 0) * MOST_HEAT_WH_L, litres.known)
        told = self.power_w.known
        rate = Told(np.where(told, self.power_w.value, self.heat_w.value), told | self.heat_w.known)
        return self._spans(self.given.energy_wh, rate, bound, HEAT)

    @cached_property
    def volume_counter(self) -> tuple[Spans, list[Mark]]:
        return self._spans(self.given.volume_l, self.given.flow_l_h, Told.nothing(len(self.given.meter)), VOLUME)

    def _spans(self, counter: Told, rate: Told, bound: Told, quantity: Quantity) -> tuple[Spans, list[Mark]]:
        rows, given = counter.known, self.given
        series = Series(
            meter=given.meter[rows],
            at_us=given.at_us[rows],
            value=counter.value[rows],
            rate=np.maximum(rate.value, 0)[rows],
            rate_known=rate.known[rows],
            bound=bound.value[rows],
            bound_known=bound.known[rows],
            gap_min=(self.gap_us // MINUTE_US).astype(np.int32)[given.meter[rows]],
        )
        return spans_of(series, quantity, self.thresholds.jump_times)

    def taken(self, spans: Spans) -> Told:
        """Add up each meter's shares; unknown where no span that counts touches the day."""
        start, end = self.given.start_us, self.given.end_us
        touches = spans.whole & (spans.within_us(start, end) > 0)
        return Told(self.sum(spans.share(start, end), spans.meter), self.sum(touches.astype(np.int64), spans.meter) > 0)

    def uncounted_ms(self) -> Exact:
        spans = self.heat_counter[0]
        counted = self._clipped_ms(spans.meter, spans.begins_us, spans.ends_us) * spans.whole
        due = self.given.to_us // MILLI_US - self.given.from_us // MILLI_US
        uncounted: Exact = due - self.sum(counted, spans.meter)
        return uncounted

    def counter_marks(self) -> list[Mark]:
        """Marks of both counters; where both say the same of the same readings, one tells of both."""
        found: dict[tuple[int, Kind, int], Mark] = {}
        for mark in (*self.heat_counter[1], *self.volume_counter[1]):
            if self.given.start_us <= mark.ends_us < self.given.end_us:
                key = mark.meter, mark.kind, mark.begins_us
                told = dict(mark.evidence)
                evidence = {told.pop("counter"): told}
                before = found.get(key)
                ends_us = max(mark.ends_us, before.ends_us) if before else mark.ends_us
                found[key] = mark._replace(ends_us=ends_us, evidence=(before.evidence if before else {}) | evidence)
        return list(found.values())

    # --- rates ---

    @cached_property
    def power_w(self) -> Told:
        return Told(np.minimum(self.given.power_w.value, HEAT.most_rate), self.given.power_w.known)

    @cached_property
    def heat_w(self) -> Told:
        """Flow × ΔT × heat content."""
        given = self.given
        known = given.flow_l_h.known & given.supply_centi.known & given.return_centi.known
        flow, warm, cold = (
            np.where(known, each.value, 0) for each in (given.flow_l_h, given.supply_centi, given.return_centi)
        )
        heat = heat_flow_w(flow, warm, cold, self.thresholds.flow_meter_in)
        return Told(np.clip(heat, -HEAT.most_rate, HEAT.most_rate), known)

    @cached_property
    def heating(self) -> Mask:
        warm = self.heat_w.known & (self.heat_w.value > 0)
        heating: Mask = np.where(self.power_w.known, self.power_w.value > 0, warm)
        return heating

    def integral(self, rate: Told, also: Mask | None = None) -> Told:
        """Sum a rate over the pieces that have it at both ends, straight between them [Wh]."""
        both = self.pieces.at_both(rate.known if also is None else rate.known & also)
        begin = self.pieces.begin
        total = self.sum((rate.value[begin] + rate.value[begin + 1]) * self.pieces.ms * both)
        return Told(_nearest(total, 2 * HOUR_MS), self.sum(both.astype(np.int64)) > 0)

    def mean(self, told: Told) -> Told:
        """Average by time: a reading holds until the next."""
        held = self.pieces.ms * self.pieces.at_begin(told.known)
        weight = self.sum(held)
        return Told(self.sum(told.value[self.pieces.begin] * held) // np.maximum(weight, 1), weight > 0)

    def below_curve_min(self) -> Told:
        given, both = self.given, self.given.supply_centi.known & self.given.expected_centi.known
        low = both & (given.supply_centi.value < given.expected_centi.value - self.thresholds.low_tolerance_centi)
        known = self.sum(self.pieces.at_begin(both).astype(np.int64)) > 0
        return Told(self.sum(self.pieces.ms * self.pieces.at_begin(low)) // MINUTE_MS, known)

    # --- marks ---

    def gaps(self) -> Iterator[Mark]:
        """Mark the gaps that a reading of the day ended."""
        given, long = self.given, self._pair[self._long]
        ended = (given.at_us[long + 1] >= given.start_us) & (given.at_us[long + 1] < given.end_us)
        for begin in long[ended].tolist():
            meter, begins, ends = int(given.meter[begin]), int(given.at_us[begin]), int(given.at_us[begin + 1])
            limit_min = int(self.gap_us[meter]) // MINUTE_US
            seen = {"without_min": (ends - begins) // MINUTE_US, "gap_from_min": limit_min}
            yield Mark(meter, Kind.GAP, begins, ends, {**seen, "counted_wh": self._counted_across(meter, begins, ends)})

    def _counted_across(self, meter: int, begins: int, ends: int) -> int | None:
        """Tell what the heat counter gave from one reading to the next; None = it does not tell."""
        spans = self.heat_counter[0]
        first, after = np.searchsorted(spans.meter, [meter, meter + 1])
        place = int(first + np.searchsorted(spans.begins_us[first:after], begins))
        if place == after or (spans.begins_us[place], spans.ends_us[place]) != (begins, ends) or not spans.whole[place]:
            return None
        return int(spans.counted[place])

    def stuck(self) -> Iterator[Mark]:
        """Mark meters whose values all stand while the weather moves, or, where no weather is told, while heat flows.

        A stand that had lasted long enough at midnight has its mark there: this day's begins at the last reading
        before.
        """
        given, long_us = self.given, self.thresholds.stuck_for_min * MINUTE_US
        at = given.at_us
        for first, last in self._stands():
            midnight = int(np.searchsorted(at[first : last + 1], given.start_us)) + first - 1
            if midnight == last or at[last] - at[first] < long_us:
                continue
            marked_before = midnight >= first and at[midnight] - at[first] >= long_us
            moved = self._outdoor_moved(int(at[first]), int(at[last]))
            enough = self.heating[last] if moved is None else moved >= self.thresholds.stuck_outdoor_centi
            if not enough:
                continue
            seen = {"stood_min": int(at[last] - at[first]) // MINUTE_US, "outdoor_moved_centi": moved}
            values = {name: int(told.value[last]) for name, told in self._shown().items() if told.known[last]}
            against = {"stuck_for_min": self.thresholds.stuck_for_min}
            begins = int(at[midnight if marked_before else first])
            evidence = {**seen, "values": values, **against}
            yield Mark(int(given.meter[first]), Kind.STUCK, begins, int(at[last]), evidence)

    def _shown(self) -> dict[str, Told]:
        names = ("supply_centi", "return_centi", "flow_l_h", "power_w", "energy_wh", "volume_l")
        return {name: getattr(self.given, name) for name in names}

    def _stands(self) -> Iterator[tuple[int, int]]:
        """Give the first and last reading of each stand, up to the day's end."""
        given = self.given
        same = (given.meter[1:] == given.meter[:-1]) & (given.at_us[1:] < given.end_us)
        some = np.zeros(len(given.meter), np.bool_)
        for told in self._shown().values():
            known, value = told.known, told.value
            same &= (known[1:] == known[:-1]) & (~known[1:] | (value[1:] == value[:-1]))
            some |= known
        edged = np.concatenate([[False], same & some[1:], [False]]).astype(np.int8)
        step = np.diff(edged)
        yield from zip(np.flatnonzero(step == 1).tolist(), np.flatnonzero(step == -1).tolist(), strict=True)

    def _outdoor_moved(self, from_us: int, to_us: int) -> int | None:
        """Tell the swing of the hourly outdoor temperatures that two meters or more gave [0.01 K]."""
        hours = [
            centi for hour, centi in self._outdoor_by_hour.items() if from_us // HOUR_US <= hour <= to_us // HOUR_US
        ]
        return max(hours) - min(hours) if hours else None

    @cached_property
    def _outdoor_by_hour(self) -> dict[int, int]:
        """Lower median of the meters' last values of each hour."""
        given, rows = self.given, np.flatnonzero(self.given.outdoor_centi.known)
        hour, meter = given.at_us[rows] // HOUR_US, given.meter[rows]
        last = np.ones(len(rows), np.bool_)
        last[:-1] = (hour[1:] != hour[:-1]) | (meter[1:] != meter[:-1])
        by_hour: dict[int, list[int]] = {}
        for each, centi in zip(hour[last].tolist(), given.outdoor_centi.value[rows[last]].tolist(), strict=True):
            by_hour.setdefault(each, []).append(centi)
        return {each: median_low(values) for each, values in by_hour.items() if len(values) > 1}

    def power_mismatches(self) -> Iterator[Mark]:
        """Mark meters whose power and flow × ΔT differ over a whole day's time in which both were told."""
        given, both = self.given, self.power_w.known & self.heat_w.known
        power, flow = self.integral(self.power_w, both).value, self.integral(self.heat_w, both).value
        more = np.maximum(power, flow)
        odd = np.abs(power - flow) * 10_000 > more * self.thresholds.power_tolerance_e4
        over = (given.to_us == given.end_us) & (more >= LEAST_COMPARED_WH)
        for meter in np.flatnonzero(odd & over).tolist():
            at = given.at_us[self.inside & (given.meter == meter)]
            if len(at):
                seen = {"power_wh": int(power[meter]), "flow_wh": int(flow[meter])}
                against = {"power_tolerance_e4": self.thresholds.power_tolerance_e4}
                yield Mark(meter, Kind.POWER_MISMATCH, int(at[0]), int(at[-1]), seen | against)


def _nearest(total: Exact, divisor: int) -> Exact:
    """Divide and round to the nearest, a half to the even."""
    whole, rest = np.divmod(total, divisor)
    up = (2 * rest > divisor) | ((2 * rest == divisor) & (whole % 2 == 1))
    nearest: Exact = whole + up
    return nearest
