"""`detection`: what is found of stations and meters over a season with drawn faults, against what is known of it.

Four towns of `--stations` together, each with weather and faults of its own seed (`benchmarks.drawn`), or the town of
`--scenario`. Their readings go to `core.supply` and `core.metered` as the passes over the database hand them on
(`benchmarks.watched`); `benchmarks.matched` says when a found time is a true one's. No database is asked.

Interruptions while the meter told nothing, or stood, are a kind of their own: only homes can show them, and homes tell
no hour, so that their begin is not asked for. True times that owe less than an hour, of low running four hours, are
not counted, nor is what is found in them.
"""

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from statistics import median, quantiles
from typing import Any, NamedTuple

import numpy as np

from benchmarks import drawn
from benchmarks.matched import MINUTE_US, Case, Minutes, Score, match, meets
from benchmarks.rig import figure
from benchmarks.scale import chosen, quick, scaled
from benchmarks.watched import Watched, duty_of, expected_of, marks_of, series_of, watch
from heatstream.core.counter import Kind as MarkKind
from heatstream.core.counter import Mark
from heatstream.core.supply import detect
from heatstream.rules.supervision.detection import Detection
from heatstream.store.stations import SLOT_US
from simulators.known import Known
from simulators.scenario import Scenario, load_scenario

STATIONS = scaled(200, 12)
TOWNS = scaled(4, 1)
DAYS = scaled(drawn.SEASON_DAYS, 40)
GOAL = 0.95
WITH_GOAL = ("late_start", "interruption")
BEGIN_WITHIN_MIN, ANY_BEGIN_MIN = 120, 10**6
LEAST_MIN = {"low_running": 240}
LEAST_ELSE_MIN = 60
OF_STATIONS = ("late_start", "early_stop", "interruption", "low_running")
UNMETERED = "interruption_unmetered"
OF_METERS = ("meter_stuck", "meter_swapped", "meter_silent")
BLIND = ("meter_silent", "meter_stuck")
COUNTER_MARKS = frozenset({MarkKind.RESET, MarkKind.SWAP, MarkKind.ROLLOVER, MarkKind.FALL, MarkKind.JUMP})
FOREVER_US = 1 << 62


def run() -> Iterator[dict[str, Any]]:
    began = time.perf_counter()
    total: defaultdict[str, Score] = defaultdict(Score)
    stations = 0
    for scenario in _scenarios():
        watched = watch(scenario)
        stations += watched.town.stations
        for kind, score in judge(watched).items():
            total[kind].add(score)
    took = round(time.perf_counter() - began, 1)
    for kind, score in total.items():
        if score.true or score.found:
            yield _figure(kind, score, {"stations": stations, "seconds in all": took})


