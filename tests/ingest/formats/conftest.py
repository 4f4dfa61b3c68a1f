"""Decodes messages as ingest does: from topics and bytes to columns."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from heatstream.ingest.columns import Decoded, Received
from heatstream.ingest.decode import Decoder
from heatstream.ingest.topics import Subscriptions
from heatstream.settings import Subscription

CITY = "220100"
RECEIVED_US = 1_767_571_260_000_000  # 2026-01-05T08:01:00+08:00


def as_bytes(payload: object) -> bytes:
    return payload if isinstance(payload, bytes) else json.dumps(payload).encode()


def received(messages: list[tuple[str, object]]) -> Received:
    return Received(
        topic=[topic for topic, _ in messages],
        payload=[as_bytes(payload) for _, payload in messages],
        received_us=np.full(len(messages), RECEIVED_US, dtype=np.int64),
    )


@pytest.fixture(scope="session")
def decode() -> Callable[..., Decoded]:
    """Decode payloads that came on one topic of the contract."""
    decoder = Decoder(Subscriptions(CITY))

    def decode(*payloads: object, kind: str = "indoor") -> Decoded:
        return decoder.decode(received([(f"heat/v1/{CITY}/gw-0001/{kind}", payload) for payload in payloads]))

    return decode


@pytest.fixture(scope="session")
def decode_foreign(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Decoded]:
    """Decode payloads by a profile: one shipped, or one given as YAML text."""
    directory = tmp_path_factory.mktemp("profiles")

    def decode(profile: str, topic: str, *payloads: object, level: int | None = 1, path: str | None = None) -> Decoded:
        if "\n" in profile:
            file = Path(directory) / f"{abs(hash(profile))}.yaml"
            file.write_text(profile, encoding="utf-8")
            profile = str(file)
        table = [Subscription(filter="#", profile=profile, gateway_level=level, gateway_path=path)]
        return Decoder(Subscriptions(CITY, table)).decode(received([(topic, payload) for payload in payloads]))

    return decode
