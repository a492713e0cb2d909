"""The HTTP service over an engine without models."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from answerable.api import Engine, Settings
from answerable.api.http.app import create_app
from answerable.index import IndexNotFound
from tests.api.fakes import fill, open_engine, write_handbook
from tests.api.http.serving import LOCAL, problem_of, serving


@pytest.fixture(scope="module")
def shared_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a filled index that these tests only read."""
    folder = tmp_path_factory.mktemp("app")
    fill(folder / "index", write_handbook(folder))
    return folder / "index"


@pytest.fixture(scope="module")
def client(shared_index: Path) -> Iterator[TestClient]:
    """A client of the service over the shared index; small limits."""
    with serving(shared_index, max_body_bytes=4096, max_question_chars=100) as opened:
        yield opened


def test_ask_answers_like_the_engine(client: TestClient, shared_index: Path) -> None:
    """``POST /v1/ask`` returns what ``Engine.ask`` returns."""
    response = client.post("/v1/ask", json={"question": "Days at home?", "k": 3})
    with open_engine(shared_index) as engine:
        answer = engine.ask("Days at home?").answer
    assert response.status_code == 200
    assert answer is not None
    assert response.json()["answer"]["text"] == answer.text
    assert response.json()["answer"]["start"] == answer.start


def test_search_ranks(client: TestClient) -> None:
    """``POST /v1/search`` returns hits in the mode asked for."""
    response = client.post("/v1/search", json={"query": "parental leave", "mode": "lexical"})
    assert response.status_code == 200
    assert response.json()["mode"] == "lexical"
    assert response.json()["hits"][0]["dense"] is None


def test_service_asks_as_the_public(client: TestClient) -> None:
    """A document for HR only is not seen through the service, whatever is asked."""
    ask = client.post("/v1/ask", json={"question": "What is the salary of the director?"}).json()
    search = client.post("/v1/search", json={"query": "salary of the director"}).json()
    assert ask["answer"] is None
    assert "salaries" not in str((ask, search))


def test_writing_by_another_process_is_seen(index_folder: Path, handbook: Path) -> None:
    """What is removed while the service runs is gone for the next request."""
    question = {"question": "How large is the allowance?"}
    with serving(index_folder) as client:
        assert client.post("/v1/ask", json=question).json()["answer"]
        with open_engine(index_folder) as other:
            other.remove([handbook / "remote.md"])
        assert client.post("/v1/ask", json=question).json()["answer"] is None


