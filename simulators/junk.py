"""What gateways send and should not, each kind named by the reason for which it must be refused."""

from collections.abc import Callable

import numpy as np

from simulators import wire
from simulators.outbox import Message
from simulators.scenario import JunkKind
from simulators.truth import TruthRow
from simulators.wire import Reading

LONE: frozenset[JunkKind] = frozenset({"undecodable", "unknown_gateway"})
"""Kinds that come as messages of their own, outside of the gateway's sequence."""


SPOIL: dict[JunkKind, Callable[[str, str, str], Reading]] = {
    "unknown_point": lambda point, at, value: Reading(f"X-{point}", at, value),
    "out_of_range": lambda point, at, _: Reading(point, at, "999.90"),
    "no_time_zone": lambda point, at, value: Reading(point, at[:19], value),
    "time_unreadable": lambda point, at, value: Reading(point, at.replace("T", " at "), value),
    "value_unreadable": lambda point, at, _: Reading(point, at, '"--"'),
    "too_far_ahead": lambda point, at, value: Reading(point, f"2096{at[4:]}", value),
    "too_old": lambda point, at, value: Reading(point, f"1996{at[4:]}", value),
}
BACKLOG = range(4)


def spoiled(kind: JunkKind, reading: Reading) -> list[Reading]:
    """Make bad readings of a good one, distinct from all others made so: one, or a backlog that has one time."""
    if kind == "repeated_time_backlog":
        point, at, value = reading
        return [Reading(point, f"{at[:17]}01{at[19:]}", f"{float(value) + place:.2f}") for place in BACKLOG]
    if kind not in SPOIL:
        raise ValueError(f"{kind} is a message of its own, no reading")
    return [SPOIL[kind](*reading)]


def lone_message(
    kind: JunkKind, reading: Reading, *, city: str, gateway: str, sent_at: str, rng: np.random.Generator
) -> tuple[Message, TruthRow]:
    """Make a message without a sequence of the gateway's own."""
    mark = f"{rng.integers(2**32):08x}{rng.integers(2**32):08x}"
    if kind == "undecodable":
        payload = f'{{"gateway":{wire.quoted(gateway)},"noise":"{mark}'
        topic = wire.topic(city, gateway, "indoor")
        return Message(gateway, 0, topic, payload.encode()), TruthRow(gateway, 0, topic, "", "", payload, kind)
    stranger = f"gw-unknown-{mark}"
    topic = wire.topic(city, stranger, "indoor")
    payload_bytes = wire.envelope(stranger, 1, sent_at, [reading])
    return Message(gateway, 0, topic, payload_bytes), TruthRow(stranger, 1, topic, *reading, kind)
