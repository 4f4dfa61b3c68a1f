"""The way a household goes through the arrays: from a literal law and rooms to what `heatstream.core` says of them."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

import numpy as np

from heatstream.core.finding import Findings, judge
from heatstream.core.grid import lay
from heatstream.core.refund import Shares, shares_of_day
from heatstream.core.standard import DayRules
from heatstream.core.statistic import DayStatistics, day_statistics, joined
from heatstream.evidence.twin import Band, Law, Money, Room, midnight_us
from heatstream.rules.choices import ChoicesFile
from heatstream.rules.pack import Pack
from heatstream.rules.policy import Policy, made


def policy_of(law: Law, season: tuple[str, str]) -> Policy:
    """Write a literal law as a pack and choices, and read it back as production does."""
    pack = {
        "schema": "heatstream.pack/1",
        "id": "tried",
        "place": "试",
        "watermark": "试",
        "timezone": "+08:00",
        "effective_from": "2000-01-01",
        "sources": [{"conf": "fictional"}],
        "standard": {
            "min_c": _decimal(law.standard),
            "rooms": ["bedroom", "living_room"],
            "conf": "fictional",
            "conditions": _conditions(law),
        },
        "season": {"start": season[0], "end": season[1], "conf": "fictional"},
        "unit": "day",
    }
    if law.bands:
        basis = "deviation" if law.deviation else "absolute"
        pack["tiers"] = {"basis": basis, "conf": "fictional", "bands": [_band(band) for band in law.bands]}
    choices = {name: value for name, value in _choices(law).items() if value is not None}
    file = {
        "schema": "heatstream.choices/1",
        "place": "试",
        "packs": ["tried"],
        "made_by": "试",
        "made_on": "2025-01-01",
    }
    return made(ChoicesFile.model_validate(file | {"choices": choices}), [Pack.model_validate(pack)])


def _decimal(value: Fraction) -> str:
    hundredths = value * 100
    assert hundredths.denominator == 1
    return f"{hundredths.numerator / 100:.2f}"


def _conditions(law: Law) -> list[str]:
    return ["outdoor_ge_design"] if law.conditions_open else []


def _band(band: Band) -> dict[str, Any]:
    return {
        "lo": None if band.lo is None else _decimal(band.lo),
        "li": None if band.lo is None else band.lo_inside,
        "hi": None if band.hi is None else _decimal(band.hi),
        "hi_i": None if band.hi is None else band.hi_inside,
        "ratio": _decimal(band.ratio),
    }


def _choices(law: Law) -> dict[str, Any]:
    bounded = law.gap_bounds and dict(zip(("low_c", "high_c"), map(_decimal, law.gap_bounds), strict=True))
    return {
        "contract_standard": law.contract_standard,
        "daily_statistic": _statistic(law),
        "day_window": f"{law.day_from_min // 60:02}:00-{law.day_to_min // 60:02}:00",
        "household_temperature": law.rooms,
        "guard_band": _guard(law.guard),
        "min_completeness": _decimal(law.completeness),
        "gap_bounds": (bounded or "none") if law.statistic in ("time_weighted_mean", "mean_of_hourly") else None,
        "conditions": "undetermined" if law.conditions_open else None,
        "overlap": law.overlap,
    } | (_amounts(law.money) if law.money else {})


def _amounts(money: Money) -> dict[str, Any]:
    return {
        "fee_numerator": "due",
        "fee_denominator": {"fixed_days": money.denominator_s // 86400},
        "fee_scope": money.scope,
        "money_rounding": money.rounding,
        "money_rounding_at": money.rounded_at,
        "max_ratio_per_day": _decimal(money.day_cap),
        "max_ratio_per_season": _decimal(money.season_cap),
        "computed_amount": "compute",
    }


def _statistic(law: Law) -> Any:
    if law.statistic == "percentile":
        return {"percentile": law.percent}
    return {"sustained_below_min": law.sustained_min} if law.statistic == "sustained_below" else law.statistic


def _guard(guard: Fraction) -> Any:
    if guard == 0:
        return "none"
    return {"band_c": _decimal(abs(guard)), "direction": "favour_company" if guard > 0 else "favour_user"}


@dataclass
class Judged:
    statistics: DayStatistics
    household: np.ndarray
    findings: Findings
    shares: Shares | None


def statistics_of(rooms: list[Room], rules: DayRules) -> DayStatistics:
    """Lay the rooms' readings by slot length and join the statistics in the rooms' order."""
    parts, rows = [], []
    for slot_min in sorted({room.slot_min for room in rooms}):
        here = [place for place, room in enumerate(rooms) if room.slot_min == slot_min]
        parts.append(_statistics([rooms[place] for place in here], slot_min, rules))
        rows += here
    return joined(parts).take(np.argsort(np.array(rows), kind="stable"))


def _statistics(rooms: list[Room], slot_min: int, rules: DayRules) -> DayStatistics:
    rows = sorted(
        (place, r.at_us, int(r.celsius * 100), r.in_conflict) for place, room in enumerate(rooms) for r in room.readings
    )
    point, at, centi, conflict = zip(*rows, strict=True) if rows else ((), (), (), ())
    grid = lay(
        np.array(point, np.int32),
        np.array(at, np.int64),
        np.array(centi, np.int16),
        points=len(rooms),
        day=rules.day,
        slot_min=slot_min,
        windows=rules.windows,
        excluded=np.array(conflict, np.bool_),
    )
    return day_statistics(
        grid,
        limit_centi=rules.standard_centi,
        counted_min=rules.counted_min if rules.in_season else None,
        percent=rules.percent,
    )


def judged(
    homes: list[list[Room]],
    rules: DayRules,
    *,
    stopped: list[bool] | None = None,
    billed: list[int] | None = None,
    least: Fraction | None = None,
) -> Judged:
    """Judge homes as the evaluator does; `least` is the lowest standard that may hold."""
    rooms = [room for home in homes for room in home]
    household = np.array([place for place, home in enumerate(homes) for _ in home], np.int32)
    area = np.array([room.area for room in rooms], np.int32)
    statistics = statistics_of(rooms, rules) if rooms else None
    assert statistics is not None
    findings = judge(
        statistics,
        household,
        households=len(homes),
        rules=rules,
        area=area,
        stopped=None if stopped is None else np.array(stopped),
        least_limit_centi=None if least is None else np.full(len(homes), int(least * 100), np.int16),
    )
    shares = None
    if rules.refund is not None:
        billed_area = np.array(billed or [0] * len(homes), np.int32)
        shares = shares_of_day(findings, household, rules=rules, area=area, billed_area=billed_area)
    return Judged(statistics, household, findings, shares)


def day_number(local: str) -> int:
    return (date.fromisoformat(local) - date(1970, 1, 1)).days


def season_of(season: tuple[str, str], year: int) -> tuple[int, int]:
    """The season that starts in a year, as the literal law holds it."""

    def instant(year: int, text: str) -> int:
        hours, minutes = text[6:].split(":")
        return midnight_us(day_number(f"{year}-{text[:5]}")) + (int(hours) * 60 + int(minutes)) * 60_000_000

    return instant(year, season[0]), instant(year + 1, season[1])
