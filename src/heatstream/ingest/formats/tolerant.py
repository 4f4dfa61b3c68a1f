"""JSON as devices really send it, for the messages that the strict way turned away.

Numbers stay exact (Decimal), what is no JSON number but looks like one (`NaN`) stands as `Odd`, invalid UTF-8 becomes
U+FFFD: so that one spoilt reading leaves the others of its message readable.
"""

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, TypeAlias, TypeGuard

from heatstream.ingest.columns import WHOLE_MAX, Fault
from heatstream.ingest.formats.draft import ReadingError, UndecodableError
from heatstream.ingest.formats.exact import decimal_of

Json: TypeAlias = Any

_SEEN_CHARS: Final = 80
_INT_DIGITS: Final = 18


@dataclass(frozen=True, slots=True)
class Odd:
    """A token that stands where a number should, and is none that can be used."""

    text: str


def _number(text: str) -> Decimal | Odd:
    number = decimal_of(text)
    return Odd(text) if number is None else number


def _whole(text: str) -> int | Decimal | Odd:
    return int(text) if len(text) <= _INT_DIGITS else _number(text)


def load(payload: bytes) -> Json:
    """Read JSON; raise UndecodableError where there is none. Of repeated keys the last stands."""
    text = payload.decode("utf-8-sig", "replace")
    try:
        return json.loads(text, parse_float=_number, parse_int=_whole, parse_constant=Odd)
    except json.JSONDecodeError as error:
        seen = shown(text[max(0, error.pos - 10) : error.pos + 10])
        raise UndecodableError(f"no JSON at character {error.pos}: {error.msg}, near {seen}") from None
    except RecursionError:
        raise UndecodableError("JSON nested too deeply, expected at most a few levels") from None


def shown(value: Json) -> str:
    """Spell a value for a detail, short, as it stood in the message."""
    if isinstance(value, Odd | Decimal):
        spelled = value.text if isinstance(value, Odd) else str(value)
    elif isinstance(value, dict | list):
        spelled = f"{'an object' if isinstance(value, dict) else 'an array'} of {len(value)}"
    else:
        spelled = json.dumps(value, ensure_ascii=False)
    return spelled if len(spelled) <= _SEEN_CHARS else spelled[:_SEEN_CHARS] + "…"


def is_number(value: Json) -> TypeGuard[int | Decimal]:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def number_of(value: Json, where: str) -> int | Decimal:
    """Take a number; raise ReadingError for everything else: text, truth values, `NaN`, null."""
    if is_number(value):
        return value
    raise ReadingError(Fault.VALUE_UNREADABLE, f"{where}: saw {shown(value)}, expected a number")


def text_at(message: dict[str, Json], key: str) -> str | None:
    """Take an optional text of a message's head; `null` says the same as an absent field."""
    value = message.get(key)
    if value is None or isinstance(value, str):
        return value
    raise UndecodableError(f"{key}: saw {shown(value)}, expected text")


def sequence_of(message: dict[str, Json]) -> int | None:
    value = message.get("sequence")
    if value is None:
        return None
    if is_number(value) and 1 <= value <= WHOLE_MAX:
        whole = int(value)
        if whole == value:
            return whole
    raise UndecodableError(f"sequence: saw {shown(value)}, expected a whole number from 1 to {WHOLE_MAX}")
