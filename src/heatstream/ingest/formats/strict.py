"""The wire contract's indoor messages, fast: whole lists of payloads into Structs, and from these into columns.

Strict in what it takes, and it refuses nothing: a payload that it cannot read is handed back, to be read tolerantly.
"""

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain, compress
from typing import Any, Final, TypeVar, cast

import msgspec
import numpy as np

from heatstream.ingest.columns import NO_SEQUENCE, Columns, Fault, Ints, SmallInts
from heatstream.ingest.formats import contract
from heatstream.ingest.formats.draft import Draft
from heatstream.ingest.formats.exact import (
    Floats,
    decimal_of,
    floor_centi,
    floor_centi_of,
    on_hundredth,
    with_long_numbers,
)
from heatstream.ingest.formats.instants import parse_instants

T = TypeVar("T")

_REFUSALS: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_CHUNK_BYTES: Final = 1 << 16
"""Structs are made and dropped by chunks: as many as a batch holds would cost more in page faults than in decoding."""


class _RawReading(msgspec.Struct, gc=False):
    temp_c: msgspec.Raw


class _RawEnvelope(msgspec.Struct, gc=False):
    readings: list[_RawReading]


class _RawColumns(msgspec.Struct, gc=False):
    temp_c: list[msgspec.Raw]


@dataclass(slots=True)
class _Flat:
    """The readings of many messages of one shape, one after the other, and the messages' heads."""

    count: "array[int]" = field(default_factory=lambda: array("q"))
    """Readings a message."""
    point: list[str] = field(default_factory=list)
    at: list[str] = field(default_factory=list)
    spread: "array[int]" = field(default_factory=lambda: array("q"))
    """Readings that each `at` stands for; empty where each has its own."""
    temp_c: "array[float]" = field(default_factory=lambda: array("d"))
    gateway: list[str | None] = field(default_factory=list)
    sequence: list[int | None] = field(default_factory=list)
    sent_at: list[str | None] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Shape:
    """One of the contract's three, with what is special to it."""

    decode: Callable[[bytes], Any]
    flatten: Callable[[Sequence[Any], _Flat], None]
    """Adds the readings of decoded messages to those of the messages before."""
    number_texts: Callable[[bytes], list[bytes]]
    """The numbers of a payload as they were spelled."""


def _flatten_singles(messages: Sequence[contract.SingleReading], flat: _Flat) -> None:
    flat.count.extend([1] * len(messages))
    flat.point += [message.point for message in messages]
    flat.at += [message.at for message in messages]
    flat.temp_c.extend([message.temp_c for message in messages])


def _flatten_envelopes(messages: Sequence[contract.Envelope], flat: _Flat) -> None:
    readings = [reading for message in messages for reading in message.readings]
    flat.count.extend([len(message.readings) for message in messages])
    flat.point += [reading.point for reading in readings]
    flat.at += [reading.at for reading in readings]
    flat.temp_c.extend([reading.temp_c for reading in readings])


def _flatten_columns(messages: Sequence[contract.ColumnarReadings], flat: _Flat) -> None:
    flat.count.extend([len(message.points) for message in messages])
    flat.point += chain.from_iterable(message.points for message in messages)
    flat.at += chain.from_iterable([m.at] if isinstance(m.at, str) else m.at for m in messages)
    spreads = ([len(m.points)] if isinstance(m.at, str) else [1] * len(m.points) for m in messages)
    flat.spread.extend(chain.from_iterable(spreads))
    flat.temp_c.extend(chain.from_iterable(message.temp_c for message in messages))


def _decode_columns(payload: bytes) -> contract.ColumnarReadings:
    message = _columnar_decoder.decode(payload)
    length = len(message.points)
    if len(message.temp_c) != length or not (isinstance(message.at, str) or len(message.at) == length):
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
    flat, failed = _decode_chunks(shape, mine)
    if not flat.count:
        return chosen
    fits = np.ones(len(chosen), dtype=np.bool_)
    fits[failed] = False
    fitting = list(compress(mine, fits)) if failed else mine
    columns = _columns_of(flat, places[chosen[fits]])
    _mend_long_numbers(shape, fitting, flat, columns)
    draft.indoor_columns.append(columns)
    _take_heads(flat, places[chosen[fits]], draft)
    return chosen[~fits]


