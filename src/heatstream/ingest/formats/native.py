"""The wire contract: one reading, an envelope of readings, or columns.

The fast way decodes strictly into Structs, whole lists at a time. What it turns away is read again by the tolerant way,
which alone decides what is wrong with it: the fast way never refuses anything by itself.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, compress
from typing import Any, Final, TypeAlias, TypeVar

import msgspec
import numpy as np

from heatstream.ingest.columns import ABSENT_US, NO_SEQUENCE, Columns, Fault, Ints, Kind, SmallInts, Status
from heatstream.ingest.formats import contract, tolerant
from heatstream.ingest.formats.draft import Draft, ReadingError, UndecodableError
from heatstream.ingest.formats.exact import (
    Floats,
    decimal_of,
    floor_centi,
    floor_centi_of,
    on_hundredth,
    round_whole,
    with_long_numbers,
)
from heatstream.ingest.formats.instants import TimeUnreadableError, parse_instants, read_instant
from heatstream.ingest.formats.tolerant import Json, shown

T = TypeVar("T")
Message: TypeAlias = contract.SingleReading | contract.Envelope | contract.ColumnarReadings

_REFUSALS: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_LONG_NUMBER: Final = re.compile(rb"[:,\[]\s*-?[0-9.]{16}")

METER_QUANTITIES: Final = {
    "supply_c": ("supply_centi", 100),
    "return_c": ("return_centi", 100),
    "flow_m3_h": ("flow_l_h", 1_000),
    "power_kw": ("power_w", 1_000),
    "energy_kwh": ("energy_wh", 1_000),
    "volume_m3": ("volume_l", 1_000),
    "supply_mpa": ("supply_kpa", 1_000),
    "return_mpa": ("return_kpa", 1_000),
    "outdoor_c": ("outdoor_centi", 100),
}
"""Field of the contract -> storage quantity and how many of its units are one of the field's."""


class _RawReading(msgspec.Struct, gc=False):
    temp_c: msgspec.Raw


class _RawEnvelope(msgspec.Struct, gc=False):
    readings: list[_RawReading]


class _RawColumns(msgspec.Struct, gc=False):
    temp_c: list[msgspec.Raw]


@dataclass(slots=True)
class _Flat:
    """The readings of many messages of one shape, one after the other."""

    count: Ints
    """Readings a message."""
    point: list[str]
    at: list[str]
    spread: Ints | None
    """Readings that each `at` stands for; None where each has its own."""
    temp_c: Floats


@dataclass(frozen=True, slots=True)
class _Shape:
    """One of the contract's three, with what is special to it."""

    decode: Callable[[bytes], Any]
    flatten: Callable[[Sequence[Any]], _Flat]
    number_texts: Callable[[bytes], list[bytes]]
    """The numbers of a payload as they were spelled."""


def _flatten_singles(messages: Sequence[contract.SingleReading]) -> _Flat:
    return _Flat(
        count=np.ones(len(messages), dtype=np.int64),
        point=[message.point for message in messages],
        at=[message.at for message in messages],
        spread=None,
        temp_c=np.array([message.temp_c for message in messages], dtype=np.float64),
    )


def _flatten_envelopes(messages: Sequence[contract.Envelope]) -> _Flat:
    readings = [reading for message in messages for reading in message.readings]
    return _Flat(
        count=_lengths(message.readings for message in messages),
        point=[reading.point for reading in readings],
        at=[reading.at for reading in readings],
        spread=None,
        temp_c=np.array([reading.temp_c for reading in readings], dtype=np.float64),
    )


def _flatten_columns(messages: Sequence[contract.ColumnarReadings]) -> _Flat:
    spreads = [[len(m.points)] if isinstance(m.at, str) else [1] * len(m.points) for m in messages]
    return _Flat(
        count=_lengths(message.points for message in messages),
        point=list(chain.from_iterable(message.points for message in messages)),
        at=list(chain.from_iterable([m.at] if isinstance(m.at, str) else m.at for m in messages)),
        spread=np.array(list(chain.from_iterable(spreads)), dtype=np.int64),
        temp_c=np.array(list(chain.from_iterable(message.temp_c for message in messages)), dtype=np.float64),
    )


