"""Nothing that a key may not see is in any byte of any response: random keys, documents, routes."""

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from answerable.index import Filters
from tests.api.fakes import open_engine
from tests.api.http.serving import key_for, serving

GROUPS = ("group:hr", "group:sales", "user:ann", "user:bob")
N_DOCUMENTS = 12


@dataclass(frozen=True, slots=True)
class World:
    """A service, its keys by principals, and who may see each document by its secret words."""

    client: TestClient
    keys: dict[tuple[str, ...], dict[str, str]]
    allowed: dict[str, tuple[str, ...]]
    ids: dict[str, int]


@contextmanager
def world(folder: Path) -> Iterator[World]:
    """Make an index of documents that random principals may see, each with words of its own."""
    chance = random.Random(7)
    allowed = {}
    with open_engine(folder / "index") as engine:
        for number in range(N_DOCUMENTS):
            word = f"zq{number}x{chance.getrandbits(32):08x}"
            principals = tuple(chance.sample(GROUPS, chance.randint(1, 2)))
            if number % 4 == 0:
                principals = ("public",)
            allowed[word] = principals
            path = folder / f"{word}name.txt"
            path.write_text(f"The allowance of {word} is 400 euros.\n", encoding="utf-8")
            metadata = {f"{word}key": f"{word}value"}
            collection = f"{word}collection"
            engine.ingest([path], principals=principals, metadata=metadata, collection=collection)
        stored = engine.index.documents(Filters())
        ids = {word: one.id for word in allowed for one in stored if word in one.uri}
    people = [(), *((name,) for name in GROUPS), GROUPS[:2], GROUPS[2:], GROUPS]
    keys = {who: key_for(folder / "index", "admin", principals=who) for who in people}
    with serving(folder / "index", rate_per_minute=0) as client:
        yield World(client, keys, allowed, ids)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One world for all examples: they only read."""
    with world(tmp_path_factory.mktemp("world")) as one:
        yield one


WORDS = st.integers(0, N_DOCUMENTS - 1)
REQUESTS = st.one_of(
    st.tuples(st.just("ask"), WORDS, st.integers(1, 20)),
    st.tuples(st.just("batch"), WORDS, st.integers(1, 20)),
    st.tuples(st.just("search"), WORDS, st.sampled_from([1, 5, 100])),
    st.tuples(st.just("get"), WORDS, st.just(0)),
    st.tuples(st.just("list"), WORDS, st.integers(1, 200)),
    st.tuples(st.just("collections"), WORDS, st.just(0)),
    st.tuples(st.just("feedback"), WORDS, st.integers(1, 20)),
    st.tuples(st.just("delete"), WORDS, st.just(0)),
    st.tuples(st.just("upload"), WORDS, st.just(0)),
    st.tuples(st.just("jobs"), WORDS, st.just(0)),
    st.tuples(st.just("metrics"), WORDS, st.just(0)),
)


def _send(
    world: World, kind: str, word: str, n: int, headers: dict[str, str], *, deletes: bool
) -> Any:
    """Send one request that is after the document of ``word``."""
    client, question = world.client, {"question": f"What is the allowance of {word[:4]}?", "k": n}
    filters = {"documents": [world.ids[word]]}
    body: dict[str, Any]
    if kind == "ask":
        return client.post("/v1/ask", json={**question, "filters": filters}, headers=headers)
    if kind == "batch":
        body = {"questions": [question, {**question, "filters": filters}]}
        return client.post("/v1/ask/batch", json=body, headers=headers)
    if kind == "search":
        return client.post("/v1/search", json={"query": "allowance euros", "k": n}, headers=headers)
    if kind == "get":
        return client.get(f"/v1/documents/{world.ids[word]}", headers=headers)
    if kind == "list":
        return client.get("/v1/documents", params={"limit": n}, headers=headers)
    if kind == "feedback":
        span = {"document_id": world.ids[word], "start": 0, "end": n}
        body = {"question": "What?", "verdict": "here", **span}
        return client.post("/v1/feedback", json=body, headers=headers)
    if kind == "delete":
        id_ = world.ids[word] if deletes else 10**6
        return client.delete(f"/v1/documents/{id_}", headers=headers)
    if kind == "upload":
        body = {"name": f"{word[:4]}.txt", "text": "x", "collection": "own"}
        return client.post("/v1/documents", json=body, headers=headers)
    path = "/metrics" if kind == "metrics" else f"/v1/{kind}"
    return client.get(path, headers=headers)


@pytest.mark.slow
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    who=st.sampled_from([(), *((n,) for n in GROUPS), GROUPS[:2], GROUPS[2:], GROUPS]),
    request_=REQUESTS,
)
def test_nothing_forbidden_in_any_byte(
    made: World, who: tuple[str, ...], request_: tuple[str, int, int]
) -> None:
    """Words, names, metadata and collections of forbidden documents are in no response."""
    kind, number, n = request_
    word = list(made.allowed)[number]
    may_see = {w for w, allow in made.allowed.items() if {*who, "public"} & set(allow)}
    response = _send(made, kind, word, n, made.keys[who], deletes=word not in may_see)
    shown = response.content + json.dumps(dict(response.headers)).encode()
    for other, allow in made.allowed.items():
        if other not in may_see:
            assert other.encode() not in shown
        else:
            assert not any(name.encode() in shown for name in allow if name not in (*who, "public"))
    if kind in ("get", "feedback", "delete") and word not in may_see:
        assert response.status_code == 404
    elif kind == "list":
        assert {one["id"] for one in response.json()["documents"]} == {
            made.ids[w] for w in sorted(may_see, key=lambda w: made.ids[w])[:n]
        }
    elif kind == "collections":
        names = {one["name"] for one in response.json()["collections"]}
        assert {f"{w}collection" for w in may_see} <= names
    elif kind == "search":
        assert len(response.json()["hits"]) == min(n, len(may_see))


def test_admin_sees_counts_but_no_names(made: World) -> None:
    """Metrics count all documents, for an admin's key only, and name none."""
    text = made.client.get("/metrics", headers=made.keys[()]).text
    assert f"answerable_index_documents {N_DOCUMENTS}.0" in text
    assert not any(word in text for word in made.allowed)
    assert made.client.get("/metrics").status_code == 401
