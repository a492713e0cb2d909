"""The command as a process of its own, with the models that are shipped."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from answerable.api import Engine
from answerable.index import IndexModelMismatch
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
