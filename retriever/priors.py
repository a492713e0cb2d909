"""How likely each hit is to hold the answer, judged by retrieval alone.

A reader finds something that looks like an answer in many passages; which of them is about the
question, retrieval knows better. Both speak in log-odds, so they add up.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .types import Hit


@dataclass(frozen=True, slots=True)
class PriorConfig:
    """Weights in logits of the shipped reader, fitted by ``benchmarks/passage_prior.py``.

    Attributes:
        rank: per natural logarithm of the fused rank.
        lexical: per share of the best BM25 score among the hits.
    """

    rank: float = 0.7
    lexical: float = 10.0


def passage_priors(hits: Sequence[Hit], config: PriorConfig = PriorConfig()) -> list[float]:
    """Return a prior for each hit, in logits: 0 for one that is best in all, less for others.

    Args:
        hits: best first, of one search.
        config: the weights.
    """
    best = max((hit.lexical.score for hit in hits if hit.lexical), default=0.0)
    return [
        -config.rank * math.log(rank) - config.lexical * (1 - lexical_share(hit, best))
        for rank, hit in enumerate(hits, start=1)
    ]


def lexical_share(hit: Hit, best: float) -> float:
    """Return a hit's BM25 score as a share of the best, 0 to 1; 1 if no hit has one."""
    if best <= 0:
        return 1.0
    return max(0.0, hit.lexical.score / best) if hit.lexical else 0.0
