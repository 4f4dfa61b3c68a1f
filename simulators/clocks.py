"""Instants are int64 microseconds since 1970-01-01T00:00Z; the town's clock stands at a fixed UTC+08:00."""

from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
TOWN_OFFSET_US = 8 * HOUR_US
TOWN_ZONE = timezone(timedelta(hours=8))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def midnight_us(day: date) -> int:
    """When the local day begins."""
    return (day - date(1970, 1, 1)).days * DAY_US - TOWN_OFFSET_US


def local_day(at_us: int) -> date:
    return date(1970, 1, 1) + timedelta(days=(at_us + TOWN_OFFSET_US) // DAY_US)


def hour_of_day(at_us: NDArray[np.int64]) -> NDArray[np.float64]:
    return ((at_us + TOWN_OFFSET_US) % DAY_US) / HOUR_US


def instant_us(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


@lru_cache(maxsize=8192)
def instant_text(at_us: int) -> str:
    """ISO 8601 at the town's offset; a fraction only where there is one."""
    return (EPOCH + timedelta(microseconds=at_us)).astimezone(TOWN_ZONE).isoformat()
