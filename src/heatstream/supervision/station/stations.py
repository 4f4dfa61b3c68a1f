"""The pass over the heat stations: from stored readings to spans, their incidents, and the stations' days.

A pass looks again at whatever newer readings, newer filings or other rules can have changed, and at the present. What
it finds is put beside what stands: the same pass twice changes nothing.
"""

import asyncio
import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final, NamedTuple

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from heatstream.core.calendar import DAY_MIN, DAY_US, Season, date_of, day_of, day_start_us
from heatstream.core.supply import ALGORITHM, Limits
from heatstream.errors import Refused
from heatstream.rules.supervision.file import SCHEMA, SupervisionRules
from heatstream.store import closings, spans, stations, supervision_rules
from heatstream.store.accepted import after, midnight
from heatstream.store.copy import Column
from heatstream.store.spans import PassRow
from heatstream.store.stations import SLOT_MIN, SLOT_US, Station, Supplied, Window
from heatstream.store.timescale import LOCAL
from heatstream.supervision.act import Desk
from heatstream.supervision.matter import Ground
from heatstream.supervision.station.span_record import By, keep
from heatstream.supervision.station.station_look import Loaded, load, seen_of

CELLS: Final = 1_000_000
"""So many station-slots are looked at together."""
TOUCHES_BACK: Final = dt.timedelta(hours=12)
"""A reading can change what is seen of the hours before it: a stuck meter, falling homes."""
DAY_SLOTS: Final = DAY_MIN // SLOT_MIN

DEFAULTS: Final = SupervisionRules.model_validate(
    {"schema": SCHEMA, "place": "–", "version": "defaults", "made_by": "heatstream", "made_on": "2026-11-01"}
)
"""Without a rules file: the defaults of detection, which is engineering."""


class Passed(NamedTuple):
    """What a pass did."""

    stations: int
    opened: int
    changed: int
    ended: int
    withdrawn: int
    days: int
    """Days of all stations that were made anew."""

    def __str__(self) -> str:
        spans_ = f"{self.opened} spans seen, {self.changed} changed, {self.ended} ended, {self.withdrawn} withdrawn"
        return f"looked at {self.stations} stations: {spans_}; {self.days} days made"


@dataclass(frozen=True)
class _Pass:
    """One pass under way."""

    engine: AsyncEngine
    ground: Ground
    rules: SupervisionRules
    rules_id: int
    season: Season
    now: dt.datetime
    change: int
    """The registry's newest change."""
    minutes: dict[dt.date, dict[int, list[int]]]
    """Of each day that must be made, by station; filled on the way."""

    @property
    def limits(self) -> Limits:
        return self.rules.detection.limits()

    @property
    def today(self) -> dt.date:
        return self.now.astimezone(LOCAL).date()


async def pass_over(engine: AsyncEngine, ground: Ground, now: dt.datetime) -> Passed:
    """Look at every station; open an incident for each new span, and record what became of the others.

    Raises
    ------
    Refused
        Nothing was judged under a policy yet, so nobody knows the season.
    """
    if ground.law is None:
        raise Refused(
            "stations: no law is in force yet, so nobody knows the season; expected `heatstream evaluate` with "
            "HEATSTREAM_EVALUATE_CHOICES_FILE first",
            zh="换热站：没有现行的规则包与选项，采暖期未知；应先设定 HEATSTREAM_EVALUATE_CHOICES_FILE，"
            "再运行 `heatstream evaluate`",
        )
    rules = rules_of(ground)
    season = ground.law.season_until(day_of(now.astimezone(LOCAL).date()))
    async with engine.begin() as conn:
        rules_id = await supervision_rules.keep(conn, rules)
        last = await spans.last_pass(conn)
        through = await closings.newest_batch(conn)
        change, filed_from = await stations.filed_since(conn, last.through_change if last else 0)
        anew = last is None or last.supervision_rules_id != rules_id
        begun, days_from = await _begun(conn, None if anew else last, season, now, filed_from)
        days = await _stale_days(conn, last, season, days_from)
    this = _Pass(engine, ground, rules, rules_id, season, now, change, minutes={each: {} for each in days})
    counts = Counter(opened=0, changed=0, ended=0, withdrawn=0)
    for group, since in _groups(begun, season, now):
        counts.update(await _pass_group(this, group, since, through))
    for day in days:
        await _make_day(this, day, through)
    async with engine.begin() as conn:
        await spans.passed(conn, PassRow(through, change, rules_id, now))
    return Passed(len(begun), days=len(days), **counts)


