"""Stored readings as text: in a bundle, and where they are frozen before retention deletes them."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple, Self

from heatstream.core.calendar import DAY_US, OFFSET_US

EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICROSECOND: Final = dt.timedelta(microseconds=1)
NOTHING: Final = ""


def micros(instant: dt.datetime) -> int:
    """Count the µs since 1970-01-01T00:00Z."""
    return (instant - EPOCH) // MICROSECOND


class Stored(NamedTuple):
    """One reading as it is stored."""

    point_id: int
    observed_us: int
    temp_centi: int
    received_us: int
    gateway_us: int | None
    flags: int
    batch: int

    @classmethod
    def of(cls, row: Sequence[Any]) -> Self:
        """Take a row of `dossier.readings`."""
        point_id, observed, temp_centi, received, gateway, flags, batch = row
        sent = None if gateway is None else micros(gateway)
        return cls(point_id, micros(observed), temp_centi, micros(received), sent, flags, batch)

    def line(self, first: int = 0) -> str:
        """Write the fields from `first` on, as a line of CSV."""
        return ",".join(NOTHING if field is None else str(field) for field in self[first:])

    @classmethod
    def read(cls, line: str) -> Self:
        """Read a whole line."""
        point_id, observed, temp_centi, received, gateway, flags, batch = line.split(",")
        sent = None if gateway == NOTHING else int(gateway)
        return cls(int(point_id), int(observed), int(temp_centi), int(received), sent, int(flags), int(batch))


def local_day(reading: Stored) -> int:
    """Find the local day that a reading is of [days since 1970-01-01]."""
    return (reading.observed_us + OFFSET_US) // DAY_US


HEADER: Final = ",".join(Stored._fields[1:])


def of_a_point(readings: Iterable[Stored]) -> bytes:
    """Write one point's readings, rising, as a bundle holds them."""
    return "".join(f"{line}\n" for line in (HEADER, *(each.line(1) for each in readings))).encode()


def frozen(readings: Iterable[Stored]) -> bytes:
    """Write the readings of a household's points, as `frozen_evidence` holds them."""
    return "".join(f"{each.line()}\n" for each in sorted(readings)).encode()


def thawed(content: bytes) -> list[Stored]:
    """Read what `frozen` wrote."""
    return [Stored.read(line) for line in content.decode().splitlines()]


def joined(*sources: Iterable[Stored]) -> list[Stored]:
    """Put sources together, by point and instant; of one instant the first source stands, as it was frozen."""
    found = {(each.point_id, each.observed_us): each for source in reversed(sources) for each in source}
    return [found[key] for key in sorted(found)]
