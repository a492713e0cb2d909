"""An index in a process that lives on: vector files trained and mended beside searches."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from answerable.index import Filters, Vectors
from answerable.index.local import LocalIndex
from answerable.index.storage import background, generations, training
from answerable.index.storage.approximate import ApproximateVectors
from answerable.index.storage.background import BackgroundTraining
from answerable.index.storage.inverted import InvertedLists
from answerable.index.storage.store import PassageStore
from tests.fakes import HashEncoder
from tests.index.samples import contents
from tests.index.storage.small_lists import (
    QUERIES,
    exact_ids,
    files,
    fill,
    ids_of,
    main_of,
    opened,
    small_limits,
)

EVERYTHING = Filters()


@pytest.fixture(autouse=True)
def _small_limits() -> object:
    """Make inverted lists from 40 vectors on."""
    with small_limits():
        yield


def _work(index: LocalIndex) -> BackgroundTraining:
    assert index._training is not None
    return index._training


def _is_approximate(index: LocalIndex) -> bool:
    index.refresh()
    return isinstance(index._vectors._snapshot.main, ApproximateVectors)


def _flip(file: Path) -> None:
    """Damage the codes of a file, which opening it does not read."""
    data = bytearray(file.read_bytes())
    for position in range(len(data) // 2, len(data) - 1000, 64):
        data[position] ^= 4
    file.write_bytes(data)


def _searched(index: LocalIndex, vectors: dict[int, Vectors]) -> None:
    """Search until every list has been looked at; results are those of a full scan."""
    for query in QUERIES:
        found = ids_of(index.dense_search(query, 10, EVERYTHING))
        assert found == exact_ids(vectors, query, 10)


def test_a_process_that_lives_on_does_not_wait_for_training(
    index: LocalIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write that makes training pay leaves it to the background; searches see its result."""

    def never(store: PassageStore, dimension: int) -> None:
        raise AssertionError("trained while a writer waited")

    monkeypatch.setattr(generations, "trained_lists", never)
    index.train_in_background()
    vectors = fill(index, 1, 100, publish=True, per_document=10)
    _work(index).wait()
    assert _is_approximate(index)
    assert sorted(index._vectors.ids().tolist()) == sorted(vectors)


def test_what_others_left_untrained_is_trained_on_opening(
    index: LocalIndex, encoder: HashEncoder
) -> None:
    """An index that another process filled and left is trained once somebody lives with it."""
    fill(index, 1, 100, publish=False, per_document=10)
    with LocalIndex.open(index.folder, encoder) as reopened:
        assert not _is_approximate(reopened)
        reopened.train_in_background()
        _work(reopened).wait()
        assert _is_approximate(reopened)


def test_damage_found_by_a_search_is_mended(
    index: LocalIndex, encoder: HashEncoder, caplog: pytest.LogCaptureFixture
) -> None:
    """The file before serves again, brought up to date, in a new file; and so once more."""
    fill(index, 1, 300, publish=True, per_document=10)
    fill(index, 2, 12, publish=True)
    with LocalIndex.open(index.folder, encoder) as reopened:
        for seed in (3, 4):
            damaged = max(files(reopened), key=lambda file: file.stat().st_mtime_ns)
            _flip(damaged)
            caplog.clear()
            with caplog.at_level(logging.WARNING, "answerable"):
                for query in QUERIES:
                    reopened.dense_search(query, 10, EVERYTHING)
            assert f"vector file {damaged.name} is not used (" in caplog.text
            assert _is_approximate(reopened) and _is_sound(reopened)
            assert not reopened._vectors.is_cache_stale
            assert reopened._vectors.ids().tolist() == contents(reopened).vectors
            fill(reopened, seed, 9, publish=True)  # a file after the mended one
            reopened.refresh()


def _is_sound(index: LocalIndex) -> bool:
    """Say whether the newest file is whole, as another process would find it."""
    main = main_of(opened(index))
    return len(main._file.read_all().ids) == main.n


def test_damage_without_an_older_file_is_mended_in_the_background(
    index: LocalIndex, encoder: HashEncoder
) -> None:
    """Nothing sound is left: the database answers, exactly, until lists are trained anew."""
    vectors = fill(index, 1, 300, publish=True, per_document=10)
    with LocalIndex.open(index.folder, encoder) as reopened:
        reopened.train_in_background()
        _work(reopened).wait()
        (before,) = files(reopened)
        _flip(before)
        _searched(reopened, vectors)
        _work(reopened).wait()
        assert _is_approximate(reopened) and _is_sound(reopened)
        assert not reopened._vectors.is_cache_stale


def test_damage_that_cannot_be_mended_now_keeps_answers_right(
    index: LocalIndex, encoder: HashEncoder
) -> None:
    """Without an older file, and without a background, the next publish trains."""
    vectors = fill(index, 1, 300, publish=True, per_document=10)
    with LocalIndex.open(index.folder, encoder) as reopened:
        _flip(*files(reopened))
        _searched(reopened, vectors)
        assert not _is_approximate(reopened)
        with reopened.writing() as writer:
            reopened.publish(writer)
        assert _is_approximate(reopened) and _is_sound(reopened)


def test_a_writer_waits_while_the_background_registers(
    index: LocalIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write of this process that meets the background does not fail."""
    is_registering, may_go_on = threading.Event(), threading.Event()

    def slow(*arguments: object) -> None:
        is_registering.set()
        assert may_go_on.wait(30)
        generations.register_lists(*arguments)  # type: ignore[arg-type]  # passed on

    monkeypatch.setattr(background, "register_lists", slow)
    fill(index, 1, 100, publish=False, per_document=10)
    index.train_in_background()
    assert is_registering.wait(30)
    writer = threading.Thread(target=fill, args=(index, 2, 5), kwargs={"publish": True})
    writer.start()
    writer.join(0.2)
    assert writer.is_alive()
    may_go_on.set()
    writer.join(30)
    _work(index).wait()
    assert _is_approximate(index) and index._vectors.ids().size == 105


def test_closing_stops_training(
    index: LocalIndex, encoder: HashEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that ends does not wait for lists; nothing half made is left behind."""
    is_training = threading.Event()

    def endless(
        store: PassageStore, dimension: int, should_stop: Callable[[], bool]
    ) -> InvertedLists | None:
        is_training.set()
        while True:
            training.trained_lists(store, dimension, should_stop)

    monkeypatch.setattr(background, "trained_lists", endless)
    fill(index, 1, 100, publish=False, per_document=10)
    reopened = LocalIndex.open(index.folder, encoder)
    reopened.train_in_background()
    work = _work(reopened)
    assert is_training.wait(30)
    reopened.close()
    assert work._thread is None
    work.start()
    assert work._thread is None
    assert not (index.folder / "vectors").exists()
