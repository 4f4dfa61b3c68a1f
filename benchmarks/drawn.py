"""A season of one town whose stations have faults drawn from a seed, of every kind, with noise and dropouts."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import numpy as np

from simulators.layout import lay_out
from simulators.scenario import Scenario

Fault = dict[str, Any]
Random = np.random.Generator

MIDDLE, SEASON_DAYS = date(2026, 1, 12), 169
EDGE_DAYS = 3
"""before the season's start and after its end"""
EDGE_H = 10 * 24
"""no fault within so long of the period's start and end, apart from late starts and early stops"""
MIDWINTER = (0.3, 0.7)
"""the part of the period in which some run low: in mild weather the curve leaves no room below it"""
APART_H = 30
HOMES_A_STATION = 72
"""in the mean, where a station takes whole buildings until it has 40"""

PUMP_RUNS_SHARE, PUMP_RUNS_FROM_H = 0.4, 3
"""while water moves, less than `idle_for_min` without heat is no interruption by the rule itself"""
LATE_SHARE, EARLY_SHARE, INTERMITTENT_SHARE, LOW_SHARE = 0.15, 0.15, 0.08, 0.15

BACKGROUND: list[Fault] = [
    {"fault": "meter_noise", "temperature_centi": 20, "power_step_w": 100},
    {"fault": "meter_dropouts", "share": 0.05},
    {"fault": "windows_opened", "share": 0.05, "after_hours": 1500, "hours": 60},
    {"fault": "sensor_sticks", "share": 0.01, "after_hours": 900},
    {"fault": "sensor_drifts", "share": 0.02, "amount": -0.02},
    {"fault": "sensor_jumps", "share": 0.01, "after_hours": 2000, "amount": -3},
    {"fault": "sensor_silent", "share": 0.05, "after_hours": 1200, "hours": 400},
]


