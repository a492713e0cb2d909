"""Which addresses the service may listen on, and that it does."""

import json
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from answerable.api import ServeRefused, Settings
from answerable.api.http.addresses import is_loopback
from answerable.api.http.server import serve


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.2", False),
        ("example.org", False),
        ("", False),
    ],
)
def test_loopback(host: str, expected: bool) -> None:
    """Only addresses that no other machine can reach count as loopback."""
    assert is_loopback(host) is expected


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "example.org"])
def test_open_address_is_refused(host: str) -> None:
    """Without ``insecure_open`` an address that others can reach is refused, before any lookup."""
    with pytest.raises(ServeRefused, match="--insecure-open"):
        serve(Settings(host=host))


@pytest.mark.loopback
def test_taken_port_is_one_line(tmp_path: Path) -> None:
    """A port that is in use is an error that names it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServeRefused, match=f"127.0.0.1:{port}"):
            serve(Settings(index=tmp_path, port=port))


@pytest.mark.loopback
@pytest.mark.slow
@pytest.mark.parametrize("signal_", [signal.SIGINT, signal.SIGTERM])
def test_service_runs_and_stops(tmp_path: Path, signal_: signal.Signals) -> None:
    """The command says where it listens, answers there, and ends as done on a signal."""
    command = [sys.executable, "-m", "answerable.cli", "serve", "--port", "0", "--json"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        with urllib.request.urlopen(f"{url}/health/live", timeout=20) as response:
            assert json.load(response) == {"status": "ok"}
        process.send_signal(signal_)
        assert process.wait(timeout=20) == 0
