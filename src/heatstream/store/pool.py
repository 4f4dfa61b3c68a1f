"""Connections: one engine a process, SQLAlchemy on asyncpg."""

from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine


def create_engine(url: str, *, size: int = 5, application: str = "heatstream") -> AsyncEngine:
    """Make the engine of one process; `url` is a plain `postgresql://` one."""
    return create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"),
        pool_size=size,
        max_overflow=size,
        pool_pre_ping=True,
        connect_args={
            "server_settings": {"application_name": application, "timezone": "UTC"},
            "command_timeout": None,
            "timeout": 10,
        },
    )
