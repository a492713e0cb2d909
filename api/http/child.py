"""What every child process of the service does: settings in, signals obeyed, no orphan left.

The settings come as one line of JSON on standard input. The pipe stays open as long as the
parent lives; when it ends, however, so does the child.
"""

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import TypeVar

from ..settings import Settings

S = TypeVar("S", bound=Settings)


def run_child(main: Callable[[S, threading.Event], None], kind: type[S]) -> None:
    """Run a child's ``main`` with the settings of its parent.

    Args:
        main: takes the settings, and an event that is set when it has to end.
        kind: of the settings.
    """
    settings = kind.model_validate_json(sys.stdin.readline())
    configure_log(settings)
    ended = threading.Event()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the terminal; the parent passes it on
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    threading.Thread(target=_follow_parent, daemon=True).start()
    main(settings, ended)


def configure_log(settings: Settings) -> None:
    """Send the log to standard error: our warnings, and the access log as its own lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    # A module that runs as ``python -m`` calls its logger so.
    for name in ("answerable", "__main__", "uvicorn.error"):
        named = logging.getLogger(name)
        named.handlers = [handler]
        named.setLevel(logging.WARNING)
        named.propagate = False
    if settings.access_log:
        lines = logging.StreamHandler(sys.stderr)
        access = logging.getLogger("answerable.access")
        access.handlers = [lines]
        access.setLevel(logging.INFO)
        access.propagate = False


def _follow_parent() -> None:
    """End this process when the parent is gone, whatever killed it."""
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
