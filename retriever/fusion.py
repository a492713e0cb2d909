"""Reciprocal rank fusion: several rankings into one, by ranks alone.

Cosines and BM25 scores have no common scale; ranks do.
"""

import math
from collections.abc import Sequence

from answerable.index import ScoredPassage

RANK_CONSTANT = 60  # Source: Cormack, Clarke, Büttcher 2009, section 3


def fuse(
    rankings: Sequence[Sequence[int]], rank_constant: int = RANK_CONSTANT
) -> list[ScoredPassage]:
    """Merge rankings of passage ids, best first, into one ranking.

    A passage scores the sum of ``1 / (rank_constant + rank)`` over the rankings that hold it,
    rank 1 being best. Equal scores go to the better single rank, then to the smaller id, so
    the order of ``rankings`` does not matter.

    Source: Cormack, Clarke, Büttcher, "Reciprocal rank fusion outperforms Condorcet and
        individual rank learning methods", SIGIR 2009.
    """
    ranks: dict[int, list[int]] = {}
    for ranking in rankings:
        for rank, passage_id in enumerate(ranking, start=1):
            ranks.setdefault(passage_id, []).append(rank)
    fused = [
        ScoredPassage(passage_id, math.fsum(1 / (rank_constant + rank) for rank in found))
        for passage_id, found in ranks.items()
    ]
    return sorted(fused, key=lambda s: (-s.score, min(ranks[s.passage_id]), s.passage_id))
