"""How servers bear slow clients: connections that dribble headers, bodies, or take nothing in.

    python benchmarks/slow_clients.py [--seconds 45] [--servers service uvicorn granian]

Opens three kinds of slow connections to each server, counts those that are still open in the end,
and asks for health meanwhile. ``service`` is ``answerable serve``; the others run a bare
application as their documentation shows it (``pip install granian`` for the one). Writes
``results/slow_clients.json``.
"""

import argparse
import asyncio
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from report import write_report
from running_service import call, running_service, sockets_held

EACH = 50
DRIBBLE_S = 3.0
PORT = 18431
LARGE = 8 << 20

APPLICATION = f"""
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    more = scope["method"] == "POST"
    while more:
        more = (await receive()).get("more_body", False)
    body = b"x" * {LARGE} if scope["path"] == "/large" else b"{{}}"
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({{"type": "http.response.start", "status": 200, "headers": headers}})
    await send({{"type": "http.response.body", "body": body}})
"""
COMMANDS = {
    "uvicorn": ["-m", "uvicorn", "bare:app", "--log-level", "warning", "--port", str(PORT)],
    "granian": ["-m", "granian", "--interface", "asgi", "bare:app", "--port", str(PORT)],
}


def main() -> None:
    """Measure each server and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=45)
    parser.add_argument("--servers", nargs="+", default=["service", "uvicorn", "granian"])
    arguments = parser.parse_args()
    figures = {}
    for name in arguments.servers:
        with (
            tempfile.TemporaryDirectory() as folder,
            _running(name, Path(folder)) as (url, large, process),
        ):
            before = sockets_held(process.pid)
            found = asyncio.run(_attack(url, large, arguments.seconds, process.pid))
            # A client that takes nothing in does not notice that the server has let go of it.
            found["sockets_held_at_the_end"] -= before
            figures[name] = found
        print(name, json.dumps(figures[name]), flush=True)
    settings = {"connections_of_each_kind": EACH, "byte_every_s": DRIBBLE_S}
    print(write_report("slow_clients", {**settings, "seconds": arguments.seconds, **figures}))


@contextmanager
def _running(name: str, folder: Path) -> Iterator[tuple[str, str, Any]]:
    """Run a server; yield its address and the path of a large answer."""
    if name == "service":
        with running_service(folder / "index") as (url, service):
            text = "A sentence of no great weight. " * 8_000
            status, job = call(f"{url}/v1/documents", {"name": "large.txt", "text": text})
            assert status == 202, job
            while call(f"{url}/v1/jobs/{job['id']}")[1]["state"] != "done":
                time.sleep(0.5)
            yield url, "/v1/documents/1", service
        return
    (folder / "bare.py").write_text(APPLICATION, encoding="utf-8")
    with subprocess.Popen([sys.executable, *COMMANDS[name]], cwd=folder) as process:
        url = f"http://127.0.0.1:{PORT}"
        while True:
            try:
                call(f"{url}/health/live", timeout_s=1)
                break
            except OSError:
                time.sleep(0.1)
        try:
            yield url, "/large", process
        finally:
            process.terminate()


async def _attack(url: str, large: str, seconds: float, server: int) -> dict[str, Any]:
    """Hold slow connections for a time; return how many are left of each kind."""
    host, port = url.removeprefix("http://").split(":")
    end = time.monotonic() + seconds
    head = f"host: {host}\r\ncontent-type: application/json\r\n".encode()
    kinds = {
        "headers": b"GET /health/live HTTP/1.1\r\n",
        "body": b"POST /v1/ask HTTP/1.1\r\n" + head + b"content-length: 100000\r\n\r\n",
        "response": b"GET " + large.encode() + b" HTTP/1.1\r\n" + head + b"\r\n",
    }
    dribbled = {"headers": b"x: y\r\n", "body": b" ", "response": b""}
    closed_after: dict[str, list[float]] = {kind: [] for kind in kinds}

    async def hold(kind: str) -> None:
        started = time.monotonic()
        # A small buffer of our own, or the kernel would take the large answer in for us.
        connection = socket.create_connection((host, int(port)))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader, writer = await asyncio.open_connection(sock=connection, limit=1024)
        try:
            writer.write(kinds[kind])
            while time.monotonic() < end:
                await asyncio.sleep(DRIBBLE_S)
                if kind != "response" and await _has_ended(reader):
                    raise ConnectionResetError
                writer.write(dribbled[kind])
                await writer.drain()
        except OSError:
            closed_after[kind].append(time.monotonic() - started)
        finally:
            writer.transport.abort()

    health: list[float] = []
    held: list[int] = []

    async def ask() -> None:
        while time.monotonic() < end - DRIBBLE_S:
            started = time.monotonic()
            await asyncio.to_thread(call, f"{url}/health/live")
            health.append(time.monotonic() - started)
            await asyncio.sleep(0.5)
        held.append(sockets_held(server))

    await asyncio.gather(ask(), *(hold(kind) for kind in kinds for _ in range(EACH)))
    return {
        **{
            kind: {
                "still_open": EACH - len(times),
                "closed_after_s": round(statistics.median(times), 1) if times else None,
            }
            for kind, times in closed_after.items()
            if kind != "response"
        },
        "sockets_held_at_the_end": held[0],
        "health_ms": {
            "median": round(statistics.median(health) * 1000, 1),
            "slowest": round(max(health) * 1000, 1),
        },
    }


async def _has_ended(reader: asyncio.StreamReader) -> bool:
    """Say whether the server has closed its side, without waiting for it."""
    try:
        async with asyncio.timeout(0.01):
            while await reader.read(1024):
                pass
    except TimeoutError:
        return False
    return True


if __name__ == "__main__":
    main()