def rules_of(ground: Ground) -> SupervisionRules:
    """Take the operator's rules, else the defaults."""
    return ground.rules or DEFAULTS


# --- what must be looked at -------------------------------------------------------------------------------------------


async def _begun(
    conn: AsyncConnection, last: PassRow | None, season: Season, now: dt.datetime, filed_from: dt.date | None
) -> tuple[list[tuple[Station, dt.date]], dt.date]:
    """Tell each station with a meter and the first local day to be looked at; and the first that anything is new of."""
    everyone = await stations.listed(conn, metered=True)
    first = date_of(season.first_day)
    if last is None:
        return [(each, first) for each in everyone], first
    touched = await stations.touched(conn, last.through_batch)
    looked_at = min(now, last.passed_at)
    at_the_latest = min((looked_at - TOUCHES_BACK).astimezone(LOCAL).date(), filed_from or dt.date.max)

    def since(station: Station) -> dt.date:
        at = touched.get(station.id)
        own = at_the_latest if at is None else (at - TOUCHES_BACK).astimezone(LOCAL).date()
        return max(first, min(at_the_latest, own))

    told_from = [at.astimezone(LOCAL).date() for at in touched.values()]
    days_from = min([*told_from, filed_from or dt.date.max])
    return [(each, since(each)) for each in everyone], days_from


async def _stale_days(conn: AsyncConnection, last: PassRow | None, season: Season, days_from: dt.date) -> list[dt.date]:
    """List the closed days of the season whose rows are not there, or older than what is known of them."""
    first, end, closed = date_of(season.first_day), date_of(season.last_day), await closings.closed_through(conn)
    if closed is None:
        return []
    whole = [after(first, number) for number in range((min(closed, end) - first).days + 1)]
    told = await stations.days_told(conn, first, end)
    counted = await stations.counted_days(conn, last.through_batch if last else 0)
    return [each for each in whole if each not in told or each in counted or each >= days_from]


