"""What ``check_index`` finds, and what ``mend`` puts right."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from answerable.index import Filters, IndexNotFound, check_index, checking
from answerable.index.local import LocalIndex
from answerable.index.storage.database import DATABASE_NAME
from tests.fakes import HashEncoder
from tests.index.samples import put_texts

Damage = Callable[[Path], object]
QUERY = ("rule",)


@pytest.fixture
def folder(tmp_path: Path, encoder: HashEncoder) -> Path:
    """The folder of a sound index, closed."""
    folder = tmp_path / "index"
    with LocalIndex.open(folder, encoder, create=True) as index:
        texts = {f"{i}.txt": [f"Rule {i} is about ink.", "A second one."] for i in range(9)}
        put_texts(index, encoder, texts)
        with index.writing() as writer:
            index.publish(writer)
    return folder


def _levels(folder: Path) -> dict[str, str]:
    """Return what is not sound, less the library, which is this machine's."""
    return {
        finding.check: finding.level
        for finding in check_index(folder)
        if finding.level != "sound" and finding.check != "sqlite"
    }


def _sql(script: str) -> Damage:
    def damage(folder: Path) -> None:
        with sqlite3.connect(folder / DATABASE_NAME) as db:
            db.executescript(script)
        db.close()

    return damage


def _file(pattern: str, change: Callable[[Path], object]) -> Damage:
    def damage(folder: Path) -> None:
        change(max(folder.glob(pattern)))

    return damage


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


def _flip_last(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 0xFF
    path.write_bytes(data)


def test_sound_index(folder: Path) -> None:
    """A sound index has nothing to say but what each check looked at, and is left as it was."""
    # SQLite's own notes on who reads come and go.
    files = [
        path for path in folder.rglob("*") if path.suffix not in (".sqlite3-shm", ".sqlite3-wal")
    ]
    before = {path: path.stat().st_mtime_ns for path in files}
    assert _levels(folder) == {}
    assert {finding.check for finding in check_index(folder)} == {
        "sqlite",
        "access",
        "disk",
        "database",
        "texts",
        "vectors",
        "vector file",
        "word files",
        "files",
    }
    assert {path: path.stat().st_mtime_ns for path in files} == before


def test_empty_index(index: LocalIndex) -> None:
    """An index without documents is sound."""
    assert set(_levels(index.folder).values()) <= {"warning"}


def test_no_index(tmp_path: Path) -> None:
    """Where there is none, that is an error."""
    with pytest.raises(IndexNotFound):
        list(check_index(tmp_path))


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (_file("vectors/*", _flip), {"vector file": "wrong"}),
        (_file("vectors/*", Path.unlink), {"vector file": "wrong"}),
        (_file("words/*", _flip_last), {"word files": "wrong"}),
        (_file("words/*", Path.unlink), {"word files": "wrong"}),
        (lambda folder: (folder / "vectors" / "old.faiss").touch(), {"files": "warning"}),
        (lambda folder: folder.chmod(0o755), {"access": "warning"}),
        (_sql("DELETE FROM generations"), {"vector file": "warning", "files": "warning"}),
    ],
    ids=["vectors", "no-vectors", "words", "no-words", "stray", "access", "unregistered"],
)
def test_what_is_derived_is_mended(
    damage: Damage, expected: dict[str, str], folder: Path, encoder: HashEncoder
) -> None:
    """Files that come from the database are found wrong, made anew, and then sound."""
    damage(folder)
    assert _levels(folder) == expected
    assert all(
        finding.can_be_mended for finding in check_index(folder) if finding.check in expected
    )
    with LocalIndex.open(folder, encoder) as index:
        index.mend()
        assert len(index.lexical_search(QUERY, 20, Filters())) == 9
    assert _levels(folder) == {}


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (_sql("PRAGMA foreign_keys = OFF; DELETE FROM vectors WHERE passage_id = 3"), "vectors"),
        (_sql("UPDATE vectors SET vector = x'00' WHERE passage_id = 3"), "vectors"),
        (_sql(f"UPDATE vectors SET vector = x'{'00' * 124}0000c07f' WHERE passage_id = 3"), "vectors"),
        (_sql("UPDATE passages SET text = 'other' WHERE id = 3"), "texts"),
        (_sql("PRAGMA foreign_keys = OFF; DELETE FROM documents WHERE id = 2"), "database"),
        (_file(DATABASE_NAME, lambda path: path.write_bytes(path.read_bytes()[:5000])), "database"),
        (_file(DATABASE_NAME, lambda path: path.write_bytes(b"no database" * 1000)), "database"),
    ],
    ids=["no-vector", "narrow", "not-a-number", "text", "orphans", "cut-off", "other-file"],
)  # fmt: skip
def test_what_cannot_be_mended_says_what_to_do(damage: Damage, expected: str, folder: Path) -> None:
    """What documents are made of is not guessed at: the finding names the way out."""
    damage(folder)
    found = {one.check: one for one in check_index(folder) if one.level == "wrong"}
    assert expected in found
    assert not found[expected].can_be_mended
    assert any(word in found[expected].text for word in ("ingest", "backup"))


def test_little_room(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is nearly full is worth a warning."""
    monkeypatch.setattr(checking, "LEAST_FREE_BYTES", 1 << 60)
    assert _levels(folder) == {"disk": "warning"}
