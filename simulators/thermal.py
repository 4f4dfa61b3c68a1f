"""How warm the town is: two temperatures a home, linear radiators, stations on a weather curve.

A home is a mass (walls, floors, furniture) and its air. The mass loses heat through the outer walls and exchanges it
with the neighbours' masses; the air exchanges with the mass, loses by ventilation and open windows, and is warmed by
the radiators, by people and by the sun. Within a step the air is solved exactly for constant surroundings; the mass
takes one explicit step, stable because it is slow (days against minutes).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulators import clocks, plan
from simulators.layout import Town
from simulators.scenario import Scenario, WindowsOpened
from simulators.weather import outdoor_c

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

WATER_KWH_PER_M3_K = 1.163
INDOOR_AIM_C = 22.0
WALL_W_PER_M2_K = 0.45
VENTILATION_W_PER_M2_K = 0.30
GAINS_W_PER_M2 = 3.0
RADIATOR_W_PER_M2_K = 1.17
MASS_WH_PER_M2_K = 70.0
AIR_WH_PER_M2_K = 3.0
AIR_TO_MASS_W_PER_M2_K = 4.0
SLAB_W_PER_M2_K = 1.4
PARTY_WALL_W_PER_M2_K = 0.6
WINDOW_W_PER_M2_K = 0.6
AJAR_W_PER_M2_K = 0.25
SUN_W_PER_M2 = 5.0
NIGHT_SETBACK_K = 1.5
NIGHT_FROM_HOUR, NIGHT_TO_HOUR = 22, 5
SUN_FROM_HOUR, SUN_HOURS = 8.0, 8.5
AIRING_SHARE = 0.5
OPERATOR_LAG_HOURS = 18.0
COLDEST_SERVED_C = -14.0
WARM_UP_DAYS = 5
DESIGN_DROP_K = 10.0
DESIGN_HEAT_W_PER_M2 = 29.0
LEAST_LOW_W_PER_M2 = 3.0
"""A station that runs low gives so much at least, where the curve asks for it: less would be none."""


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of regular steps."""

    at_us: Ints
    home_c: Floats
    """(steps, homes) air temperature [°C]"""
    outdoor_c: Floats
    """(steps,)"""
    supply_c: Floats
    """(steps, stations) secondary supply; the next three likewise"""
    return_c: Floats
    flow_m3_h: Floats
    stopped: Mask
    """no water moves, for whatever reason"""
    failed: Mask
    """of those: the pump stands, and says so"""


@dataclass(frozen=True, slots=True)
class _Walls:
    """What does not change: conductances [W/K] and capacities [Wh/K] of each home."""

    outer: Floats
    ventilation: Floats
    radiator: Floats
    to_mass: Floats
    slab: Floats
    party: Floats
    mass: Floats
    air: Floats
    gains: Floats
    sun: Floats


def _walls(town: Town, rng: np.random.Generator) -> _Walls:
    homes = town.homes
    area = homes.area_m2.astype(np.float64)
    exposed = 1 + 0.40 * homes.edge + 0.55 * homes.top + 0.45 * homes.bottom
    compensated = 1 + 0.08 * homes.edge + 0.10 * homes.top + 0.06 * homes.bottom
    balance = rng.lognormal(0, 0.06, area.size)
    occupied = np.where(homes.stopped, 0.2, rng.uniform(0.6, 1.4, area.size))
    return _Walls(
        outer=area * WALL_W_PER_M2_K * exposed,
        ventilation=area * VENTILATION_W_PER_M2_K * rng.uniform(0.7, 1.3, area.size),
        radiator=np.where(homes.stopped, 0, area * RADIATOR_W_PER_M2_K * compensated * balance),
        to_mass=area * AIR_TO_MASS_W_PER_M2_K,
        slab=area * SLAB_W_PER_M2_K,
        party=area * PARTY_WALL_W_PER_M2_K,
        mass=area * MASS_WH_PER_M2_K,
        air=area * AIR_WH_PER_M2_K,
        gains=area * GAINS_W_PER_M2 * occupied,
        sun=area * SUN_W_PER_M2 * rng.uniform(0, 1, area.size),
    )


def weather_curve_c(outdoor: Floats) -> Floats:
    """Mean radiator temperature that keeps a home in the middle of a building at the aim, [°C] → [°C].

    Below `COLDEST_SERVED_C` the sources give what they can, and the town cools.
    """
    served = np.maximum(outdoor, COLDEST_SERVED_C)
    loss = (WALL_W_PER_M2_K + VENTILATION_W_PER_M2_K) * (INDOOR_AIM_C - served) - GAINS_W_PER_M2
    return INDOOR_AIM_C + np.maximum(loss, 0) / RADIATOR_W_PER_M2_K


