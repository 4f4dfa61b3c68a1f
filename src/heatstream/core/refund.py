"""测算额: what a household's findings would give back by the pack's tiers, in fen. Computed from readings, never owed."""

from dataclasses import dataclass

from heatstream.core.finding import Findings
from heatstream.core.standard import DayRules, RefundRules
from heatstream.core.units import Count, Exact, Fen, Mask


@dataclass(frozen=True, slots=True)
class Shares:
    """Exact shares of the season's fee, one a household-day: numerator / denominator."""

    known: Mask
    """False = no share can be computed: undetermined, unmonitored, or failing without a tier."""
    num: Exact
    den: Exact


def shares_of_day(findings: Findings, household: Count, *, rules: DayRules, area: Count | None = None) -> Shares:
    """Compute each household-day's share of the season's fee; 合格 gives 0.

    Parameters
    ----------
    findings : of one day
    household, area : as given to `finding.judge`
    rules : of the same day, with `rules.refund`

    Returns
    -------
    Shares, (households,)
    """
    raise NotImplementedError


def fen_of_days(shares: Shares, fee_fen: Fen, refund: RefundRules) -> Fen:
    """Compute each household-day's 测算额, rounded by the pack's mode.

    Where the pack rounds the total, this is a figure to show; `fen_of_seasons` is what the season gives.

    Parameters
    ----------
    shares : (household-days,)
    fee_fen : (household-days,) int64 [fen], fee due for the season
    refund : of those days

    Returns
    -------
    (household-days,) int64 [fen], between 0 and the fee; 0 where the share is not known
    """
    raise NotImplementedError


def fen_of_seasons(shares: Shares, fee_fen: Fen, household: Count, *, households: int, refund: RefundRules) -> Fen:
    """Sum household-days to the season's 测算额: one rounding where the pack names it, then the season's cap.

    Parameters
    ----------
    shares : (household-days,) of one season
    fee_fen : (households,) int64 [fen], fee due for the season
    household : (household-days,) int32, never falling
    households : how many
    refund : the season's rules

    Returns
    -------
    (households,) int64 [fen], between 0 and the fee times the season's cap
    """
    raise NotImplementedError
