import json
import math
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatstream.ingest.columns import ABSENT_US, CENTI_MAX, NO_SEQUENCE, Decoded, Fault
from heatstream.ingest.formats.instants import micros

Decode = Callable[..., Decoded]

AT = "2026-01-05T08:00:00+08:00"
AT_US = 1_767_571_200_000_000
GOOD = {"point": "P-1", "at": AT, "temp_c": 18.42}
CHINA = timezone(timedelta(hours=8))

temps = st.decimals(min_value=-60, max_value=120, allow_nan=False, places=3) | st.decimals(
    min_value=17, max_value=19, allow_nan=False, places=20
)
moments = st.datetimes(datetime(2025, 10, 1), datetime(2026, 5, 1), timezones=st.just(CHINA))  # noqa: DTZ001
readings = st.lists(st.tuples(st.text(min_size=1, max_size=9), moments, temps), min_size=1, max_size=60)


def spelled(reading: tuple[str, datetime, Decimal]) -> str:
    point, at, temp = reading
    return f'{{"point": {json.dumps(point)}, "at": "{at.isoformat()}", "temp_c": {temp:f}}}'


def expected(reading: tuple[str, datetime, Decimal]) -> tuple[str, int, int]:
    point, at, temp = reading
    return point, micros(at), math.floor(Fraction(temp) * 100)


def rows(decoded: Decoded) -> list[tuple[str, int, int]]:
    indoor = decoded.indoor
    return list(zip(indoor.point, indoor.at_us.tolist(), indoor.temp_centi.tolist(), strict=True))


def faults(decoded: Decoded) -> list[str]:
    return [Fault(code).reason for code in decoded.indoor.fault.tolist()]


@given(readings)
def test_an_envelope_decodes_to_exactly_what_it_says(decode: Decode, sent: list[tuple[str, datetime, Decimal]]) -> None:
    payload = f'{{"gateway": "gw-0001", "sequence": 7, "readings": [{",".join(map(spelled, sent))}]}}'.encode()
    decoded = decode(payload)
    assert rows(decoded) == list(map(expected, sent))
    assert decoded.indoor.position.tolist() == list(range(len(sent)))
    assert not decoded.indoor.fault.any()


@given(readings)
def test_single_readings_decode_to_exactly_what_they_say(
    decode: Decode, sent: list[tuple[str, datetime, Decimal]]
) -> None:
    decoded = decode(*[spelled(reading).encode() for reading in sent])
    assert rows(decoded) == list(map(expected, sent))
    assert decoded.indoor.message.tolist() == list(range(len(sent)))


@given(readings)
def test_columns_decode_to_exactly_what_they_say(decode: Decode, sent: list[tuple[str, datetime, Decimal]]) -> None:
    points, instants, temps = zip(*sent, strict=True)
    payload = (
        f'{{"points": {json.dumps(points)}, "at": {json.dumps([at.isoformat() for at in instants])},'
        f' "temp_c": [{",".join(f"{temp:f}" for temp in temps)}]}}'
    )
    assert rows(decode(payload.encode())) == list(map(expected, sent))


@given(readings)
def test_the_tolerant_way_reads_good_messages_as_the_fast_way_does(
    decode: Decode, sent: list[tuple[str, datetime, Decimal]]
) -> None:
    body = ",".join(map(spelled, sent))
    fast = decode(f'{{"readings": [{body}]}}'.encode())
    tolerant = decode(f'{{"sent_at": "\\ud800", "readings": [{body}, {{"point": "x", "at": null}}]}}'.encode())
    assert rows(tolerant)[:-1] == rows(fast)


@given(
    st.binary(max_size=60) | st.recursive(st.none() | st.floats() | st.text(), st.lists).map(json.dumps).map(str.encode)
)
def test_no_payload_raises_and_each_is_accounted_for(decode: Decode, payload: bytes) -> None:
    decoded = decode(payload, GOOD)
    assert rows(decoded)[-1] == ("P-1", AT_US, 1842)
    assert 0 in decoded.undecodable or decoded.indoor.message.tolist() != [1] or payload.strip() == b"[]"


def test_one_at_stands_for_all_columns(decode: Decode) -> None:
    decoded = decode({"points": ["a", "b"], "at": AT, "temp_c": [18, 17.999]})
    assert rows(decoded) == [("a", AT_US, 1800), ("b", AT_US, 1799)]