def test_health(client: TestClient) -> None:
    """A service whose index opens and whose models load is live and ready."""
    assert client.get("/health/live").json() == {"status": "ok"}
    assert client.get("/health/ready").json() == {"status": "ok"}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "#/question"),
        ({"question": 7}, "#/question"),
        ({"question": "x", "k": "3"}, "#/k"),
        ({"question": "x", "k": 0}, "#/k"),
        ({"question": "x", "k": 101}, "#/k"),
        ({"question": "x", "n_best": 2.5}, "#/n_best"),
        ({"question": "x", "min_probability": 1.5}, "#/min_probability"),
        ({"question": "x", "principals": ["group:hr"]}, "#/principals"),
        (["x"], "#"),
    ],
)
def test_bad_field_is_pointed_at(client: TestClient, body: Any, pointer: str) -> None:
    """A missing, unknown, mistyped or impossible field is named in the problem."""
    problem = problem_of(client.post("/v1/ask", json=body), 422)
    assert problem["type"] == "urn:answerable:problem:request-invalid"
    assert [error["pointer"] for error in problem["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("question", "kind"),
    [("", "empty-question"), (" \n", "empty-question"), ("x" * 101, "question-too-long")],
)
def test_bad_question_is_aproblem_of(client: TestClient, question: str, kind: str) -> None:
    """An empty or too long question has its own problem type, for both endpoints."""
    for path, field in (("/v1/ask", "question"), ("/v1/search", "query")):
        problem = problem_of(client.post(path, json={field: question}), 422)
        assert problem["type"] == f"urn:answerable:problem:{kind}"


def test_half_a_surrogate_pair_is_aproblem_of(client: TestClient) -> None:
    """JSON can spell text that no encoding carries; it is refused, not a crash."""
    response = client.post(
        "/v1/ask", content=rb'{"question": "\ud800"}', headers={"content-type": "application/json"}
    )
    problem_of(response, 422)


def test_broken_json_is_aproblem_of(client: TestClient) -> None:
    """A body that is not JSON is a 400."""
    response = client.post("/v1/ask", content=b"{", headers={"content-type": "application/json"})
    assert problem_of(response, 400)["type"] == "urn:answerable:problem:not-json"


def test_declared_large_body_is_refused(client: TestClient) -> None:
    """A body announced above the limit is refused before it is read."""
    problem_of(client.post("/v1/ask", json={"question": "x" * 5000}), 413)


def test_streamed_large_body_is_refused(client: TestClient) -> None:
    """A body without a length is counted as it comes."""
    pieces = (b" " * 1000 for _ in range(5))
    headers = {"content-type": "application/json"}
    problem_of(client.post("/v1/ask", content=pieces, headers=headers), 413)


def test_body_that_is_not_sent_as_json_is_refused(client: TestClient) -> None:
    """The answer to another content type says which one to send."""
    headers = {"content-type": "text/plain"}
    problem = problem_of(client.post("/v1/ask", content='{"question": "x"}', headers=headers), 415)
    assert "application/json" in problem["detail"]


def test_impossible_collection_is_aproblem_of(client: TestClient) -> None:
    """Half of a surrogate pair in a collection's name is the client's error, not ours."""
    body = '{"question": "x", "collection": "\\ud800"}'
    headers = {"content-type": "application/json"}
    problem = problem_of(client.post("/v1/ask", content=body, headers=headers), 422)
    assert problem["type"] == "urn:answerable:problem:collection-invalid"


def test_filters_narrow_a_search(client: TestClient) -> None:
    """The ``filters`` object means what it means to the engine, for both routes."""
    everything = client.post("/v1/search", json={"query": "leave", "mode": "lexical"}).json()
    uris = {hit["document"]["uri"] for hit in everything["hits"]}
    assert len(uris) == 1
    body = {"query": "leave", "mode": "lexical", "filters": {"media_types": ["text/html"]}}
    assert client.post("/v1/search", json=body).json()["hits"] == []
    body["filters"] = {"media_types": ["text/plain"], "since": "2000-01-01", "metadata": {}}
    assert len(client.post("/v1/search", json=body).json()["hits"]) == 1
    asked = {"question": "Parental leave?", "filters": {"metadata": {"author": "Ann"}}}
    assert client.post("/v1/ask", json=asked).json()["reason"] == "no_passages"


@pytest.mark.parametrize(
    ("filters", "kind", "detail"),
    [
        ({"since": "soon"}, "filter-invalid", "since 'soon' is not a date"),
        ({"documents": []}, "filter-invalid", "documents is empty"),
        ({"metadata": {"": 1}}, "filter-invalid", "is not one"),
        ({"metadata": {"a": {}}}, "request-invalid", "#/filters/metadata/a"),
        ({"documents": ["1"]}, "request-invalid", "#/filters/documents/0"),
        ({"principals": ["group:hr"]}, "request-invalid", "#/filters/principals"),
    ],
)
def test_impossible_filters_are_aproblem_of(
    client: TestClient, filters: dict[str, Any], kind: str, detail: str
) -> None:
    """A filter that cannot hold is the client's error, and who asks is no filter."""
    response = client.post("/v1/search", json={"query": "x", "filters": filters})
    problem = response.json()
    assert (response.status_code, problem["type"]) == (422, f"urn:answerable:problem:{kind}")
    assert detail in problem["detail"]


@pytest.mark.parametrize(("method", "path", "status"), [
    ("GET", "/nowhere", 404),
    ("GET", "/v1/ask", 405),
    ("DELETE", "/health/live", 405),
])  # fmt: skip
def test_unknown_route_is_aproblem_of(
    client: TestClient, method: str, path: str, status: int
) -> None:
    """A path or method that is not there is a problem document too."""
    problem = problem_of(client.request(method, path), status)
    assert problem["type"] == "about:blank"


def test_allow_names_every_method_of_a_path(client: TestClient) -> None:
    """A 405 says what the path takes, also where several routes share it."""
    for path, methods in (
        ("/v1/documents", "GET, POST"),
        ("/v1/documents/1", "DELETE, GET"),
        ("/v1/ask", "POST"),
    ):
        assert client.put(path).headers["allow"] == methods


def test_missing_index_is_not_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an index the service is live, not ready, and keeps the folder to its log."""

    def missing(settings: Settings) -> Engine:
        raise IndexNotFound(f"there is no index in {settings.index}")

    monkeypatch.setattr(Engine, "open", missing)
    settings = Settings(index=tmp_path / "private")
    with TestClient(create_app(settings), LOCAL, raise_server_exceptions=False) as client:
        assert client.get("/health/live").status_code == 200
        for response in (
            client.get("/health/ready"),
            client.post("/v1/ask", json={"question": "x"}),
        ):
            problem = problem_of(response, 503)
            assert problem["type"] == "urn:answerable:problem:index-not-found"
            assert "private" not in response.text


def test_defect_is_a_problem_without_details(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unexpected error is a 500 that tells nothing of what it was."""

    def defect(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(Engine, "ask", defect)
    response = client.post("/v1/ask", json={"question": "x"})
    problem_of(response, 500)
    assert "secret" not in response.text


def test_docs_need_no_network(client: TestClient) -> None:
    """``/docs`` names every route, and loads nothing from elsewhere."""
    page = client.get("/docs").text
    for path in client.get("/openapi.json").json()["paths"]:
        assert path in page
    assert "integer, 1 to 100, or null" in page
    assert "://" not in page.replace("file:///handbook", "").replace("upload:///travel", "")


def test_docs_show_what_filters_hold(client: TestClient) -> None:
    """The page names each filter with its type."""
    page = client.get("/docs").text
    assert "<code>filters.media_types</code></td><td>list of string, or null" in page
    assert "<code>filters.metadata</code></td><td>object of string, or integer" in page


def test_docs_examples_fit_their_models(client: TestClient) -> None:
    """The examples in the reference have the keys that real answers have."""
    paths = client.get("/openapi.json").json()["paths"]
    for path, body in (
        ("/v1/ask", {"question": "Days at home?"}),
        ("/v1/search", {"query": "parental leave"}),
    ):
        example = paths[path]["post"]["responses"]["200"]["content"]["application/json"]["example"]
        real = client.post(path, json=body).json()
        assert set(example) == set(real)
        first = "candidates" if path == "/v1/ask" else "hits"
        assert set(example[first][0]) == set(real[first][0])


def test_no_other_site_may_ask(client: TestClient) -> None:
    """A web page of another origin gets no permission to read answers."""
    response = client.post(
        "/v1/ask", json={"question": "Days at home?"}, headers={"origin": "https://example.org"}
    )
    assert not [name for name in response.headers if name.startswith("access-control")]
