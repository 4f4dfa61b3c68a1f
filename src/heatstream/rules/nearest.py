"""The nearest change that would alter the outcome of a household-day: degrees, minutes, slots, one choice.

Every change told is applied and judged by the production judge before it is told. Whole numbers; no clock, no database.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from heatstream.core.calendar import DAY_MIN
from heatstream.core.evidence import MEANS
from heatstream.core.finding import Outcome, Reason, judge
from heatstream.core.grid import Grid
from heatstream.core.standard import DayRules, Rooms, Statistic
from heatstream.core.statistic import DayStatistics, day_statistics, joined
from heatstream.core.units import Mask

FARTHEST_CENTI: Final = 6000
"""A change of more than 60 K is none."""
WIDEST_GUARD_CENTI: Final = 200
"""As wide as the choices file takes a guard band."""
WHOLE_E4: Final = 10_000
TOGETHER: Final = (Rooms.MEAN, Rooms.AREA_WEIGHTED)
LACKING: Final = (Reason.COVERAGE, Reason.MEAN_UNDECIDED)


@dataclass(frozen=True, slots=True)
class HomeDay:
    """One household's day as it was measured: the rooms that its standard holds for."""

    grids: tuple[Grid, ...]
    """One row each; a point stands for its room."""
    areas: tuple[int, ...]
    """[0.01 m²]; 0 = not registered."""
    limit_centi: int
    """What its rooms are held against [0.01 °C]."""
    stopped: bool
    """报停."""


class Said(NamedTuple):
    """What the judge says."""

    outcome: Outcome
    reason: Reason
    value_centi: int | None
    slots_valid: int


class Turn(NamedTuple):
    """Another value of one choice, and the outcome under it."""

    option: str
    value: str
    beyond: str | None
    """`more` or `less`: every larger, or smaller, value turns it as well; None = this value alone."""
    outcome: Outcome


class Step(NamedTuple):
    """A change of what was measured, and the outcome after it; one unit less leaves the outcome as it is."""

    by: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Nearest:
    """What would alter an outcome; None = nothing of this kind would."""

    warmer_centi: Step | None = None
    """Every reading warmer by this [0.01 K]."""
    colder_centi: Step | None = None
    """Every reading colder by this [0.01 K]."""
    fewer_below_min: Step | None = None
    """So many of the minutes below at the standard instead [min]."""
    more_below_min: Step | None = None
    """So many more minutes below the standard, where they would fail it first [min]."""
    more_slots: Step | None = None
    """So many more valid slots, each exactly at the standard."""
    turns: tuple[Turn, ...] = ()


def said(home: HomeDay, rules: DayRules) -> Said:
    """Judge one household-day as the evaluator does."""
    if not home.grids:
        return Said(Outcome.UNMONITORED, Reason.NONE, None, 0)
    found = judge(
        statistics_of(home, rules),
        np.zeros(len(home.grids), np.int32),
        households=1,
        rules=rules,
        area=np.array(home.areas, np.int32),
        stopped=np.array([home.stopped]),
    )
    value = int(found.value_centi[0]) if found.valued[0] else None
    return Said(Outcome(int(found.outcome[0])), Reason(int(found.reason[0])), value, int(found.slots_valid[0]))


def statistics_of(home: HomeDay, rules: DayRules) -> DayStatistics:
    """Compute the rooms' statistics, a row each."""
    counted = rules.counted_min if rules.in_season else None
    return joined(
        [
            day_statistics(grid, limit_centi=home.limit_centi, counted_min=counted, percent=rules.percent)
            for grid in home.grids
        ]
    )


def nearest(home: HomeDay, rules: DayRules, made: Collection[str]) -> Nearest:
    """Find the nearest changes.

    Parameters
    ----------
    made : options that the operator chose; what the pack's text settles is no choice

    Returns
    -------
    Nearest; empty where the day is 未监测, 报停 or outside the season: nothing measured would alter it
    """
    now = said(home, rules)
    if now.outcome is Outcome.UNMONITORED or now.reason in (Reason.STOPPED, Reason.OUTSIDE_SEASON):
        return Nearest()
    failing, compliant = now.outcome is Outcome.FAILING, now.outcome is Outcome.COMPLIANT
    found = Nearest(
        warmer_centi=_shift(home, rules, now, 1) if failing else None,
        colder_centi=_shift(home, rules, now, -1) if compliant else None,
        fewer_below_min=_told(_fewer_below(home, rules), rules, now) if failing else None,
        more_below_min=_told(_more_below(home, rules), rules, now) if compliant else None,
        more_slots=_told(_more_slots(home, rules), rules, now) if now.reason in LACKING else None,
    )
    return replace(found, turns=tuple(_turns(home, rules, now, found, made)))


# --- degrees ----------------------------------------------------------------------------------------------------------


def moved(home: HomeDay, by_centi: int) -> HomeDay:
    """Make every reading warmer, or colder."""
    temps = (grid.temp_centi + np.int16(by_centi) for grid in home.grids)
    return _with(home, temps, (grid.valid for grid in home.grids))


