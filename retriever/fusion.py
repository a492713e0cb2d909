"""Two rankings into one: by ranks alone, or by scores brought to one scale.

Cosines and BM25 scores have no common scale. Reciprocal ranks ignore them; score fusion
normalizes each channel over what it found for the question at hand.
``benchmarks/fusion.py`` compares both and holds the weights.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev

from answerable.index import ScoredPassage

RANK_CONSTANT = 60  # Source: Cormack, Clarke, Büttcher 2009, section 3


@dataclass(frozen=True, slots=True)
class Normalized:
    """One channel's scores on a scale of its own making, by passage id.

    Attributes:
        missing: what a passage counts that the channel did not find.
    """

    scores: Mapping[int, float]
    missing: float


Normalization = Callable[[Sequence[ScoredPassage]], Normalized]


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
    channels: Sequence[Sequence[ScoredPassage]],
    weights: Sequence[float],
    normalization: Normalization,
) -> list[ScoredPassage]:
    """Merge what channels found, best first, by a weighted sum of normalized scores.

    Equal sums are ordered as in ``fuse``. A channel that found nothing has no say.

    Args:
        channels: passages and scores of each.
        weights: of each channel.
        normalization: brings a channel's scores to a common scale.

    Source: Bruch, Gai, Ingber, "An analysis of fusion functions for hybrid retrieval", TOIS 2023.
    """
    parts: dict[int, list[float]] = {}
    ids = {found.passage_id for channel in channels for found in channel}
    for channel, weight in zip(channels, weights, strict=True):
        if not channel:
            continue
        normalized = normalization(channel)
        for id_ in ids:
            score = normalized.scores.get(id_, normalized.missing)
            parts.setdefault(id_, []).append(weight * score)
    rankings = [[found.passage_id for found in channel] for channel in channels]
    return _ranked({id_: math.fsum(found) for id_, found in parts.items()}, rankings)


def standardized(channel: Sequence[ScoredPassage]) -> Normalized:
    """Measure scores in standard deviations from their mean (z-scores).

    A passage that the channel did not find counts as its last one: it scores no more than that.
    """
    scores = [found.score for found in channel]
    mean, spread = fmean(scores), pstdev(scores) or 1.0
    by_id = {found.passage_id: (found.score - mean) / spread for found in channel}
    return Normalized(by_id, missing=min(by_id.values()))


def _ranked(scores: Mapping[int, float], rankings: Sequence[Sequence[int]]) -> list[ScoredPassage]:
    best: dict[int, int] = {}
    for ranking in rankings:
        for rank, id_ in enumerate(ranking):
            best[id_] = min(rank, best.get(id_, rank))
    fused = [ScoredPassage(id_, score) for id_, score in scores.items()]
    return sorted(fused, key=lambda s: (-s.score, best[s.passage_id], s.passage_id))
