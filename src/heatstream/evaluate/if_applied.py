"""What would count if each failing home had applied on its first failing day: an assumption, and only where asked for.

Each is taken to have applied at 00:00 of that day, its series to be all the evidence, the conditions of the standard to
be met, and nothing to be excluded; causes, arrears and outages are not looked at. So it is what the counted days amount
to by the claim's rules, and never what is owed.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from heatstream.claims.amount import fee_fen
from heatstream.core.calendar import day_start_us
from heatstream.core.claim_facts import (
    CONDITION_MET,
    ClaimFacts,
    FailingRooms,
    Outages,
    Presumptions,
    Series,
    Tests,
)
from heatstream.core.claim_rules import ClaimRules, Opened
from heatstream.core.entitlement import entitle
from heatstream.core.finding import Outcome, Reason
from heatstream.core.units import Count, Fen
from heatstream.evaluate.one_season import MINUTES, OneSeason
from heatstream.rules.policy import Policy
from heatstream.store.household_days import NEVER, Household

FIRST_FAILING_DAY: Final = "first_failing_day"


def counted_fen(side: OneSeason, policy: Policy, homes: Sequence[Household], first_day: int, through_day: int) -> Fen:
    """Compute each home's counted days in fen; 0 for a home that never failed.

    Parameters
    ----------
    side : a policy's season of a chunk, conditions taken as met
    homes : (homes,) as registered at the end of the span
    first_day : local day of the matrices' first column
    through_day : newest closed local day

    Raises
    ------
    Refused
        The policy has no rules of a claim: a null of the pack, or choices that nobody made.
    """
    made = np.zeros(len(homes), np.int64)
    for rules, rows, requested in _by_rules(side, policy, first_day):
        applied = _Applied(rules, [homes[row] for row in rows.tolist()], rows, requested, first_day)
        facts = _facts(side, applied, through_day)
        made[rows] = entitle(facts, rules).fen
    return made


def _by_rules(side: OneSeason, policy: Policy, first_day: int) -> Iterator[tuple[ClaimRules, Count, Count]]:
    """Group the homes that failed by the law in force on their first failing day."""
    failing = side.days.outcome == Outcome.FAILING
    rows = np.flatnonzero(failing.any(axis=1)).astype(np.int32)
    requested = (failing[rows].argmax(axis=1) + first_day).astype(np.int32)
    law_of = {day: policy.law_on(day) for day in np.unique(requested).tolist()}
    for law in policy.laws:
        mine = np.isin(requested, [day for day, each in law_of.items() if each is law])
        if mine.any():
            yield policy.claim_rules(int(requested[mine][0])), rows[mine], requested[mine]


class _Applied(NamedTuple):
    """The homes of a chunk that applied under one law."""

    rules: ClaimRules
    homes: Sequence[Household]
    rows: Count
    """Places in the chunk."""
    requested: Count
    """Local days."""
    first_day: int
    """Of the matrices."""


def _facts(side: OneSeason, applied: _Applied, through_day: int) -> ClaimFacts:
    rules, homes, rows, requested, first_day = applied
    claims, days = len(rows), len(rules.days)
    fees = [fee_fen(_standing(home), rules) for home in homes]
    no = np.zeros((claims, days), np.bool_)
    return ClaimFacts(
        request_us=np.array([day_start_us(day) for day in requested.tolist()], np.int64),
        opened=np.full(claims, Opened.APPLICATION, np.int8),
        handled=np.zeros(claims, np.bool_),
        handled_us=np.zeros(claims, np.int64),
        through_day=np.full(claims, through_day, np.int32),
        cause=np.zeros(claims, np.int8),
        residential=np.array([home.resident for home in homes], np.bool_),
        fee_registered=np.array([fee is not None for fee in fees], np.bool_),
        fee_fen=np.array([fee or 0 for fee in fees], np.int64),
        outage_fee_fen=np.array([fee or 0 for fee in fees], np.int64),
        paid=np.ones(claims, np.bool_),
        standard_centi=np.full(claims, rules.standard_centi, np.int32),
        billed_area=np.array([home.billed_area for home in homes], np.int32),
        tests=Tests.none(),
        presumptions=Presumptions.none(),
        outages=Outages.none(),
        series=_series(side, rules, rows, first_day),
        condition=np.full((claims, days), CONDITION_MET, np.int8),
        excluded_proved=no,
        excluded_alleged=no,
        stopped=_cut(side.days.reason == Reason.STOPPED, rules, rows, first_day),
    )


def _standing(home: Household) -> dict[str, int | bool | None]:
    fees = {name: getattr(home, name) for name in ("fee_due_fen", "fee_paid_fen", "base_fee_fen")}
    return {"metered": home.metered} | {name: None if fee == NEVER else fee for name, fee in fees.items()}


def _series(side: OneSeason, rules: ClaimRules, rows: Count, first_day: int) -> Series:
    cut = {
        name: _cut(getattr(side.days, name), rules, rows, first_day)
        for name in ("outcome", "tiered", "tier", "tier_at_least", "conflict", "complete", *MINUTES)
    }
    return Series(**cut, failing_rooms=_failing_rooms(side, rules, rows, first_day))


def _cut(matrix: NDArray[Any], rules: ClaimRules, rows: Count, first_day: int) -> NDArray[Any]:
    """Cut a claim's season out of a matrix; days that are not there stay without a finding."""
    made = np.zeros((len(rows), len(rules.days)), matrix.dtype)
    begin, end = _overlap(matrix.shape[1], rules, first_day)
    offset = rules.days[0].day - first_day
    made[:, begin - offset : end - offset] = matrix[rows, begin:end]
    return made


def _overlap(days: int, rules: ClaimRules, first_day: int) -> tuple[int, int]:
    """Find the columns of a matrix that are days of the claim's season."""
    offset = rules.days[0].day - first_day
    return max(0, offset), max(0, offset, min(days, offset + len(rules.days)))


def _failing_rooms(side: OneSeason, rules: ClaimRules, rows: Count, first_day: int) -> FailingRooms:
    place = np.full(len(side.days.outcome), -1, np.int32)
    place[rows] = np.arange(len(rows), dtype=np.int32)
    offset = rules.days[0].day - first_day
    found = [each for each in side.failing_rooms if 0 <= each.day - offset < len(rules.days)]
    if not found:
        return FailingRooms.none()
    claim = place[np.concatenate([each.home for each in found])]
    day = np.concatenate([np.full(len(each.home), each.day - offset, np.int32) for each in found])
    columns = (
        claim,
        day,
        *(np.concatenate([getattr(each, name) for each in found]) for name in ("tiered", "tier", "area")),
    )
    order = np.lexsort((day, claim))
    order = order[claim[order] >= 0]
    return FailingRooms(*(column[order] for column in columns))