def _groups(
    begun: Sequence[tuple[Station, dt.date]], season: Season, now: dt.datetime
) -> Iterator[tuple[list[Station], dt.date]]:
    """Cut the stations into groups of one first day, each small enough for the memory."""
    ordered = sorted(begun, key=lambda each: (each[1], each[0].id))
    for since, members in groupby(ordered, key=lambda each: each[1]):
        window = _window(since, season, now)
        if window.slots > 0:
            group, size = [each for each, _ in members], max(CELLS // window.slots, 1)
            yield from ((group[start : start + size], since) for start in range(0, len(group), size))


def _window(since: dt.date, season: Season, now: dt.datetime) -> Window:
    """From the day before the first that something new is known of, so that what stands around it is seen whole."""
    begin = max(day_start_us(day_of(since) - 1), day_start_us(season.first_day - 1))
    end = min(int(now.timestamp() * 1_000_000), season.end_us + DAY_US)
    return Window(begin, max((end - begin) // SLOT_US, 0))


# --- one group --------------------------------------------------------------------------------------------------------


async def _pass_group(this: _Pass, group: Sequence[Station], since: dt.date, through: int) -> Counter[str]:
    """Find the spans of a group, and put them beside those that stand; keep the minutes of the days that it saw."""
    window = _window(since, this.season, this.now)
    async with this.engine.begin() as conn:
        loaded = await _load(this, conn, group, window, min(this.today, date_of(this.season.last_day)))
    found = await asyncio.to_thread(loaded.found, this.season, this.limits)
    seen = [seen_of(each, loaded, this.limits) for each in found]
    await asyncio.to_thread(_add_minutes, this, loaded, [each for each in this.minutes if since <= each])
    async with this.engine.begin() as conn:
        desk = Desk(conn, this.ground, lambda: this.now)
        return await keep(desk, By(this.rules_id, through), group, seen, midnight(since))


async def _load(this: _Pass, conn: AsyncConnection, group: Sequence[Station], window: Window, day: dt.date) -> Loaded:
    supplied = (await _supplied(this, conn, day)).of([each.id for each in group])
    return await load(conn, group, window, season=this.season, detection=this.rules.detection, supplied=supplied)


_SUPPLIED: Final[dict[tuple[str, int, dt.date], Supplied]] = {}
"""What is supplied on a day, by database and the registry's newest change: it takes longer to add up than all else."""
DAYS_KEPT: Final = 4


async def _supplied(this: _Pass, conn: AsyncConnection, day: dt.date) -> Supplied:
    key = (str(this.engine.url), this.change, day)
    if key not in _SUPPLIED:
        _SUPPLIED[key] = await stations.supplied(conn, day)
        for old in list(_SUPPLIED)[:-DAYS_KEPT]:
            del _SUPPLIED[old]
    return _SUPPLIED[key]


# --- a closed day -----------------------------------------------------------------------------------------------------


MINUTES: Final = ("due_min", "known_min", "without_min", "low_min")


async def _make_day(this: _Pass, day: dt.date, through: int) -> None:
    """Keep what a closed day of every station was like, of the meters and of the homes."""
    async with this.engine.begin() as conn:
        everyone = await stations.listed(conn, metered=False)
        await _look_at_the_rest(this, conn, [each for each in everyone if each.id not in this.minutes[day]], day)
        ids = [each.id for each in everyone]
        minutes = np.array([this.minutes[day][each] for each in ids], np.int32).reshape(-1, len(MINUTES))
        by = {"supervision_rules_id": this.rules_id, "algorithm": ALGORITHM, "through_batch": through}
        columns = {
            **{name: Column(minutes[:, place]) for place, name in enumerate(MINUTES)},
            "homes": Column((await _supplied(this, conn, day)).of(ids).homes),
            **await stations.homes_of_day(conn, ids, day),
            **{name: Column(np.full(len(ids), number)) for name, number in by.items()},
        }
        await stations.keep_day(conn, day, ids, columns)


async def _look_at_the_rest(this: _Pass, conn: AsyncConnection, rest: Sequence[Station], day: dt.date) -> None:
    """Add up the minutes of stations that the pass saw less of, or that have no meter."""
    window = Window(day_start_us(day_of(day) - 1), 2 * DAY_SLOTS)
    for start in range(0, len(rest), CELLS // window.slots):
        loaded = await _load(this, conn, rest[start : start + CELLS // window.slots], window, day)
        await asyncio.to_thread(_add_minutes, this, loaded, [day])


def _add_minutes(this: _Pass, loaded: Loaded, days: Sequence[dt.date]) -> None:
    """Add up days of each station, as MINUTES names them."""
    if not days:
        return
    seen, day_of_slot = loaded.looked(this.season, this.limits), loaded.window.days()
    without = seen.due & seen.cold
    masks = (seen.due, seen.due & seen.known, without, seen.due & seen.low & ~without)
    ids = [each.id for each in loaded.stations]
    for day in days:
        mine = day_of_slot == day_of(day)
        added = np.stack([np.count_nonzero(each[:, mine], axis=1) for each in masks], axis=1) * SLOT_MIN
        this.minutes[day] |= dict(zip(ids, added.tolist(), strict=True))
