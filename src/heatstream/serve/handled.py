"""What matters are handled by, read for each request that needs it."""

from typing import Annotated

from fastapi import Depends, Request

from heatstream.serve.access import Connection
from heatstream.serve.shapes import Now
from heatstream.supervision import ground
from heatstream.supervision.matter import Ground


async def _handled_by(conn: Connection, request: Request, now: Now) -> Ground:
    return await ground.read(conn, request.app.state.settings, now)


HandledBy = Annotated[Ground, Depends(_handled_by)]
