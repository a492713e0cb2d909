"""The service in this process: over an engine without models, with its ingestion in a thread."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from answerable.api import Engine, Settings
from answerable.api.http import parts
from answerable.api.http.app import create_app
from answerable.api.http.database import ServiceDatabase
from answerable.api.http.ingestion import Ingestion
from answerable.api.http.jobs import JobStore
from answerable.api.http.keys import KeyStore
from answerable.api.masks import open_masked_model
from answerable.api.models import Lazy
from answerable.reader.masked import MaskedModel
from tests.api.fakes import ScriptedReader, open_engine

PROBLEM = "application/problem+json"
LOCAL = "http://127.0.0.1"


@contextmanager
def serving(
    index_folder: Path,
    reader: ScriptedReader | None = None,
    masked: MaskedModel | None = None,
    **settings: Any,
) -> Iterator[TestClient]:
    """Lend a client of the service over an index; the service has what ``settings`` say."""
    made = Settings(index=index_folder, **{"access_log": False, **settings})

    def opened(settings: Settings) -> Engine:
        return open_engine(settings.index, settings, reader, create=False)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Engine, "open", opened)
        patch.setattr(parts, "open_masked_model", lambda made: masked or open_masked_model(made))
        app = create_app(made)
        with TestClient(app, base_url=LOCAL, raise_server_exceptions=False) as client:
            yield client


@contextmanager
def ingesting(index_folder: Path) -> Iterator[None]:
    """Take in what the service accepts, in a thread, while the block runs."""
    database = ServiceDatabase(index_folder)
    engine = Lazy(lambda: open_engine(index_folder))
    ended = threading.Event()
    ingestion = Ingestion(engine, JobStore(database, 1000))
    thread = threading.Thread(target=ingestion.run, args=(ended,))
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        if made := engine.made():
            made.close()
        database.close()


def key_for(
    index_folder: Path, *scopes: str, principals: tuple[str, ...] = (), expires: str | None = None
) -> dict[str, str]:
    """Make a key; return the headers that carry it."""
    database = ServiceDatabase(index_folder)
    _, text = KeyStore(database).create("test", scopes or ("ask",), principals, expires)
    database.close()
    return {"authorization": f"Bearer {text}"}


def full_database(patch: pytest.MonkeyPatch) -> None:
    """Let the service's database grow no more, whoever opens it from now on."""
    opened = ServiceDatabase._opened

    def full(database: ServiceDatabase) -> sqlite3.Connection:
        connection = opened(database)
        connection.execute("PRAGMA max_page_count = 1")  # no less than it has by now
        return connection

    patch.setattr(ServiceDatabase, "_opened", full)


def finished(client: TestClient, response: Any, headers: dict[str, str] | None = None) -> Any:
    """Wait for the job that a response accepted, and return it."""
    assert response.status_code == 202, response.text
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        job = client.get(response.headers["location"], headers=headers).json()
        if job["state"] in ("done", "failed"):
            return job
        time.sleep(0.02)
    pytest.fail("the job was not finished in time")


def problem_of(response: Any, status: int, kind: str | None = None) -> dict[str, Any]:
    """Check that a response is a problem document of a status, and return it."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == PROBLEM
    value: dict[str, Any] = response.json()
    assert value["status"] == status
    assert {"type", "title", "detail"} <= set(value)
    if kind is not None:
        assert value["type"] == f"urn:answerable:problem:{kind}"
    return value
