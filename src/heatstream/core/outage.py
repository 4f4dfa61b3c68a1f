"""停供: the time of each day that gives back (docs/claims.md, section 4)."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from heatstream.core.calendar import DAY_US, OFFSET_US
from heatstream.core.claim_facts import ClaimFacts
from heatstream.core.claim_rules import Cause, ClaimRules, Covers, Liability, OutageRules
from heatstream.core.period import HOUR_US
from heatstream.core.units import Count, Exact, Mask, Micros, Small


def obliges(cause: Small, liability: Liability, *, source_pays_through_company: bool) -> Mask:
    """Say where a recorded cause obliges (A40); a cause that nobody recorded never does but where none is asked."""
    match liability:
        case Liability.COMPANY_CAUSE:
            return np.isin(cause, [Cause.COMPANY, *([Cause.HEAT_SOURCE] if source_pays_through_company else [])])
        case Liability.NOT_USER_CAUSE:
            return ~np.isin(cause, [Cause.USER, Cause.UNKNOWN])
        case Liability.NONE:
            return np.ones(cause.shape, np.bool_)


def outage_us(facts: ClaimFacts, rules: ClaimRules) -> Exact:
    """Measure the time of outages that counts on each day, (claims, days) [µs]; what two cover together counts once."""
    of_days = np.zeros(facts.series.outcome.shape, np.int64)
    if rules.outage is None or not len(facts.outages.claim):
        return of_days
    spans = _Spans.obliging(facts, rules.outage, rules)
    counted = _apart(_counting(spans, rules.outage))
    for day, (begin, end) in enumerate(zip(*rules.season.parts_us(), strict=True)):
        lasted = np.minimum(counted.end_us, end) - np.maximum(counted.start_us, begin)
        np.add.at(of_days[:, day], counted.claim, np.maximum(lasted, 0))
    return of_days


@dataclass(frozen=True, slots=True)
class _Spans:
    """Rows by claim, then by start; `turn` counts a claim's rows from 0."""

    claim: Count
    start_us: Micros
    end_us: Micros
    turn: Exact

    @classmethod
    def of(cls, claim: Count, start_us: Micros, end_us: Micros) -> Self:
        lasting = np.flatnonzero(start_us < end_us)
        order = lasting[np.lexsort((start_us[lasting], claim[lasting]))]
        claim = claim[order]
        turn = np.arange(len(order)) - np.searchsorted(claim, claim)
        return cls(claim, start_us[order], end_us[order], turn)

    @classmethod
    def obliging(cls, facts: ClaimFacts, law: OutageRules, rules: ClaimRules) -> Self:
        """Take the outages whose cause obliges, as far as they lie in the season."""
        outages = facts.outages
        rows = obliges(outages.cause, law.liability, source_pays_through_company=rules.source_pays_through_company)
        through_us = (facts.through_day[outages.claim].astype(np.int64) + 1) * DAY_US - OFFSET_US
        end = np.minimum(np.where(outages.running, through_us, outages.end_us), rules.season_us[1])
        start = np.maximum(outages.start_us, rules.season_us[0])
        return cls.of(outages.claim[rows], start[rows], end[rows])

    def turns(self) -> range:
        return range(int(self.turn.max(initial=-1)) + 1)


def _apart(spans: _Spans) -> _Spans:
    """Cut off what an earlier row of the claim covers already."""
    start = spans.start_us.copy()
    until = np.full(int(spans.claim.max(initial=-1)) + 1, np.iinfo(np.int64).min)
    for turn in spans.turns():
        rows = np.flatnonzero(spans.turn == turn)
        claim = spans.claim[rows]
        start[rows] = np.maximum(start[rows], until[claim])
        until[claim] = np.maximum(until[claim], spans.end_us[rows])
    return _Spans(spans.claim, start, spans.end_us, spans.turn)


def _counting(spans: _Spans, law: OutageRules) -> _Spans:
    """Cut each outage to what counts of it: all or the excess, by its own length or by that of all together."""
    lasted, least = spans.end_us - spans.start_us, law.min_h * HOUR_US
    by_itself = lasted > least if law.strictly else lasted >= least
    reached = _reached_together(spans, law)
    together = reached[spans.claim] < _NEVER_US
    if law.covers is Covers.WHOLE:
        rows = by_itself | together
        return _Spans.of(spans.claim[rows], spans.start_us[rows], spans.end_us[rows])
    own = np.where(by_itself, spans.start_us + least, _NEVER_US)
    start = np.minimum(own, np.maximum(spans.start_us, reached[spans.claim]))
    return _Spans.of(spans.claim, start, spans.end_us)


_NEVER_US = np.iinfo(np.int64).max


def _reached_together(spans: _Spans, law: OutageRules) -> Micros:
    """Find the instant at which the outages of each claim together had lasted the days that must be passed.

    Never, where the pack has no such days or they do not pass them.
    """
    claims = int(spans.claim.max(initial=-1)) + 1
    reached = np.full(claims, _NEVER_US)
    if law.cumulative_days is None:
        return reached
    need, total = law.cumulative_days * DAY_US, np.zeros(claims, np.int64)
    apart = _apart(spans)
    for turn in apart.turns():
        rows = np.flatnonzero(apart.turn == turn)
        claim, start = apart.claim[rows], apart.start_us[rows]
        lasted = np.maximum(apart.end_us[rows] - start, 0)
        passed = (total[claim] <= need) & (total[claim] + lasted > need)
        reached[claim[passed]] = (start + need - total[claim])[passed]
        total[claim] += lasted
    return reached
