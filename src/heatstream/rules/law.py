"""One pack and everything chosen for it: its seasons, the rules of a day and of money as plain numbers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from heatstream.core.calendar import DAY_MIN, DAY_S, MINUTE_US, AnnualSeason, Season, date_of, day_of, day_start_us
from heatstream.core.standard import (
    ContractStandard,
    DayRules,
    FeeScope,
    OutdoorVariant,
    Overlap,
    RefundRules,
    Rooms,
    RoundedAt,
    Rounding,
    Statistic,
)
from heatstream.rules.choices import (
    Choices,
    FixedDays,
    GapBounds,
    GuardBand,
    Percentile,
    SeasonChoice,
    SeasonDecision,
    SustainedBelow,
    windows,
)
from heatstream.rules.needs import amount_is_absent
from heatstream.rules.pack import ATTESTED, Conf, Group, Outdoor, Pack, Room
from heatstream.rules.tiers import centi, ratio, tiers_of, tiers_overlap

Chosen = TypeVar("Chosen")
ROOMS: tuple[Room, ...] = ("bedroom", "living_room", "kitchen", "bathroom", "other")


def required(value: Chosen | None) -> Chosen:
    """Take a choice that `needs` has made sure of."""
    if value is None:
        raise AssertionError("a choice is missing that `needs` should have named")
    return value


@dataclass(frozen=True, slots=True)
class Law:
    """One pack and everything chosen or settled for it."""

    pack: Pack
    choices: Choices
    begins: date
    """First day it holds."""
    ends: date | None
    """First day it holds no longer."""
    decisions: tuple[SeasonDecision, ...] = ()
    """Dated decisions that move a season."""

    def holds_on(self, day: date) -> bool:
        return self.begins <= day and (self.ends is None or day < self.ends)

    def season_of(self, day: int) -> Season | None:
        """Find the season that touches a local day, as decided, or None."""
        year = date_of(day).year
        return next((each for each in map(self.season_starting, (year - 1, year)) if each.touches(day)), None)

    def season_until(self, day: int) -> Season:
        """Find the season that touches a local day, else the one that ended last before it."""
        year = date_of(day).year
        return next(each for each in map(self.season_starting, (year, year - 1, year - 2)) if each.first_day <= day)

    def season_starting(self, year: int) -> Season:
        """Build the season that begins in a calendar year, as decided."""
        statutory = self.statutory_season(year)
        decided = next((each for each in self.decisions if each.season == year), None)
        if decided is None:
            return statutory
        return Season(
            statutory.start_us if decided.start is None else _instant_us(decided.start),
            statutory.end_us if decided.end is None else _instant_us(decided.end),
        )

    def statutory_season(self, year: int) -> Season:
        """Build the season that begins in a calendar year, by the text alone."""
        chosen = self.choices.season
        season = chosen if isinstance(chosen, SeasonChoice) else required(self.pack.season)
        return AnnualSeason(_bound(season.start, 0), _bound(season.end, _last_minute(self.choices))).starting(year)

    def rooms(self) -> tuple[Room, ...] | None:
        """List the rooms that are judged; None = all, for no other room has a temperature of its own."""
        standard = required(self.pack.standard)
        if standard.rooms is not None:
            return standard.rooms
        if isinstance(self.choices.rooms, tuple):
            return self.choices.rooms
        return tuple(room for room in ROOMS if room not in standard.other_rooms) if standard.other_rooms else None

    def day_rules(self, day: int) -> DayRules:
        """Give the rules of one local day."""
        return _day_rules(self, day)

    def refund_rules(self, season: Season) -> RefundRules:
        """Give the rules of money of one season."""
        chosen = self.choices
        return RefundRules(
            denominator_s=self._denominator_s(season),
            scope=FeeScope[required(chosen.fee_scope).upper()],
            rounding=Rounding[required(chosen.money_rounding).upper()],
            rounded_at=RoundedAt[required(chosen.money_rounding_at).upper()],
            day_cap=ratio(required(chosen.max_ratio_per_day)),
            season_cap=ratio(required(chosen.max_ratio_per_season)),
        )

    def _denominator_s(self, season: Season) -> int:
        chosen = self.choices.fee_denominator
        if isinstance(chosen, FixedDays):
            return chosen.fixed_days * DAY_S
        if chosen == "stated_days":
            return required(required(self.pack.season).stated_days) * DAY_S
        if chosen == "actual_season":
            return season.seconds
        return self._statutory_of(season).seconds

    def _statutory_of(self, season: Season) -> Season:
        first = date_of(season.first_day).year
        return next(self.statutory_season(year) for year in (first, first - 1) if self.season_starting(year) == season)

    def net_of_base_fee(self) -> bool:
        """Say whether the base heat fee is taken off first."""
        return self.pack.fee is not None and bool(self.pack.fee.net_of_base_fee)

    def attested(self, groups: Iterable[Group | None]) -> bool:
        """Say whether some values, and what the text settles, are known well enough to write an entitlement."""
        known = {group.conf for group in (*groups, *self.pack.settles.values()) if group is not None}
        return all(_is_attested(conf, self.pack) for conf in known)

    def uses_pack_season(self) -> bool:
        return self.choices.season in {None, "pack"}


def _is_attested(conf: Conf, pack: Pack) -> bool:
    return conf in ATTESTED and (conf != "fictional" or pack.watermark is not None)


def _instant_us(text: str) -> int:
    """Read YYYY-MM-DDTHH:MM as a local instant [µs since 1970-01-01T00:00Z]."""
    day, _, clock = text.partition("T")
    return day_start_us(day_of(date.fromisoformat(day))) + _minute(clock) * MINUTE_US


def _minute(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def _last_minute(chosen: Choices) -> int:
    return 0 if chosen.season_dates == "end_excluded" else DAY_MIN


def _bound(text: str, minute: int) -> tuple[int, int, int]:
    """Read MM-DD or MM-DDTHH:MM as month, day and minute."""
    day, _, clock = text.partition("T")
    return int(day[:2]), int(day[3:]), _minute(clock) if clock else minute


def _day_rules(law: Law, day: int) -> DayRules:
    pack, chosen = law.pack, law.choices
    window = windows(required(chosen.day_window))
    season = law.season_of(day)
    statistic, sustained_min, percent = _statistic(chosen)
    tiers = tiers_of(pack)
    standard = required(pack.standard)
    return DayRules(
        day=day,
        pack_id=pack.id,
        standard_centi=centi(standard.min_c),
        contract_standard=ContractStandard[required(chosen.contract_standard).upper()],
        windows=window,
        counted_min=season.part_of(day, window.night_to_min) if season else (0, 0),
        season_s=season.seconds_of(day) if season else 0,
        statistic=statistic,
        sustained_min=sustained_min,
        percent=percent,
        rooms=Rooms[required(chosen.household_temperature).upper()],
        guard_centi=_guard_centi(chosen),
        completeness_e4=int(required(chosen.min_completeness) * 10_000),
        gap_bounds_centi=_gap_bounds(chosen),
        conditions_open=chosen.conditions == "undetermined" and bool(standard.conditions),
        tiers=tiers,
        by_deviation=pack.tiers is not None and pack.tiers.basis == "deviation",
        overlap=Overlap[required(chosen.overlap).upper()] if tiers_overlap(tiers) else None,
        refund=_refund(law, season or law.season_starting(date_of(day).year)),
        outdoor_variants=_variants(law),
    )


def _refund(law: Law, season: Season) -> RefundRules | None:
    if law.choices.computed_amount != "compute" or amount_is_absent(law.pack):
        return None
    return law.refund_rules(season)


def _variants(law: Law) -> tuple[OutdoorVariant, ...]:
    """Write the variants as closed intervals; where conditions are not examined, the weather is not looked at."""
    if law.choices.conditions != "undetermined":
        return ()
    return tuple(
        OutdoorVariant(*_closed(each.outdoor_daily_mean), centi(each.min_c))
        for each in required(law.pack.standard).variants
    )


def _closed(outdoor: Outdoor) -> tuple[int | None, int | None]:
    least = None if outdoor.lo is None else centi(outdoor.lo) + (not outdoor.li)
    most = None if outdoor.hi is None else centi(outdoor.hi) - (not outdoor.hi_i)
    return least, most


def _statistic(chosen: Choices) -> tuple[Statistic, int, int]:
    """Give the statistic, the minutes of SUSTAINED_BELOW and the per cent of PERCENTILE."""
    daily = chosen.daily_statistic
    if isinstance(daily, SustainedBelow):
        return Statistic.SUSTAINED_BELOW, daily.sustained_below_min, 0
    if isinstance(daily, Percentile):
        return Statistic.PERCENTILE, 0, daily.percentile
    return Statistic[required(daily).upper()], 0, 0


def _guard_centi(chosen: Choices) -> int:
    band = chosen.guard_band
    if not isinstance(band, GuardBand):
        return 0
    return centi(band.band_c) if band.direction == "favour_company" else -centi(band.band_c)


def _gap_bounds(chosen: Choices) -> tuple[int, int] | None:
    bounds = chosen.gap_bounds
    return (centi(bounds.low_c), centi(bounds.high_c)) if isinstance(bounds, GapBounds) else None