def _lengths(lists: Iterable[Sequence[object]]) -> Ints:
    return np.array([len(each) for each in lists], dtype=np.int64)


def _whole_columns(message: contract.ColumnarReadings) -> bool:
    length = len(message.points)
    return len(message.temp_c) == length and (isinstance(message.at, str) or len(message.at) == length)


def _decode_columns(payload: bytes) -> contract.ColumnarReadings:
    message = _columnar_decoder.decode(payload)
    if not _whole_columns(message):
        raise msgspec.ValidationError
    return message


_columnar_decoder: Final = msgspec.json.Decoder(contract.ColumnarReadings)
_raw_single: Final = msgspec.json.Decoder(_RawReading)
_raw_envelope: Final = msgspec.json.Decoder(_RawEnvelope)
_raw_columns: Final = msgspec.json.Decoder(_RawColumns)

_SINGLE: Final = _Shape(
    decode=msgspec.json.Decoder(contract.SingleReading).decode,
    flatten=_flatten_singles,
    number_texts=lambda payload: [bytes(_raw_single.decode(payload).temp_c)],
)
_ENVELOPE: Final = _Shape(
    decode=msgspec.json.Decoder(contract.Envelope).decode,
    flatten=_flatten_envelopes,
    number_texts=lambda payload: [bytes(reading.temp_c) for reading in _raw_envelope.decode(payload).readings],
)
_COLUMNS: Final = _Shape(
    decode=_decode_columns,
    flatten=_flatten_columns,
    number_texts=lambda payload: [bytes(number) for number in _raw_columns.decode(payload).temp_c],
)


def decode_indoor(payloads: Sequence[bytes], places: Ints, draft: Draft) -> list[int]:
    """Decode indoor messages that stand at these places of the batch; give the places that the fast way cannot read."""
    left = np.arange(len(payloads))
    for shape in _likely_first(payloads):
        left = _decode_shape(shape, payloads, left, places, draft)
    return [*places[left].tolist()]


def _likely_first(payloads: Sequence[bytes]) -> tuple[_Shape, ...]:
    """Order the shapes by how the first payload ends: a message of the wrong shape costs a microsecond, no more."""
    in_lists = bool(payloads) and payloads[0].endswith(b"]}")
    return (_ENVELOPE, _COLUMNS, _SINGLE) if in_lists else (_SINGLE, _ENVELOPE, _COLUMNS)


def _decode_shape(shape: _Shape, payloads: Sequence[bytes], chosen: Ints, places: Ints, draft: Draft) -> Ints:
    """Decode what has this shape; give what has not."""
    mine = payloads if len(chosen) == len(payloads) else [payloads[index] for index in chosen]
    messages, failed = _try_all(shape.decode, mine)
    if not messages:
        return chosen
    fits = np.ones(len(chosen), dtype=np.bool_)
    fits[failed] = False
    _take(shape, messages, mine if not failed else list(compress(mine, fits)), places[chosen[fits]], draft)
    return chosen[~fits]


def _try_all(decode: Callable[[bytes], T], payloads: Sequence[bytes]) -> tuple[list[T], list[int]]:
    """Decode what can be decoded; give the indexes of the rest.

    `extend` keeps what came before an exception and `map` goes on behind it, so the loop over good payloads is in C.
    """
    messages: list[T] = []
    failed: list[int] = []
    decoding = map(decode, payloads)
    while len(messages) + len(failed) < len(payloads):
        try:
            messages.extend(decoding)
        except _REFUSALS:
            failed.append(len(messages) + len(failed))
    return messages, failed


def _take(shape: _Shape, messages: list[Message], payloads: Sequence[bytes], places: Ints, draft: Draft) -> None:
    flat = shape.flatten(messages)
    columns = _columns_of(flat, places)
    _mend_long_numbers(shape, payloads, flat, columns)
    draft.indoor_columns.append(columns)
    _take_heads(messages, places, draft)


def _columns_of(flat: _Flat, places: Ints) -> Columns:
    at_us, fault, detail = parse_instants(flat.at)
    if flat.spread is not None:
        at_us, fault = np.repeat(at_us, flat.spread), np.repeat(fault, flat.spread)
        detail = _spread_details(detail, flat.spread)
    return Columns(
        message=np.repeat(places.astype(np.int32), flat.count),
        position=_positions(flat.count),
        point=flat.point,
        at_us=at_us,
        temp_centi=floor_centi(flat.temp_c),
        fault=fault,
        detail={row: f"at: {text}" for row, text in detail.items()},
    )


