"""Two documents that answer one question differently.

The test is that each of both, without the other, would have been believed: an answer is
ranked anew without the documents that say otherwise. What retrieval thought of each document
stays as it was, so that a passage that fits the question badly gains nothing.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from .answer_text import token_f1
from .confidence import Reading, answer_features
from .contradiction import is_contradiction
from .ranking import ScoredSpan, rank_spans

BELIEVABLE = 0.5
"""Both answers must reach it alone, by the reader's own calibration. It depends neither on what the
asker demands nor on what an index was calibrated on, so that an error limit holds among the
answers that are left: those that the limit was calibrated on."""

_SHARED = 0.5  # token F1 above which two texts are one answer

Probability = Callable[[tuple[float, ...]], float]


@dataclass(frozen=True, slots=True)
class Rival:
    """The best answer of other documents that contradicts the best of all.

    Attributes:
        features: were there no documents that give the best answer.
        answer_features: of the best answer, were there no documents that give this one.
    """

    span: ScoredSpan
    features: tuple[float, ...]
    answer_features: tuple[float, ...]

    def is_believable(self, probability: Probability) -> bool:
        """Whether either answer alone would be likelier right than wrong.

        Args:
            probability: from features to the probability that an answer is right.
        """
        sides = self.features, self.answer_features
        return min(map(probability, sides)) >= BELIEVABLE


def find_rival(reading: Reading) -> Rival | None:
    """Return what contradicts the best answer, if other documents hold anything of that kind."""
    if not reading.ranked:
        return None
    best = reading.ranked[0]
    without_best = _without(reading, _documents_saying(reading, best))
    if not without_best.ranked or not is_contradiction(best.text, without_best.ranked[0].text):
        return None
    rival = without_best.ranked[0]
    without_rival = _without(reading, _documents_saying(reading, rival))
    # A document that says both is no witness against either; the best answer must remain.
    if not without_rival.ranked or not _is_same(best.text, without_rival.ranked[0].text):
        return None
    return Rival(
        span=rival,
        features=answer_features(without_best)[0],
        answer_features=answer_features(without_rival)[0],
    )


def _documents_saying(reading: Reading, answer: ScoredSpan) -> set[int]:
    """Return the documents that give this answer, its own among them."""
    return {answer.document_id} | {
        span.document_id for span in reading.ranked if _is_same(span.text, answer.text)
    }


def _is_same(text: str, other: str) -> bool:
    """Whether most words of two texts are the same, and none contradict: one in two may be chance."""
    return token_f1(text, other) > _SHARED and not is_contradiction(text, other)


def _without(reading: Reading, documents: Collection[int]) -> Reading:
    spans = [span for span in reading.spans if span.document_id not in documents]
    return Reading(
        question=reading.question,
        passages=reading.passages,
        evidence=reading.evidence,
        spans=spans,
        ranked=rank_spans(spans, max(len(reading.ranked), 1)),
        alone=reading.alone,
    )
