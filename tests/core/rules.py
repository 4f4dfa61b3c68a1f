"""Rules of an ordinary winter day, for tests to vary."""

from heatstream.core.calendar import Windows
from heatstream.core.standard import (
    ContractStandard,
    DayRules,
    FeeScope,
    Ratio,
    RefundRules,
    Rooms,
    RoundedAt,
    Rounding,
    Statistic,
    Tier,
)

DAY = 20_458
REFUND = RefundRules(
    denominator_s=169 * 86_400,
    scope=FeeScope.WHOLE_DWELLING,
    rounding=Rounding.HALF_UP,
    rounded_at=RoundedAt.TOTAL,
    day_cap=Ratio(1),
    season_cap=Ratio(1),
)
RULES = DayRules(
    day=DAY,
    pack_id="tried",
    standard_centi=1800,
    contract_standard=ContractStandard.LAW,
    windows=Windows(360, 1320),
    counted_min=(0, 1800),
    season_s=86_400,
    statistic=Statistic.MIN,
    sustained_min=0,
    percent=0,
    rooms=Rooms.MIN_ROOM,
    guard_centi=0,
    completeness_e4=9_000,
    gap_bounds_centi=None,
    conditions_open=False,
    tiers=(Tier(3200, 3599, Ratio(1, 2)), Tier(None, 3199, Ratio(1))),
    by_deviation=False,
    overlap=None,
    refund=REFUND,
)
