"""The service keeps to its own OpenAPI document: schemathesis sends what that allows, and more."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig

from answerable.api.http.access import ROUTES, Door
from answerable.api.http.examples import EXAMPLES
from tests.api.fakes import fill, write_handbook
from tests.api.http.serving import ingesting, key_for, serving
from tests.reader.masks import scripted_masks

HIDDEN = tuple(("GET", path) for path in ("/", "/page/{name}", "/docs", "/openapi.json"))
CONFIG = Path(__file__).with_name("schemathesis.toml")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The service over a filled index, which these tests change."""
    folder = tmp_path_factory.mktemp("contract")
    fill(folder / "index", write_handbook(folder))
    key = key_for(folder / "index", "admin")
    with (
        serving(folder / "index", masked=scripted_masks(), rate_per_minute=0) as opened,
        ingesting(folder / "index"),
    ):
        opened.headers.update(key)
        yield opened


@pytest.fixture(scope="module")
def api_schema(client: TestClient) -> Any:
    """The service's document, asked of the service."""
    app: Any = client.app

    async def started(scope: Any, receive: Any, send: Any) -> None:
        # The client has started the service and will stop it; schemathesis must not.
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return
        for said in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{said}.complete"})

    config = SchemathesisConfig.from_path(CONFIG)
    return schemathesis.openapi.from_asgi("/openapi.json", started, config=config)


OPERATIONS = sorted(key for key, scope in ROUTES.items() if key not in HIDDEN)


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=" ".join)
def test_service_keeps_its_contract(
    method: str, path: str, mode: GenerationMode, api_schema: Any, client: TestClient
) -> None:
    """No 5xx, no status and no body that the document does not have, for good and bad requests."""
    operation = api_schema[path][method]
    if mode is GenerationMode.NEGATIVE and ROUTES[method, path] is Door.OPEN:
        return  # it takes nothing that could be wrong

    @settings(max_examples=5, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(operation.as_strategy(generation_mode=mode))
    def holds(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(headers={"Authorization": client.headers["authorization"]})

    holds()


def test_every_operation_has_an_example(client: TestClient) -> None:
    """The reference shows an answer of each route that has a body of its own."""
    paths = client.get("/openapi.json").json()["paths"]
    without = {"/health/live", "/health/ready", "/metrics"}
    shown = {
        (method, path)
        for path, methods in paths.items()
        for method in methods
        if path not in without and method != "delete"
    }
    assert shown == set(EXAMPLES)


def test_document_examples_are_real(client: TestClient) -> None:
    """The examples have the keys of real answers, at every depth."""
    sent = client.post("/v1/documents", json={"name": "a.txt", "text": "Text."})
    job = client.get(sent.headers["location"])
    listed = client.get("/v1/documents")
    one = client.get(f"/v1/documents/{listed.json()['documents'][0]['id']}")
    said = client.post("/v1/feedback", json={"question": "Text?", "verdict": "right"})
    for key, response in {
        ("post", "/v1/documents"): sent,
        ("get", "/v1/jobs/{job_id}"): job,
        ("get", "/v1/documents"): listed,
        ("get", "/v1/documents/{document_id}"): one,
        ("post", "/v1/feedback"): said,
        ("get", "/v1/jobs"): client.get("/v1/jobs"),
        ("get", "/v1/collections"): client.get("/v1/collections"),
    }.items():
        status, example = EXAMPLES[key]
        assert str(response.status_code) == status
        assert _keys(example) == _keys(response.json())


def _keys(value: Any) -> Any:
    """Return the keys of a JSON value, of the first element of each list."""
    if isinstance(value, dict):
        open_ = ("metadata",)
        return {name: None if name in open_ else _keys(inner) for name, inner in value.items()}
    return [_keys(inner) for inner in value[:1]] if isinstance(value, list) else None
