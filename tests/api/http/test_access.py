"""Who may use which route, and what a key is."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from answerable.api import KeyNotFound, KeyOptionInvalid, PrincipalInvalid, Settings
from answerable.api.http.access import ROUTES, Access, Asker, Door, GuardedRoute
from answerable.api.http.app import create_app
from answerable.api.http.database import ServiceDatabase
from answerable.api.http.keys import KeyStore, Scope
from answerable.api.http.problems import install_problems
from answerable.api.http.rates import RateLimits, SharedCounts
from tests.api.http.serving import LOCAL, key_for, problem_of, serving

QUESTION = {"question": "What is the salary of the director?"}
BODIES: dict[tuple[str, str], Any] = {
    ("POST", "/v1/ask"): QUESTION,
    ("POST", "/v1/ask/batch"): {"questions": [QUESTION]},
    ("POST", "/v1/search"): {"query": "salary"},
    ("POST", "/v1/feedback"): {**QUESTION, "verdict": "right"},
    ("POST", "/v1/documents"): {"name": "a.txt", "text": "A text."},
}


@pytest.fixture
def keys(tmp_path: Path) -> Iterator[KeyStore]:
    """No keys yet."""
    database = ServiceDatabase(tmp_path)
    yield KeyStore(database)
    database.close()


def test_every_route_has_a_scope(tmp_path: Path) -> None:
    """A route is behind the door and in the table, and the table names no other."""
    app = create_app(Settings(index=tmp_path))
    found = {
        (method, route.path)
        for route in app.routes
        if isinstance(route, GuardedRoute)
        for method in route.methods or ()
    }
    assert [route for route in app.routes if not isinstance(route, GuardedRoute)] == []
    assert found == set(ROUTES)


def test_route_without_a_scope_is_refused(tmp_path: Path) -> None:
    """A route that nobody entered into the table opens for nobody, not even an admin."""
    database = ServiceDatabase(tmp_path)
    app = FastAPI()
    app.router.route_class = GuardedRoute
    rates = RateLimits(0)
    app.state.access = Access(KeyStore(database), rates, host="127.0.0.1", insecure_open=False)
    install_problems(app)

    @app.get("/forgotten")
    async def forgotten() -> str:
        return "secret"

    client = TestClient(app, LOCAL)
    problem_of(client.get("/forgotten"), 403, "scope-missing")
    headers = key_for(tmp_path, "admin")
    problem_of(client.get("/forgotten", headers=headers), 403, "scope-missing")
    database.close()


@pytest.mark.parametrize(("method", "path"), sorted(ROUTES), ids=" ".join)
def test_scopes(method: str, path: str, index_folder: Path) -> None:
    """Each route opens for a key of its scope and for an admin's, and for no other."""
    needed = ROUTES[method, path]
    url = path.format(document_id=1, job_id="0" * 32, name="app.js")
    with serving(index_folder) as client:
        scoped = {scope: key_for(index_folder, scope) for scope in Scope}
        for scope, headers in scoped.items():
            response = client.request(method, url, json=BODIES.get((method, path)), headers=headers)
            is_open = needed is Door.OPEN or scope in (needed, Scope.ADMIN)
            assert (response.status_code != 403) == is_open, (scope, response.text)
        without = client.request(method, url, json=BODIES.get((method, path)))
        assert (without.status_code != 401) == (needed is Door.OPEN)


def test_key_is_shown_once_and_stored_as_a_hash(keys: KeyStore, tmp_path: Path) -> None:
    """The text of a key is nowhere in the database, and finds the key."""
    key, text = keys.create("web", ["ask"], ["group:hr"])
    assert keys.find(text) is not None
    assert text.startswith(f"{key.id}.")
    secret = text.partition(".")[2]
    assert len(secret) >= 43  # 256 bits
    assert secret.encode() not in (tmp_path / "service.sqlite3").read_bytes()
    assert (tmp_path / "service.sqlite3").stat().st_mode & 0o777 == 0o600


def test_wrong_secrets_find_nothing(keys: KeyStore) -> None:
    """Another secret, another id, a part, nothing, and half of a surrogate pair are no keys."""
    key, text = keys.create("web", ["ask"])
    other, _ = keys.create("other", ["ask"])
    secret = text.partition(".")[2]
    wrong = [f"{key.id}.", f"{other.id}.{secret}", text[:-1], text + "x", secret, "", ".", "\ud800"]
    assert [keys.find(given) for given in wrong] == [None] * len(wrong)


