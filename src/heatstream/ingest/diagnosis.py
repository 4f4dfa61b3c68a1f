"""What one check of `heatstream doctor` found."""

from enum import StrEnum
from typing import NamedTuple


class Verdict(StrEnum):
    OK = "ok"
    WARN = "warn"
    """It can hurt, or it cannot be seen from here."""
    FAIL = "fail"
    """Readings can be lost."""


class Diagnosis(NamedTuple):
    check: str
    verdict: Verdict
    seen: str
    expected: str
    mend: str


def diagnose(
    check: str, seen: object, expected: str, mend: str, *, safe: bool, unsafe: Verdict = Verdict.FAIL
) -> Diagnosis:
    return Diagnosis(check, Verdict.OK if safe else unsafe, str(seen), expected, mend)
