from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatstream.errors import SettingsError
from heatstream.ingest.columns import ABSENT_US, NO_SEQUENCE, Decoded, Fault
from heatstream.ingest.formats.instants import micros
from heatstream.ingest.formats.mapping import QUANTITY_OF, UNITS
from heatstream.ingest.profiles import load_profile, load_profiles, shipped

Decode = Callable[..., Decoded]

RECEIVED_US = 1_767_571_260_000_000
QINGPING = {
    "mac": "582D3400AABB",
    "msgType": "17",
    "vsersion": "1.0",
    "timestamp": 1_767_571_260,
    "settings": {"reportInterval": 1800, "collectInterval": 600},
    "sensorData": [
        {"timestamp": {"value": 1_767_570_000}, "temperature": {"value": 25.1, "unit": "C"}, "humidity": {"value": 31}},
        {"timestamp": {"value": 1_767_570_600}, "temperature": {"value": 17.995, "unit": "C"}},
    ],
}
METERLOGGER = b"t1=25.00 C&t2=15.00 C&tdif=10.00 K&flow1=0 l/h&effect1=0.0 kW&hr=0 h&v1=0.00 m3&e1=0 kWh&"
WMBUS = {
    "media": "heat",
    "id": "67228058",
    "status": "OK",
    "total_energy_consumption_kwh": 390.4,
    "total_volume_m3": 12.345,
    "t1_temperature_c": 127,
    "t2_temperature_c": 35.5,
    "timestamp": "2026-01-05T00:00:00Z",
}
PROFILE = """
about: made up
source: this test
kind: indoor
device: {path: id}
at: {path: at}
quantities:
  temp: {path: t, unit: C}
"""


def rows(decoded: Decoded) -> list[tuple[str, int, int]]:
    indoor = decoded.indoor
    return list(zip(indoor.point, indoor.at_us.tolist(), indoor.temp_centi.tolist(), strict=True))


def reasons(decoded: Decoded) -> list[str]:
    return [Fault(code).reason for code in [*decoded.indoor.fault.tolist(), *decoded.meters.fault.tolist()]]


def quantities(decoded: Decoded, row: int = 0) -> dict[str, int]:
    meters = decoded.meters
    return {name: int(values[row]) for name, values in meters.quantity.items() if meters.valid[name][row]}


def with_lines(**lines: str) -> str:
    """Give the made-up profile with some of its lines replaced."""
    kept = [line for line in PROFILE.splitlines() if line.split(":")[0].strip() not in lines]
    given = [f"  {key}: {text}" if key in UNITS else f"{key}: {text}" for key, text in lines.items() if text]
    top = [line for line in given if not line.startswith(" ")]
    return "\n".join(top + kept + [line for line in given if line.startswith(" ")]) + "\n"


def test_qingping_keeps_each_samples_own_time(decode_foreign: Decode) -> None:
    decoded = decode_foreign("qingping", "/snow/up/582D3400AABB", QINGPING, level=3)
    assert decoded.gateway == ["582D3400AABB"]
    assert rows(decoded) == [
        ("582D3400AABB", 1_767_570_000_000_000, 2510),
        ("582D3400AABB", 1_767_570_600_000_000, 1799),
    ]


def test_qingping_may_say_fahrenheit(decode_foreign: Decode) -> None:
    sample = {"timestamp": {"value": 1_767_570_000}, "temperature": {"value": 64.4, "unit": "F"}}
    decoded = decode_foreign("qingping", "/snow/up/x", QINGPING | {"sensorData": [sample]}, level=3)
    assert rows(decoded)[0][2] == 1800


def test_the_kamstrup_logger_has_its_units_in_its_values_and_its_time_in_the_topic(decode_foreign: Decode) -> None:
    decoded = decode_foreign("meterlogger", "/sample/v1/4615611/1767571200", METERLOGGER, level=3)
    assert (decoded.meters.meter, decoded.meters.at_us.tolist()) == (["4615611"], [1_767_571_200_000_000])
    assert quantities(decoded) == {
        "supply_centi": 2500,
        "return_centi": 1500,
        "flow_l_h": 0,
        "power_w": 0,
        "energy_wh": 0,
        "volume_l": 0,
    }


def test_the_kamstrup_logger_changes_its_unit_with_the_size_of_the_value(decode_foreign: Decode) -> None:
    payload = b"heap=21376&t1=23.61 C&t2=22.19 C&flow1=0 l/h&effect1=0.0 kW&v1=1321.27 m3&e1=56.726 MWh&\0"
    decoded = decode_foreign("meterlogger", "/sample/v2/7210086/1466572820", payload, level=3)
    assert quantities(decoded)["energy_wh"] == 56_726_000