def test_revoked_and_expired_keys_open_nothing(keys: KeyStore, tmp_path: Path) -> None:
    """Such a key stays listed, and the service stays closed."""
    key, text = keys.create("web", ["ask"])
    old, old_text = keys.create("old", ["ask"], expires="1h")
    with sqlite3.connect(tmp_path / "service.sqlite3") as db:
        db.execute(
            "UPDATE keys SET expires_at = '2020-01-01T00:00:00+00:00' WHERE id = ?", [old.id]
        )
    db.close()
    assert keys.revoke(key.id).revoked_at is not None
    assert (keys.find(text), keys.find(old_text)) == (None, None)
    assert {listed.id: listed.is_valid for listed in keys.all()} == {key.id: False, old.id: False}
    assert not keys.is_empty()
    with pytest.raises(KeyNotFound, match="keys list"):
        keys.revoke("nothing")


def test_last_use_is_noted(keys: KeyStore) -> None:
    """A key that was used says when."""
    _, text = keys.create("web", ["ask"])
    assert keys.all()[0].last_used_at is None
    keys.find(text)
    assert keys.all()[0].last_used_at is not None


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"scopes": []}, KeyOptionInvalid),
        ({"scopes": ["root"]}, KeyOptionInvalid),
        ({"name": ""}, KeyOptionInvalid),
        ({"name": "a\nb"}, KeyOptionInvalid),
        ({"expires": "90"}, KeyOptionInvalid),
        ({"expires": "-1d"}, KeyOptionInvalid),
        ({"principals": ["hr"]}, PrincipalInvalid),
    ],
)
def test_impossible_keys(options: dict[str, Any], error: type[Exception], keys: KeyStore) -> None:
    """A key without scope, name or a sensible span of life is not made."""
    with pytest.raises(error):
        keys.create(**{"name": "web", "scopes": ["ask"], **options})
    assert keys.is_empty()


def test_key_brings_its_principals(index_folder: Path) -> None:
    """With a key for HR the salary is found; without one, and with another, it is not there."""
    with serving(index_folder) as client:
        open_answer = client.post("/v1/ask", json=QUESTION).json()
        hr = key_for(index_folder, "ask", principals=("group:hr",))
        sales = key_for(index_folder, "ask", principals=("group:sales",))
        answers = [client.post("/v1/ask", json=QUESTION, headers=h).json() for h in (hr, sales)]
        problem_of(client.post("/v1/ask", json=QUESTION), 401, "key-needed")
    assert answers[0]["answer"]["text"] == "90,000 pounds"
    assert answers[1]["answer"] is None
    assert "salaries" not in str((open_answer, answers[1]))


def test_revoking_counts_from_the_next_request(index_folder: Path) -> None:
    """A key that another process revokes is refused at once."""
    with serving(index_folder) as client:
        headers = key_for(index_folder, "ask")
        assert client.get("/v1/documents", headers=headers).status_code == 200
        database = ServiceDatabase(index_folder)
        store = KeyStore(database)
        store.revoke(store.all()[0].id)
        database.close()
        response = client.get("/v1/documents", headers=headers)
        problem_of(response, 401, "key-invalid")
        assert response.headers["www-authenticate"] == "Bearer"


def test_unknown_and_forbidden_are_the_same(index_folder: Path) -> None:
    """Nobody learns whether a document that they may not see is there."""
    with serving(index_folder) as client:
        hr = key_for(index_folder, "admin", principals=("group:hr",))
        public = key_for(index_folder, "admin")
        seen = client.get("/v1/documents", headers=hr).json()["documents"]
        secret = next(document["id"] for document in seen if "salaries" in document["uri"])
        for method in ("GET", "DELETE"):
            forbidden, unknown = (
                client.request(method, f"/v1/documents/{id_}", headers=public)
                for id_ in (secret, 999_999)
            )
            assert forbidden.status_code == unknown.status_code == 404
            shown = forbidden.text.replace(f"document {secret}", "document 999999")
            assert shown == unknown.text
        assert client.get(f"/v1/documents/{secret}", headers=hr).status_code == 200


