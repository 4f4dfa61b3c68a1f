"""The events of a claim hashed one over the other, so that none can be changed, left out or put in without being seen.

Canonical form `heatstream-claim-event/1`: the hash of an event is SHA-256 over the 32 bytes of the hash before it and
the event as JSON in UTF-8 with sorted keys, no blanks and no escapes of what is not ASCII: `number`, `kind`,
`happened_at` and `recorded_at` (RFC 3339 in UTC with microseconds), `officer`, `body`. Before the first event stands
SHA-256 over the JSON of `form`, `claim` and `household`. Frozen: another form has another name.
"""

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, Final

from heatstream.store.claims import Line

FORM: Final = "heatstream-claim-event/1"


def genesis(claim: str, household: str) -> bytes:
    """Hash what stands before the first event of a claim."""
    return start(form=FORM, claim=claim, household=household)


def start(**told: str) -> bytes:
    """Hash what stands before the first event of anything: its form and whose events they are."""
    return sha256(_canonical(told)).digest()


def hash_of(before: bytes, line: Line) -> bytes:
    """Hash an event over the hash before it."""
    told = {
        "number": line.number,
        "kind": line.kind,
        "happened_at": _instant(line.happened_at),
        "recorded_at": _instant(line.recorded_at),
        "officer": line.officer,
        "body": dict(line.body),
    }
    return sha256(before + _canonical(told)).digest()


def broken_at(claim: str, household: str, lines: Iterable[Line]) -> int | None:
    """Find the first event whose number or hash is not what the ones before it make it; None = whole."""
    return first_break(genesis(claim, household), lines)


def first_break(before: bytes, lines: Iterable[Line]) -> int | None:
    """Find the first event whose number or hash is not what stands before it makes it; None = whole.

    Of an event from which words were erased the hash is taken as kept: the ones after it are hashed over it.
    """
    for number, line in enumerate(lines, start=1):
        if line.number != number or (line.erasure_id is None and hash_of(before, line) != line.hash):
            return number
        before = line.hash
    return None


def _canonical(tree: Mapping[str, Any]) -> bytes:
    return json.dumps(tree, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _instant(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).isoformat(timespec="microseconds")
