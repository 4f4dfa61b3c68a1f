"""The process that serves the API."""

import signal

import structlog
import uvicorn

from heatstream.serve.app import create_app
from heatstream.settings import Settings

log = structlog.get_logger("heatstream.serve")


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
        timeout_graceful_shutdown=8,
    )
    # uvicorn raises the signal again when it has shut down; with a handler of ours that is an ordinary end.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    log.info("serving", address=f"http://{settings.serve.host}:{settings.serve.port}")
    uvicorn.Server(config).run()
