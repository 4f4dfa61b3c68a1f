"""The rules of a claim as plain whole numbers: what `rules.policy` hands to `core.entitlement`.

docs/claims.md is the rule; the numbers of its sections stand here. Numbers of the enumerations are never renumbered.
"""

from dataclasses import dataclass
from enum import IntEnum, IntFlag

from heatstream.core.calendar import Season
from heatstream.core.standard import DayRules, FeeScope, Overlap, Ratio, RefundRules, Tier


class Opened(IntEnum):
    """By which way a claim was opened."""

    APPLICATION = 1
    COMPLAINT = 2
    HOTLINE = 3
    FIXED_POINT = 4
    OFFICER = 5
    BATCH = 6


class Kind(IntEnum):
    """Kinds of evidence of a day (section 2)."""

    THIRD_PARTY = 1
    AUTHORITY_VISIT = 2
    COMPANY_VISIT = 3
    FIXED_POINT_SERIES = 4
    PRESUMPTION = 5


class SameDay(IntEnum):
    """Which of several tests of one kind stands on a day (A29)."""

    LAST = 1
    LOWEST = 2


class Tiering(IntEnum):
    """What temperature the period has between tests (A41)."""

    DAILY_SERIES = 1
    FIRST_TEST = 2
    LOWEST = 3


class Begin(IntEnum):
    """What begins the counting (A8)."""

    REQUEST_DAY = 1
    REQUEST_INSTANT = 2
    TEST_DAY = 3
    FIRST_FAILING_DAY = 4


class Ends(IntEnum):
    """What ends the period (A42)."""

    RETEST = 1
    FIXED_POINT = 2
    EITHER = 3


class GraceExceeded(IntEnum):
    """From where days count once the time to mend has passed (A10)."""

    RETROACTIVE = 1
    FORGIVEN = 2


class ContinuityBy(IntEnum):
    """What shows failing in a row (A11)."""

    SERIES = 1
    TESTS = 2
    EITHER = 3


class Covers(IntEnum):
    """What part of an outage gives back (A18)."""

    WHOLE = 1
    EXCESS = 2


class BothOnOneDay(IntEnum):
    """Outage and low temperature on one day (A19)."""

    MAX = 1
    SUM = 2


class Liability(IntEnum):
    """Whose cause obliges (A40)."""

    COMPANY_CAUSE = 1
    NOT_USER_CAUSE = 2
    NONE = 3


class Cause(IntEnum):
    """Whose cause it was; 0 = nobody has recorded one."""

    UNKNOWN = 0
    COMPANY = 1
    USER = 2
    HEAT_SOURCE = 3
    THIRD_PARTY = 4


class Unpaid(IntEnum):
    """What an unpaid fee does to the right (A22)."""

    DENY = 1
    OFFSET = 2
    HOLD = 3


class FeeNumerator(IntEnum):
    """Which fee a share is taken of (A21)."""

    DUE = 1
    PAID = 2


class MeteredFee(IntEnum):
    """Which part of a metered household's fee a share is taken of (A21)."""

    AS_BILLED = 1
    """What `FeeNumerator` says, as the meter billed it."""
    BASE_FEE = 2
    """基本热费 alone."""
    WITHOUT_BASE_FEE = 3
    """What `FeeNumerator` says, less 基本热费."""


class FixedPointOpens(IntEnum):
    """Whether a fixed point may start a claim (A12)."""

    YES = 1
    AFTER_HANDLING = 2
    ONLY_AS_EVIDENCE = 3
    NO = 4


class Open(IntFlag):
    """Conditions of the right that are undetermined, or, in `denied`, not met (section 6). Stored; never renumbered."""

    ENTITLING_LAW = 1
    OPENING = 2
    EVIDENCE = 4
    CAUSE = 8
    CONDITIONS = 16
    FEE = 32
    RESIDENT = 64
    PERIOD = 128
    CONFLICT = 256


class MonthBasis(IntEnum):
    """What a month is (A35)."""

    CALENDAR = 1
    SEASON = 2


@dataclass(frozen=True, slots=True)
class Grace:
    """Time to mend."""

    hours: int
    exceeded: GraceExceeded


@dataclass(frozen=True, slots=True)
class Continuity:
    """Failing in a row."""

    hours: int
    by: ContinuityBy
    break_after_min: int
    """A shorter recovery breaks nothing [min]; 0 = any breaks."""


@dataclass(frozen=True, slots=True)
class OutageRules:
    """What an outage gives back."""

    min_h: int
    strictly: bool
    """Longer than `min_h`, not as long."""
    cumulative_days: int | None
    """Or so many days together, strictly more (超过); None = the pack has none."""
    ratio: Ratio
    covers: Covers
    liability: Liability
    """Whose cause of the outage obliges."""
    metered_base_fee: bool
    """Of a metered household the outage's share is taken of 基本热费 alone (Weifang 38)."""


@dataclass(frozen=True, slots=True)
class MonthRules:
    """A month judged on the mean of its tests."""

    basis: MonthBasis
    tests: int
    """Fewer leave the month undetermined."""


@dataclass(frozen=True, slots=True)
class ClaimRules:
    """The law and the choices of one claim, by the pack in force on the day it was opened."""

    pack_id: str
    season_us: tuple[int, int]
    """[start, end) of the claim's season [µs since 1970-01-01T00:00Z]."""
    standard_centi: int
    tiers: tuple[Tier, ...]
    """As in `DayRules`: claims judge tests by them."""
    by_deviation: bool
    overlap: Overlap | None
    guard_centi: int
    """These three too as in `DayRules`, of the claim's pack, for its tests."""
    days: tuple[DayRules, ...]
    """The rules of each local day of the season, in order, each by the pack in force on it."""
    precedence: tuple[Kind, ...]
    """Kinds of evidence that are accepted, the first decides."""
    same_day: SameDay
    tiering: Tiering
    begin: Begin
    begin_inclusive: bool
    """True where `begin` is REQUEST_INSTANT: its day counts whole."""
    ends: Ends
    end_inclusive: bool
    grace: Grace | None
    continuity: Continuity | None
    exclude_first_days: int
    exclude_last_days: int
    has_conditions: bool
    """The standard has statutory conditions: days without a record of them are open."""
    outage: OutageRules | None
    both: BothOnOneDay
    """Not looked at where `outage` is None."""
    scope: FeeScope
    refund: RefundRules
    numerator: FeeNumerator
    net_of_base_fee: bool
    """The base heat fee is taken off first (Xi'an); where none is registered nothing is computed."""
    metered_fee: MeteredFee
    """Of a metered household, in place of the two above."""
    month: MonthRules | None
    """None = days are counted."""
    liability: Liability
    source_pays_through_company: bool
    """company_pays_then_recovers: the source's fault obliges the company."""
    presumed_tier: int | None
    """Place in `tiers` of the band presumed of a failing day (A25); None = the officer names it in the record."""
    unpaid: Unpaid
    fixed_point_opens: FixedPointOpens
    entitling: bool
    """Every value it rests on is read or attested (or fictional, in a watermarked pack); else what-if only."""

    @property
    def season(self) -> Season:
        """The claim's season."""
        return Season(*self.season_us)
