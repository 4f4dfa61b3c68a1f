"""What the page of the city shows, read from the store."""

import asyncio
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.core.finding import Outcome
from heatstream.core.hysteresis import Level
from heatstream.store.closings import closed_through
from heatstream.store.read import amounts, city, flags, progress, readings, registry, rejects, warnings
from heatstream.store.read.amounts import Amounts
from heatstream.store.read.days import Span
from heatstream.store.read.rows import Rows
from heatstream.store.timescale import LOCAL
from heatstream.web.shared import Reader

SEASON_DAYS = 180


@dataclass(frozen=True)
class Today:
    """The last closed day, who is below the standard now, and what the season came to."""

    city_name: str
    day: dt.date | None
    tally: city.Tally
    watermarks: list[str]
    amounts: Amounts
    warnings: Mapping[Level, int]


@dataclass(frozen=True)
class Trend:
    """Outcomes by day, and the outdoor temperature."""

    days: list[dt.date]
    counts: dict[Outcome, list[int]]
    lowest_centi: list[int | None]
    outdoor_centi: list[int | None]
    computed_fen: int
    """测算额 of all these days [fen]."""


@dataclass(frozen=True)
class Health:
    """How ingest and evaluator do."""

    newest_batch: dt.datetime | None
    waiting: int
    gateways: Rows
    conservation: Rows
    refused: Rows


async def _today(conn: AsyncConnection) -> Today:
    here, day = await registry.the_city(conn), await closed_through(conn)
    return Today(
        here.name if here else "",
        day,
        await city.tally(conn, day) if day else city.Tally(),
        await city.watermarks(conn),
        await amounts.of_season(conn, day) if day else Amounts(),
        await warnings.by_colour(conn),
    )


async def _trend(conn: AsyncConnection) -> Trend:
    last = await closed_through(conn)
    if last is None:
        return Trend([], {}, [], [], 0)
    rows = await city.trend(conn, Span(last - dt.timedelta(days=SEASON_DAYS), last))
    days = sorted({row.day for row in rows})
    counts = {outcome: dict.fromkeys(days, 0) for outcome in Outcome}
    lowest: dict[dt.date, int] = {}
    for row in rows:
        counts[Outcome(row.outcome)][row.day] = row.homes
        if row.lowest_centi is not None:
            lowest[row.day] = min(row.lowest_centi, lowest.get(row.day, row.lowest_centi))
    outdoor = await _outdoor(conn, days)
    return Trend(
        days,
        {outcome: list(by_day.values()) for outcome, by_day in counts.items()},
        [lowest.get(day) for day in days],
        [outdoor.get(day) for day in days],
        sum(row.computed_fen for row in rows),
    )


async def _outdoor(conn: AsyncConnection, days: list[dt.date]) -> dict[dt.date, int]:
    if not days:
        return {}
    start = dt.datetime.combine(days[0], dt.time(), LOCAL)
    end = dt.datetime.combine(days[-1] + dt.timedelta(days=1), dt.time(), LOCAL)
    return {row.day: int(row.outdoor_centi) for row in await readings.outdoor_by_day(conn, readings.Period(start, end))}


async def _health(conn: AsyncConnection) -> Health:
    hour_ago = dt.datetime.now(LOCAL) - dt.timedelta(hours=1)
    return Health(
        await progress.newest_batch(conn),
        (await progress.backlog(conn)).household_days,
        await progress.gateways(conn),
        await progress.conservation(conn, hour_ago),
        await rejects.unresolved_by_reason(conn),
    )


async def today(reader: Reader) -> Today:
    """Read the city's last closed day."""
    return await reader.shared("today", _today)


async def trend(reader: Reader) -> Trend:
    """Read the season so far."""
    return await reader.shared("trend", _trend, seconds=60)


async def health(reader: Reader) -> Health:
    """Read how ingest and evaluator do."""
    return await reader.shared("health", _health)


async def all_of_it(reader: Reader) -> tuple[Today, Trend, Health]:
    """Read them side by side."""
    return await asyncio.gather(today(reader), trend(reader), health(reader))


async def tallies(reader: Reader, level: str) -> list[city.Tally]:
    """Read the last closed day by district, company, station or building."""

    async def load(conn: AsyncConnection) -> list[city.Tally]:
        day = await closed_through(conn)
        return await city.tallies(conn, day, level) if day else []

    return await reader.shared(("tallies", level), load, seconds=15)


async def below_now(reader: Reader) -> Rows:
    """Read the coldest points that are below the standard now."""

    async def load(conn: AsyncConnection) -> Rows:
        return await flags.coldest(conn, limit=200)

    return await reader.shared("flags", load)
