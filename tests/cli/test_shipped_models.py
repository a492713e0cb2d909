"""The command as a process of its own, with the models that are shipped."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from answerable.api import Engine
from answerable.index import IndexModelMismatch, ModelManifest, load_manifest, write_manifest
from answerable.reader import default_reader_folder
from answerable.retriever import default_encoder_folder
from tests.api.fakes import REMOTE, fill, write_handbook

pytestmark = [pytest.mark.model, pytest.mark.slow]


def _answerable(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "answerable.cli", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


def test_ingest_then_ask(tmp_path: Path) -> None:
    """Two commands lead from a folder of files to a quote of the stored text."""
    handbook = write_handbook(tmp_path)
    (handbook / "hostile.txt").unlink()
    ingest = _answerable("ingest", "handbook", cwd=tmp_path)
    assert (ingest.returncode, ingest.stderr) == (0, "")
    ask = _answerable("ask", "How many days per week from home?", "--json", cwd=tmp_path)
    value = json.loads(ask.stdout)
    assert (ask.returncode, ask.stderr) == (0, "")
    assert "three" in value["answer"]["text"]
    start, end = value["answer"]["start"], value["answer"]["end"]
    assert REMOTE[start:end] == value["answer"]["text"]


@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("mcp",)], ids=" ".join)
def test_impossible_limit_is_told_before_anything_is_served(
    command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service whose error limit cannot be kept ends with the line that ``ask`` gives."""
    write_handbook(tmp_path)
    _answerable("ingest", "handbook", cwd=tmp_path)
    monkeypatch.setenv("ANSWERABLE_MAX_ERROR", "0.01")
    asked = _answerable("ask", "How many days per week from home?", cwd=tmp_path)
    served = _answerable(*command, cwd=tmp_path)
    assert "they support limits from 0.08 on" in asked.stderr
    assert asked.stderr.count("answerable calibrate") == 1
    assert (
        (served.returncode, served.stderr) == (asked.returncode, asked.stderr) == (1, asked.stderr)
    )


def test_index_of_another_model_is_named_and_can_be_rebuilt(tmp_path: Path) -> None:
    """Vectors of two models never mix: the error names both, and --rebuild mends it."""
    fill(tmp_path / ".answerable", write_handbook(tmp_path))
    refused = _answerable("search", "parental leave", cwd=tmp_path)
    assert refused.returncode == 1
    assert "hash" in refused.stderr
    assert "--rebuild" in refused.stderr
    assert refused.stderr.count("\n") == 1
    with pytest.raises(IndexModelMismatch):
        Engine.open(tmp_path / ".answerable")
    rebuilt = _answerable("ingest", "handbook", "--rebuild", "--json", cwd=tmp_path)
    assert json.loads(rebuilt.stdout)["unchanged"] == 3
    found = _answerable("search", "parental leave", "--k", "1", "--json", cwd=tmp_path)
    assert json.loads(found.stdout)["hits"][0]["document"]["uri"].endswith("leave.txt")


def _other_reader(folder: Path, null_answer: str) -> ModelManifest:
    """Write the shipped reader as an import leaves one: without anything fitted for it."""
    shutil.copytree(default_reader_folder(), folder)
    (folder / "confidence.json").unlink()
    manifest = load_manifest(folder, "reader")
    settings = {**manifest.settings, "null_answer": null_answer}
    other = replace(manifest, name="other", settings=settings)
    write_manifest(folder, other)
    return other


@pytest.mark.parametrize(
    ("null_answer", "code", "says"),
    [("trained", 3, "its confidence is a guess"), ("none", 0, "answers every question")],
)
def test_a_reader_of_ones_own(tmp_path: Path, null_answer: str, code: int, says: str) -> None:
    """``--reader`` replaces the shipped one, and the result says that nothing was fitted for it.

    Without a trained null answer and without a calibration there is nothing to abstain by.
    """
    write_handbook(tmp_path)
    other = _other_reader(tmp_path / "other", null_answer)
    _answerable("ingest", "handbook", cwd=tmp_path)
    question = "Who painted the Mona Lisa?"
    asked = _answerable("ask", question, "--reader", "other", "--json", cwd=tmp_path)
    assert asked.returncode == code
    assert says in asked.stderr and asked.stderr.count("\n") == 1
    assert json.loads(asked.stdout)["models"] | {"encoder": ""} == {
        "encoder": "",
        "reader": f"other@{other.sha256[:12]}",
        "calibration": None,
        "null_answer": null_answer,
    }


def test_an_encoder_of_ones_own(tmp_path: Path) -> None:
    """``--encoder`` makes an index that keeps to it: without it, the next search is refused."""
    write_handbook(tmp_path)
    shutil.copytree(default_encoder_folder(), tmp_path / "encoder")
    manifest = load_manifest(tmp_path / "encoder", "encoder")
    settings = {**manifest.settings, "max_tokens": 128}
    write_manifest(tmp_path / "encoder", replace(manifest, name="mine", settings=settings))
    _answerable("ingest", "handbook", "--encoder", "encoder", cwd=tmp_path)
    found = _answerable("search", "parental leave", "--encoder", "encoder", cwd=tmp_path)
    refused = _answerable("search", "parental leave", cwd=tmp_path)
    assert (found.returncode, refused.returncode) == (0, 1)
    assert "leave.txt" in found.stdout
    assert "mine" in refused.stderr
