"""What the monitoring points show of the air they hang in: offset, noise, 0.01 °C, and the faults of a scenario."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulators import clocks, plan
from simulators.layout import BEDROOM, Town
from simulators.scenario import Scenario, Sensors
from simulators.thermal import Block

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

NOISE_K = 0.03
CALIBRATION_K = 0.1


@dataclass(frozen=True, slots=True)
class Samples:
    """One stretch of all points, (steps, points) each."""

    at_us: Ints
    """the device's own time"""
    centi: Ints
    """[0.01 °C]"""
    sent: Mask


@dataclass(slots=True)
class _Affliction:
    """One fault of the scenario, and the points that have it."""

    fault: Sensors
    points: Mask
    held: Ints | None = None
    """what a stuck sensor shows, once it is stuck"""


class SensorField:
    """All points of a town."""

    def __init__(self, town: Town, scenario: Scenario, start_us: int) -> None:
        rng = np.random.default_rng([scenario.seed, 6])
        count = len(town.points)
        bedroom = town.points.room == BEDROOM
        self._home = town.points.home
        self._offset = rng.normal(0, CALIBRATION_K, count) - np.where(bedroom, rng.normal(0.5, 0.3, count), 0)
        self._seed, self._start_us = scenario.seed, start_us
        faults = [fault for fault in scenario.faults if isinstance(fault, Sensors)]
        self._afflictions = [_Affliction(fault, rng.random(count) < fault.share) for fault in faults]

    def read(self, block: Block) -> Samples:
        rng = np.random.default_rng([self._seed, 7, int(block.at_us[0]) // clocks.SECOND_US])
        true_c = block.home_c[:, self._home] + self._offset
        centi = np.rint((true_c + rng.normal(0, NOISE_K, true_c.shape)) * 100).astype(np.int64)
        at_us = np.repeat(block.at_us[:, None], centi.shape[1], axis=1)
        samples = Samples(at_us, centi, np.ones(centi.shape, np.bool_))
        for affliction in self._afflictions:
            self._afflict(samples, block.at_us, affliction)
        return samples

    def _afflict(self, samples: Samples, at_us: Ints, affliction: _Affliction) -> None:
        fault = affliction.fault
        now = plan.after(fault.after_hours, fault.hours, self._start_us).holds(at_us)
        hit = now[:, None] & affliction.points[None, :]
        begun_us = at_us - self._start_us - round(fault.after_hours * clocks.HOUR_US)
        match fault.fault:
            case "sensor_sticks":
                _stick(samples, now, hit, affliction)
            case "sensor_drifts":
                samples.centi[...] += hit * np.rint(fault.amount * 100 * begun_us / clocks.DAY_US).astype(int)[:, None]
            case "sensor_jumps":
                samples.centi[...] += hit * round(fault.amount * 100)
            case "sensor_runs_ahead":
                samples.at_us[...] += hit * round(fault.amount * clocks.MINUTE_US)
            case "sensor_silent":
                samples.sent[...] &= ~hit


def _stick(samples: Samples, now: Mask, hit: Mask, affliction: _Affliction) -> None:
    if affliction.held is None and now.any():
        affliction.held = samples.centi[int(np.argmax(now))].copy()
    if affliction.held is not None:
        np.copyto(samples.centi, affliction.held[None, :], where=hit)
