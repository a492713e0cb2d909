"""A service keeps its vector files fast by itself."""

import time
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from answerable.api import Engine, Settings
from answerable.api.http.app import create_app
from answerable.index import LocalIndex
from tests.api.fakes import open_engine
from tests.fakes import HashEncoder
from tests.index.samples import put_texts
from tests.index.storage.small_lists import small_limits


def test_the_service_trains_vector_lists_beside_its_searches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An index that outgrew exact search gets inverted lists while the service answers."""
    monkeypatch.setattr(Engine, "open", lambda settings: open_engine(settings.index, settings))
    folder, encoder = tmp_path / "index", HashEncoder()
    with small_limits():
        with LocalIndex.open(folder, encoder, create=True) as index:
            put_texts(index, encoder, {f"{i}": [f"note {i} of many"] for i in range(60)})
        with TestClient(create_app(Settings(index=folder)), "http://127.0.0.1") as client:
            until, lists = time.monotonic() + 30, list[Path]()
            while not lists:
                assert time.monotonic() < until, "nothing was trained"
                lists = list((folder / "vectors").glob("*.lists"))
                found = client.post("/v1/search", json={"query": "note 7 of many", "k": 1})
                assert found.json()["hits"][0]["document"]["uri"] == "7"
