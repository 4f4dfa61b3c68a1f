"""Heat meters of stations and sources: whole numbers throughout, so that a counter is the exact sum of its powers.

Flow is in whole l/h, temperatures in 0.01 °C, power in whole W computed from those; energy is counted in W·min and
volume in l/h·min, and shown floored to Wh and l. So between two readings the energy shown differs from flow x ΔT by
the rounding of each power (0.5 W) and of the two readings shown (1 Wh), and by nothing else, unless a scenario makes
what is shown noisy. Faults touch what is shown; the counters go on beneath.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simulators import clocks, plan
from simulators.layout import Town
from simulators.scenario import MeterDropouts, MeterNoise, MeterSticks, MeterSwapped, Scenario
from simulators.thermal import Block, source_curve_c

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

PUMP_FAILED = "E21"
"""The fault code of a station whose pump stands."""


@dataclass(frozen=True, slots=True)
class MeterRows:
    """(steps, meters) each: stations first, then sources."""

    supply_centi: Ints
    return_centi: Ints
    flow_l_h: Ints
    power_w: Ints
    energy_wh: Ints
    volume_l: Ints
    supply_kpa: Ints
    return_kpa: Ints
    outdoor_centi: Ints
    """(steps,)"""
    failed: Mask
    sent: Mask

    def text(self, step: int, meter: int, *, with_outdoor: bool) -> str:
        """The members of the wire contract, as JSON text."""
        members = [
            f'"supply_c":{_fixed(self.supply_centi[step, meter], 2)}',
            f'"return_c":{_fixed(self.return_centi[step, meter], 2)}',
            f'"flow_m3_h":{_fixed(self.flow_l_h[step, meter], 3)}',
            f'"power_kw":{_fixed(self.power_w[step, meter], 3)}',
            f'"energy_kwh":{_fixed(self.energy_wh[step, meter], 3)}',
            f'"volume_m3":{_fixed(self.volume_l[step, meter], 3)}',
            f'"supply_mpa":{_fixed(self.supply_kpa[step, meter], 3)}',
            f'"return_mpa":{_fixed(self.return_kpa[step, meter], 3)}',
        ]
        members += [f'"outdoor_c":{_fixed(self.outdoor_centi[step], 2)}'] if with_outdoor else []
        members += [f'"fault":"{PUMP_FAILED}"'] if self.failed[step, meter] else []
        return ",".join(members)


def _fixed(value: int, decimals: int) -> str:
    whole, part = divmod(abs(int(value)), 10**decimals)
    return f"{'-' if value < 0 else ''}{whole}.{part:0{decimals}d}"


def power_w(flow_l_h: Ints, drop_centi: Ints) -> Ints:
    """1.163 Wh/(l·K) x flow x ΔT, rounded to whole watts."""
    product: Ints = (1163 * flow_l_h * drop_centi + 50_000) // 100_000
    return product


@dataclass(slots=True)
class _Counter:
    """Never falls, never rounds."""

    total: Ints

    def show(self, added: Ints) -> Ints:
        """Give what it shows at each step's instant: all that went before that step."""
        totals = self.total + np.cumsum(added, axis=0)
        shown = np.vstack([self.total[None, :], totals[:-1]])
        self.total = totals[-1]
        return shown


@dataclass(slots=True)
class _Affliction:
    """One fault of one station's meter."""

    fault: MeterSticks | MeterSwapped
    time: plan.Time
    held: dict[str, int] = field(default_factory=dict)
    """by the name of a column: what it showed when the fault began"""


_SHOWN = ("supply_centi", "return_centi", "flow_l_h", "power_w", "energy_wh", "volume_l", "supply_kpa", "return_kpa")
_COUNTED = ("energy_wh", "volume_l")


