"""Word lists of a run of passages: for each term, which of them hold it and how much.

A segment never changes. A large index is a few of them; new passages make a small one, and small
ones are merged into larger ones, so that there are never many. Passages are numbered within a
segment (``ordinal``) in the order of their ids.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from ..bm25 import HEADING_WEIGHT, TITLE_WEIGHT, impacts
from ..words import NO_TERM, terms_of

Ids = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

# Postings handled at a time while merging; bounds the memory.
MERGE_CHUNK = 4_000_000


@dataclass(frozen=True, slots=True)
class PassageText:
    """What word search reads of a passage."""

    id: int
    document_id: int
    title: str
    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Segment:
    """The postings of passages; arrays may be memory-mapped.

    Attributes:
        passage_ids: (n,) int64, ascending.
        document_ids: (n,) int64.
        terms: (t,) uint64, ascending.
        starts: (t + 1,) int64; the postings of term i are ``starts[i]`` to ``starts[i + 1]``.
        ordinals: (p,) uint32, ascending within a term.
        impacts: (p,) uint8.
    """

    passage_ids: Ids
    document_ids: Ids
    terms: npt.NDArray[np.uint64]
    starts: Ids
    ordinals: npt.NDArray[np.uint32]
    impacts: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        """Return the number of passages."""
        return len(self.passage_ids)


def build_segment(passages: Sequence[PassageText]) -> Segment:
    """Return the word lists of passages, which come in the order of their ids."""
    vocabulary = _Vocabulary()
    counted, n_counted, lengths = [], [], []
    for passage in passages:
        title, heading, text = map(terms_of, (passage.title, passage.heading, passage.text))
        weighted = [*title * TITLE_WEIGHT, *heading * HEADING_WEIGHT, *text]
        counted.append(np.fromiter(map(vocabulary.__getitem__, weighted), np.int64, len(weighted)))
        n_counted.append(len(weighted))
        lengths.append(len(title) + len(heading) + len(text))
    terms, order = vocabulary.sorted()
    # One number for term and passage, so that one sort groups both.
    keys = order[np.concatenate([np.empty(0, np.int64), *counted])] * max(1, len(passages))
    keys += np.repeat(np.arange(len(passages)), n_counted)
    keys, counts = np.unique(keys, return_counts=True)
    numbers, ordinals = np.divmod(keys, max(1, len(passages)))
    first = int(np.searchsorted(terms, NO_TERM, side="right"))  # runs too long are no term
    kept = numbers >= first
    starts = np.searchsorted(numbers[kept], np.arange(first, len(terms) + 1))
    return Segment(
        passage_ids=np.array([passage.id for passage in passages], dtype=np.int64),
        document_ids=np.array([passage.document_id for passage in passages], dtype=np.int64),
        terms=terms[first:],
        starts=starts.astype(np.int64),
        ordinals=ordinals[kept].astype(np.uint32),
        impacts=impacts(counts[kept], np.array(lengths, dtype=np.int64)[ordinals[kept]]),
    )


class _Vocabulary(dict[int, int]):
    """Numbers terms in the order they come."""

    def __missing__(self, term: int) -> int:
        self[term] = number = len(self)
        return number

    def sorted(self) -> tuple[npt.NDArray[np.uint64], Ids]:
        """Return the terms in ascending order, and the place of each number in it."""
        terms = np.fromiter(self, np.uint64, len(self))
        by_value = np.argsort(terms)
        places = np.empty(len(terms), np.int64)
        places[by_value] = np.arange(len(terms))
        return terms[by_value], places


def merge_segments(segments: Sequence[Segment], alive: Sequence[Mask | None]) -> Segment:
    """Return one segment of the passages that are alive, in the order given.

    Args:
        segments: those of smaller passage ids first.
        alive: for each, which of its passages remain; None for all.
    """
    keep = [
        np.ones(len(segment), np.bool_) if mask is None else mask
        for segment, mask in zip(segments, alive, strict=True)
    ]
    first = np.cumsum([0, *(int(mask.sum()) for mask in keep)])
    renumbered = [
        (np.cumsum(mask) - 1 + offset).astype(np.uint32)
        for mask, offset in zip(keep, first[:-1], strict=True)
    ]
    terms = _union(segment.terms for segment in segments)
    sizes = np.zeros(len(terms), np.int64)
    for segment, mask in zip(segments, keep, strict=True):
        places = np.searchsorted(terms, segment.terms)
        for a, b in _chunks(segment):
            remaining = mask[segment.ordinals[segment.starts[a] : segment.starts[b]]]
            sizes[places[a:b]] += _sums(remaining, segment.starts[a : b + 1])
    used = sizes > 0
    terms, sizes = terms[used], sizes[used]
    starts = np.concatenate([[0], np.cumsum(sizes)])
    ordinals, weights = np.empty(starts[-1], np.uint32), np.empty(starts[-1], np.uint8)
    filled = starts[:-1].copy()
    for segment, mask, numbers in zip(segments, keep, renumbered, strict=True):
        places = np.searchsorted(terms, segment.terms)
        for a, b in _chunks(segment):
            part = slice(segment.starts[a], segment.starts[b])
            remaining = mask[segment.ordinals[part]]
            n_of_term = _sums(remaining, segment.starts[a : b + 1])
            held = np.flatnonzero(n_of_term)  # a term may have lost all its passages
            n_held, into = n_of_term[held], places[a:b][held]
            # Where each posting goes: after those of its term that earlier segments left.
            before = np.cumsum(n_held) - n_held
            targets = np.repeat(filled[into] - before, n_held) + np.arange(n_held.sum())
            ordinals[targets] = numbers[segment.ordinals[part][remaining]]
            weights[targets] = segment.impacts[part][remaining]
            filled[into] += n_held
    return Segment(
        passage_ids=_joined(s.passage_ids[m] for s, m in zip(segments, keep, strict=True)),
        document_ids=_joined(s.document_ids[m] for s, m in zip(segments, keep, strict=True)),
        terms=terms,
        starts=starts,
        ordinals=ordinals,
        impacts=weights,
    )


def _chunks(segment: Segment) -> Iterable[tuple[int, int]]:
    """Yield ranges of terms with about ``MERGE_CHUNK`` postings each."""
    n_terms = len(segment.terms)
    bounds = np.arange(0, segment.starts[-1], MERGE_CHUNK)
    edges = np.unique([*np.searchsorted(segment.starts[:-1], bounds), n_terms])
    return zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)


def _sums(flags: Mask, starts: Ids) -> Ids:
    """Return how many flags are set in each range; ``starts`` begin at ``starts[0]``."""
    totals: Ids = np.concatenate([[0], np.cumsum(flags, dtype=np.int64)])
    sums: Ids = totals[starts[1:] - starts[0]] - totals[starts[:-1] - starts[0]]
    return sums


def _union(parts: Iterable[npt.NDArray[np.uint64]]) -> npt.NDArray[np.uint64]:
    return np.unique(np.concatenate([np.empty(0, np.uint64), *parts]))


def _joined(parts: Iterable[Ids]) -> Ids:
    return np.concatenate(list(chain([np.empty(0, np.int64)], parts)))