def test_a_number_of_many_digits_just_below_eighteen_does_not_comply(decode: Decode) -> None:
    for shape in (
        b'{"point": "a", "at": "%s", "temp_c": 17.99999999999999999}',
        b'{"readings": [{"point": "a", "at": "%s", "temp_c": 17.99999999999999999}]}',
        b'{"points": ["a"], "at": "%s", "temp_c": [17.99999999999999999]}',
    ):
        assert rows(decode(shape % AT.encode())) == [("a", AT_US, 1799)]


def test_a_number_of_a_thousand_digits_is_unreadable_and_says_so(decode: Decode) -> None:
    decoded = decode(b'{"point": "a", "at": "%s", "temp_c": 18.%s}' % (AT.encode(), b"0" * 1_100))
    assert faults(decoded) == ["value_unreadable"]
    assert "1103 characters" in decoded.indoor.detail[0]


def test_shapes_mixed_in_one_batch_stand_in_message_order(decode: Decode) -> None:
    columns = {"points": ["c", "d"], "at": AT, "temp_c": [1, 2]}
    decoded = decode(
        GOOD, columns, {"readings": [GOOD, GOOD]}, b"junk", [{"n": "s", "u": "Cel", "v": 3}], columns, GOOD
    )
    assert decoded.indoor.message.tolist() == [0, 1, 1, 2, 2, 4, 5, 5, 6]
    assert decoded.indoor.point == ["P-1", "c", "d", "P-1", "P-1", "s", "c", "d", "P-1"]
    assert list(decoded.undecodable) == [3]


def test_an_envelope_may_close_with_any_field(decode: Decode) -> None:
    assert rows(decode({"readings": [GOOD], "sequence": 4})) == [("P-1", AT_US, 1842)]


def test_the_head_of_a_message_is_read(decode: Decode) -> None:
    decoded = decode({"gateway": "gw-0001", "sequence": 17, "sent_at": AT, "readings": [GOOD]}, GOOD)
    assert decoded.sequence.tolist() == [17, NO_SEQUENCE]
    assert decoded.sent_at_us.tolist() == [AT_US, ABSENT_US]
    assert decoded.gateway == ["gw-0001", "gw-0001"]


def test_a_single_reading_may_carry_its_sequence(decode: Decode) -> None:
    assert decode(GOOD | {"sequence": 2**63 - 1}).sequence.tolist() == [2**63 - 1]


def test_fields_that_nobody_knows_are_passed_over(decode: Decode) -> None:
    assert rows(decode(GOOD | {"battery": {"v": [1]}, "rssi": None})) == [("P-1", AT_US, 1842)]


def test_null_says_the_same_as_an_absent_field(decode: Decode) -> None:
    decoded = decode({"gateway": None, "sequence": None, "sent_at": None, "points": None, "readings": [GOOD]})
    assert (rows(decoded), decoded.undecodable) == ([("P-1", AT_US, 1842)], {})


def test_of_a_repeated_key_the_last_stands(decode: Decode) -> None:
    assert rows(decode(b'{"point": "a", "at": "%s", "temp_c": 1, "temp_c": 2}' % AT.encode())) == [("a", AT_US, 200)]


def test_a_message_without_readings_is_no_fault(decode: Decode) -> None:
    decoded = decode({"readings": []}, {"points": [], "at": AT, "temp_c": []})
    assert (len(decoded.indoor), decoded.undecodable) == (0, {})


def test_a_byte_order_mark_is_passed_over(decode: Decode) -> None:
    assert rows(decode(b"\xef\xbb\xbf" + json.dumps(GOOD).encode())) == [("P-1", AT_US, 1842)]


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", '"18.4"', "true", "null", "[18]", "{}"])
def test_what_is_no_number_is_value_unreadable_and_sinks_no_neighbour(decode: Decode, value: str) -> None:
    good = json.dumps(GOOD)
    decoded = decode(f'{{"readings": [{good}, {{"point": "b", "at": "{AT}", "temp_c": {value}}}, {good}]}}'.encode())
    assert faults(decoded) == ["fine", "value_unreadable", "fine"]
    assert decoded.indoor.detail[1].startswith("temp_c: saw ")
    assert decoded.indoor.at_us.tolist() == [AT_US] * 3


