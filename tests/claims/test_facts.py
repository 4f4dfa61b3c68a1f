"""What of a visit counts, and how a claim's facts are written."""

import dataclasses
import datetime as dt
from fractions import Fraction
from typing import Any

import pytest

from heatstream.claims import facts
from heatstream.claims.events import Event
from heatstream.claims.way import Recorded, fold
from heatstream.core.calendar import day_of
from heatstream.rules import pack as packs
from heatstream.rules import policy
from heatstream.rules.law import Law
from heatstream.rules.pack import SHIPPED

from .rig import given, opened, room, time, visit

LAW = policy.load(SHIPPED / "demo-shili.choices.yaml").law_on(day_of(dt.date(2026, 1, 5)))


def seen(*told: Event, law: Law = LAW) -> list[dict[str, Any]]:
    way = fold(Recorded(number, event, "D1", event.at) for number, event in enumerate([opened(), *told], start=1))
    return facts.tests(way, law)


def two_rooms(**changed: Any) -> Event:
    """A bedroom at 16.5 °C, and a living room at 15.0 °C that was measured as told."""
    cold = room(time(8, 30), 1500, **{"kind": "living_room", **changed})
    return visit(time(8, 20), rooms=[room(time(8, 30)), cold])


ROOM_FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "not closed long enough": ({"closed_min": 59}, "rooms.1.closed_min"),
    "too high": ({"height_cm": 101}, "rooms.1.height"),
    "beside the centre": ({"position": "other"}, "rooms.1.position"),
    "not stable": ({"stable": False}, "rooms.1.unstable"),
    "no room of the standard": ({"kind": "kitchen"}, "rooms.1.room"),
}


@pytest.mark.parametrize(("changed", "why"), ROOM_FAULTS.values(), ids=ROOM_FAULTS)
def test_a_room_measured_otherwise_is_left_out_of_its_test(changed: dict[str, Any], why: str) -> None:
    [test] = seen(two_rooms(**changed))
    assert (test["valid"], test["why_not"], [each["temp_centi"] for each in test["rooms"]]) == (True, [why], [1650])


WHOLE_FAULTS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a certificate that has ended": ({"certificate_until": "2026-01-04"}, ["certificate"]),
    "a certificate nobody wrote down": ({"certificate_until": None}, ["certificate"]),
    "a household that did not sign": (
        {
            "people": [{"name": "x", "role": "tester", "signed": True}],
            "refusals": [{"code": "refused_signature", "by": "household"}],
        },
        ["unsigned"],
    ),
    "the only room too high": ({"rooms": [room(time(8, 30), height_cm=160)]}, ["rooms.0.height"]),
}


@pytest.mark.parametrize(("changed", "why"), WHOLE_FAULTS.values(), ids=WHOLE_FAULTS)
def test_an_invalid_test_is_shown_with_its_reasons(changed: dict[str, Any], why: list[str]) -> None:
    [test] = seen(visit(time(8, 20), **changed))
    assert (test["valid"], test["why_not"], test["rooms"][0]["temp_centi"]) == (False, why, 1650)


@pytest.mark.parametrize(
    ("hour", "minute", "valid"), [(9, 40, True), (9, 49, False), (13, 50, True)], ids=["before", "into it", "after"]
)
def test_the_hours_at_noon_count_for_nothing(hour: int, minute: int, valid: bool) -> None:
    assert [test["valid"] for test in seen(visit(time(hour, minute)))] == [valid]


def test_the_authoritys_visit_stands_without_the_households_signature() -> None:
    refused = {
        "people": [{"name": "x", "role": "authority", "signed": True}],
        "refusals": [{"code": "refused_signature", "by": "household"}],
    }
    assert [test["valid"] for test in seen(visit(time(8, 20), by="authority", **refused))] == [True]


def test_a_visit_without_a_measurement_is_no_test() -> None:
    nobody = [{"code": "not_home", "by": "household"}]
    told = visit(time(8, 20), rooms=[], started_at=None, ended_at=None, instrument_no=None, refusals=nobody)
    assert seen(told) == []


@pytest.mark.parametrize(("centi", "agreed", "failing"), [(1799, None, True), (1800, None, False), (1999, 2000, True)])
def test_a_test_fails_below_the_law_and_the_contract(centi: int, agreed: int | None, failing: bool) -> None:
    told = {"tests": seen(visit(time(8, 20), centi)), "standing": {"standard_centi": agreed}}
    rules = LAW.day_rules(day_of(dt.date(2026, 1, 5)))
    assert facts.company_measured_failing(told, rules) == failing


# --- joint values -----------------------------------------------------------------------------------------------------

BINZHOU = packs.find("cn-37-binzhou")


def measured(day: int, hour: int, centi: int) -> dict[str, Any]:
    return {
        "at": time(hour, day=day).isoformat(),
        "kind": "company_visit",
        "valid": True,
        "why_not": [],
        "event": day * 100 + hour,
        "rooms": [{"kind": "bedroom", "temp_centi": centi, "of": 1, "area_centi_m2": 1500}],
    }


def joint(*told: dict[str, Any]) -> list[Fraction]:
    return [
        Fraction(test["rooms"][0]["temp_centi"], test["rooms"][0]["of"])
        for test in facts.joined(list(told), BINZHOU)
        if test["valid"]
    ]


def test_three_days_of_two_measurements_are_one_test_by_their_mean() -> None:
    values = [1600, 1601, 1600, 1600, 1600, 1600]
    told = [measured(5 + n // 2, 8 + 10 * (n % 2), centi) for n, centi in enumerate(values)]
    assert joint(*told) == [Fraction(9601, 6)]


def test_two_days_of_two_measurements_are_no_test() -> None:
    assert joint(*(measured(day, hour, 1600) for day in (5, 6) for hour in (8, 18))) == []


def test_days_with_a_gap_are_not_joined() -> None:
    assert joint(*(measured(day, hour, 1600) for day in (5, 6, 8) for hour in (8, 18))) == []


def test_a_measurement_at_night_does_not_count() -> None:
    assert joint(*(measured(day, hour, 1600) for day in (5, 6, 7) for hour in (8, 22))) == []


def test_a_pack_that_joins_nothing_leaves_every_test_as_it_is() -> None:
    told = [measured(5, 8, 1600)]
    assert facts.joined(told, LAW.pack) == told


# --- what else persons recorded ---------------------------------------------------------------------------------------


def test_the_last_word_on_a_day_stands() -> None:
    pack = LAW.pack.model_copy(update={"standard": packs.find("cn-37-heze").standard})
    law = dataclasses.replace(LAW, pack=pack)
    told = [
        given("condition_recorded", time(9), day_from="2026-01-05", day_to="2026-01-07", met=True, grounds="x"),
        given("condition_recorded", time(10), day_from="2026-01-06", day_to="2026-01-06", met=False, grounds="y"),
    ]
    way = fold(Recorded(number, event, "D1", event.at) for number, event in enumerate([opened(), *told], start=1))
    found = facts.told_of(way, law, None)["conditions"]
    assert found == [
        {"day": "2026-01-05", "met": True},
        {"day": "2026-01-06", "met": False},
        {"day": "2026-01-07", "met": True},
    ]
