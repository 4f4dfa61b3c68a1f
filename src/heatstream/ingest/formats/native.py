"""The wire contract, message by message: what is wrong with a reading is said of that reading.

Meter and status messages are read here only. Indoor messages come here when the strict way turned them away; this way
alone decides what is wrong with them.
"""

from typing import Final

from heatstream.ingest.columns import ABSENT_US, Fault, Kind, Status
from heatstream.ingest.formats import tolerant
from heatstream.ingest.formats.draft import Draft, ReadingError, UndecodableError
from heatstream.ingest.formats.exact import floor_centi_of, round_whole
from heatstream.ingest.formats.instants import TimeUnreadableError, read_instant
from heatstream.ingest.formats.tolerant import Json, shown

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


def read_indoor(message: dict[str, Json], place: int, draft: Draft) -> None:
    """Read one indoor message."""
    _read_head(message, place, draft)
    shape = _named_shape(message, "readings", "points", "point")
    for position, reading in enumerate(_readings_of(message, shape)):
        _add_indoor(reading, place, position, draft)


def _named_shape(message: dict[str, Json], *names: str) -> str:
    present = [name for name in names if message.get(name) is not None]
    if len(present) == 1:
        return present[0]
    seen = " and ".join(present) or f"the fields {', '.join(map(shown, list(message)[:8])) or 'none'}"
    raise UndecodableError(f"saw {seen}, expected one of {', '.join(names)}")


def _read_head(message: dict[str, Json], place: int, draft: Draft) -> None:
    """Read the sequence before all else: a message that is refused for anything behind it still moves the receipt."""
    sequence = tolerant.sequence_of(message)
    if sequence is not None:
        draft.sequence[place] = sequence
    draft.gateway[place] = tolerant.text_at(message, "gateway")
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
    _read_head(message, place, draft)
    shape = _named_shape(message, "readings", "meter")
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
    return floor_centi_of(number) if quantity.endswith("_centi") else round_whole(number, scale)


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
"""By what the topic says a message carries."""
