"""The rules of a claim, from a pack and the choices: docs/claims.md in whole numbers.

What a claim needs and nobody chose was named before this is called; what nobody could read stays away from the claim.
"""

from fractions import Fraction

from heatstream.core.calendar import Season
from heatstream.core.claim_rules import (
    Begin,
    BothOnOneDay,
    ClaimRules,
    Continuity,
    ContinuityBy,
    Covers,
    Ends,
    FeeNumerator,
    FixedPointOpens,
    Grace,
    GraceExceeded,
    Kind,
    Liability,
    MeteredFee,
    MonthBasis,
    MonthRules,
    OutageRules,
    SameDay,
    Tiering,
    Unpaid,
)
from heatstream.core.standard import DayRules, FeeScope
from heatstream.rules.choices import Choices, OutageThreshold
from heatstream.rules.law import Law, required
from heatstream.rules.needs import outage_ratio
from heatstream.rules.pack import Group, Pack
from heatstream.rules.tiers import centi, ratio, tiers_of

BEGINS = {
    "application_day": Begin.REQUEST_DAY,
    "notice_day": Begin.REQUEST_DAY,
    "report_day": Begin.REQUEST_DAY,
    "application_time": Begin.REQUEST_INSTANT,
    "test_day": Begin.TEST_DAY,
    "first_failing_day": Begin.FIRST_FAILING_DAY,
}


def claim_rules(law: Law, season: Season, days: tuple[DayRules, ...], *, entitling: bool) -> ClaimRules:
    """Give the rules of a claim by the pack in force on the day it was opened.

    Parameters
    ----------
    law : in force on that day; everything a claim needs is chosen
    season : of the claim
    days : the rules of each local day of the season, in order
    entitling : every value the claim rests on is read or attested
    """
    pack, chosen = law.pack, law.choices
    plain = law.day_rules(season.first_day)
    return ClaimRules(
        pack_id=pack.id,
        season_us=(season.start_us, season.end_us),
        standard_centi=plain.standard_centi,
        tiers=plain.tiers,
        by_deviation=plain.by_deviation,
        overlap=plain.overlap,
        guard_centi=plain.guard_centi,
        days=days,
        precedence=accepted(law),
        same_day=SameDay[required(chosen.tests_same_day).upper()],
        tiering=Tiering[required(chosen.tier_between_tests).upper()],
        begin=_begin(law),
        begin_inclusive=chosen.start_inclusive is not False,
        ends=_ends(law),
        end_inclusive=required(chosen.end_inclusive),
        grace=_grace(law),
        continuity=_continuity(law),
        exclude_first_days=(pack.counting and pack.counting.exclude_first_days) or 0,
        exclude_last_days=(pack.counting and pack.counting.exclude_last_days) or 0,
        has_conditions=examines_conditions(law),
        outage=_outage(law),
        both=BothOnOneDay[(chosen.outage_and_low or "max").upper()],
        scope=FeeScope[required(chosen.fee_scope).upper()],
        refund=law.refund_rules(season),
        numerator=FeeNumerator[required(chosen.fee_numerator).upper()],
        net_of_base_fee=law.net_of_base_fee(),
        metered_fee=_metered_fee(law),
        month=_month(law),
        liability=_liability(law),
        source_pays_through_company=_source_pays_through_company(pack),
        presumed_tier=_presumed_tier(law),
        unpaid=Unpaid[required(chosen.unpaid).upper()],
        fixed_point_opens=_fixed_point_opens(law),
        entitling=entitling,
    )


def rests_on(pack: Pack, chosen: Choices) -> tuple[Group | None, ...]:
    """List the groups of values that a claim rests on."""
    return (
        pack.standard,
        pack.season if chosen.season in {None, "pack"} else None,
        pack.tiers,
        pack.statistic,
        pack.fee,
        pack.counting,
        pack.liability,
        pack.evidence_accepted,
        pack.presumption,
        pack.outage,
        pack.unheated_day_ratio,
        pack.metered,
    )


def examines_conditions(law: Law) -> bool:
    """Say whether days wait for a record of statutory conditions."""
    return law.choices.conditions == "undetermined" and bool(required(law.pack.standard).conditions)


