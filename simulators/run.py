"""Play a scenario through a broker."""

import asyncio
import contextlib
import hashlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from simulators import clocks
from simulators.errors import StateError
from simulators.gateway import Clock, Gateway, wall_clock_us
from simulators.known import BESIDE, write_known
from simulators.layout import lay_out
from simulators.link import BrokerAddress, open_stream
from simulators.outbox import Memory
from simulators.scenario import Scenario
from simulators.story import Story, Stretch, Telling
from simulators.truth import GOOD, TruthFile

MOST_UNRECEIPTED = 2_000
"""Messages a gateway may be ahead of its receipt before the story waits for it."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the story is told."""

    start_us: int
    end_us: int
    """the end of the scenario's period, or now where that is live"""
    played_us: int
    readings: int
    messages: int
    unreceipted: int
    live: bool

    @property
    def share(self) -> float:
        return min(1.0, (self.played_us - self.start_us) / max(self.end_us - self.start_us, 1))


@dataclass(frozen=True, slots=True)
class Summary:
    """What this run added; a resumed run does not count what an earlier one sent."""

    readings: int
    good: int
    messages: int
    sent: int
    """messages handed to the broker, repeats and resends counted"""
    unreceipted: int


async def simulate(
    scenario: Scenario,
    broker_url: str,
    city: str,
    truth: Path,
    *,
    state: Path | None = None,
    live: bool = False,
    receipts: bool = True,
    progress: Callable[[Progress], None] | None = None,
    stop: asyncio.Event | None = None,
    clock: Clock = wall_clock_us,
    settle_s: float = 120.0,
    resend_after_s: float = 60.0,
) -> Summary:
    """Publish a scenario and write every reading to `truth` before it is sent, and what is known of it beside.

    Parameters
    ----------
    state : folder of the gateways' memory; with it an interrupted run goes on where it was
    live : play the past, up to `clock`, as fast as the scenario's speed says, then go on with the clock
    receipts : without them a message is done when the broker has acknowledged it
    progress : called after every upload, those of an earlier run too
    stop : when set, the gateways go offline, keep what they have, and the summary comes back
    settle_s : at the end, wait so long for the last receipts [s]
    """
    await _try_broker(broker_url)
    with contextlib.closing(_memory(state)) as memory, TruthFile(truth) as paper:
        start_us = _recalled_start(memory, scenario, city, clock(), live=live)
        town = lay_out(scenario.town, scenario.seed)
        write_known(truth.with_suffix(BESIDE), scenario, town, start_us)
        story = Story(town, scenario, city, start_us)
        make = partial(
            Gateway,
            city=city,
            broker_url=broker_url,
            memory=memory,
            receipts=receipts,
            resend_after_s=resend_after_s,
            clock=clock,
        )
        player = _Player(story, memory, paper, make, speed=scenario.speed, live=live, clock=clock)
        return await player.play(progress or _silent, stop or asyncio.Event(), settle_s)


async def _try_broker(broker_url: str) -> None:
    """Gateways try for ever; a broker that is not there when a run begins is a wrong address."""
    _, writer = await open_stream(BrokerAddress.parse(broker_url))
    writer.close()
    await writer.wait_closed()


def _silent(_progress: Progress) -> None:
    """Tell nobody."""


