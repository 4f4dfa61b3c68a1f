"""SenML packs in JSON (RFC 8428), resolved to indoor readings.

The full name (base name + name) is the point's device. Time is absolute from 2^28 s on, else relative to the instant of
receipt. Only `Cel` is a room temperature; what a room sensor measures beside it is passed over, and any other unit is
refused: a temperature in the wrong unit must not vanish.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from heatstream.ingest.columns import ABSENT_US, Fault
from heatstream.ingest.formats.draft import Arrival, Draft, ReadingError, UndecodableError
from heatstream.ingest.formats.exact import floor_centi_of
from heatstream.ingest.formats.instants import LATEST_US
from heatstream.ingest.formats.tolerant import Json, is_number, shown

_VERSION: Final = 10
_ABSOLUTE_FROM_S: Final = 2**28
_BASE: Final = frozenset({"bn", "bt", "bu", "bv", "bs", "bver"})
_BESIDE: Final = frozenset({"%RH", "%EL", "EL", "V", "lx", "Pa", "dBm", "ppm", "count", "/", "%"})
"""What room sensors measure beside the temperature. `C` and `K` are not here: coulombs are a mistaken degree."""


@dataclass(slots=True)
class _Base:
    """What the records so far have set for those that follow."""

    name: str = ""
    time_s: Fraction = Fraction(0)
    unit: str | None = None
    value: Fraction | None = None


def read_pack(pack: Json, arrival: Arrival, draft: Draft) -> None:
    """Read one pack; what is wrong with a record is said of that record, what RFC 8428 makes an error of all."""
    if not isinstance(pack, list):
        raise UndecodableError(f"SenML: saw {shown(pack)}, expected an array of records")
    for position, record in enumerate(pack):
        _check(record, position)
    base = _Base()
    for position, record in enumerate(pack):
        _advance(base, record)
        if record.keys() - _BASE and not _is_beside(base, record):
            _add(base, record, position, arrival, draft)


def _check(record: Json, position: int) -> None:
    if not isinstance(record, dict):
        raise UndecodableError(f"record {position}: saw {shown(record)}, expected an object")
    for key in record:
        if key.endswith("_"):
            raise UndecodableError(f"record {position}: field {shown(key)} must be understood (RFC 8428), and is not")
    version = record.get("bver", _VERSION)
    if not is_number(version) or version > _VERSION:
        raise UndecodableError(f"record {position}: bver is {shown(version)}, expected at most {_VERSION}")
    for key in ("bn", "bu"):
        if not isinstance(record.get(key, ""), str):
            raise UndecodableError(f"record {position}: {key} is {shown(record[key])}, expected text")
    for key in ("bt", "bv"):
        if not is_number(record.get(key, 0)):
            raise UndecodableError(f"record {position}: {key} is {shown(record[key])}, expected a number")


def _advance(base: _Base, record: dict[str, Json]) -> None:
    base.name = record.get("bn", base.name)
    base.unit = record.get("bu", base.unit)
    if "bt" in record:
        base.time_s = Fraction(record["bt"])
    if "bv" in record:
        base.value = Fraction(record["bv"])


def _is_beside(base: _Base, record: dict[str, Json]) -> bool:
    """Tell whether a record is about something else than a temperature: another quantity, or text without a unit."""
    unit = record.get("u", base.unit)
    if unit is None:
        return not record.keys().isdisjoint({"vs", "vb", "vd"})
    return isinstance(unit, str) and unit in _BESIDE


def _add(base: _Base, record: dict[str, Json], position: int, arrival: Arrival, draft: Draft) -> None:
    rows = draft.indoor
    rows.add(arrival.place, position, "", ABSENT_US, 0)
    try:
        rows.point[-1] = _name_of(base, record)
        rows.at_us[-1] = _instant_of(base, record, arrival.received_us)
        rows.temp_centi[-1] = floor_centi_of(_celsius_of(base, record))
    except ReadingError as error:
        rows.spoil(error)


def _name_of(base: _Base, record: dict[str, Json]) -> str:
    name = record.get("n", "")
    if isinstance(name, str) and base.name + name:
        return base.name + name
    raise ReadingError(Fault.UNDECODABLE, f"n: saw {shown(name)}, expected a name, or a base name before it")


def _instant_of(base: _Base, record: dict[str, Json], received_us: int) -> int:
    time = record.get("t", 0)
    if not is_number(time):
        raise ReadingError(Fault.TIME_UNREADABLE, f"t: saw {shown(time)}, expected seconds")
    seconds = base.time_s + Fraction(time)
    at_us = int(seconds * 1_000_000 // 1) + (0 if abs(seconds) >= _ABSOLUTE_FROM_S else received_us)
    if 0 <= at_us <= LATEST_US:
        return at_us
    raise ReadingError(Fault.TIME_UNREADABLE, f"t: saw {float(seconds)} s with its base, expected 1970 to 9999")


def _celsius_of(base: _Base, record: dict[str, Json]) -> Fraction:
    unit = record.get("u", base.unit)
    if unit != "Cel":
        raise ReadingError(Fault.VALUE_UNREADABLE, f"u: saw {shown(unit)}, expected Cel")
    value: Json = record.get("v", None if base.value is None else 0)
    if not is_number(value):
        raise ReadingError(Fault.VALUE_UNREADABLE, f"v: saw {shown(value)}, expected a number")
    return Fraction(value) + (base.value or 0)