def _positions(count: Ints) -> SmallInts:
    if int(count.max(initial=0)) <= 1:
        return np.zeros(int(count.sum()), dtype=np.int32)
    starts = np.cumsum(count) - count
    return (np.arange(int(count.sum())) - np.repeat(starts, count)).astype(np.int32)


def _spread_details(detail: dict[int, str], spread: Ints) -> dict[int, str]:
    starts = np.cumsum(spread) - spread
    return {row: text for place, text in detail.items() for row in range(starts[place], starts[place] + spread[place])}


def _take_heads(messages: list[Message], places: Ints, draft: Draft) -> None:
    sequences = [message.sequence for message in messages]
    if sequences.count(None) < len(sequences):
        sent = [NO_SEQUENCE if sequence is None else sequence for sequence in sequences]
        draft.sequence[places] = np.array(sent, dtype=np.int64)
    sent_at = [message.sent_at for message in messages]
    if sent_at.count(None) < len(sent_at):
        draft.sent_at_us[places] = parse_instants([text or "" for text in sent_at])[0]
    gateways = [message.gateway for message in messages]
    if gateways.count(None) < len(gateways):
        for place, gateway in zip(places.tolist(), gateways, strict=True):
            draft.gateway[place] = gateway


def _mend_long_numbers(shape: _Shape, payloads: Sequence[bytes], flat: _Flat, columns: Columns) -> None:
    """Read again, as decimals, the numbers that float64 may have lifted onto a hundredth: 17.9999999999999999 is below.

    Only a number of 16 digits or more can be one, and only where its float64 is a whole number of hundredths.
    """
    suspects = [index for index in with_long_numbers(payloads) if _LONG_NUMBER.search(payloads[index])]
    if not suspects:
        return
    lifted = on_hundredth(flat.temp_c)
    starts = np.cumsum(flat.count) - flat.count
    for index in suspects:
        start = int(starts[index])
        rows = start + np.flatnonzero(lifted[start : start + int(flat.count[index])])
        texts = shape.number_texts(payloads[index]) if len(rows) else []
        for row in rows:
            _mend(columns, int(row), texts[row - start].decode())


def _mend(columns: Columns, row: int, text: str) -> None:
    number = decimal_of(text)
    if number is not None:
        columns.temp_centi[row] = floor_centi_of(number)
    elif columns.fault[row] == Fault.FINE:
        columns.fault[row] = Fault.VALUE_UNREADABLE
        columns.detail[row] = f"temp_c: saw a number of {len(text)} characters, expected a measured one"


def read_indoor(message: dict[str, Json], place: int, draft: Draft) -> None:
    """Read one indoor message the tolerant way: what is wrong with a reading is said of that reading."""
    shape = _named_shape(message, "readings", "points", "point")
    _read_head(message, place, draft)
    for position, reading in enumerate(_readings_of(message, shape)):
        _add_indoor(reading, place, position, draft)


def _named_shape(message: dict[str, Json], *names: str) -> str:
    present = [name for name in names if message.get(name) is not None]
    if len(present) == 1:
        return present[0]
    seen = " and ".join(present) or f"the fields {', '.join(map(shown, list(message)[:8])) or 'none'}"
    raise UndecodableError(f"saw {seen}, expected one of {', '.join(names)}")


def _read_head(message: dict[str, Json], place: int, draft: Draft) -> None:
    sequence = tolerant.sequence_of(message)
    gateway = tolerant.text_at(message, "gateway")
    if sequence is not None:
        draft.sequence[place] = sequence
    draft.gateway[place] = gateway
    draft.sent_at_us[place] = _instant_or_absent(message.get("sent_at"))


def _instant_or_absent(text: Json) -> int:
    try:
        return ABSENT_US if text is None else read_instant(text)
    except TimeUnreadableError:
        return ABSENT_US


def _readings_of(message: dict[str, Json], shape: str) -> list[Json]:
    if shape == "points":
        return _rows_of_columns(message)
    if shape == "readings":
        return _list_at(message, "readings")
    return [message]


