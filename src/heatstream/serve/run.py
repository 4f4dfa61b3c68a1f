"""The process that serves the API."""

import signal
import socket

import structlog
import uvicorn
from fastapi import FastAPI

from heatstream.serve.app import create_app
from heatstream.settings import Settings

log = structlog.get_logger("heatstream.serve")


class Server(uvicorn.Server):
    """Lets the streams end before it waits for what is under way."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop taking requests, and end."""
        if isinstance(app := self.config.app, FastAPI):
            app.state.bell.close()
        await super().shutdown(sockets)


def main(settings: Settings) -> None:
    """Serve until told to stop, then let running requests end."""
    settings.database_url()
    config = uvicorn.Config(
        create_app(settings),
        host=settings.serve.host,
        port=settings.serve.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.serve.proxies),
        forwarded_allow_ips=settings.serve.proxies,
        timeout_graceful_shutdown=8,
    )
    # uvicorn raises the signal again when it has shut down; with a handler of ours that is an ordinary end.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    log.info("serving", address=f"http://{settings.serve.host}:{settings.serve.port}")
    Server(config).run()
