"""``answerable import-model`` from end to end: the command, then a question to the new reader."""

import json
from pathlib import Path

import pytest

from answerable.api import Engine, Settings
from answerable.cli.main import main
from tests.models.folders import model_folder

pytestmark = pytest.mark.models


def test_import_then_ask(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command writes a folder and says what it is; ``ask`` reads with it and quotes the text."""
    source, out = model_folder(tmp_path / "source", "Roberta"), tmp_path / "readers" / "mine"
    (source / "README.md").write_text("---\nlicense: mit\ndatasets: [squad]\n---\n")
    capsys.readouterr()  # what the library says of writing the source
    assert main(["import-model", str(source), str(out), "--json"]) == 0
    printed = capsys.readouterr()
    record = json.loads(printed.out)
    assert (record["kind"], record["name"]) == ("reader", "mine")
    assert record["settings"]["null_answer"] == "none"
    assert record["provenance"]["architecture"] == "roberta"
    assert record["notes"] == [printed.err.strip()]
    assert "no trained" in printed.err
    text = tmp_path / "orle.txt"
    text.write_text("The engineers dammed the upper Orle at a narrow gorge.")
    settings = Settings(reader=out)
    with Engine.open(tmp_path / "index", settings, create=True) as engine:
        engine.ingest([text])
        result = engine.ask("Which river did the engineers dam?")
    assert result.answer is not None
    assert result.models.null_answer == "none"
    quote = text.read_text()[result.answer.start : result.answer.end]
    assert quote == result.answer.text


def test_what_cannot_be_imported_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A path that is no model is exit code 1 with one line, and leaves nothing."""
    (tmp_path / "notes.txt").write_text("hello")
    arguments = [str(tmp_path / "notes.txt"), str(tmp_path / "out")]
    assert main(["import-model", *arguments]) == 1
    error = capsys.readouterr().err
    assert "nothing that can be imported" in error and error.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
