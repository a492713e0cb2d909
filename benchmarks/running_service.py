"""A real service for benchmarks: started as a user would, on an index of its own."""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TIMEOUT_S = 60


@contextmanager
def running_service(index: Path, *options: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """Run ``answerable serve`` over ``index`` while the block runs; yield address and process."""
    command = [sys.executable, "-m", "answerable.cli", "serve", "--port", "0", "--json"]
    command += ["--index", str(index), "--no-access-log", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["url"], process
        finally:
            process.terminate()
            process.wait(TIMEOUT_S)


def call(
    url: str, body: Any = None, *, method: str | None = None, timeout_s: float = TIMEOUT_S
) -> tuple[int, Any]:
    """Send a request; return status and JSON."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json"} if data else {}
    request = urllib.request.Request(url, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as response:
            text = response.read()
            return response.status, json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def patiently(url: str, body: Any = None, *, method: str | None = None) -> tuple[int, Any]:
    """Send a request again until it is answered, as a client does while a process comes back."""
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        try:
            status, answer = call(url, body, method=method)
            if status != 503:
                return status, answer
        except OSError:
            pass
        if time.monotonic() > deadline:
            raise TimeoutError(f"{url} is not answered")
        time.sleep(0.05)


def children(process: "subprocess.Popen[str]", module: str) -> list[int]:
    """Return the ids of a service's processes that run ``module``."""
    listed = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(process.pid)],
        capture_output=True,
        text=True,
        check=False,
    )
    return [int(line.split()[0]) for line in listed.stdout.splitlines() if module in line]


def sockets_held(process_id: int) -> int:
    """Return how many sockets a process and those below it hold open."""
    held = 0
    for path in Path(f"/proc/{process_id}/fd").iterdir():
        try:
            held += str(path.readlink()).startswith("socket:")
        except OSError:
            continue  # closed meanwhile
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(process_id)], capture_output=True, text=True, check=False
    )
    return held + sum(sockets_held(int(child)) for child in listed.stdout.split())


def memory_mib(process_id: int) -> float:
    """Return the memory that a process holds, resident."""
    try:
        fields = Path(f"/proc/{process_id}/statm").read_text().split()
    except OSError:
        return 0.0
    return int(fields[1]) * 4096 / (1 << 20)
