"""What a scenario has in store for its stations, as times. Heat, meters, registry and known truth all go by it.

A time is half open, [µs since 1970-01-01T00:00Z]. One that has no end goes on for ever.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulators import clocks
from simulators.scenario import (
    EarlyStop,
    Intermittent,
    LateStart,
    LowSupply,
    Maintenance,
    MeterDropouts,
    MeterSticks,
    MeterSwapped,
    Scenario,
    StationFails,
)

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

FOREVER_US = int(np.iinfo(np.int64).max)
NIGHT_FROM_HOUR, NIGHT_HOURS = 22, 8

StationFault = (
    StationFails
    | LateStart
    | EarlyStop
    | LowSupply
    | Intermittent
    | Maintenance
    | MeterSticks
    | MeterSwapped
    | MeterDropouts
)


class Time(NamedTuple):
    begin_us: int
    end_us: int

    def holds(self, at_us: Ints) -> Mask:
        return (at_us >= self.begin_us) & (at_us < self.end_us)

    def without(self, cut: "Time") -> list["Time"]:
        """What is left of it, in order."""
        parts = (
            Time(self.begin_us, min(self.end_us, cut.begin_us)),
            Time(max(self.begin_us, cut.end_us), self.end_us),
        )
        return [part for part in parts if part.begin_us < part.end_us]


def whole_time(fault: StationFault, scenario: Scenario, start_us: int) -> Time:
    """Give the first and the last instant of a fault; `start_us` is the period's."""
    season = season_time(scenario)
    match fault:
        case LateStart():
            return Time(season.begin_us, season.begin_us + round(fault.days * clocks.DAY_US))
        case EarlyStop():
            return Time(season.end_us - round(fault.days * clocks.DAY_US), season.end_us)
        case MeterSwapped():
            return after(fault.after_hours, None, start_us)
    return after(fault.after_hours, fault.hours, start_us)


def after(after_hours: float, hours: float | None, start_us: int) -> Time:
    """Give the time that begins so long after the period's start, and lasts so long."""
    begin_us = start_us + round(after_hours * clocks.HOUR_US)
    return Time(begin_us, FOREVER_US if hours is None else begin_us + round(hours * clocks.HOUR_US))


def season_time(scenario: Scenario) -> Time:
    """When stations give heat, as far as the scenario says."""
    start, end = scenario.season.start, scenario.season.end
    return Time(
        -FOREVER_US if start is None else clocks.midnight_us(start),
        FOREVER_US if end is None else clocks.midnight_us(end + timedelta(days=1)),
    )


def nights(time: Time, until_us: int) -> Iterator[Time]:
    """Give the nights of a time, cut to it, in order; none begins at `until_us` or later."""
    day = clocks.local_day(time.begin_us) - timedelta(days=1)
    while (night := _night(day)).begin_us < min(time.end_us, until_us):
        within = Time(max(night.begin_us, time.begin_us), min(night.end_us, time.end_us))
        if within.begin_us < within.end_us:
            yield within
        day += timedelta(days=1)


def _night(day: date) -> Time:
    """Night bears the date it begins on."""
    begin_us = clocks.midnight_us(day) + NIGHT_FROM_HOUR * clocks.HOUR_US
    return Time(begin_us, begin_us + NIGHT_HOURS * clocks.HOUR_US)


def stopped(scenario: Scenario, stations: int, at_us: Ints, start_us: int) -> Mask:
    """Tell when a station's water stands, for whatever reason: (steps, stations)."""
    season = season_time(scenario).holds(at_us)
    found = np.repeat(~season[:, None], stations, axis=1)
    for fault in scenario.faults:
        if isinstance(fault, StationFails) and fault.pump_runs:
            continue
        if isinstance(fault, StationFails | LateStart | EarlyStop | Maintenance):
            found[:, fault.station % stations] |= whole_time(fault, scenario, start_us).holds(at_us)
        elif isinstance(fault, Intermittent):
            time = whole_time(fault, scenario, start_us).holds(at_us)
            found[:, fault.station % stations] |= time & ~in_windows(fault, at_us)
    return found


def in_windows(fault: Intermittent, at_us: Ints) -> Mask:
    minute = (at_us + clocks.TOWN_OFFSET_US) % clocks.DAY_US // clocks.MINUTE_US
    within = [(minute >= window.begin_min) & (minute < window.end_min) for window in fault.windows]
    found: Mask = np.any(within, axis=0)
    return found


def failed(scenario: Scenario, stations: int, at_us: Ints, start_us: int, *, pump_runs: bool) -> Mask:
    """Tell when a station fails so that its pump stands, or so that it runs on without heat: (steps, stations)."""
    found = np.zeros((at_us.size, stations), np.bool_)
    for fault in scenario.faults:
        if isinstance(fault, StationFails) and fault.pump_runs == pump_runs:
            found[:, fault.station % stations] |= whole_time(fault, scenario, start_us).holds(at_us)
    return found


def lowered_k(scenario: Scenario, stations: int, at_us: Ints, start_us: int) -> NDArray[np.float64]:
    """Tell by how much a station's water is colder than its curve: (steps, stations) [K]."""
    found = np.zeros((at_us.size, stations))
    for fault in scenario.faults:
        if isinstance(fault, LowSupply):
            for time in low_times(fault, scenario, start_us, int(at_us[-1]) + 1):
                found[:, fault.station % stations] += fault.amount * time.holds(at_us)
    return found


def low_times(fault: LowSupply, scenario: Scenario, start_us: int, until_us: int) -> list[Time]:
    time = whole_time(fault, scenario, start_us)
    return list(nights(time, until_us)) if fault.only_at_night else [time]


def cut(times: list[Time], cuts: list[Time]) -> list[Time]:
    """Leave of some times what none of the cuts holds."""
    for one in cuts:
        times = [part for time in times for part in time.without(one)]
    return times


def within_schedules(
    time: Time, schedules: list[Intermittent], scenario: Scenario, start_us: int, until_us: int
) -> list[Time]:
    """Cut a time to the first and the last minute of it, up to `until_us`, that a schedule leaves; none may be left."""
    if not schedules:
        return [time]
    at_us = np.arange(time.begin_us, min(time.end_us, until_us), clocks.MINUTE_US, dtype=np.int64)
    owed = np.ones(at_us.size, np.bool_)
    for fault in schedules:
        owed &= ~whole_time(fault, scenario, start_us).holds(at_us) | in_windows(fault, at_us)
    within = at_us[owed]
    if not within.size:
        return []
    last_us = int(within[-1]) + clocks.MINUTE_US
    return [Time(int(within[0]), time.end_us if time.end_us > until_us else last_us)]


def outside_season(scenario: Scenario) -> list[Time]:
    season = season_time(scenario)
    edges = (-FOREVER_US, season.begin_us), (season.end_us, FOREVER_US)
    return [Time(*edge) for edge in edges if edge[0] < edge[1]]
