"""The wire contract as a gateway knows it: topics and payloads. Values are JSON text, sent as they stand here."""

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

Kind = Literal["indoor", "meters", "status", "receipt"]


class Reading(NamedTuple):
    """One reading as it goes on the wire."""

    subject: str
    """the point's or the meter's name"""
    at: str
    value: str
    """a point's temperature, or a meter's members (`"supply_c":45.20,"return_c":38.10`), as JSON text"""


def topic(city: str, gateway: str, kind: Kind) -> str:
    return f"heat/v1/{city}/{gateway}/{kind}"


@lru_cache(maxsize=262_144)
def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def centi_text(centi: int) -> str:
    """Hundredths as JSON: 1842 → 18.42, -5 → -0.05."""
    whole, part = divmod(abs(centi), 100)
    return f"{'-' if centi < 0 else ''}{whole}.{part:02d}"


def _head(gateway: str, sequence: int, sent_at: str) -> str:
    return f'{{"gateway":{quoted(gateway)},"sequence":{sequence},"sent_at":{quoted(sent_at)}'


def envelope(gateway: str, sequence: int, sent_at: str, readings: Sequence[Reading]) -> bytes:
    body = ",".join(f'{{"point":{quoted(point)},"at":{quoted(at)},"temp_c":{value}}}' for point, at, value in readings)
    return f'{_head(gateway, sequence, sent_at)},"readings":[{body}]}}'.encode()


def columnar(gateway: str, sequence: int, sent_at: str, readings: Sequence[Reading]) -> bytes:
    """Columns; one `at` where all readings share it."""
    points = ",".join(quoted(one.subject) for one in readings)
    values = ",".join(one.value for one in readings)
    instants = {one.at for one in readings}
    shared = quoted(instants.pop()) if len(instants) == 1 else f"[{','.join(quoted(one.at) for one in readings)}]"
    return (f'{_head(gateway, sequence, sent_at)},"points":[{points}],"at":{shared},"temp_c":[{values}]}}').encode()


def single(sequence: int, reading: Reading) -> bytes:
    point, at, value = reading
    return f'{{"point":{quoted(point)},"at":{quoted(at)},"temp_c":{value},"sequence":{sequence}}}'.encode()


def meters(gateway: str, sequence: int, sent_at: str, readings: Sequence[Reading]) -> bytes:
    body = ",".join(f'{{"meter":{quoted(meter)},"at":{quoted(at)},{members}}}' for meter, at, members in readings)
    return f'{_head(gateway, sequence, sent_at)},"readings":[{body}]}}'.encode()


def indoor(shape: str, gateway: str, sequence: int, sent_at: str, readings: Sequence[Reading]) -> bytes:
    if shape == "single":
        return single(sequence, readings[0])
    encode = columnar if shape == "columnar" else envelope
    return encode(gateway, sequence, sent_at, readings)


def status(gateway: str, at: str) -> bytes:
    return f'{{"gateway":{quoted(gateway)},"state":"online","at":{quoted(at)}}}'.encode()


def last_will(gateway: str) -> bytes:
    """It has no time: the broker sends it when the connection is gone."""
    return f'{{"gateway":{quoted(gateway)},"state":"offline"}}'.encode()


def receipt_sequence(payload: bytes) -> int:
    """The highest contiguous stored sequence that a receipt names.

    Raises
    ------
    ValueError
        where the payload is no receipt
    """
    receipt = json.loads(payload)
    sequence = receipt.get("sequence") if isinstance(receipt, dict) else None
    if not isinstance(sequence, int):
        raise ValueError(  # noqa: TRY004  (bad input, not a bad call)
            f"a receipt is an object with a whole number `sequence`; seen: {payload[:80]!r}"
        )
    return sequence
