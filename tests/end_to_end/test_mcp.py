"""``answerable mcp`` as a client starts or finds it: the SDK's own client, real models, both ways."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from mcp import Client, StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

from answerable.api.http.database import ServiceDatabase
from answerable.api.http.keys import KeyStore
from tests.end_to_end.conftest import COMMAND, HANDBOOK, answerable

pytestmark = [pytest.mark.model, pytest.mark.loopback, pytest.mark.timeout(180)]

QUESTION = "How many unused days of leave may I carry over into the next year?"
NO_ANSWER = "Who founded Larkmoor Instruments?"
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}


def _stdio(folder: Path, *options: str) -> Any:
    arguments = ["mcp", "--index", "index", *options]
    environment = {name: v for name, v in os.environ.items() if not name.startswith("ANSWERABLE_")}
    return stdio_client(
        StdioServerParameters(command=COMMAND, args=arguments, cwd=folder, env=environment)
    )


def _talk(transport: Any, talk: Callable[[Client], Awaitable[None]]) -> None:
    async def main() -> None:
        async with Client(transport) as client:
            await talk(client)

    anyio.run(main)


async def _ask_all(client: Client) -> None:
    """Use every tool and every kind of resource, well and badly."""
    asked = await client.call_tool("ask", {"question": QUESTION})
    found = asked.structured_content
    assert found is not None
    answer = found["answer"]
    assert (answer["text"], answer["document"]["uri"]) == (
        "six",
        (HANDBOOK / "leave.md").as_uri(),
    )
    abstained = (await client.call_tool("ask", {"question": NO_ANSWER})).structured_content
    assert abstained is not None
    assert (abstained["answer"], abstained["reason"]) == (None, "no_answer_in_passages")
    assert abstained["nearest"]
    searched = (await client.call_tool("search", {"query": "leave", "k": 2})).structured_content
    assert searched is not None
    assert len(searched["hits"]) == 2
    wrong = await client.call_tool("ask", {"question": QUESTION, "k": 1000})
    assert wrong.is_error
    listed = (await client.list_resources()).resources
    assert len(listed) == 14
    address = f"answerable://documents/{answer['document']['id']}"
    (part,) = (await client.read_resource(address)).contents
    text = getattr(part, "text", "")
    assert text[answer["start"] : answer["end"]] == "six"
    assert text == (HANDBOOK / "leave.md").read_text(encoding="utf-8")


def test_stdio(folder: Path) -> None:
    """A client that starts the server gets answers, abstentions, passages and documents."""
    _talk(_stdio(folder), _ask_all)


def test_stdio_shows_what_its_principals_may_see(tmp_path: Path) -> None:
    """With ``--as`` only their documents and the public ones are there; without, all."""
    secret = tmp_path / "secret.txt"
    secret.write_text("The salary of the director is 90,000 pounds a year.\n", encoding="utf-8")
    answerable("ingest", secret, "--index", "index", "--allow", "group:hr", cwd=tmp_path)

    def seen(*options: str) -> list[Any]:
        found = []

        async def talk(client: Client) -> None:
            question = {"question": "What is the salary of the director?"}
            result = (await client.call_tool("ask", question)).structured_content
            found.extend([result, (await client.list_resources()).resources])

        _talk(_stdio(tmp_path, *options), talk)
        return found

    for options in ((), ("--as", "group:hr")):
        result, listed = seen(*options)
        assert (result["answer"]["text"][:13], len(listed)) == ("90,000 pounds", 1)
    result, listed = seen("--as", "group:sales")
    assert (result["reason"], result["nearest"], listed) == ("no_passages", [], [])


def test_stdout_holds_the_protocol_only(folder: Path) -> None:
    """Each line of standard output is a message; what the log has to say goes elsewhere."""
    ask = {"name": "ask", "arguments": {"question": QUESTION}}
    messages = [
        INITIALIZE,
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": ask},
        {"jsonrpc": "2.0", "id": 3, "method": "nonsense"},
    ]
    with subprocess.Popen(
        [COMMAND, "--debug", "mcp", "--index", "index"],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"".join(json.dumps(one).encode() + b"\n" for one in messages))
        process.stdin.write(b"no message at all\n")
        process.stdin.flush()
        said = [json.loads(process.stdout.readline()) for _ in range(3)]
        process.stdin.close()
        rest = process.stdout.read()
        assert process.wait(timeout=30) == 0
    assert all(json.loads(line)["jsonrpc"] == "2.0" for line in rest.splitlines())
    answers = {one["id"]: one for one in said}
    assert answers[2]["result"]["structuredContent"]["answer"]["text"] == "six"
    assert answers[3]["error"]["code"] == -32601


@pytest.mark.parametrize("how", ["closed", "closed while it works", "killed", "told to end"])
def test_server_ends_with_its_client(how: str, folder: Path) -> None:
    """A server whose client is gone ends by itself, soon and without a traceback."""
    program = (
        "import json, subprocess, sys, time\n"
        f"p = subprocess.Popen({[COMMAND, 'mcp', '--index', 'index']!r}, stdin=subprocess.PIPE)\n"
        "print(p.pid, flush=True)\n"
        "p.stdin.write(sys.argv[1].encode() + b'\\n')\n"
        "p.stdin.flush()\n"
        "time.sleep(60)\n"
    )
    ask = {"name": "ask", "arguments": {"question": QUESTION}}
    call = {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": ask}
    sent = json.dumps(INITIALIZE)
    if how == "closed while it works":
        sent += "\n" + json.dumps(call)
    client = subprocess.Popen(
        [sys.executable, "-c", program, sent],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert client.stdout is not None
    assert client.stderr is not None
    server = int(client.stdout.readline())
    json.loads(client.stdout.readline())  # it speaks
    os.kill(server if how == "told to end" else client.pid, _SIGNALS[how])
    deadline = time.monotonic() + 30
    while _runs(server):
        assert time.monotonic() < deadline, "the server goes on without its client"
        time.sleep(0.05)
    client.kill()
    _, errors = client.communicate()
    assert "Traceback" not in errors


_SIGNALS = {
    "closed": signal.SIGTERM,
    "closed while it works": signal.SIGTERM,
    "killed": signal.SIGKILL,
    "told to end": signal.SIGTERM,
}


def _runs(process_id: int) -> bool:
    """Say whether a process runs; one that ended and waits for its parent does not."""
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_no_index_is_told_to_the_client(tmp_path: Path) -> None:
    """The server starts before there is an index, says what to do, and finds it once it is there."""
    note = tmp_path / "note.txt"
    note.write_text("The office opens at eight.\n", encoding="utf-8")

    async def talk(client: Client) -> None:
        missing = await client.call_tool("search", {"query": "office"})
        assert missing.is_error
        assert "answerable ingest" in getattr(missing.content[0], "text", "")
        answerable("ingest", note, "--index", "index", cwd=tmp_path)
        found = await client.call_tool("search", {"query": "office"})
        assert found.structured_content is not None
        assert len(found.structured_content["hits"]) == 1

    _talk(_stdio(tmp_path), talk)


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    """Where the server listens; it is ended after the last test and must end well."""
    command = [COMMAND, "mcp", "--http", "--port", "0", "--json", "--index", "index"]
    command += ["--workers", "2", "--no-access-log"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield str(json.loads(process.stdout.readline())["url"])
        finally:
            process.terminate()
        assert process.wait(timeout=40) == 0


@asynccontextmanager
async def _http(url: str, headers: dict[str, str]) -> AsyncIterator[Any]:
    async with (
        httpx2.AsyncClient(headers=headers, timeout=60) as client,
        streamable_http_client(url, http_client=client) as streams,
    ):
        yield streams


def test_http(url: str) -> None:
    """Over HTTP the same is to be had, from two processes without a session."""
    assert url.endswith("/mcp")
    _talk(_http(url, {}), _ask_all)


def test_http_with_keys(tmp_path: Path) -> None:
    """With keys nobody asks without one, and the key says who asks."""
    secret = tmp_path / "secret.txt"
    secret.write_text("The salary of the director is 90,000 pounds a year.\n", encoding="utf-8")
    answerable("ingest", secret, "--index", "index", "--allow", "group:hr", cwd=tmp_path)
    database = ServiceDatabase(tmp_path / "index")
    keys = [
        KeyStore(database).create("test", ["ask"], principals)[1]
        for principals in (["group:hr"], [])
    ]
    database.close()
    refused = answerable(
        "mcp", "--http", "--port", "0", "--index", "index", "--as", "group:hr", cwd=tmp_path
    )
    assert (refused.code, "leave out --as" in refused.err) == (1, True)
    command = [COMMAND, "mcp", "--http", "--host", "0.0.0.0", "--port", "0", "--json"]
    with subprocess.Popen(
        [*command, "--index", "index", "--no-access-log"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        port = json.loads(process.stdout.readline())["url"].split(":")[2]
        found = []

        async def talk(client: Client) -> None:
            question = {"question": "What is the salary of the director?"}
            found.append((await client.call_tool("ask", question)).structured_content)

        try:
            for key in keys:
                headers = {"authorization": f"Bearer {key}"}
                _talk(_http(f"http://127.0.0.1:{port}", headers), talk)
        finally:
            process.terminate()
        assert process.wait(timeout=40) == 0
    assert found[0]["answer"]["text"].startswith("90,000 pounds")
    assert (found[1]["answer"], found[1]["nearest"]) == (None, [])


def test_refused_elsewhere_without_keys(folder: Path) -> None:
    """Where others can reach it, the server wants keys."""
    run = answerable("mcp", "--http", "--host", "0.0.0.0", "--index", "index", cwd=folder)
    assert (run.code, run.out) == (1, "")
    assert "answerable keys create" in run.err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--port", "80"), "--http"),
        (("--as", "hr"), "group:hr"),
        (("--min-probability", "0.5", "--max-error", "0.1"), "not both"),
        (("--index",), "--index"),
    ],
)
def test_wrong_options(options: tuple[str, ...], told: str, folder: Path) -> None:
    """What cannot be meant is one line on standard error, and nothing is spoken."""
    run = answerable("mcp", *options, cwd=folder)
    assert (run.code in (1, 2), run.out) == (True, "")
    assert told in run.err
    assert len(run.err.strip().splitlines()) == 1


def test_wrong_principals_of_a_variable(folder: Path) -> None:
    """A server that could answer no question does not start."""
    variable = {"ANSWERABLE_PRINCIPALS": '["hr"]'}
    run = answerable("mcp", "--index", "index", cwd=folder, env=variable)
    assert (run.code, run.out, len(run.err.strip().splitlines())) == (1, "", 1)
    assert "group:hr" in run.err


def test_without_the_sdk(folder: Path) -> None:
    """Where the extra is missing, one line names it."""
    program = (
        "import sys\n"
        "from importlib import util\n"
        "real = util.find_spec\n"
        "util.find_spec = lambda name, *rest: None if name == 'mcp' else real(name, *rest)\n"
        "from answerable.cli.main import main\n"
        "sys.exit(main(['mcp', '--index', 'index']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "pip install '.[mcp]'" in done.stderr
