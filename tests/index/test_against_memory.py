"""The index on disk against the exact one in memory: the same through any changes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answerable.index import (
    DocumentInfo,
    DocumentNotFound,
    Filters,
    MemoryIndex,
    NewDocument,
    SearchableIndex,
)
from answerable.index.local import LocalIndex
from answerable.index.storage import subsets, word_index
from tests.fakes import HashEncoder
from tests.index.samples import contents, unit_vectors
from tests.index.strategies import batches, filters, queries

DIMENSION = 32


@dataclass(frozen=True, slots=True)
class Step:
    """One change, and what is asked after it.

    Attributes:
        removed: ids of documents deleted after the addition.
        publish: whether files are written then.
        reopen: whether another process would go on.
    """

    added: Sequence[NewDocument]
    removed: Sequence[int]
    publish: bool
    reopen: bool
    query: Sequence[str]
    filters: Filters
    k: int


steps = st.builds(
    Step,
    batches,
    st.lists(st.integers(1, 12), max_size=2, unique=True),
    st.booleans(),
    st.booleans(),
    queries,
    filters,
    st.sampled_from((0, 1, 3, 100)),
)


@pytest.mark.timeout(180)
@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(changes=st.lists(steps, min_size=1, max_size=6))
def test_both_agree_after_every_change(
    tmp_path_factory: pytest.TempPathFactory, changes: list[Step]
) -> None:
    """Ids, order and scores of both channels, passages and documents, whatever is asked."""
    folder, encoder = tmp_path_factory.mktemp("index"), HashEncoder(dimension=DIMENSION)
    with pytest.MonkeyPatch.context() as small:
        # So that few passages are already several segments, and some subsets sparse.
        small.setattr(word_index, "BUILD_PASSAGES", 2)
        small.setattr(word_index, "PUBLISH_PASSAGES", 4)
        small.setattr(subsets, "SPARSE", 3)
        local, memory = LocalIndex.open(folder, encoder, create=True), MemoryIndex()
        for seed, step in enumerate(changes):
            n_passages = sum(len(document.passages) for document in step.added)
            vectors = unit_vectors(seed, n_passages, DIMENSION)
            memory.add(step.added, vectors)
            with local.writing() as writer:
                writer.put(step.added, vectors)
                assert writer.remove(step.removed) == memory.delete(step.removed)
                if step.publish:
                    local.publish(writer)
            if step.reopen:
                local.close()
                local = LocalIndex.open(folder, encoder)
            _assert_same(local, memory, step)
        found = contents(local)
        assert found.words == found.passages
        local.close()


def _assert_same(local: LocalIndex, memory: MemoryIndex, step: Step) -> None:
    found = local.lexical_search(step.query, step.k, step.filters)
    assert found == memory.lexical_search(step.query, step.k, step.filters)
    query = unit_vectors(99, 1, DIMENSION)[0]
    dense = local.dense_search(query, step.k, step.filters)
    expected = memory.dense_search(query, step.k, step.filters)
    assert [hit.passage_id for hit in dense] == [hit.passage_id for hit in expected]
    np.testing.assert_allclose(
        [hit.score for hit in dense], [hit.score for hit in expected], atol=1e-5
    )
    ids = [9, 1, 3, 2, 100]
    assert local.passages(ids, step.filters) == memory.passages(ids, step.filters)
    assert _infos(local, ids, step.filters) == _infos(memory, ids, step.filters)
    for document_id in ids:
        assert _text(local, document_id, step.filters) == _text(memory, document_id, step.filters)


def _infos(index: SearchableIndex, ids: Sequence[int], asked: Filters) -> list[DocumentInfo]:
    return [replace(info, ingested_at="") for info in index.document_infos(ids, asked)]


def _text(index: SearchableIndex, document_id: int, asked: Filters) -> str | None:
    try:
        return index.document(document_id, asked).text
    except DocumentNotFound:
        return None


def test_add_and_delete_of_the_seam(index: LocalIndex, encoder: HashEncoder) -> None:
    """Both implementations add, replace and delete through the same two methods."""
    memory = MemoryIndex()
    document = NewDocument("a", "A", "c", "text/plain", "", 0, "x", (), ("public",), None, ())
    for each in (index, memory):
        each.add([document], encoder.encode([]))
        each.add([replace(document, text="y")], encoder.encode([]))
        assert each.document(1, Filters()).text == "y"
        assert each.delete([1, 1, 2]) == 1
        assert each.delete([1]) == 0