@pytest.mark.parametrize("value", ["1e400", "1" + "0" * 60, "1e999999999", "21474836.47"])
def test_a_huge_number_is_clamped_out_of_range(decode: Decode, value: str) -> None:
    decoded = decode(f'{{"point": "a", "at": "{AT}", "temp_c": {value}}}'.encode())
    assert (faults(decoded), decoded.indoor.temp_centi.tolist()) == (["fine"], [CENTI_MAX])


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        ('"2026-01-05T08:00:00"', "no_time_zone"),
        ('"noon"', "time_unreadable"),
        ("1767571200", "time_unreadable"),
        ("null", "time_unreadable"),
    ],
)
def test_a_bad_time_is_said_of_its_reading_alone(decode: Decode, at: str, reason: str) -> None:
    decoded = decode(f'{{"readings": [{{"point": "a", "at": {at}, "temp_c": 1}}, {json.dumps(GOOD)}]}}'.encode())
    assert faults(decoded) == [reason, "fine"]
    assert decoded.indoor.detail[0].startswith("at: saw ")
    assert decoded.indoor.at_us.tolist() == [ABSENT_US, AT_US]


def test_one_bad_at_spoils_every_column_it_stands_for(decode: Decode) -> None:
    decoded = decode({"points": ["a", "b"], "at": "noon", "temp_c": [1, 2]}, GOOD)
    assert faults(decoded) == ["time_unreadable", "time_unreadable", "fine"]
    assert sorted(decoded.indoor.detail) == [0, 1]


@pytest.mark.parametrize("reading", ["18.4", "null", '{"at": "x"}', '{"point": 7}', '{"point": null}'])
def test_a_reading_that_names_no_point_is_undecodable_alone(decode: Decode, reading: str) -> None:
    decoded = decode(f'{{"readings": [{reading}, {json.dumps(GOOD)}]}}'.encode())
    assert faults(decoded) == ["undecodable", "fine"]
    assert "expected a device's name" in decoded.indoor.detail[0]


def test_invalid_utf_8_spoils_the_name_it_stands_in_alone(decode: Decode) -> None:
    bad = json.dumps(GOOD).encode().replace(b"P-1", b"P-\xff")
    decoded = decode(b'{"readings": [%s, %s]}' % (bad, json.dumps(GOOD).encode()))
    assert decoded.indoor.point == ["P-�", "P-1"]
    assert faults(decoded) == ["fine", "fine"]


@pytest.mark.parametrize(
    ("payload", "detail"),
    [
        (b"", "no JSON at character 0"),
        (b"{" * 40, "no JSON at character 1"),
        (b'{"x": ' + b"[" * 200_000, "nested too deeply"),
        (b"18.4", "saw 18.4, expected an object"),
        (b"{}", "saw the fields none, expected one of readings, points, point"),
        (b'{"temperature": 18}', 'saw the fields "temperature"'),
        (b'{"point": "a", "points": []}', "saw points and point, expected one of"),
        (b'{"readings": {}}', "readings: saw an object of 0, expected an array"),
        (b'{"points": ["a"], "at": "x", "temp_c": 3}', "temp_c: saw 3, expected an array"),
        (b'{"points": ["a"], "at": [], "temp_c": [1, 2]}', "saw 1 points, 0 at, 2 temp_c"),
        (b'{"readings": [], "sequence": 0}', "sequence: saw 0, expected a whole number from 1"),
        (b'{"readings": [], "sequence": "7"}', 'sequence: saw "7"'),
        (b'{"readings": [], "sequence": 1.5}', "sequence: saw 1.5"),
        (b'{"readings": [], "sequence": true}', "sequence: saw true"),
        (b'{"readings": [], "sequence": 9223372036854775808}', "sequence: saw 9223372036854775808"),
        (b'{"readings": [], "gateway": 7}', "gateway: saw 7, expected text"),
        (b'{"readings": [], "gateway": "gw-2"}', "payload says 'gw-2', topic says 'gw-0001'"),
    ],
)
def test_an_unusable_message_says_what_was_seen_and_expected(decode: Decode, payload: bytes, detail: str) -> None:
    decoded = decode(payload)
    assert detail in decoded.undecodable[0]
    assert len(decoded.indoor) == 0


@pytest.mark.parametrize(
    "body", [{}, {"readings": 7}, {"points": ["a"], "at": AT, "temp_c": []}, {"gateway": 7}, {"gateway": "gw-2"} | GOOD]
)
def test_an_undecodable_message_keeps_its_sequence_so_that_the_receipt_can_move(
    decode: Decode, body: dict[str, object]
) -> None:
    decoded = decode({"sequence": 17} | body)
    assert (list(decoded.undecodable), decoded.sequence.tolist()) == ([0], [17])


