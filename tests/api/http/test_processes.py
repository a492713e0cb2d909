"""The service as it runs: several processes on one index, killed, stopped and kept waiting."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from answerable.api import Settings
from answerable.api.http import protocol

pytestmark = [
    pytest.mark.loopback,
    pytest.mark.model,
    pytest.mark.slow,
    pytest.mark.timeout(300),
]

TEXT = "# Travel\n\nThe head of your team approves travel. A desk abroad costs 400 euros.\n"
PATIENCE_S = 120


@contextmanager
def _service(folder: Path, *options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run the service over an index in ``folder``; yield its address and process."""
    command = [sys.executable, "-m", "answerable.cli", "serve", "--port", "0", "--json"]
    command += ["--index", str(folder / "index"), "--no-access-log", *options]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["url"], process
        finally:
            process.terminate()
            assert process.wait(timeout=60) == 0


def _call(url: str, body: Any = None, method: str | None = None) -> tuple[int, Any]:
    data = None if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json"} if data else {}
    request = urllib.request.Request(url, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:
            text = response.read()
            return response.status, json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def _until(condition: Any) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def _store(url: str, name: str, text: str = TEXT) -> int:
    """Send a document and wait until it is in; return its id."""
    status, job = _call(f"{url}/v1/documents", {"name": name, "text": text})
    assert status == 202

    def done() -> Any:
        try:
            found = _call(f"{url}/v1/jobs/{job['id']}")[1]
        except OSError:  # the worker was killed under the request
            return None
        return found if found["state"] == "done" else None

    return int(_until(done)["documents"][0]["document_id"])


def _children(process: subprocess.Popen[str], module: str) -> list[int]:
    """Return the ids of a service's processes that run ``module``."""
    listed = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(process.pid)],
        capture_output=True,
        text=True,
        check=False,
    )
    return [int(line.split()[0]) for line in listed.stdout.splitlines() if module in line]


def test_two_workers_see_one_index(tmp_path: Path) -> None:
    """What one process takes in, or another command ingests, is in every answer from then on."""
    with _service(tmp_path, "--workers", "2") as (url, _):
        _store(url, "travel.md")
        for _ in range(8):
            answer = _call(f"{url}/v1/ask", {"question": "Who approves travel?", "k": 3})[1]
            assert answer["answer"]["text"].lower() == "the head of your team"
        beside = tmp_path / "beside.txt"
        beside.write_text("The lighthouse of Larkmoor was built in 1887.\n", encoding="utf-8")
        command = [sys.executable, "-m", "answerable.cli", "ingest", str(beside)]
        subprocess.run([*command, "--index", "index"], cwd=tmp_path, check=True)
        for _ in range(8):
            found = _call(f"{url}/v1/search", {"query": "lighthouse", "mode": "lexical"})[1]
            assert len(found["hits"]) == 1


def test_killed_processes_come_back(tmp_path: Path) -> None:
    """After kill -9 of a worker, or of the process that writes, nothing is lost."""
    with _service(tmp_path) as (url, process):
        first = _store(url, "first.md")
        for module in ("answerable.api.http.web", "answerable.api.http.ingestion"):
            (killed,) = _children(process, module)
            os.kill(killed, signal.SIGKILL)
            _until(lambda module=module, killed=killed: set(_children(process, module)) - {killed})
        second = _store(url, "second.md", "Another text of 7 words in all.")
        assert _call(f"{url}/v1/documents/{first}")[1]["text"] == TEXT
        assert first != second


def test_slow_headers_are_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that dribbles its header is dropped; others are answered meanwhile."""
    with _service(tmp_path) as (url, _):
        assert _call(f"{url}/health/live")[0] == 200
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as slow:
            slow.settimeout(0.5)
            started = time.monotonic()
            slow.sendall(b"GET /health/live HTTP/1.1\r\n")
            is_open = True
            while is_open:
                assert time.monotonic() - started < protocol.HEADERS_S + 60
                try:
                    slow.sendall(b"x: y\r\n")
                    is_open = slow.recv(1) != b""
                except TimeoutError:
                    continue
                except OSError:
                    is_open = False
        assert time.monotonic() - started >= protocol.HEADERS_S - 1
        assert _call(f"{url}/health/live")[0] == 200


def test_slow_body_is_cut_off(tmp_path: Path) -> None:
    """A body that does not come gets a 408."""
    settings = Settings(index=tmp_path / "index", body_deadline_s=1, port=0, access_log=False)
    program = (
        "import sys; from answerable.api import Settings; "
        "from answerable.api.http.server import serve; "
        "serve(Settings.model_validate_json(sys.argv[1]), lambda url: print(url, flush=True))"
    )
    command = [sys.executable, "-c", program, settings.model_dump_json()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        host, port = process.stdout.readline().strip().removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=PATIENCE_S) as slow:
            slow.sendall(
                b"POST /v1/ask HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
                b"content-length: 100\r\n\r\n{"
            )
            answer = slow.recv(65536)
        process.terminate()
        assert process.wait(timeout=60) == 0
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"urn:answerable:problem:body-too-slow" in answer or b"connection: close" in answer


def test_stopping_finishes_what_runs(tmp_path: Path) -> None:
    """A question under way when the service is told to stop is answered."""
    with _service(tmp_path) as (url, process):
        _store(url, "travel.md")
        _call(f"{url}/health/ready")
        host, port = url.removeprefix("http://").split(":")
        body = json.dumps({"questions": [{"question": f"Who approves {i}?"} for i in range(20)]})
        with socket.create_connection((host, int(port)), timeout=PATIENCE_S) as client:
            client.sendall(
                f"POST /v1/ask/batch HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n"
                f"content-length: {len(body)}\r\n\r\n{body}".encode()
            )
            time.sleep(0.2)
            process.terminate()
            answer = client.recv(65536)
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert process.wait(timeout=60) == 0
