"""Official outdoor daily means, from a CSV file `day,mean_c,source`: some standards depend on the weather.

A mean that is published anew replaces the old one, and the old one stays in `registry_change`. Days that were closed
are judged again.
"""

import csv
import datetime as dt
from collections import Counter
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.errors import RegistryError
from heatstream.store import changes, closings, marks
from heatstream.store.locks import hold_writers
from heatstream.store.tables import outdoor_day, registry_change

COLUMNS = ["day", "mean_c", "source"]
COLDEST_C, WARMEST_C = -60, 50


class Mean(NamedTuple):
    """One day's mean as it was published."""

    day: dt.date
    mean_centi: int
    source: str


def read(path: Path) -> list[Mean]:
    """Read a file of means.

    Raises
    ------
    RegistryError
        Every fault with its file and line.
    """
    faults: list[str] = []
    means: dict[dt.date, Mean] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        if rows.fieldnames != COLUMNS:
            raise RegistryError([f"{path.name}:1: seen {rows.fieldnames}, expected the columns {', '.join(COLUMNS)}"])
        for row in rows:
            where = f"{path.name}:{rows.line_num}"
            try:
                mean = _mean(row, set(means))
                means[mean.day] = mean
            except ValueError as error:
                faults.append(f"{where}: {error}")
    if faults:
        raise RegistryError(faults)
    return list(means.values())


def _mean(row: dict[str, str], told: set[dt.date]) -> Mean:
    if None in row or not (row["source"] or "").strip():
        raise ValueError("source: seen nothing, or too many cells; expected who published the mean")
    day = _day(row["day"] or "")
    if day in told:
        raise ValueError(f"day: seen {day} again, expected each day once")
    return Mean(day, _centi(row["mean_c"] or ""), row["source"].strip())


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"day: seen {text!r}, expected a date like 2026-01-05") from None


def _centi(text: str) -> int:
    try:
        celsius = Decimal(text)
    except InvalidOperation:
        celsius = Decimal("NaN")
    if not celsius.is_finite() or not COLDEST_C <= celsius <= WARMEST_C or celsius * 100 % 1:
        raise ValueError(f"mean_c: seen {text!r}, expected °C with at most two decimals, {COLDEST_C} to {WARMEST_C}")
    return int(celsius * 100)


async def between(conn: AsyncConnection, first: dt.date, last: dt.date) -> list[Mean]:
    """List the means of some days, both inside, the oldest first."""
    query = select(outdoor_day.c.day, outdoor_day.c.mean_centi, outdoor_day.c.source)
    days = query.where(outdoor_day.c.day.between(first, last)).order_by(outdoor_day.c.day)
    return [Mean(*row) for row in await conn.execute(days)]


async def record(conn: AsyncConnection, means: list[Mean], by: str) -> Counter[str]:
    """Keep means, and have the closed days they change judged again; tell what was new, changed and the same."""
    there = {row.day: Mean(row.day, row.mean_centi, row.source) for row in await conn.execute(select(outdoor_day))}
    differing = [mean for mean in means if there.get(mean.day) != mean]
    if differing:
        await _keep(conn, differing)
        told = [_change(there.get(mean.day), mean, by) for mean in differing]
        added = await conn.scalars(insert(registry_change).returning(registry_change.c.id), told)
        await changes.tell(conn, "registry_change", list(added))
        await _mark(conn, [mean.day for mean in differing])
    new = sum(mean.day not in there for mean in differing)
    return Counter(new=new, changed=len(differing) - new, same=len(means) - len(differing))


async def _keep(conn: AsyncConnection, means: list[Mean]) -> None:
    row = upsert(outdoor_day)
    replaced = {"mean_centi": row.excluded.mean_centi, "source": row.excluded.source, "recorded_at": func.now()}
    await conn.execute(
        row.on_conflict_do_update(index_elements=["day"], set_=replaced), [mean._asdict() for mean in means]
    )


def _change(before: Mean | None, after: Mean, by: str) -> dict[str, Any]:
    told = {"by": by, "noun": "outdoor_day", "code": after.day.isoformat()}
    return told | {"before": before and _plain(before), "after": _plain(after)}


def _plain(mean: Mean) -> dict[str, Any]:
    return {"mean_centi": mean.mean_centi, "source": mean.source}


async def _mark(conn: AsyncConnection, days: list[dt.date]) -> None:
    await hold_writers(conn)
    through, newest = await closings.closed_through(conn), await closings.newest_batch(conn)
    for day in sorted(days):
        if through and day <= through:
            await marks.mark_weather_known(conn, day, newest)
