"""Foreign payloads, read as their mapping profile says, in exact rationals."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Final

from heatstream.ingest.columns import ABSENT_US, Fault, Kind
from heatstream.ingest.formats import tolerant
from heatstream.ingest.formats.draft import Arrival, Draft, ReadingError, UndecodableError
from heatstream.ingest.formats.exact import decimal_of, floor_centi_of, round_whole
from heatstream.ingest.formats.instants import LATEST_US, TimeUnreadableError, micros, read_instant
from heatstream.ingest.formats.mapping import (
    EPOCHS,
    QUANTITY_OF,
    RFC3339,
    UNITS,
    Form,
    Measured,
    ObservedTime,
    Path,
    Profile,
    Scalar,
    Start,
    zone_of,
)
from heatstream.ingest.formats.tolerant import Json, is_number, shown

_NUMBER_AND_UNIT: Final = re.compile(r"\s*([+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*(.*?)\s*", re.ASCII | re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One reading of a message, with what stands around it."""

    message: Json
    enclosing: Json
    own: Json
    position: int
    arrival: Arrival

    def at(self, path: Path) -> Json:
        """Follow a path; None where it leads nowhere."""
        starts = {Start.ENTRY: self.own, Start.MESSAGE: self.message, Start.ENCLOSING: self.enclosing}
        return follow(starts[path.start], path.fields)

    def level(self, level: int) -> str | None:
        levels = self.arrival.topic.split("/")
        return levels[level] if level < len(levels) else None


def follow(start: Json, fields: tuple[str, ...]) -> Json:
    """Go from a field to the next; None where there is none."""
    for field in fields:
        if not isinstance(start, dict):
            return None
        start = start.get(field)
    return start


def load(profile: Profile, payload: bytes) -> Json:
    """Read the payload in the form that its profile names."""
    return tolerant.load(payload) if profile.form is Form.JSON else _load_pairs(profile, payload)


def _load_pairs(profile: Profile, payload: bytes) -> dict[str, str]:
    text = payload.decode("utf-8", "replace").rstrip("\0\r\n ")
    pairs = [pair.partition(profile.equals) for pair in text.split(profile.separator) if pair.strip()]
    if not pairs or not all(key and equals for key, equals, _ in pairs):
        raise UndecodableError(f"saw {shown(text)}, expected key{profile.equals}value{profile.separator}…")
    return {key.strip(): value for key, _, value in pairs}


def read_mapped(profile: Profile, message: Json, arrival: Arrival, draft: Draft) -> None:
    """Read one message; what is wrong with an entry is said of that entry."""
    entries = list(_entries(message, profile.each))
    if profile.each is not None and [own for _, own in entries] == [None]:
        raise UndecodableError(f"{profile.each}: saw nothing there, expected an array of readings")
    add = _add_indoor if profile.kind is Kind.INDOOR else _add_meter
    for position, (enclosing, own) in enumerate(entries):
        add(profile, _Entry(message, enclosing, own, position, arrival), draft)


def read_gateway(message: Json, path: str) -> str:
    """Find the gateway's name where the subscription says it stands."""
    name = _name(follow(message, Path.read(path).fields))
    if name is None:
        raise UndecodableError(f"{path}: saw no name, expected the gateway's")
    return name


def _entries(message: Json, each: Path | None) -> Iterator[tuple[Json, Json]]:
    """Open every list on the way; give each entry with the one that encloses it."""
    level = [(message, message, message)]
    for field in each.fields if each else ():
        found = [(enclosing, owner, follow(node, (field,))) for enclosing, owner, node in level]
        level = [opened for triple in found for opened in _opened(*triple)]
    return ((enclosing, node) for enclosing, _, node in level)


def _opened(enclosing: Json, owner: Json, node: Json) -> list[tuple[Json, Json, Json]]:
    return [(owner, entry, entry) for entry in node] if isinstance(node, list) else [(enclosing, owner, node)]


def _add_indoor(profile: Profile, entry: _Entry, draft: Draft) -> None:
    rows = draft.indoor
    rows.add(entry.arrival.place, entry.position, "", ABSENT_US, 0)
    try:
        rows.point[-1] = _device_of(profile, entry)
        rows.at_us[-1] = _instant_of(profile.at, entry)
        rows.temp_centi[-1] = floor_centi_of(_temp_of(profile, entry))
    except ReadingError as error:
        rows.spoil(error)


def _add_meter(profile: Profile, entry: _Entry, draft: Draft) -> None:
    rows = draft.meters
    rows.add(entry.arrival.place, entry.position, "", ABSENT_US, {})
    try:
        rows.meter[-1] = _device_of(profile, entry)
        rows.at_us[-1] = _instant_of(profile.at, entry)
        rows.quantity[-1] = _quantities_of(profile, entry)
        rows.report(_fault_of(profile, entry))
    except ReadingError as error:
        rows.spoil(error)


def _device_of(profile: Profile, entry: _Entry) -> str:
    device = profile.device
    if device.constant is not None:
        return device.constant
    seen = entry.at(device.path) if device.path else entry.level(device.topic_level or 0)
    name = _name(seen)
    if name is None:
        where = device.path or f"topic level {device.topic_level}"
        raise ReadingError(Fault.UNDECODABLE, f"{where}: saw {shown(seen)}, expected a device's name")
    return name


def _name(seen: Json) -> str | None:
    """Take text or a whole number: some devices send their serial number as one."""
    if isinstance(seen, int) and not isinstance(seen, bool):
        return str(seen)
    return seen if isinstance(seen, str) and seen else None