@pytest.mark.parametrize(
    ("headers", "host", "status"),
    [
        ({}, "0.0.0.0", 401),
        ({}, "127.0.0.1", 200),
        ({"host": "localhost:8080"}, "127.0.0.1", 200),
        ({"host": "[::1]:8080"}, "127.0.0.1", 200),
        ({"host": "attacker.example"}, "127.0.0.1", 403),
        ({"origin": "https://attacker.example"}, "127.0.0.1", 403),
        ({"origin": "null"}, "127.0.0.1", 403),
        ({"sec-fetch-site": "cross-site"}, "127.0.0.1", 403),
        ({"authorization": "Bearer 0.0"}, "127.0.0.1", 401),
        ({"authorization": "Basic 0"}, "127.0.0.1", 401),
        ({"origin": LOCAL, "sec-fetch-site": "same-origin"}, "127.0.0.1", 200),
    ],
)
def test_open_without_keys_on_loopback_only(
    headers: dict[str, str], host: str, status: int, index_folder: Path
) -> None:
    """Without keys the service serves this machine, and no page of another site on it."""
    with serving(index_folder, host=host) as client:
        assert client.post("/v1/ask", json=QUESTION, headers=headers).status_code == status


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://["},
        {"origin": "http://[::1"},
        {"origin": "http://[no-address]"},
        {"host": "["},
        {"host": "[x]:80"},
    ],
    ids=str,
)
def test_headers_without_an_address_are_refused(
    headers: dict[str, str], index_folder: Path
) -> None:
    """What cannot be taken apart is another site's, not a failure of ours."""
    with serving(index_folder) as client:
        problem_of(client.post("/v1/ask", json=QUESTION, headers=headers), 403, "origin-refused")
        assert client.get("/health/live", headers=headers).status_code == 200


def test_insecure_open_ends_with_the_first_key(index_folder: Path) -> None:
    """Who insists is served without keys, until there is one."""
    with serving(index_folder, host="0.0.0.0", insecure_open=True) as client:
        assert client.post("/v1/ask", json=QUESTION).status_code == 200
        key_for(index_folder, "ask")
        problem_of(client.post("/v1/ask", json=QUESTION), 401, "key-needed")


def test_too_many_requests_of_a_key(index_folder: Path) -> None:
    """The key that asks too often waits as long as it is told; another one does not."""
    with serving(index_folder, rate_per_minute=3) as client:
        busy, calm = key_for(index_folder, "ask"), key_for(index_folder, "ask")
        statuses = [client.get("/v1/documents", headers=busy).status_code for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
        response = client.get("/v1/documents", headers=busy)
        problem_of(response, 429, "rate-exceeded")
        assert 1 <= int(response.headers["retry-after"]) <= 60
        assert client.get("/v1/documents", headers=calm).status_code == 200
        assert client.get("/health/live", headers=busy).status_code == 200


def test_processes_count_together(tmp_path: Path) -> None:
    """Two counters on one file are one; a window that has ended begins anew."""
    one, other = SharedCounts(tmp_path / "rates"), SharedCounts(tmp_path / "rates")
    assert [one.incr("a", 60), other.incr("a", 60), one.incr("b", 60)] == [1, 2, 1]
    assert (other.get("a"), other.get("c"), one.check()) == (2, 0, True)
    assert one.incr("short", 0) == 1
    assert other.incr("short", 60) == 1
    other.clear("a")
    assert one.get("a") == 0
    one.reset()
    assert other.get("b") == 0


def test_spaces_differ_by_principals() -> None:
    """The same principals in any order share a space, others do not, the public has none."""
    ann = Asker(("user:ann", "group:hr"), (), "1")
    assert ann.space == Asker(("group:hr", "user:ann"), (), "2").space
    assert ann.space != Asker(("user:ann",), (), "1").space
    assert Asker((), (), "1").space == ""


def test_unknown_parameter_is_refused(index_folder: Path) -> None:
    """A misspelt filter is named, not passed over."""
    with serving(index_folder) as client:
        answer = client.get("/v1/documents", params={"colection": "hr"})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (
            422,
            "#/query/colection",
        )
        assert client.get("/v1/documents", params={"collection": "hr"}).status_code == 200
