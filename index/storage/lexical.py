"""Word search: the best passages by BM25 among those permitted, exactly, at a million of them.

A term's list is added to one array of totals. The best are found from the maxima of its blocks:
the k-th greatest maximum is a total that k passages reach, so only blocks above it are looked at.
Lists of common words are long and worth little: once k passages have a total that no other can
reach with the words left, those words are looked up for the passages still in question instead.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..bm25 import MAX_IMPACT, term_weight
from .subsets import Ordinals, Subset, found
from .word_index import Part

Totals = npt.NDArray[np.int32]

BLOCK = 256
# Looking up one passage in a list costs about as much as adding so many entries of it.
LOOKUP_COST = 8


@dataclass(frozen=True, slots=True)
class View:
    """A part of the index as one request sees it.

    Attributes:
        seen: what the asker may see; word statistics are of these.
        wanted: what the request asks for among them.
    """

    part: Part
    seen: Subset
    wanted: Subset


@dataclass(frozen=True, slots=True)
class Ranking:
    """What a search found.

    Attributes:
        weights: of the terms that are in any visible passage.
        best: passage ids with their totals, best first, smaller id first among equals.
    """

    weights: dict[int, int]
    best: list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class _List:
    """Where a term stands in one part."""

    ordinals: Ordinals
    impacts: npt.NDArray[np.uint8]
    weight: int


def rank(views: Sequence[View], terms: Mapping[int, int], k: int) -> Ranking:
    """Return the k best passages for terms.

    Args:
        views: the parts of the index.
        terms: how often each is in the query.
        k: most passages to return.

    Raises:
        SegmentFileInvalid: a list of these terms is damaged.
    """
    places = {term: [_place(view.part, term) for view in views] for term in terms}
    n_seen = sum(view.seen.n for view in views)
    weights = {}
    for term, in_parts in places.items():
        n_with_term = sum(
            view.seen.count(_ordinals(view.part, place))
            for view, place in zip(views, in_parts, strict=True)
            if place is not None
        )
        if n_with_term:
            weights[term] = term_weight(n_seen, n_with_term)
    best: list[tuple[int, int]] = []
    for number, view in enumerate(views):
        lists = [
            _List(_ordinals(view.part, place), _impacts(view.part, place), weight * terms[term])
            for term, weight in weights.items()
            if (place := places[term][number]) is not None
        ]
        best.extend(_best_of_part(view, lists, k))
    return Ranking(weights, sorted(best, key=lambda hit: (-hit[1], hit[0]))[:k])


def _place(part: Part, term: int) -> int | None:
    """Return where a term's list is; None when the part lacks it."""
    terms = part.segment.terms
    place = int(np.searchsorted(terms, np.uint64(term)))
    if place == len(terms) or terms[place] != term:
        return None
    if part.check:
        part.check(place)
    return place


def _ordinals(part: Part, place: int) -> Ordinals:
    starts = part.segment.starts
    return part.segment.ordinals[starts[place] : starts[place + 1]]


def _impacts(part: Part, place: int) -> npt.NDArray[np.uint8]:
    starts = part.segment.starts
    return part.segment.impacts[starts[place] : starts[place + 1]]


def _best_of_part(view: View, lists: Sequence[_List], k: int) -> list[tuple[int, int]]:
    if not lists or not view.wanted.n or k < 1:
        return []
    if view.wanted.is_sparse:
        ordinals = view.wanted.members
        totals = np.zeros(len(ordinals), np.int32)
        for one in lists:
            _look_up(one, ordinals, totals)
    else:
        ordinals, totals = _scan(view.wanted, lists, k)
    ids = view.part.segment.passage_ids
    chosen = _greatest(totals, k)
    return [
        (int(ids[ordinal]), int(total))
        for ordinal, total in zip(ordinals[chosen], totals[chosen], strict=True)
    ]


def _look_up(one: _List, ordinals: Ordinals, totals: Totals) -> None:
    """Add a list to the totals of chosen passages."""
    if len(ordinals) <= len(one.ordinals):
        here, there = found(one.ordinals, ordinals)
    else:
        there, here = found(ordinals, one.ordinals)
    totals[here] += one.impacts[there] * np.int32(one.weight)


def _scan(wanted: Subset, lists: Sequence[_List], k: int) -> tuple[Ordinals, Totals]:
    """Return the passages that can be among the k best, with their totals."""
    by_worth = sorted(lists, key=lambda one: -one.weight)
    bounds = [MAX_IMPACT * one.weight for one in by_worth]
    totals = _cleared(wanted.size)
    for i, one in enumerate(by_worth):
        rest = sum(bounds[i:])
        if i and len(one.ordinals) * LOOKUP_COST > wanted.size // 4:
            _mask(totals, wanted)
            threshold = _kth_bound(totals, k)
            if threshold > rest:
                # The words left cannot lift a passage that lacks the others to the k best.
                ordinals = _above(totals, threshold - rest)
                if LOOKUP_COST * len(ordinals) < sum(len(left.ordinals) for left in by_worth[i:]):
                    chosen = totals[ordinals]
                    for left in by_worth[i:]:
                        _look_up(left, ordinals, chosen)
                    return ordinals, chosen
        totals[one.ordinals] += one.impacts * np.int32(one.weight)
    _mask(totals, wanted)
    ordinals = _above(totals, max(1, _kth_bound(totals, k)))
    return ordinals, totals[ordinals]


_scratch = threading.local()


def _cleared(size: int) -> Totals:
    """Return zeros, whole blocks of them; each thread keeps one array, as the system clears slower."""
    n = -(-size // BLOCK) * BLOCK
    array: Totals | None = getattr(_scratch, "totals", None)
    if array is None or len(array) < n:
        array = _scratch.totals = np.empty(n, np.int32)
    array = array[:n]
    array.fill(0)
    return array


def _mask(totals: Totals, wanted: Subset) -> None:
    """Clear the totals of passages that are not wanted."""
    if wanted.mask is not None:
        totals[: wanted.size] *= wanted.mask


def _kth_bound(totals: Totals, k: int) -> int:
    """Return a total that at least k passages reach; 0 when it cannot be told."""
    maxima = totals.reshape(-1, BLOCK).max(axis=1)
    if len(maxima) < k:
        return 0
    return int(np.partition(maxima, len(maxima) - k)[len(maxima) - k])


def _above(totals: Totals, least: int) -> Ordinals:
    """Return the passages with at least this total, ascending."""
    blocks = np.flatnonzero(totals.reshape(-1, BLOCK).max(axis=1) >= least)
    rows, columns = np.nonzero(totals.reshape(-1, BLOCK)[blocks] >= least)
    return (blocks[rows] * BLOCK + columns).astype(np.uint32)


def _greatest(totals: Totals, k: int) -> npt.NDArray[np.int64]:
    """Return the places of the k greatest positive totals; of equals the first."""
    least = 1
    if len(totals) > k:
        least = max(1, int(np.partition(totals, len(totals) - k)[len(totals) - k]))
    greater = np.flatnonzero(totals > least)
    return np.concatenate([greater, np.flatnonzero(totals == least)[: k - len(greater)]])
