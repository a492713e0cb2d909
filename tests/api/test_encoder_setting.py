"""The setting ``encoder``: any Sentence Transformers folder takes the shipped encoder's place."""

import json
from pathlib import Path

import pytest

from answerable.api import AnswerableError, Engine, Settings
from tests.retriever.folders.tiny import WIDTH, tiny_folder

PROMPTS = {"query": "query: ", "passage": "passage: "}


def test_ingest_and_search_with_another_encoder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ANSWERABLE_ENCODER names the folder; the index remembers it and refuses the shipped one."""
    folder = tiny_folder(tmp_path / "tiny", prompts=PROMPTS)
    (tmp_path / "office.txt").write_text("The office opens at nine.", encoding="utf-8")
    (tmp_path / "leave.txt").write_text("Annual leave.", encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setenv("ANSWERABLE_ENCODER", str(folder))
        with Engine.open(tmp_path / "index", create=True) as engine:
            report = engine.ingest([tmp_path / "office.txt", tmp_path / "leave.txt"])
            hits = engine.search("annual leave", mode="dense", k=2).hits
            assert engine.status().encoder.startswith("tiny@")
    assert (report.added, len(hits)) == (2, 2)
    assert hits[0].document.uri.endswith("leave.txt")
    with pytest.raises(AnswerableError, match=f"tiny .*{WIDTH} wide.*--rebuild"):
        Engine.open(tmp_path / "index", Settings(encoder=None))


def test_a_folder_that_is_no_encoder(tmp_path: Path) -> None:
    """The error names the folder when the engine opens, before anything is searched."""
    with pytest.raises(AnswerableError, match="not a model folder"):
        Engine.open(tmp_path / "index", Settings(encoder=tmp_path), create=True)


@pytest.mark.parametrize("settings", [{}, {"dimension": "wide", "max_tokens": 16}])
def test_a_manifest_without_a_dimension(tmp_path: Path, settings: dict[str, object]) -> None:
    """The error says so when the engine opens, before the model is loaded."""
    manifest = {"name": "x", "kind": "encoder", "licence": "", "source": "", "files": {}}
    (tmp_path / "manifest.json").write_text(json.dumps({**manifest, "settings": settings}))
    with pytest.raises(AnswerableError, match="dimension"):
        Engine.open(tmp_path / "index", Settings(encoder=tmp_path), create=True)