def test_edgelogger_has_local_time_without_zone(decode_foreign: Decode) -> None:
    batch = [{"timestamp": "20250619145824881", "metrics": {"supplyTemp": 71.2, "energy": 1.5}}]
    decoded = decode_foreign("edgelogger", "device/power/up/7", {"batch": batch}, level=3)
    assert decoded.meters.at_us.tolist() == [micros(datetime(2025, 6, 19, 6, 58, 24, 881_000, tzinfo=UTC))]
    assert quantities(decoded) == {"supply_centi": 7120, "energy_wh": 416_667}


def test_simple_iot_sends_its_number_as_text_and_no_time(decode_foreign: Decode) -> None:
    payload = {"header": {"msgId": 1, "identifier": "room-9"}, "body": {"value": "20"}}
    assert rows(decode_foreign("simple-iot", "iot/gw-1", payload)) == [("room-9", RECEIVED_US, 2000)]


def test_tenths_and_hundredths_are_scaled_exactly(decode_foreign: Decode) -> None:
    sent = {"t_supply": 712, "t_return": -3, "flow": 125, "heat": 36, "p_supply": 61, "p_return": 40}
    decoded = decode_foreign("tenths", "st/7", {"id": 12, "time": "2026-01-05 08:00:00"} | sent)
    assert (decoded.meters.meter, decoded.meters.at_us.tolist()) == (["12"], [1_767_571_200_000_000])
    assert quantities(decoded) == {
        "supply_centi": 7120,
        "return_centi": -30,
        "flow_l_h": 12_500,
        "energy_wh": 1_000_000,
        "supply_kpa": 610,
        "return_kpa": 400,
    }


def test_rooms_in_tenths_share_the_messages_time(decode_foreign: Decode) -> None:
    payload = {"time": 1_767_571_200_123, "rooms": [{"id": "a", "temp": 179}, {"id": "b", "temp": 32767}]}
    decoded = decode_foreign("tenths-indoor", "st/7", payload)
    assert rows(decoded)[0] == ("a", 1_767_571_200_123_000, 1790)
    assert reasons(decoded) == ["fine", "value_unreadable"]
    assert decoded.indoor.detail[1] == "temp: saw 32767, which stands for no value"


def test_wmbusmeters_marks_a_missing_temperature_with_127(decode_foreign: Decode) -> None:
    decoded = decode_foreign("wmbusmeters", "wmbusmeters/kitchen", WMBUS)
    assert (decoded.gateway, decoded.meters.meter) == (["kitchen"], ["67228058"])
    assert quantities(decoded) == {"return_centi": 3550, "energy_wh": 390_400, "volume_l": 12_345}


@pytest.mark.parametrize(("status", "text"), [("OK", None), ("ERROR_FLAGS", "ERROR_FLAGS"), (3, "3")])
def test_wmbusmeters_reports_its_faults(decode_foreign: Decode, status: object, text: str | None) -> None:
    assert decode_foreign("wmbusmeters", "w/k", WMBUS | {"status": status}).meters.fault_text.get(0) == text


@pytest.mark.parametrize(
    ("unit", "energy_wh"), [("kWh", 1_000), ("MWh", 1_000_000), ("GJ", 277_778), ("MJ", 278), ("Wh", 1)]
)
def test_energy_is_converted_by_exact_rationals(decode_foreign: Decode, unit: str, energy_wh: int) -> None:
    profile = with_lines(kind="meters", temp="").replace(
        "quantities:", f"quantities: {{energy: {{path: e, unit: {unit}}}}}"
    )
    decoded = decode_foreign(profile, "x/gw", {"id": "m", "at": "2026-01-05T08:00:00Z", "e": 1})
    assert quantities(decoded) == {"energy_wh": energy_wh}


