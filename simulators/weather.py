"""Outdoor temperature: a season's course, a daily cycle, cold spells and slow noise."""

from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from simulators import clocks
from simulators.scenario import ColdSpell, Weather

Floats = NDArray[np.float64]

SEASON_AMPLITUDE_K = 14.0
COLDEST_DAY_OF_YEAR = 17
WARMEST_HOUR = 14.5
NOISE_K = 1.4
NOISE_MEMORY_HOURS = 30.0


def outdoor_c(weather: Weather, at_us: NDArray[np.int64], start_us: int, rng: np.random.Generator) -> Floats:
    """Give the outdoor temperature of a town at regular instants.

    Parameters
    ----------
    at_us : (steps,) int64 [µs since 1970-01-01T00:00Z], regular
    start_us : the period's start, from which cold spells count

    Returns
    -------
    (steps,) float64 [°C]
    """
    spells = weather.cold_spells if weather.cold_spells is not None else _drawn_spells(at_us, start_us, rng)
    season_k = _season_k(at_us) if weather.follows_calendar else 0
    course = weather.mean_c + season_k + _cycle_k(at_us, weather.daily_amplitude_k)
    return course - _spells_k(spells, at_us, start_us) + _noise_k(at_us, rng)


def _season_k(at_us: NDArray[np.int64]) -> Floats:
    year_day = datetime.fromtimestamp(int(at_us[0]) / 1e6, tz=UTC).timetuple().tm_yday
    days = year_day + (at_us - at_us[0]) / clocks.DAY_US - COLDEST_DAY_OF_YEAR
    course: Floats = SEASON_AMPLITUDE_K * (1 - np.cos(2 * np.pi * days / 365.25))
    return course


def _cycle_k(at_us: NDArray[np.int64], amplitude_k: float) -> Floats:
    return amplitude_k * np.cos(2 * np.pi * (clocks.hour_of_day(at_us) - WARMEST_HOUR) / 24)


def _spells_k(spells: tuple[ColdSpell, ...], at_us: NDArray[np.int64], start_us: int) -> Floats:
    day = (at_us - start_us) / clocks.DAY_US
    depth = np.zeros(at_us.size)
    for spell in spells:
        through = np.clip((day - spell.start_day) / spell.days, 0, 1)
        depth += spell.depth_k * np.sin(np.pi * through) ** 2
    return depth


def _drawn_spells(at_us: NDArray[np.int64], start_us: int, rng: np.random.Generator) -> tuple[ColdSpell, ...]:
    days = (int(at_us[-1]) - start_us) / clocks.DAY_US
    starts = np.arange(1.5, max(days, 2), 9.0)
    return tuple(
        ColdSpell(start_day=float(start + rng.uniform(0, 4)), days=float(rng.uniform(2, 5)), depth_k=float(depth))
        for start, depth in zip(starts, rng.uniform(4, 9, starts.size), strict=True)
    )


def _noise_k(at_us: NDArray[np.int64], rng: np.random.Generator) -> Floats:
    """First-order autoregressive noise, so that it wanders instead of shaking."""
    step_hours = (int(at_us[1]) - int(at_us[0])) / clocks.HOUR_US if at_us.size > 1 else 1.0
    keep = float(np.exp(-step_hours / NOISE_MEMORY_HOURS))
    shocks = rng.normal(0, NOISE_K * np.sqrt(1 - keep**2), at_us.size)
    wander = np.empty(at_us.size)
    level = 0.0
    for step, shock in enumerate(shocks.tolist()):
        level = keep * level + shock
        wander[step] = level
    return wander
