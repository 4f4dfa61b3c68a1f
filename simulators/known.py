"""What is wrong with a scenario's stations, and when: the known truth that a detection can be held against.

One JSON object a line. `kind` is a word of what is owed and not given (`late_start`, `early_stop`, `interruption`,
`low_running`), of a meter (`meter_stuck`, `meter_swapped`, `meter_silent`), or of what is lawful: `intermittent` with
its windows filed, `maintenance` that was announced.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from simulators import clocks, plan
from simulators.layout import Town
from simulators.plan import Time
from simulators.scenario import (
    EarlyStop,
    Fault,
    Intermittent,
    LateStart,
    LowSupply,
    Maintenance,
    MeterDropouts,
    Scenario,
    StationFails,
)

Kind = Literal[
    "late_start",
    "early_stop",
    "interruption",
    "low_running",
    "meter_stuck",
    "meter_swapped",
    "meter_silent",
    "intermittent",
    "maintenance",
]
KINDS: dict[str, Kind] = {
    "late_start": "late_start",
    "early_stop": "early_stop",
    "station_fails": "interruption",
    "low_supply": "low_running",
    "meter_sticks": "meter_stuck",
    "meter_swapped": "meter_swapped",
    "meter_dropouts": "meter_silent",
    "intermittent": "intermittent",
    "maintenance": "maintenance",
}
"""What each fault of a station is a case of."""
LAWFUL: frozenset[Kind] = frozenset({"intermittent", "maintenance"})
_OWED: frozenset[Kind] = frozenset({"interruption", "low_running"})
BESIDE = ".known.jsonl"
"""Stands beside the truth file: sent.csv, sent.known.jsonl."""


class Known(NamedTuple):
    """One time of one station."""

    kind: Kind
    station: int
    """from 0"""
    begin_us: int
    end_us: int | None
    """None = it goes on after the period"""

    @property
    def lawful(self) -> bool:
        return self.kind in LAWFUL


def known(scenario: Scenario, stations: int, start_us: int) -> list[Known]:
    """List what is wrong or lawful within the period, by station and begin.

    Where faults of one station meet, a time counts once: what lies outside of the season, in a late start, in an early
    stop or in announced maintenance is no interruption, and what has no heat at all is not low. Where a schedule is
    filed, it counts from the first to the last instant at which heat is owed.
    """
    until_us = start_us + scenario.period.days * clocks.DAY_US
    rows = [row for fault in scenario.faults for row in _rows(fault, scenario, stations, start_us, until_us)]
    return sorted(
        (row for row in rows if row.begin_us < until_us), key=lambda row: (row.station, row.begin_us, row.kind)
    )


def _rows(fault: Fault, scenario: Scenario, stations: int, start_us: int, until_us: int) -> Iterator[Known]:
    kind = _kind(fault)
    if kind is None or not isinstance(fault, plan.StationFault) or fault.station is None:
        return
    station = fault.station % stations
    times = [plan.whole_time(fault, scenario, start_us)]
    if isinstance(fault, LowSupply):
        times = plan.low_times(fault, scenario, start_us, until_us)
    if kind in _OWED:
        times = plan.cut(times, _cuts(kind, station, scenario, stations, start_us))
        schedules = [
            one for one in scenario.faults if isinstance(one, Intermittent) and one.station % stations == station
        ]
        times = [
            owed for time in times for owed in plan.within_schedules(time, schedules, scenario, start_us, until_us)
        ]
    for time in times:
        yield Known(kind, station, time.begin_us, None if time.end_us > until_us else time.end_us)


def _kind(fault: Fault) -> Kind | None:
    if isinstance(fault, Maintenance) and not fault.announced:
        return "interruption"
    if isinstance(fault, MeterDropouts) and fault.share < 1:
        return None
    return KINDS.get(fault.fault)


def _cuts(kind: Kind, station: int, scenario: Scenario, stations: int, start_us: int) -> list[Time]:
    of_station = [one for one in scenario.faults if isinstance(one, _STOPS) and one.station % stations == station]
    takes = [one for one in of_station if _takes_from(kind, one)]
    return [*plan.outside_season(scenario), *(plan.whole_time(one, scenario, start_us) for one in takes)]


_STOPS = LateStart | EarlyStop | StationFails | Maintenance


def _takes_from(kind: Kind, fault: LateStart | EarlyStop | StationFails | Maintenance) -> bool:
    match fault:
        case StationFails():
            return kind == "low_running"
        case Maintenance():
            return fault.announced or kind == "low_running"
    return True


def as_text(row: Known, town: Town) -> str:
    """One line of JSON."""
    written = {
        "kind": row.kind,
        "station": town.station_codes[row.station],
        "meter": town.meter_names[row.station],
        "begins": clocks.instant_text(row.begin_us),
        "ends": None if row.end_us is None else clocks.instant_text(row.end_us),
        "lawful": row.lawful,
    }
    return json.dumps(written, ensure_ascii=False)


def write_known(path: Path, scenario: Scenario, town: Town, start_us: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = known(scenario, town.stations, start_us)
    path.write_text("".join(f"{as_text(row, town)}\n" for row in rows), encoding="utf-8")
