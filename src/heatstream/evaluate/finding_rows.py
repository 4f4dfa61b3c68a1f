"""Rows of `finding`, from statistics and the rules of the day."""

from dataclasses import replace
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from heatstream.core import finding, refund
from heatstream.core.calendar import day_of
from heatstream.core.digest import combined
from heatstream.core.finding import Change, Findings
from heatstream.core.refund import Shares
from heatstream.core.standard import DayRules
from heatstream.core.statistic import DayStatistics
from heatstream.core.units import Mask
from heatstream.evaluate.columns import Columns, absent, constant, digests_as_bytes
from heatstream.evaluate.load import Loaded
from heatstream.evaluate.registered import Homes, Rooms
from heatstream.evaluate.statistic_rows import Measured
from heatstream.store.copy import Column
from heatstream.store.household_days import NEVER
from heatstream.store.marks import DAY

DECISIVE: Final = (
    "outcome",
    "reason",
    "point_id",
    "statistic",
    "value_centi",
    "limit_centi",
    "margin_centi",
    "day_value_centi",
    "night_value_centi",
    "slots_valid",
    "slots_expected",
    "below_min",
    "tier",
    "tier_at_least",
    "ratio_e4",
    "computed_fen",
    "grade",
    "digest",
)
"""Where one of these differs from the finding that stands, a new one is made. The policy is not among them: a finding
keeps the one it was first reached under."""


def columns(loaded: Loaded, homes: Homes, measured: Measured, rules: DayRules) -> Columns:
    """Judge every household; name every column of the table but `id`, `run_id`, `policy_id` and `grade`."""
    found = judged(measured.statistics, homes, measured.rooms, rules)
    made = _fact(found, homes, measured.rooms, rules) | _measure(found, homes, measured.rooms, rules)
    made["digest"] = Column(_digests(measured, len(homes)))
    return Columns(np.arange(len(homes), dtype=np.int32), made | _provenance(loaded))


def judged(statistics: DayStatistics, homes: Homes, rooms: Rooms, rules: DayRules) -> Findings:
    """Judge every household by its rooms that count."""
    return finding.judge(
        statistics,
        rooms.household,
        households=len(homes),
        rules=rules,
        area=rooms.area,
        stopped=homes.stopped,
        least_limit_centi=homes.least_centi,
    )


def known_shares(found: Findings, homes: Homes, rooms: Rooms, rules: DayRules) -> Shares:
    """Give what each household-day gives back, known where the season's fee is registered too.

    The tiers are the law of residents: others have their contract.
    """
    shares = refund.shares_of_day(found, rooms.household, rules=rules, area=rooms.area, billed_area=homes.billed_area)
    return replace(shares, known=shares.known & (homes.fee_fen != NEVER) & homes.resident)


def _fact(found: Findings, homes: Homes, rooms: Rooms, rules: DayRules) -> dict[str, Column]:
    """What was measured, and what it means against the standard."""
    rows = len(homes)
    deciding = rooms.point_id[found.decided_by] if len(rooms) else np.zeros(rows, np.int32)
    return {
        "outcome": Column(found.outcome),
        "reason": Column(found.reason),
        "point_id": Column(deciding, found.one_room),
        "statistic": constant(rows, rules.statistic),
        "value_centi": Column(found.value_centi, found.valued),
        "limit_centi": Column(homes.standard_centi),
        "margin_centi": Column(found.margin_centi, found.valued),
        "day_value_centi": Column(found.day_min_centi, found.day_valued),
        "night_value_centi": Column(found.night_min_centi, found.night_valued),
        "slots_valid": Column(found.slots_valid),
        "slots_expected": Column(found.slots_expected),
        "below_min": Column(found.below_min),
    }


def _measure(found: Findings, homes: Homes, rooms: Rooms, rules: DayRules) -> dict[str, Column]:
    """What it would give back. The tiers are the law of residents: others have their contract."""
    rows, tiered = len(homes), found.tiered & homes.resident
    ratios = np.array([tier.ratio.num * 10_000 // tier.ratio.den for tier in rules.tiers] or [0], np.int64)
    return {
        "tier": Column(found.tier, tiered),
        "tier_at_least": Column(found.tier_at_least & homes.resident),
        "ratio_e4": Column(ratios[np.where(tiered, found.tier, 0)], tiered),
        "computed_fen": _computed(found, homes, rooms, rules),
        "entitlement_fen": absent(rows),
        "ruled_fen": absent(rows),
    }


def _computed(found: Findings, homes: Homes, rooms: Rooms, rules: DayRules) -> Column:
    """测算额, where the policy computes one and the season's fee is registered."""
    if rules.refund is None or not rules.in_season:
        return absent(len(homes))
    shares = known_shares(found, homes, rooms, rules)
    return Column(refund.fen_of_days(shares, np.where(shares.known, homes.fee_fen, 0), rules.refund), shares.known)


def _digests(measured: Measured, homes: int) -> NDArray[np.uint8]:
    ends = np.searchsorted(measured.rooms.household, np.arange(homes + 1)).tolist()
    return digests_as_bytes([combined(measured.digests[begin:end]) for begin, end in pairwise(ends)])


def _provenance(loaded: Loaded) -> dict[str, Column]:
    rows, day = len(loaded.marks), constant(len(loaded.marks), day_of(loaded.day))
    standing = {row.household_id: row.id for row in loaded.current}
    before = np.array([standing.get(each, 0) for each in loaded.marks["household_id"].tolist()], np.int64)
    return {
        "household_id": Column(loaded.marks["household_id"]),
        "period_kind": constant(rows, DAY),
        "period_from": day,
        "period_to": day,
        "change": Column(np.where(before > 0, loaded.marks["reason"], np.int16(Change.CLOSED))),
        "supersedes": Column(before, before > 0),
    }


def wanted(found: Columns, rules: DayRules) -> Mask:
    """Outside the season nothing is found, but what was found before is superseded."""
    before = found.columns["supersedes"].valid
    return np.ones(len(found), np.bool_) if rules.in_season or before is None else before


def changed(found: Columns, loaded: Loaded) -> Mask:
    """Say which findings differ from what stands."""
    new = np.ones(len(found), np.bool_)
    if not loaded.current:
        return new
    standing = {row.household_id: tuple(getattr(row, name) for name in DECISIVE) for row in loaded.current}
    for place, (household_id, *row) in enumerate(found.rows(["household_id", *DECISIVE])):
        new[place] = standing.get(household_id) != tuple(row)
    return new
