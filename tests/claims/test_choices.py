"""What was chosen of a claim's evidence is followed: instruments (A34), hours (A28), a user who refuses (A26)."""

import dataclasses
from typing import Any

from heatstream.claims.events import Event
from heatstream.claims.facts import told_of
from heatstream.claims.way import Recorded, Way, fold
from heatstream.rules import policy
from heatstream.rules.choices import ExcludedHours
from heatstream.rules.law import Law
from heatstream.rules.pack import SHIPPED

from .rig import given, opened, time, visit

DEMO = policy.load(SHIPPED / "demo-shili.choices.yaml").laws[0]
REFUSED = given(
    "presumption_recorded",
    time(9),
    lapse="user_refused",
    day="2026-01-05",
    no_good_reason=True,
    no_other_agreement=True,
    on=[1],
    grounds="查阅",
)


def way(*told: Event) -> Way:
    return fold(Recorded(number, event, "D1", event.at) for number, event in enumerate((opened(), *told), start=1))


def law(*, certificate: bool | None = None, **choices: Any) -> Law:
    """The demo's law, but with other choices, and a pack that asks for a certificate or does not."""
    measurement = DEMO.pack.measurement
    assert measurement is not None
    pack = DEMO.pack.model_copy(update={"measurement": measurement.model_copy(update={"certificate": certificate})})
    return dataclasses.replace(DEMO, pack=pack, choices=DEMO.choices.model_copy(update=choices))


def valid(of: Law) -> bool:
    [test] = told_of(way(visit(time(15), certificate_until=None)), of, None)["tests"]
    return bool(test["valid"])


def test_an_unverified_instrument_counts_where_neither_the_pack_nor_the_choice_forbids_it() -> None:
    assert valid(law(uncertified_device="counts_marked"))


def test_an_unverified_instrument_is_no_evidence_where_that_was_chosen() -> None:
    assert not valid(law(uncertified_device="not_evidence"))


def test_a_pack_that_asks_for_a_certificate_is_followed_whatever_was_chosen() -> None:
    assert not valid(law(certificate=True, uncertified_device="counts_marked"))


def test_a_test_at_excluded_hours_counts_for_nothing() -> None:
    visited = DEMO.pack.visit
    assert visited is not None
    silent = DEMO.pack.model_copy(update={"visit": visited.model_copy(update={"exclude_local": None})})
    chosen = DEMO.choices.model_copy(update={"visit_hours": ExcludedHours(exclude_local="14:00-16:00")})
    [test] = told_of(way(visit(time(15))), dataclasses.replace(DEMO, pack=silent, choices=chosen), None)["tests"]
    assert (test["valid"], test["why_not"]) == (False, ["rooms.0.hour"])


def presumed(of: Law) -> list[str]:
    return [each["outcome"] for each in told_of(way(REFUSED), of, None)["presumptions"]]


def test_a_user_who_refuses_is_presumed_against_by_an_officer_s_record() -> None:
    assert presumed(law(refusals="officer_decides")) == ["compliant"]


def test_nothing_is_presumed_against_a_user_where_that_was_chosen() -> None:
    assert presumed(law(refusals="no_presumption")) == []