class _Player:
    """Tells a story through gateways, and writes it down first."""

    def __init__(
        self,
        story: Story,
        memory: Memory,
        truth: TruthFile,
        make: Callable[[str], Gateway],
        *,
        speed: float | None,
        live: bool,
        clock: Clock,
    ) -> None:
        self._story, self._memory, self._truth, self._make = story, memory, truth, make
        self._speed, self._live, self._clock = speed, live, clock
        self._end_us = clock() if live else story.end_us
        self._told = int(memory.note("told") or -1)
        self._gateways: dict[str, Gateway] = {}
        self._readings = self._good = self._messages = 0

    async def play(self, progress: Callable[[Progress], None], stop: asyncio.Event, settle_s: float) -> Summary:
        stopped = asyncio.create_task(stop.wait())
        told = asyncio.create_task(self._tell_all(progress, settle_s))
        try:
            await asyncio.wait((stopped, told), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (stopped, told):
                task.cancel()
            results = await asyncio.gather(told, return_exceptions=True)
            await asyncio.gather(*(gateway.go_offline() for gateway in self._gateways.values()))
        if isinstance(results[0], Exception):
            raise results[0]
        return self._summary()

    async def _tell_all(self, progress: Callable[[Progress], None], settle_s: float) -> None:
        began_s = asyncio.get_running_loop().time()
        for stretch in self._story.stretches(beyond_end=self._live):
            fresh = [telling for telling in stretch.tellings if self._is_fresh(stretch, telling)]
            if fresh or stretch.number > self._told:
                await self._wait_for(stretch.due_us, began_s)
                await self._send(stretch, fresh)
            progress(self._progress(stretch.due_us))
            await asyncio.sleep(0)  # what an earlier run told is passed over without a pause of its own
        await self._settle(settle_s)
        progress(self._progress(self._end_us))

    def _is_fresh(self, stretch: Stretch, telling: Telling) -> bool:
        message = telling.message
        if message.sequence == 0:
            return stretch.number > self._told
        return message.sequence > self._gateway(message.gateway).last

    def _gateway(self, name: str) -> Gateway:
        if name not in self._gateways:
            self._gateways[name] = self._make(name)
        return self._gateways[name]

    async def _wait_for(self, due_us: int, began_s: float) -> None:
        """Wait as the speed says; what lies ahead of the clock waits for the clock."""
        wait_s = (due_us - self._clock()) / clocks.SECOND_US if self._live else 0.0
        if wait_s <= 0 and self._speed is not None:
            told_s = (due_us - self._story.start_us) / clocks.SECOND_US / self._speed
            wait_s = told_s - (asyncio.get_running_loop().time() - began_s)
        await asyncio.sleep(max(wait_s, 0))

    async def _send(self, stretch: Stretch, tellings: list[Telling]) -> None:
        await self._cut_uplinks(stretch.offline)
        self._truth.write(row for telling in tellings for row in telling.rows)
        for name, own in _by_gateway(tellings).items():
            await self._give(self._gateway(name), own, online=name not in stretch.offline)
        self._memory.put_note("told", str(max(stretch.number, self._told)))
        self._count(tellings)
        await asyncio.sleep(0)

    async def _cut_uplinks(self, offline: frozenset[str]) -> None:
        for name, gateway in self._gateways.items():
            if name in offline:
                await gateway.go_offline()
            else:
                gateway.go_online()

    async def _give(self, gateway: Gateway, tellings: list[Telling], *, online: bool) -> None:
        messages = [telling.message for telling in tellings]
        for noise in (one for one in messages if one.sequence == 0):
            gateway.send_noise(noise.topic, noise.payload)
        numbered = [one for one in messages if one.sequence]
        if numbered:
            gateway.keep(numbered)
        if online:
            gateway.go_online()
            await gateway.settled(at_most=MOST_UNRECEIPTED)

    def _count(self, tellings: list[Telling]) -> None:
        self._messages += len(tellings)
        self._readings += sum(len(telling.rows) for telling in tellings)
        self._good += sum(row.kind == GOOD for telling in tellings for row in telling.rows)

    async def _settle(self, settle_s: float) -> None:
        """Everybody comes online and waits for the last receipt, for a while."""
        for gateway in self._gateways.values():
            gateway.go_online()
        waiting = [asyncio.create_task(gateway.settled()) for gateway in self._gateways.values()]
        if not waiting:
            return
        done, late = await asyncio.wait(waiting, timeout=settle_s)
        for task in late:
            task.cancel()
        for task in done:
            task.result()

    def _progress(self, played_us: int) -> Progress:
        return Progress(
            start_us=self._story.start_us,
            end_us=self._end_us,
            played_us=played_us,
            readings=self._readings,
            messages=self._messages,
            unreceipted=sum(gateway.unreceipted for gateway in self._gateways.values()),
            live=self._live and played_us >= self._end_us,
        )

    def _summary(self) -> Summary:
        gateways = self._gateways.values()
        return Summary(
            readings=self._readings,
            good=self._good,
            messages=self._messages,
            sent=sum(gateway.sent for gateway in gateways),
            unreceipted=sum(gateway.unreceipted for gateway in gateways),
        )


def _memory(state: Path | None) -> Memory:
    if state is None:
        return Memory()
    state.mkdir(parents=True, exist_ok=True)
    return Memory(state / "gateways.sqlite")


def _recalled_start(memory: Memory, scenario: Scenario, city: str, now_us: int, *, live: bool) -> int:
    """Give the start that an earlier run with this state wrote down, or write down a new one."""
    story = hashlib.sha256(f"{scenario.model_dump_json()} {city} {live}".encode()).hexdigest()
    if (known := memory.note("story")) is None:
        memory.put_note("story", story)
        memory.put_note("start_us", str(scenario.period.start_us(now_us)))
    elif known != story:
        raise StateError(
            f"the state folder belongs to another story than scenario {scenario.name!r} in city {city!r} "
            f"(live: {live}): give another folder, or remove it to begin anew"
        )
    return int(memory.note("start_us") or 0)


def _by_gateway(tellings: list[Telling]) -> dict[str, list[Telling]]:
    sorted_out: defaultdict[str, list[Telling]] = defaultdict(list)
    for telling in tellings:
        sorted_out[telling.message.gateway].append(telling)
    return sorted_out
