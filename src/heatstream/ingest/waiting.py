"""Waiting for the first of several ends, and for a while."""

import asyncio
from collections.abc import Coroutine, Iterator
from random import uniform
from typing import Any


async def until_first(*jobs: Coroutine[Any, Any, object]) -> None:
    """Run side by side until the first ends, then cancel the rest; raise what the first raised."""
    tasks = [asyncio.create_task(job) for job in jobs]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


async def pause(stop: asyncio.Event, seconds: float) -> None:
    """Sleep, but not through a stop."""
    await until_first(stop.wait(), asyncio.sleep(seconds))


def doubling(first_s: float = 0.1, most_s: float = 5.0) -> Iterator[float]:
    """Waiting times that double, each shortened by chance so that many do not come back at once."""
    wait_s = first_s
    while True:
        yield wait_s * uniform(0.5, 1.0)  # noqa: S311  (no secret hangs on it)
        wait_s = min(2 * wait_s, most_s)
