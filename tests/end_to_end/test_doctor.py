"""``answerable doctor`` and ``answerable export`` on an index of the shipped models."""

import json
import math
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from answerable.api import Engine, Settings, diagnose
from answerable.api.index_calibration import save_calibration
from answerable.index import Filters, load_manifest, write_manifest
from answerable.reader import OnnxReader, default_reader_folder, save_confidence, uncalibrated
from tests.end_to_end.conftest import HANDBOOK, answerable

pytestmark = [pytest.mark.model, pytest.mark.timeout(300)]

CHECKS = {
    "access",
    "calibration",
    "database",
    "disk",
    "encoder",
    "files",
    "reader",
    "sqlite",
    "texts",
    "vector file",
    "vectors",
    "word files",
}


@pytest.fixture
def own(folder: Path, tmp_path: Path) -> Path:
    """A copy of the handbook's index, to be damaged."""
    shutil.copytree(folder / "index", tmp_path / "index")
    (tmp_path / "index").chmod(0o700)
    return tmp_path


def test_sound_index(own: Path) -> None:
    """Everything is looked at: the models, too, and what they made."""
    run = answerable("doctor", "--index", "index", "--json", cwd=own)
    said = json.loads(run.out)
    assert (run.code, said["is_sound"], said["mended"]) == (0, True, [])
    found = {one["check"]: one for one in said["findings"]}
    assert set(found) == CHECKS
    assert {one["level"] for name, one in found.items() if name != "sqlite"} == {"sound"}
    assert "least cosine to what is stored 1.0000" in found["encoder"]["text"]


def test_repair(own: Path) -> None:
    """A lost vector file is wrong, exit code 1, until it is mended."""
    for path in (own / "index" / "vectors").iterdir():
        path.unlink()
    (own / "index").chmod(0o755)
    sick = answerable("doctor", "--index", "index", cwd=own)
    assert sick.code == 1
    assert "wrong    vector file" in sick.out
    assert "doctor --repair" in sick.err
    assert list((own / "index" / "vectors").iterdir()) == []  # looking changes nothing
    mended = answerable("doctor", "--index", "index", "--repair", cwd=own)
    assert mended.code == 0
    assert "mended   vector file" in mended.out
    assert "mended   access" in mended.out
    assert list((own / "index" / "vectors").iterdir()) != []


def test_models_and_calibration(own: Path, tmp_path: Path) -> None:
    """A calibration for another reader, other vectors, and a damaged model are found."""
    index = own / "index"
    save_calibration(index, uncalibrated("00" * 32))
    with sqlite3.connect(index / "index.sqlite3") as db:
        db.execute("UPDATE vectors SET vector = zeroblob(length(vector))")
    db.close()
    found = {one.check: one for one in diagnose(index).findings}
    assert (found["calibration"].level, found["encoder"].level) == ("wrong", "wrong")
    assert "answerable calibrate" in found["calibration"].text
    model = tmp_path / "reader"
    shutil.copytree(default_reader_folder(), model)
    (model / "model.onnx").write_bytes(b"")
    run = answerable("doctor", "--index", "index", cwd=own, env={"ANSWERABLE_READER": str(model)})
    assert run.code == 1
    assert "is damaged" in run.out


def test_a_reader_that_is_not_whole(own: Path, tmp_path: Path) -> None:
    """Another reader's confidence is one finding among all; without golden logits one warns."""
    model = tmp_path / "reader"
    shutil.copytree(default_reader_folder(), model)
    settings = Settings(reader=model)
    save_confidence(model / "confidence.json", uncalibrated("00" * 32))
    found = {one.check: one for one in diagnose(own / "index", settings).findings}
    assert (found["reader"].level, found["calibration"].level) == ("sound", "wrong")
    assert "was fitted for reader 000000000000" in found["calibration"].text
    command = f"answerable calibrate QUESTIONS --index {own / 'index'} --reader {model}"
    assert found["calibration"].text.endswith(f"run `{command}`")
    (model / "confidence.json").unlink()
    (model / "golden.json").unlink()
    manifest = load_manifest(default_reader_folder(), "reader")
    files = {name: value for name, value in manifest.files.items() if name != "golden.json"}
    write_manifest(model, replace(manifest, files=files))
    found = {one.check: one for one in diagnose(own / "index", settings).findings}
    assert found["reader"].level == "warning"
    assert found["reader"].text.endswith("has no golden logits to compare")


