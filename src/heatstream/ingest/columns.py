"""The batch form: what every decoder makes of a batch of messages, and what the border checks.

A batch is columns, never one object a reading. Rows stand in the order of the messages and, within a message, in the
order of its readings. Whatever could not be read is still a row (or an entry of `undecodable`), with a fault and a
sentence that says what was seen, what was expected and where: nothing that was sent leaves without a trace.
"""

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
SmallInts: TypeAlias = NDArray[np.int32]
Codes: TypeAlias = NDArray[np.uint8]
Mask: TypeAlias = NDArray[np.bool_]

ABSENT_US: Final = int(np.iinfo(np.int64).min)
"""Stands in an instant column where no instant was sent or none could be read."""

NO_SEQUENCE: Final = -1

WHOLE_MAX: Final = int(np.iinfo(np.int64).max)
"""The largest sequence number; a meter's quantity beyond it stands as ±WHOLE_MAX."""

CENTI_MAX: Final = int(np.iinfo(np.int32).max)
"""A temperature beyond int32 hundredths stands as ±CENTI_MAX: out of any physical range, and never wrapped."""

QUANTITIES: Final = (
    "supply_centi",
    "return_centi",
    "flow_l_h",
    "power_w",
    "energy_wh",
    "volume_l",
    "supply_kpa",
    "return_kpa",
    "outdoor_centi",
)
"""What a meter reading can hold, in storage units, in the order of the wire contract."""


class Fault(IntEnum):
    """Why one reading cannot be used; the value stands in the `fault` column, the name is the reject's reason."""

    FINE = 0
    UNDECODABLE = 1
    """The reading is no object, or names no point or meter."""
    NO_TIME_ZONE = 2
    TIME_UNREADABLE = 3
    VALUE_UNREADABLE = 4

    @property
    def reason(self) -> str:
        return self.name.lower()


class Kind(StrEnum):
    """What a message carries: the last level of a contract topic, or what its mapping profile declares."""

    INDOOR = "indoor"
    METERS = "meters"
    STATUS = "status"


class Way(NamedTuple):
    """Which decoder reads a message, and as what."""

    profile: str
    """`native`, `senml`, or a mapping profile of the subscription table."""
    kind: Kind
    gateway_path: str | None = None
    """Where in the payload the gateway's name stands, where the subscription says so."""


class Route(NamedTuple):
    """What a topic says before the payload is looked at."""

    way: Way
    city: str | None
    gateway: str | None
    """None where the subscription takes the gateway from the payload."""


@dataclass(slots=True)
class Received:
    """A batch as it came from the broker, one place a message."""

    topic: list[str]
    payload: list[bytes]
    received_us: Ints
    """[µs since 1970-01-01T00:00Z] when ingest took the message from the broker."""

    def __len__(self) -> int:
        return len(self.topic)


@dataclass(slots=True)
class Columns:
    """Indoor readings."""

    message: SmallInts
    """Index of the message in the batch; never falls."""
    position: SmallInts
    """Place of the reading within its message, from 0."""
    point: list[str]
    """Device as sent; may hold any character, NUL too; "" where it could not be read."""
    at_us: Ints
    """[µs] ABSENT_US where the fault is about the time."""
    temp_centi: SmallInts
    """[0.01 °C] rounded toward minus infinity, wide so that out of range is seen; 0 where the value is unreadable."""
    fault: Codes
    """`Fault`; the first that applies in the order of its values."""
    detail: dict[int, str] = field(default_factory=dict)
    """Row -> what was seen, what was expected, where; one entry for every row whose fault is not FINE."""

    def __len__(self) -> int:
        return len(self.point)


@dataclass(slots=True)
class MeterColumns:
    """Meter readings. A quantity that was not sent is not valid; a reading may hold any subset."""

    message: SmallInts
    position: SmallInts
    meter: list[str]
    """Device as sent; "" where it could not be read."""
    at_us: Ints
    quantity: dict[str, Ints]
    """QUANTITIES -> whole numbers in the unit of the name; 0 where not valid."""
    valid: dict[str, Mask]
    """QUANTITIES -> the quantity was sent and could be read."""
    fault_text: dict[int, str]
    """Row -> the device's own fault report, where it sent one that is not empty."""
    fault: Codes
    """One unreadable quantity makes the whole meter reading VALUE_UNREADABLE: half a reading is not kept."""
    detail: dict[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.meter)


@dataclass(slots=True)
class Status:
    """A gateway's own report; a last will has no time of its own."""

    message: int
    state: str
    """`online` or `offline`."""
    at_us: int
    """ABSENT_US where none was sent."""


@dataclass(slots=True)
class Decoded:
    """What a batch held. Every message is in `undecodable`, or has rows, or is a status, or was empty of readings."""

    route: list[Route | None]
    """A message; None where no subscription takes its topic (it is in `undecodable` then)."""
    gateway: list[str]
    """A message; from topic or payload, "" where neither names one (it is in `undecodable` then)."""
    sequence: Ints
    """A message; NO_SEQUENCE where none was sent."""
    sent_at_us: Ints
    """A message [µs]; ABSENT_US where none was sent or it could not be read."""
    undecodable: dict[int, str]
    """Message -> what was seen, what was expected, where. Such a message has no rows below."""
    indoor: Columns
    meters: MeterColumns
    status: list[Status]
