"""The time limits of a claim, to the minute and to the day."""

import dataclasses
import datetime as dt

import pytest

from heatstream.claims.clocks import Clock, clocks, measured_late, months_after, next_due_at, refund_day
from heatstream.claims.events import Event
from heatstream.claims.way import Recorded, fold
from heatstream.core.calendar import day_of
from heatstream.rules import holidays, policy
from heatstream.rules.law import Law
from heatstream.rules.pack import SHIPPED

from .rig import NOW, drafted, given, opened, time, visit

LAW = policy.load(SHIPPED / "demo-shili.choices.yaml").law_on(day_of(dt.date(2026, 1, 5)))
REFUSED = [{"code": "not_home", "by": "household"}]


def made(*told: Event, law: Law = LAW, days_off: holidays.DaysOff = holidays.FICTIONAL) -> dict[str, Clock]:
    way = fold(Recorded(number, event, f"D{number}", event.at) for number, event in enumerate(told, start=1))
    return {clock.name: clock for clock in clocks(way, law, days_off, None)}


def states(*told: Event, now: dt.datetime = NOW, law: Law = LAW) -> dict[str, str]:
    return {name: clock.state(now) for name, clock in made(*told, law=law).items()}


def appointment(instant: dt.datetime, until: dt.datetime) -> Event:
    return given("appointment_made", instant, appointment_at=until, agreed_by="户主", evidence="录音")


def ruled() -> list[Event]:
    return [
        opened(),
        drafted(time(9, day=13), "cd" * 32),
        given("ruling_reviewed", time(10, day=13), agrees=True, opinion="同意"),
        given("ruling_approved", time(11, day=13), agrees=True, opinion="同意", doc_no="1号"),
    ]


def served(party: str, instant: dt.datetime) -> Event:
    return given("ruling_served", instant, recipient=party, method="direct", received_by="x")


MEASURING: dict[str, tuple[list[Event], str]] = {
    "nobody has come, and the limit runs": ([], "running"),
    "measuring began in its last minute": ([visit(time(8, 25))], "kept"),
    "measuring began a minute late": ([visit(time(8, 26))], "breached"),
    "nobody was let in": (
        [visit(time(8, 30), rooms=[], started_at=None, ended_at=None, instrument_no=None, refusals=REFUSED)],
        "kept",
    ),
    "another time was agreed on, and kept": (
        [appointment(time(8, 20), time(18)), visit(time(17))],
        "waived",
    ),
    "another time was agreed on, and not kept": (
        [appointment(time(8, 20), time(18)), visit(time(19))],
        "breached",
    ),
    "another time was agreed on too late": (
        [appointment(time(8, 31), time(18)), visit(time(17))],
        "breached",
    ),
}


@pytest.mark.parametrize(("told", "state"), MEASURING.values(), ids=MEASURING)
def test_the_limit_of_measuring_is_thirty_minutes_from_the_request(told: list[Event], state: str) -> None:
    assert states(opened(), *told, now=time(8, 30))["measure"] == state


def test_a_limit_ends_with_its_last_instant() -> None:
    late = time(8, 30) + dt.timedelta(microseconds=1)
    assert (states(opened(), now=time(8, 30))["measure"], states(opened(), now=late)["measure"]) == (
        "running",
        "breached",
    )


@pytest.mark.parametrize(("day", "minutes"), [(29, 120), (30, 30)], ids=["the tenth day", "the eleventh day"])
def test_the_seasons_first_ten_days_have_a_limit_of_their_own(day: int, minutes: int) -> None:
    instant = dt.datetime.combine(dt.date(2025, 10, day), dt.time(8), time(8).tzinfo)
    clock = made(opened(instant))["measure"]
    assert clock.limit == instant + dt.timedelta(minutes=minutes)


def test_what_the_authority_opened_has_no_limit_of_measuring() -> None:
    assert "measure" not in made(opened(way="batch", batch_case="1", temperature_complaint=False))


