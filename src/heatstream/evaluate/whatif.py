"""What would have changed: a season judged under two policies, from the readings that stand. Nothing is written.

Homes are taken by chunks and days one after the other, so memory is bounded by a chunk's season; a day's readings are
read once unless the policies' nights end at different hours, and its statistics are computed once where both hold them
against the same.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.core.calendar import Windows, day_of, day_start_us
from heatstream.core.finding import Outcome
from heatstream.core.units import Fen, Mask, Small
from heatstream.errors import BadInput
from heatstream.evaluate import if_applied
from heatstream.evaluate.load import bereft, load
from heatstream.evaluate.one_season import Days, Measured, OneSeason
from heatstream.evaluate.pipeline import GROUP_CHUNKS
from heatstream.evaluate.rulebook import Rulebook
from heatstream.rules.policy import Policy
from heatstream.settings import Evaluate, window_minutes
from heatstream.store import closings, monitored
from heatstream.store.copy import Rows
from heatstream.store.household_days import Household
from heatstream.store.tables import company, district

Column: TypeAlias = NDArray[np.generic] | None
SUMMER: Final = (7, 1)
"""No season runs over this date: the year's days are looked for from here on."""


class Sum(NamedTuple):
    """The homes of one company and district; `before` is the old policy, `after` the new one."""

    company: str
    district: str
    homes: int
    """With a fixed point in the season."""
    homes_changed: int
    """With a day of another outcome or tier."""
    days_changed: int
    failing_before: int
    """Household-days 不达标."""
    failing_after: int
    computed_fen_before: int | None
    """测算额 of the season [fen]; None = the policy computes none."""
    computed_fen_after: int | None
    homes_computed_changed: int | None
    """With another 测算额."""
    if_applied_fen_before: int | None
    """What the counted days amount to if each failing home had applied on its first failing day [fen]; None = not
    asked for."""
    if_applied_fen_after: int | None
    homes_if_applied_changed: int | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """A season under two policies."""

    first: dt.date
    last: dt.date
    """The season's last day, or the newest closed one."""
    readings_deleted: int
    """Household-days left out, because their readings were deleted after they were judged."""
    sums: list[Sum]
    """By company and district."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is compared, and on what assumption."""

    after: Policy
    before: Policy
    season: int
    """The year it begins in."""
    assume_application: bool = False
    """Each failing home is taken to have applied on its first failing day."""


@dataclass(frozen=True, slots=True)
class _Walk:
    """What a comparison goes through."""

    engine: AsyncEngine
    books: tuple[Rulebook, Rulebook]
    """Before, after."""
    days: list[dt.date]
    through_batch: int
    assume_application: bool

    @property
    def first_day(self) -> int:
        return day_of(self.days[0])


async def compare(engine: AsyncEngine, settings: Evaluate, question: Question) -> Comparison:
    """Judge a season under two policies and tell what differs, by company and district.

    Parameters
    ----------
    engine : every transaction on it is read-only

    Raises
    ------
    BadInput
        No day of that season is closed.
    Refused
        An application is assumed, and a policy has no rules of a claim.
    """
    engine = engine.execution_options(postgresql_readonly=True)
    walk = await _walk(engine, settings, question)
    async with engine.connect() as conn:
        homes = await monitored.homes(conn, walk.days[0], walk.days[-1])
        companies, districts = await monitored.names(conn, company), await monitored.names(conn, district)
    step = settings.chunk_households * GROUP_CHUNKS
    tally, deleted = _Tally(), 0
    for first in range(0, len(homes), step):
        chunk = homes[first : first + step]
        figures, gone = await _figures(walk, chunk)
        tally.add(chunk, figures)
        deleted += gone
    return Comparison(walk.days[0], walk.days[-1], deleted, tally.sums(companies, districts))


async def _walk(engine: AsyncEngine, settings: Evaluate, question: Question) -> _Walk:
    books = _rulebook(settings, question.before), _rulebook(settings, question.after)
    async with engine.connect() as conn:
        through = await closings.closed_through(conn)
        batch = await closings.newest_batch(conn)
    summers = (dt.date(question.season, *SUMMER), dt.date(question.season + 1, *SUMMER))
    year = (summers[0] + dt.timedelta(days=each) for each in range((summers[1] - summers[0]).days))
    days = [day for day in year if through and day <= through and any(map(_in_season(day), books))]
    if not days:
        raise BadInput(
            f"season {question.season}: no day of it is closed, the newest closed day is {through}; expected the year "
            "a season begins in"
        )
    # A claim counts through days that lie between, so none is left out.
    span = [days[0] + dt.timedelta(days=each) for each in range((days[-1] - days[0]).days + 1)]
    return _Walk(engine, books, span, batch, question.assume_application)


