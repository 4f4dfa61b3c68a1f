"""Rows of buildings that the browser fetches by itself: their list, one day of a façade, and homes by a search."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

import numpy as np
from fastapi import APIRouter, HTTPException, Query, Request
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.access.fields import SEES
from heatstream.claims.law import in_force
from heatstream.core.calendar import DAY_MIN, MINUTE_US, Windows, day_of, day_start_us
from heatstream.core.standard import DayRules, standards
from heatstream.core.strata import Strata, surroundings
from heatstream.core.units import Centi, Mask
from heatstream.errors import Refused
from heatstream.evidence.series import PointDays, Series, point_days, series
from heatstream.settings import Settings, window_minutes
from heatstream.store import household_days
from heatstream.store.closings import newest_batch
from heatstream.store.household_days import NEVER
from heatstream.store.read import buildings
from heatstream.store.read.city import Tally
from heatstream.store.read.days import Span
from heatstream.store.read.places import Place
from heatstream.store.read.rows import AnyRow
from heatstream.supervision.homes import strata
from heatstream.web import figures
from heatstream.web.rows import DayOfReadings
from heatstream.web.shared import Reader
from heatstream.web.signed_in import Reading

router = APIRouter(prefix="/rows", include_in_schema=False)

SHORTEST_STEP_MIN: Final = 10
"""The slider goes by no less, and by the longest interval of the building's points, so that a gap is a gap."""
MOST_FOUND: Final = 20
"""Homes that a search shows; whoever sees so many types on."""
NOTHING: Final = np.iinfo(np.int16).max
"""Stands in a slot where nothing counts."""
OUTSIDE: Final = ("edge", "top", "bottom")
FINDING: Final = ("homes", "monitored", "compliant", "failing", "undetermined", "waiting", "below_now", "lowest_centi")
REGISTERED: Final = ("code", "name", "community", "district", "station", "station_name", "company_name")

Row = dict[str, Any]


# --- every building ---------------------------------------------------------------------------------------------------


@router.get("/buildings")
async def every_building(reader: Reading) -> list[Row]:
    """Give every building with its last closed day."""

    async def load(conn: AsyncConnection) -> list[Row]:
        return [{name: getattr(row, name) for name in REGISTERED} for row in await buildings.listed(conn)]

    counted = {tally.code: tally for tally in await figures.tallies(reader, "building")}
    nobody = Tally()
    return [
        row | {name: getattr(counted.get(row["code"], nobody), name) for name in FINDING}
        for row in await reader.shared("buildings", load, seconds=15)
    ]


@router.get("/search")
async def search(reader: Reading, text: Annotated[str, Query(alias="q", min_length=2, max_length=60)]) -> Row:
    """Give homes by the beginning of their 户号 or by a part of their address, and whether there are more."""
    by_address = _sees_addresses(reader)
    async with reader.connection() as conn:
        found = await buildings.searched(conn, text.strip(), MOST_FOUND + 1, by_address=by_address)
    names = ("household", "building", "building_name", "community_name")
    homes = [
        {name: getattr(row, name) for name in names} | {"address": row.address if by_address else None}
        for row in found[:MOST_FOUND]
    ]
    return {"homes": homes, "more": len(found) > MOST_FOUND}


def _sees_addresses(reader: Reader) -> bool:
    return "address" in SEES[reader.visitor.role]


# --- a day of one building --------------------------------------------------------------------------------------------


@router.get("/buildings/{code}/day")
async def day_of_building(request: Request, reader: Reading, code: str, day: DayOfReadings) -> Row:
    """Give the coldest stored value of each home and slot of a day, and where the home lies.

    What waits for an officer (two values of an instant) or was excluded by one is no value: `conflicts` and `excluded`
    are the slots that have such a reading.
    """
    async with reader.connection() as conn:
        found = await buildings.by_code(conn, code)
        if found is None:
            raise HTTPException(404, f"no building {code!r}")
        told = await _day(conn, request.app.state.settings, found, day)
    if not _sees_addresses(reader):
        for home in told["homes"]:
            home.update(address=None, door=None)
    return told


async def _day(conn: AsyncConnection, settings: Settings, found: AnyRow, day: dt.date) -> Row:
    homes = await buildings.homes(conn, found.id, day)
    ids = [home.id for home in homes]
    held = await held_against(conn, settings, day)
    measured = await point_days(conn, day, ids, DAY_MIN, await newest_batch(conn))
    step_min = max([SHORTEST_STEP_MIN, *(point.interval_min for point in measured.points)])
    slots = Slots.of(measured, series(measured, day_start_us(day_of(day))), ids, step_min)
    lies = await _lies(conn, found.code, day, ids)
    registered = {each.id: each for each in await household_days.households(conn, day, ids)}
    limits = await held.limits(conn, [registered[home_id] for home_id in ids], day)
    return {
        "day": day.isoformat(),
        "step_min": step_min,
        "day_from_min": held.windows.day_from_min,
        "day_to_min": held.windows.day_to_min,
        "floors": found.floors,
        "open_ground": found.open_ground_floor,
        "homes": [
            _home(home)
            | {"limit_centi": limit, "stopped": registered[home.id].stopped}
            | slots.of_home(place)
            | {name: lies[name][place] for name in lies}
            for place, (home, limit) in enumerate(zip(homes, limits, strict=True))
        ],
    }


