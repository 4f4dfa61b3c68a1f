"""The loop that numbers the feed, beside the jobs: twice a second, for as long as the process lives."""

import asyncio
import contextlib
import time
from typing import Final

import structlog
from prometheus_client import Gauge
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.probes import Health
from heatstream.store import changes, pool
from heatstream.store.read import feed
from heatstream.store.read.feed import Lag
from heatstream.store.transient import is_transient

log = structlog.get_logger("heatstream.feed")

EVERY_S: Final = 0.5
LOOK_S: Final = 5.0
"""So often it is looked what holds the feed up [s]."""
HELD_S: Final = 30.0
"""A change that waits longer is told in the log."""
ILL_S: Final = 120.0
"""One that waits longer makes the process unready."""
AGAIN_S: Final = 5.0

LAG = Gauge("heatstream_feed_lag_seconds", "Since the oldest change without a number was stored [s]; 0 = none waits")


async def run(url: str, stop: asyncio.Event, health: Health) -> None:
    """Number what is told, until told to stop; an absent database is waited for.

    Of several processes each takes its turn: numbers are given under a lock.
    """
    engine = pool.create_engine(url, size=1, application="heatstream-jobs-feed")
    looked = 0.0
    try:
        while not stop.is_set():
            pause = EVERY_S
            try:
                await changes.sequence_all(engine)
                if time.monotonic() - looked >= LOOK_S:
                    tell(await look(engine), health)
                    looked = time.monotonic()
            except Exception as error:
                # Whatever it was, the changes wait where they are, and the next look must not suffer.
                pause = AGAIN_S
                health.ill("feed", f"no numbers are given: {type(error).__name__}; the log tells why")
                if is_transient(error):
                    log.warning("the feed waits for the database", reason=type(error).__name__, error=str(error))
                else:
                    log.exception("the feed cannot be numbered", reason=type(error).__name__)
            await _happens(stop, pause)
    finally:
        await engine.dispose()


async def look(engine: AsyncEngine) -> Lag:
    """See how far the feed is behind."""
    async with engine.connect() as conn:
        return await feed.lag(conn)


def tell(lag: Lag, health: Health) -> None:
    """Tell it to the metrics, to the log, to `/readyz`; by whom it is held up, to the log alone."""
    LAG.set(lag.seconds)
    if lag.seconds > HELD_S:
        log.warning("the feed is held up", reason="held up", told=lag.named)
    if lag.seconds > ILL_S:
        health.ill("feed", str(lag))
    else:
        health.well("feed")


async def _happens(event: asyncio.Event, within_s: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            await event.wait()
