"""Pass rates of fixed points by stratum, each with its denominator, and 悬空 as derived day by day."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.core import strata as core
from heatstream.core.calendar import day_of
from heatstream.core.strata import Homes, Neighbours
from heatstream.core.units import Days, Mask
from heatstream.rules.supervision.scorecard import Stratum
from heatstream.store.copy import Rows
from heatstream.store.read import strata as store
from heatstream.store.read.days import Span
from heatstream.store.read.places import Place

Name = Stratum | Literal["unknown"]
UNKNOWN: Final = "unknown"
"""Home-days of which the registry does not tell where the home lies."""


class HomeDays(NamedTuple):
    """Days of one home in one stratum."""

    household: str
    compliant: int
    failing: int
    undetermined: int


class Tally(NamedTuple):
    """Home-days of one stratum; a home may lie in several."""

    homes: int
    compliant: int
    failing: int
    undetermined: int

    @property
    def decided(self) -> int:
        """What a pass rate is a share of."""
        return self.compliant + self.failing


class Registered(NamedTuple):
    """Homes of a place, with every neighbour they have."""

    ids: NDArray[np.int32]
    """(homes,), rising; the neighbours from elsewhere come after those of the place, and are told by `here`."""
    here: Mask
    residential: Mask
    lies: core.Strata
    neighbours: Neighbours
    stops: Rows

    def stopped(self, day: int) -> Mask:
        """Say who is without heat on a local day [days since 1970-01-01]."""
        made = np.zeros(len(self.ids), np.bool_)
        holds = (self.stops["first"] <= day) & (day <= self.stops["last"])
        made[_places(self.ids, self.stops["household_id"][holds])] = True
        return made

    def changes(self, first: int, last: int) -> list[int]:
        """List the days on which another set of homes is without heat than the day before; the first day is one."""
        edges = np.concatenate([[first], self.stops["first"], self.stops["last"] + 1])
        return [int(day) for day in np.unique(edges) if first <= day <= last]


async def registered(conn: AsyncConnection, place: Place, days: Span) -> Registered:
    """Read where the homes of a place lie, and who is without heat in some days."""
    rows = await store.homes(conn, place, days)
    pairs = await store.neighbours(conn, rows["id"].tolist(), days)
    both = np.concatenate([pairs["household_id"], pairs["neighbour_id"]])
    ids = np.union1d(rows["id"], both).astype(np.int32)
    at = _places(ids, rows["id"])
    columns = {}
    for name in Homes._fields:
        columns[name] = np.full(len(ids), core.NOT_TOLD, np.int16)
        columns[name][at] = rows[name]
    here, residential = np.zeros((2, len(ids)), np.bool_)
    here[at], residential[at] = True, rows["residential"]
    neighbours = Neighbours.of(
        _places(ids, pairs["household_id"]), _places(ids, pairs["neighbour_id"]), pairs["side"].astype(np.int8)
    )
    lies = core.strata(Homes(**columns), neighbours)
    return Registered(ids, here, residential, lies, neighbours, await store.stops(conn, ids.tolist(), days))


def _places(ids: NDArray[np.int32], wanted: NDArray[np.int32]) -> NDArray[np.intp]:
    """Find where ids stand; each of them is there."""
    return np.searchsorted(ids, wanted)


class Found(NamedTuple):
    """Home-days that were judged, a row each."""

    home: NDArray[np.intp]
    outcome: NDArray[np.int16]
    of: Mapping[Name, Mask]
    """Which rows lie in each stratum."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Judged home-days of a place, and the strata they lie in."""

    rows: Found
    codes: Mapping[int, str]
    """户号 of each home with a judged day, by its place in `rows.home`."""

    def tally(self, stratum: Name) -> Tally:
        """Count the home-days of a stratum."""
        which = self.rows.of[stratum]
        outcome = self.rows.outcome[which]
        counts = (int(np.count_nonzero(outcome == each)) for each in store.JUDGED)
        return Tally(len(np.unique(self.rows.home[which])), *counts)

    def home_days(self, stratum: Name) -> list[HomeDays]:
        """List the homes of a stratum, by 户号, with how their days in it were found."""
        which = self.rows.of[stratum]
        homes, row = np.unique(self.rows.home[which], return_inverse=True)
        outcome = self.rows.outcome[which]
        counts = [np.bincount(row[outcome == each], minlength=len(homes)).tolist() for each in store.JUDGED]
        return sorted(HomeDays(self.codes[int(home)], *days) for home, *days in zip(homes, *counts, strict=True))


async def judged(conn: AsyncConnection, place: Place, days: Span) -> Judged:
    """Read the judged home-days of a place, and the strata they lie in."""
    there = await registered(conn, place, days)
    found = await store.found(conn, place, days)
    found = found[np.isin(found["household_id"], there.ids[there.here & there.residential])]
    home, lies = _places(there.ids, found["household_id"]), there.lies
    of: dict[Name, Mask] = {
        "all": np.ones(len(home), np.bool_),
        **{cast("Name", name): getattr(lies, name).holds[home] for name in core.Strata._fields},
        "surrounded": _surrounded(there, home, found["day"], days),
        UNKNOWN: ~(lies.edge.known & lies.top.known & lies.bottom.known)[home],
    }
    homes = np.unique(home)
    named = await store.codes(conn, there.ids[homes].tolist())
    codes = {int(each): named[int(there.ids[each])] for each in homes}
    return Judged(Found(home, found["outcome"], of), codes)


def _surrounded(there: Registered, home: NDArray[np.intp], day: Days, days: Span) -> Mask:
    """Say of each home-day whether the home was 悬空 on it."""
    made = np.zeros(len(home), np.bool_)
    changes = there.changes(day_of(days.first), day_of(days.last))
    for begin, end in zip(changes, [*changes[1:], day_of(days.last) + 1], strict=True):
        rows = (begin <= day) & (day < end)
        if rows.any():
            around = core.surroundings(there.neighbours, there.stopped(begin))
            made[rows] = around.surrounded[home[rows]]
    return made


async def tallies(conn: AsyncConnection, place: Place, days: Span) -> Mapping[Name, Tally]:
    """Count the judged home-days of a place by stratum."""
    found = await judged(conn, place, days)
    return {name: found.tally(name) for name in found.rows.of}
