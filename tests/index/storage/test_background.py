"""Training beside searches and writes: it holds up neither and forgets no change."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from answerable.index import Filters
from answerable.index.local import LocalIndex
from answerable.index.storage import background, training
from answerable.index.storage.background import BackgroundTraining
from answerable.index.storage.generations import FOLDER_NAME, publish
from answerable.index.storage.lock import training_alone
from answerable.index.storage.store import PassageStore
from answerable.index.storage.writer import StoreWriter
from tests.index.samples import contents
from tests.index.storage.small_lists import (
    QUERIES,
    exact_ids,
    files,
    fill,
    ids_of,
    main_of,
)


def _background(index: LocalIndex) -> BackgroundTraining:
    return BackgroundTraining(index._store, index.folder, index.writing)


@pytest.mark.usefixtures("small_limits")
def test_background_training_takes_in_what_changed_meanwhile(
    index: LocalIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Documents added and deleted while lists are trained are found, and gone, afterwards."""
    vectors = fill(index, 1, 100, publish=False, per_document=10)
    is_trained, may_go_on = threading.Event(), threading.Event()

    def held_up(store: PassageStore, dimension: int, should_stop: Callable[[], bool]) -> object:
        lists = training.trained_lists(store, dimension, should_stop)
        is_trained.set()
        assert may_go_on.wait(30)
        return lists

    monkeypatch.setattr(background, "trained_lists", held_up)
    work = _background(index)
    work.start()
    assert is_trained.wait(30)
    # Neither a search nor a writer waits.
    assert ids_of(index.dense_search(QUERIES[0], 5, Filters())) == exact_ids(vectors, QUERIES[0], 5)
    vectors |= fill(index, 2, 12, publish=False)
    (gone, *_) = index.documents(Filters())
    with index.writing() as writer:
        writer.remove([gone.id])
    vectors = {id_: vectors[id_] for id_ in contents(index).vectors}
    may_go_on.set()
    work.wait()
    index.refresh()
    main = main_of(index)
    assert sorted(main.ids().tolist()) == sorted(vectors)
    assert index._vectors.ids().tolist() == sorted(vectors)
    assert main._file.tuning.n_changed == 12 + gone.n_passages


@pytest.mark.usefixtures("small_limits")
def test_background_training_only_when_it_pays(index: LocalIndex) -> None:
    """Nothing is trained for a small index, nor for one whose lists are still good."""
    fill(index, 1, 10, publish=True)
    work = _background(index)
    work.start()
    work.wait()
    fill(index, 2, 90, publish=True)
    before = files(index)
    assert len(before) == 2
    work.start()
    work.wait()
    assert files(index) == before


@pytest.mark.usefixtures("small_limits")
def test_publishing_without_training_leaves_it_to_the_background(index: LocalIndex) -> None:
    """Without leave to train, a grown index keeps its file, and new lists are seen at once."""
    vectors = fill(index, 1, 30, publish=True)
    vectors |= fill(index, 2, 60, publish=False)
    store: PassageStore = index._store
    with index.writing() as writer:
        publish(store, writer, index.folder, may_train=False)
    assert len(files(index)) == 1
    index.refresh()
    assert not index._vectors.is_behind()
    work = _background(index)
    work.start()
    work.wait()
    assert index._vectors.is_behind()
    index.refresh()
    assert sorted(main_of(index).ids().tolist()) == sorted(vectors)


@pytest.mark.usefixtures("small_limits")
def test_writer_is_only_borrowed(index: LocalIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    """Training that finds the index locked for long gives up without a trace."""
    monkeypatch.setattr(background, "LOCK_WAIT_S", 0.1)
    fill(index, 1, 100, publish=False)

    def locked() -> AbstractContextManager[StoreWriter]:
        return index.writing()

    work = BackgroundTraining(index._store, index.folder, locked)
    with index.writing():
        work.start()
        work.wait()
    assert not (index.folder / FOLDER_NAME).exists()


@pytest.mark.usefixtures("small_limits")
def test_one_process_trains(index: LocalIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another process trains, this one does not, and uses what that one registers."""
    fill(index, 1, 100, publish=False, per_document=10)
    trained = list[int]()

    def counted(*arguments: object) -> object:
        trained.append(1)
        return training.trained_lists(*arguments)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(background, "trained_lists", counted)
    work = _background(index)
    with training_alone(index.folder) as is_alone:
        assert is_alone
        work.start()
        work.wait()
    assert trained == []
    work.start()
    work.wait()
    other = _background(index)
    other.start()
    other.wait()
    assert trained == [1]