def test_a_message_of_another_gateway_leaves_no_rows_and_the_others_stay(decode: Decode) -> None:
    decoded = decode(GOOD, GOOD | {"gateway": "gw-2"}, GOOD | {"at": "noon"}, GOOD | {"gateway": "gw-0001"})
    assert decoded.indoor.message.tolist() == [0, 2, 3]
    assert list(decoded.indoor.detail) == [1]


def test_an_unreadable_sent_at_is_taken_as_absent(decode: Decode) -> None:
    decoded = decode(GOOD | {"sent_at": "2026-01-05T08:00:00"}, {"readings": [7], "sent_at": 3})
    assert decoded.sent_at_us.tolist() == [ABSENT_US, ABSENT_US]
    assert decoded.undecodable == {}


def test_details_hold_nothing_that_a_text_column_refuses(decode: Decode) -> None:
    decoded = decode(GOOD | {"gateway": "\0\ud800"}, GOOD | {"at": "\0"})
    assert all("\0" not in text for text in (decoded.undecodable[0], decoded.indoor.detail[0]))
    assert decoded.undecodable[0].encode()


METER = {"meter": "M-1", "at": AT}


def meter_quantities(decoded: Decoded) -> dict[str, int]:
    meters = decoded.meters
    return {name: int(values[0]) for name, values in meters.quantity.items() if meters.valid[name][0]}


def test_a_meter_reading_is_kept_in_whole_storage_units(decode: Decode) -> None:
    sent = {
        "supply_c": 71.239,
        "return_c": -0.001,
        "flow_m3_h": 1.2345,
        "power_kw": 55.5005,
        "energy_kwh": 123456.7895,
        "volume_m3": 0.0005,
        "supply_mpa": 0.6,
        "return_mpa": 0.4,
        "outdoor_c": -18.42,
    }
    assert meter_quantities(decode(METER | sent, kind="meters")) == {
        "supply_centi": 7123,
        "return_centi": -1,
        "flow_l_h": 1234,
        "power_w": 55500,
        "energy_wh": 123456790,
        "volume_l": 0,
        "supply_kpa": 600,
        "return_kpa": 400,
        "outdoor_centi": -1842,
    }


def test_an_absent_quantity_is_not_valid(decode: Decode) -> None:
    decoded = decode({"readings": [METER | {"power_kw": 0}, METER | {"power_kw": None}]}, kind="meters")
    assert decoded.meters.valid["power_w"].tolist() == [True, False]


def test_one_unreadable_quantity_makes_the_meter_reading_unreadable(decode: Decode) -> None:
    decoded = decode({"readings": [METER | {"power_kw": "7", "supply_c": 70}, METER]}, kind="meters")
    assert decoded.meters.fault.tolist() == [Fault.VALUE_UNREADABLE, Fault.FINE]
    assert decoded.meters.detail == {0: 'power_kw: saw "7", expected a number'}
    assert meter_quantities(decoded) == {}


@pytest.mark.parametrize(("fault", "text"), [("E01", "E01"), (17, "17"), ("", None), (None, None)])
def test_a_meters_own_fault_report_is_kept_as_text(decode: Decode, fault: object, text: str | None) -> None:
    assert decode(METER | {"fault": fault}, kind="meters").meters.fault_text.get(0) == text


@pytest.mark.parametrize(("reading", "fault"), [({"at": AT}, 1), (METER | {"at": "2026-01-05T08:00:00"}, 2)])
def test_a_meter_reading_has_the_faults_of_an_indoor_one(decode: Decode, reading: object, fault: int) -> None:
    assert decode({"readings": [reading]}, kind="meters").meters.fault.tolist() == [fault]


def test_meters_share_the_gateways_sequence(decode: Decode) -> None:
    assert decode({"sequence": 5, "readings": [METER]}, kind="meters").sequence.tolist() == [5]


def test_a_meter_message_of_another_gateway_leaves_no_rows(decode: Decode) -> None:
    decoded = decode(METER | {"fault": "a"}, METER | {"gateway": "gw-2"}, METER | {"fault": "b"}, kind="meters")
    assert decoded.meters.message.tolist() == [0, 2]
    assert decoded.meters.fault_text == {0: "a", 1: "b"}


def test_a_status_is_read(decode: Decode) -> None:
    decoded = decode({"state": "online", "at": AT}, {"state": "offline"}, kind="status")
    assert [(status.state, status.at_us) for status in decoded.status] == [("online", AT_US), ("offline", ABSENT_US)]


@pytest.mark.parametrize("state", ["away", None, 1, []])
def test_any_other_state_is_undecodable(decode: Decode, state: object) -> None:
    assert "expected online or offline" in decode({"state": state}, kind="status").undecodable[0]