def _rulebook(settings: Evaluate, policy: Policy) -> Rulebook:
    windows = Windows(*window_minutes(settings.day_window))
    return Rulebook(windows, settings.standard_centi, policy, refusal=None, chosen=True)


def _in_season(day: dt.date) -> Callable[[Rulebook], bool]:
    return lambda book: (rules := book.of(day).rules) is not None and rules.in_season


async def _figures(walk: _Walk, chunk: Rows) -> tuple[list[Column], int]:
    """Judge a chunk's season both ways; give each home's figures, and how many household-days had lost readings."""
    size = len(chunk), len(walk.days)
    sides = [OneSeason(book, *size) for book in walk.books]
    met = [OneSeason(book, *size, for_claims=True) for book in walk.books] if walk.assume_application else []
    deleted, households = 0, list[Household]()
    for place, day in enumerate(walk.days):
        by_night: dict[Windows, tuple[Measured, Mask]] = {}
        for side in (*sides, *met):
            windows = side.rulebook.of(day).windows
            if windows not in by_night:
                by_night[windows] = await _measured(walk, day, chunk, windows)
            measured, kept = by_night[windows]
            side.judge(place, measured, kept)
        measured, kept = by_night[walk.books[1].of(day).windows]
        deleted += int(np.count_nonzero(~kept))
        households = measured.loaded.households
    applied = [_if_applied(walk, side, households) for side in met]
    return _columns(sides, applied or (None, None)), deleted


async def _measured(walk: _Walk, day: dt.date, chunk: Rows, windows: Windows) -> tuple[Measured, Mask]:
    loaded = await load(walk.engine, day, chunk, windows, walk.through_batch)
    gone = bereft(loaded, day_start_us(day_of(day)))
    return Measured(loaded), ~np.isin(chunk["household_id"], list(gone))


def _if_applied(walk: _Walk, side: OneSeason, households: Sequence[Household]) -> Fen:
    policy = side.rulebook.policy
    if policy is None:
        raise ValueError("a side without a policy")
    return if_applied.counted_fen(side, policy, households, walk.first_day, day_of(walk.days[-1]))


def _columns(sides: Sequence[OneSeason], applied: Sequence[Fen | None]) -> list[Column]:
    """Give each home's figures, in the order of `Sum` from `homes` on; None where there is none."""
    before, after = (side.days for side in sides)
    changed = ((before.outcome != after.outcome) | (_tiers(before) != _tiers(after))).sum(axis=1)
    failing = [(days.outcome == Outcome.FAILING).sum(axis=1) for days in (before, after)]
    computed = [side.computed_fen() for side in sides]
    every = np.ones(len(changed), np.int64)
    return [every, changed > 0, changed, *failing, *computed, _differ(*computed), *applied, _differ(*applied)]


def _tiers(days: Days) -> Small:
    return np.where(days.tiered, days.tier, np.int8(-1))


def _differ(before: Fen | None, after: Fen | None) -> Column:
    if before is None and after is None:
        return None
    nothing = np.zeros(1, np.int64)
    differ: Mask = (nothing if before is None else before) != (nothing if after is None else after)
    return differ


class _Tally:
    """Figures added up by company and district."""

    def __init__(self) -> None:
        self._sums: dict[tuple[int, int], list[Any]] = {}

    def add(self, chunk: Rows, figures: Sequence[Column]) -> None:
        pairs = np.stack([chunk["company_id"], chunk["district_id"]], axis=1)
        unique, group = np.unique(pairs, axis=0, return_inverse=True)
        for place, (owner, where) in enumerate(unique.tolist()):
            mine = group.ravel() == place
            new = [
                None if column is None else int(np.broadcast_to(column, mine.shape)[mine].sum()) for column in figures
            ]
            old = self._sums.get((owner, where), [None] * len(new))
            self._sums[owner, where] = [_added(*each) for each in zip(old, new, strict=True)]

    def sums(self, companies: Mapping[int, str], districts: Mapping[int, str]) -> list[Sum]:
        named = [(companies[owner], districts[where], *figures) for (owner, where), figures in self._sums.items()]
        return [Sum(*each) for each in sorted(named, key=lambda each: each[:2])]


def _added(old: int | None, new: int | None) -> int | None:
    return new if old is None else old + (new or 0)
