"""Running the service: where it may listen, and its processes.

This process only holds the listening socket and its children: ``workers`` that answer, and one
that writes. A child that dies is started anew; connections wait in the socket meanwhile.
"""

import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..error_limit import check_error_limit
from ..errors import ServeRefused
from ..settings import Settings
from .addresses import is_loopback
from .database import ServiceDatabase
from .gate import available_cores
from .keys import KeyStore
from .supervisor import Child, supervise
from .uploads import UploadFolder

_BACKLOG = 512
WEB = "answerable.api.http.web"
INGESTION = "answerable.api.http.ingestion"


def serve(
    settings: Settings,
    on_listening: Callable[[str], None] = lambda url: None,
    *,
    web: str = WEB,
    takes_in: bool = True,
) -> None:
    """Serve until SIGINT or SIGTERM; what is under way is finished first.

    Args:
        settings: ``host``, ``port`` and ``insecure_open`` say where.
        on_listening: called once with the URL, when connections are accepted.
        web: the module of the processes that answer.
        takes_in: whether there are uploads and a process that takes them in.

    Raises:
        ServeRefused: others can reach the address, there are no keys, and ``insecure_open`` is
            off; or the address is taken.
        MaxErrorUnsupported, CalibrationNeeded, CalibrationMismatch: the settings' error limit
            cannot be kept, so that no question could be answered.
        ModelFolderInvalid: there is such a limit, and a model cannot be loaded.
    """
    _check_doors(settings)
    check_error_limit(settings)
    if takes_in:
        UploadFolder(settings.index).sweep()
    with (
        tempfile.TemporaryDirectory(prefix="answerable-") as folder,
        _listening(settings.host, settings.port) as listener,
        _ending_on_signals() as ended,
    ):
        on_listening(_url(listener))
        children = _web(web, settings, listener, Path(folder))
        if takes_in:
            children.append(Child(INGESTION, settings, Path(folder)))
        supervise(children, ended)


def _check_doors(settings: Settings) -> None:
    """Refuse to be open to everybody who can reach the address, unless that is insisted on."""
    database = ServiceDatabase(settings.index)
    has_keys = not KeyStore(database).is_empty()
    database.close()
    if not (has_keys or settings.insecure_open or is_loopback(settings.host)):
        raise ServeRefused(
            f"{settings.host} can be reached from other machines, and there are no keys: make one "
            'with "answerable keys create", serve on 127.0.0.1, or add --insecure-open'
        )


def _web(module: str, settings: Settings, listener: socket.socket, folder: Path) -> list[Child]:
    """Return the processes that answer; ``folder`` is what they share while they run."""
    threads = settings.threads or max(1, available_cores() // settings.workers)
    shared = settings.model_copy(update={"threads": threads})
    return [Child(module, shared, folder, listener)] * settings.workers


@contextmanager
def _ending_on_signals() -> Iterator[threading.Event]:
    """Yield an event that SIGINT and SIGTERM set; only the main thread hears them."""
    ended = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield ended
        return
    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: ended.set()) for number in signals]
    try:
        yield ended
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)


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
