"""One chunk of homes through one season under one policy: what each day finds and gives back, as matrices."""

from dataclasses import dataclass, fields, replace
from typing import Any, Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from heatstream.core.calendar import Windows, day_of, day_start_us
from heatstream.core.finding import Findings, Outcome
from heatstream.core.refund import Shares, fen_of_seasons
from heatstream.core.standard import DayRules, RefundRules
from heatstream.core.standard import Rooms as RoomsAs
from heatstream.core.statistic import DayStatistics
from heatstream.core.units import Centi, Count, Exact, Fen, Mask, Small
from heatstream.evaluate import finding_rows, statistic_rows
from heatstream.evaluate.load import Loaded
from heatstream.evaluate.registered import Homes, Rooms
from heatstream.evaluate.rulebook import Rulebook
from heatstream.evaluate.yardstick import Yardstick
from heatstream.evidence.series import series
from heatstream.store.household_days import NEVER

MINUTES: Final = ("below_at_start_min", "below_at_end_min", "longest_below_min")


class FailingRooms(NamedTuple):
    """Rooms found failing on a day, where rooms are refunded by their own area."""

    home: Count
    day: int
    tiered: Mask
    tier: Small
    area: Count


@dataclass(frozen=True, slots=True)
class Days:
    """Matrices (homes, days)."""

    outcome: Small
    """finding.Outcome; 0 = not judged."""
    reason: Small
    tiered: Mask
    tier: Small
    tier_at_least: Mask
    conflict: Mask
    complete: Mask
    """Every counted slot of every room has a reading that counts."""
    known: Mask
    """`num` and `den` are the day's share of the season's fee."""
    num: Exact
    den: Exact
    below_at_start_min: NDArray[np.int16]
    below_at_end_min: NDArray[np.int16]
    longest_below_min: NDArray[np.int16]

    @classmethod
    def none(cls, homes: int, days: int) -> Self:
        kinds: dict[str, Any] = {"num": np.int64, "den": np.int64} | dict.fromkeys(MINUTES, np.int16)
        kinds |= dict.fromkeys(("outcome", "reason", "tier"), np.int8)
        return cls(**{each.name: np.zeros((homes, days), kinds.get(each.name, np.bool_)) for each in fields(cls)})


class HeldAgainst(NamedTuple):
    """What the statistics of a day depend on, besides readings and limits."""

    windows: Windows
    counted_min: tuple[int, int] | None
    percent: int


class Measured:
    """A day's readings, ordered once; their statistics, computed once for what they are held against."""

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded
        self.rooms = Rooms.of(loaded)
        self._series = series(loaded, day_start_us(day_of(loaded.day)))
        self._made: list[tuple[HeldAgainst, Centi, DayStatistics]] = []

    def statistics(self, limit_centi: Centi, yardstick: Yardstick) -> DayStatistics:
        """Give the statistics of every point; `limit_centi` is each point's."""
        percent = yardstick.rules.percent if yardstick.rules else 0
        key = HeldAgainst(yardstick.windows, yardstick.counted_min, percent)
        for made_with, limits, made in self._made:
            if made_with == key and np.array_equal(limits, limit_centi):
                return made
        day = day_of(self.loaded.day)
        made = statistic_rows.statistics_of(self._series, self.rooms, limit_centi, day, yardstick)
        self._made.append((key, limit_centi, made))
        return made


