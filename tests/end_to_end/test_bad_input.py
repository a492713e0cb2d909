"""Bad input to the command: one clear line, the documented exit code, nothing lost."""

import os
import shutil
import sqlite3
import sys
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Run, answerable, run_process

pytestmark = pytest.mark.model

QUESTION = "How many unused days of leave may I carry over into the next year?"
# Root reads every folder; without these two capabilities it does not. Linux only.
WITHOUT_ROOTS_RIGHTS = """
import ctypes, os, sys
libc = ctypes.CDLL(None)
for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
    if libc.prctl(24, capability, 0, 0, 0):  # PR_CAPBSET_DROP
        sys.exit("cannot drop the capability")
os.execv(sys.argv[1], sys.argv[1:])
"""


@pytest.fixture
def own(folder: Path, tmp_path: Path) -> Path:
    """A folder with a copy of the handbook's ``index``, to be damaged."""
    shutil.copytree(folder / "index", tmp_path / "index")
    return tmp_path


def _error(run: Run) -> str:
    """Check that a command failed with one line on standard error, and return the line."""
    assert (run.code, run.out) == (1, "")
    assert run.err.startswith("error: ") and run.err.endswith("\n")
    assert run.err.count("\n") == 1
    return run.err


def test_empty_question(folder: Path) -> None:
    """Nothing to ask is an error, not an abstention."""
    line = _error(answerable("ask", " \t\u200b ", "--index", "index", cwd=folder))
    assert "the question is empty" in line


def test_question_of_1_mb(folder: Path) -> None:
    """A document pasted as a question costs one line, and the next question is answered."""
    stdin = f"{'q' * 1_000_000}\n{QUESTION}\n"
    run = answerable("chat", "--index", "index", cwd=folder, stdin=stdin)
    assert run.code == 0
    assert run.err == (
        "error: the question has 1,000,000 characters; at most 2,000 are read: make it shorter\n"
    )
    assert "six" in run.out


def test_question_of_the_longest_argument(folder: Path) -> None:
    """As an argument, which the system keeps below 128 KiB, it is the same error."""
    line = _error(answerable("ask", "q" * 120_000, "--index", "index", cwd=folder))
    assert "the question has 120,000 characters" in line


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere arguments are Unicode")
def test_question_that_is_not_text(folder: Path) -> None:
    """Bytes that are not UTF-8 are refused."""
    question = os.fsdecode(b"what is \xff\xfe?")
    line = _error(answerable("ask", question, "--index", "index", cwd=folder))
    assert "not valid text" in line


def test_binary_file_named_txt(own: Path) -> None:
    """It is listed with the reason; the other file is taken in, and the exit code says so."""
    docs = own / "docs"
    docs.mkdir()
    (docs / "picture.txt").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20)
    (docs / "sound.txt").write_text("The siren is tested on Mondays.")
    run = answerable("ingest", "docs", "--index", "index", cwd=own)
    assert run.code == 1
    assert run.out.startswith("1 added, 0 updated, 0 unchanged, 0 removed; 1 new passages")
    failed, summary = run.err.splitlines()
    assert failed == "failed docs/picture.txt: binary data, not text"
    assert summary == "error: 1 of the files could not be indexed; the others are"


def test_missing_path(own: Path) -> None:
    """Nothing is taken in when one of the paths is not there."""
    (own / "here.txt").write_text("Here.")
    line = _error(answerable("ingest", "here.txt", "nowhere", "--index", "new", cwd=own))
    assert "cannot ingest nowhere: No such file or directory" in line


def test_unreadable_folder(own: Path) -> None:
    """Named, it is an error; met on the way, it is listed and the rest is taken in."""
    docs, closed = own / "docs", own / "docs" / "closed"
    closed.mkdir(parents=True)
    (docs / "open.txt").write_text("The gate opens at seven.")
    closed.chmod(0)
    try:
        named = _as_a_user("ingest", "docs/closed", "--index", "index", cwd=own)
        met = _as_a_user("ingest", "docs", "--index", "index", cwd=own)
    finally:
        closed.chmod(0o700)
    assert named.err.splitlines() == met.err.splitlines()
    assert (named.code, met.code) == (1, 1)
    assert met.out.startswith("1 added")
    assert met.err.splitlines() == [
        "failed docs/closed: cannot read this folder: Permission denied",
        "error: 1 of the files could not be indexed; the others are",
    ]


def _as_a_user(*arguments: str, cwd: Path) -> Run:
    """Run the command bound by file permissions, which root is not."""
    if os.geteuid() != 0:
        return answerable(*arguments, cwd=cwd)
    # The script's first line may name an interpreter in root's own home.
    program = [sys.executable, "-m", "answerable.cli", *arguments]
    run = run_process([sys.executable, "-c", WITHOUT_ROOTS_RIGHTS, *program], cwd=cwd)
    if "cannot drop the capability" in run.err:
        pytest.skip("root here may not give up its rights")
    return run


def test_index_of_another_model(own: Path) -> None:
    """Both models and the command that mends it are named; --rebuild needs no source files."""
    with sqlite3.connect(own / "index" / "index.sqlite3") as database:
        values = [("other", "encoder_name"), ("f" * 64, "encoder_sha256")]
        database.executemany("UPDATE manifest SET value = ? WHERE key = ?", values)
    database.close()
    line = _error(answerable("ask", QUESTION, "--index", "index", cwd=own))
    assert "other (ffffffffffff" in line and "all-MiniLM-L6-v2-int8" in line
    assert "answerable ingest --rebuild PATH" in line


@pytest.mark.parametrize("length", [0, 1, 100, 4096, 70_000, -4096, -1])
def test_truncated_database(own: Path, length: int) -> None:
    """However short, it is refused, and its bytes and its log are left for a rescue."""
    database = own / "index" / "index.sqlite3"
    log = database.with_name("index.sqlite3-wal")
    log.write_bytes(b"something worth saving")
    os.truncate(database, length if length >= 0 else database.stat().st_size + length)
    before = database.read_bytes()
    line = _error(answerable("search", "leave", "--index", "index", cwd=own))
    assert "index.sqlite3 is damaged" in line
    assert "restore it from a backup" in line
    assert (database.read_bytes(), log.read_bytes()) == (before, b"something worth saving")


def test_truncated_vector_file(own: Path) -> None:
    """The vectors are read from the database, with a notice, and the file is written anew."""
    (file,) = (own / "index" / "vectors").iterdir()
    whole = file.read_bytes()
    os.truncate(file, len(whole) // 2)
    run = answerable("ask", QUESTION, "--index", "index", cwd=own)
    assert run.code == 0
    assert "six" in run.out
    assert run.err == (
        f"warning: vector file {file.name} is not used (its checksum is wrong): "
        "the vectors are read from the database\n"
    )
    assert file.read_bytes() == whole
    again = answerable("ask", QUESTION, "--index", "index", cwd=own)
    assert (again.code, again.out, again.err) == (0, run.out, "")
