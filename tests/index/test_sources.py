"""Which files a walk finds, and what it passes over."""

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.index import FileFailure, SourceNotFound
from answerable.index.sources import Sources, SourceTotal, find_sources, is_gone, path_of

NAMES = st.binary(min_size=1, max_size=40).filter(lambda b: b"/" not in b and b"\0" not in b)


def _tree(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x")
    return root


def _names(sources: Sources, root: Path) -> list[str]:
    return [file.path.relative_to(root).as_posix() for file in sources]


def test_walk_in_order_of_names(tmp_path: Path) -> None:
    """Files come sorted within their folder, files before folders, each once."""
    root = _tree(tmp_path, "b.txt", "a/z.md", "a/b/c.txt", "c.txt")
    sources = find_sources([root, root / "a", root / "c.txt"], tmp_path / "index")
    assert _names(sources, root) == ["b.txt", "c.txt", "a/z.md", "a/b/c.txt"]
    assert sources.folders == (root, root / "a")
    assert (sources.failures, sources.skipped) == ((), ())


def test_hidden_entries_and_the_index_are_passed_over(tmp_path: Path) -> None:
    """Hidden files and folders and the index itself are not read and not listed."""
    root = _tree(tmp_path, "a.txt", ".git/config.txt", ".hidden.txt", "index/vectors/x.txt")
    sources = find_sources([root], root / "index")
    assert _names(sources, root) == ["a.txt"]
    assert sources.skipped == ()
    assert list(find_sources([root / "index"], root / "index")) == []


def test_named_files_are_always_tried(tmp_path: Path) -> None:
    """A file that is named is read though hidden, of unknown kind, or behind a link."""
    root = _tree(tmp_path, ".env.txt", "data.blob", "target.txt")
    (root / "link").symlink_to("target.txt")
    named = [root / ".env.txt", root / "data.blob", root / "link"]
    sources = find_sources(named, tmp_path / "index")
    assert _names(sources, root) == [".env.txt", "data.blob", "target.txt"]


def test_links_devices_and_unknown_kinds_are_listed(tmp_path: Path) -> None:
    """What is skipped in a folder is listed with the reason; links are never followed."""
    root = _tree(tmp_path, "a.txt", "data.blob", "noext")
    (root / "link.txt").symlink_to("a.txt")
    (root / "loop").symlink_to(root)
    os.mkfifo(root / "pipe.txt")
    sources = find_sources([root, root / "pipe.txt"], tmp_path / "index")
    link = "a symbolic link; name its target to ingest it"
    expected = {
        "data.blob": "not a kind of file that is read (.blob)",
        "link.txt": link,
        "loop": link,
        "noext": "not a kind of file that is read (no extension)",
        "pipe.txt": "not a regular file",
    }
    assert _names(sources, root) == ["a.txt"]
    assert set(sources.skipped) == {
        FileFailure((root / name).as_uri(), reason) for name, reason in expected.items()
    }


def test_unreadable_folder_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that cannot be listed is a failure; its neighbours are read."""
    root = _tree(tmp_path, "a.txt", "locked/b.txt", "open/c.txt")
    listdir = os.listdir

    def refusing(folder: Path) -> list[str]:
        # The tests may run as root, whom no file mode stops.
        if folder == root / "locked":
            raise PermissionError(13, "Permission denied")
        return listdir(folder)

    monkeypatch.setattr(os, "listdir", refusing)
    sources = find_sources([root], tmp_path / "index")
    assert _names(sources, root) == ["a.txt", "open/c.txt"]
    uri = (root / "locked").as_uri()
    assert sources.failures == (FileFailure(uri, "cannot read this folder: Permission denied"),)


def test_paths_within_paths(tmp_path: Path) -> None:
    """What is given twice, by itself and by a folder, is read once, hidden or of any kind."""
    root = _tree(tmp_path, "a/x.txt", "a/y.blob", "b/.hidden/z.txt", "c.txt")
    given = [root / "a" / "y.blob", root / "a", root, root / "b" / ".hidden", root / "a" / "x.txt"]
    sources = find_sources(given, tmp_path / "index")
    assert _names(sources, root) == ["a/y.blob", "a/x.txt", "c.txt", "b/.hidden/z.txt"]
    assert (sources.failures, sources.skipped) == ((), ())


def test_total_counts_what_is_read(tmp_path: Path) -> None:
    """Files and bytes, skipped ones left out; walking twice finds the same and lists it once."""
    root = _tree(tmp_path, "a.txt", "b/c.md", "data.blob")
    (root / "a.txt").write_text("four")
    sources = find_sources([root], tmp_path / "index")
    assert sources.total() == SourceTotal(files=2, size_bytes=5)
    assert _names(sources, root) == _names(sources, root) == ["a.txt", "b/c.md"]
    assert len(sources.skipped) == 1


def test_a_named_file_that_vanished_is_a_failure(tmp_path: Path) -> None:
    """A file that is gone when its turn comes is listed; the others are read."""
    root = _tree(tmp_path, "a.txt", "b.txt")
    sources = find_sources([root / "a.txt", root / "b.txt"], tmp_path / "index")
    (root / "a.txt").unlink()
    assert _names(sources, root) == ["b.txt"]
    reason = "cannot be read: No such file or directory"
    assert sources.failures == (FileFailure((root / "a.txt").as_uri(), reason),)


def test_missing_paths(tmp_path: Path) -> None:
    """A path that is not there, a loop of links, and a name with NUL are SourceNotFound."""
    (tmp_path / "loop").symlink_to("loop")
    for name in ("missing", "loop", "nul\0"):
        with pytest.raises(SourceNotFound, match=r"^cannot ingest "):
            find_sources([tmp_path, tmp_path / name], tmp_path / "index")


def test_deep_folders(tmp_path: Path) -> None:
    """Folders nested deeper than Python recurses are walked."""
    depth, here = 1050, os.open(tmp_path, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(os.open("a.txt", os.O_CREAT, dir_fd=here))
    os.close(here)
    try:
        sources = find_sources([tmp_path], tmp_path / "index")
        assert [file.path.name for file in sources] == ["a.txt"]
    finally:  # pytest's own cleaning up recurses, and would fail in a later run
        subprocess.run(["rm", "-rf", str(tmp_path / "d")], check=True)


@given(name=NAMES)
def test_address_and_path_are_one(name: bytes) -> None:
    """Any file name, valid UTF-8 or not, survives the way into an address and back."""
    path = Path("/folder") / os.fsdecode(name)
    assert path_of(path.as_uri()) == path


def test_is_gone_needs_certainty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file is gone when the system says so, not when it may not be looked at."""
    file = _tree(tmp_path, "a.txt") / "a.txt"
    assert not is_gone(file.as_uri())
    assert is_gone((tmp_path / "b.txt").as_uri())
    assert is_gone((file / "below-a-file").as_uri())

    def refusing(_: Path) -> os.stat_result:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "lstat", refusing)
    assert not is_gone(file.as_uri())