def _rows_of_columns(message: dict[str, Json]) -> list[Json]:
    points, temps = _list_at(message, "points"), _list_at(message, "temp_c")
    at = message.get("at")
    instants = at if isinstance(at, list) else [at] * len(points)
    if not len(points) == len(temps) == len(instants):
        seen = f"{len(points)} points, {len(instants)} at, {len(temps)} temp_c"
        raise UndecodableError(f"columns: saw {seen}, expected as many of each (or one at)")
    return [{"point": p, "at": t, "temp_c": c} for p, t, c in zip(points, instants, temps, strict=True)]


def _list_at(message: dict[str, Json], key: str) -> list[Json]:
    value = message.get(key)
    if isinstance(value, list):
        return value
    raise UndecodableError(f"{key}: saw {shown(value)}, expected an array")


def _add_indoor(reading: Json, place: int, position: int, draft: Draft) -> None:
    draft.indoor.add(place, position, "", ABSENT_US, 0)
    rows = draft.indoor
    try:
        rows.point[-1] = _device_of(reading, "point")
        rows.at_us[-1] = _instant_of(reading)
        rows.temp_centi[-1] = floor_centi_of(tolerant.number_of(reading.get("temp_c"), "temp_c"))
    except ReadingError as error:
        rows.spoil(error)


def _device_of(reading: Json, key: str) -> str:
    device = reading.get(key) if isinstance(reading, dict) else None
    if isinstance(device, str):
        return device
    where, seen = (key, device) if isinstance(reading, dict) else ("reading", reading)
    raise ReadingError(Fault.UNDECODABLE, f"{where}: saw {shown(seen)}, expected a device's name as text")


def _instant_of(reading: dict[str, Json]) -> int:
    try:
        return read_instant(reading.get("at"))
    except TimeUnreadableError as error:
        raise ReadingError(error.fault, f"at: {error}") from None


def read_meters(message: dict[str, Json], place: int, draft: Draft) -> None:
    """Read one meter message; there is no other way for them."""
    shape = _named_shape(message, "readings", "meter")
    _read_head(message, place, draft)
    for position, reading in enumerate(_readings_of(message, shape)):
        _add_meter(reading, place, position, draft)


def _add_meter(reading: Json, place: int, position: int, draft: Draft) -> None:
    draft.meters.add(place, position, "", ABSENT_US, {})
    rows = draft.meters
    try:
        rows.meter[-1] = _device_of(reading, "meter")
        rows.at_us[-1] = _instant_of(reading)
        rows.quantity[-1] = _quantities_of(reading)
        rows.report(_fault_of(reading))
    except ReadingError as error:
        rows.spoil(error)


def _quantities_of(reading: dict[str, Json]) -> dict[str, int]:
    sent = {field: reading[field] for field in METER_QUANTITIES if reading.get(field) is not None}
    return {METER_QUANTITIES[field][0]: _quantity_of(field, value) for field, value in sent.items()}


def _quantity_of(field: str, value: Json) -> int:
    number = tolerant.number_of(value, field)
    quantity, scale = METER_QUANTITIES[field]
    return floor_centi_of(number) if quantity.endswith("_centi") else round_whole(Fraction(number) * scale)


def _fault_of(reading: dict[str, Json]) -> str:
    fault = reading.get("fault")
    if fault is None or isinstance(fault, str):
        return fault or ""
    if isinstance(fault, int) and not isinstance(fault, bool):
        return str(fault)
    raise ReadingError(Fault.VALUE_UNREADABLE, f"fault: saw {shown(fault)}, expected text or a whole number")


def read_status(message: dict[str, Json], place: int, draft: Draft) -> None:
    """Read a gateway's own report."""
    state = message.get("state")
    if state not in ("online", "offline"):  # a tuple: a list or an object as state has no hash
        raise UndecodableError(f"state: saw {shown(state)}, expected online or offline")
    draft.gateway[place] = tolerant.text_at(message, "gateway")
    draft.status.append(Status(place, state, _instant_or_absent(message.get("at"))))


READERS: Final = {Kind.INDOOR: read_indoor, Kind.METERS: read_meters, Kind.STATUS: read_status}
"""The tolerant way, by what the topic says a message carries."""