def _shift(home: HomeDay, rules: DayRules, now: Said, sign: int) -> Step | None:
    """Find the least shift that alters the outcome: warmer is never worse, so halving finds it."""
    least, most = 0, FARTHEST_CENTI
    if said(moved(home, sign * most), rules).outcome is now.outcome:
        return None
    while most - least > 1:
        middle = (least + most) // 2
        if said(moved(home, sign * middle), rules).outcome is now.outcome:
            least = middle
        else:
            most = middle
    return Step(most, said(moved(home, sign * most), rules).outcome)


def _with(home: HomeDay, temps: Iterator[NDArray[np.int16]], valid: Iterator[Mask]) -> HomeDay:
    grids = zip(home.grids, temps, valid, strict=True)
    return replace(home, grids=tuple(replace(grid, temp_centi=temp, valid=mask) for grid, temp, mask in grids))


# --- minutes and slots ------------------------------------------------------------------------------------------------


class _Changed(NamedTuple):
    """A home with some slots otherwise."""

    home: HomeDay
    by: int
    """Minutes, or slots."""


def _told(changed: _Changed | None, rules: DayRules, now: Said) -> Step | None:
    """Tell a change that does alter the outcome, by the judge's own word."""
    if changed is None or changed.by == 0:
        return None
    outcome = said(changed.home, rules).outcome
    return None if outcome is now.outcome else Step(changed.by, outcome)


