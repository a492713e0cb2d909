"""An ingest that is killed goes on where it was, and ends as if nothing had happened."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from answerable.index import Filters, LocalIndex
from answerable.index.storage.store import PassageStore
from tests.fakes import HashEncoder
from tests.index.samples import contents

ROOT = Path(__file__).resolve().parent.parent.parent
KILLS = 4
EVERYTHING = Filters()


def _docs(folder: Path) -> Path:
    """Write 160 small files, a longer one among them, and one that fails."""
    folder.mkdir()
    for i in range(160):
        (folder / f"{i:03}.txt").write_text(f"Number {i} is about subject {i % 7}.")
    (folder / "080.txt").write_text("A sentence of seven words stands here. " * 400)
    (folder / "100.txt").write_bytes(b"\x00\x01" * 99)
    return folder


def _command(docs: Path, index: Path) -> list[str]:
    return [sys.executable, "-m", "tests.index.slow_ingest", str(docs), str(index)]


def _tables(folder: Path) -> dict[str, Any]:
    """Return all that is stored, ids included, but the time of the ingest."""
    store = PassageStore(folder / "index.sqlite3")
    try:
        with store.reading() as db:
            return {
                table: db.execute(f"SELECT {columns} FROM {table} ORDER BY 1, 2").fetchall()
                for table, columns in {
                    "documents": "id, uri, title, content_sha256, size_bytes, text, metadata",
                    "passages": 'id, document_id, ordinal, start, "end", heading, text, page',
                    "vectors": "passage_id, vector",
                    "document_principals": "document_id, principal",
                }.items()
            }
    finally:
        store.close()


def _killed_after(docs: Path, index: Path, n_files: int, seconds: float) -> int:
    """Kill an ingest a moment after it told of so many files; return how many it told of."""
    with subprocess.Popen(_command(docs, index), cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.split() == [b"done", b"%d" % n_files]:
                break
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        told = [line for line in process.stdout if line.startswith(b"done")]
    assert process.returncode == -signal.SIGKILL
    return n_files + len(told)


@pytest.mark.timeout(120)
def test_killed_again_and_again(tmp_path: Path) -> None:
    """What was told as done is never done again, and the index is that of an undisturbed run."""
    docs = _docs(tmp_path / "docs")
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    done = subprocess.run(_command(docs, whole), cwd=ROOT, capture_output=True, check=True)
    assert done.stdout.splitlines()[-1] == b"report 159 0 0"
    moments, n_done = random.Random(4), 0
    for kill in range(KILLS):
        # Before the last kill's quarter of the files, or a little into it.
        n_files = n_done + moments.randint(1, (150 - n_done) // (KILLS - kill))
        n_done = _killed_after(docs, killed, n_files, moments.uniform(0, 0.05))
        assert n_done < 160
    last = subprocess.run(_command(docs, killed), cwd=ROOT, capture_output=True, check=True)
    _, added, unchanged, updated = last.stdout.splitlines()[-1].split()
    assert int(added) + int(unchanged) == 159 and int(updated) == 0
    assert int(unchanged) >= n_done - 1  # the file that fails is tried each time
    assert _tables(killed) == _tables(whole)
    encoder = HashEncoder()
    question = encoder.encode(["Number 12 is about subject 5."])[0]
    found = []
    for folder in (killed, whole):
        with LocalIndex.open(folder, encoder) as index:
            assert contents(index).passages == contents(index).words
            found.append(
                (
                    index.dense_search(question, 5, EVERYTHING),
                    index.lexical_search(["number", "12"], 5, EVERYTHING),
                )
            )
    assert found[0] == found[1]


@pytest.mark.timeout(60)
def test_interrupted_once(tmp_path: Path) -> None:
    """Ctrl-C ends all threads soon, keeps what was committed, and the rest is done later."""
    docs, index = _docs(tmp_path / "docs"), tmp_path / "index"
    with subprocess.Popen(
        _command(docs, index), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        assert process.stdout.readline() == b"done 1\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(30) != 0
        assert process.stderr.read().splitlines()[-1] == b"KeyboardInterrupt"
    done = subprocess.run(_command(docs, index), cwd=ROOT, capture_output=True, check=True)
    _, added, unchanged, _ = done.stdout.splitlines()[-1].split()
    assert int(added) + int(unchanged) == 159 and 5 <= int(unchanged) < 159
