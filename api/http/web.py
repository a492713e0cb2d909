"""A process that answers: uvicorn on the socket that the supervisor listens on.

python -m answerable.api.http.web
"""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from ..settings import Settings
from .app import create_app
from .child import run_child
from .protocol import LimitedProtocol
from .supervisor import LISTENER, SHARED_FOLDER, STOP_S

_KEEP_ALIVE_S = 5
_MAX_HEADER_BYTES = 32 * 1024


def main(settings: Settings, ended: threading.Event) -> None:
    """Answer until ``ended`` is set."""
    answer(create_app(settings, shared=Path(os.environ[SHARED_FOLDER])), ended)


def answer(app: ASGIApp, ended: threading.Event) -> None:
    """Serve an app on the socket of the supervisor; what is under way is answered first."""
    listener = socket.socket(fileno=int(os.environ[LISTENER]))
    config = uvicorn.Config(
        app,
        http=LimitedProtocol,
        ws="none",
        server_header=False,
        access_log=False,  # request_log.py writes ours
        log_config=None,
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=int(STOP_S),
        h11_max_incomplete_event_size=_MAX_HEADER_BYTES,
    )
    server = _Server(config)

    def pass_on() -> None:
        ended.wait()
        server.should_exit = True  # stop accepting, and answer what is under way

    threading.Thread(target=pass_on, daemon=True).start()
    server.run(sockets=[listener])


class _Server(uvicorn.Server):
    """Uvicorn without its own signal handlers: ``child.py`` has them."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


if __name__ == "__main__":
    run_child(main, Settings)
