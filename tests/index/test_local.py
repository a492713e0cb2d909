"""Opening an index: what is refused, how it is said, and what readers see while one writes."""

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from answerable.index import (
    AnswerableError,
    Filters,
    IndexDamaged,
    IndexLocked,
    IndexModelMismatch,
    IndexNotFound,
)
from answerable.index import local as local_module
from answerable.index.local import LocalIndex
from answerable.index.storage.lock import WriterLock
from tests.fakes import HashEncoder
from tests.index.samples import put_texts

EVERYTHING = Filters()
ROOT = Path(__file__).resolve().parent.parent.parent
ADD_ONE = """
import sys
from pathlib import Path
from answerable.index.local import LocalIndex
from tests.fakes import HashEncoder
from tests.index.samples import put_texts
encoder = HashEncoder()
with LocalIndex.open(Path(sys.argv[1]), encoder) as index:
    put_texts(index, encoder, {"other": ["from another process"]}, publish=True)
"""


def _database(folder: Path) -> Path:
    return folder / "index.sqlite3"


def test_creating_and_opening_again(tmp_path: Path, encoder: HashEncoder) -> None:
    """A new index is private to its owner and opens again without ``create``."""
    folder = tmp_path / "deep" / "index"
    with LocalIndex.open(folder, encoder, create=True) as index:
        put_texts(index, encoder, {"a": ["one"]})
    assert folder.stat().st_mode & 0o777 == 0o700
    with LocalIndex.open(folder, encoder) as index:
        assert index.stats().n_documents == 1
        assert index.manifest.encoder_name == "hash"
    with LocalIndex.open(folder, encoder, create=True) as index:
        assert index.stats().n_documents == 1


@pytest.mark.parametrize("make_folder", [False, True])
def test_no_index(tmp_path: Path, encoder: HashEncoder, make_folder: bool) -> None:
    """A missing or empty folder is not an index, is told what to run, and is not touched."""
    folder = tmp_path / "index"
    if make_folder:
        folder.mkdir()
    with pytest.raises(IndexNotFound, match="make one with `answerable ingest PATH`"):
        LocalIndex.open(folder, encoder)
    assert folder.exists() == make_folder
    assert not make_folder or not list(folder.iterdir())


def test_folder_is_a_file(tmp_path: Path, encoder: HashEncoder) -> None:
    """A file where the folder should be is one clear error."""
    (tmp_path / "index").write_text("")
    with pytest.raises(AnswerableError, match="cannot make the index folder"):
        LocalIndex.open(tmp_path / "index", encoder, create=True)


def test_other_model_is_refused(index: LocalIndex) -> None:
    """Another model, or another length of vector, is refused with both names and the remedy."""
    expected = (
        r"made with the model hash \(.*32 wide\), and this is other \(.*`answerable ingest --"
    )
    with pytest.raises(IndexModelMismatch, match=expected):
        LocalIndex.open(index.folder, HashEncoder("other"))
    with pytest.raises(IndexModelMismatch, match="64 wide"):
        LocalIndex.open(index.folder, HashEncoder(dimension=64), create=True)


