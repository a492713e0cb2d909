"""What every test gets: no network, no settings from outside, and folders on request."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

LOOPBACK = ("127.0.0.1", "::1", "localhost")
NETWORK_EVENTS = frozenset(
    {
        "socket.bind",
        "socket.connect",
        "socket.getaddrinfo",
        "socket.gethostbyaddr",
        "socket.gethostbyname",
        "socket.sendmsg",
        "socket.sendto",
    }
)


class NetworkBlocked(RuntimeError):
    """A test reached for the network; not an OSError, so that no code mistakes it for an outage."""


class _Guard:
    """The state of the audit hook, which Python offers no way to remove."""

    active = True
    loopback = False

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        """Raise NetworkBlocked for a socket event that leaves what the running test may use."""
        if event not in NETWORK_EVENTS or not self.active:
            return
        host = _host(event, arguments)
        if host is None or (self.loopback and host in LOOPBACK):
            return
        raise NetworkBlocked(f"{event} to {host!r}: tests run offline")


def _host(event: str, arguments: tuple[object, ...]) -> str | None:
    """Return the host that a socket event names, None for a Unix socket or a connected one."""
    if event.startswith("socket.get"):
        return str(arguments[0])
    address = arguments[1]
    return str(address[0]) if isinstance(address, tuple) else None


_guard = _Guard()
sys.addaudithook(_guard)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--data FOLDER``: where the public data sets are, for tests marked ``data``."""
    parser.addoption("--data", type=Path, metavar="FOLDER", help="folder of public data sets")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the tests marked ``data`` without ``--data``; pytest's summary counts them."""
    if config.getoption("--data"):
        return
    deselected = [item for item in items if item.get_closest_marker("data")]
    items[:] = [item for item in items if not item.get_closest_marker("data")]
    config.hook.pytest_deselected(items=deselected)


def pytest_unconfigure() -> None:
    """Give the process its network back once the last test is done."""
    _guard.active = False


@pytest.fixture(autouse=True)
def _network(request: pytest.FixtureRequest) -> Iterator[None]:
    """Allow sockets on the local machine for a test that is marked ``loopback``."""
    _guard.loopback = request.node.get_closest_marker("loopback") is not None
    yield
    _guard.loopback = False


@pytest.fixture(autouse=True)
def _no_outside_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the ANSWERABLE_ variables of whoever runs the tests."""
    for name in os.environ:
        if name.startswith("ANSWERABLE_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def source_root() -> Path:
    """The root of the source tree, for tests marked ``source``."""
    root = Path(__file__).resolve().parent.parent
    if not (root / "index" / "__init__.py").is_file():
        pytest.fail(f"no source tree at {root}: deselect such tests with -m 'not source'")
    return root


@pytest.fixture(scope="session")
def data_folder(request: pytest.FixtureRequest) -> Path:
    """The folder of public data sets, for tests marked ``data``."""
    folder = request.config.getoption("--data")
    if not isinstance(folder, Path) or not folder.is_dir():
        pytest.fail(f"--data {folder}: no such folder")
    return folder
