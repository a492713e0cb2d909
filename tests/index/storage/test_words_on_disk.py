"""Word files follow the database, are believed only when sound, and are made anew otherwise."""

import logging
from pathlib import Path

import pytest

from answerable.index import Filters, MemoryIndex, NewDocument, reembed
from answerable.index.local import LocalIndex
from answerable.index.storage import segment_files, word_index
from answerable.index.storage.word_log import word_generations
from tests.fakes import HashEncoder
from tests.index.samples import contents, new_document, put

EVERYTHING = Filters()
QUERY = ["common", "rare3", "rare7"]


def _document(number: int) -> NewDocument:
    return new_document(f"d{number}", [f"common words and rare{number}"])


def _fill(index: LocalIndex, numbers: range, *, publish: bool = True) -> None:
    put(index, [_document(n) for n in numbers], HashEncoder(), publish=publish)


def _expected(numbers: list[int]) -> MemoryIndex:
    memory = MemoryIndex()
    for number in numbers:
        document = _document(number)
        memory.add([document], HashEncoder().encode(["x"]))
    return memory


def _files(index: LocalIndex) -> list[Path]:
    return sorted((index.folder / "words").iterdir())


def _assert_all_found(folder: Path, n: int) -> None:
    with LocalIndex.open(folder, HashEncoder()) as index:
        found = index.lexical_search(QUERY, 100, EVERYTHING)
        assert found == _expected(list(range(n))).lexical_search(QUERY, 100, EVERYTHING)
        assert len(found) == n


def _flipped(data: bytes, position: int) -> bytes:
    return data[:position] + bytes([data[position] ^ 0x10]) + data[position + 1 :]


@pytest.mark.parametrize("damage", ["header", "cut", "empty", "remove", "swap", "old"])
def test_damaged_file_is_noticed_and_mended(
    index: LocalIndex,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    damage: str,
) -> None:
    """A file that is not the one registered is not used, and one is written that is."""
    _fill(index, range(10))
    (file,) = _files(index)
    data = file.read_bytes()
    if damage == "remove":
        file.unlink()
    elif damage == "old":
        monkeypatch.setattr(segment_files, "ANALYSIS_VERSION", 99)
    else:
        file.write_bytes(
            {
                "header": _flipped(data, 60),
                "cut": data[:-1],
                "empty": b"",
                "swap": data.replace(b"answerable", b"unanswered"),
            }[damage]
        )
    with caplog.at_level(logging.WARNING, "answerable"):
        _assert_all_found(index.folder, 10)
        (record,) = caplog.records
        assert "they are made anew" in record.getMessage()
        caplog.clear()
        _assert_all_found(index.folder, 10)
        assert not caplog.records


def test_every_single_flipped_byte_is_harmless(index: LocalIndex) -> None:
    """Whichever byte of a word file is flipped, the results are those of the texts."""
    _fill(index, range(4))
    (file,) = _files(index)
    data = file.read_bytes()
    for position in range(0, len(data), 7):
        file.write_bytes(_flipped(data, position))
        _assert_all_found(index.folder, 4)


def test_damage_under_a_running_search_is_mended(
    index: LocalIndex, caplog: pytest.LogCaptureFixture
) -> None:
    """A list is compared at its first use; a wrong one is made anew from the texts."""
    _fill(index, range(10))
    (file,) = _files(index)
    with LocalIndex.open(index.folder, HashEncoder()) as other:
        assert len(other.lexical_search(["rare1"], 9, EVERYTHING)) == 1
        data = file.read_bytes()
        with file.open("r+b") as opened:  # in place: the mapping sees it
            opened.write(data[:-30] + bytes(30))
        with caplog.at_level(logging.WARNING, "answerable"):
            assert len(other.lexical_search(["common"], 100, EVERYTHING)) == 10
            assert len(other.lexical_search(QUERY, 100, EVERYTHING)) == 10
        assert len(caplog.records) == 1
    _assert_all_found(index.folder, 10)


def test_small_files_become_larger_ones(index: LocalIndex) -> None:
    """However often is published, files are few, and removed passages leave them in the end."""
    for number in range(30):
        _fill(index, range(number, number + 1))
    assert len(_files(index)) <= 6  # two generations of a few files
    _assert_all_found(index.folder, 30)
    index.delete(range(1, 30))
    with index._store.reading() as db:
        newest, _ = word_generations(db)
        assert newest.removed == ()
        assert db.execute("SELECT count(*) FROM removed_passages").fetchone() == (29,)
    assert contents(index).words == [30]