def test_other_splitter_is_refused(
    index: LocalIndex, encoder: HashEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Passages cut by another splitter are refused with the remedy."""
    monkeypatch.setattr(local_module, "SPLITTER_VERSION", 99)
    with pytest.raises(IndexModelMismatch, match="this is splitter 99: embed"):
        LocalIndex.open(index.folder, encoder)


def test_newer_schema_is_refused(index: LocalIndex, encoder: HashEncoder) -> None:
    """An index of a later version is refused and not touched."""
    with index.writing() as writer:
        writer._db.table("migrations").insert({"number": 99, "name": "later"})
    with pytest.raises(IndexModelMismatch, match=r"newer Answerable \(schema 99"):
        LocalIndex.open(index.folder, encoder)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:50],
        lambda data: data[: len(data) // 2],
        lambda data: data[: len(data) - 1024],
        lambda data: b"this is no database at all" * 500,
        lambda data: data[:16] + b"\xff" * 84 + data[100:],
    ],
    ids=["empty", "header cut", "half", "end cut", "other file", "header gone"],
)
def test_damaged_database(
    tmp_path: Path, encoder: HashEncoder, damage: Callable[[bytes], bytes]
) -> None:
    """A damaged database is IndexDamaged, on one line, and the file stays as it is."""
    folder = tmp_path / "index"
    with LocalIndex.open(folder, encoder, create=True) as index:
        put_texts(index, encoder, {str(i): [f"text {i}" * 50] for i in range(20)})
    damaged = damage(_database(folder).read_bytes())
    _database(folder).write_bytes(damaged)
    for create in (False, True):
        with pytest.raises(IndexDamaged) as caught:
            LocalIndex.open(folder, encoder, create=create)
        assert "\n" not in str(caught.value)
    assert _database(folder).read_bytes() == damaged


def test_database_of_something_else(tmp_path: Path, encoder: HashEncoder) -> None:
    """A sound SQLite file that is no index is IndexDamaged as well."""
    with sqlite3.connect(_database(tmp_path)) as connection:
        connection.execute("CREATE TABLE other (x)")
    connection.close()
    with pytest.raises(IndexDamaged, match="no such table: manifest"):
        LocalIndex.open(tmp_path, encoder)


def test_manifest_without_an_entry(index: LocalIndex, encoder: HashEncoder) -> None:
    """An index that does not say what it holds is IndexDamaged."""
    with index.writing() as writer:
        writer._db.execute("DELETE FROM manifest WHERE key = 'dimension'")
    with pytest.raises(IndexDamaged, match="does not say what it holds: 'dimension'"):
        LocalIndex.open(index.folder, encoder)


def test_page_cut_off_but_whole_in_the_log(index: LocalIndex, encoder: HashEncoder) -> None:
    """A disk that fills up while the log is folded in damages nothing: the log has the page."""
    database = _database(index.folder)
    with index._store.reading() as db:
        db.execute("SELECT 1 FROM documents").fetchall()  # keeps the log from being folded in
        put_texts(index, encoder, {str(i): [f"text {i} " * 50] for i in range(20)})
    with database.open("ab") as file:
        file.write(b"the beginning of a page")
    with LocalIndex.open(index.folder, encoder) as reopened:
        assert reopened.stats().n_documents == 20
        with reopened.writing():  # folds it in when it ends
            pass
    assert database.stat().st_size % 4096 == 0


def test_database_is_a_folder(tmp_path: Path, encoder: HashEncoder) -> None:
    """A folder in the database's place is one clear error, and stays."""
    _database(tmp_path).mkdir()
    with pytest.raises(AnswerableError, match=r"cannot make the index folder .*: Is a directory"):
        LocalIndex.open(tmp_path, encoder, create=True)
    assert _database(tmp_path).is_dir()


def test_vector_of_wrong_length(index: LocalIndex, encoder: HashEncoder) -> None:
    """A stored vector of another length is IndexDamaged, not a wrong answer."""
    put_texts(index, encoder, {"a": ["one"]})
    with index.writing() as writer:
        writer._db.execute("UPDATE vectors SET vector = x'00000000'")
    with pytest.raises(IndexDamaged, match="passage 1 is not 32 wide"):
        LocalIndex.open(index.folder, encoder)


def test_log_without_its_database(index: LocalIndex, encoder: HashEncoder) -> None:
    """A log is never replayed into a new database that takes the lost one's name."""
    with index._store.reading() as db:
        db.execute("SELECT * FROM manifest").fetchall()  # a reader keeps the log from ending
        put_texts(index, encoder, {"a": ["one"]})
    _database(index.folder).rename(index.folder / "moved")
    with pytest.raises(IndexDamaged, match=r"missing but its log index.sqlite3-wal is there"):
        LocalIndex.open(index.folder, encoder, create=True)


def test_other_process_is_seen_at_once(index: LocalIndex, encoder: HashEncoder) -> None:
    """What another process commits is found by the next search, words and vectors."""
    query = encoder.encode(["from another process"])[0]
    assert index.dense_search(query, 1, EVERYTHING) == []
    subprocess.run([sys.executable, "-c", ADD_ONE, str(index.folder)], cwd=ROOT, check=True)
    assert [hit.passage_id for hit in index.dense_search(query, 1, EVERYTHING)] == [1]
    assert [hit.passage_id for hit in index.lexical_search(["process"], 1, EVERYTHING)] == [1]


def test_rebuilt_by_another_model_under_a_reader(index: LocalIndex, encoder: HashEncoder) -> None:
    """A reader whose index was rebuilt with another model stops instead of mixing vectors."""
    with index.writing() as writer:
        writer._db.execute("UPDATE manifest SET value = 'x' WHERE key = 'encoder_sha256'")
        writer._db.execute("INSERT INTO changes (op, passage_id) VALUES ('delete', 1)")
    with pytest.raises(IndexModelMismatch):
        index.dense_search(encoder.encode(["x"])[0], 1, EVERYTHING)
    with pytest.raises(IndexModelMismatch), index.writing():
        pass


def test_closing_leaves_all_in_one_file(index: LocalIndex, encoder: HashEncoder) -> None:
    """After a write the log is empty: the database file alone is the whole index."""
    put_texts(index, encoder, {"a": ["one"]})
    assert (index.folder / "index.sqlite3-wal").stat().st_size == 0
    with LocalIndex.open(index.folder, encoder) as reopened:
        assert reopened.stats().n_documents == 1


def test_searching_while_another_writes(index: LocalIndex, encoder: HashEncoder) -> None:
    """The writer lock stops writers only: searching goes on, and removing says who writes."""
    put_texts(index, encoder, {"a": ["one"]})
    with WriterLock(index.folder):
        assert len(index.lexical_search(["one"], 1, EVERYTHING)) == 1
        with LocalIndex.open(index.folder, encoder) as second:
            assert len(second.dense_search(encoder.encode(["one"])[0], 1, EVERYTHING)) == 1
        with pytest.raises(IndexLocked, match=f"process {os.getpid()}"):
            index.delete([1])


def test_threads_read_while_one_writes(index: LocalIndex, encoder: HashEncoder) -> None:
    """Threads that search during writes see whole documents and never an error."""
    query = encoder.encode(["left right"])[0]
    stop, failures = threading.Event(), list[str]()

    def read() -> None:
        while not stop.is_set():
            hits = index.dense_search(query, 100, EVERYTHING)
            found = index.passages([hit.passage_id for hit in hits], EVERYTHING)
            if len(found) % 2:
                failures.append(f"half a document: {len(found)} passages")

    readers = [threading.Thread(target=read) for _ in range(3)]
    for thread in readers:
        thread.start()
    try:
        for i in range(15):
            put_texts(index, encoder, {str(i): ["left", "right"]}, publish=i % 5 == 0)
    finally:
        stop.set()
        for thread in readers:
            thread.join()
    assert failures == []
    assert len(index.dense_search(query, 100, EVERYTHING)) == 30