def supply_curve_c(outdoor: Floats) -> Floats:
    """Supply temperature that the weather curve means at design flow, as its operator files it, [°C] → [°C]."""
    aim = weather_curve_c(outdoor)
    heat_w_per_m2 = RADIATOR_W_PER_M2_K * (aim - INDOOR_AIM_C)
    return aim + heat_w_per_m2 / DESIGN_HEAT_W_PER_M2 * DESIGN_DROP_K / 2


def source_curve_c(outdoor: Floats) -> Floats:
    """Supply temperature of a heat source's primary water, [°C] → [°C]."""
    return np.clip(70 - 1.6 * outdoor, 65, 115)


def _lagged(outdoor: Floats, step_hours: float) -> Floats:
    """What the operator goes by: the weather of the last half day."""
    keep = float(np.exp(-step_hours / OPERATOR_LAG_HOURS))
    lagged, level = np.empty_like(outdoor), float(outdoor[0])
    for step, now in enumerate(outdoor.tolist()):
        level = keep * level + (1 - keep) * now
        lagged[step] = level
    return lagged


@dataclass(frozen=True, slots=True)
class _Course:
    """What is known ahead for every step, warm-up included."""

    at_us: Ints
    outdoor: Floats
    curve: Floats
    lowered_k: Floats
    """(steps, stations) below the curve; the next three likewise"""
    stopped: Mask
    failed: Mask
    unheated: Mask
    ajar: Mask
    """(steps,) whether the homes of `ajar_homes` have a window ajar"""
    ajar_homes: Mask


def _course(town: Town, scenario: Scenario, start_us: int, steps: int) -> _Course:
    step_us = scenario.sample_minutes * clocks.MINUTE_US
    warm_up = WARM_UP_DAYS * clocks.DAY_US // step_us
    at_us = start_us + step_us * np.arange(-warm_up, steps, dtype=np.int64)
    outdoor = outdoor_c(scenario.weather, at_us, start_us, np.random.default_rng([scenario.seed, 2]))
    hour = clocks.hour_of_day(at_us)
    night = (hour >= NIGHT_FROM_HOUR) | (hour < NIGHT_TO_HOUR)
    ajar, ajar_homes = _ajar(town, scenario, at_us, start_us)
    return _Course(
        at_us=at_us,
        outdoor=outdoor,
        curve=weather_curve_c(_lagged(outdoor, step_us / clocks.HOUR_US)) - NIGHT_SETBACK_K * night,
        lowered_k=plan.lowered_k(scenario, town.stations, at_us, start_us),
        stopped=plan.stopped(scenario, town.stations, at_us, start_us),
        failed=plan.failed(scenario, town.stations, at_us, start_us, pump_runs=False),
        unheated=plan.failed(scenario, town.stations, at_us, start_us, pump_runs=True),
        ajar=ajar,
        ajar_homes=ajar_homes,
    )


def _ajar(town: Town, scenario: Scenario, at_us: Ints, start_us: int) -> tuple[Mask, Mask]:
    ajar, homes = np.zeros(at_us.size, np.bool_), np.zeros(len(town.homes), np.bool_)
    rng = np.random.default_rng([scenario.seed, 3])
    for fault in scenario.faults:
        if isinstance(fault, WindowsOpened):
            ajar |= plan.after(fault.after_hours, fault.hours, start_us).holds(at_us)
            homes |= rng.random(homes.size) < fault.share
    return ajar, homes