def _decode_chunks(shape: _Shape, payloads: Sequence[bytes]) -> tuple[_Flat, list[int]]:
    flat, failed = _Flat(), list[int]()
    step = 1 + _CHUNK_BYTES // max(1, len(payloads[0])) if payloads else 1
    for start in range(0, len(payloads), step):
        messages, unfit = _try_all(shape.decode, payloads[start : start + step])
        failed += [start + index for index in unfit]
        shape.flatten(messages, flat)
        flat.gateway += [message.gateway for message in messages]
        flat.sequence += [message.sequence for message in messages]
        flat.sent_at += [message.sent_at for message in messages]
    return flat, failed


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


def _columns_of(flat: _Flat, places: Ints) -> Columns:
    at_us, fault, detail = parse_instants(flat.at)
    if flat.spread:
        spread = _ints(flat.spread)
        at_us, fault, detail = np.repeat(at_us, spread), np.repeat(fault, spread), _spread_details(detail, spread)
    count = _ints(flat.count)
    return Columns(
        message=np.repeat(places.astype(np.int32), count),
        position=_positions(count),
        point=flat.point,
        at_us=at_us,
        temp_centi=floor_centi(_floats(flat.temp_c)),
        fault=fault,
        detail={row: f"at: {text}" for row, text in detail.items()},
    )


def _ints(numbers: "array[int]") -> Ints:
    return np.frombuffer(numbers, dtype=np.int64)


def _floats(numbers: "array[float]") -> Floats:
    return np.frombuffer(numbers, dtype=np.float64)


def _positions(count: Ints) -> SmallInts:
    starts = np.cumsum(count) - count
    return (np.arange(int(count.sum())) - np.repeat(starts, count)).astype(np.int32)


def _spread_details(detail: dict[int, str], spread: Ints) -> dict[int, str]:
    starts = np.cumsum(spread) - spread
    return {row: text for place, text in detail.items() for row in range(starts[place], starts[place] + spread[place])}


def _take_heads(flat: _Flat, places: Ints, draft: Draft) -> None:
    """Take what the heads hold; most batches hold all of a field or nothing of it."""
    if (absent := flat.sequence.count(None)) < len(places):
        sent = [number or NO_SEQUENCE for number in flat.sequence] if absent else flat.sequence
        draft.sequence[places] = np.array(sent, dtype=np.int64)
    if (absent := flat.sent_at.count(None)) < len(places):
        texts = [text or "" for text in flat.sent_at] if absent else cast(list[str], flat.sent_at)
        draft.sent_at_us[places] = parse_instants(texts)[0]
    if flat.gateway.count(None) < len(places):
        _take_gateways(flat.gateway, places, draft)


def _take_gateways(gateways: list[str | None], places: Ints, draft: Draft) -> None:
    if len(gateways) == len(draft.gateway):
        draft.gateway[:] = gateways
        return
    for place, gateway in zip(places.tolist(), gateways, strict=True):
        draft.gateway[place] = gateway


def _mend_long_numbers(shape: _Shape, payloads: Sequence[bytes], flat: _Flat, columns: Columns) -> None:
    """Read again, as decimals, the numbers that float64 may have lifted onto a hundredth: 17.9999999999999999 is below.

    Only a number of 16 digits or more can be one, and only where its float64 is a whole number of hundredths.
    """
    suspects = with_long_numbers(payloads)
    if not suspects:
        return
    lifted = on_hundredth(_floats(flat.temp_c))
    ends = np.cumsum(_ints(flat.count))
    for index in suspects:
        start, stop = int(ends[index]) - flat.count[index], int(ends[index])
        rows = (start + np.flatnonzero(lifted[start:stop])).tolist()
        texts = shape.number_texts(payloads[index]) if rows else []
        for row in rows:
            _mend(columns, row, texts[row - start].decode())


def _mend(columns: Columns, row: int, text: str) -> None:
    number = decimal_of(text)
    if number is not None:
        columns.temp_centi[row] = floor_centi_of(number)
    elif columns.fault[row] == Fault.FINE:
        columns.fault[row] = Fault.VALUE_UNREADABLE
        columns.detail[row] = f"temp_c: saw a number of {len(text)} characters, expected a measured one"
