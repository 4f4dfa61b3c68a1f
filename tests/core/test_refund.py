from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from heatstream.core.refund import (
    INT64_SAFE,
    Shares,
    fen_of_days,
    fen_of_seasons,
    late_payment_fen,
    rounded,
    shares_of_day,
)
from heatstream.core.standard import Ratio, RoundedAt, Rounding
from heatstream.evidence.twin import MINUTE_US, Reading, Room, midnight_us
from tests.core.rules import REFUND, RULES
from tests.literal.arrays import judged

DAY_SHARES = 3


def steady(celsius: str) -> Room:
    return Room(
        60, tuple(Reading(midnight_us(RULES.day) + hour * 60 * MINUTE_US, Fraction(celsius)) for hour in range(30))
    )


def shares_of(celsius: str, rules: object = RULES) -> Fraction:
    shares = judged([[steady(celsius)]], rules).shares  # type: ignore[arg-type]
    assert shares is not None
    return Fraction(int(shares.num[0]), int(shares.den[0]))


def test_a_failing_day_gives_its_tier_s_share_of_one_day_s_fee() -> None:
    assert shares_of("17.99") == Fraction(1, 2) / 169


def test_a_compliant_day_gives_nothing() -> None:
    assert shares_of("18") == 0


def test_half_a_day_in_the_season_gives_half_a_day_s_fee() -> None:
    assert shares_of("15", replace(RULES, season_s=43_200)) == Fraction(1, 2) / 169


def test_a_day_gives_no_more_than_its_cap() -> None:
    assert shares_of("15", replace(RULES, refund=replace(REFUND, day_cap=Ratio(1, 4)))) == Fraction(1, 4) / 169


def test_rules_without_refund_compute_no_amount() -> None:
    found = judged([[steady("15")]], replace(RULES, refund=None)).findings
    with pytest.raises(ValueError, match="computes no amount"):
        shares_of_day(found, np.zeros(1, np.int32), rules=replace(RULES, refund=None))


@pytest.mark.parametrize(
    ("rounding", "fen"), [(Rounding.HALF_UP, [1, 2, 1]), (Rounding.HALF_EVEN, [0, 2, 1]), (Rounding.FLOOR, [0, 1, 0])]
)
def test_halves_of_a_fen_go_as_the_pack_says(rounding: Rounding, fen: list[int]) -> None:
    assert rounded(np.array([1, 3, 2]), np.array([2, 2, 3]), rounding).tolist() == fen


def days(*shares: Fraction | None) -> Shares:
    return Shares(
        np.array([share is not None for share in shares]),
        np.array([0 if share is None else share.numerator for share in shares]),
        np.array([1 if share is None else share.denominator for share in shares]),
    )


def season(shares: Shares, fee_fen: int, **changed: object) -> int:
    household = np.zeros(len(shares.num), np.int32)
    refund = replace(REFUND, **changed)  # type: ignore[arg-type]
    return int(fen_of_seasons(shares, np.array([fee_fen]), household, households=1, refund=refund)[0])


def test_the_total_is_rounded_once() -> None:
    assert season(days(*[Fraction(1, 300)] * DAY_SHARES), 100) == 1


def test_each_day_is_rounded_where_the_pack_says_so() -> None:
    assert season(days(*[Fraction(1, 300)] * DAY_SHARES), 100, rounded_at=RoundedAt.DAY) == 0


def test_a_season_gives_no_more_than_its_cap() -> None:
    assert season(days(Fraction(3, 4), Fraction(3, 4)), 1_000, season_cap=Ratio(1)) == 1_000


def test_a_day_without_a_share_adds_nothing() -> None:
    assert season(days(None, Fraction(1, 2)), 1_000) == 500


def test_a_household_without_a_day_gets_nothing() -> None:
    said = fen_of_seasons(days(Fraction(1)), np.array([5, 7]), np.array([1], np.int32), households=2, refund=REFUND)
    assert said.tolist() == [0, 7]


def test_fees_beyond_int64_products_stay_exact() -> None:
    fee, share = INT64_SAFE // 3, Fraction(1_000_003, 1_000_033)
    said = fen_of_days(days(share), np.array([fee]), REFUND)[0]
    assert said == (2 * fee * share.numerator + share.denominator) // (2 * share.denominator)
    assert season(days(share / 2, share / 7), fee) == round(fee * (share / 2 + share / 7))


def test_a_negative_fee_is_refused() -> None:
    with pytest.raises(ValueError, match="fee of -1 fen"):
        fen_of_days(days(Fraction(1)), np.array([-1]), REFUND)


@pytest.mark.parametrize(("rounding", "fen"), [(Rounding.HALF_UP, 1), (Rounding.FLOOR, 0)])
def test_what_is_paid_late_costs_a_share_a_day_and_is_rounded_once(rounding: Rounding, fen: int) -> None:
    assert late_payment_fen(100 * 10, Ratio(5, 10_000), rounding) == fen
