"""From a batch of messages to columns: each message to the decoder that its topic names, all rows in message order."""

from collections.abc import Callable, Iterable, Sequence
from itertools import compress
from typing import Final, cast

import numpy as np

from heatstream.ingest.columns import Columns, Decoded, Ints, Kind, Mask, MeterColumns, Received, Route, Way
from heatstream.ingest.formats import mapped, native, senml, strict, tolerant
from heatstream.ingest.formats.draft import Arrival, Draft, UndecodableError
from heatstream.ingest.profiles import NATIVE, SENML
from heatstream.ingest.topics import Subscriptions

_INDOOR: Final = (NATIVE, Kind.INDOOR)


class Decoder:
    """Decodes batches; made once, because it holds the profiles and remembers the topics."""

    def __init__(self, subscriptions: Subscriptions) -> None:
        self._subscriptions = subscriptions

    def decode(self, batch: Received) -> Decoded:
        """Decode a batch; whatever a payload holds, nothing is raised and no message is left out."""
        routes = self._subscriptions.routes(batch.topic)
        draft = Draft.of(len(batch))
        for way, places in _by_way(routes):
            self._read(way, places, batch, draft)
        gateways = _settle_gateways(routes, draft)
        return _assemble(routes, gateways, draft)

    def _read(self, way: Way | None, places: Ints, batch: Received, draft: Draft) -> None:
        if way is None:
            for place in places.tolist():
                draft.refuse(place, UndecodableError(self._subscriptions.why_not(batch.topic[place])))
            return
        slowly = places.tolist()
        if (way.profile, way.kind) == _INDOOR:
            payloads = batch.payload if len(places) == len(batch) else [batch.payload[place] for place in places]
            slowly = strict.decode_indoor(payloads, places, draft)
        read = self._reader(way, batch, draft)
        for place in slowly:
            try:
                read(place)
            except UndecodableError as error:
                draft.refuse(place, error)

    def _reader(self, way: Way, batch: Received, draft: Draft) -> Callable[[int], None]:
        """Choose the tolerant reader of a way; it reads the message at a place of the batch into the draft."""
        if way.profile == NATIVE:
            return lambda place: _read_native(way.kind, batch, place, draft)
        if way.profile == SENML:
            return lambda place: _read_senml(batch, place, draft)
        return lambda place: self._read_mapped(way, batch, place, draft)

    def _read_mapped(self, way: Way, batch: Received, place: int, draft: Draft) -> None:
        profile = self._subscriptions.profiles[way.profile]
        message = mapped.load(profile, batch.payload[place])
        if way.gateway_path is not None:
            draft.gateway[place] = mapped.read_gateway(message, way.gateway_path)
        mapped.read_mapped(profile, message, _arrival(batch, place), draft)


def _arrival(batch: Received, place: int) -> Arrival:
    return Arrival(place, batch.topic[place], int(batch.received_us[place]))


def _read_native(kind: Kind, batch: Received, place: int, draft: Draft) -> None:
    message = tolerant.load(batch.payload[place])
    if isinstance(message, list) and kind is Kind.INDOOR:
        senml.read_pack(message, _arrival(batch, place), draft)
    elif isinstance(message, dict):
        native.READERS[kind](message, place, draft)
    else:
        raise UndecodableError(f"saw {tolerant.shown(message)}, expected an object")


def _read_senml(batch: Received, place: int, draft: Draft) -> None:
    senml.read_pack(tolerant.load(batch.payload[place]), _arrival(batch, place), draft)


def _by_way(routes: Sequence[Route | None]) -> Iterable[tuple[Way | None, Ints]]:
    """Group the places of a batch by their decoder; mostly there is one."""
    ways = [route and route.way for route in routes]
    if ways and ways.count(ways[0]) == len(ways):
        yield ways[0], np.arange(len(ways))
        return
    for way in dict.fromkeys(ways):
        yield way, np.array([place for place, each in enumerate(ways) if each == way], dtype=np.int64)


