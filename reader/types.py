"""What the reader takes and returns.

All offsets are half-open code-point offsets into the document text.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from answerable.index import Passage

from .confidence import ConfidenceModel, RetrievalEvidence
from .profiles import Profile, ProfileDecision

AbstentionReason = Literal["no_answer_in_passages", "low_confidence", "conflicting_answers"]


@dataclass(frozen=True, slots=True)
class Span:
    """A candidate answer: a slice of the stored document text.

    Attributes:
        score: start plus end logit, less the null score of its window: log-odds of this
            span against "no answer here", and so comparable across passages; plus the
            prior of its passage.
        probability: that this span is a right answer, from the confidence model.
    """

    passage_id: int
    document_id: int
    start: int
    end: int
    text: str
    score: float
    probability: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """The reader's verdict on one question over several passages.

    Attributes:
        answer: the best span, or None when the reader abstains.
        reason: why it abstains, or None.
        spans: the n best spans, best first, without overlapping repeats; of conflicting
            answers the two come first.
        features: of the best span, what a calibration is fitted on; empty without spans.
        is_shifted: whether the best span looks unlike those that the calibration was fitted
            on, so that its probability is to be taken with care.
        min_probability: below which it abstained, whoever chose that.
    """

    answer: Span | None
    reason: AbstentionReason | None
    spans: tuple[Span, ...]
    features: tuple[float, ...] = ()
    is_shifted: bool = False
    min_probability: float = 0.0


class Reader(Protocol):
    """Reads passages for the answer to a question."""

    @property
    def name(self) -> str:
        """Name the model for people."""
        ...

    @property
    def sha256(self) -> str:
        """Identify weights, tokenizer and settings."""
        ...

    @property
    def has_null_answer(self) -> bool:
        """Whether the model was trained to say that there is no answer."""
        ...

    @property
    def calibration(self) -> str | None:
        """What the probabilities were fitted on; None if nothing was."""
        ...

    @property
    def confidence(self) -> ConfidenceModel:
        """What turns an answer's features into a probability."""
        ...

    def with_confidence(self, confidence: ConfidenceModel) -> "Reader":
        """Return the same reader under another confidence model."""
        ...

    def read(
        self,
        question: str,
        passages: Sequence[Passage],
        *,
        priors: Sequence[float] | None = None,
        evidence: Sequence[RetrievalEvidence] | None = None,
        n_best: int = 5,
        min_probability: float | None = None,
        max_error: float | None = None,
    ) -> Prediction:
        """Return the best spans over all passages and whether one is good enough.

        Args:
            question: at most 64 tokens are read; longer ones are cut at the end.
            passages: any number, none included.
            priors: how likely each passage is to hold the answer, before it is read: log-odds
                in logits, relative to the likeliest; None for all alike.
            evidence: how each passage was found; None if that is not known.
            n_best: most spans to return.
            min_probability: abstain below it; None for the model's own threshold.
            max_error: answer only so that at most this share of answers is wrong, with 90%
                confidence, for questions like the calibration's; ``min_probability`` then
                holds only if given, and the stricter of both counts.

        Raises:
            CalibrationNeeded: an error limit is asked for, and nothing was fitted.
            MaxErrorUnsupported: the calibration questions cannot support the limit.
        """
        ...

    def decide(
        self, question: str, passages: Sequence[Passage], profile: Profile
    ) -> ProfileDecision:
        """Return what another system would answer with this model, by its own rule.

        Args:
            question: what is asked.
            passages: any number; their titles and headings are not read.
            profile: the system and its settings.
        """
        ...