class MeterBoard:
    """All meters of a town with their counters, and what is wrong with them."""

    def __init__(self, town: Town, scenario: Scenario, start_us: int) -> None:
        rng = np.random.default_rng([scenario.seed, 8])
        meters = town.stations + town.sources
        self._seed, self._step_minutes = scenario.seed, scenario.sample_minutes
        self._source_of = town.station_source
        self._energy = _Counter(rng.integers(10**6, 10**7, meters) * 60_000)
        self._volume = _Counter(rng.integers(10**6, 10**7, meters) * 60)
        self._stations, self._sources = town.stations, town.sources
        faults = [fault for fault in scenario.faults if isinstance(fault, MeterSwapped | MeterSticks)]
        faults.sort(key=lambda fault: isinstance(fault, MeterSticks))  # what is stuck shows what a swap left it
        self._afflictions = [_Affliction(fault, plan.whole_time(fault, scenario, start_us)) for fault in faults]
        self._dropouts = [fault for fault in scenario.faults if isinstance(fault, MeterDropouts)]
        self._drop_times = [plan.whole_time(fault, scenario, start_us) for fault in self._dropouts]
        self._noise = [fault for fault in scenario.faults if isinstance(fault, MeterNoise)]
        self._start_us = start_us

    def read(self, block: Block) -> MeterRows:
        rows = self._true(block)
        rng = np.random.default_rng([self._seed, 12, int(block.at_us[0]) // clocks.SECOND_US])
        for noise in self._noise:
            self._blur(rows, block.at_us, noise, rng)
        for affliction in self._afflictions:
            self._afflict(rows, block.at_us, affliction)
        for fault, time in zip(self._dropouts, self._drop_times, strict=True):
            self._drop(rows, time.holds(block.at_us), fault, rng)
        return rows

    def _true(self, block: Block) -> MeterRows:
        supply, back = _centi(block.supply_c), _centi(block.return_c)
        flow = np.rint(block.flow_m3_h * 1000).astype(np.int64)
        power = power_w(flow, supply - back)
        primary = self._primary(block, power)
        none = np.zeros((block.at_us.size, self._sources), np.bool_)
        supply, back, flow, power = (np.hstack(pair) for pair in zip((supply, back, flow, power), primary, strict=True))
        failed, stopped = np.hstack([block.failed, none]), np.hstack([block.stopped, none])
        return MeterRows(
            supply_centi=supply,
            return_centi=back,
            flow_l_h=flow,
            power_w=power,
            energy_wh=self._energy.show(power * self._step_minutes) // 60,
            volume_l=self._volume.show(flow * self._step_minutes) // 60,
            supply_kpa=np.where(stopped, 210, 420),
            return_kpa=np.where(stopped, 205, 290),
            outdoor_centi=_centi(block.outdoor_c),
            failed=failed,
            sent=np.ones(failed.shape, np.bool_),
        )

    def _blur(self, rows: MeterRows, at_us: Ints, noise: MeterNoise, rng: np.random.Generator) -> None:
        """What is shown of a moment is not what is counted over the step."""
        now = plan.after(noise.after_hours, noise.hours, self._start_us).holds(at_us)[:, None]
        for shown in (rows.supply_centi, rows.return_centi):
            shown[...] += now * np.rint(rng.normal(0, noise.temperature_centi, shown.shape)).astype(np.int64)
        step_w = np.where(now, noise.power_step_w, 1)
        np.copyto(rows.power_w, (rows.power_w + step_w // 2) // step_w * step_w)

    def _afflict(self, rows: MeterRows, at_us: Ints, affliction: _Affliction) -> None:
        now, meter = affliction.time.holds(at_us), affliction.fault.station % self._stations
        if not now.any():
            return
        names = _SHOWN if isinstance(affliction.fault, MeterSticks) else _COUNTED
        first = int(np.argmax(now))
        for name in names:
            column = getattr(rows, name)[:, meter]
            held = affliction.held.setdefault(name, int(column[first]))
            if isinstance(affliction.fault, MeterSwapped):
                column[now] += int(held * affliction.fault.level) - held
            else:
                column[now] = held

    def _drop(self, rows: MeterRows, now: Mask, fault: MeterDropouts, rng: np.random.Generator) -> None:
        lost = now[:, None] & (rng.random(rows.sent.shape) < fault.share)
        if fault.station is not None:
            lost &= np.arange(rows.sent.shape[1]) == fault.station % self._stations
        rows.sent[lost] = False

    def _primary(self, block: Block, power: Ints) -> tuple[Ints, Ints, Ints, Ints]:
        """A source gives what its stations take, on its own curve; its flow follows."""
        heat = np.stack([np.bincount(self._source_of, weights=row, minlength=self._sources) for row in power])
        supply = np.repeat(_centi(source_curve_c(block.outdoor_c))[:, None], self._sources, axis=1)
        back = np.maximum(_centi(np.repeat(block.return_c.mean(axis=1)[:, None], self._sources, axis=1)) + 800, 2500)
        flow = np.rint(heat * 100 / (1.163 * (supply - back))).astype(np.int64)
        return supply, back, flow, power_w(flow, supply - back)


def _centi(celsius: Floats) -> Ints:
    return np.rint(celsius * 100).astype(np.int64)
