"""Where the decoders of a batch put what they read, message by message, until it becomes columns."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from heatstream.ingest.columns import (
    ABSENT_US,
    NO_SEQUENCE,
    QUANTITIES,
    Columns,
    Fault,
    Ints,
    MeterColumns,
    Status,
)


class UndecodableError(ValueError):
    """Nothing of the message can be used; says what was seen, what was expected and where."""


class ReadingError(ValueError):
    """One reading of a message cannot be used, for the reason of its fault."""

    def __init__(self, fault: Fault, detail: str) -> None:
        super().__init__(detail)
        self.fault = fault


class Arrival(NamedTuple):
    """What is known of a message besides its payload."""

    place: int
    """In the batch."""
    topic: str
    received_us: int


@dataclass(slots=True)
class IndoorRows:
    """Indoor readings one by one, for every way but the fast one."""

    message: list[int] = field(default_factory=list)
    position: list[int] = field(default_factory=list)
    point: list[str] = field(default_factory=list)
    at_us: list[int] = field(default_factory=list)
    temp_centi: list[int] = field(default_factory=list)
    fault: list[int] = field(default_factory=list)
    detail: dict[int, str] = field(default_factory=dict)

    def add(self, message: int, position: int, point: str, at_us: int, temp_centi: int) -> None:
        self.message.append(message)
        self.position.append(position)
        self.point.append(point)
        self.at_us.append(at_us)
        self.temp_centi.append(temp_centi)
        self.fault.append(Fault.FINE)

    def spoil(self, error: ReadingError) -> None:
        """Give the row added last the fault of an error."""
        row = len(self.fault) - 1
        self.fault[row] = error.fault
        self.detail[row] = printable(str(error))

    def columns(self) -> Columns:
        return Columns(
            message=np.array(self.message, dtype=np.int32),
            position=np.array(self.position, dtype=np.int32),
            point=self.point,
            at_us=np.array(self.at_us, dtype=np.int64),
            temp_centi=np.array(self.temp_centi, dtype=np.int32),
            fault=np.array(self.fault, dtype=np.uint8),
            detail=self.detail,
        )


@dataclass(slots=True)
class MeterRows:
    """Meter readings one by one: some thousand heat stations a city, so nothing faster is needed."""

    message: list[int] = field(default_factory=list)
    position: list[int] = field(default_factory=list)
    meter: list[str] = field(default_factory=list)
    at_us: list[int] = field(default_factory=list)
    quantity: list[dict[str, int]] = field(default_factory=list)
    fault_text: dict[int, str] = field(default_factory=dict)
    fault: list[int] = field(default_factory=list)
    detail: dict[int, str] = field(default_factory=dict)

    def add(self, message: int, position: int, meter: str, at_us: int, quantity: dict[str, int]) -> None:
        self.message.append(message)
        self.position.append(position)
        self.meter.append(meter)
        self.at_us.append(at_us)
        self.quantity.append(quantity)
        self.fault.append(Fault.FINE)

    def report(self, fault_text: str) -> None:
        """Keep the device's own fault report with the row added last."""
        if fault_text:
            self.fault_text[len(self.fault) - 1] = printable(fault_text)

    def spoil(self, error: ReadingError) -> None:
        row = len(self.fault) - 1
        self.fault[row] = error.fault
        self.detail[row] = printable(str(error))

    def columns(self) -> MeterColumns:
        return MeterColumns(
            message=np.array(self.message, dtype=np.int32),
            position=np.array(self.position, dtype=np.int32),
            meter=self.meter,
            at_us=np.array(self.at_us, dtype=np.int64),
            quantity={name: np.array([q.get(name, 0) for q in self.quantity], dtype=np.int64) for name in QUANTITIES},
            valid={name: np.array([name in q for q in self.quantity], dtype=np.bool_) for name in QUANTITIES},
            fault_text=self.fault_text,
            fault=np.array(self.fault, dtype=np.uint8),
            detail=self.detail,
        )


@dataclass(slots=True)
class Draft:
    """A batch while it is decoded; messages are named by their place in it."""

    gateway: list[str | None]
    """As the payload names it."""
    sequence: Ints
    sent_at_us: Ints
    undecodable: dict[int, str] = field(default_factory=dict)
    indoor: IndoorRows = field(default_factory=IndoorRows)
    indoor_columns: list[Columns] = field(default_factory=list)
    """What the fast way made."""
    meters: MeterRows = field(default_factory=MeterRows)
    status: list[Status] = field(default_factory=list)

    @classmethod
    def of(cls, messages: int) -> "Draft":
        return cls(
            gateway=[None] * messages,
            sequence=np.full(messages, NO_SEQUENCE, dtype=np.int64),
            sent_at_us=np.full(messages, ABSENT_US, dtype=np.int64),
        )

    def refuse(self, message: int, error: UndecodableError) -> None:
        self.undecodable[message] = printable(str(error))


def printable(text: str) -> str:
    """Free a text of what a database column cannot hold: NUL, and halves of surrogate pairs."""
    return text.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode("utf-8")
