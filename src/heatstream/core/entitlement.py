"""应退热费 of many claims at once: docs/claims.md, sections 2 to 6, as arrays.

The literal twin says the same for one claim. What is not among the facts is not known.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from heatstream.core.claim_facts import ClaimFacts
from heatstream.core.claim_rules import ClaimRules
from heatstream.core.refund import Shares
from heatstream.core.units import Count, Days, Fen, Mask, Small

ALGORITHM_NAME = "entitlement/1"
"""Frozen: a change of any number below is a new one."""


class Right(IntEnum):
    """Whether there is an entitlement. Stored; never renumbered."""

    ENTITLED = 1
    """Every condition is met: `fen` is owed."""
    NOT_ENTITLED = 2
    """A condition is not met: nothing is owed."""
    UNDETERMINED = 3
    """None is denied and something is open: no entitlement stands."""


@dataclass(frozen=True, slots=True)
class Entitled:
    """Arrays (claims,) and matrices (claims, days); a day is a place in the season, from 0."""

    right: Small
    """Right."""
    open: Count
    """Bits of claim_rules.Open: conditions that are undetermined."""
    denied: Count
    """Bits of claim_rules.Open: conditions that are not met."""
    fen: Fen
    """What counted days and outages amount to, whatever the right says [fen]; owed where `right` is ENTITLED alone."""
    fen_if_alleged_proved: Fen
    """The same as if all that is alleged were proved (A23) [fen]."""
    at_least: Mask
    """`fen` is a lower bound: a day is unknown, counted apart, of a tier that is one, or of a share nobody can say."""
    begun: Mask
    """`begin_day` stands."""
    begin_day: Days
    """First local day of the period, inside or not by `start_inclusive`, whether it is left out or not."""
    ended: Mask
    """`end_day` stands: something has ended the period."""
    end_day: Days
    """Local day that ends the period, counted or not by `end_inclusive`."""
    closed: Mask
    """The period is closed."""
    counted: Mask
    """(claims, days) days of low temperature that count; days counted apart are not among them."""
    apart: Mask
    """(claims, days) days that would give something back and wait for their conditions."""
    shares: Shares
    """(claims, days) exact shares of the season's fee, the day's cap applied, outages included; `known` false where the
    share of a counted failing day cannot be said."""
    kind: Small
    """(claims, days) claim_rules.Kind that decides the day; 0 = none."""
    outcome: Small
    """(claims, days) finding.Outcome that stands: COMPLIANT or FAILING; 0 = unknown."""
    outage_us: Fen
    """(claims, days) time of each day that counts as outage [µs]."""

    def owed_fen(self) -> Fen:
        """Give 应退热费: `fen` where it is owed, else 0; it is stored as null where `right` is UNDETERMINED."""
        return np.where(self.right == Right.ENTITLED, self.fen, 0)


def entitle(facts: ClaimFacts, rules: ClaimRules) -> Entitled:
    """Compute the entitlement of each claim.

    Parameters
    ----------
    facts : of claims that share season and rules
    rules : `rules.days` holds one DayRules a column of the matrices

    Returns
    -------
    Entitled

    Raises
    ------
    ValueError
        Arrays of unlike lengths; rows not sorted by claim; two presumptions of one claim and day; a tier that is not
        there; FAILING_ROOMS_AREA by the month.
    """
    raise NotImplementedError