def _home(row: AnyRow) -> Row:
    names = ("code", "address", "stair", "floor", "door")
    return {name: getattr(row, name) for name in names} | {"resident": row.kind == "residential"}


@dataclass(frozen=True, slots=True)
class Slots:
    """What the homes of a building measured, slot by slot of a day."""

    centi: Centi
    """(homes, slots) the coldest reading that counts; NOTHING where there is none."""
    conflicts: Mask
    """(homes, slots) it has an instant with two values that nobody decided."""
    excluded: Mask
    """(homes, slots) it has a reading that a reviewer excluded."""
    rooms: NDArray[np.intp]
    """(homes,) points that are evidence on the day."""

    @classmethod
    def of(cls, measured: PointDays, found: Series, ids: Sequence[int], step_min: int) -> "Slots":
        """Lay readings, over the rooms of each home; nothing is put where nothing was measured."""
        place = {home_id: at for at, home_id in enumerate(ids)}
        home_of = np.array([place[point.household_id] for point in measured.points], np.intp)
        home = home_of[found.row]
        slot = (found.observed_us - day_start_us(day_of(measured.day))) // (step_min * MINUTE_US)
        shape = (len(ids), DAY_MIN // step_min)
        counting = ~(found.excluded | found.set_aside)
        centi = np.full(shape, NOTHING, np.int16)
        np.minimum.at(centi, (home[counting], slot[counting]), found.temp_centi[counting])
        conflicts, excluded = np.zeros((2, *shape), np.bool_)
        conflicts[home[found.excluded], slot[found.excluded]] = True
        excluded[home[found.set_aside], slot[found.set_aside]] = True
        return cls(centi, conflicts, excluded, np.bincount(home_of, minlength=len(ids)))

    def of_home(self, place: int) -> Row:
        """Tell one home's slots; none of them where it is unmonitored."""
        return {
            "rooms": int(self.rooms[place]),
            "centi": [None if each == NOTHING else each for each in self.centi[place].tolist()]
            if self.rooms[place]
            else [],
            "conflicts": np.flatnonzero(self.conflicts[place]).tolist(),
            "excluded": np.flatnonzero(self.excluded[place]).tolist(),
        }


async def _lies(conn: AsyncConnection, code: str, day: dt.date, ids: Sequence[int]) -> dict[str, list[bool | None]]:
    """Say of each home whether it is edge, top, bottom, 悬空 on the day; None = the registry does not tell."""
    there = await strata.registered(conn, Place(building=code), Span(day, day))
    at = np.searchsorted(there.ids, np.array(ids, there.ids.dtype))
    around = surroundings(there.neighbours, there.stopped(day_of(day)))
    told = around.neighbours.sum(axis=1)[at] > 0
    return {
        **{name: _known(there.lies, name, at) for name in OUTSIDE},
        "surrounded": _or_unknown(around.surrounded[at], told),
    }


def _known(lies: Strata, name: str, at: NDArray[np.intp]) -> list[bool | None]:
    stratum = getattr(lies, name)
    return _or_unknown(stratum.holds[at], stratum.known[at])


def _or_unknown(holds: Mask, known: Mask) -> list[bool | None]:
    return [bool(one) if is_known else None for one, is_known in zip(holds, known, strict=True)]


# --- what a day is held against ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HeldAgainst:
    """昼, 夜 and the standard of a day: the policy's that is in force, else the settings'."""

    windows: Windows
    standard_centi: int
    rules: DayRules | None

    async def limits(self, conn: AsyncConnection, homes: Sequence[household_days.Household], day: dt.date) -> list[int]:
        """Give each home's standard [0.01 °C]: the one its day was held against, before that the one it will be."""
        held = await buildings.limits(conn, [home.id for home in homes], day)
        agreed = np.array([home.standard_centi for home in homes], np.int16)
        if self.rules is None:
            coming = np.where(agreed != NEVER, agreed, self.standard_centi)
        else:
            coming = standards(self.rules, agreed, agreed != NEVER)
        return [held.get(home.id, int(limit)) for home, limit in zip(homes, coming, strict=True)]


async def held_against(conn: AsyncConnection, settings: Settings, day: dt.date) -> HeldAgainst:
    """Find what a day is held against."""
    try:
        rules = (await in_force(conn)).policy.day_rules(day_of(day))
    except Refused:
        evaluate = settings.evaluate
        return HeldAgainst(Windows(*window_minutes(evaluate.day_window)), evaluate.standard_centi, None)
    return HeldAgainst(rules.windows, rules.standard_centi, rules)
