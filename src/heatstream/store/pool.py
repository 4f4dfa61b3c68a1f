"""Connections: one engine a process, SQLAlchemy on asyncpg."""

from typing import Final

from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

IDLE_S: Final = 60
"""A transaction that nobody goes on with ends: it would hold up the feed, and vacuum."""


def create_engine(url: str, *, size: int = 5, application: str = "heatstream", idle_s: int = IDLE_S) -> AsyncEngine:
    """Make the engine of one process; `url` is a plain `postgresql://` one.

    Parameters
    ----------
    idle_s : a transaction idle for longer is ended by the server [s]
    """
    return create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"),
        pool_size=size,
        max_overflow=size,
        pool_pre_ping=True,
        connect_args={
            "server_settings": {
                "application_name": application,
                "timezone": "UTC",
                "idle_in_transaction_session_timeout": f"{idle_s}s",
            },
            "command_timeout": None,
            "timeout": 10,
        },
    )