def _counted(grid: Grid, rules: DayRules) -> slice:
    """Cut the slots of the statutory day that count."""
    begin, end = rules.counted_min
    return slice(begin // grid.slot_min, max(begin, min(end, DAY_MIN)) // grid.slot_min)


def _least_run(grid: Grid, rules: DayRules) -> int | None:
    """Count the slots below in one piece that fail a room; None where minutes below do not decide."""
    if rules.rooms in TOGETHER:
        return None
    if rules.statistic is Statistic.MIN:
        return 1
    return -(-rules.sustained_min // grid.slot_min) if rules.statistic is Statistic.SUSTAINED_BELOW else None


def _kept_centi(home: HomeDay, rules: DayRules) -> int:
    """The coldest a slot may be and not be below [0.01 °C]."""
    return home.limit_centi - rules.guard_centi


def _fewer_below(home: HomeDay, rules: DayRules) -> _Changed | None:
    """Warm every n-th slot of each run below: no fewer slots leave no run of n."""
    temps, minutes = [], 0
    for grid in home.grids:
        run = _least_run(grid, rules)
        if run is None:
            return None
        temp, part = grid.temp_centi.copy(), _counted(grid, rules)
        for slot in _every_nth(_below(home, grid, rules)[part], run):
            temp[0, part.start + slot] = _kept_centi(home, rules)
            minutes += grid.slot_min
        temps.append(temp)
    return _Changed(_with(home, iter(temps), (grid.valid for grid in home.grids)), minutes)


def _below(home: HomeDay, grid: Grid, rules: DayRules) -> Mask:
    below: Mask = grid.valid[0] & (grid.temp_centi[0] < _kept_centi(home, rules))
    return below


def _every_nth(below: Mask, run: int) -> Iterator[int]:
    length = 0
    for slot, cold in enumerate(below.tolist()):
        length = length + 1 if cold else 0
        if length == run:
            yield slot
            length = 0


def _more_below(home: HomeDay, rules: DayRules) -> _Changed | None:
    """Cool the fewest slots that make a run of n: those of the window that has most below already."""
    found = [each for place in range(len(home.grids)) if (each := _cooled(home, place, rules)) is not None]
    return min(found, key=lambda each: each.by, default=None)


def _cooled(home: HomeDay, place: int, rules: DayRules) -> _Changed | None:
    grid = home.grids[place]
    run, part = _least_run(grid, rules), _counted(grid, rules)
    valid, below = grid.valid[0, part], _below(home, grid, rules)[part]
    if run is None or run > len(valid):
        return None
    whole = np.lib.stride_tricks.sliding_window_view(valid, run).all(axis=1)
    if not whole.any():
        return None
    lacking = run - np.lib.stride_tricks.sliding_window_view(below, run).sum(axis=1)
    first = part.start + int(np.where(whole, lacking, run + 1).argmin())
    temp = grid.temp_centi.copy()
    window = temp[0, first : first + run]
    minutes = int((~_below(home, grid, rules)[first : first + run]).sum()) * grid.slot_min
    np.minimum(window, _kept_centi(home, rules) - 1, out=window)
    temps = (temp if other == place else each.temp_centi for other, each in enumerate(home.grids))
    return _Changed(_with(home, temps, (each.valid for each in home.grids)), minutes)


def _more_slots(home: HomeDay, rules: DayRules) -> _Changed | None:
    """Fill the fewest gaps that make every room's coverage enough; with bounds for the gaps fewer may do."""
    if rules.gap_bounds_centi is not None:
        return None
    temps, valid, slots = [], [], 0
    for grid in home.grids:
        part = _counted(grid, rules)
        known, temp = grid.valid.copy(), grid.temp_centi.copy()
        expected = part.stop - part.start
        needed = max(1, -(-expected * rules.completeness_e4 // WHOLE_E4)) - int(known[0, part].sum())
        filled = part.start + np.flatnonzero(~known[0, part])[: max(0, needed)]
        known[0, filled], temp[0, filled] = True, _kept_centi(home, rules)
        slots += len(filled)
        temps.append(temp)
        valid.append(known)
    return _Changed(_with(home, iter(temps), iter(valid)), slots)


# --- choices ----------------------------------------------------------------------------------------------------------


class _Candidate(NamedTuple):
    option: str
    value: str
    beyond: str | None
    rules: DayRules


def _turns(home: HomeDay, rules: DayRules, now: Said, found: Nearest, made: Collection[str]) -> Iterator[Turn]:
    """Judge anew under each other value of one choice; tell those that turn the outcome."""
    for each in _candidates(home, rules, now, found):
        if each.option not in made or _contradicts(each.rules):
            continue
        outcome = said(home, each.rules).outcome
        if outcome is not now.outcome:
            yield Turn(each.option, each.value, each.beyond, outcome)


def _contradicts(rules: DayRules) -> bool:
    """Say what no choices file may hold: time below has no mean over rooms, and no guard band."""
    return rules.statistic is Statistic.SUSTAINED_BELOW and (rules.rooms in TOGETHER or rules.guard_centi != 0)


def _candidates(home: HomeDay, rules: DayRules, now: Said, found: Nearest) -> Iterator[_Candidate]:
    yield from _other_statistics(home, rules)
    yield from _other_rooms(home, rules)
    yield from _other_guards(rules, found)
    yield from _other_completeness(home, rules)
    if now.outcome is Outcome.FAILING or now.reason is Reason.CONDITIONS:
        value = "not_examined" if rules.conditions_open else "undetermined"
        yield _Candidate("conditions", value, None, replace(rules, conditions_open=not rules.conditions_open))


def _other_statistics(home: HomeDay, rules: DayRules) -> Iterator[_Candidate]:
    for other in Statistic:
        if other not in (rules.statistic, Statistic.SUSTAINED_BELOW, Statistic.PERCENTILE):
            bounds = rules.gap_bounds_centi if other in MEANS else None
            changed = replace(rules, statistic=other, sustained_min=0, percent=0, gap_bounds_centi=bounds)
            yield _Candidate("daily_statistic", other.name.lower(), None, changed)
    longest = int(statistics_of(home, rules).longest_below_min.max())
    for minutes, beyond in ((longest, "less"), (longest + 1, "more")):
        if 1 <= minutes <= DAY_MIN:
            changed = replace(
                rules, statistic=Statistic.SUSTAINED_BELOW, sustained_min=minutes, percent=0, gap_bounds_centi=None
            )
            yield _Candidate("daily_statistic", f"sustained_below_min: {minutes}", beyond, changed)


def _other_rooms(home: HomeDay, rules: DayRules) -> Iterator[_Candidate]:
    for other in Rooms:
        known = other is not Rooms.AREA_WEIGHTED or min(home.areas) > 0
        if other is not rules.rooms and known:
            yield _Candidate("household_temperature", other.name.lower(), None, replace(rules, rooms=other))


def _other_guards(rules: DayRules, found: Nearest) -> Iterator[_Candidate]:
    """Move the guard band to none, and as far as the readings would have had to move."""
    if rules.guard_centi:
        yield _Candidate("guard_band", "none", None, replace(rules, guard_centi=0))
    moves: tuple[tuple[Step | None, int, Callable[[int], bool]], ...] = (
        (found.warmer_centi, 1, lambda guard: guard > 0),
        (found.colder_centi, -1, lambda guard: guard < 0),
    )
    for step, sign, widens in moves:
        guard = rules.guard_centi + sign * step.by if step else 0
        if guard and abs(guard) <= WIDEST_GUARD_CENTI:
            who = "favour_company" if guard > 0 else "favour_user"
            band = f"band_c: {abs(guard) // 100}.{abs(guard) % 100:02}, direction: {who}"
            yield _Candidate("guard_band", band, "more" if widens(guard) else "less", replace(rules, guard_centi=guard))


def _other_completeness(home: HomeDay, rules: DayRules) -> Iterator[_Candidate]:
    statistics = statistics_of(home, rules)
    expected = np.maximum(statistics.slots_expected.astype(np.int64), 1)
    reached = int((statistics.slots_valid.astype(np.int64) * WHOLE_E4 // expected).min())
    for share, beyond in ((reached, "less"), (reached + 1, "more")):
        if share <= WHOLE_E4:
            value = f"{share // WHOLE_E4}.{share % WHOLE_E4:04}"
            yield _Candidate("min_completeness", value, beyond, replace(rules, completeness_e4=share))
