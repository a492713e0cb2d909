"""A single file of results: found out beforehand whether it can be written, then whole."""

import os
from pathlib import Path

import pytest

from answerable.api.owned_file import check_owned_file, write_owned_file
from answerable.api.owned_folder import OutputRefused

MARK = b"mark"


def test_written_replaced_and_nothing_left_beside(tmp_path: Path) -> None:
    """Checking leaves no file; writing leaves one, which the next run replaces."""
    path = tmp_path / "results.txt"
    check_owned_file(path, MARK)
    assert list(tmp_path.iterdir()) == []
    for text in ("mark 1", "mark 2"):
        write_owned_file(path, text, MARK)
        check_owned_file(path, MARK)
    assert path.read_text() == "mark 2"
    assert list(tmp_path.iterdir()) == [path]


def test_a_name_that_is_too_long_is_refused_beforehand(tmp_path: Path) -> None:
    """The check fails where writing does: its temporary file has a longer name than the file."""
    for length in (200, 242, 255, 256):
        path = tmp_path / ("a" * length)
        if length == 200:
            check_owned_file(path, MARK)
            write_owned_file(path, "mark", MARK)
            continue
        with pytest.raises(OutputRefused, match="File name too long"):
            check_owned_file(path, MARK)
        with pytest.raises(OutputRefused, match="File name too long"):
            write_owned_file(path, "mark", MARK)
    assert [len(path.name) for path in tmp_path.iterdir()] == [200]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_refused_beforehand(tmp_path: Path) -> None:
    """Before the work, with the reason."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    with pytest.raises(OutputRefused, match="Permission denied"):
        check_owned_file(closed / "results.txt", MARK)