def _instant_of(time: ObservedTime, entry: _Entry) -> int:
    if time.received:
        return entry.arrival.received_us
    seen = entry.at(time.path) if time.path else entry.level(time.topic_level or 0)
    try:
        return _read_time(time, seen)
    except TimeUnreadableError as error:
        where = time.path or f"topic level {time.topic_level}"
        raise ReadingError(error.fault, f"{where}: {error}") from None


def _read_time(time: ObservedTime, seen: Json) -> int:
    if time.format == RFC3339:
        return read_instant(seen)
    if time.format in EPOCHS:
        return _read_epoch(seen, EPOCHS[time.format])
    return _read_pattern(time, str(seen) if isinstance(seen, int) and not isinstance(seen, bool) else seen)


def _read_epoch(seen: Json, unit_us: int) -> int:
    number: Json = decimal_of(seen) if isinstance(seen, str) else seen
    if is_number(number):
        at_us = int(Fraction(number) * unit_us // 1)
        if 0 <= at_us <= LATEST_US:
            return at_us
    raise TimeUnreadableError(Fault.TIME_UNREADABLE, shown(seen), "time since 1970, up to the year 9999")


def _read_pattern(time: ObservedTime, seen: Json) -> int:
    try:
        moment = datetime.strptime(seen, time.format)  # noqa: DTZ007 the profile declares the zone
    except (TypeError, ValueError):
        raise TimeUnreadableError(Fault.TIME_UNREADABLE, seen, f"a time like {time.format}") from None
    if not _spelled_alike(moment, time.format, seen):
        raise TimeUnreadableError(Fault.TIME_UNREADABLE, seen, f"a time like {time.format}, every digit there")
    return micros(moment if moment.tzinfo else moment.replace(tzinfo=zone_of(time.zone or "")))


def _spelled_alike(moment: datetime, pattern: str, seen: str) -> bool:
    """Refuse what strptime guesses: without this `2025619…` would lend a digit of the day to the month."""
    before = re.split("%f|%z", pattern)[0]
    return seen.startswith(moment.strftime(before))


def _temp_of(profile: Profile, entry: _Entry) -> Fraction:
    measured = profile.quantities["temp"]
    value = _value_of("temp", measured, profile.form, entry)
    if value is None:
        seen = shown(entry.at(measured.path))
        raise ReadingError(Fault.VALUE_UNREADABLE, f"{measured.path}: saw {seen}, which stands for no value")
    return value


def _quantities_of(profile: Profile, entry: _Entry) -> dict[str, int]:
    values = {name: _value_of(name, measured, profile.form, entry) for name, measured in profile.quantities.items()}
    return {QUANTITY_OF[name]: _stored(QUANTITY_OF[name], value) for name, value in values.items() if value is not None}


def _stored(quantity: str, value: Fraction) -> int:
    return floor_centi_of(value) if quantity.endswith("_centi") else round_whole(value)


def _value_of(name: str, measured: Measured, form: Form, entry: _Entry) -> Fraction | None:
    """Read one value in °C or in its storage unit; None where the device says that there is none."""
    seen = entry.at(measured.path)
    if seen is None or _stands_in(seen, measured.missing):
        return None
    as_text = measured.as_text or measured.unit_in_value is not None or form is Form.PAIRS
    number, unit_seen = _from_text(measured, seen) if as_text else (tolerant.number_of(seen, str(measured.path)), "")
    factor, offset = _conversion(name, _unit_of(measured, unit_seen, entry))
    return Fraction(number) * measured.scale * factor + offset


def _stands_in(seen: Json, marks: tuple[Scalar, ...]) -> bool:
    """Compare numbers as numbers, also when sent as text: 127, 127.0 and "127" are one mark."""
    number = decimal_of(seen) if isinstance(seen, str) else seen
    return any(seen == mark or (is_number(number) and number == _mark_number(mark)) for mark in marks)


def _mark_number(mark: Scalar) -> Decimal | None:
    return decimal_of(str(mark))


def _from_text(measured: Measured, seen: Json) -> tuple[Decimal, str]:
    match = _NUMBER_AND_UNIT.fullmatch(seen) if isinstance(seen, str) else None
    number = decimal_of(match[1]) if match else None
    if match is None or number is None or (match[2] and not measured.unit_in_value):
        wanted = "number and unit" if measured.unit_in_value else "a number"
        raise ReadingError(Fault.VALUE_UNREADABLE, f"{measured.path}: saw {shown(seen)}, expected {wanted} as text")
    return number, match[2]


def _unit_of(measured: Measured, unit_seen: str, entry: _Entry) -> Json:
    if measured.unit is not None:
        return measured.unit
    return entry.at(measured.unit_path) if measured.unit_path else unit_seen


def _conversion(name: str, unit: Json) -> tuple[Fraction, Fraction]:
    known = UNITS[name]
    if isinstance(unit, str) and unit in known:
        return known[unit]
    raise ReadingError(Fault.VALUE_UNREADABLE, f"{name}: unit is {shown(unit)}, expected one of {', '.join(known)}")


def _fault_of(profile: Profile, entry: _Entry) -> str:
    if profile.fault is None:
        return ""
    seen = entry.at(profile.fault.path)
    if seen is None or _stands_in(seen, profile.fault.fine):
        return ""
    return seen if isinstance(seen, str) else shown(seen)
