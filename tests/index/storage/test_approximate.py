"""Inverted lists against exact NumPy, through additions, deletions, filters, damage."""

import logging
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answerable.index import Filters
from answerable.index.local import LocalIndex
from answerable.index.storage import training
from answerable.index.storage.inverted_file import InvertedFile, VectorFileInvalid
from answerable.index.storage.store import PassageStore
from answerable.index.storage.training import lists_for
from answerable.index.storage.vector_log import generations as registered
from tests.fakes import HashEncoder
from tests.index.samples import contents
from tests.index.storage.small_lists import (
    DIMENSION,
    QUERIES,
    exact_ids,
    files,
    fill,
    ids_of,
    main_of,
    opened,
    recall,
    small_limits,
)


@settings(max_examples=8, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.integers(0, 6), st.integers(0, 5), st.booleans(), st.booleans()),
        min_size=1,
        max_size=4,
    ),
    keep=st.integers(1, 7),
)
def test_reading_all_lists_is_exact_through_every_change(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[int, int, bool, bool]],
    keep: int,
) -> None:
    """With all lists read and enough codes looked up, results are those of a full scan."""
    folder, encoder = tmp_path_factory.mktemp("vectors"), HashEncoder()
    with small_limits(target=2.0):  # never reached: reads everything
        index = LocalIndex.open(folder, encoder, create=True)
        expected = fill(index, 100, 60, publish=True)
        for seed, (n_added, n_removed, is_published, is_reopened) in enumerate(steps):
            expected |= fill(index, seed, n_added, publish=is_published)
            doomed = list(expected)[:: max(1, len(expected) // max(1, n_removed))][:n_removed]
            passages = index.passages(doomed, Filters())
            with index.writing() as writer:
                writer.remove([passage.document_id for passage in passages])
            for id_ in doomed:
                del expected[id_]
            if is_reopened:
                index.close()
                index = LocalIndex.open(folder, encoder)
            index.refresh()
            main_of(index)
            assert index._vectors.ids().tolist() == sorted(expected)
            permitted = np.array([id_ for id_ in expected if id_ % 7 < keep], dtype=np.int64)
            some = {int(id_): expected[int(id_)] for id_ in permitted}
            for query in QUERIES[:4]:
                hits = index._vectors.search(query, 9, None)
                assert ids_of(hits) == exact_ids(expected, query, 9)
                np.testing.assert_allclose(
                    [hit.score for hit in hits],
                    [float(expected[hit.passage_id] @ query) for hit in hits],
                    atol=1e-6,
                )
                assert ids_of(index._vectors.search(query, 9, permitted)) == exact_ids(
                    some, query, 9
                )
        index.close()


@pytest.mark.usefixtures("small_limits")
def test_recall_without_and_with_filters(
    index: LocalIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tuned search finds nearly all, and a filter costs nothing of it, however few it keeps."""
    monkeypatch.setattr("answerable.index.storage.approximate.MAX_READ_DIRECTLY", 0)
    vectors = fill(index, 1, 4000, publish=True, per_document=100)
    index.refresh()
    tuning = main_of(index)._file.tuning
    assert tuning.n_probed < lists_for(4000) // 2
    assert tuning.recall >= training.SAMPLED_SHARE - training.MAX_LOST
    # As questions are: near some passage, but no passage.
    queries = [0.75 * vectors[id_] + 0.66 * q for id_, q in zip(vectors, QUERIES, strict=False)]
    for keep in (1.0, 0.5, 0.05, 0.005):
        random = np.random.default_rng(0)
        permitted = np.array(sorted(id_ for id_ in vectors if random.random() < keep))
        some = {int(id_): vectors[int(id_)] for id_ in permitted}
        found = [ids_of(index._vectors.search(query, 10, permitted)) for query in queries]
        assert all(len(ids) == min(10, len(some)) for ids in found)
        assert recall(found, [exact_ids(some, query, 10) for query in queries]) >= 0.97


@pytest.mark.usefixtures("small_limits")
def test_lists_are_read_only_when_they_are_needed(index: LocalIndex) -> None:
    """Opening reads no list, a search those it looks through, a filter for few none."""
    vectors = fill(index, 1, 3000, publish=True, per_document=100)
    index.refresh()
    main = main_of(index)
    few = np.array(list(vectors)[:50])
    index._vectors.search(QUERIES[0], 5, few)
    assert not main._is_loaded.any()
    index._vectors.search(QUERIES[0], 5, None)
    assert 0 < main._is_loaded.sum() <= main._file.tuning.n_probed < len(main._is_loaded)


@pytest.mark.usefixtures("small_limits")
@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "remove"])
def test_damaged_file_is_noticed_before_it_answers(
    index: LocalIndex, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    """A damaged file is not used: the answers are those of the database."""
    vectors = fill(index, 1, 300, publish=True, per_document=10)
    (file,) = files(index)
    data = bytearray(file.read_bytes())
    if damage == "remove":
        file.unlink()
    elif damage == "flip":
        data[len(data) // 2] ^= 4  # in the codes
        file.write_bytes(data)
    else:
        file.write_bytes(data[: len(data) // 2 if damage == "cut" else 0])
    with caplog.at_level(logging.WARNING, "answerable"):
        reopened = opened(index)
        for query in QUERIES:
            assert ids_of(reopened.search(query, 10, None)) == exact_ids(vectors, query, 10)
    assert reopened.is_cache_stale
    assert f"vector file {file.name} is not used (" in caplog.text
    with index.writing() as writer:
        index.publish(writer)
    assert not opened(index).is_cache_stale


@pytest.mark.usefixtures("small_limits")
def test_every_flipped_byte_is_noticed(index: LocalIndex) -> None:
    """Whichever byte is flipped, the whole file is not believed, nor any list that has it."""
    fill(index, 1, 60, publish=True)
    (file,) = files(index)
    data = file.read_bytes()
    store = PassageStore(index.folder / "index.sqlite3")
    with store.reading() as db:
        (generation,) = registered(db)
    InvertedFile(file, generation.sha256).read_all()
    for position in range(0, len(data), 41):
        file.write_bytes(data[:position] + bytes([data[position] ^ 0x10]) + data[position + 1 :])
        with pytest.raises(VectorFileInvalid):
            InvertedFile(file, generation.sha256).read_all()
    store.close()


@pytest.mark.usefixtures("small_limits")
def test_file_cut_off_while_it_is_open(index: LocalIndex) -> None:
    """A file that loses its end under a running search costs the file, not the process."""
    vectors = fill(index, 1, 300, publish=True, per_document=10)
    reopened = opened(index)
    (file,) = files(index)
    with file.open("r+b") as handle:
        handle.truncate(file.stat().st_size // 2)
    for query in QUERIES:
        assert ids_of(reopened.search(query, 10, None)) == exact_ids(vectors, query, 10)
    assert reopened.is_cache_stale


@pytest.mark.usefixtures("small_limits")
def test_codes_of_another_faiss_are_not_used(
    index: LocalIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another version of FAISS might read the codes otherwise: they are made anew."""
    vectors = fill(index, 1, 100, publish=True)
    monkeypatch.setattr("faiss.__version__", "99.0")
    reopened = opened(index)
    assert reopened.is_cache_stale
    assert ids_of(reopened.search(QUERIES[0], 5, None)) == exact_ids(vectors, QUERIES[0], 5)
    with index.writing() as writer:
        index.publish(writer)
    assert not opened(index).is_cache_stale


@pytest.mark.usefixtures("small_limits")
def test_few_changes_are_not_written_and_many_are_merged(index: LocalIndex) -> None:
    """A publish after few changes writes nothing; after more it keeps the centroids."""
    fill(index, 1, 100, publish=True)
    (first,) = files(index)
    fill(index, 2, 2, publish=True)
    assert files(index) == [first]
    fill(index, 3, 8, publish=True)
    assert len(files(index)) == 2
    index.refresh()
    tuning = main_of(index)._file.tuning
    assert (tuning.n_trained, tuning.n_changed) == (100, 10)
    fill(index, 4, 60, publish=True)  # a merge: 10 changes before are not half of 100
    fill(index, 5, 4, publish=True)
    index.refresh()
    tuning = main_of(index)._file.tuning
    assert (tuning.n_trained, tuning.n_changed) == (174, 0)


@pytest.mark.usefixtures("small_limits")
def test_shrunk_index_becomes_exact(index: LocalIndex) -> None:
    """An index that lost most of its passages goes back to comparing all."""
    vectors = fill(index, 1, 60, publish=True)
    index.delete([document.id for document in index.documents(Filters())][:50])
    left = {id_: vectors[id_] for id_ in contents(index).vectors}
    assert len(left) == 10
    with pytest.raises(AssertionError):
        main_of(opened(index))
    assert ids_of(opened(index).search(QUERIES[0], 20, None)) == exact_ids(left, QUERIES[0], 20)


@pytest.mark.usefixtures("small_limits")
def test_searches_go_on_while_lists_are_replaced(index: LocalIndex) -> None:
    """Threads that search while files come and go never fail and never miss what stays."""
    vectors = fill(index, 1, 200, publish=True, per_document=10)
    # Near vectors that stay, so that each must be found first.
    kept = dict(list(vectors.items())[:20])
    is_over, failures = threading.Event(), []

    def search() -> None:
        while not is_over.is_set():
            for id_, vector in kept.items():
                hits = index.dense_search(vector, 1, Filters())
                if ids_of(hits) != [id_]:
                    failures.append((id_, hits))

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for seed in range(2, 8):
        fill(index, seed, 30, publish=True, per_document=10)
    is_over.set()
    for thread in threads:
        thread.join()
    assert failures == []


def test_query_that_is_no_number(index: LocalIndex, small_limits: None) -> None:
    """A vector of NaN finds something or nothing, and does not end the process."""
    fill(index, 1, 100, publish=True)
    index.refresh()
    hits = index._vectors.search(np.full(DIMENSION, np.nan, dtype=np.float32), 3, None)
    assert len(hits) <= 3


def test_lists_grow_with_the_root() -> None:
    """The number of lists is a power of two near 4 times the root of the vectors."""
    assert [lists_for(n) for n in (0, 1, 50_000, 1_000_000, 10**12)] == [16, 16, 1024, 4096, 65536]
