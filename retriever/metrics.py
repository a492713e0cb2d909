"""How good a ranking is: recall, reciprocal rank and nDCG, as trec_eval defines them.

Source: recall and reciprocal rank: Voorhees, Harman, "TREC: Experiment and Evaluation in
Information Retrieval", 2005, chapter 3. nDCG: Järvelin, Kekäläinen, "Cumulated gain-based
evaluation of IR techniques", 2002, with the grade itself as the gain, as in trec_eval and BEIR.
"""

import math
from collections.abc import Mapping, Sequence

CUTOFFS = (1, 5, 10, 20)
"""Ranks that recall is measured at."""
DEPTH = 10
"""Rank that MRR and nDCG are measured at."""


def recall_at(ranked: Sequence[str], grades: Mapping[str, int], k: int) -> float:
    """Return the share of the relevant documents among the first k.

    Args:
        ranked: ids, best first, each once.
        grades: of judged documents; above 0 is relevant. At least one is.
        k: how far to look.
    """
    relevant = {id_ for id_, grade in grades.items() if grade > 0}
    return len(relevant.intersection(ranked[:k])) / len(relevant)


def reciprocal_rank(ranked: Sequence[str], grades: Mapping[str, int], k: int = DEPTH) -> float:
    """Return 1 over the rank of the first relevant document; 0 if none is among the first k."""
    ranks = (rank for rank, id_ in enumerate(ranked[:k], start=1) if grades.get(id_, 0) > 0)
    return 1 / next(ranks, math.inf)


def ndcg(ranked: Sequence[str], grades: Mapping[str, int], k: int = DEPTH) -> float:
    """Return the discounted gain of the first k, as a share of the best possible."""
    gains = [max(0, grades.get(id_, 0)) for id_ in ranked[:k]]
    ideal = sorted((max(0, grade) for grade in grades.values()), reverse=True)[:k]
    return _discounted(gains) / _discounted(ideal)


def score_ranking(
    ranked: Sequence[str], grades: Mapping[str, int], cutoffs: Sequence[int] = CUTOFFS
) -> dict[str, float]:
    """Return all figures of one question by name, 0 to 1."""
    return {
        **{f"recall_at_{k}": recall_at(ranked, grades, k) for k in cutoffs},
        f"mrr_at_{DEPTH}": reciprocal_rank(ranked, grades),
        f"ndcg_at_{DEPTH}": ndcg(ranked, grades),
    }


def mean_scores(scores: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the mean of each figure over questions, in per cent; at least one question."""
    return {
        name: round(100 * math.fsum(one[name] for one in scores) / len(scores), 2)
        for name in scores[0]
    }


def _discounted(gains: Sequence[int]) -> float:
    return math.fsum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, start=1))
