"""FAISS against exact NumPy, through additions, deletions, filters and damage."""

import logging
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answerable.index import Filters, ScoredPassage, Vectors
from answerable.index.local import LocalIndex
from answerable.index.storage import vectors as vectors_module
from answerable.index.storage.store import PassageStore
from answerable.index.storage.vectors import VectorIndex
from tests.fakes import HashEncoder
from tests.index.samples import contents, new_document, put, unit_vectors

DIMENSION = 32
QUERIES = unit_vectors(99, 5, DIMENSION)


def _exact(vectors: dict[int, Vectors], query: Vectors, k: int) -> list[ScoredPassage]:
    """Return what a full scan finds."""
    scored = [ScoredPassage(id_, float(vector @ query)) for id_, vector in vectors.items()]
    return sorted(scored, key=lambda hit: (-hit.score, hit.passage_id))[:k]


def _assert_exact(
    index: LocalIndex, vectors: dict[int, Vectors], k: int, filters: Filters | None = None
) -> None:
    for query in QUERIES:
        actual = index.dense_search(query, k, filters or Filters())
        expected = _exact(vectors, query, k)
        assert [hit.passage_id for hit in actual] == [hit.passage_id for hit in expected]
        np.testing.assert_allclose(
            [hit.score for hit in actual], [hit.score for hit in expected], atol=1e-5
        )


def _fill(index: LocalIndex, seed: int, n: int, *, publish: bool) -> dict[int, Vectors]:
    """Add n documents of one passage each; return their vectors by passage id."""
    before = set(contents(index).passages)
    vectors = unit_vectors(seed, n, DIMENSION)
    put(index, [new_document(f"{seed}-{i}", ["x"]) for i in range(n)], vectors, publish=publish)
    ids = sorted(set(contents(index).passages) - before)
    return dict(zip(ids, vectors, strict=True))


def _reopened(index: LocalIndex) -> VectorIndex:
    store = PassageStore(index.folder / "index.sqlite3")
    try:
        return VectorIndex(store, index.folder, index.manifest)
    finally:
        store.close()


def _file(index: LocalIndex) -> Path:
    (file,) = (index.folder / "vectors").iterdir()
    return file


@settings(max_examples=15, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.integers(0, 6), st.integers(0, 4), st.booleans(), st.booleans()),
        min_size=1,
        max_size=5,
    )
)
def test_follows_every_change(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, int, bool, bool]]
) -> None:
    """After additions and removals, published or not, reopened or not, search is exact."""
    folder, encoder = tmp_path_factory.mktemp("vectors"), HashEncoder()
    index = LocalIndex.open(folder, encoder, create=True)
    expected: dict[int, Vectors] = {}
    for seed, (n_added, n_removed, publish, reopen) in enumerate(steps):
        expected |= _fill(index, seed, n_added, publish=publish)
        doomed = list(expected)[:n_removed]
        passages = index.passages(doomed, Filters())
        with index.writing() as writer:
            writer.remove([passage.document_id for passage in passages])
        for id_ in doomed:
            del expected[id_]
        if reopen:
            index.close()
            index = LocalIndex.open(folder, encoder)
        _assert_exact(index, expected, 4)
        assert index._vectors.ids().tolist() == sorted(expected)
        assert contents(index).passages == contents(index).vectors == contents(index).words
    index.close()


def test_filters_never_under_return(index: LocalIndex) -> None:
    """With k permitted passages there are k hits, however many forbidden ones are nearer."""
    vectors = unit_vectors(1, 60, DIMENSION)
    documents = [
        new_document(
            str(i),
            ["x"],
            collection="red" if i % 3 else "blue",
            principals=("user:ann",) if i % 2 else ("public",),
        )
        for i in range(60)
    ]
    put(index, documents[:40], vectors[:40], publish=True)
    put(index, documents[40:], vectors[40:])
    for collection in (None, "red", "blue", "green"):
        for principals in (None, (), ("user:ann",), ("user:bob",)):
            permitted = {
                i + 1: vectors[i]
                for i, document in enumerate(documents)
                if collection in (None, document.collection)
                and (
                    principals is None or {"public", *principals}.intersection(document.principals)
                )
            }
            filters = Filters(
                collections=None if collection is None else (collection,), principals=principals
            )
            _assert_exact(index, permitted, 7, filters)
            _assert_exact(index, permitted, 100, filters)


def test_forbidden_passages_never_appear(index: LocalIndex, encoder: HashEncoder) -> None:
    """A passage that is withdrawn from someone is gone from every kind of reading at once."""
    put(index, [new_document("secret", ["the merger"], principals=("group:board",))], encoder)
    (info,) = index.documents(Filters())
    query = encoder.encode(["the merger"])[0]
    board, nobody = Filters(principals=("group:board",)), Filters(principals=())
    assert [hit.passage_id for hit in index.dense_search(query, 1, board)] == [1]
    with index.writing() as writer:
        writer.set_principals(info.id, ["group:audit"])
    for filters in (board, nobody):
        assert index.dense_search(query, 1, filters) == []
        assert index.lexical_search(["merger"], 1, filters) == []
        assert index.passages([1], filters) == []
        assert index.document_infos([info.id], filters) == []
        assert index.documents(filters) == []