@given(st.sampled_from(sorted(QUANTITY_OF)), st.data(), st.decimals(-1000, 1000, allow_nan=False, places=5))
def test_every_unit_converts_as_fractions_do(
    decode_foreign: Decode, name: str, data: st.DataObject, sent: Decimal
) -> None:
    unit = data.draw(st.sampled_from(sorted(UNITS[name])))
    profile = with_lines(kind="meters", temp="").replace(
        "quantities:", f"quantities: {{{name}: {{path: v, unit: '{unit}', scale: 0.1, as_text: true}}}}"
    )
    decoded = decode_foreign(profile, "x/gw", {"id": "m", "at": "2026-01-05T08:00:00Z", "v": f"{sent:f}"})
    factor, offset = UNITS[name][unit]
    exact = Fraction(sent) / 10 * factor + offset
    expected = int(exact * 100 // 1) if QUANTITY_OF[name].endswith("_centi") else round(exact)
    assert quantities(decoded) == {QUANTITY_OF[name]: expected}


def test_lists_within_lists_are_opened_and_the_enclosing_entry_named(decode_foreign: Decode) -> None:
    profile = with_lines(each="devices.samples", device="{path: ^.name}", at="{path: ts, format: epoch_s}")
    devices = [
        {"name": "a", "samples": [{"ts": 1_767_570_000, "t": 18}, {"ts": 1_767_570_600, "t": 19}]},
        {"name": "b", "samples": []},
        {"name": "c", "samples": [{"ts": 1_767_570_000, "t": 20}]},
    ]
    assert [(point, centi) for point, _, centi in rows(decode_foreign(profile, "x/gw", {"devices": devices}))] == [
        ("a", 1800),
        ("a", 1900),
        ("c", 2000),
    ]


def test_a_device_without_its_list_is_a_fault_of_its_own(decode_foreign: Decode) -> None:
    profile = with_lines(each="devices.samples", device="{path: ^.name}", at="{path: ts, format: epoch_s}")
    devices = [{"name": "a"}, {"name": "b", "samples": [{"ts": 1_767_570_000, "t": 18}]}]
    assert reasons(decode_foreign(profile, "x/gw", {"devices": devices})) == ["undecodable", "fine"]


def test_the_gateway_may_stand_in_the_payload(decode_foreign: Decode) -> None:
    payload = {"id": "a", "at": "2026-01-05T08:00:00Z", "t": 18, "head": {"gw": 77}}
    decoded = decode_foreign(PROFILE, "x", payload, {"id": "a"}, level=None, path="head.gw")
    assert decoded.gateway == ["77", ""]
    assert decoded.undecodable == {1: "head.gw: saw no name, expected the gateway's"}


def test_a_foreign_message_has_no_sequence(decode_foreign: Decode) -> None:
    assert decode_foreign("wmbusmeters", "w/k", WMBUS).sequence.tolist() == [NO_SEQUENCE]


@pytest.mark.parametrize(
    ("payload", "reason", "detail"),
    [
        ({"t": 18}, "undecodable", "id: saw null, expected a device's name"),
        ({"id": "a", "at": "2026-01-05T08:00:00", "t": 18}, "no_time_zone", "at: saw"),
        ({"id": "a", "t": 18}, "time_unreadable", "at: saw None"),
        ({"id": "a", "at": "2026-01-05T08:00:00Z"}, "value_unreadable", "t: saw null, which stands for no value"),
        ({"id": "a", "at": "2026-01-05T08:00:00Z", "t": "18"}, "value_unreadable", 't: saw "18", expected a number'),
        ({"id": "a", "at": "2026-01-05T08:00:00Z", "t": True}, "value_unreadable", "t: saw true, expected a number"),
        (b'{"id": "a", "at": "2026-01-05T08:00:00Z", "t": NaN}', "value_unreadable", "t: saw NaN"),
    ],
)
def test_a_fault_says_what_was_seen_and_where(
    decode_foreign: Decode, payload: object, reason: str, detail: str
) -> None:
    decoded = decode_foreign(PROFILE, "x/gw", payload)
    assert reasons(decoded) == [reason]
    assert detail in decoded.indoor.detail[0]


@pytest.mark.parametrize("text", ["18 C", "", "18,5", "0x12", "NaN", "1e", "1_8", "１８"])
def test_a_number_as_text_is_a_number_and_nothing_else(decode_foreign: Decode, text: str) -> None:
    profile = with_lines(temp="{path: t, unit: C, as_text: true}")
    assert reasons(decode_foreign(profile, "x/gw", {"id": "a", "at": "2026-01-05T08:00:00Z", "t": text})) == [
        "value_unreadable"
    ]


def test_a_unit_that_the_quantity_has_not_is_refused(decode_foreign: Decode) -> None:
    decoded = decode_foreign("meterlogger", "/sample/v1/7/1767571200", b"t1=25.00 K&e1=3 kW", level=3)
    assert decoded.meters.detail == {0: 'energy: unit is "kW", expected one of Wh, kWh, MWh, GWh, MJ, GJ'}


@pytest.mark.parametrize("mark", [127, "127", 127.0])
def test_a_missing_mark_is_the_same_number_however_spelled(decode_foreign: Decode, mark: object) -> None:
    profile = with_lines(temp="{path: t, unit: C, as_text: true, missing: [127, '']}")
    decoded = decode_foreign(profile, "x/gw", {"id": "a", "at": "2026-01-05T08:00:00Z", "t": mark})
    assert "stands for no value" in decoded.indoor.detail[0]


@pytest.mark.parametrize(
    "text", ["2025619145824881", "20250619", "20251319145824881", "", "x20250619145824881", None, 2.5, True]
)
def test_a_pattern_takes_no_digit_for_another(decode_foreign: Decode, text: object) -> None:
    decoded = decode_foreign("edgelogger", "device/power/up/7", {"batch": [{"timestamp": text}]}, level=3)
    assert (reasons(decoded), decoded.meters.at_us.tolist()) == (["time_unreadable"], [ABSENT_US])


@pytest.mark.parametrize("level", ["noon", "-5", "1e30", ""])
def test_a_time_in_the_topic_is_checked(decode_foreign: Decode, level: str) -> None:
    assert reasons(decode_foreign("meterlogger", f"/sample/v1/7/{level}", METERLOGGER, level=3)) == ["time_unreadable"]


def test_a_pattern_with_its_own_zone_is_read(decode_foreign: Decode) -> None:
    profile = with_lines(at="{path: at, format: '%Y/%m/%d %H:%M %z'}")
    decoded = decode_foreign(profile, "x/gw", {"id": "a", "at": "2026/01/05 08:00 +0800", "t": 18})
    assert rows(decoded) == [("a", 1_767_571_200_000_000, 1800)]


@pytest.mark.parametrize("payload", [b"", b"t1", b"=5", b"t1=5&x", b"\xff"])
def test_what_is_no_pairs_is_undecodable(decode_foreign: Decode, payload: bytes) -> None:
    decoded = decode_foreign("meterlogger", "/sample/v1/7/1767571200", payload, level=3)
    assert "expected key=value&" in decoded.undecodable[0]


def test_a_message_without_its_list_is_undecodable(decode_foreign: Decode) -> None:
    decoded = decode_foreign("qingping", "/snow/up/x", {"mac": "x"}, level=3)
    assert decoded.undecodable == {0: "sensorData: saw nothing there, expected an array of readings"}


def test_every_shipped_profile_loads_and_says_where_it_was_read() -> None:
    assert all(profile.source and profile.about for profile in load_profiles(shipped()).values())


@pytest.mark.parametrize(
    ("profile", "fault"),
    [
        (with_lines(device="{}"), "say where the device is named"),
        (with_lines(device="{path: a, constant: b}"), "say where the device is named"),
        (with_lines(at="{path: at, received: true}"), "say where the time stands"),
        (with_lines(at="{path: at, format: '%Y%m%d%H%M%S'}"), "expected a zone like +08:00"),
        (with_lines(at="{path: at, format: '%Y%m%d%H%M%S', zone: Asia/Shanghai}"), "expected an offset like +08:00"),
        (with_lines(at="{path: at, format: '%H:%M', zone: '+08:00'}"), "a pattern of year to minute"),
        (with_lines(at="{path: at, format: epoch_s, zone: '+08:00'}"), "expected no zone beside it"),
        (with_lines(temp="{path: t}"), "say the unit"),
        (with_lines(temp="{path: t, unit: kWh}"), "unit is 'kWh', expected one of C"),
        (with_lines(temp="{path: t, unit: C, scale: 0}"), "a scale of 0"),
        (with_lines(temp="{path: t, unit: C, scale: ten}"), "is no scale"),
        (with_lines(temp="{path: a..b, unit: C}"), "is no path"),
        (with_lines(temp="{path: 7, unit: C}"), "expected a path"),
        (with_lines(kind="status"), "kind"),
        (with_lines(kind="meters"), "quantities are ['temp']"),
        (with_lines(fault="{path: f}"), "has no fault report"),
        (with_lines(colour="red"), "colour"),
        ("kind: [\n", "while parsing"),
    ],
)
def test_a_wrong_profile_refuses_to_load(tmp_path: Path, profile: str, fault: str) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(profile, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load_profile(str(file))
    assert fault in str(caught.value)


def test_a_profile_may_be_written_in_toml(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(
        'about = "a"\nsource = "b"\nkind = "indoor"\ndevice = {constant = "p"}\nat = {received = true}\n'
        '[quantities]\ntemp = {path = "t", unit = "C", scale = 0.1}\n',
        encoding="utf-8",
    )
    assert load_profile(str(file)).quantities["temp"].scale == Fraction(1, 10)


@pytest.mark.parametrize("name", ["nobody", "/nowhere/at-all.yaml"])
def test_a_profile_that_is_not_there_is_named(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        load_profile(name)
