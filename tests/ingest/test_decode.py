"""Batches: messages of every kind together, and messages of no kind at all."""

import json
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatstream.ingest.columns import ABSENT_US, QUANTITIES, Decoded, Fault, Received
from heatstream.ingest.decode import Decoder
from heatstream.ingest.topics import Subscriptions
from heatstream.settings import Subscription

CITY = "220100"
AT = "2026-01-05T08:00:00+08:00"
GOOD = {"point": "P-1", "at": AT, "temp_c": 18.42}
METER = {"meter": "M-1", "at": AT, "power_kw": 7}
TABLE = [
    Subscription(filter="wm/+", profile="wmbusmeters", gateway_level=1),
    Subscription(filter="/sample/#", profile="meterlogger", gateway_level=3),
    Subscription(filter="qp/#", profile="qingping", gateway_path="mac"),
    Subscription(filter="edge/+/+/+", profile="edgelogger", gateway_level=3),
    Subscription(filter="iot/+", profile="simple-iot", gateway_level=1),
    Subscription(filter="sen/+", profile="senml", gateway_level=1),
]
TOPICS = [
    "heat/v1/220100/gw/indoor",
    "heat/v1/220100/gw/meters",
    "heat/v1/220100/gw/status",
    "heat/v1/220100/gw/receipt",
    "heat/v1/other/gw/indoor",
    "wm/a",
    "/sample/v1/7/1767571200",
    "qp/a",
    "edge/power/up/1",
    "iot/a",
    "sen/a",
    "nobody/knows",
]
FIELDS = (
    *("gateway", "sequence", "sent_at", "readings", "point", "points", "meter", "at", "temp_c", "supply_c", "fault"),
    *("state", "bn", "n", "u", "v", "t", "bt", "bv", "bver", "x_", "mac", "sensorData", "timestamp", "temperature"),
    *("value", "unit", "batch", "metrics", "supplyTemp", "header", "body", "identifier", "id", "status"),
)

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(
        [AT, "2026-01-05T08:00:00", "Cel", "C", "gw", "online", "20250619145824881", 1_767_571_200, 18.42]
    )
)
junk = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=7),
    max_leaves=25,
)
payloads = junk.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=30)


@pytest.fixture(scope="session")
def decode() -> Callable[..., Decoded]:
    decoder = Decoder(Subscriptions(CITY, TABLE))

    def decode(*messages: tuple[str, object]) -> Decoded:
        sent = [payload if isinstance(payload, bytes) else json.dumps(payload).encode() for _, payload in messages]
        return decoder.decode(Received([topic for topic, _ in messages], sent, np.zeros(len(messages), dtype=np.int64)))

    return decode


@given(st.lists(st.tuples(st.sampled_from(TOPICS), payloads), max_size=12))
def test_whatever_is_sent_nothing_is_raised_and_the_columns_hold_together(
    decode: Callable[..., Decoded], messages: list[tuple[str, bytes]]
) -> None:
    decoded = decode(*messages)
    for columns in (decoded.indoor, decoded.meters):
        assert (
            len({len(columns), len(columns.message), len(columns.position), len(columns.at_us), len(columns.fault)})
            == 1
        )
        assert np.all(np.diff(columns.message) >= 0)
        assert set(columns.message.tolist()).isdisjoint(decoded.undecodable)
        assert sorted(columns.detail) == np.flatnonzero(columns.fault).tolist()
        assert np.all((columns.at_us != ABSENT_US) | (columns.fault != Fault.FINE))
    assert len(decoded.indoor.temp_centi) == len(decoded.indoor)
    assert all(len(decoded.meters.quantity[name]) == len(decoded.meters) for name in QUANTITIES)
    assert all(gateway or place in decoded.undecodable for place, gateway in enumerate(decoded.gateway))
    assert not any("\0" in text for text in decoded.undecodable.values())


@given(st.lists(st.tuples(st.sampled_from(TOPICS), payloads), min_size=1, max_size=8))
def test_a_message_decodes_the_same_alone_and_among_others(
    decode: Callable[..., Decoded], messages: list[tuple[str, bytes]]
) -> None:
    together = decode(*messages)
    for place, message in enumerate(messages):
        alone = decode(message)
        mine = together.indoor.message == place
        assert alone.indoor.temp_centi.tolist() == together.indoor.temp_centi[mine].tolist()
        assert alone.indoor.fault.tolist() == together.indoor.fault[mine].tolist()
        assert alone.undecodable.get(0) == together.undecodable.get(place)
        assert alone.gateway == [together.gateway[place]]


def test_an_empty_batch_is_empty_columns(decode: Callable[..., Decoded]) -> None:
    decoded = decode()
    assert (len(decoded.indoor), len(decoded.meters), decoded.status, decoded.undecodable) == (0, 0, [], {})


def test_messages_of_every_way_stand_in_one_batch(decode: Callable[..., Decoded]) -> None:
    decoded = decode(
        ("heat/v1/220100/gw/indoor", GOOD),
        ("heat/v1/220100/gw/meters", METER),
        ("sen/gw-7", [{"n": "s", "u": "Cel", "v": 18}]),
        ("nobody/knows", GOOD),
        ("heat/v1/220100/gw/status", {"state": "online"}),
        ("/sample/v1/7/1767571200", b"t1=25.00 C&"),
        ("heat/v1/220100/gw/indoor", GOOD),
    )
    assert decoded.indoor.message.tolist() == [0, 2, 6]
    assert decoded.meters.message.tolist() == [1, 5]
    assert [status.message for status in decoded.status] == [4]
    assert list(decoded.undecodable) == [3]
    assert decoded.gateway == ["gw", "gw", "gw-7", "", "gw", "7", "gw"]


def test_a_status_of_another_gateway_is_refused(decode: Callable[..., Decoded]) -> None:
    decoded = decode(("heat/v1/220100/gw/status", {"state": "online", "gateway": "gx"}))
    assert decoded.status == []
    assert "payload says 'gx'" in decoded.undecodable[0]


def test_a_fault_keeps_its_reason_code() -> None:
    assert [fault.reason for fault in Fault] == [
        "fine",
        "undecodable",
        "no_time_zone",
        "time_unreadable",
        "value_unreadable",
    ]
