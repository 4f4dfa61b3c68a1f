import pytest

from heatstream.errors import BadInput, SettingsError
from heatstream.ingest import topics
from heatstream.ingest.columns import Kind, Way
from heatstream.ingest.topics import Subscriptions, Topic, build, check_filter, matches, parse, receipt_topic
from heatstream.settings import Subscription

CITY = "220100"


def foreign(
    topic_filter: str, profile: str = "qingping", level: int | None = 1, path: str | None = None
) -> Subscription:
    return Subscription(filter=topic_filter, profile=profile, gateway_level=level, gateway_path=path)


@pytest.mark.parametrize("leaf", ["indoor", "meters", "status", "receipt"])
def test_a_topic_of_the_contract_is_read_as_it_was_built(leaf: str) -> None:
    assert parse(build(CITY, "gw-0001", leaf)) == Topic(CITY, "gw-0001", leaf)


def test_a_receipt_has_the_gateways_own_topic() -> None:
    assert receipt_topic(CITY, "gw-0001") == "heat/v1/220100/gw-0001/receipt"


@pytest.mark.parametrize(
    ("topic", "fault"),
    [
        ("heat/v1/220100/gw-0001", "expected heat/v1/"),
        ("heat/v2/220100/gw-0001/indoor", "expected heat/v1/"),
        ("/heat/v1/220100/gw-0001/indoor", "expected heat/v1/"),
        ("heat/v1/220100/gw-0001/outdoor", "last level is 'outdoor'"),
        ("heat/v1//gw-0001/indoor", "city is ''"),
        ("heat/v1/220100//indoor", "gateway is ''"),
        ("heat/v1/220100/+/indoor", "gateway is '+'"),
        ("heat/v1/220100/a\0/indoor", "gateway is 'a"),
    ],
)
def test_a_topic_that_is_none_of_the_contract_says_where_it_differs(topic: str, fault: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse(topic)
    assert fault in str(caught.value)


@pytest.mark.parametrize("gateway", ["", "a/b", "#", "a+"])
def test_a_name_that_cannot_stand_in_a_topic_is_refused(gateway: str) -> None:
    with pytest.raises(BadInput):
        receipt_topic(CITY, gateway)


@pytest.mark.parametrize(
    ("topic_filter", "topic"),
    [
        ("a/b", "a/b"),
        ("a/+", "a/b"),
        ("+/+", "/a"),
        ("/+", "/a"),
        ("#", "a/b/c"),
        ("a/#", "a/b/c"),
        ("a/#", "a"),
        ("+/b/#", "a/b"),
        ("a/+/c", "a//c"),
        ("$SYS/#", "$SYS/broker"),
    ],
)
def test_a_filter_takes_what_mqtt_says(topic_filter: str, topic: str) -> None:
    assert matches(topic_filter, topic)


@pytest.mark.parametrize(
    ("topic_filter", "topic"),
    [
        ("a/b", "a/b/c"),
        ("a/+", "a"),
        ("a/+", "a/b/c"),
        ("+", "/a"),
        ("a/#", "b"),
        ("a/b/#", "a"),
        ("#", "$SYS/broker"),
        ("+/broker", "$SYS/broker"),
        ("a/B", "a/b"),
    ],
)
def test_a_filter_leaves_what_mqtt_says(topic_filter: str, topic: str) -> None:
    assert not matches(topic_filter, topic)


@pytest.mark.parametrize("topic_filter", ["", "a/b+", "a#", "#/a", "a/#/b", "a\0", "a" * 65_536])
def test_a_filter_that_a_broker_refuses_is_refused_at_the_start(topic_filter: str) -> None:
    with pytest.raises(SettingsError):
        check_filter(topic_filter)


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        (foreign("/+/up/+", level=4), "gateway_level is 4, expected below 4"),
        (foreign("a/#", profile="senml", level=None, path="gw"), "SenML names no gateway"),
        (foreign("a/#", profile="native", level=None, path="gw"), "no other path"),
        (foreign("a/#", profile="nobody"), "profile 'nobody'"),
        (foreign("a#"), "whole levels"),
    ],
)
def test_an_entry_of_the_table_that_cannot_work_refuses_to_start(entry: Subscription, fault: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Subscriptions(CITY, [entry])
    assert fault in str(caught.value)


def test_ingest_subscribes_to_its_citys_contract_and_to_the_table() -> None:
    table = [foreign("/+/up/+", level=3), foreign("/+/up/+", level=1), foreign("wm/+", profile="wmbusmeters")]
    assert Subscriptions(CITY, table).filters() == (
        "heat/v1/220100/+/indoor",
        "heat/v1/220100/+/meters",
        "heat/v1/220100/+/status",
        "/+/up/+",
        "wm/+",
    )


def test_a_contract_topic_names_gateway_and_kind() -> None:
    route = Subscriptions(CITY).route("heat/v1/220100/gw-0001/meters")
    assert route is not None
    assert route == (Way("native", Kind.METERS), CITY, "gw-0001")


@pytest.mark.parametrize(
    ("topic", "why"),
    [
        ("heat/v1/220200/gw-0001/indoor", "city is '220200', expected '220100'"),
        ("heat/v1/220100/gw-0001/receipt", "receipts are written by ingest alone"),
        ("heat/v1/220100/gw-0001", "expected heat/v1/"),
        ("other/topic", "no subscription takes it"),
    ],
)
def test_a_topic_that_nothing_takes_says_why(topic: str, why: str) -> None:
    subscriptions = Subscriptions(CITY)
    assert subscriptions.route(topic) is None
    assert why in subscriptions.why_not(topic)


def test_without_a_city_of_its_own_ingest_takes_any() -> None:
    subscriptions = Subscriptions(None)
    assert subscriptions.filters()[0] == "heat/v1/+/+/indoor"
    assert subscriptions.route("heat/v1/999/gw/indoor") is not None


def test_the_first_entry_that_matches_decides() -> None:
    table = [foreign("wm/special", profile="senml", level=1), foreign("wm/+", profile="wmbusmeters")]
    subscriptions = Subscriptions(CITY, table)
    routes = subscriptions.routes(["wm/special", "wm/other"])
    assert [route and route.way for route in routes] == [Way("senml", Kind.INDOOR), Way("wmbusmeters", Kind.METERS)]


def test_a_topic_without_the_gateways_level_has_no_route() -> None:
    subscriptions = Subscriptions(CITY, [foreign("up/#", level=2)])
    assert subscriptions.routes(["up/a", "up/a/", "up/a/b"])[:2] == [None, None]


def test_contract_payloads_on_foreign_topics_take_their_kind_from_the_last_level() -> None:
    subscriptions = Subscriptions(CITY, [foreign("old/#", profile="native", level=1)])
    routes = subscriptions.routes(["old/gw/meters", "old/gw/room"])
    assert [route and route.way.kind for route in routes] == [Kind.METERS, Kind.INDOOR]


def test_topics_that_never_repeat_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topics, "_CACHED_TOPICS", 10)
    subscriptions = Subscriptions(CITY, [foreign("/sample/v1/+/+", profile="meterlogger", level=3)])
    for second in range(0, 100, 4):
        new = [f"/sample/v1/7/{second + step}" for step in range(4)]
        assert None not in subscriptions.routes([*new, "/sample/v1/7/0"])
    assert len(subscriptions._routes) <= 10