@pytest.mark.parametrize("content", ["", "[]", '{"weights": {}}', "[" * 100_000, "null"])
def test_a_damaged_calibration(own: Path, content: str) -> None:
    """Whatever the index's calibration holds, it is named and the rest is looked over."""
    (own / "index" / "calibration.json").write_text(content)
    found = {one.check: one for one in diagnose(own / "index").findings}
    assert set(found) == CHECKS
    assert found["calibration"].level == "wrong"
    assert "calibration.json" in found["calibration"].text


@pytest.mark.parametrize(
    "change", [{"intercept": float("nan")}, {"min_probability": 7.0}, {"null_threshold": math.inf}]
)
def test_a_calibration_of_impossible_numbers(own: Path, change: dict[str, float]) -> None:
    """Numbers that would make every answer certain, or none, are named as wrong."""
    confidence = OnnxReader.load().confidence
    save_calibration(own / "index", replace(confidence, **change))  # type: ignore[arg-type]
    found = {one.check: one for one in diagnose(own / "index").findings}
    assert found["calibration"].level == "wrong"


def test_no_index(tmp_path: Path) -> None:
    """Without an index there is nothing to look at."""
    run = answerable("doctor", "--index", "nowhere", cwd=tmp_path)
    assert (run.code, run.out, len(run.err.splitlines())) == (1, "", 1)


def test_export_is_all_there_is(folder: Path) -> None:
    """Each document is one line with its stored text; the ids and texts are the index's."""
    run = answerable("export", "--index", "index", cwd=folder)
    lines = [json.loads(line) for line in run.out.splitlines()]
    assert run.code == 0
    with Engine.open(folder / "index") as engine:
        stored = engine.index.documents_after(0, 1000, Filters())
        assert [line["id"] for line in lines] == [info.id for info in stored]
        for line in lines:
            assert line["text"] == engine.index.document(line["id"], Filters()).text
    leave = next(line for line in lines if line["uri"] == (HANDBOOK / "leave.md").as_uri())
    assert leave["text"] == (HANDBOOK / "leave.md").read_text(encoding="utf-8")
    assert (leave["allow"], leave["collection"]) == (["public"], "default")


def test_export_as_somebody(tmp_path: Path) -> None:
    """Who asks as somebody takes out what they may see, and does not learn who else may."""
    for name, allow in (("a", "group:hr"), ("b", "group:sales"), ("c", "public")):
        file = tmp_path / f"{name}.txt"
        file.write_text(f"Text {name}.\n", encoding="utf-8")
        options = ("--allow", allow, "--allow", "user:ann", "--collection", name)
        answerable("ingest", file, "--index", "index", *options, cwd=tmp_path)

    def out(*options: str) -> list[tuple[str, list[str]]]:
        run = answerable("export", "--index", "index", *options, cwd=tmp_path)
        lines = [json.loads(line) for line in run.out.splitlines()]
        return [(line["text"], line["allow"]) for line in lines]

    assert out("--as", "group:hr") == [("Text a.\n", ["group:hr"]), ("Text c.\n", ["public"])]
    assert out("--collection", "b") == [("Text b.\n", ["group:sales", "user:ann"])]
    assert len(out()) == 3
    wrong = answerable("export", "--index", "index", "--as", "hr", cwd=tmp_path)
    assert (wrong.code, wrong.out) == (1, "")
