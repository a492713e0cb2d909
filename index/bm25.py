"""BM25 in whole numbers: what a passage scores for a question's terms.

A term counts ``weight * impact``: the weight is how rare it is among the passages that the asker
may see, the impact how much of this passage it is. Both are rounded to whole numbers, so a sum
is the same in any order, and two indexes that show the same passages give the same scores to the
last digit. The best passages then earn more where the question's neighbouring words stand side
by side.

Source: Robertson, Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009,
section 3; the weight is Lucene's, which is never negative. Impacts in 8 bits: Anh, Moffat,
"Simplified similarity scoring using term ranks", SIGIR 2005. The constants were tuned on
questions of SQuAD's training set by ``benchmarks/lexical_search.py``.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from .words import NO_TERM, content_terms, term_of, words

K1 = 1.0
B = 0.5
# The length that neither gains nor loses. The mean of the visible passages would cost a pass over
# them for each asker, and passages are cut to one size.
PIVOT_WORDS = 100
TITLE_WEIGHT, HEADING_WEIGHT = 2, 2  # times that a word there counts as much as one of the text
MAX_IMPACT = 255
WEIGHT_UNIT = 1024
# Of a question's pair of neighbouring words, as a share of the rarer word's weight.
PAIR_DIVISOR = 2
# Passages that are looked at for pairs, at least.
PAIR_DEPTH = 50
# A pasted page must not become a query of thousands, nor one word that is repeated its only one.
MAX_TERMS = 64
MAX_REPEATS = 5
MAX_QUERY_WORDS = 1_000

Pairs = Mapping[tuple[int, int], int]


def impacts(counts: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
    """Return how much of a passage a term is, 1 to 255.

    Args:
        counts: how often it stands there, those in title and heading weighted; at least 1.
        lengths: of the passages in words, title and heading included.
    """
    normal = K1 * (1 - B + B * lengths / PIVOT_WORDS)
    return np.maximum(1, np.rint(MAX_IMPACT * counts / (counts + normal))).astype(np.uint8)


def term_weight(n_passages: int, n_with_term: int) -> int:
    """Return how rare a term is: more than 0, at most 15 units per term in a million passages."""
    rarity = math.log(1 + (n_passages - n_with_term + 0.5) / (n_with_term + 0.5))
    return max(1, round(WEIGHT_UNIT * rarity))


def as_score(total: int) -> float:
    """Return a sum of weights times impacts on the scale of BM25."""
    return total * (K1 + 1) / (MAX_IMPACT * WEIGHT_UNIT)


def query_terms(query: Sequence[str]) -> list[int]:
    """Return the terms of a query's words in order; a term counts as often as it is there.

    At most ``MAX_TERMS`` different ones, and each at most ``MAX_REPEATS`` times.
    """
    counts: dict[int, int] = {}
    found = []
    for word in (word for text in query[:MAX_QUERY_WORDS] for word in words(text)):
        term = term_of(word)
        if term == NO_TERM or (term not in counts and len(counts) == MAX_TERMS):
            continue
        counts[term] = counts.get(term, 0) + 1
        if counts[term] <= MAX_REPEATS:
            found.append(term)
    return found


def weighted_pairs(terms: Sequence[int], weights: Mapping[int, int]) -> dict[tuple[int, int], int]:
    """Return the pairs of neighbours in a query with what each is worth."""
    return {
        (first, second): min(weights[first], weights[second])
        for first, second in pairwise(terms)
        if first in weights and second in weights
    }


def pair_total(pairs: Pairs, parts: Iterable[str]) -> int:
    """Return what a passage earns for the pairs in its title, heading and text."""
    found: dict[tuple[int, int], int] = {}
    n_words = 0
    for part in parts:
        n_words += len(words(part))
        for pair in pairwise(content_terms(part)):
            if pair in pairs:
                found[pair] = found.get(pair, 0) + 1
    if not found:
        return 0
    counts = np.fromiter(found.values(), dtype=np.int64, count=len(found))
    shares = impacts(counts, np.full(len(found), n_words))
    return sum(
        pairs[pair] * int(share) // PAIR_DIVISOR for pair, share in zip(found, shares, strict=True)
    )
