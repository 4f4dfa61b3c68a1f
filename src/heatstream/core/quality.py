"""Bits of a stored reading's `flags`: what was odd about how it came. The reading itself stays as it was sent."""

from enum import IntFlag


class Quality(IntFlag):
    """Stored; never renumbered."""

    LATE = 1
    """It was older than the late limit when it came."""
    DEVICE_AHEAD = 2
    """The device's time is later than ours was when it came, within what the border lets pass."""
    GATEWAY_AHEAD = 4
    """The gateway's `sent_at` is further ahead of our time than the border lets a reading be."""
    OTHER_GATEWAY = 8
    """It came through another gateway than the one the point is registered with."""
    REPLAYED = 16
    """It was refused at first and fed again; `received_at` is when it first came."""
