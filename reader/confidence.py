"""From the ranking to a probability that the top answer is right.

A logistic model over a few readable features, fitted on questions asked to a
whole index (the right passage found, found late, or absent), never set by
hand. Its coefficients are JSON beside the reader.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from answerable.index import ModelFolderInvalid

from .metrics import normalize_answer
from .ranking import ScoredSpan

CONFIDENCE_NAME = "confidence.json"
FEATURES = ("score", "margin", "agreement")


@dataclass(frozen=True, slots=True)
class ConfidenceModel:
    """Coefficients and where they come from.

    Attributes:
        intercept: in log-odds.
        weights: one per name in ``FEATURES``, in log-odds per unit of the feature.
        min_probability: abstain below it, unless the caller says otherwise.
        null_threshold: in logits; "no answer" is likelier than the best span when score_diff
            is above it, the passage being the right one. Decides on gold passages; over an
            index it only tells the reason of an abstention.
        reader_sha256: the reader that it was fitted for.
        fitted_on: data, split and number of questions; empty if nothing was fitted.
        date: ISO date of the fit.
    """

    intercept: float
    weights: tuple[float, ...]
    min_probability: float
    null_threshold: float
    reader_sha256: str
    fitted_on: str
    date: str

    @property
    def name(self) -> str | None:
        """Name the calibration for people, or None for a reader without one."""
        return f"{self.fitted_on}, {self.date}" if self.fitted_on else None

    def probability(self, features: Sequence[float]) -> float:
        """Return the probability, 0 to 1, that an answer with these features is right."""
        log_odds = self.intercept + float(np.dot(self.weights, features))
        return float(_sigmoid(np.array(log_odds)))


def span_features(spans: Sequence[ScoredSpan], position: int) -> tuple[float, float, float]:
    """Describe one ranked span: see ``FEATURES``.

    score: log-odds against "no answer", in logits. margin: its score less that of the
    best span with another text (8 if there is none). agreement: 1 when another passage
    gives the same text and it too beats "no answer", else 0.
    """
    span = spans[position]
    text = normalize_answer(span.text)
    others = [other for i, other in enumerate(spans) if i != position]
    rivals = [o.score for o in others if normalize_answer(o.text) != text]
    agreeing = any(o.score > 0 and normalize_answer(o.text) == text for o in others)
    margin = span.score - max(rivals) if rivals else 8.0
    return span.score, float(np.clip(margin, -8.0, 8.0)), float(agreeing)


def fit_logistic(
    features: npt.NDArray[np.float64],
    is_right: npt.NDArray[np.bool_],
    share: npt.NDArray[np.float64] | None = None,
    ridge: float = 1e-3,
) -> tuple[float, tuple[float, ...]]:
    """Fit intercept and weights by Newton's method on the ridge-penalised likelihood.

    Args:
        features: (n_questions, n_features).
        is_right: (n_questions,).
        share: (n_questions,), how much each question counts, 1 on average; None for all alike.
        ridge: penalty on the weights, not on the intercept.
    """
    design = np.column_stack([np.ones(len(features)), features])
    penalty = np.diag([0.0, *[ridge * len(features)] * features.shape[1]])
    beta = np.zeros(design.shape[1])
    counts = np.ones(len(features)) if share is None else share
    for _ in range(50):
        probability = _sigmoid(design @ beta)
        gradient = design.T @ (counts * (is_right - probability)) - penalty @ beta
        hessian = (design.T * (counts * probability * (1 - probability))) @ design + penalty
        step = np.linalg.solve(hessian, gradient)
        beta = beta + step
        if float(np.abs(step).max()) < 1e-8:
            break
    return float(beta[0]), tuple(float(weight) for weight in beta[1:])


def uncalibrated(reader_sha256: str) -> ConfidenceModel:
    """Return the model of a reader that nothing was fitted for: the sigmoid of the score."""
    return ConfidenceModel(
        intercept=0.0,
        weights=(1.0, 0.0, 0.0),
        min_probability=0.5,
        null_threshold=0.0,
        reader_sha256=reader_sha256,
        fitted_on="",
        date="",
    )


def load_confidence(folder: Path, reader_sha256: str) -> ConfidenceModel:
    """Read the confidence model beside a reader; the uncalibrated one if there is none.

    Raises:
        ModelFolderInvalid: it is unreadable, or fitted for another reader.
    """
    path = folder / CONFIDENCE_NAME
    if not path.exists():
        return uncalibrated(reader_sha256)
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        model = ConfidenceModel(**{**fields, "weights": tuple(fields["weights"])})
    except (OSError, ValueError, TypeError, KeyError) as exc:
        raise ModelFolderInvalid(f"cannot read the confidence model {path}: {exc}") from exc
    if model.reader_sha256 != reader_sha256 or len(model.weights) != len(FEATURES):
        raise ModelFolderInvalid(f"{path} was fitted for another reader: fit it again")
    return model


def save_confidence(folder: Path, model: ConfidenceModel) -> None:
    """Write the confidence model beside a reader."""
    text = json.dumps(asdict(model), indent=2) + "\n"
    (folder / CONFIDENCE_NAME).write_text(text, encoding="utf-8")


def _sigmoid(log_odds: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return 1.0 / (1.0 + np.exp(-np.clip(log_odds, -500, 500)))
