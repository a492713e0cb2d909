"""What other readers would say of the same answers, from the same logits."""

import math
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
from asked import Asked

from answerable.reader.confidence import raw_score
from answerable.reader.ranking import ScoredSpan

Confidence = Callable[[Asked], float]
_TOP_K = 20  # answers that Haystack's reader looks at by default


def max_probability(asked: Asked) -> float:
    """Return the answer's share of a softmax over its window's 20 best spans and "no answer".

    Source: run_squad.py, the probability of its n-best list.
    """
    top = asked.reading.ranked[0]
    window = [span for span in asked.reading.spans if _window(span) == _window(top)]
    scores = np.array([0.0, *(raw_score(span) for span in window)])
    return math.exp(raw_score(top) - scores.max()) / float(np.exp(scores - scores.max()).sum())


def null_threshold(asked: Asked) -> float:
    """Return the sigmoid of the answer's score against "no answer": a threshold on score_diff.

    Source: Devlin and others 2019, "BERT", section 4.3.
    """
    return _sigmoid(raw_score(asked.reading.ranked[0]))


def haystack_sigmoid(asked: Asked) -> float:
    """Return the sigmoid of a tenth of the logit sum. Source: Haystack 2, ExtractiveReader."""
    return _haystack(asked.reading.ranked[0])


def haystack_noisy_or(asked: Asked) -> float:
    """Return the probability that some answer is right, were all independent. Source: the same."""
    best = sorted(asked.reading.ranked, key=_haystack, reverse=True)[:_TOP_K]
    return 1.0 - math.prod(1.0 - _haystack(span) for span in best)


BASELINES: Mapping[str, Confidence] = {
    "maximum probability": max_probability,
    "null threshold": null_threshold,
    "Haystack's sigmoid": haystack_sigmoid,
    "Haystack's noisy-or": haystack_noisy_or,
}


def confidences(asked: list[Asked]) -> dict[str, npt.NDArray[np.float64]]:
    """Return each baseline's confidence in the top answers."""
    return {
        name: np.array([confidence(one) for one in asked]) for name, confidence in BASELINES.items()
    }


def _window(span: ScoredSpan) -> tuple[float, ...]:
    assert span.logits is not None
    return span.passage_id, span.logits.null_start, span.logits.null_end


def _haystack(span: ScoredSpan) -> float:
    assert span.logits is not None
    return _sigmoid(0.1 * (span.logits.start + span.logits.end))


def _sigmoid(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x))
