"""测算额 in fen: what findings would give back by the pack's tiers. Computed from readings, never called owed.

A day's fee is the season's fee times the day's seconds in the season over the season's seconds, a rational until the
one rounding the pack names (Linyi 32: 日热费 = 热费总额 ÷ 采暖期天数; a part day by its hours).
"""

from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm

import numpy as np
from numpy.typing import NDArray

from heatstream.core.finding import Findings, Outcome
from heatstream.core.groups import Groups
from heatstream.core.standard import DayRules, FeeScope, Ratio, RefundRules, Rooms, RoundedAt, Rounding
from heatstream.core.units import Count, Exact, Fen, Mask

# Products up to here stay in int64; beyond it Python's whole numbers take over.
INT64_SAFE = 1 << 62


@dataclass(frozen=True, slots=True)
class Shares:
    """Exact shares of the season's fee, one a household-day: num / den, day's cap applied.

    Whole numbers of Python (dtype object) where int64 would not hold them.
    """

    known: Mask
    """False = no share can be computed: undetermined, unmonitored, failing without a tier, or areas not registered."""
    num: Exact
    den: Exact


def shares_of_day(
    findings: Findings,
    household: Count,
    *,
    rules: DayRules,
    area: Count | None = None,
    billed_area: Count | None = None,
) -> Shares:
    """Compute each household-day's share of the season's fee; 合格 gives 0.

    Parameters
    ----------
    findings : of one day
    household, area : (rooms,) as given to `finding.judge`
    rules : of the same day, with `rules.refund`
    billed_area : (households,) int32 [0.01 m²], 计费面积, 0 = not registered; FAILING_ROOMS_AREA needs it and `area`

    Returns
    -------
    Shares, (households,)

    Raises
    ------
    ValueError
        The rules compute no amount.
    """
    refund = rules.refund
    if refund is None:
        raise ValueError(f"pack {rules.pack_id} computes no amount on day {rules.day}: rules.refund is None")
    common = lcm(*(tier.ratio.den for tier in rules.tiers), refund.day_cap.den)
    cap = _over(refund.day_cap, common)
    by_tier = np.array([min(cap, _over(tier.ratio, common)) for tier in rules.tiers] or [0], np.int64)
    failing, known = findings.outcome == Outcome.FAILING, findings.outcome == Outcome.COMPLIANT
    if refund.scope is FeeScope.WHOLE_DWELLING:
        num, den = by_tier[findings.tier], np.full(len(failing), common, np.int64)
        weighed = np.ones(len(failing), np.bool_)
    else:
        rooms = _room_ratios(findings, household, by_tier, rules)
        num, den, weighed = _of_rooms(rooms, household, common, area=area, billed_area=billed_area)
    known |= failing & findings.tiered & weighed
    step = gcd(rules.season_s, refund.denominator_s)
    num = np.where(failing & known, num, 0) * (rules.season_s // step)
    return Shares(known, num, np.where(known, den, 1) * (refund.denominator_s // step))


def _over(ratio: Ratio, den: int) -> int:
    return ratio.num * (den // ratio.den)


def _room_ratios(findings: Findings, household: Count, by_tier: Exact, rules: DayRules) -> Exact:
    """Give each failing room its ratio: its own where rooms are judged each for itself, else the household's."""
    failing = findings.room_outcome == Outcome.FAILING
    tier = findings.room_tier if rules.rooms is Rooms.EACH else findings.tier[household]
    return np.where(failing, by_tier[tier], 0)


def _of_rooms(
    ratio: Exact, household: Count, common: int, *, area: Count | None, billed_area: Count | None
) -> tuple[Exact, Exact, Mask]:
    """Weigh the failing rooms' ratios by their share of the billed area.

    Source: Beijing contract, 退费额 = 日热费单价 × 卧室、起居室建筑面积 × 天数 × 比例.
    """
    if area is None or billed_area is None:
        raise ValueError("the failing rooms' share needs the areas of the rooms and the billed area")
    groups = Groups.of(household, len(billed_area))
    billed = billed_area.astype(np.int64)
    failing_area = np.where(ratio > 0, area, 0).astype(np.int64)
    weighed = groups.spread(groups.all((ratio == 0) | (area > 0)), fill=1) & (billed > 0)
    # Rooms measured larger than the bill cannot give back more than the bill.
    whole = np.maximum(billed, groups.spread(groups.sum(failing_area)))
    return groups.spread(groups.sum(ratio * area)), np.where(weighed, whole * common, 1), weighed


def fen_of_days(shares: Shares, fee_fen: Fen, refund: RefundRules) -> Fen:
    """Compute each household-day's 测算额, rounded by the pack's mode.

    Where the pack rounds the total, this is a figure to show; `fen_of_seasons` is what the season gives.

    Parameters
    ----------
    shares : (household-days,)
    fee_fen : (household-days,) int64 [fen], fee due for the season, not below 0
    refund : of those days

    Returns
    -------
    (household-days,) int64 [fen], between 0 and the fee; 0 where the share is not known
    """
    _refuse_debts(fee_fen)
    num = np.where(shares.known, shares.num, 0)
    if _fits(fee_fen, num) and _fits(shares.den, np.array([2])):
        return rounded(fee_fen * num, shares.den, refund.rounding)
    exact = zip(fee_fen.tolist(), num.tolist(), shares.den.tolist(), strict=True)
    return np.array([rounded_exact(Fraction(fee * n, d), refund.rounding) for fee, n, d in exact], np.int64)


def _refuse_debts(fee_fen: Fen) -> None:
    if np.any(fee_fen < 0):
        raise ValueError(f"a fee of {fee_fen.min()} fen: expected 0 or more")


def _fits(left: NDArray[np.int64], right: NDArray[np.int64]) -> bool:
    """Say whether both are int64 and their products stay far inside it, a doubling included."""
    if np.dtype(object) in (left.dtype, right.dtype):
        return False
    return not left.size or int(left.max()) * int(right.max()) * 2 < INT64_SAFE


def rounded(num: Exact, den: Exact, rounding: Rounding) -> Fen:
    """Make num / den whole, once.

    Parameters
    ----------
    num, den : the same shape, int64, num not below 0, den above 0
    rounding : HALF_UP, HALF_EVEN or FLOOR

    Returns
    -------
    the same shape, int64
    """
    whole, rest = np.divmod(num, den)
    if rounding is Rounding.FLOOR:
        return whole
    up = 2 * rest > den
    half = 2 * rest == den
    tie = half if rounding is Rounding.HALF_UP else half & (whole % 2 == 1)
    made: Fen = whole + (up | tie)
    return made


def rounded_exact(exact: Fraction, rounding: Rounding) -> int:
    """Make one exact number whole, once; not below 0."""
    if rounding is Rounding.FLOOR:
        return exact.numerator // exact.denominator
    if rounding is Rounding.HALF_EVEN:
        return round(exact)
    return (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)


def fen_of_seasons(shares: Shares, fee_fen: Fen, household: Count, *, households: int, refund: RefundRules) -> Fen:
    """Sum household-days to the season's 测算额: one rounding where the pack names it, then the season's cap.

    Parameters
    ----------
    shares : (household-days,) of one season
    fee_fen : (households,) int64 [fen], fee due for the season, not below 0
    household : (household-days,) int32, never falling
    households : how many
    refund : the season's rules

    Returns
    -------
    (households,) int64 [fen], between 0 and the fee times the season's cap
    """
    _refuse_debts(fee_fen)
    groups = Groups.of(household, households)
    if refund.rounded_at is RoundedAt.DAY:
        total = groups.spread(groups.sum(fen_of_days(shares, fee_fen[household], refund)))
    else:
        total = groups.spread(_totals(shares, fee_fen[groups.household], groups, refund))
    cap = [fee * refund.season_cap.num // refund.season_cap.den for fee in fee_fen.tolist()]
    capped: Fen = np.minimum(total, np.array(cap, np.int64))
    return capped


def _totals(shares: Shares, fee_fen: Fen, groups: Groups, refund: RefundRules) -> Fen:
    """Add each group's exact shares, then round once; unlike denominators go by Python's whole numbers."""
    num = np.where(shares.known, shares.num, 0)
    den = groups.most(shares.den)
    alike = groups.least(np.where(shares.known, shares.den, den[groups.group])) == den
    if alike.all() and _fits(fee_fen, groups.sum(num)) and _fits(den, np.array([2])):
        return rounded(fee_fen * groups.sum(num), den, refund.rounding)
    ends = np.append(groups.starts[1:], len(num))
    rows = zip(groups.starts.tolist(), ends.tolist(), fee_fen.tolist(), strict=True)
    return np.array([_total(num, shares.den, range(*ab), fee, refund) for *ab, fee in rows], np.int64)


def late_payment_fen(fen_days: int, per_day: Ratio, rounding: Rounding) -> int:
    """Compute what a company owes for refunding late.

    Parameters
    ----------
    fen_days : fen times the days they were late, added up [fen x days]
    per_day : share of the late amount that a day costs

    Returns
    -------
    [fen], rounded once

    Source: Heze 46: 逾期不退费的，应当按照供用热合同约定的…滞纳金比例支付滞退金.
    """
    return rounded_exact(Fraction(fen_days * per_day.num, per_day.den), rounding)


def _total(num: Exact, den: Exact, rows: range, fee_fen: int, refund: RefundRules) -> int:
    share = sum((Fraction(int(num[row]), int(den[row])) for row in rows), Fraction(0))
    return rounded_exact(fee_fen * share, refund.rounding)