class Heating:
    """The town's heat, step after step. The same town, scenario and start give the same numbers."""

    def __init__(self, town: Town, scenario: Scenario, start_us: int, steps: int) -> None:
        rng = np.random.default_rng([scenario.seed, 4])
        self._town, self._seed = town, scenario.seed
        self._walls = _walls(town, rng)
        self._course = _course(town, scenario, start_us, steps)
        self._station_of_home = town.home_station
        self._bias_k = rng.normal(0, 0.7, town.stations)
        area = np.bincount(self._station_of_home, weights=town.homes.area_m2, minlength=town.stations)
        self._design_flow = area * DESIGN_HEAT_W_PER_M2 / 1000 / (WATER_KWH_PER_M3_K * DESIGN_DROP_K)
        self._radiators = self._by_station(self._walls.radiator)
        self._least_w = area * LEAST_LOW_W_PER_M2
        self._air = np.full(len(town.homes), INDOOR_AIM_C)
        self._mass = self._air - 0.5
        self._pipe_c = np.full(town.stations, 40.0)
        self._aired_day = -1
        self._opens = self._shuts = np.zeros(len(town.homes))
        self._step_hours = scenario.sample_minutes / 60
        self._warm_up = self._course.at_us.size - steps

    def blocks(self, steps_a_block: int) -> Iterator[Block]:
        for first in range(0, self._warm_up, steps_a_block):
            self._advance(range(first, min(first + steps_a_block, self._warm_up)))
        for first in range(self._warm_up, self._course.at_us.size, steps_a_block):
            yield self._advance(range(first, min(first + steps_a_block, self._course.at_us.size)))

    def _by_station(self, of_home: Floats) -> Floats:
        return np.bincount(self._station_of_home, weights=of_home, minlength=self._town.stations).astype(np.float64)

    def _advance(self, steps: range) -> Block:
        rows = slice(steps.start, steps.stop)
        count, stations = len(steps), self._town.stations
        block = Block(
            at_us=self._course.at_us[rows],
            home_c=np.empty((count, len(self._town.homes))),
            outdoor_c=self._course.outdoor[rows],
            supply_c=np.empty((count, stations)),
            return_c=np.empty((count, stations)),
            flow_m3_h=np.empty((count, stations)),
            stopped=self._course.stopped[rows],
            failed=self._course.failed[rows],
        )
        for row, step in enumerate(steps):
            self._water(block, row, step)
            block.home_c[row] = self._air
            self._step(step, (block.supply_c[row] + block.return_c[row]) / 2, block.stopped[row])
        return block

    def _water(self, block: Block, row: int, step: int) -> None:
        """Find supply and return of each station from what its homes take; a stopped one cools toward its cellar.

        Water is never colder than the homes it comes from: nothing in a station takes heat out of it. One that runs low
        still gives a little.
        """
        stopped = block.stopped[row]
        flow = np.where(stopped, 0, self._design_flow)
        capacity = 2000 * WATER_KWH_PER_M3_K * np.where(stopped, 1, flow)
        drawn = self._by_station(self._walls.radiator * self._air)
        aim = self._course.curve[step] + self._bias_k
        wanted = np.maximum(self._radiators * aim - drawn, 0)
        lowered = np.maximum(wanted - self._radiators * self._course.lowered_k[step], self._least_w)
        heat_w = np.where(self._course.unheated[step], 0, np.minimum(wanted, lowered))
        mean = (heat_w + drawn) / np.maximum(self._radiators, 1)
        supply = np.where(stopped, self._pipe_c, mean + heat_w / capacity)
        back = np.where(stopped, self._pipe_c, mean - heat_w / capacity)
        self._pipe_c = np.where(stopped, self._pipe_c + (12 - self._pipe_c) * 0.02 * self._step_hours, back)
        block.supply_c[row], block.return_c[row], block.flow_m3_h[row] = supply, back, flow

    def _step(self, step: int, water_c: Floats, stopped: Mask) -> None:
        walls, outdoor = self._walls, self._course.outdoor[step]
        radiator = np.where(stopped[self._station_of_home], 0, walls.radiator)
        opened = walls.ventilation + self._windows(step)
        total = walls.to_mass + opened + radiator
        warmth = walls.to_mass * self._mass + opened * outdoor + radiator * water_c[self._station_of_home]
        settled = (warmth + walls.gains + self._sun(step)) / total
        moved = (settled - self._air) * (1 - np.exp(-self._step_hours * total / walls.air))
        self._mass = self._mass + self._step_hours / walls.mass * self._into_mass(outdoor)
        self._air = self._air + moved

    def _into_mass(self, outdoor: float) -> Floats:
        """Heat into each mass [W]; a missing neighbour is the home itself, with no difference."""
        walls, homes, mass = self._walls, self._town.homes, self._mass
        vertical = walls.slab * (mass[homes.above] + mass[homes.below] - 2 * mass)
        sideways = walls.party * (mass[homes.left] + mass[homes.right] - 2 * mass)
        return walls.to_mass * (self._air - mass) + walls.outer * (outdoor - mass) + vertical + sideways

    def _sun(self, step: int) -> Floats:
        hour = clocks.hour_of_day(self._course.at_us[step : step + 1])[0]
        through = min(max((hour - SUN_FROM_HOUR) / SUN_HOURS, 0.0), 1.0)
        return self._walls.sun * float(np.sin(np.pi * through))

    def _windows(self, step: int) -> Floats:
        at_us = int(self._course.at_us[step])
        minute = (at_us + clocks.TOWN_OFFSET_US) % clocks.DAY_US / clocks.MINUTE_US
        opens, shuts = self._airing(at_us)
        airing = (opens <= minute) & (minute < shuts) & ~self._town.homes.stopped
        ajar = self._course.ajar_homes & self._course.ajar[step]
        opened: Floats = self._town.homes.area_m2 * (WINDOW_W_PER_M2_K * airing + AJAR_W_PER_M2_K * ajar)
        return opened

    def _airing(self, at_us: int) -> tuple[Floats, Floats]:
        """When each home airs on this day: about half of them do, most in the morning."""
        day = (at_us + clocks.TOWN_OFFSET_US) // clocks.DAY_US
        if self._aired_day != day:
            rng = np.random.default_rng([self._seed, 5, day])
            homes = len(self._town.homes)
            self._opens = np.where(rng.random(homes) < AIRING_SHARE, rng.normal(500, 120, homes), np.inf)
            self._shuts = self._opens + rng.uniform(10, 35, homes)
            self._aired_day = day
        return self._opens, self._shuts
