"""One ordinary claim of a short season, for tests to vary: days count from 0, the season's first."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from heatstream.core.calendar import DAY_US, MINUTE_US, Season, day_start_us
from heatstream.core.claim_facts import ClaimFacts, FailingRooms, Outages, Presumptions, RoomTests, Series, Tests
from heatstream.core.claim_rules import (
    Begin,
    BothOnOneDay,
    Cause,
    ClaimRules,
    Ends,
    FeeNumerator,
    FixedPointOpens,
    Kind,
    Liability,
    MeteredFee,
    Opened,
    SameDay,
    Tiering,
    Unpaid,
)
from heatstream.core.finding import Outcome
from heatstream.core.standard import FeeScope, Ratio, Tier
from tests.core.rules import DAY, REFUND, RULES

DAYS = 40
FIRST = DAY - 20
SEASON = Season(day_start_us(FIRST), day_start_us(FIRST + DAYS))
TIERS = (Tier(3200, 3599, Ratio(1, 2)), Tier(None, 3199, Ratio(1)))
KINDS = (Kind.THIRD_PARTY, Kind.AUTHORITY_VISIT, Kind.COMPANY_VISIT, Kind.FIXED_POINT_SERIES, Kind.PRESUMPTION)
FEE = DAYS * 100
"""A day's fee is 100 fen."""
CLAIM_RULES = ClaimRules(
    pack_id="tried",
    season_us=(SEASON.start_us, SEASON.end_us),
    standard_centi=1800,
    tiers=TIERS,
    by_deviation=False,
    overlap=None,
    guard_centi=0,
    days=tuple(replace(RULES, day=day, tiers=TIERS) for day in range(FIRST, FIRST + DAYS)),
    precedence=KINDS,
    same_day=SameDay.LAST,
    tiering=Tiering.DAILY_SERIES,
    begin=Begin.REQUEST_DAY,
    begin_inclusive=True,
    ends=Ends.RETEST,
    end_inclusive=False,
    grace=None,
    continuity=None,
    exclude_first_days=0,
    exclude_last_days=0,
    has_conditions=False,
    outage=None,
    both=BothOnOneDay.MAX,
    scope=FeeScope.WHOLE_DWELLING,
    refund=replace(REFUND, denominator_s=SEASON.seconds),
    numerator=FeeNumerator.DUE,
    net_of_base_fee=False,
    metered_fee=MeteredFee.AS_BILLED,
    month=None,
    liability=Liability.COMPANY_CAUSE,
    source_pays_through_company=False,
    presumed_tier=None,
    unpaid=Unpaid.HOLD,
    fixed_point_opens=FixedPointOpens.YES,
    entitling=True,
)


def at(day: float, minute: int = 0) -> int:
    """An instant of the season."""
    return SEASON.start_us + int(day * DAY_US) + minute * MINUTE_US


@dataclass(frozen=True)
class Test:
    """One test, of one room unless `rooms` says more: (0.01 °C, 0.01 m²)."""

    __test__ = False

    at_us: int
    centi: int
    kind: Kind = Kind.COMPANY_VISIT
    rooms: tuple[tuple[int, int], ...] = ()


def measured(*given: Test) -> Tests:
    rooms = [(place, *room) for place, test in enumerate(given) for room in test.rooms or ((test.centi, 1000),)]
    return Tests(
        claim=np.zeros(len(given), np.int32),
        at_us=np.array([test.at_us for test in given], np.int64),
        kind=np.array([test.kind for test in given], np.int8),
        value_halves=np.array([2 * test.centi for test in given], np.int64),
        rooms=RoomTests(
            np.array([room[0] for room in rooms], np.int32),
            np.array([2 * room[1] for room in rooms], np.int64),
            np.array([room[2] for room in rooms], np.int32),
        ),
    )


def presumptions(*given: tuple[int, int | None]) -> Presumptions:
    """Days with the presumed tier; None = 合格 is presumed."""
    return Presumptions(
        claim=np.zeros(len(given), np.int32),
        local_day=np.array([FIRST + day for day, _ in given], np.int32),
        failing=np.array([tier is not None for _, tier in given], np.bool_),
        tier=np.array([tier or 0 for _, tier in given], np.int8),
    )


def outages(*given: tuple[int, int], cause: Cause = Cause.COMPANY) -> Outages:
    """From and to, as instants."""
    return Outages(
        claim=np.zeros(len(given), np.int32),
        start_us=np.array([start for start, _ in given], np.int64),
        end_us=np.array([end for _, end in given], np.int64),
        running=np.zeros(len(given), np.bool_),
        cause=np.full(len(given), cause, np.int8),
    )


def series(days: str, **changed: Any) -> Series:
    """A letter a day: F failing in the first tier, f in the second, C 合格, ? undetermined, . no finding."""
    outcome = {"F": Outcome.FAILING, "f": Outcome.FAILING, "C": Outcome.COMPLIANT, "?": Outcome.UNDETERMINED, ".": 0}
    letters = days.ljust(DAYS, ".")
    empty = Series.none(1, DAYS)
    return replace(
        empty,
        outcome=np.array([[outcome[letter] for letter in letters]], np.int8),
        tiered=np.array([[letter in "Ff" for letter in letters]]),
        tier=np.array([[int(letter == "f") for letter in letters]], np.int8),
        **changed,
    )


def failing_rooms(*given: tuple[int, int | None, int]) -> FailingRooms:
    """Day, tier or None, area."""
    return FailingRooms(
        claim=np.zeros(len(given), np.int32),
        day=np.array([day for day, _, _ in given], np.int32),
        tiered=np.array([tier is not None for _, tier, _ in given], np.bool_),
        tier=np.array([tier or 0 for _, tier, _ in given], np.int8),
        area=np.array([area for _, _, area in given], np.int32),
    )


def marked(*days: int) -> Any:
    mask = np.zeros((1, DAYS), np.bool_)
    mask[0, list(days)] = True
    return mask


def facts(**changed: Any) -> ClaimFacts:
    """A resident asked on day 5 at 10:00, has paid, and the company is the cause; the season is closed."""
    no = np.zeros((1, DAYS), np.bool_)
    return replace(
        ClaimFacts(
            request_us=np.array([at(5, 600)]),
            opened=np.array([Opened.APPLICATION], np.int8),
            handled=np.array([False]),
            handled_us=np.array([0]),
            through_day=np.array([FIRST + DAYS - 1], np.int32),
            cause=np.array([Cause.COMPANY], np.int8),
            residential=np.array([True]),
            fee_registered=np.array([True]),
            fee_fen=np.array([FEE]),
            outage_fee_fen=np.array([FEE]),
            paid=np.array([True]),
            standard_centi=np.array([1800], np.int32),
            billed_area=np.array([10_000], np.int32),
            tests=measured(),
            presumptions=presumptions(),
            outages=outages(),
            series=series(""),
            condition=np.zeros((1, DAYS), np.int8),
            excluded_proved=no,
            excluded_alleged=no,
            stopped=no,
        ),
        **changed,
    )
