"""滞退金, to the day: two months after the season is 2026-06-06, a Saturday, so the last day is the Monday after."""

import dataclasses
import datetime as dt

import pytest

from heatstream.claims.clocks import clocks
from heatstream.claims.events import Event
from heatstream.claims.late import LatePayment, late_payment
from heatstream.claims.way import Recorded, fold
from heatstream.rules import holidays
from heatstream.rules.law import Law

from .rig import given, opened, time
from .test_clocks import LAW

OWED = 1_000_000
MONDAY = dt.datetime(2026, 6, 8, 23, 59, tzinfo=dt.timezone(dt.timedelta(hours=8)))


def paid(day: str, fen: int) -> Event:
    return given("payment_made", MONDAY, fen=fen, paid_on=day, voucher_no="1", payee="户主")


def late(*told: Event, after: int = 0, law: Law = LAW) -> LatePayment | None:
    way = fold(Recorded(number, event, "D1", time(8)) for number, event in enumerate([opened(), *told], start=1))
    made = clocks(way, law, holidays.FICTIONAL, OWED)
    return late_payment(way, law, made, OWED, MONDAY + dt.timedelta(days=after))


@pytest.mark.parametrize(("after", "fen"), [(0, None), (1, 500), (10, 5_000)])
def test_each_day_after_the_last_costs_the_pack_s_share(after: int, fen: int | None) -> None:
    said = late(after=after)
    assert (said and said.fen) == fen


def test_what_is_paid_in_time_costs_nothing() -> None:
    assert late(paid("2026-06-08", OWED), after=10) is None


def test_what_is_paid_in_parts_costs_each_part_s_days() -> None:
    said = late(paid("2026-06-08", 400_000), paid("2026-06-10", 200_000), after=10)
    assert said == LatePayment((200_000 * 2 + 400_000 * 10) * 5 // 10_000, excused_by_user=True)


def test_a_rate_of_the_contract_that_nobody_registered_is_told_apart() -> None:
    penalty = LAW.pack.late_refund_penalty
    assert penalty is not None
    pack = LAW.pack.model_copy(update={"late_refund_penalty": penalty.model_copy(update={"per_day": None})})
    assert late(after=1, law=dataclasses.replace(LAW, pack=pack)) == LatePayment(None, excused_by_user=True)


def test_a_pack_without_a_penalty_has_none() -> None:
    pack = LAW.pack.model_copy(update={"late_refund_penalty": None})
    assert late(after=1, law=dataclasses.replace(LAW, pack=pack)) is None