def test_removed_passages_stay_removed_after_reopening(index: LocalIndex) -> None:
    """A few removals do not rewrite a file; they are remembered beside it."""
    _fill(index, range(20))
    before = _files(index)
    assert index.delete([3]) == 1
    assert _files(index) == before
    with LocalIndex.open(index.folder, HashEncoder()) as other:
        found = other.lexical_search(["common"], 100, EVERYTHING)
        assert [hit.passage_id for hit in found] == [i for i in range(1, 21) if i != 3]
    assert contents(index).words == contents(index).passages


def test_all_removed(index: LocalIndex) -> None:
    """An index whose last document goes has no words, and takes new ones."""
    _fill(index, range(3))
    index.delete([1, 2, 3])
    assert index.lexical_search(["common"], 5, EVERYTHING) == []
    assert contents(index).words == []
    _fill(index, range(1))
    assert len(index.lexical_search(["common"], 5, EVERYTHING)) == 1


def test_reader_follows_a_log_that_was_trimmed(index: LocalIndex) -> None:
    """A reader that missed several generations reads the newest."""
    _fill(index, range(5))
    with LocalIndex.open(index.folder, HashEncoder()) as reader:
        assert len(reader.lexical_search(["common"], 9, EVERYTHING)) == 5
        for document_id in (1, 2, 3):
            index.delete([document_id])
        found = reader.lexical_search(["common"], 9, EVERYTHING)
        assert [hit.passage_id for hit in found] == [4, 5]


def test_words_that_cannot_be_written_are_a_warning(
    index: LocalIndex, caplog: pytest.LogCaptureFixture
) -> None:
    """What is committed stays a success when its word file cannot be written."""
    (index.folder / "words").write_text("in the way")
    with caplog.at_level(logging.WARNING, "answerable"):
        _fill(index, range(3))
    (record,) = caplog.records
    assert "no word file was written" in record.getMessage()
    assert len(index.lexical_search(["common"], 9, EVERYTHING)) == 3


def test_foreign_files_are_left_alone(index: LocalIndex) -> None:
    """Sweeping deletes word files that the database does not know, and nothing else."""
    folder = index.folder / "words"
    folder.mkdir()
    for name in ("mine.txt", "w-1-1-dead.words", ".tmp-1-dead"):
        (folder / name).write_text("x")
    _fill(index, range(3))
    assert {"mine.txt"} == {f.name for f in _files(index)} - {f.name for f in folder.glob("w-*")}
    assert len(list(folder.glob("w-*"))) == 1


def test_memory_stays_bounded_while_publishing(
    index: LocalIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many new passages are written a part at a time, with the same result."""
    monkeypatch.setattr(word_index, "BUILD_PASSAGES", 3)
    monkeypatch.setattr(word_index, "PUBLISH_PASSAGES", 6)
    _fill(index, range(40))
    _assert_all_found(index.folder, 40)


def test_reader_of_an_older_snapshot_begins_again(index: LocalIndex) -> None:
    """Words of a later commit are never mixed with the permissions of an earlier one."""
    _fill(index, range(2))
    words = index._words._index
    with index._store.reading() as old:
        assert old.execute("SELECT count(*) FROM documents").fetchone() == (2,)
        _fill(index, range(2, 5))
        with words.reading() as (_, later):
            assert later.last_passage == 5
        assert words._at(old) is None
    assert len(index.lexical_search(["common"], 9, EVERYTHING)) == 5


def test_reembedded_index_has_its_words_on_disk(index: LocalIndex) -> None:
    """Embedding again gives passages new ids; their words are written with the vectors."""
    _fill(index, range(5))
    index.close()
    assert reembed(index.folder, HashEncoder("other"), lambda _: None) == 5
    with LocalIndex.open(index.folder, HashEncoder("other")) as again:
        assert len(again.lexical_search(["common"], 9, EVERYTHING)) == 5
        assert not again._words.is_cache_stale
        with again._words._index.reading() as (_, snapshot):
            assert [part.file is not None for part in snapshot.parts] == [True]
