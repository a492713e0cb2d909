"""Every operation of the OpenAPI document, aimed at what the key may not see; and as if it were not there."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from answerable.api import Settings
from answerable.api.http.app import create_app
from tests.api.http.serving import finished, ingesting, key_for, serving
from tests.api.worlds import ASKERS, Planted, leaked, planted, store

Headers = dict[str, str]
SECRET_UPLOAD = "zqsecretupload"
ASK = {"question": "What is the allowance?", "k": 100}


@dataclass(frozen=True, slots=True)
class Target:
    """What a request is after: a document that the key may not see, and a job of others."""

    document_id: int
    job_id: str


def _ask(target: Target) -> dict[str, Any]:
    return {**ASK, "n_best": 20, "filters": {"documents": [target.document_id]}}


def _requests(target: Target) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Return the requests of each operation, good and bad ones."""
    id_, job = target.document_id, target.job_id
    span = {"document_id": id_, "start": 0, "end": 9}
    bodies: dict[str, list[Any]] = {
        "/v1/ask": [ASK, _ask(target), {**ASK, "k": 0}, {**ASK, "collection": "no such"}, ASK, []],
        "/v1/ask/batch": [{"questions": [ASK, _ask(target)]}, {"questions": []}],
        "/v1/search": [
            {"query": "allowance euros", "k": 100},
            {"query": "allowance", "mode": "lexical", "filters": {"documents": [id_]}},
            {"query": "allowance", "mode": "dense", "filters": {"metadata": {"author": "x"}}},
            {"query": "zq", "mode": "lexical"},
        ],
        "/v1/feedback": [
            {**_question(), "verdict": "here", **span},
            {**_question(), "verdict": "wrong", **span, "end": 10**6},
        ],
        "/v1/documents": [
            {"name": "plan.txt", "text": "A plan of our own."},
            {"name": "plan.txt", "text": "x", "allow": ["group:nobody"]},
            {"name": "plan.txt"},
        ],
    }
    posts: dict[tuple[str, str], list[dict[str, Any]]] = {
        ("POST", path): [{"url": path, "json": body} for body in sent]
        for path, sent in bodies.items()
    }
    posts["POST", "/v1/documents"].append(
        {"url": "/v1/documents", "files": {"file": ("plan.txt", b"A file.")}}
    )
    gets = {
        "/v1/documents": ["", "?limit=200", f"?after={id_ - 1}&limit=1", "?limit=0", "?x=1"],
        "/v1/jobs": ["", "?limit=200", "?limit=x"],
        "/metrics": [""],
        "/health/live": [""],
        "/health/ready": [""],
    }
    listed = {
        ("GET", path): [{"url": path + query} for query in queries]
        for path, queries in gets.items()
    }
    one = [{"url": f"/v1/documents/{id_}"}, {"url": "/v1/documents/x"}]
    tagged = {**one[0], "headers": {"if-none-match": "*", "range": "bytes=0-10"}}
    return {
        **posts,
        **listed,
        ("GET", "/v1/documents/{document_id}"): [*one, tagged],
        ("DELETE", "/v1/documents/{document_id}"): one,
        ("GET", "/v1/jobs/{job_id}"): [{"url": f"/v1/jobs/{job}"}, {"url": "/v1/jobs/x"}],
    }


def _question() -> dict[str, str]:
    return {"question": "What is the allowance?"}


def _operations(folder: Path) -> set[tuple[str, str]]:
    paths = create_app(Settings(index=folder)).openapi()["paths"]
    return {(way.upper(), path) for path, ways in paths.items() for way in ways}


def test_requests_cover_every_operation(tmp_path: Path) -> None:
    """A new operation fails here until requests for it are written above."""
    assert set(_requests(Target(1, "0" * 32))) == _operations(tmp_path)


@dataclass(frozen=True, slots=True)
class World:
    """A service with planted documents, one upload of HR's, and a key for each kind of asker."""

    client: TestClient
    documents: list[Planted]
    ids: Mapping[str, int]
    job_id: str
    key: Callable[..., Headers]