def accepted(law: Law) -> tuple[Kind, ...]:
    """Order the kinds of evidence: the operator's order, less what the pack's text does not accept."""
    order = required(law.choices.precedence)
    named = order if law.pack.evidence_accepted is None else law.pack.evidence_accepted.kinds
    return tuple(Kind[name.upper()] for name in order if name in named)


def _begin(law: Law) -> Begin:
    told = law.pack.counting.start if law.pack.counting else None
    return BEGINS[told or required(law.choices.counting_start)]


def _ends(law: Law) -> Ends:
    chosen = law.choices.period_ends
    return Ends.RETEST if chosen is None else Ends[chosen.upper()]


def _grace(law: Law) -> Grace | None:
    counting = law.pack.counting
    if counting is None or counting.grace_h is None:
        return None
    return Grace(counting.grace_h, GraceExceeded[required(law.choices.grace_exceeded).upper()])


def _continuity(law: Law) -> Continuity | None:
    counting = law.pack.counting
    if counting is None or counting.must_fail_continuously_h is None:
        return None
    return Continuity(
        counting.must_fail_continuously_h,
        ContinuityBy[required(law.choices.continuity_by).upper()],
        required(law.choices.break_after_min),
    )


def _outage(law: Law) -> OutageRules | None:
    """Give the rules of outages; None where the text gives no share, or no threshold and the operator chose none."""
    threshold, share = _threshold(law), outage_ratio(law.pack)
    if threshold is None or share is None:
        return None
    told = law.pack.outage
    return OutageRules(
        min_h=threshold[0],
        strictly=threshold[1],
        cumulative_days=told.or_cumulative_days if told else None,
        ratio=ratio(share),
        covers=Covers[required(law.choices.outage_covers).upper()],
        liability=Liability[told.cause.upper()] if told and told.cause else _liability(law),
        metered_base_fee=told is not None and told.metered == "base_fee_only",
    )


def _threshold(law: Law) -> tuple[int, bool] | None:
    told, chosen = law.pack.outage, law.choices.outage
    if told is not None and told.min_h is not None:
        return told.min_h, bool(told.strictly)
    return (chosen.min_h, chosen.strictly) if isinstance(chosen, OutageThreshold) else None


def _month(law: Law) -> MonthRules | None:
    if law.pack.unit != "month":
        return None
    told = law.pack.statistic.n if law.pack.statistic else None
    return MonthRules(MonthBasis[required(law.choices.month_basis).upper()], told or required(law.choices.min_visits))


def _liability(law: Law) -> Liability:
    told = law.pack.liability.rule if law.pack.liability else None
    return Liability[required(told or law.choices.liability).upper()]


def _source_pays_through_company(pack: Pack) -> bool:
    return pack.liability is not None and pack.liability.heat_source_fault == "company_pays_then_recovers"


def _metered_fee(law: Law) -> MeteredFee:
    """Give the chosen part of a metered household's fee; where the text names the meter's reading it is the bill."""
    chosen = law.choices.metered_fee
    return MeteredFee.AS_BILLED if chosen is None else MeteredFee[chosen.upper()]


def _fixed_point_opens(law: Law) -> FixedPointOpens:
    chosen = law.choices.fixed_point_opens
    return FixedPointOpens.AFTER_HANDLING if chosen is None else FixedPointOpens[chosen.upper()]


def _presumed_tier(law: Law) -> int | None:
    """Find the band of a presumption: the text's own, else the operator's choice; None = the officer names it."""
    told, tiers = law.pack.presumption, tiers_of(law.pack)
    if told is not None and told.below_c is not None:
        just_below = 2 * centi(told.below_c) - 1
        return next(place for place, tier in enumerate(tiers) if tier.holds(just_below))
    chosen = law.choices.presumption_band
    if chosen is None or chosen == "officer_names_it":
        return None
    by_ratio = sorted(range(len(tiers)), key=lambda place: Fraction(tiers[place].ratio.num, tiers[place].ratio.den))
    return by_ratio[0] if chosen == "lowest_ratio" else by_ratio[-1]