def test_what_is_no_temperature_complaint_has_no_limit_of_contact() -> None:
    assert "contact" not in made(opened(temperature_complaint=False))


def test_the_authority_comes_within_a_day_of_being_called() -> None:
    called = given("escalated", time(9, day=6), trigger="disputed")
    came = visit(time(9, day=7), by="authority")
    assert states(opened(), called, came)["authority_visit"] == "kept"


def test_a_choice_that_is_not_made_leaves_the_limit_unknown() -> None:
    law = dataclasses.replace(LAW, choices=LAW.choices.model_copy(update={"sla_clock": None}))
    clock = made(opened(), law=law)["measure"]
    assert (clock.state(NOW), clock.refusal and (str(clock.refusal), clock.refusal.zh)) == (
        "unknown",
        (
            "choice sla_clock is not made: what ends 测温时限 is open",
            "选项 sla_clock 未选定：测温时限止于何时尚无定论",
        ),
    )


def test_performing_runs_from_the_service_to_both() -> None:
    days = [
        made(*ruled(), served("household", time(14, day=13))).get("perform"),
        made(*ruled(), served("household", time(14, day=13)), served("company", time(9, day=14))).get("perform"),
    ]
    # Fifteen days after the thirteenth, and after the fourteenth: a Wednesday and a Thursday.
    assert [day and day.limit and day.limit.date() for day in days] == [dt.date(2026, 1, 28), dt.date(2026, 1, 29)]


def test_a_last_day_that_is_off_moves_to_the_next_that_is_worked() -> None:
    clock = made(*ruled(), served("company", time(9, day=16)))["perform"]
    # Fifteen days after Friday the sixteenth: Saturday the thirty-first.
    assert clock.limit == dt.datetime(2026, 2, 2, 23, 59, 59, 999999, tzinfo=time(8).tzinfo)


def test_a_year_without_its_notice_leaves_the_limit_unknown() -> None:
    clock = made(*ruled(), served("company", time(9, day=13)), days_off=holidays.DaysOff({}))["perform"]
    assert (clock.limit, "2026" in str(clock.refusal)) == (None, True)


def test_what_is_paid_ends_the_limit() -> None:
    paid = given("payment_made", time(9, day=15), fen=300, paid_on="2026-01-15", voucher_no="1", payee="户主")
    told = [*ruled(), served("household", time(14, day=13)), served("company", time(14, day=13)), paid]
    assert states(*told)["perform"] == "kept"


def test_a_refund_is_due_two_months_after_the_season() -> None:
    way = fold([Recorded(1, opened(), "D1", time(8))])
    assert refund_day(way, LAW) == dt.date(2026, 6, 6)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (dt.date(2026, 3, 31), 1, dt.date(2026, 4, 30)),
        (dt.date(2026, 3, 15), 2, dt.date(2026, 5, 15)),
        (dt.date(2027, 12, 31), 2, dt.date(2028, 2, 29)),
    ],
)
def test_months_end_with_the_same_day_or_the_months_last(day: dt.date, months: int, expected: dt.date) -> None:
    assert months_after(day, months) == expected


def test_the_next_limit_is_the_earliest_that_is_waited_for() -> None:
    contacted = given("contacted", time(8, 5), by_means="电话")
    way = fold([Recorded(1, opened(), "D1", time(8)), Recorded(2, contacted, "D1", time(8, 5))])
    running = clocks(way, LAW, holidays.FICTIONAL, None)
    assert (next_due_at(running), measured_late(running, time(8, 31))) == (time(8, 30), True)


def test_a_closed_claim_waits_for_nothing() -> None:
    closed = given("closed", time(9))
    way = fold([Recorded(1, opened(), "D1", time(8)), Recorded(2, closed, "D1", time(9))])
    assert next_due_at(clocks(way, LAW, holidays.FICTIONAL, None)) is None
