from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatstream.ingest.columns import ABSENT_US, Fault
from heatstream.ingest.formats.instants import TimeUnreadableError, micros, parse_instants, read_instant

EIGHT_US = 1_767_571_200_000_000  # 2026-01-05T08:00:00+08:00
SPELLINGS = [
    "2026-01-05T08:00:00+08:00",
    "2026-01-05T00:00:00Z",
    "2026-01-05t00:00:00z",
    "2026-01-05 08:00:00+08:00",
    "2026-01-05T08:00:00.000+08:00",
    "2026-01-05T00:00:00.000Z",
    "2026-01-05T08:00:00.000000+08:00",
    "2026-01-05T08:00:00.0000000009+08:00",
    "2026-01-04T19:30:00-04:30",
    "2026-01-05T00:00:00-00:00",
]
NOT_OF_THE_CALENDAR = [
    "2026-02-29T08:00:00+08:00",
    "2026-13-05T08:00:00+08:00",
    "2026-00-05T08:00:00+08:00",
    "2026-01-00T08:00:00+08:00",
    "2026-01-05T24:00:00+08:00",
    "2026-01-05T08:60:00+08:00",
    "2016-12-31T23:59:60+00:00",
    "2026-01-05T08:00:00+24:00",
    "2026-01-05T08:00:00+08:60",
    "0000-01-05T08:00:00+08:00",
]
NO_INSTANTS = ["", "yesterday", "2026-01-05", "1767571200", "2026-01-05T08:00:00+0800", "２026-01-05T08:00:00+08:00"]
ZONELESS = ["2026-01-05T08:00:00", "2026-01-05 08:00:00", "2026-01-05T08:00:00.123", "2026-01-05T08:00"]

zones = st.integers(min_value=-23 * 60, max_value=23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=zones)  # noqa: DTZ001 hypothesis adds it


def many(text: str) -> tuple[int, int]:
    """Read a text among enough others to take the vectorised way."""
    at_us, fault, _ = parse_instants([*["2026-01-05T08:00:00+08:00"] * 40, text])
    return int(at_us[-1]), int(fault[-1])


@pytest.mark.parametrize("text", SPELLINGS)
def test_every_spelling_of_rfc_3339_is_the_same_instant(text: str) -> None:
    assert read_instant(text) == EIGHT_US
    assert many(text) == (EIGHT_US, Fault.FINE)


@pytest.mark.parametrize("text", NOT_OF_THE_CALENDAR + NO_INSTANTS)
def test_what_is_no_instant_is_unreadable(text: str) -> None:
    with pytest.raises(TimeUnreadableError) as caught:
        read_instant(text)
    assert caught.value.fault == Fault.TIME_UNREADABLE
    assert many(text) == (ABSENT_US, Fault.TIME_UNREADABLE)


@pytest.mark.parametrize("text", ZONELESS)
def test_a_time_without_zone_has_a_fault_of_its_own(text: str) -> None:
    assert many(text) == (ABSENT_US, Fault.NO_TIME_ZONE)


@pytest.mark.parametrize("seen", [None, 1_767_571_200, True, ["2026-01-05T08:00:00Z"]])
def test_only_text_is_an_instant_of_the_contract(seen: object) -> None:
    with pytest.raises(TimeUnreadableError):
        read_instant(seen)


def test_a_fraction_finer_than_a_microsecond_is_cut_off() -> None:
    assert read_instant("2026-01-05T08:00:00.1234569+08:00") == EIGHT_US + 123_456


@pytest.mark.parametrize("width", ["seconds", "milliseconds", "microseconds"])
@given(moments=st.lists(moments, min_size=40, max_size=45))
def test_the_vectorised_way_equals_the_calendar_of_python(width: str, moments: list[datetime]) -> None:
    texts = [moment.isoformat(timespec=width) for moment in moments]
    at_us, fault, detail = parse_instants(texts)
    assert at_us.tolist() == [micros(datetime.fromisoformat(text)) for text in texts]
    assert (fault.any(), detail) == (np.False_, {})


def test_spellings_of_many_widths_are_read_in_their_places() -> None:
    texts = [*SPELLINGS, *ZONELESS, *NO_INSTANTS] * 5
    at_us, fault, detail = parse_instants(texts)
    for place, text in enumerate(texts):
        assert (at_us[place] == EIGHT_US) == (text in SPELLINGS)
    assert sorted(detail) == np.flatnonzero(fault).tolist()


def test_a_detail_says_what_was_seen_and_expected() -> None:
    assert parse_instants(["noon"])[2] == {0: "saw 'noon', expected an RFC 3339 instant with its zone"}


def test_leap_days_are_read() -> None:
    assert many("2024-02-29T00:00:00Z")[0] == micros(datetime(2024, 2, 29, tzinfo=UTC))