class OneSeason:
    """One policy at work on one chunk of homes."""

    def __init__(self, rulebook: Rulebook, homes: int, days: int, *, for_claims: bool = False) -> None:
        self.rulebook = rulebook
        self.for_claims = for_claims
        """Conditions of the standard that nobody examined are taken as met, and what claims ask of rooms is kept."""
        self.days = Days.none(homes, days)
        self.fee_fen: Fen = np.full(homes, NEVER, np.int64)
        """The fee 测算额 is computed of, as the newest contract of the season has it."""
        self.refund: RefundRules | None = None
        self.failing_rooms: list[FailingRooms] = []

    def judge(self, place: int, measured: Measured, kept: Mask) -> None:
        """Judge a day of every home that is kept.

        Parameters
        ----------
        place : of the day in the season
        kept : (homes,) false = its readings were deleted
        """
        yardstick = self.rulebook.of(measured.loaded.day)
        rules = yardstick.rules
        if rules is None or not rules.in_season:
            return
        if self.for_claims:
            rules = replace(rules, conditions_open=False)
        homes = Homes.of(measured.loaded, yardstick)
        every = measured.statistics(homes.standard_centi[measured.rooms.household], yardstick)
        counting = measured.rooms.counting(yardstick.room_kinds)
        rooms, statistics = measured.rooms.take(counting), every.take(counting)
        found = finding_rows.judged(statistics, homes, rooms, rules)
        self._keep_found(place, found, kept)
        if self.for_claims:
            self._keep_rooms(place, found, _Counted(rooms, statistics, rules), kept)
        self.fee_fen = np.where(homes.fee_fen == NEVER, self.fee_fen, homes.fee_fen)
        if rules.refund is not None:
            self.refund = rules.refund
            self._keep_shares(place, finding_rows.known_shares(found, homes, rooms, rules), kept)

    def _keep_found(self, place: int, found: Findings, kept: Mask) -> None:
        for name in ("outcome", "reason", "tiered", "tier", "tier_at_least"):
            getattr(self.days, name)[kept, place] = getattr(found, name)[kept]
        self.days.conflict[kept, place] = found.conflicts[kept] > 0

    def _keep_rooms(self, place: int, found: Findings, counted: "_Counted", kept: Mask) -> None:
        """Keep what a claim asks of the rooms besides: the time below at the day's ends, and the failing ones."""
        rooms, statistics, rules = counted
        whole = np.ones(len(kept), np.bool_)
        np.logical_and.at(whole, rooms.household, statistics.slots_valid == statistics.slots_expected)
        self.days.complete[kept, place] = whole[kept] & (found.slots_expected[kept] > 0)
        for name in MINUTES:
            minutes = _of_rooms(getattr(statistics, name), rooms.household, rules, len(kept))
            getattr(self.days, name)[kept, place] = minutes[kept]
        if rules.rooms is RoomsAs.EACH:
            failing = (found.room_outcome == Outcome.FAILING) & kept[rooms.household]
            self.failing_rooms.append(
                FailingRooms(
                    rooms.household[failing],
                    place,
                    found.room_tiered[failing],
                    found.room_tier[failing],
                    rooms.area[failing],
                )
            )

    def _keep_shares(self, place: int, shares: Shares, kept: Mask) -> None:
        self.days.known[kept, place] = shares.known[kept]
        self.days.num[kept, place] = shares.num[kept]
        self.days.den[kept, place] = shares.den[kept]

    def computed_fen(self) -> Fen | None:
        """Give each home's 测算额 of the season [fen]; None where the policy computes none."""
        if self.refund is None:
            return None
        homes, days = self.days.known.shape
        shares = Shares(self.days.known.ravel(), self.days.num.ravel(), np.maximum(self.days.den.ravel(), 1))
        household = np.repeat(np.arange(homes, dtype=np.int32), days)
        fee = np.maximum(self.fee_fen, 0)
        return fen_of_seasons(shares, fee, household, households=homes, refund=self.refund)


class _Counted(NamedTuple):
    """The rooms that count on a day."""

    rooms: Rooms
    statistics: DayStatistics
    rules: DayRules


def _of_rooms(minutes: NDArray[np.int16], household: Count, rules: DayRules, homes: int) -> NDArray[np.int16]:
    """Take the room that was below longest; where the rooms are joined to a mean, the one that was below shortest."""
    joined = rules.rooms in (RoomsAs.MEAN, RoomsAs.AREA_WEIGHTED)
    made = np.full(homes, np.iinfo(np.int16).max if joined else -1, np.int16)
    (np.minimum if joined else np.maximum).at(made, household, minutes)
    seen = np.zeros(homes, np.bool_)
    seen[household] = True
    return np.where(seen, made, np.int16(0))
