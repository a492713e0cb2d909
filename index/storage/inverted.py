"""Inverted lists: vectors as short codes, those near the same centroid together.

A code is FAISS's RaBitQ with two bits for each dimension, made of the vector's difference from
its centroid; nothing is trained but the centroids.

Source: J. Gao and C. Long, "RaBitQ: Quantizing High-Dimensional Vectors with a Theoretical Error
Bound for Approximate Nearest Neighbor Search", 2024, and its extension to more bits, 2025.
"""

from dataclasses import dataclass

import faiss
import numpy as np
import numpy.typing as npt

from ..types import Vectors
from .selection import PassageIds

CODE_BITS = 2
# Bits of a query's coordinate in the first comparison; without them it is 100 times slower.
QUERY_BITS = 4

Codes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Tuning:
    """How to search some lists, and what that was measured to give when they were made.

    Attributes:
        n_probed: lists that a search reads.
        n_rescored: nearest codes whose exact vectors are compared, for 10 results.
        recall: share of the true 10 nearest that were found, over sampled queries.
        n_trained: vectors when the centroids were made.
        n_changed: vectors added and deleted since.
    """

    n_probed: int
    n_rescored: int
    recall: float
    n_trained: int
    n_changed: int


@dataclass(frozen=True, slots=True)
class InvertedLists:
    """All lists in memory, one after the other.

    Attributes:
        centroids: (n_lists, dimension) float32.
        sizes: (n_lists,) int64, how many vectors each list has.
        ids: (n,) int64 passage ids, in the order of the lists.
        codes: (n, code_bytes) uint8, in the same order.
    """

    centroids: Vectors
    sizes: npt.NDArray[np.int64]
    ids: PassageIds
    codes: Codes
    tuning: Tuning


def faiss_index(centroids: Vectors) -> faiss.IndexIVFRaBitQ:
    """Return an index over empty lists; ``centroids`` (n_lists, dimension) are its own."""
    n_lists, dimension = centroids.shape
    quantizer = faiss.IndexFlatIP(dimension)
    quantizer.add(centroids)
    index = faiss.IndexIVFRaBitQ(
        quantizer, dimension, n_lists, faiss.METRIC_INNER_PRODUCT, True, CODE_BITS
    )
    index.own_fields = True  # it frees the quantizer, so Python must not
    quantizer.this.disown()  # type: ignore[attr-defined]  # of every SWIG object
    index.is_trained = True
    return index


def encode(index: faiss.IndexIVFRaBitQ, vectors: Vectors) -> tuple[npt.NDArray[np.int64], Codes]:
    """Return the list of each vector, (n,) int64, and its code, (n, code_bytes) uint8."""
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    codes = np.zeros((len(vectors), index.code_size), dtype=np.uint8)
    lists = np.zeros(len(vectors), dtype=np.int64)
    if len(vectors):
        lists = np.ascontiguousarray(index.quantizer.search(vectors, 1)[1][:, 0])
        # FAISS finds no list for a vector that is not a number, and must be given one.
        np.maximum(lists, 0, out=lists)
        index.encode_vectors(
            len(vectors), faiss.swig_ptr(vectors), faiss.swig_ptr(lists), faiss.swig_ptr(codes)
        )
    return lists, codes


def in_list_order(
    centroids: Vectors,
    lists: npt.NDArray[np.int64],
    ids: PassageIds,
    codes: Codes,
    tuning: Tuning,
) -> InvertedLists:
    """Return vectors, each with the number of its list, as inverted lists."""
    order = np.argsort(lists, kind="stable")
    sizes = np.bincount(lists, minlength=len(centroids)).astype(np.int64)
    return InvertedLists(centroids, sizes, ids[order], codes[order], tuning)


def add_list(index: faiss.IndexIVFRaBitQ, number: int, ids: PassageIds, codes: Codes) -> None:
    """Fill the empty list ``number``; searches of other lists may go on meanwhile."""
    if len(ids) and index.invlists is not None:
        index.invlists.add_entries(number, len(ids), faiss.swig_ptr(ids), faiss.swig_ptr(codes))


def search_lists(
    index: faiss.IndexIVFRaBitQ,
    queries: Vectors,
    k: int,
    probed: tuple[Vectors, npt.NDArray[np.int64]],
    selector: faiss.IDSelector | None = None,
) -> npt.NDArray[np.int64]:
    """Return the ids of the k codes nearest to each query, (n, k) int64, -1 where there are fewer.

    Args:
        index: whose lists hold all those probed.
        queries: (n, dimension) float32.
        k: of each query.
        probed: inner products with the centroids and the numbers of the lists to read, both
            (n, n_probed), as the quantizer gives them.
        selector: which ids count; None for all.
    """
    products, numbers = (np.ascontiguousarray(part) for part in probed)
    parameters = faiss.IVFRaBitQSearchParameters()
    parameters.nprobe, parameters.qb, parameters.sel = numbers.shape[1], QUERY_BITS, selector
    scores = np.empty((len(queries), k), dtype=np.float32)
    ids = np.full((len(queries), k), -1, dtype=np.int64)
    # The wrapper with arrays for arguments takes no parameters, which may differ by thread.
    index.search_preassigned_c(  # type: ignore[attr-defined]  # what the wrapper calls
        len(queries),
        faiss.swig_ptr(queries),
        k,
        faiss.swig_ptr(numbers),
        faiss.swig_ptr(products),
        faiss.swig_ptr(scores),
        faiss.swig_ptr(ids),
        False,
        parameters,
    )
    return ids