def test_empty_index_and_k_of_nothing(index: LocalIndex) -> None:
    """An empty index finds nothing, and so does k of 0."""
    assert index.dense_search(QUERIES[0], 5, Filters()) == []
    _fill(index, 1, 3, publish=False)
    assert index.dense_search(QUERIES[0], 0, Filters()) == []


def test_too_many_changes_are_not_replayed(
    index: LocalIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Past the limit the main index is read anew, and the results stay exact."""
    monkeypatch.setattr(vectors_module, "MAX_REPLAYED", 4)
    expected = _fill(index, 1, 3, publish=True)
    _assert_exact(index, expected, 5)
    expected |= _fill(index, 2, 9, publish=False)
    _assert_exact(index, expected, 5)
    assert index._vectors._snapshot.added == ()


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "remove", "swap"])
def test_damaged_file_is_noticed_and_mended(
    index: LocalIndex, encoder: HashEncoder, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    """A vector file that is not the one registered is not used, and one is written that is."""
    expected = _fill(index, 1, 30, publish=True)
    file = _file(index)
    data = file.read_bytes()
    damaged = {
        "flip": data[:200] + bytes([data[200] ^ 1]) + data[201:],
        "cut": data[: len(data) // 2],
        "empty": b"",
        "swap": data.replace(data[200:204], data[204:208]),
    }
    if damage == "remove":
        file.unlink()
    else:
        file.write_bytes(damaged[damage])
    with (
        caplog.at_level(logging.WARNING, "answerable"),
        LocalIndex.open(index.folder, encoder) as reopened,
    ):
        _assert_exact(reopened, expected, 10)
    (record,) = caplog.records
    assert record.getMessage().startswith(f"vector file {file.name} is not used (")
    caplog.clear()
    assert not _reopened(index).is_cache_stale
    assert not caplog.records


def test_every_single_flipped_byte_is_noticed(index: LocalIndex) -> None:
    """Whichever byte of a vector file is flipped, the file is not believed."""
    _fill(index, 1, 2, publish=True)
    file = _file(index)
    data = file.read_bytes()
    for position in range(0, len(data), 3):
        file.write_bytes(data[:position] + bytes([data[position] ^ 0x10]) + data[position + 1 :])
        assert _reopened(index).is_cache_stale


def test_file_of_another_encoder_is_not_used(index: LocalIndex) -> None:
    """A generation registered for another encoder is passed over."""
    expected = _fill(index, 1, 5, publish=True)
    with index.writing() as writer:
        writer._db.execute("UPDATE generations SET encoder_sha256 = 'other'")
    reopened = _reopened(index)
    assert reopened.is_cache_stale
    assert reopened.ids().tolist() == sorted(expected)


def test_two_generations_are_kept_and_the_rest_swept(index: LocalIndex) -> None:
    """Publishing leaves the last two files, and none that the database does not know."""
    stray = index.folder / "vectors" / ".tmp-1-dead"
    for seed in range(4):
        expected = _fill(index, seed, 2, publish=True)
        stray.write_bytes(b"left by a crash")
    expected = _fill(index, 5, 2, publish=True) | expected
    names = sorted(file.name for file in (index.folder / "vectors").iterdir())
    assert [name.split("-")[1] for name in names] == ["10", "8"]
    assert index._vectors.is_behind()
    index.refresh()
    assert not index._vectors.is_behind()


def test_older_file_serves_when_the_newest_is_damaged(index: LocalIndex) -> None:
    """The file before the newest, brought up to date from the log, gives the same results."""
    expected = _fill(index, 1, 5, publish=True)
    expected |= _fill(index, 2, 5, publish=True)
    newest = max((index.folder / "vectors").iterdir(), key=lambda f: int(f.name.split("-")[1]))
    newest.write_bytes(b"")
    reopened = _reopened(index)
    assert reopened._snapshot.main_seq == 5
    assert reopened.ids().tolist() == sorted(expected)


def test_vector_file_that_cannot_be_written_is_a_warning(
    index: LocalIndex, caplog: pytest.LogCaptureFixture
) -> None:
    """What is committed stays a success when its copy for fast opening cannot be written."""
    (index.folder / "vectors").write_text("in the way")
    with caplog.at_level(logging.WARNING, "answerable"):
        expected = _fill(index, 1, 3, publish=True)
    (record,) = caplog.records
    assert "no vector file was written" in record.getMessage()
    assert "nothing is lost" in record.getMessage()
    assert _reopened(index).ids().tolist() == sorted(expected)


def test_folder_among_the_vector_files_is_left_alone(index: LocalIndex) -> None:
    """Sweeping deletes files only."""
    (index.folder / "vectors").mkdir()
    (index.folder / "vectors" / "mine").mkdir()
    _fill(index, 1, 3, publish=True)
    assert (index.folder / "vectors" / "mine").is_dir()
    assert not _reopened(index).is_cache_stale


def test_publishing_nothing_new_writes_nothing(index: LocalIndex) -> None:
    """A second publish without a change leaves the file alone."""
    _fill(index, 1, 2, publish=True)
    before = _file(index).stat()
    with index.writing() as writer:
        index.publish(writer)
    assert _file(index).stat() == before
