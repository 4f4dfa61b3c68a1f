"""Logs: structlog to standard error; one line per event and reason a minute: a storm must not bury its cause."""

import logging
import sys
import time
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog

from heatstream.settings import Log

Event = MutableMapping[str, Any]


class OncePerMinute:
    """Let the first of a kind through, count the rest, and tell the count with the next one let through.

    A kind is (event, reason): what changes from line to line stands in other fields.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, seconds: float = 60) -> None:
        self._clock, self._seconds = clock, seconds
        self._last: dict[tuple[str, str], tuple[float, int]] = {}

    def __call__(self, _logger: object, _method: str, event: Event) -> Event:
        kind = (str(event.get("event")), str(event.get("reason", "")))
        now = self._clock()
        last, withheld = self._last.get(kind, (-self._seconds, 0))
        if "reason" in event and now - last < self._seconds:
            self._last[kind] = (last, withheld + 1)
            raise structlog.DropEvent
        self._last[kind] = (now, 0)
        return {**event, "withheld": withheld} if withheld else event


def configure(settings: Log) -> None:
    """Set the process's logging up, once, at its start."""
    renderer = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if settings.format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            OncePerMinute(),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, settings.level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
