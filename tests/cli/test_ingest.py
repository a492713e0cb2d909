"""``ingest``, ``status`` and ``remove``."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from answerable.api import IngestProgress
from answerable.cli.ingest import _line
from answerable.cli.progress import Show
from tests.cli.conftest import RunCli


def test_ingest_counts_and_then_skips(cli: RunCli, own: Path) -> None:
    """A first ingest makes the index; a second one finds everything unchanged."""
    first = cli("ingest", "handbook", "--index", "new", cwd=own)
    assert (first.code, first.err) == (0, "")
    assert first.out.startswith("3 added, 0 updated, 0 unchanged, 0 removed; ")
    second = cli("ingest", "handbook", "--index", "new", "--json", cwd=own)
    assert json.loads(second.out)["unchanged"] == 3


def test_file_that_fails_is_listed_and_the_rest_kept(cli: RunCli, own: Path) -> None:
    """One bad file is one line with its reason and exit code 1; the others are indexed."""
    (own / "handbook" / "binary.txt").write_bytes(bytes(range(256)) * 40)
    run = cli("ingest", "handbook", "--index", "new", cwd=own)
    assert run.code == 1
    assert run.out.startswith("3 added, ")
    assert "failed handbook/binary.txt: " in run.err
    assert run.err.endswith("error: 1 of the files could not be indexed; the others are\n")


def test_interrupt_keeps_what_is_done(
    cli: RunCli, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C says how much is done and prints no data; the same command does the rest."""

    @contextmanager
    def interrupted_bar() -> Iterator[Show]:
        def show(done: int, total: int, name: str) -> None:
            if done == 2:
                signal.raise_signal(signal.SIGINT)

        yield show

    monkeypatch.setattr("answerable.cli.ingest.progress_bar", interrupted_bar)
    # A process started in the background ignores Ctrl-C, and so would this test.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    run = cli("ingest", "handbook", "--index", "new", "--json", cwd=own)
    signal.signal(signal.SIGINT, before)
    assert (run.code, run.out) == (130, "")
    assert run.err == (
        "2 files are done and stay in the index; the same command does the rest\n"
        "error: interrupted\n"
    )


def test_what_stands_beside_the_bar() -> None:
    """Pace and time left come first, as the end of a long path may be cut off."""
    uri = Path("a.txt").absolute().as_uri()
    assert _line(IngestProgress(1, 9, uri, 3)) == "a.txt"
    line = _line(IngestProgress(5, 9, uri, 30, 61.7, 3725.2))
    assert line == "62 passages/s  1:02:05 left  a.txt"


def test_missing_path_is_one_line(cli: RunCli, own: Path) -> None:
    """A path that does not exist is named, with exit code 1."""
    run = cli("ingest", "nowhere", "--index", "new", cwd=own)
    assert (run.code, run.out) == (1, "")
    assert "nowhere" in run.err
    assert run.err.count("\n") == 1


def test_allow_limits_who_sees(cli: RunCli, own: Path) -> None:
    """``--allow`` is asked back with ``--as``; a bad principal is refused before any work."""
    run = cli("ingest", "handbook", "--allow", "group:it", "--index", "new", cwd=own)
    assert run.code == 0
    ask = ("ask", "Days at home?", "--index", "new", "--as")
    assert cli(*ask, "group:it", cwd=own).code == 0
    assert cli(*ask, "group:hr", cwd=own).code == 3
    bad = cli("ingest", "handbook", "--allow", "it", "--index", "other", cwd=own)
    assert (bad.code, "principal 'it'" in bad.err) == (1, True)


def test_prune_drops_what_is_gone(cli: RunCli, own: Path) -> None:
    """``--prune`` removes documents whose files have vanished; without it they stay."""
    (own / "handbook" / "leave.txt").unlink()
    kept = cli("ingest", "handbook", "--index", "index", "--json", cwd=own)
    assert json.loads(kept.out)["removed"] == 0
    pruned = cli("ingest", "handbook", "--prune", "--index", "index", "--json", cwd=own)
    assert json.loads(pruned.out)["removed"] == 1


def test_status_tells_what_there_is(cli: RunCli, shared: Path) -> None:
    """Status prints counts, or the same as JSON."""
    run = cli("status", "--index", "index", cwd=shared)
    assert run.code == 0
    assert "documents    4\n" in run.out
    value = json.loads(cli("status", "--index", "index", "--json", cwd=shared).out)
    assert (value["documents"], value["collections"]) == (4, ["default"])


def test_status_without_an_index(cli: RunCli, tmp_path: Path) -> None:
    """Looking at no index is an error, and makes none."""
    run = cli("status", cwd=tmp_path)
    assert run.code == 1
    assert list(tmp_path.iterdir()) == []


def test_remove_names_what_it_took_and_what_it_missed(cli: RunCli, own: Path) -> None:
    """What matched is removed; what did not is said; nothing at all is exit code 1."""
    run = cli("remove", "handbook/leave.txt", "nowhere.txt", "--index", "index", cwd=own)
    assert (run.code, run.out) == (0, "removed handbook/leave.txt\n")
    assert run.err == "not in the index: nowhere.txt\n"
    again = cli("remove", "handbook/leave.txt", "--index", "index", "--json", cwd=own)
    assert again.code == 1
    assert json.loads(again.out) == {"removed": [], "not_found": ["handbook/leave.txt"]}


def test_bad_metadata_is_one_line(cli: RunCli, own: Path) -> None:
    """Metadata that is not KEY=VALUE stops the ingest before it begins."""
    run = cli("ingest", "handbook", "--metadata", "author", "--index", "index", cwd=own)
    assert (run.code, run.out) == (1, "")
    assert run.err == "error: 'author' is not of the form KEY=VALUE, as in author=Ann\n"