def _settle_gateways(routes: Sequence[Route | None], draft: Draft) -> list[str]:
    """Name each message's gateway; refuse a message whose payload names another than its topic, or none at all."""
    from_topic = [route and route.gateway for route in routes]
    if draft.gateway != from_topic or None in from_topic:
        for place, (by_topic, by_payload) in enumerate(zip(from_topic, draft.gateway, strict=True)):
            if not by_topic or (by_payload is not None and by_payload != by_topic):
                _settle_gateway(place, from_topic, draft)
    return cast(list[str], from_topic)


def _settle_gateway(place: int, from_topic: list[str | None], draft: Draft) -> None:
    by_topic, by_payload = from_topic[place], draft.gateway[place]
    from_topic[place] = by_topic or by_payload or ""
    if place in draft.undecodable:
        return
    if by_topic:
        error = f"gateway: payload says {by_payload!r}, topic says {by_topic!r}; expected the same"
        draft.refuse(place, UndecodableError(error))
    elif not by_payload:
        draft.refuse(place, UndecodableError("gateway: saw none, expected one in the payload"))


def _assemble(routes: list[Route | None], gateways: list[str], draft: Draft) -> Decoded:
    refused = np.zeros(len(routes), dtype=np.bool_)
    refused[list(draft.undecodable)] = True
    indoor = _in_order([*draft.indoor_columns, draft.indoor.columns()])
    meters = draft.meters.columns()
    return Decoded(
        route=routes,
        gateway=gateways,
        sequence=draft.sequence,
        sent_at_us=draft.sent_at_us,
        undecodable=draft.undecodable,
        indoor=_keep(indoor, ~refused[indoor.message]) if draft.undecodable else indoor,
        meters=_keep_meters(meters, ~refused[meters.message]) if draft.undecodable else meters,
        status=[status for status in draft.status if not refused[status.message]],
    )


def _in_order(parts: Sequence[Columns]) -> Columns:
    """Join the parts and put their rows in message order; a message stands in one part only."""
    filled = [part for part in parts if len(part)]
    if len(filled) <= 1:
        return filled[0] if filled else parts[-1]
    joined = _join(filled)
    return _pick(joined, np.argsort(joined.message, kind="stable"))


def _join(parts: Sequence[Columns]) -> Columns:
    starts = np.cumsum([0, *map(len, parts)]).tolist()
    return Columns(
        message=np.concatenate([part.message for part in parts]),
        position=np.concatenate([part.position for part in parts]),
        point=[point for part in parts for point in part.point],
        at_us=np.concatenate([part.at_us for part in parts]),
        temp_centi=np.concatenate([part.temp_centi for part in parts]),
        fault=np.concatenate([part.fault for part in parts]),
        detail={
            start + row: text for start, part in zip(starts, parts, strict=False) for row, text in part.detail.items()
        },
    )


def _pick(columns: Columns, rows: Ints) -> Columns:
    return Columns(
        message=columns.message[rows],
        position=columns.position[rows],
        point=[columns.point[row] for row in rows.tolist()],
        at_us=columns.at_us[rows],
        temp_centi=columns.temp_centi[rows],
        fault=columns.fault[rows],
        detail=_moved(columns.detail, rows),
    )


def _moved(texts: dict[int, str], rows: Ints) -> dict[int, str]:
    """Give the texts their rows' new numbers."""
    if not texts:
        return {}
    return {new: texts[old] for new, old in enumerate(rows.tolist()) if old in texts}


def _keep(columns: Columns, kept: Mask) -> Columns:
    return columns if kept.all() else _pick(columns, np.flatnonzero(kept))


def _keep_meters(columns: MeterColumns, kept: Mask) -> MeterColumns:
    if kept.all():
        return columns
    rows = np.flatnonzero(kept)
    return MeterColumns(
        message=columns.message[rows],
        position=columns.position[rows],
        meter=list(compress(columns.meter, kept)),
        at_us=columns.at_us[rows],
        quantity={name: values[rows] for name, values in columns.quantity.items()},
        valid={name: valid[rows] for name, valid in columns.valid.items()},
        fault_text=_moved(columns.fault_text, rows),
        fault=columns.fault[rows],
        detail=_moved(columns.detail, rows),
    )
