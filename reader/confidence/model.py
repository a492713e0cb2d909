"""From the features of an answer to the probability that it is right."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..errors import CalibrationMismatch, CalibrationNeeded
from .features import FEATURES, N_FEATURES
from .guarantee import CalibrationSample, Threshold
from .pairs import Together
from .shift import ShiftRule

MIN_PROBABILITY = 0.5  # of a reader that nothing was fitted for: where its score says "even"
_NEVER_NULL = 1e6  # above any difference of logits, and still JSON
_SUBJECT = "the calibration"


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a calibration was fitted on and for.

    Attributes:
        fitted_on: the data, for people; empty if nothing was fitted.
        n_questions: labelled questions in it.
        date: ISO date of the fit.
        reader_sha256: the reader that it was fitted for.
        encoder_sha256: the encoder behind the retrieval, "" if it does not matter.
        splitter_version: how the passages were cut, 0 if it does not matter.
    """

    fitted_on: str
    n_questions: int
    date: str
    reader_sha256: str
    encoder_sha256: str = ""
    splitter_version: int = 0


@dataclass(frozen=True, slots=True)
class CalibrationOutcome:
    """One labelled question, asked: what the top answer looked like, and whether it was right.

    Attributes:
        group: questions of one group share a text (an article, a document): never split up.
        features: as ``Prediction.features``.
        is_right: of the top span, whatever its probability.
        is_answerable: whether what was asked has an answer in the index; no fit looks at it.
        weight: above 0, below 1 if such questions are labelled more often than they are asked;
            for ``fit_confidence``, while ``recalibrate`` takes all alike.
        question: the same of outcomes that are one question asked in several ways, as with and
            without its text in the index; they may err together. Empty: it is of no other.
    """

    group: str
    features: tuple[float, ...]
    is_right: bool
    is_answerable: bool
    weight: float = 1.0
    question: str = ""


@dataclass(frozen=True, slots=True)
class ConfidenceModel:
    """A logistic model of the features, and what it was fitted on.

    Attributes:
        intercept: in log-odds.
        weights: one for each of ``FEATURES``, in log-odds per unit of the feature.
        usual: of each feature, taken where its value is unknown.
        min_probability: abstain below it, unless the caller says otherwise.
        null_threshold: in logits; "no answer" is likelier than the best span when score_diff
            is above it, the passage being the right one. Decides on gold passages; over an
            index it only tells the reason of an abstention.
        sample: the calibration questions, for error limits; None if nothing was fitted.
        shift: what they look like; None if nothing was fitted.
        together: what pairs of features add; None if nothing.
    """

    intercept: float
    weights: tuple[float, ...]
    usual: tuple[float, ...]
    min_probability: float
    null_threshold: float
    provenance: Provenance
    sample: CalibrationSample | None = field(default=None, compare=False)
    shift: ShiftRule | None = None
    together: Together | None = None

    @property
    def name(self) -> str | None:
        """Name the calibration for people, or None for a reader without one."""
        p = self.provenance
        return f"{p.fitted_on}, {p.n_questions} questions, {p.date}" if p.fitted_on else None

    @property
    def fitted_min_probability(self) -> float:
        """Below which a fit that starts here abstains: the same, 0.5 where nothing was fitted.

        What answers every question because nothing was fitted need not do so any longer.
        """
        return self.min_probability if self.name else MIN_PROBABILITY

    def probability(self, features: Sequence[float]) -> float:
        """Return the probability, 0 to 1, that an answer with these features is right."""
        given = np.asarray(features, dtype=np.float64)
        known = np.where(np.isnan(given), self.usual, given)
        log_odds = self.intercept + float(np.dot(self.weights, known))
        if self.together is not None:
            log_odds += float(self.together.log_odds(given[None])[0])
        return float(1.0 / (1.0 + np.exp(-np.clip(log_odds, -500, 500))))

    def threshold_for(self, max_error: float, confidence: float = 0.9) -> Threshold:
        """Return the laxest threshold that keeps an error limit: see ``CalibrationSample``.

        Raises:
            CalibrationNeeded: nothing was fitted, so nothing can be promised.
            MaxErrorUnsupported: the calibration questions cannot support the limit.
        """
        if self.sample is None:
            raise CalibrationNeeded(
                "an error limit needs a calibration, and this reader has none: "
                'fit one with "answerable calibrate QUESTIONS"'
            )
        return self.sample.threshold_for(max_error, confidence)

    def is_shifted(self, features: Sequence[float]) -> bool:
        """Tell whether an answer looks unlike those of the calibration."""
        return self.shift is not None and self.shift.is_shifted(features)

    def check(self, *, encoder_sha256: str, splitter_version: int) -> None:
        """Refuse to speak for passages that another encoder found or another splitter cut.

        Raises:
            CalibrationMismatch: it was fitted for others.
        """
        provenance = self.provenance
        if provenance.encoder_sha256 not in ("", encoder_sha256):
            raise CalibrationMismatch(
                _SUBJECT,
                f"for encoder {_short(provenance.encoder_sha256)}, and this index has "
                f"{_short(encoder_sha256)}",
            )
        if provenance.splitter_version not in (0, splitter_version):
            raise CalibrationMismatch(
                _SUBJECT,
                f"for splitter {provenance.splitter_version}, and this index has "
                f"{splitter_version}",
            )

    def check_reader(self, reader_sha256: str, subject: str = _SUBJECT) -> None:
        """Refuse to speak for the scores of another reader.

        Args:
            reader_sha256: of the one that reads.
            subject: what to call this calibration.

        Raises:
            CalibrationMismatch: it was fitted for another.
        """
        fitted = self.provenance.reader_sha256
        if fitted != reader_sha256:
            difference = f"for reader {_short(fitted)}, and this one is {_short(reader_sha256)}"
            raise CalibrationMismatch(subject, difference)


def uncalibrated(reader_sha256: str) -> ConfidenceModel:
    """Return the model of a reader that nothing was fitted for: the sigmoid of the score."""
    return ConfidenceModel(
        intercept=0.0,
        weights=tuple(float(f.name in ("score", "prior")) for f in FEATURES),
        usual=(0.0,) * N_FEATURES,
        min_probability=MIN_PROBABILITY,
        null_threshold=0.0,
        provenance=Provenance("", 0, "", reader_sha256),
    )


def unable_to_abstain(reader_sha256: str) -> ConfidenceModel:
    """Return that of a reader without a trained "no answer", which nothing was fitted for.

    Its score against "no answer" means nothing, so that every question is answered unless the
    caller asks for a probability; only a calibration can tell good answers from bad ones.
    """
    return replace(uncalibrated(reader_sha256), min_probability=0.0, null_threshold=_NEVER_NULL)


def _short(sha256: str) -> str:
    """Return enough of a hash to tell two models apart, as results name them."""
    return sha256[:12]
