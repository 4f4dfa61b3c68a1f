"""How often one may ask: a count a key, or an address of whoever has none, over the last minute.

It is kept in memory, so it holds for one process: two of them let through twice as much.
"""

import ipaddress
import math
import time
from dataclasses import dataclass

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

WINDOW_S = 60
V6_SITE = 64
"""Bits of an IPv6 address that one customer holds: whoever has one address there has them all."""


@dataclass(frozen=True, slots=True)
class Quota:
    """What is left of a limit.

    Attributes
    ----------
    granted : this request is within it
    reset_s : more is left after so long [s]
    """

    granted: bool
    most: int
    left: int
    reset_s: int

    def headers(self) -> dict[str, str]:
        """Write it as `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers)."""
        return {
            "RateLimit-Policy": f'"minute";q={self.most};w={WINDOW_S}',
            "RateLimit": f'"minute";r={self.left};t={self.reset_s}',
        }


class Limit:
    """So many in a minute, each asker for itself."""

    def __init__(self, per_minute: int) -> None:
        self._item = RateLimitItemPerMinute(per_minute)
        # Two counters an asker: what is held does not grow with how much is asked.
        self._counted = SlidingWindowCounterRateLimiter(MemoryStorage())

    def take(self, asker: str) -> Quota:
        """Count one more, if it is within the limit."""
        granted = self._counted.hit(self._item, asker)
        reset, left = self._counted.get_window_stats(self._item, asker)
        return Quota(granted, self._item.amount, left, max(1, math.ceil(reset - time.time())))

    def spent(self, asker: str) -> bool:
        """Tell whether nothing is left; counts nothing."""
        return not self._counted.test(self._item, asker)


def site(address: str | None) -> str:
    """Give what an address is counted as."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return address or "unknown"
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    # A proxy that listens for both writes IPv4 so: as IPv6 all of it would be one site.
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, V6_SITE), strict=False))
