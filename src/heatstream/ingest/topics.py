"""Topics: the contract's own, and what the subscription table says of others."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from heatstream.errors import BadInput, SettingsError
from heatstream.ingest.columns import Kind, Route, Way
from heatstream.ingest.profiles import NATIVE, SENML, Profile, load_profiles
from heatstream.settings import Subscription

_ROOT: Final = ("heat", "v1")
_LEVELS: Final = 5
_NOT_IN_A_LEVEL: Final = frozenset("/+#\0")
_TOPIC_MAX_BYTES: Final = 65_535
_CACHED_TOPICS: Final = 200_000
RECEIPT: Final = "receipt"


class Topic(NamedTuple):
    """A topic of the contract: `heat/v1/{city}/{gateway}/{leaf}`."""

    city: str
    gateway: str
    leaf: str
    """`indoor`, `meters`, `status` or `receipt`."""


def parse(topic: str) -> Topic:
    """Read a topic of the contract.

    Raises
    ------
    BadInput
        It is none; the text says where it differs.
    """
    levels = topic.split("/")
    if len(levels) != _LEVELS or tuple(levels[:2]) != _ROOT:
        raise BadInput(f"topic {topic!r}: expected heat/v1/{{city}}/{{gateway}}/indoor|meters|status|receipt")
    _, _, city, gateway, leaf = levels
    _check_level(city, "city", topic)
    _check_level(gateway, "gateway", topic)
    if leaf != RECEIPT and leaf not in list(Kind):
        raise BadInput(f"topic {topic!r}: last level is {leaf!r}, expected indoor, meters, status or receipt")
    return Topic(city, gateway, leaf)


def build(city: str, gateway: str, leaf: str) -> str:
    """Spell a topic of the contract; raise BadInput where a name cannot stand in a topic."""
    topic = "/".join((*_ROOT, city, gateway, leaf))
    parse(topic)
    return topic


def receipt_topic(city: str, gateway: str) -> str:
    """Name the retained topic on which a gateway reads what is stored."""
    return build(city, gateway, RECEIPT)


def _check_level(name: str, what: str, topic: str) -> None:
    if not name or _NOT_IN_A_LEVEL & set(name):
        raise BadInput(f"topic {topic!r}: {what} is {name!r}, expected a name without / + # or NUL")


def check_filter(topic_filter: str) -> None:
    """Raise SettingsError where an MQTT broker would refuse the filter."""
    levels = topic_filter.split("/")
    if not topic_filter or "\0" in topic_filter or len(topic_filter.encode()) > _TOPIC_MAX_BYTES:
        raise SettingsError(f"filter {topic_filter!r}: expected 1 to {_TOPIC_MAX_BYTES} bytes without NUL")
    if any(("+" in level and level != "+") or ("#" in level and level != "#") for level in levels):
        raise SettingsError(f"filter {topic_filter!r}: + and # stand for whole levels, alone between slashes")
    if "#" in levels[:-1]:
        raise SettingsError(f"filter {topic_filter!r}: # stands at the end only")


def matches(topic_filter: str, topic: str) -> bool:
    """Tell whether a topic falls under a filter, as MQTT 5 section 4.7 says."""
    if topic.startswith("$") and topic_filter[:1] in {"+", "#"}:
        return False
    wanted, levels = topic_filter.split("/"), topic.split("/")
    if wanted[-1] == "#":
        wanted = wanted[:-1]
        levels = levels[: len(wanted)]
    return len(wanted) == len(levels) and all(want in {"+", level} for want, level in zip(wanted, levels, strict=True))


class Subscriptions:
    """Which decoder reads which topic, and which gateway sent it.

    The contract's topics come first, then the table of the settings in its order: the first match decides.
    """

    def __init__(self, city: str | None, table: Sequence[Subscription] = ()) -> None:
        for entry in table:
            _check_entry(entry)
        self.city = city
        self.profiles: Mapping[str, Profile] = load_profiles(entry.profile for entry in table)
        self._table = tuple(table)
        self._routes: dict[str, Route | None] = {}

    def filters(self) -> tuple[str, ...]:
        """List what ingest subscribes to."""
        own = tuple("/".join((*_ROOT, self.city or "+", "+", kind)) for kind in Kind)
        return (*own, *dict.fromkeys(entry.filter for entry in self._table))

    def routes(self, topics: Sequence[str]) -> list[Route | None]:
        """Route a batch; None for a topic that nothing takes."""
        try:
            return list(map(self._routes.__getitem__, topics))
        except KeyError:
            self._learn(topics)
        return list(map(self._routes.__getitem__, topics))

    def _learn(self, topics: Sequence[str]) -> None:
        """Route new topics; forget the old ones where some loggers write the time into the topic."""
        new = {topic: self.route(topic) for topic in set(topics) - self._routes.keys()}
        if len(self._routes) + len(new) > _CACHED_TOPICS:
            new |= {topic: self._routes[topic] for topic in set(topics) & self._routes.keys()}
            self._routes.clear()
        self._routes |= new

    def route(self, topic: str) -> Route | None:
        """Route one topic; None where nothing takes it, and `why_not` says why."""
        if topic.startswith("heat/v1/"):
            return self._own_route(topic)
        entry = next((entry for entry in self._table if matches(entry.filter, topic)), None)
        return self._foreign_route(entry, topic) if entry else None

    def why_not(self, topic: str) -> str:
        """Say why a topic has no route."""
        if not topic.startswith("heat/v1/"):
            return f"topic {topic!r}: no subscription takes it, or it lacks the level of the gateway's id"
        try:
            parsed = parse(topic)
        except BadInput as error:
            return str(error)
        if parsed.leaf == RECEIPT:
            return f"topic {topic!r}: receipts are written by ingest alone"
        return f"topic {topic!r}: city is {parsed.city!r}, expected {self.city!r}"

    def _own_route(self, topic: str) -> Route | None:
        try:
            parsed = parse(topic)
        except BadInput:
            return None
        if parsed.leaf == RECEIPT or self.city not in {None, parsed.city}:
            return None
        return Route(_OWN_WAYS[parsed.leaf], parsed.city, parsed.gateway)

    def _foreign_route(self, entry: Subscription, topic: str) -> Route | None:
        levels = topic.split("/")
        way = Way(entry.profile, self._kind_of(entry, levels), entry.gateway_path)
        if entry.gateway_level is None:
            return Route(way, self.city, None)
        gateway = levels[entry.gateway_level] if entry.gateway_level < len(levels) else ""
        return Route(way, self.city, gateway) if gateway else None

    def _kind_of(self, entry: Subscription, levels: Sequence[str]) -> Kind:
        if entry.profile in self.profiles:
            return self.profiles[entry.profile].kind
        return Kind(levels[-1]) if entry.profile == NATIVE and levels[-1] in list(Kind) else Kind.INDOOR


_OWN_WAYS: Final = {str(kind): Way(NATIVE, kind) for kind in Kind}


def _check_entry(entry: Subscription) -> None:
    check_filter(entry.filter)
    levels = entry.filter.split("/")
    level = entry.gateway_level
    if level is not None and level >= len(levels) and levels[-1] != "#":
        raise SettingsError(f"filter {entry.filter!r}: gateway_level is {level}, expected below {len(levels)}")
    if entry.gateway_path is not None and entry.profile == SENML:
        raise SettingsError(f"filter {entry.filter!r}: SenML names no gateway; expected gateway_level")
    if entry.gateway_path not in {None, "gateway"} and entry.profile == NATIVE:
        raise SettingsError(f"filter {entry.filter!r}: the contract names its gateway in `gateway`, no other path")
