"""Running the service: which address it may have, and uvicorn."""

import ipaddress
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import uvicorn

from .app import create_app
from .errors import ServeRefused
from .settings import Settings

_STOP_S = 30  # a question in progress ends within it; then the process does
_BACKLOG = 128


def serve(settings: Settings, on_listening: Callable[[str], None] = lambda url: None) -> None:
    """Serve until SIGINT or SIGTERM; questions under way are answered first.

    Args:
        settings: ``host``, ``port`` and ``allow_open`` say where.
        on_listening: called once with the URL, when connections are accepted.

    Raises:
        ServeRefused: the address is open to others without ``allow_open``, or taken.
    """
    if not settings.allow_open and not is_loopback(settings.host):
        raise ServeRefused(
            f"{settings.host} can be reached from other machines, and the service asks nobody "
            "who they are: serve on 127.0.0.1, or add --allow-open (ANSWERABLE_ALLOW_OPEN=1)"
        )
    with _listening(settings.host, settings.port) as listener:
        config = uvicorn.Config(
            create_app(settings),
            server_header=False,
            access_log=False,  # a line per question would cost more than it tells
            timeout_graceful_shutdown=_STOP_S,
            log_level="warning",
        )
        on_listening(_url(listener))
        # Uvicorn stops in good order, then raises the signal again: that is no failure here.
        with suppress(KeyboardInterrupt), _terminated_as_interrupted():
            uvicorn.Server(config).run(sockets=[listener])


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """Have SIGTERM raise KeyboardInterrupt, as SIGINT does; only the main thread may."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address; names other than localhost cannot tell."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens; made here so that a taken port is an error of ours."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(_BACKLOG)
        except OSError:
            listener.close()
            raise
    except OSError as exc:
        raise ServeRefused(f"cannot listen on {host}:{port}: {exc.strerror}") from exc
    return listener


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