@pytest.fixture(scope="module", params=[1, 2])
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """A world of its own for each seed."""
    folder = tmp_path_factory.mktemp("world") / "index"
    documents = planted(request.param)
    ids = store(folder, documents)
    keys: dict[tuple[str, ...], Headers] = {}

    def key(*scopes: str, principals: tuple[str, ...]) -> Headers:
        if (*scopes, *principals) not in keys:
            keys[*scopes, *principals] = key_for(folder, *scopes, principals=principals)
        return keys[*scopes, *principals]

    with ingesting(folder), serving(folder, rate_per_minute=0) as client:
        sender = key("ingest", principals=("group:secret",))
        sent = {"name": "plan.txt", "text": f"The {SECRET_UPLOAD} plan."}
        job = finished(client, client.post("/v1/documents", json=sent, headers=sender), sender)
        ids = {**ids, SECRET_UPLOAD: job["documents"][0]["document_id"]}
        hidden = Planted(SECRET_UPLOAD, ("group:secret",))
        yield World(client, [*documents, hidden], ids, job["id"], key)


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("asker", ASKERS[::2], ids="+".join)
def test_no_byte_of_any_response_tells(world: World, asker: tuple[str, ...]) -> None:
    """Bodies, headers and errors of every operation, with keys of every scope: nothing of others."""
    hidden = [one for one in world.documents if not one.is_seen_by(asker)]
    for scopes in (("ask", "ingest"), ("admin",), ("metrics",)):
        headers = world.key(*scopes, principals=asker)
        for one in hidden[:2] + hidden[-1:]:
            aimed = _requests(Target(world.ids[one.word], world.job_id))
            for (method, _), requests in aimed.items():
                for request in requests:
                    sent = {**request, "headers": {**headers, **request.get("headers", {})}}
                    response = world.client.request(method, **sent)
                    assert response.status_code < 500, (request, response.text)
                    shown = response.content + json.dumps(dict(response.headers)).encode()
                    assert leaked(shown, world.documents, asker) == [], (method, request)
                    assert "etag" not in response.headers
    for one in hidden:  # what was aimed at is still there, for those who may see it
        owner = world.key("ask", principals=one.allow)
        found = world.client.get(f"/v1/documents/{world.ids[one.word]}", headers=owner)
        assert one.word in found.text


def test_of_others_as_if_it_were_not_there(world: World) -> None:
    """A document or job of others gets the very answer that one gets which never was."""
    headers = world.key("ask", "ingest", principals=("user:nobody",))
    hidden = next(one for one in world.documents if one.allow != ("public",))
    there = _requests(Target(world.ids[hidden.word], world.job_id))
    never = _requests(Target(999_999, "f" * 32))
    for operation in (
        ("GET", "/v1/documents/{document_id}"),
        ("DELETE", "/v1/documents/{document_id}"),
        ("GET", "/v1/jobs/{job_id}"),
        ("POST", "/v1/feedback"),
        ("POST", "/v1/search"),
        ("POST", "/v1/ask"),
    ):
        pairs = zip(there[operation], never[operation], strict=True)
        for one, other in pairs:
            seen, unseen = (
                world.client.request(operation[0], **{**request, "headers": headers})
                for request in (one, other)
            )
            told = _same(seen).replace(f"document {world.ids[hidden.word]}", "document 999999")
            assert told.replace(world.job_id, "f" * 32) == _same(unseen)


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("seed", [11])
def test_same_bytes_as_without_the_hidden(seed: int, tmp_path: Path) -> None:
    """Answers, passages, lists and documents are those of an index that never held the others."""
    documents = planted(seed, 8)
    for number, asker in enumerate((("group:hr",), ("user:ann", "group:sales"))):
        # Those that are seen come first, so that both indexes give them the same ids.
        seen = [one for one in documents if one.is_seen_by(asker)]
        hidden = [one for one in documents if not one.is_seen_by(asker)]
        shown = []
        for name, stored in (("all", [*seen, *hidden]), ("own", seen)):
            # The same place, as addresses are shown.
            folder = tmp_path / str(number) / "index"
            store(folder, stored)
            shown.append(_everything(folder, asker, len(seen)))
            folder.rename(folder.with_name(name))
        assert shown[0] == shown[1]


def _everything(folder: Path, asker: tuple[str, ...], n: int) -> list[str]:
    key = key_for(folder, "ask", principals=asker)
    with serving(folder, rate_per_minute=0) as client:
        sent: list[tuple[str, str, Any]] = [
            ("POST", "/v1/ask", {"question": question, "k": k, "n_best": 20})
            for question in ("What is the allowance?", "May I work from home?", "Who sings?")
            for k in (1, 100)
        ]
        sent += [
            ("POST", "/v1/search", {"query": query, "mode": mode, "k": k})
            for query in ("allowance of euros", "home", "zq rules")
            for mode in ("hybrid", "dense", "lexical")
            for k in (1, 100)
        ]
        sent += [("GET", "/v1/documents?limit=200", None)]
        sent += [("GET", f"/v1/documents/{id_}", None) for id_ in range(1, n + 1)]
        sent += 2 * sent[:3]  # from memory
        return [
            _same(client.request(method, url, json=body, headers=key)) for method, url, body in sent
        ]


def _same(response: Any) -> str:
    """Return all of a response but what differs between any two: times and the request's id."""
    left_out = ("x-request-id", "content-length", "date")
    headers = {name: v for name, v in response.headers.items() if name not in left_out}
    return json.dumps([response.status_code, headers, _timeless(response.json())], sort_keys=True)


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        changing = ("timing_ms", "ingested_at", "modified_at")
        return {name: _timeless(v) for name, v in value.items() if name not in changing}
    return [_timeless(one) for one in value] if isinstance(value, list) else value
