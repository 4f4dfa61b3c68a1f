"""What an open page reads again by itself: for as long as whoever opened it may see it."""

from collections.abc import Awaitable, Callable

from fastapi import Request
from nicegui import ui

from heatstream.web.shared import Reader
from heatstream.web.signed_in import unchanged


def every(seconds: float, request: Request, reader: Reader, read: Callable[[], Awaitable[None] | None]) -> None:
    """Read again and again; once the session is over, or is of another role, the page asks to be let in anew."""

    async def again() -> None:
        if not await unchanged(request, reader.visitor):
            ui.navigate.reload()
        elif (reading := read()) is not None:
            await reading

    ui.timer(seconds, again, immediate=False)
