"""One writer at a time, whoever it is and however it ends."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from answerable.index import AnswerableError, IndexLocked
from answerable.index.storage.lock import WriterLock

HOLD = """
import sys
from pathlib import Path
from answerable.index.storage.lock import WriterLock
with WriterLock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_second_writer_is_refused_by_name(tmp_path: Path) -> None:
    """A second writer gets IndexLocked at once, with the first one's process id."""
    with WriterLock(tmp_path), pytest.raises(IndexLocked, match=f"process {os.getpid()}:"):
        WriterLock(tmp_path).__enter__()


def test_lock_is_free_after_the_block(tmp_path: Path) -> None:
    """Leaving the block lets the next writer in."""
    for _ in range(2):
        with WriterLock(tmp_path):
            pass


def test_killed_writer_leaves_no_lock(tmp_path: Path) -> None:
    """A lock held by a process is refused while it lives and free once it is killed."""
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(IndexLocked, match=f"process {holder.pid}:"):
            WriterLock(tmp_path).__enter__()
        holder.kill()
        holder.wait()
        with WriterLock(tmp_path):
            pass


def test_folder_that_is_not_there(tmp_path: Path) -> None:
    """A folder that cannot hold the lock file is one clear error."""
    with pytest.raises(AnswerableError, match=r"cannot write to .*missing: No such file"):
        WriterLock(tmp_path / "missing").__enter__()


def test_full_disk_does_not_keep_a_writer_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without room for the process id the lock is held all the same."""

    def full(*_arguments: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with WriterLock(tmp_path), pytest.raises(IndexLocked, match="process unknown:"):
        WriterLock(tmp_path).__enter__()
