"""Two rankings into one: by ranks alone, or by scores brought to one scale.

Cosines and BM25 scores have no common scale. Reciprocal ranks ignore them; score fusion measures
each against the best of its channel for the question at hand. ``benchmarks/fusion.py`` compares
both, and tuned the weights; ADR 0007 says why scores are the default.
"""

import math
from collections.abc import Mapping, Sequence

from answerable.index import ScoredPassage

RANK_CONSTANT = 60  # Source: Cormack, Clarke, Büttcher 2009, section 3


def fuse(
    rankings: Sequence[Sequence[int]],
    rank_constant: int = RANK_CONSTANT,
    weights: Sequence[float] | None = None,
) -> list[ScoredPassage]:
    """Merge rankings of passage ids, best first, into one ranking.

    A passage scores the sum of ``weight / (rank_constant + rank)`` over the rankings that hold
    it, rank 1 being best. Equal scores go to the better single rank, then to the smaller id, so
    the order of ``rankings`` does not matter.

    Args:
        rankings: of each channel.
        rank_constant: higher flattens the ranks.
        weights: of each channel; None for 1 each.

    Source: Cormack, Clarke, Büttcher, "Reciprocal rank fusion outperforms Condorcet and
        individual rank learning methods", SIGIR 2009.
    """
    parts: dict[int, list[float]] = {}
    for ranking, weight in zip(rankings, weights or [1.0] * len(rankings), strict=True):
        for rank, passage_id in enumerate(ranking, start=1):
            parts.setdefault(passage_id, []).append(weight / (rank_constant + rank))
    return _ranked({id_: math.fsum(found) for id_, found in parts.items()}, rankings)


def fuse_scores(
    channels: Sequence[Sequence[ScoredPassage]], weights: Sequence[float], depth: int
) -> list[ScoredPassage]:
    """Merge what channels found, best first, by a weighted sum of shares of the best score.

    A channel gives its best passage 1 and every other the share of its score in the best. What
    it did not find scores no more than the last of what it found, and counts as that; where it
    found fewer passages than it was asked for, the others have none of the words and count 0.
    So does everything where no score is above 0.

    Equal sums are ordered as in ``fuse``. The sum is at most that of the weights.

    Args:
        channels: passages and scores of each.
        weights: of each channel.
        depth: passages that each channel was asked for.

    Source: Bruch, Gai, Ingber, "An analysis of fusion functions for hybrid retrieval", TOIS 2023,
        section 4 (convex combination of scores with a theoretical minimum, here 0 for both).
    """
    parts: dict[int, list[float]] = {}
    ids = {found.passage_id for channel in channels for found in channel}
    for channel, weight in zip(channels, weights, strict=True):
        shares = _shares(channel)
        missing = min(shares.values()) if len(channel) >= depth > 0 else 0.0
        for id_ in ids:
            parts.setdefault(id_, []).append(weight * shares.get(id_, missing))
    rankings = [[found.passage_id for found in channel] for channel in channels]
    return _ranked({id_: math.fsum(found) for id_, found in parts.items()}, rankings)


def _shares(channel: Sequence[ScoredPassage]) -> dict[int, float]:
    best = max((found.score for found in channel), default=0.0)
    return {found.passage_id: found.score / best if best > 0 else 0.0 for found in channel}


def _ranked(scores: Mapping[int, float], rankings: Sequence[Sequence[int]]) -> list[ScoredPassage]:
    best: dict[int, int] = {}
    for ranking in rankings:
        for rank, id_ in enumerate(ranking):
            best[id_] = min(rank, best.get(id_, rank))
    fused = [ScoredPassage(id_, score) for id_, score in scores.items()]
    return sorted(fused, key=lambda s: (-s.score, best[s.passage_id], s.passage_id))
