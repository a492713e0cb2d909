"""``answerable serve`` over real HTTP on this machine."""

import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.conftest import COMMAND, HANDBOOK

pytestmark = [pytest.mark.model, pytest.mark.loopback]

QUESTION = "How many unused days of leave may I carry over into the next year?"


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    """Where the service listens; it is ended after the last test and must end well."""
    command = [COMMAND, "serve", "--port", "0", "--json", "--index", "index"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield str(json.loads(process.stdout.readline())["url"])
        finally:
            process.terminate()
        assert process.wait(timeout=30) == 0


def _get(url: str) -> tuple[int, Any]:
    with urllib.request.urlopen(url, timeout=60) as response:
        return response.status, json.load(response)


def _post(url: str, body: bytes, content_type: str = "application/json") -> tuple[int, Any]:
    request = urllib.request.Request(url, body, {"Content-Type": content_type})
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_health(url: str) -> None:
    """The service is live, and ready once index and models are loaded."""
    assert _get(f"{url}/health/live") == (200, {"status": "ok"})
    assert _get(f"{url}/health/ready") == (200, {"status": "ok"})


def test_ask(url: str) -> None:
    """A question gets the same quote as at the terminal."""
    status, value = _post(f"{url}/v1/ask", json.dumps({"question": QUESTION}).encode())
    assert (status, value["abstained"], value["answer"]["text"]) == (200, False, "six")
    assert value["answer"]["document"]["uri"] == (HANDBOOK / "leave.md").as_uri()


def test_search(url: str) -> None:
    """A query gets ranked passages, at most k."""
    status, value = _post(f"{url}/v1/search", b'{"query": "unused days of leave", "k": 2}')
    assert (status, len(value["hits"])) == (200, 2)
    assert value["hits"][0]["document"]["uri"] == (HANDBOOK / "leave.md").as_uri()


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (b"{not json", "application/json", 400),
        (b'{"question": "x"}', "text/plain", 415),
        (b'{"question": " "}', "application/json", 422),
        (b'{"question": "x", "surprise": 1}', "application/json", 422),
        (b'{"question": "' + b"x" * 1_000_000 + b'"}', "application/json", 422),
        (b'{"question": "' + b"x" * 2_000_000 + b'"}', "application/json", 413),
    ],
    ids=["not-json", "content-type", "empty", "unknown-field", "1MB", "2MB"],
)
def test_bad_request_is_a_problem(url: str, body: bytes, content_type: str, expected: int) -> None:
    """What cannot be answered is a problem document with the status that fits."""
    status, value = _post(f"{url}/v1/ask", body, content_type)
    assert (status, value["status"]) == (expected, expected)
