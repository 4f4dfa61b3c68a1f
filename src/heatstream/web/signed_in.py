"""Who looks at a page: whoever holds the session that the browser's cookie names."""

from typing import Annotated

from fastapi import Depends, Request

from heatstream.access import people, permits, principal
from heatstream.access.principal import Principal
from heatstream.access.recorded import tell
from heatstream.errors import HeatstreamError
from heatstream.web.shared import Reader, Source

COOKIE = "hs_session"
UNATTENDED = "HS-Unattended"
"""What a page asks by itself bears this header, and keeps no session alive."""


class NotSignedIn(HeatstreamError):
    """No session, or one that is over."""


class PasswordDue(HeatstreamError):
    """Somebody else knows the password: it must be changed before anything is shown."""


def source_of(request: Request) -> Source:
    """Give the database of the process."""
    source: Source = request.app.state.source
    return source


async def holder(request: Request) -> Principal:
    """Tell who asks.

    Raises
    ------
    NotSignedIn, PasswordDue
        The browser is sent to the page that mends it.
    """
    token, source = request.cookies.get(COOKIE), source_of(request)
    if not token:
        raise NotSignedIn("no session: sign in", zh="尚未登录，请登录")
    async with source.unnarrowed() as conn:
        person = await people.holder(conn, token)
    if person is None:
        raise NotSignedIn("the session is over: sign in again", zh="登录已失效，请重新登录")
    if person.must_change:
        raise PasswordDue("the password must be changed first", zh="须先修改口令")
    if UNATTENDED not in request.headers:
        async with source.writing() as conn:
            await people.used(conn, token)
    found = principal.of_person(person)
    tell(request, found)
    return found


async def visitor(request: Request) -> Principal:
    """Tell who asks, if their role may ask this.

    Raises
    ------
    NotPermitted
        It may not.
    """
    found = await holder(request)
    permits.check(found, request.scope["route"].path, permits.PAGES)
    return found


Visitor = Annotated[Principal, Depends(visitor)]
"""Who looks at the page."""


def _reader(request: Request, who: Visitor) -> Reader:
    return Reader(source_of(request), who)


Reading = Annotated[Reader, Depends(_reader)]
"""What they see."""


async def still(request: Request) -> Principal:
    """Tell who acts on an open page: its socket outlives the session, so whatever acts asks again."""
    return await holder(request)


async def unchanged(request: Request, visitor: Principal) -> bool:
    """Tell whether an open page may go on to show what it shows; that it asks by itself keeps no session alive."""
    token = request.cookies.get(COOKIE, "")
    async with source_of(request).unnarrowed() as conn:
        person = await people.holder(conn, token)
    return person is not None and not person.must_change and principal.of_person(person) == visitor
