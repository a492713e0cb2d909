"""What the probability of an answer is computed from, as a list of numbers.

Unknown values are NaN: the model takes what is usual instead.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..metrics import normalize_answer, token_f1
from ..ranking import ScoredSpan
from .evidence import Reading

UNKNOWN = math.nan
_NO_RIVAL = 8.0  # logits: the margin of an answer without a rival, and the largest that counts


@dataclass(frozen=True, slots=True)
class Feature:
    """One number that describes an answer.

    Attributes:
        direction: 1 if more of it can only make the answer likelier, -1 if less, 0 if either.
    """

    name: str
    direction: int
    meaning: str


FEATURES = (
    Feature("score", 1, 'log-odds of the span against "no answer" in its window, in logits'),
    Feature("prior", 1, "log-odds of its passage against the likeliest, from retrieval"),
    Feature("margin", 1, "its score with prior less that of the best other answer, in logits"),
    Feature("agreement", 1, "log(1 + other documents that give the same answer in other words)"),
    Feature("dense_score", 1, "cosine of question and passage"),
    Feature("n_passages", 0, "logarithm of the number of passages read"),
)
N_FEATURES = len(FEATURES)


def answer_features(reading: Reading, position: int = 0) -> tuple[float, ...]:
    """Describe one ranked span: a number, or NaN if unknown, for each of ``FEATURES``.

    Args:
        reading: of the whole question.
        position: of the span in ``reading.ranked``.
    """
    span = reading.ranked[position]
    raw = raw_score(span)
    place = next(
        (i for i, passage in enumerate(reading.passages) if passage.id == span.passage_id), None
    )
    dense = None
    if place is not None and reading.evidence:
        dense = reading.evidence[place].dense_score
    return (
        raw,
        span.score - raw,
        _margin(reading.ranked, position),
        math.log1p(len(_agreeing_documents(reading.ranked, position))),
        UNKNOWN if dense is None else dense,
        math.log(max(1, len(reading.passages))),
    )


def raw_score(span: ScoredSpan) -> float:
    """Return a span's log-odds against "no answer", without the prior of its passage."""
    if span.logits is None:
        return span.score
    logits = span.logits
    return logits.start + logits.end - logits.null_start - logits.null_end


def _margin(ranked: Sequence[ScoredSpan], position: int) -> float:
    span = ranked[position]
    rivals = [
        other.score
        for i, other in enumerate(ranked)
        if i != position and token_f1(other.text, span.text) < 0.5
    ]
    return float(np.clip(span.score - max(rivals), -_NO_RIVAL, _NO_RIVAL)) if rivals else _NO_RIVAL


def _agreeing_documents(ranked: Sequence[ScoredSpan], position: int) -> set[int]:
    span = ranked[position]
    text = normalize_answer(span.text)
    return {
        other.document_id
        for other in ranked
        if other.document_id != span.document_id
        and raw_score(other) > 0
        and normalize_answer(other.text) == text
    }
