"""Documents that change, go, are hidden from some, or have odd names, as whole processes."""

import json
import os
import sys
from pathlib import Path

import pytest

from tests.end_to_end.conftest import answerable

pytestmark = pytest.mark.model

ODD_NAMES = (
    b"a b#c?d%20e&\xc3\xa9.txt", b"new\nline.txt", b"\x1b[31mred.txt", b"-dash.txt",
    *([b"latin\xe9.txt"] if sys.platform == "linux" else []),
)  # fmt: skip


def test_reingest_skips_updates_and_prunes(tmp_path: Path) -> None:
    """A second ingest skips what is unchanged, replaces what changed, and drops what is gone."""
    docs = tmp_path / "docs"
    docs.mkdir()
    for name in ("kept", "changed", "gone"):
        (docs / f"{name}.txt").write_text(f"The {name} room is painted green.")
    first = answerable("ingest", "docs", "--json", cwd=tmp_path)
    assert json.loads(first.out)["added"] == 3
    (docs / "changed.txt").write_text("The changed room is painted crimson.")
    (docs / "gone.txt").unlink()
    # The index itself is in the folder that is ingested: it is not taken for documents.
    second = json.loads(answerable("ingest", ".", "--prune", "--json", cwd=tmp_path).out)
    counts = {name: second[name] for name in ("added", "updated", "unchanged", "removed")}
    assert counts == {"added": 0, "updated": 1, "unchanged": 1, "removed": 1}
    found = answerable("search", "painted room", "--json", cwd=tmp_path).out
    assert "crimson" in found and "kept" in found
    assert "gone" not in found


def test_forbidden_text_appears_nowhere(tmp_path: Path) -> None:
    """What only some may see is in no output of a command that asks as somebody else."""
    (tmp_path / "open.txt").write_text("The bonus of the year is paid in March.")
    (tmp_path / "secret.txt").write_text("The bonus of the director is 9,000 euros.")
    answerable("ingest", "open.txt", cwd=tmp_path)
    answerable("ingest", "secret.txt", "--allow", "user:ann", cwd=tmp_path)
    question = "How much is the bonus of the director?"
    allowed = answerable("ask", question, "--as", "user:ann", cwd=tmp_path)
    assert allowed.code == 0
    assert "9,000 euros" in allowed.out
    for command in ("ask", "search"):
        refused = answerable(command, question, "--as", "user:bob", "--json", cwd=tmp_path)
        assert "open.txt" in refused.out
        assert "9,000" not in refused.out + refused.err
        assert "secret" not in refused.out + refused.err


def test_odd_names_and_escapes(tmp_path: Path) -> None:
    """Any file name is taken in, shown without driving the terminal, and found by ``remove``."""
    docs = tmp_path / "docs"
    docs.mkdir()
    paths = [docs / os.fsdecode(name) for name in ODD_NAMES]
    for path in paths:
        path.write_text("The attic of the house was painted \x1b[31mviolet\x1b[0m in the spring.")
    assert answerable("ingest", "docs", cwd=tmp_path).code == 0
    shown = answerable("search", "attic violet", cwd=tmp_path)
    assert "violet" in shown.out
    assert "\x1b" not in shown.out + shown.err
    assert shown.out.count("\n") == 2 * len(paths)
    targets = [f"docs/{path.name}" for path in paths]
    removed = answerable("remove", *targets, "--json", cwd=tmp_path)
    assert removed.code == 0
    report = json.loads(removed.out)
    assert (len(report["removed"]), report["not_found"]) == (len(paths), [])
    again = answerable("remove", *targets[:1], cwd=tmp_path)
    assert (again.code, again.out) == (1, "")
