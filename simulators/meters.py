"""Heat meters of stations and sources: whole numbers throughout, so that a counter is the exact sum of its powers.

Flow is in whole l/h, temperatures in 0.01 °C, power in whole W computed from those; energy is counted in W·min and
volume in l/h·min, and shown floored to Wh and l. So between two readings the energy shown differs from flow x ΔT by
the rounding of each power (0.5 W) and of the two readings shown (1 Wh), and by nothing else.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulators.layout import Town
from simulators.thermal import Block

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


class MeterBoard:
    """All meters of a town with their counters."""

    def __init__(self, town: Town, seed: int, step_minutes: int) -> None:
        rng = np.random.default_rng([seed, 8])
        meters = town.stations + town.sources
        self._step_minutes, self._stations = step_minutes, town.stations
        self._source_of = town.station_source
        self._energy = _Counter(rng.integers(10**6, 10**7, meters) * 60_000)
        self._volume = _Counter(rng.integers(10**6, 10**7, meters) * 60)
        self._sources = town.sources

    def read(self, block: Block) -> MeterRows:
        supply, back = _centi(block.supply_c), _centi(block.return_c)
        flow = np.rint(block.flow_m3_h * 1000).astype(np.int64)
        power = power_w(flow, supply - back)
        primary = self._primary(block, power)
        rows = [np.hstack(pair) for pair in zip((supply, back, flow, power), primary, strict=True)]
        failed = np.hstack([block.failed, np.zeros((block.at_us.size, self._sources), np.bool_)])
        supply, back, flow, power = rows
        return MeterRows(
            supply_centi=supply,
            return_centi=back,
            flow_l_h=flow,
            power_w=power,
            energy_wh=self._energy.show(power * self._step_minutes) // 60,
            volume_l=self._volume.show(flow * self._step_minutes) // 60,
            supply_kpa=np.where(failed, 210, 420),
            return_kpa=np.where(failed, 205, 290),
            outdoor_centi=_centi(block.outdoor_c),
            failed=failed,
        )

    def _primary(self, block: Block, power: Ints) -> tuple[Ints, Ints, Ints, Ints]:
        """A source gives what its stations take, on its own curve; its flow follows."""
        heat = np.stack([np.bincount(self._source_of, weights=row, minlength=self._sources) for row in power])
        supply = np.repeat(_centi(np.clip(70 - 1.6 * block.outdoor_c, 65, 115))[:, None], self._sources, axis=1)
        back = np.maximum(_centi(np.repeat(block.return_c.mean(axis=1)[:, None], self._sources, axis=1)) + 800, 2500)
        flow = np.rint(heat * 100 / (1.163 * (supply - back))).astype(np.int64)
        return supply, back, flow, power_w(flow, supply - back)


def _centi(celsius: Floats) -> Ints:
    return np.rint(celsius * 100).astype(np.int64)
