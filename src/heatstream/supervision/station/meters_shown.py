"""Meters for a person and for a program: what each day was, beside what is marked of it."""

import datetime as dt
from collections import defaultdict
from typing import Any, Final, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.errors import BadInput
from heatstream.store.accepted import midnight
from heatstream.store.read import meters
from heatstream.store.read.rows import AnyRow
from heatstream.store.timescale import LOCAL

HEADINGS: Final = (
    "day",
    "meter",
    "at",
    "by the counter [Wh]",
    "estimated [Wh]",
    "power [Wh]",
    "flow × ΔT [Wh]",
    "gap [min]",
    "marks",
)
ALL: Final = 1_000_000


class Shown(NamedTuple):
    """A meter's day, and what is marked of it: a mark belongs to the day it ends in."""

    day: AnyRow
    marks: list[AnyRow]


async def between(conn: AsyncConnection, device: str | None, first: dt.date, last: dt.date) -> list[Shown]:
    """Read the days of a meter, or of all, with the marks that stand.

    Raises
    ------
    BadInput
        No meter has this name.
    """
    found = await meters.installations(conn, device)
    if device is not None and not found:
        raise BadInput(
            f"meter: seen {device!r}, expected a device of the registry (meter.csv)",
            zh=f"热表为“{device}”，应为登记中的设备（meter.csv）",
        )
    wanted = meters.Wanted(start=midnight(first))
    marks: defaultdict[tuple[int, dt.date], list[AnyRow]] = defaultdict(list)
    for mark in await meters.marks(conn, found, wanted, after=None, limit=ALL):
        marks[mark.meter_id, mark.ends.astimezone(LOCAL).date()].append(mark)
    days = await meters.days(conn, found, first=first, last=last, after=None, limit=ALL)
    return [Shown(day, marks[day.meter_id, day.day]) for day in days]


def tree(shown: Shown) -> dict[str, Any]:
    """Lay a day out for a program."""
    day = {name: _plain(value) for name, value in shown.day._asdict().items() if name != "meter_id"}
    names = ("kind", "begins", "ends", "evidence")
    return day | {"marks": [{name: _plain(getattr(mark, name)) for name in names} for mark in shown.marks]}


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.astimezone(LOCAL).isoformat()
    return value.isoformat() if isinstance(value, dt.date) else value


def cells(shown: Shown) -> list[str]:
    """Lay a day out under HEADINGS; what is not known is left empty."""
    day = shown.day
    place = day.station or day.heat_source or day.household or ""
    numbers = (day.energy_wh, day.estimated_wh, day.power_energy_wh, day.flow_energy_wh, day.gap_min)
    marked = ", ".join(dict.fromkeys(mark.kind for mark in shown.marks))
    return [day.day.isoformat(), day.meter, place, *("" if each is None else f"{each:,}" for each in numbers), marked]
