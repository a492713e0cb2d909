"""Indexes that have inverted lists from a few vectors on, and what a full scan would find."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from answerable.index import ScoredPassage, Vectors
from answerable.index.local import LocalIndex
from answerable.index.storage import generations, training
from answerable.index.storage import vectors as vectors_module
from answerable.index.storage.approximate import ApproximateVectors
from answerable.index.storage.generations import FOLDER_NAME
from answerable.index.storage.vectors import VectorIndex
from tests.index.samples import contents, new_document, put, unit_vectors

DIMENSION = 32
QUERIES = unit_vectors(99, 20, DIMENSION)
MUST_TRAIN = 40


@contextmanager
def small_limits(target: float = training.SAMPLED_SHARE) -> Iterator[None]:
    """Make inverted lists from ``MUST_TRAIN`` vectors on, tuned for this target."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generations, "EXACT_LIMIT", MUST_TRAIN)
        patch.setattr(generations, "MERGED_AFTER", 3)
        patch.setattr(vectors_module, "MAX_IN_MEMORY", MUST_TRAIN)
        patch.setattr(training, "SAMPLED_SHARE", target)
        yield


def grouped(seed: int, n: int) -> Vectors:
    """Return unit vectors in groups, as passages are."""
    random = np.random.default_rng(seed)
    centres = unit_vectors(0, 40, DIMENSION)[random.integers(0, 40, n)]
    rows = centres + 0.15 * random.standard_normal((n, DIMENSION)).astype(np.float32)
    vectors: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return vectors


def fill(
    index: LocalIndex, seed: int, n: int, *, publish: bool, per_document: int = 1
) -> dict[int, Vectors]:
    """Add n passages; return their vectors by passage id."""
    before = set(contents(index).vectors)
    vectors = grouped(seed, n)
    documents = [
        new_document(f"{seed}-{i}", ["x"] * min(per_document, n - i))
        for i in range(0, n, per_document)
    ]
    put(index, documents, vectors, publish=publish)
    ids = sorted(set(contents(index).vectors) - before)
    return dict(zip(ids, vectors, strict=True))


def exact_ids(vectors: dict[int, Vectors], query: Vectors, k: int) -> list[int]:
    """Return what a full scan finds."""
    scored = sorted(vectors, key=lambda id_: (-float(vectors[id_] @ query), id_))
    return scored[:k]


def recall(found: list[list[int]], expected: list[list[int]]) -> float:
    """Return the share of the expected ids that were found."""
    hits = sum(len(set(f) & set(e)) for f, e in zip(found, expected, strict=True))
    return hits / sum(map(len, expected))


def ids_of(hits: list[ScoredPassage]) -> list[int]:
    """Return the passages of hits, in their order."""
    return [hit.passage_id for hit in hits]


def opened(index: LocalIndex) -> VectorIndex:
    """Return the index's vectors as another process would open them."""
    return VectorIndex(index._store, index.folder, index.manifest)


def files(index: LocalIndex) -> list[Path]:
    """Return the vector files."""
    return sorted((index.folder / FOLDER_NAME).iterdir())


def main_of(index: LocalIndex | VectorIndex) -> ApproximateVectors:
    """Return the inverted lists that are searched; there must be some."""
    vectors = index._vectors if isinstance(index, LocalIndex) else index
    main = vectors._snapshot.main
    assert isinstance(main, ApproximateVectors)
    return main
