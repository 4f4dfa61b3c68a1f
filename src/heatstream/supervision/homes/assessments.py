"""停热影响评估: compute what one 报停 application does to its neighbours, and keep it as a matter."""

import datetime as dt
from typing import Any, Final

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.claims.way import ITSELF
from heatstream.core.calendar import day_of
from heatstream.core.strata import Neighbours, Side, Surroundings, surroundings
from heatstream.core.units import Count
from heatstream.errors import BadInput
from heatstream.store import closings, matters
from heatstream.store.matters import Matter
from heatstream.store.read import assessed as store
from heatstream.store.read import strata
from heatstream.store.read.assessed import Stop, Warmth
from heatstream.store.read.days import Span
from heatstream.store.tables import matter
from heatstream.supervision.act import Desk
from heatstream.supervision.homes.assessment_kind import Assessed, Effect, Reassessed, Sides

RECENT: Final = 7
"""Temperatures are of so many last closed days."""


async def assess(desk: Desk, stop: str) -> str:
    """Assess an application, or assess it anew where something changed; tell the number of its matter.

    Raises
    ------
    BadInput
        There is no such application, or an officer has concluded on it.
    """
    found = await store.stop_of(desk.conn, stop)
    if found is None:
        raise BadInput(
            f"stop: seen {stop!r}, expected a 报停申请号 of the registry (stop_period.csv)",
            zh=f"报停申请号为“{stop}”，应为登记中的报停申请号（stop_period.csv）",
        )
    told = await _computed(desk.conn, found)
    before = await _standing(desk.conn, stop)
    common = {"at": desk.now(), "why": "停热影响评估", **told}
    if before is None:
        return await desk.open("assessment", Assessed(**common), by=ITSELF)
    event = Reassessed(**common)
    if before.closed_at is not None or event.model_dump(mode="json", include=set(told)) != _kept(before, told):
        await desk.record(before.code, event, by=ITSELF)
    return before.code


async def _standing(conn: AsyncConnection, stop: str) -> Matter | None:
    found = await matters.listed(conn, matter.c.kind == "assessment", matter.c.state["stop"].astext == stop)
    return found[0] if found else None


def _kept(before: Matter, told: dict[str, Any]) -> dict[str, Any]:
    return {name: before.state[name] for name in told}


async def _computed(conn: AsyncConnection, stop: Stop) -> dict[str, Any]:
    day = Span(stop.first_day, stop.first_day)
    near = await strata.neighbours(conn, [stop.household_id], day)
    around = np.union1d(np.concatenate([near["household_id"], near["neighbour_id"]]), [stop.household_id])
    pairs = await strata.neighbours(conn, around.tolist(), day)
    ids = np.union1d(np.concatenate([pairs["household_id"], pairs["neighbour_id"]]), around)
    rows = await strata.stops(conn, ids.tolist(), day)
    today = day_of(stop.first_day)
    before = np.isin(ids, rows["household_id"][(rows["first"] <= today) & (today <= rows["last"])])
    home = int(np.searchsorted(ids, stop.household_id))
    before[home] = False
    after = before.copy()
    after[home] = True
    neighbours = Neighbours.of(
        np.searchsorted(ids, pairs["household_id"]),
        np.searchsorted(ids, pairs["neighbour_id"]),
        pairs["side"].astype(np.int8),
    )
    through = await closings.closed_through(conn)
    warmth = {} if through is None else await store.warmth(conn, around.tolist(), _last_days(through))
    codes = await strata.codes(conn, around.tolist())
    change = surroundings(neighbours, before), surroundings(neighbours, after)
    near_home = neighbours.other == home
    effects = [
        _effect(
            codes[int(ids[place])],
            Side(int(side)),
            place,
            change,
            heated=not before[place],
            warmth=warmth.get(int(ids[place])),
        )
        for place, side in zip(neighbours.home[near_home], neighbours.side[near_home], strict=True)
    ]
    return {
        "stop": stop.code,
        "household": stop.household,
        "first_day": stop.first_day,
        "through": through,
        "neighbours": tuple(sorted(effects, key=lambda each: each.household)),
    }


def _last_days(through: dt.date) -> Span:
    return Span(through - dt.timedelta(days=RECENT - 1), through)


def _effect(
    household: str,
    lies: Side,
    place: np.intp,
    change: tuple[Surroundings, Surroundings],
    *,
    heated: bool,
    warmth: Warmth | None,
) -> Effect:
    before, after = change
    return Effect(
        household=household,
        lies=lies.name.lower(),
        heated=heated,
        neighbours=_sides(before.neighbours[place]),
        stopped_before=_sides(before.stopped[place]),
        stopped_after=_sides(after.stopped[place]),
        surrounded_before=bool(before.surrounded[place]),
        surrounded_after=bool(after.surrounded[place]),
        days=0 if warmth is None else warmth.days,
        mean_centi=None if warmth is None else warmth.mean_centi,
        lowest_centi=None if warmth is None else warmth.lowest_centi,
    )


def _sides(counts: Count) -> Sides:
    return Sides(**{side.name.lower(): int(counts[side]) for side in Side})
