"""The process that serves the officials' page."""

import signal

import structlog
import uvicorn

from heatstream.settings import Settings
from heatstream.web.app import create_app

log = structlog.get_logger("heatstream.web")


def main(settings: Settings) -> None:
    """Show the page until told to stop."""
    config = uvicorn.Config(
        create_app(settings),
        host=settings.web.host,
        port=settings.web.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.web.proxies),
        forwarded_allow_ips=settings.web.proxies,
        # Open pages hold a connection for as long as they are open.
        timeout_graceful_shutdown=1,
    )
    # uvicorn raises the signal again when it has shut down; with a handler of ours that is an ordinary end.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    log.info("showing the page", address=f"http://{settings.web.host}:{settings.web.port}/")
    uvicorn.Server(config).run()
