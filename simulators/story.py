"""What the town's gateways send, message after message, in the order of its time.

The same town, scenario, city and start give the same messages with the same sequences and bytes: a run that was
interrupted tells its story again from the beginning and skips what is kept already.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, pairwise
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from simulators import clocks, junk, plan, wire
from simulators.layout import Town
from simulators.meters import MeterBoard, MeterRows
from simulators.outbox import Message
from simulators.scenario import Conflicts, GatewayOffline, Junk, JunkKind, Late, Repeats, Scenario
from simulators.sensors import Samples, SensorField
from simulators.thermal import Block, Heating
from simulators.truth import CONFLICT, GOOD, TruthRow
from simulators.wire import Reading

UPLOAD_DELAY_US = 3 * clocks.SECOND_US
LIVE_DAYS = 366
"""The weather is drawn for so long after the period, so that going on live does not change what went before."""

Random = np.random.Generator
Names = NDArray[np.str_]
MessageFault = TypeVar("MessageFault", Late, Repeats, Junk, Conflicts)


class Telling(NamedTuple):
    """One message and what it says."""

    message: Message
    rows: list[TruthRow]


@dataclass(frozen=True, slots=True)
class Stretch:
    """What is uploaded at one time."""

    number: int
    due_us: int
    tellings: list[Telling]
    offline: frozenset[str]
    """gateways without an uplink at this time"""


@dataclass(slots=True)
class _Pile:
    """Readings that go into one message, with what must become of each."""

    gateway: str
    kind: wire.Kind
    readings: list[Reading]
    fates: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.fates = self.fates or [GOOD] * len(self.readings)

    def add(self, readings: list[Reading], fate: str) -> None:
        self.readings += readings
        self.fates += [fate] * len(readings)


class _Held(NamedTuple):
    release_us: int
    order: int
    pile: _Pile


class Story:
    def __init__(self, town: Town, scenario: Scenario, city: str, start_us: int) -> None:
        self._town, self._scenario, self._city, self._start_us = town, scenario, city, start_us
        step_us = scenario.sample_minutes * clocks.MINUTE_US
        steps = (scenario.period.days + LIVE_DAYS) * clocks.DAY_US // step_us
        self._steps_a_stretch = scenario.upload_minutes // scenario.sample_minutes
        self._heating = Heating(town, scenario, start_us, steps)
        self._field = SensorField(town, scenario, start_us)
        self._board = MeterBoard(town, scenario, start_us)
        self._last_sequence = dict.fromkeys(town.gateway_names, 0)
        self._held: list[_Held] = []
        self._piles_held = 0
        self._offline = self._draw_offline()
        self._first_point = _first_points(town)
        self._point_names, self._gateway_names = town.point_names, town.gateway_names

    @property
    def start_us(self) -> int:
        return self._start_us

    @property
    def end_us(self) -> int:
        """When the period of the scenario is over."""
        return self._start_us + self._scenario.period.days * clocks.DAY_US

    def stretches(self, *, beyond_end: bool = False) -> Iterator[Stretch]:
        """Tell the period, and with `beyond_end` what comes after; without it, what is held back comes at the end."""
        number = -1
        for number, block in enumerate(self._heating.blocks(self._steps_a_stretch)):
            if not beyond_end and int(block.at_us[0]) >= self.end_us:
                break
            yield self._stretch(number, block)
        yield Stretch(
            number, self.end_us, self._tell(self._released(None), self.end_us, self._rng(number)), frozenset()
        )

    def _rng(self, number: int) -> Random:
        return np.random.default_rng([self._scenario.seed, 9, number])

    def _stretch(self, number: int, block: Block) -> Stretch:
        due_us = int(block.at_us[-1]) + UPLOAD_DELAY_US
        rng = self._rng(number)
        samples, rows = self._field.read(block), self._board.read(block)
        fresh = [*self._indoor_piles(samples), *self._meter_piles(block, rows)]
        ready = [*self._released(due_us), *self._not_late(fresh, due_us, rng)]
        return Stretch(number, due_us, self._tell(ready, due_us, rng), self._without_uplink(due_us))

    def _indoor_piles(self, samples: Samples) -> Iterator[_Pile]:
        size = 1 if self._scenario.shape == "single" else self._scenario.readings_per_message
        for gateway, (first, end) in zip(self._gateway_names, pairwise(self._first_point), strict=False):
            readings = self._readings(samples, first, end)
            for start in range(0, len(readings), size):
                yield _Pile(gateway, "indoor", readings[start : start + size])

    def _readings(self, samples: Samples, first: int, end: int) -> list[Reading]:
        names = self._point_names[first:end]
        rows = zip(samples.at_us, samples.centi, samples.sent, strict=True)
        return [
            Reading(name, clocks.instant_text(at_us), wire.centi_text(centi))
            for instants, values, sent in rows
            for name, at_us, centi, goes in zip(
                names, instants[first:end].tolist(), values[first:end].tolist(), sent[first:end].tolist(), strict=True
            )
            if goes
        ]

    def _meter_piles(self, block: Block, rows: MeterRows) -> Iterator[_Pile]:
        town = self._town
        gateways = self._gateway_names[town.buildings.floors.size :]
        for meter, (gateway, name) in enumerate(zip(gateways, town.meter_names, strict=True)):
            of_source = meter >= town.stations
            readings = [
                Reading(name, clocks.instant_text(at_us), rows.text(step, meter, with_outdoor=of_source))
                for step, at_us in enumerate(block.at_us.tolist())
                if rows.sent[step, meter]
            ]
            if readings:
                yield _Pile(gateway, "meters", readings)

    def _not_late(self, piles: list[_Pile], due_us: int, rng: Random) -> Iterator[_Pile]:
        """Hold the late ones back, let the others through."""
        for late in self._active(Late, due_us):
            chosen = rng.random(len(piles)) < late.share
            for pile, held in zip(piles, chosen.tolist(), strict=True):
                if held:
                    self._hold(pile, due_us + round(late.days * clocks.DAY_US))
            piles = [pile for pile, held in zip(piles, chosen.tolist(), strict=True) if not held]
        yield from piles

    def _hold(self, pile: _Pile, release_us: int) -> None:
        self._piles_held += 1
        heapq.heappush(self._held, _Held(release_us, self._piles_held, pile))

    def _released(self, due_us: int | None) -> Iterator[_Pile]:
        while self._held and (due_us is None or self._held[0].release_us <= due_us):
            yield heapq.heappop(self._held).pile

    def _tell(self, piles: Iterator[_Pile] | list[_Pile], due_us: int, rng: Random) -> list[Telling]:
        sent_at = clocks.instant_text(due_us)
        return [telling for pile in piles for telling in self._tell_pile(pile, sent_at, due_us, rng)]

    def _tell_pile(self, pile: _Pile, sent_at: str, due_us: int, rng: Random) -> Iterator[Telling]:
        if pile.kind == "indoor":
            yield from (self._lone(kind, pile, place, sent_at, rng) for kind, place in self._spoil(pile, due_us, rng))
        copies = 1 + any(rng.random() < repeats.share for repeats in self._active(Repeats, due_us))
        yield from (self._number(one, sent_at, copies) for one in self._messages(pile))

    def _messages(self, pile: _Pile) -> Iterator[_Pile]:
        """Bad readings ride with the good ones, or come alone where a message holds one reading."""
        if self._scenario.shape == "single" and pile.kind == "indoor":
            for reading, fate in zip(pile.readings, pile.fates, strict=True):
                yield _Pile(pile.gateway, pile.kind, [reading], [fate])
        else:
            yield pile

    def _spoil(self, pile: _Pile, due_us: int, rng: Random) -> list[tuple[JunkKind, Reading]]:
        """Add conflicts and bad readings to a message, no two of one good reading; give the junk that comes alone."""
        lone: list[tuple[JunkKind, Reading]] = []
        left = list(pile.readings)
        for conflicts in self._active(Conflicts, due_us):
            for subject, at, value in _taken(left, len(pile.readings), conflicts.share, rng):
                pile.add([Reading(subject, at, _another(value))], CONFLICT)
        for fault in self._active(Junk, due_us):
            for reading in _taken(left, len(pile.readings), fault.share, rng):
                kind = fault.kinds[int(rng.integers(len(fault.kinds)))]
                if kind in junk.LONE:
                    lone.append((kind, reading))
                else:
                    pile.add(junk.spoiled(kind, reading), kind)
        return lone

    def _lone(self, kind: JunkKind, pile: _Pile, reading: Reading, sent_at: str, rng: Random) -> Telling:
        message, row = junk.lone_message(kind, reading, city=self._city, gateway=pile.gateway, sent_at=sent_at, rng=rng)
        return Telling(message, [row])

    def _number(self, pile: _Pile, sent_at: str, copies: int) -> Telling:
        sequence = self._last_sequence[pile.gateway] + 1
        self._last_sequence[pile.gateway] = sequence
        topic = wire.topic(self._city, pile.gateway, pile.kind)
        if pile.kind == "meters":
            payload = wire.meters(pile.gateway, sequence, sent_at, pile.readings)
        else:
            payload = wire.indoor(self._scenario.shape, pile.gateway, sequence, sent_at, pile.readings)
        rows = [
            TruthRow(pile.gateway, sequence, topic, *reading, fate)
            for reading, fate in zip(pile.readings, pile.fates, strict=True)
        ]
        return Telling(Message(pile.gateway, sequence, topic, payload, copies), rows)

    def _active(self, kind: type[MessageFault], due_us: int) -> list[MessageFault]:
        now = np.array([due_us - UPLOAD_DELAY_US])
        return [
            fault
            for fault in self._scenario.faults
            if isinstance(fault, kind) and plan.after(fault.after_hours, fault.hours, self._start_us).holds(now)[0]
        ]

    def _draw_offline(self) -> list[tuple[GatewayOffline, frozenset[str]]]:
        rng = np.random.default_rng([self._scenario.seed, 10])
        names = np.array(self._town.gateway_names)
        faults = [fault for fault in self._scenario.faults if isinstance(fault, GatewayOffline)]
        return [(fault, frozenset(self._cut_off(fault, names, rng).tolist())) for fault in faults]

    def _cut_off(self, fault: GatewayOffline, names: Names, rng: Random) -> Names:
        if fault.station is not None:
            first = self._town.buildings.floors.size
            return names[[first + fault.station % self._town.stations]]
        return names[rng.random(names.size) < (fault.share or 0)]

    def _without_uplink(self, due_us: int) -> frozenset[str]:
        now = np.array([due_us])
        cut = (
            names
            for fault, names in self._offline
            if plan.after(fault.after_hours, fault.hours, self._start_us).holds(now)[0]
        )
        return frozenset(chain.from_iterable(cut))


def _first_points(town: Town) -> list[int]:
    """Where each building's points begin; points stand in the order of their buildings."""
    buildings = town.buildings.floors.size
    firsts: list[int] = np.searchsorted(town.gateway_of_point, np.arange(buildings + 1)).tolist()
    return firsts


def _taken(left: list[Reading], whole: int, share: float, rng: Random) -> list[Reading]:
    """Take some of what is left, as many as a share of the whole comes to."""
    count = min(int(rng.binomial(whole, share)), len(left))
    places = sorted(rng.choice(len(left), count, replace=False).tolist(), reverse=True)
    return [left.pop(place) for place in places]


def _another(value: str) -> str:
    """A temperature one degree off."""
    return wire.centi_text(round(float(value) * 100) + 100)
