"""`season`: a province's season as a what-if, from statistics of household-days to entitlements; nothing is written.

Every household asks on the season's first day. Each of its days is judged by the rules of that day, then its claim by
the demo policy, in a process a core. Against one `numpy.min` over every array of the same statistics. They are made a
chunk at a time from a seed; that time stands apart.
"""

import datetime as dt
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields
from functools import cache
from multiprocessing import cpu_count, get_context
from typing import Any, TypeVar

import numpy as np

from benchmarks.rig import figure
from benchmarks.scale import quick, scaled
from heatstream.core.calendar import day_of, day_start_us
from heatstream.core.claim_facts import ClaimFacts, FailingRooms, Outages, Presumptions, Series, Tests
from heatstream.core.claim_rules import Cause, ClaimRules, Opened
from heatstream.core.entitlement import Right, entitle
from heatstream.core.finding import judge
from heatstream.core.statistic import DayStatistics
from heatstream.rules import policy
from heatstream.rules.pack import SHIPPED

HOUSEHOLDS = scaled(7_280_000, 40_000)
CHUNK = 8_000
WORKERS = min(2, cpu_count())
OPENED = dt.date(2027, 10, 20)
"""Its season ends in a leap year: 170 days."""
FEE_FEN = 270_000
SLOTS = 144
COLD_CENTI, GAP = 1800, 0.05
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds of one chunk, and what came of it."""

    made: float
    judged: float
    entitled: float
    passed: float
    with_right: int
    fen: int


def run() -> Iterator[dict[str, Any]]:
    chunks = range(-(-HOUSEHOLDS // CHUNK))
    with ProcessPoolExecutor(WORKERS, get_context("forkserver")) as pool:
        took = list(pool.map(_chunk, chunks, chunksize=4))
    days = len(_rules().days)
    household_days = len(chunks) * CHUNK * days
    made, judged, entitled, passed = (
        sum(getattr(each, name) for each in took) / WORKERS for name in ("made", "judged", "entitled", "passed")
    )
    ours = judged + entitled
    yield figure(
        "season",
        ours / 60,
        passed / 60,
        "min",
        {
            "households": len(chunks) * CHUNK,
            "days": days,
            "chunk": CHUNK,
            "processes": WORKERS,
            "household_days_per_s": round(household_days / ours),
            "of it entitlements, min": round(entitled / 60, 2),
            "making the statistics, min": round(made / 60, 2),
            "entitled households": sum(each.with_right for each in took),
            "entitled yuan": sum(each.fen for each in took) // 100,
            "policy": _rules().pack_id,
            "against": "numpy.min over every array of the same statistics",
            **({"quick": "these figures say nothing"} if quick() else {}),
        },
    )


@cache
def _rules() -> ClaimRules:
    return policy.load(SHIPPED / "demo-shili.choices.yaml").claim_rules(day_of(OPENED))


def _chunk(number: int) -> Took:
    """Time each step of one chunk; nothing but sums leaves the process."""
    rules = _rules()
    made, statistics = _timed(lambda: _season_of_statistics(number, rules))
    judged, series = _timed(lambda: _series(statistics, rules))
    entitled, found = _timed(lambda: entitle(_claims(series, rules), rules))
    passed, _ = _timed(lambda: [_lowest(day) for day in statistics])
    right = found.right == Right.ENTITLED
    return Took(made, judged, entitled, passed, int(right.sum()), int(found.owed_fen().sum()))


def _timed(work: Callable[[], Made]) -> tuple[float, Made]:
    began = time.perf_counter()
    made = work()
    return time.perf_counter() - began, made


def _lowest(day: DayStatistics) -> int:
    return min(int(getattr(day, field.name).min()) for field in fields(DayStatistics))


# --- ours -------------------------------------------------------------------------------------------------------------


def _series(statistics: list[DayStatistics], rules: ClaimRules) -> Series:
    """Judge every day of the chunk, and lay what was found beside each other."""
    household = np.arange(CHUNK, dtype=np.int32)
    series = Series.none(CHUNK, len(rules.days))
    laid = {name: np.zeros_like(getattr(series, name)) for name in _LAID}
    for place, (day, law) in enumerate(zip(statistics, rules.days, strict=True)):
        found = judge(day, household, households=CHUNK, rules=law)
        for name in ("outcome", "tiered", "tier"):
            laid[name][:, place] = getattr(found, name)
        laid["tier_at_least"][:, place] = found.tier_at_least
        laid["conflict"][:, place] = found.conflicts > 0
        laid["complete"][:, place] = found.slots_valid == found.slots_expected
        for name in ("below_at_start_min", "below_at_end_min", "longest_below_min"):
            laid[name][:, place] = getattr(day, name)
    return Series(**laid, failing_rooms=FailingRooms.none())


_LAID = tuple(field.name for field in fields(Series) if field.name != "failing_rooms")


def _claims(series: Series, rules: ClaimRules) -> ClaimFacts:
    shape = (CHUNK, len(rules.days))
    no, yes = np.zeros(shape, np.bool_), np.ones(CHUNK, np.bool_)
    fee = np.full(CHUNK, FEE_FEN, np.int64)
    return ClaimFacts(
        request_us=np.full(CHUNK, day_start_us(day_of(OPENED)), np.int64),
        opened=np.full(CHUNK, Opened.BATCH, np.int8),
        handled=~yes,
        handled_us=np.zeros(CHUNK, np.int64),
        through_day=np.full(CHUNK, rules.days[-1].day, np.int32),
        cause=np.full(CHUNK, Cause.COMPANY, np.int8),
        residential=yes,
        fee_registered=yes,
        fee_fen=fee,
        outage_fee_fen=fee,
        paid=yes,
        standard_centi=np.full(CHUNK, rules.standard_centi, np.int32),
        billed_area=np.full(CHUNK, 9_000, np.int32),
        tests=Tests.none(),
        presumptions=Presumptions.none(),
        outages=Outages.none(),
        series=series,
        condition=np.zeros(shape, np.int8),
        excluded_proved=no,
        excluded_alleged=no,
        stopped=no,
    )


# --- the town ---------------------------------------------------------------------------------------------------------


def _season_of_statistics(number: int, rules: ClaimRules) -> list[DayStatistics]:
    """Make homes around 20.5 °C whose days differ: some are below 18 °C at times, 5 % of the days have a gap."""
    rng = np.random.default_rng((1, number))
    homes = rng.normal(2050, 120, CHUNK).astype(np.int16)
    return [_day(rng, homes) for _ in rules.days]


def _day(rng: np.random.Generator, homes: Any) -> DayStatistics:
    mean = homes + rng.integers(-60, 60, CHUNK, np.int16)
    least = mean - rng.integers(40, 100, CHUNK, np.int16)
    valid = np.where(rng.random(CHUNK, np.float32) < GAP, SLOTS - 30, SLOTS).astype(np.int16)
    below = np.clip((COLD_CENTI - least) // 2 * 10, 0, 1440).astype(np.int16)
    return DayStatistics(
        slot_min=_same(10),
        limit_centi=_same(COLD_CENTI),
        readings=valid.astype(np.int32),
        conflicts=np.zeros(CHUNK, np.int32),
        **_window("", SLOTS, valid, least, mean, below),
        **_window("day_", SLOTS * 2 // 3, valid * 2 // 3, least + np.int16(10), mean, below // 2),
        **_window("night_", SLOTS // 3, valid // 3, least, mean, below // 2),
        longest_below_min=below,
        below_at_start_min=below,
        below_at_end_min=np.where(below == 1440, below, 0).astype(np.int16),  # noqa: PLR2004
        hours=_same(24),
        full_hours=_same(24),
        hourly_weight=_same(60),
        hourly_lowest_weighted=(least + np.int16(10)).astype(np.int64) * 60,
        hourly_total_weighted=mean.astype(np.int64) * 60 * 24,
        full_hourly_lowest_weighted=(least + np.int16(10)).astype(np.int64) * 60,
        percentile_centi=_same(0),
        percentile_most_centi=_same(0),
    )


def _same(value: int) -> Any:
    return np.full(CHUNK, value, np.int16)


def _window(prefix: str, slots: int, valid: Any, least: Any, mean: Any, below: Any) -> dict[str, Any]:  # noqa: PLR0917
    return {
        f"{prefix}slots_expected": _same(slots),
        f"{prefix}slots_valid": valid.astype(np.int16),
        f"{prefix}min_centi": least,
        f"{prefix}sum_centi": mean.astype(np.int32) * valid,
        f"{prefix}below_min": below.astype(np.int16),
    }
