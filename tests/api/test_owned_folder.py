"""A folder of results: ours are replaced, whole; nobody else's are touched."""

import json
import os
from pathlib import Path

import pytest

from answerable.api import OutputRefused
from answerable.api.owned_folder import OwnedFolder


@pytest.fixture
def folder(tmp_path: Path) -> OwnedFolder:
    """A folder in which one run wrote ``a`` and ``b``."""
    owned = OwnedFolder(tmp_path / "deep" / "results", "metrics.json")
    owned.write({"a": b"one", "b": b"two"}, {"f1": 1.5})
    return owned


def _content(folder: OwnedFolder) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.path.iterdir()}


def test_record_lists_what_was_written(folder: OwnedFolder) -> None:
    """Files, and a record with checksums beside what it was given."""
    content = _content(folder)
    record = json.loads(content.pop("metrics.json"))
    assert content == {"a": "one", "b": "two"}
    assert (record["f1"], sorted(record["files"])) == (1.5, ["a", "b"])


def test_next_run_replaces_its_own_and_leaves_the_rest(folder: OwnedFolder) -> None:
    """What the run before wrote is replaced or removed; the user's own file stays."""
    (folder.path / "notes.txt").write_text("mine")
    folder.write({"a": b"new", "c": b"three"}, {})
    content = _content(folder)
    del content["metrics.json"]
    assert content == {"a": "new", "c": "three", "notes.txt": "mine"}


def test_file_that_nobody_of_ours_wrote_is_refused(folder: OwnedFolder) -> None:
    """A user's file of that name stops the run, before and at the writing."""
    (folder.path / "c").write_text("mine")
    before = _content(folder)
    with pytest.raises(OutputRefused, match="c is there already"):
        folder.check(["c"])
    with pytest.raises(OutputRefused, match="c is there already"):
        folder.write({"c": b"x"}, {})
    assert _content(folder) == before


def test_file_that_was_changed_since_is_refused(folder: OwnedFolder) -> None:
    """Ours, once edited, is the user's; it is neither replaced nor removed."""
    (folder.path / "a").write_text("edited")
    with pytest.raises(OutputRefused, match="no evaluation wrote it as it is"):
        folder.write({"a": b"x"}, {})
    folder.write({"b": b"x"}, {})
    assert (folder.path / "a").read_text() == "edited"


@pytest.mark.parametrize(
    "record",
    [
        b"{}",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        b'{"written_by": "another tool", "files": {}}',
        b'{"written_by": "answerable evaluate squad", "files": 5}',
        b'{"written_by": "answerable evaluate squad", "files": {"../b": ""}}',
    ],
)
def test_record_of_another_tool_is_refused(folder: OwnedFolder, record: bytes) -> None:
    """A record that is not ours, or leads elsewhere, owns nothing and is not replaced."""
    (folder.path / "metrics.json").write_bytes(record)
    for names in ([], ["a"]):
        with pytest.raises(OutputRefused):
            folder.check(names)


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    """A path that is a file is named before any work is done."""
    (tmp_path / "results").write_text("mine")
    with pytest.raises(OutputRefused, match="is not a folder"):
        OwnedFolder(tmp_path / "results", "metrics.json").check([])


def test_links_are_never_followed(folder: OwnedFolder, tmp_path: Path) -> None:
    """A link under one of our names is not ours, even where it leads to the same bytes."""
    (tmp_path / "elsewhere").write_text("one")
    (folder.path / "a").unlink()
    (folder.path / "a").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputRefused):
        folder.write({"a": b"new"}, {})
    assert (tmp_path / "elsewhere").read_text() == "one"


def test_failure_leaves_everything_as_it_was(
    folder: OwnedFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full at the last file: the old results stay, and nothing half-written."""
    before = _content(folder)
    synced = 0
    real = os.fsync

    def fsync(descriptor: int) -> None:
        nonlocal synced
        synced += 1
        if synced == 3:
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OutputRefused, match=r"cannot write .*/metrics.json: No space left"):
        folder.write({"a": b"new", "b": b"new"}, {})
    assert _content(folder) == before