def season(seed: int, stations: int, days: int = SEASON_DAYS) -> Scenario:
    """Draw a town of at least so many stations, and what goes wrong in it from the season's start on."""
    town = town_of(seed, stations)
    stations = lay_out(Scenario.model_validate({"name": "drawn", "seed": seed, "town": town}).town, seed).stations
    rng, first = np.random.default_rng([seed, 20]), MIDDLE - timedelta(days=days // 2)
    faults = [fault for station in range(stations) for fault in _of_station(station, days, rng)]
    return Scenario.model_validate(
        {
            "name": f"drawn-{seed}",
            "seed": seed,
            "town": town,
            "period": {"start": first - timedelta(days=EDGE_DAYS), "days": days + 2 * EDGE_DAYS},
            "season": {"start": first, "end": first + timedelta(days=days - 1)},
            "faults": [*faults, *BACKGROUND],
        }
    )


def town_of(seed: int, stations: int) -> dict[str, Any]:
    """Give the least town, in steps, that has so many stations."""
    homes = stations * HOMES_A_STATION
    while True:
        town = {"homes": homes, "homes_per_station": 40, "point_share": 0.07, "two_room_share": 0.2}
        scenario = Scenario.model_validate({"name": "drawn", "seed": seed, "town": town})
        if lay_out(scenario.town, seed).stations >= stations:
            return town
        homes += HOMES_A_STATION


def _of_station(station: int, days: int, rng: Random) -> Iterator[Fault]:
    if rng.random() < LATE_SHARE:
        yield {"fault": "late_start", "station": station, "days": _rounded(rng.uniform(0.3, 6))}
    if rng.random() < EARLY_SHARE:
        yield {"fault": "early_stop", "station": station, "days": _rounded(rng.uniform(0.3, 6))}
    if rng.random() < INTERMITTENT_SHARE:
        yield {"fault": "intermittent", "station": station, "windows": _windows(rng)}
    hours = (days + 2 * EDGE_DAYS) * 24
    if rng.random() < LOW_SHARE:
        within = (MIDWINTER[0] * hours, MIDWINTER[1] * hours)
        yield from _spread(station, [_low(rng) for _ in range(int(rng.integers(1, 3)))], within, rng)
        return
    kinds = [draw for rate, draw in KINDS.values() for _ in range(rng.poisson(rate))]
    drawn = [kinds[place](rng) for place in rng.permutation(len(kinds)).tolist()]
    yield from _spread(station, drawn, (EDGE_H, hours - EDGE_H), rng)


def _fails(rng: Random) -> list[Fault]:
    hours = _rounded(np.exp(rng.uniform(np.log(1), np.log(60))))
    pump_runs = bool(rng.random() < PUMP_RUNS_SHARE) and hours >= PUMP_RUNS_FROM_H
    return [{"fault": "station_fails", "hours": hours, "pump_runs": pump_runs}]


def _low(rng: Random) -> list[Fault]:
    """All day or at night only."""
    amount = rng.uniform(6, 15)
    if rng.random() < 0.5:  # noqa: PLR2004
        return [
            {"fault": "low_supply", "hours": 24 * int(rng.integers(3, 10)), "amount": amount, "only_at_night": True}
        ]
    return [{"fault": "low_supply", "hours": _rounded(rng.uniform(24, 120)), "amount": amount}]


def _swapped(rng: Random) -> list[Fault]:
    level = rng.uniform(0.05, 0.8) if rng.random() < 0.7 else rng.uniform(1.3, 2.5)  # noqa: PLR2004
    return [{"fault": "meter_swapped", "level": level}]


def _lasting(fault: str, least_h: float, most_h: float, **more: float) -> Callable[[Random], list[Fault]]:
    return lambda rng: [{"fault": fault, "hours": _rounded(rng.uniform(least_h, most_h)), **more}]


def _fails_in_silence(rng: Random) -> list[Fault]:
    """As when the station's power is cut: the meter is gone with the pump."""
    hours = _rounded(rng.uniform(10, 60))
    return [{"fault": "station_fails", "hours": hours}, {"fault": "meter_dropouts", "hours": hours, "share": 1}]


KINDS: dict[str, tuple[float, Callable[[Random], list[Fault]]]] = {
    "station fails": (0.7, _fails),
    "announced": (0.2, _lasting("maintenance", 2, 10)),
    "unannounced": (0.1, _lasting("maintenance", 2, 10, announced=False)),
    "meter sticks": (0.15, _lasting("meter_sticks", 10, 72)),
    "meter swapped": (0.15, _swapped),
    "meter silent": (0.1, _lasting("meter_dropouts", 6, 48, share=1)),
    "fails in silence": (0.05, _fails_in_silence),
    "gateway offline": (0.1, _lasting("gateway_offline", 2, 30)),
}
"""How many of each a station has in a season, in the mean; and one of it, without station and begin."""


def _spread(station: int, drawn: list[list[Fault]], within: tuple[float, float], rng: Random) -> Iterator[Fault]:
    """Put them one after the other into some hours of the period, with chance between; none where they do not fit."""
    lasting = [max(fault.get("hours", 0) for fault in together) + APART_H for together in drawn]
    free_h = within[1] - within[0] - sum(lasting)
    if free_h <= 0 or not drawn:
        return
    gaps = np.sort(rng.uniform(0, free_h, len(drawn)))
    for together, gap, before in zip(drawn, gaps.tolist(), np.cumsum([0, *lasting[:-1]]).tolist(), strict=True):
        after_hours = _rounded(within[0] + gap + before)
        yield from (fault | {"station": station, "after_hours": after_hours} for fault in together)


def _windows(rng: Random) -> list[dict[str, str]]:
    """Heat in the morning and in the evening."""
    edges = (rng.integers(4, 6), rng.integers(9, 12), rng.integers(14, 17), rng.integers(21, 24))
    clock = [f"{hour:02d}:{int(rng.integers(6)) * 10:02d}" for hour in edges]
    return [{"begin": clock[0], "end": clock[1]}, {"begin": clock[2], "end": clock[3]}]


def _rounded(value: float) -> float:
    """To the minute, as things happen."""
    return round(value * 60) / 60
