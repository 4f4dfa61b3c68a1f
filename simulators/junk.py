"""What gateways send and should not, each kind named by the reason for which it must be refused."""

import numpy as np

from simulators import wire
from simulators.outbox import Message
from simulators.scenario import JunkKind
from simulators.truth import TruthRow
from simulators.wire import Reading

LONE: frozenset[JunkKind] = frozenset({"undecodable", "unknown_gateway"})
"""Kinds that come as messages of their own, outside of the gateway's sequence."""


def spoiled(kind: JunkKind, reading: Reading) -> Reading:
    """Make a bad reading of a good one, distinct from every other one made so."""
    subject, at, value = reading
    match kind:
        case "unknown_point":
            return Reading(f"X-{subject}", at, value)
        case "out_of_range":
            return Reading(subject, at, "999.90")
        case "no_time_zone":
            return Reading(subject, at[:19], value)
        case "time_unreadable":
            return Reading(subject, at.replace("T", " at "), value)
        case "value_unreadable":
            return Reading(subject, at, '"--"')
        case "too_far_ahead":
            return Reading(subject, f"2096{at[4:]}", value)
        case "too_old":
            return Reading(subject, f"1996{at[4:]}", value)
        case _:
            raise ValueError(f"{kind} is a message of its own, no reading")


def lone_message(
    kind: JunkKind, city: str, gateway: str, reading: Reading, sent_at: str, rng: np.random.Generator
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
