import math
from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatstream.ingest.columns import ABSENT_US, Decoded, Fault

Decode = Callable[..., Decoded]

RECEIVED_US = 1_767_571_260_000_000
NOW_S = RECEIVED_US // 1_000_000
GOOD = {"n": "urn:dev:a", "u": "Cel", "v": 18.42, "t": 1_767_571_200}

numbers = st.decimals(min_value=-50, max_value=90, allow_nan=False, places=4)


def rows(decoded: Decoded) -> list[tuple[str, int, int]]:
    indoor = decoded.indoor
    return list(zip(indoor.point, indoor.at_us.tolist(), indoor.temp_centi.tolist(), strict=True))


def faults(decoded: Decoded) -> list[str]:
    return [Fault(code).reason for code in decoded.indoor.fault.tolist()]


def test_the_sample_of_the_field_is_resolved(decode: Decode) -> None:
    pack = [{"bn": "urn:dev:mac:", "bt": 1_767_571_200, "bu": "Cel"}, {"n": "t", "v": 23.1, "t": -600}]
    assert rows(decode(pack)) == [("urn:dev:mac:t", (1_767_571_200 - 600) * 1_000_000, 2310)]


def test_base_fields_hold_until_they_are_set_again(decode: Decode) -> None:
    pack = [
        {"bn": "a-", "bu": "Cel", "bt": 1_767_571_200, "n": "1", "v": 18},
        {"n": "2", "v": 19},
        {"bn": "b-", "n": "3", "v": 20, "t": 60},
        {"bt": 1_767_571_500, "n": "4", "v": 21},
    ]
    assert [(point, at_us // 1_000_000 - 1_767_571_200) for point, at_us, _ in rows(decode(pack))] == [
        ("a-1", 0),
        ("a-2", 0),
        ("b-3", 60),
        ("b-4", 300),
    ]


@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=9))
def test_the_base_value_is_added_exactly(decode: Decode, values: list[tuple[object, object]]) -> None:
    records = ",".join(f'{{"bn":"p","bu":"Cel","bv":{base:f},"v":{value:f}}}' for base, value in values)
    assert [centi for _, _, centi in rows(decode(f"[{records}]".encode()))] == [
        math.floor((Fraction(base) + Fraction(value)) * 100) for base, value in values
    ]


def test_a_record_without_value_has_the_base_value(decode: Decode) -> None:
    assert rows(decode([{"bv": 18, "bu": "Cel", "n": "a"}])) == [("a", RECEIVED_US, 1800)]


@pytest.mark.parametrize(
    ("time", "at_us"),
    [
        (None, RECEIVED_US),
        (0, RECEIVED_US),
        (-600, RECEIVED_US - 600_000_000),
        (-0.25, RECEIVED_US - 250_000),
        (2**28, 2**28 * 1_000_000),
        (1_767_571_200.5, 1_767_571_200_500_000),
    ],
)
def test_time_below_two_to_the_28_is_relative_to_receipt(decode: Decode, time: float | None, at_us: int) -> None:
    record = {"n": "a", "u": "Cel", "v": 18} | ({} if time is None else {"t": time})
    assert rows(decode([record])) == [("a", at_us, 1800)]


def test_what_a_room_sensor_measures_beside_the_temperature_is_passed_over(decode: Decode) -> None:
    beside = [{"n": "h", "u": "%RH", "v": 40}, {"n": "b", "u": "%EL", "v": 90}, {"n": "fw", "vs": "1.2"}]
    assert rows(decode([*beside, GOOD])) == [("urn:dev:a", 1_767_571_200_000_000, 1842)]


@pytest.mark.parametrize("unit", ["C", "K", "degC", "F", None, 7])
def test_any_other_unit_is_refused_and_never_vanishes(decode: Decode, unit: object) -> None:
    decoded = decode([GOOD | {"u": unit}, GOOD])
    assert faults(decoded) == ["value_unreadable", "fine"]
    assert "expected Cel" in decoded.indoor.detail[0]


@pytest.mark.parametrize("record", [{"vs": "18"}, {"vb": True}, {"v": "18"}, {"v": True}, {"v": None}, {"s": 1}])
def test_a_temperature_is_a_number(decode: Decode, record: dict[str, object]) -> None:
    assert faults(decode([{"n": "a", "u": "Cel"} | record, GOOD])) == ["value_unreadable", "fine"]


@pytest.mark.parametrize("time", ["now", None, True, 1e12, -1e12])
def test_a_time_that_is_no_instant_is_said_of_its_record(decode: Decode, time: object) -> None:
    decoded = decode([GOOD | {"t": time}, GOOD])
    assert faults(decoded) == ["time_unreadable", "fine"]
    assert decoded.indoor.at_us[0] == ABSENT_US


@pytest.mark.parametrize("name", [None, 7, ""])
def test_a_record_without_name_is_undecodable_alone(decode: Decode, name: object) -> None:
    assert faults(decode([GOOD | {"n": name}, GOOD])) == ["undecodable", "fine"]


@pytest.mark.parametrize(
    ("pack", "detail"),
    [
        ([GOOD, GOOD | {"cal_": 1}], 'record 1: field "cal_" must be understood'),
        ([GOOD | {"bver": 11}], "bver is 11, expected at most 10"),
        ([GOOD | {"bver": "10"}], 'bver is "10"'),
        ([GOOD, 7], "record 1: saw 7, expected an object"),
        ([GOOD | {"bn": 7}], "record 0: bn is 7, expected text"),
        ([GOOD | {"bt": "now"}], 'record 0: bt is "now", expected a number'),
        ([GOOD | {"bv": None}], "record 0: bv is null, expected a number"),
    ],
)
def test_what_rfc_8428_makes_an_error_sinks_the_pack(decode: Decode, pack: object, detail: str) -> None:
    decoded = decode(pack)
    assert detail in decoded.undecodable[0]
    assert len(decoded.indoor) == 0


@pytest.mark.parametrize("unit", [[], {}, 1])
def test_a_unit_that_is_no_text_is_unreadable(decode: Decode, unit: object) -> None:
    assert faults(decode([{**GOOD, "u": unit}])) == ["value_unreadable"]


def test_an_empty_pack_is_no_fault(decode: Decode) -> None:
    assert decode([]).undecodable == {}


def test_unknown_fields_are_passed_over(decode: Decode) -> None:
    assert len(rows(decode([GOOD | {"ut": 60, "quality": "good"}]))) == 1


def test_a_subscription_can_name_senml(decode_foreign: Decode) -> None:
    decoded = decode_foreign("senml", "rooms/gw-7", [GOOD], {"n": "a"})
    assert (decoded.gateway, rows(decoded)[0][0]) == (["gw-7", "gw-7"], "urn:dev:a")
    assert "expected an array of records" in decoded.undecodable[1]
