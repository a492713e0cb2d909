"""MCP over HTTP: who may ask, what is refused, and that nothing crosses between askers."""

import json
from pathlib import Path
from typing import Any

import anyio
import pytest

from answerable.api import Engine
from answerable.api.http.access import MCP_ROUTES, ROUTES, GuardedRoute
from answerable.api.mcp.app import create_mcp_app
from answerable.api.mcp.settings import McpSettings
from tests.api.http.serving import key_for
from tests.api.mcp.speaking import called, client_of, speaking, web

SALARY = {"question": "What is the salary of the director?"}


def test_keys_say_who_asks(index_folder: Path) -> None:
    """With keys there is no answer without one, and each sees what its principals may."""
    hr = key_for(index_folder, "ask", principals=("group:hr",))
    public = key_for(index_folder, "ask")
    ingest = key_for(index_folder, "ingest")

    async def main() -> Any:
        async with speaking(index_folder) as app:
            answers = []
            for headers in (hr, public):
                async with client_of(app, headers) as client:
                    answers.append((await client.call_tool("ask", SALARY)).structured_content)
            async with web(app) as client:
                body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
                statuses = [
                    (await client.post("/mcp", json=body, headers=headers)).status_code
                    for headers in ({}, ingest, {"authorization": "Bearer no.key"})
                ]
            return answers, statuses

    (seen, unseen), statuses = anyio.run(main)
    assert seen["answer"]["text"] == "90,000 pounds"
    assert unseen["answer"] is None
    assert "salaries" not in json.dumps(unseen)
    assert statuses == [401, 403, 401]


def test_principals_where_there_are_no_keys(index_folder: Path) -> None:
    """Without keys the server asks as it was told, else as the public."""
    told = called(index_folder, "ask", SALARY, principals=("group:hr",))
    public = called(index_folder, "ask", SALARY)
    assert told.structured_content["answer"]["text"] == "90,000 pounds"
    assert public.structured_content["answer"] is None


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"host": "localhost:8081"}, 200),
        ({"host": "attacker.example"}, 403),
        ({"origin": "https://attacker.example"}, 403),
        ({"origin": "null"}, 403),
        ({"content-type": "text/plain"}, 400),
    ],
)
def test_pages_of_other_sites_are_refused(
    headers: dict[str, str], status: int, index_folder: Path
) -> None:
    """A page cannot ask the server, by its own name or by one that it made point here."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"})
    sent = {"content-type": "application/json", "accept": "application/json", **headers}

    async def main() -> int:
        async with speaking(index_folder) as app, web(app) as client:
            return int((await client.post("/mcp", content=body, headers=sent)).status_code)

    assert anyio.run(main) == status


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
def test_only_posts(method: str, index_folder: Path) -> None:
    """There are no sessions: nothing to listen to, nothing to end."""

    async def main() -> Any:
        async with speaking(index_folder) as app, web(app) as client:
            return await client.request(method, "/mcp")

    response = anyio.run(main)
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'"x"', b'{"jsonrpc": "2.0"}', b"[" * 100_000, b"\xff\xfe"]
)
def test_no_message_is_no_crash(body: bytes, index_folder: Path) -> None:
    """What is no message is a client's error."""
    headers = {"content-type": "application/json", "accept": "application/json"}

    async def main() -> Any:
        async with speaking(index_folder) as app, web(app) as client:
            return await client.post("/mcp", content=body, headers=headers)

    response = anyio.run(main)
    assert response.status_code == 400
    assert "Traceback" not in response.text


def test_large_body_is_refused(index_folder: Path) -> None:
    """The service's limit on bodies holds here."""

    async def main() -> Any:
        async with speaking(index_folder, max_body_bytes=2048) as app, web(app) as client:
            return await client.post("/mcp", json={"x": "y" * 5000})

    assert anyio.run(main).status_code == 413


def test_every_route_has_a_scope(tmp_path: Path) -> None:
    """Each route is behind the door, in the table, and one of these."""
    app = create_mcp_app(McpSettings(index=tmp_path))
    assert [route for route in app.routes if not isinstance(route, GuardedRoute)] == []
    found = {
        (method, route.path)
        for route in app.routes
        if isinstance(route, GuardedRoute)
        for method in route.methods or ()
    }
    assert found == {
        ("POST", "/mcp"),
        ("GET", "/metrics"),
        ("GET", "/health/live"),
        ("GET", "/health/ready"),
    }
    assert found - set(ROUTES) == set(MCP_ROUTES)


def test_answers_are_remembered_for_the_same_asker_only(index_folder: Path) -> None:
    """A second asker with other principals gets an answer of their own."""
    asked = list[object]()
    real = Engine.ask

    def counted(self: Engine, question: str, **options: Any) -> Any:
        asked.append(options["principals"])
        return real(self, question, **options)

    hr = key_for(index_folder, "ask", principals=("group:hr",))
    public = key_for(index_folder, "ask")

    async def main() -> None:
        async with speaking(index_folder) as app:
            for headers in (hr, hr, public, public):
                async with client_of(app, headers) as client:
                    await client.call_tool("ask", SALARY)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Engine, "ask", counted)
        anyio.run(main)
    assert asked == [("group:hr",), ()]
