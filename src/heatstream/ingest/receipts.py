"""Receipts: what is stored of each gateway, retained at the broker, so that a gateway knows what it may forget.

A broker can lose what it acknowledged; a gateway therefore keeps every message until its receipt has passed it. A
receipt goes out for each gateway that was heard, whether or not it moved: one that resends has missed the last.
"""

import datetime as dt
from collections.abc import Mapping

import msgspec

from heatstream.errors import BadInput
from heatstream.ingest.broker import Connection
from heatstream.ingest.topics import receipt_topic

_encode = msgspec.json.Encoder().encode


def payload(gateway: str, sequence: int, at: dt.datetime) -> bytes:
    """Spell a receipt: every sequence up to this one is stored or kept as a reject."""
    return _encode({"gateway": gateway, "sequence": sequence, "at": at.isoformat(timespec="milliseconds")})


class Receipts:
    """Those that are due; a later sequence of a gateway takes the place of an earlier one that has not gone yet."""

    def __init__(self, city: str) -> None:
        self._city = city
        self._due: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._due)

    def owe(self, stored: Mapping[str, int]) -> None:
        self._due.update(stored)

    def _topic(self, gateway: str) -> str | None:
        """A foreign gateway can have a name that no topic can hold; it follows no receipts either."""
        try:
            return receipt_topic(self._city, gateway)
        except BadInput:
            return None

    async def publish(self, connection: Connection) -> int:
        """Publish all that are due; what could not go stays due."""
        due, self._due = self._due, {}
        at, sent = dt.datetime.now(dt.UTC), 0
        try:
            for gateway, sequence in due.items():
                if topic := self._topic(gateway):
                    await connection.publish(topic, payload(gateway, sequence, at))
                sent += 1
        finally:
            for gateway in list(due)[sent:]:
                self._due.setdefault(gateway, due[gateway])
        return sent