def _scenarios() -> Iterator[Scenario]:
    if path := chosen("scenario"):
        yield load_scenario(Path(path))
        return
    stations, seed = int(chosen("stations") or STATIONS), int(chosen("seed") or 1)
    for town in range(TOWNS):
        yield drawn.season(seed * 1000 + town, -(-stations // TOWNS), DAYS)


def _figure(kind: str, score: Score, more: dict[str, Any]) -> dict[str, Any]:
    both = [each for each in (score.precision, score.recall) if each is not None]
    delays = score.delays_min
    p95 = round(quantiles(delays, n=20, method="inclusive")[-1]) if len(delays) > 1 else None
    return figure(
        f"detection {kind}",
        min(both, default=0),
        GOAL if kind in WITH_GOAL else None,
        "the lower of precision and recall",
        {
            "true": score.true,
            "found": score.found,
            "matched": score.matched,
            "precision": _rounded(score.precision),
            "recall": _rounded(score.recall),
            "delay median min": round(median(delays)) if delays else None,
            "delay p95 min": p95,
            "false on lawful stops": score.on_lawful,
            **more,
            **({"quick": "these figures say nothing"} if quick() else {}),
        },
    )


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)


def judge(watched: Watched) -> dict[str, Score]:
    """Find what there is in one town, and score it by kind."""
    detection = Detection()
    return {**_stations(watched, detection), **_meters(watched, detection)}


class _Told(NamedTuple):
    case: Case
    known_us: int


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What is known of a town, and how long it counts."""

    true: dict[str, list[Case]]
    lawful: list[Case]
    short: list[Case]
    """Too short to be counted."""
    minutes: Minutes

    def score(self, kind: str, found: Sequence[_Told], begin_within_min: int = BEGIN_WITHIN_MIN) -> Score:
        true = self.true.get(kind, [])
        pairs = match(true, [each.case for each in found], self.minutes, begin_within_min)
        matched = {pair.found for pair in pairs}
        rest = [each.case for place, each in enumerate(found) if place not in matched]
        false = [case for case in rest if not meets(case, self.short)]
        delays = [(found[pair.found].known_us - true[pair.true].begin_us) // MINUTE_US for pair in pairs]
        on_lawful = sum(meets(case, self.lawful) for case in false)
        return Score(len(true), len(pairs) + len(false), len(pairs), delays, on_lawful)


def _sheet(truth: Sequence[Known], kinds: Sequence[str], minutes: Minutes) -> _Sheet:
    blind = [_case(row) for row in truth if row.kind in BLIND]
    true, short = defaultdict(list), []
    for row in truth:
        case, least_min = _case(row), LEAST_MIN.get(row.kind, LEAST_ELSE_MIN)
        if row.kind in kinds and minutes(*case) < least_min:
            short.append(case)
        elif row.kind in kinds:
            true[UNMETERED if row.kind == "interruption" and _mostly_in(case, blind) else row.kind].append(case)
    return _Sheet(true, [_case(row) for row in truth if row.lawful], short, minutes)


def _case(row: Known) -> Case:
    return Case(row.station, row.begin_us, FOREVER_US if row.end_us is None else row.end_us)


def _mostly_in(case: Case, others: Sequence[Case]) -> bool:
    """More than half of it lies in one of the others."""
    return any(
        case.station == other.station
        and 2 * (min(case.end_us, other.end_us) - max(case.begin_us, other.begin_us)) > case.end_us - case.begin_us
        for other in others
    )


# --- spans of stations ------------------------------------------------------------------------------------------------


def _stations(watched: Watched, detection: Detection) -> dict[str, Score]:
    series, duty = series_of(watched, detection), duty_of(watched)
    sheet = _sheet(watched.truth, OF_STATIONS, _owed(duty.due(series), watched))
    unmetered, interruptions = sheet.true.get(UNMETERED, []), sheet.true.get("interruption", [])
    found: defaultdict[str, list[_Told]] = defaultdict(list)
    for span in detect(series, duty, expected_of(watched, series), detection.limits()):
        case = Case(span.station, span.begins_us, FOREVER_US if span.ends_us is None else span.ends_us)
        from_homes = meets(case, unmetered) or (span.from_homes and not meets(case, interruptions))
        found[UNMETERED if from_homes else span.kind.name.lower()].append(_Told(case, span.known_us))
    scores = {kind: sheet.score(kind, found[kind]) for kind in OF_STATIONS}
    return {**scores, UNMETERED: sheet.score(UNMETERED, found[UNMETERED], ANY_BEGIN_MIN)}


def _owed(due: np.ndarray[Any, Any], watched: Watched) -> Minutes:
    """Count minutes in which heat is owed."""
    total = np.concatenate([np.zeros((len(due), 1), np.int64), np.cumsum(due, axis=1)], axis=1)
    begin_us, slot_us = watched.start_us, SLOT_US

    def before(station: int, at_us: int) -> int:
        slot = -((begin_us - at_us) // slot_us)
        return int(total[station, min(max(slot, 0), total.shape[1] - 1)])

    def minutes(station: int, from_us: int, to_us: int) -> int:
        return max(before(station, to_us) - before(station, from_us), 0) * (slot_us // MINUTE_US)

    return minutes


# --- marks of meters --------------------------------------------------------------------------------------------------


def _meters(watched: Watched, detection: Detection) -> dict[str, Score]:
    """Whatever else a counter does than to leap when it comes loose is a swap, or false."""
    marks = marks_of(watched, detection)
    stuck = [case for _, own in groupby(marks, lambda mark: mark.meter) for case in _stands(own)]
    loose = {(case.station, case.end_us) for case in stuck}
    counter = [mark for mark in marks if mark.kind in COUNTER_MARKS and (mark.meter, mark.begins_us) not in loose]
    silent = [mark for mark in marks if mark.kind is MarkKind.GAP]
    found = {
        "meter_stuck": [_Told(case, case.begin_us + detection.stuck_for_min * MINUTE_US) for case in stuck],
        "meter_swapped": [_Told(Case(mark.meter, mark.begins_us, FOREVER_US), mark.ends_us) for mark in counter],
        "meter_silent": [_Told(Case(mark.meter, mark.begins_us, mark.ends_us), mark.ends_us) for mark in silent],
    }
    last_us = int(watched.at_us[-1])
    sheet = _sheet(watched.truth, OF_METERS, lambda _, begin, end: max(min(end, last_us) - begin, 0) // MINUTE_US)
    return {kind: sheet.score(kind, found[kind]) for kind in OF_METERS}


def _stands(marks: Iterator[Mark]) -> Iterator[Case]:
    """Join the days of one stand: the next day's mark begins where the last one's ends."""
    whole: Case | None = None
    for mark in marks:
        if mark.kind is not MarkKind.STUCK:
            continue
        if whole and whole.end_us == mark.begins_us:
            whole = whole._replace(end_us=mark.ends_us)
            continue
        if whole:
            yield whole
        whole = Case(mark.meter, mark.begins_us, mark.ends_us)
    if whole:
        yield whole
