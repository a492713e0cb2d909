"""A document of sixty facts, questions about them, and a reader that a calibration governs."""

import re
from collections.abc import Sequence
from pathlib import Path

from answerable.api import Engine, Settings
from answerable.index import LocalIndex, Passage
from answerable.reader import (
    FEATURES,
    ConfidenceModel,
    Prediction,
    Profile,
    ProfileDecision,
    RetrievalEvidence,
    Span,
    uncalibrated,
)
from tests.fakes import HashEncoder

FACTS = 60
READER_SHA256 = "fa" * 32
WRONG = 5  # every fifth question is answered wrongly


class FactReader:
    """Quotes what the question's number is about; its scores tell right from wrong, not quite.

    Its probabilities come from its confidence model, as those of a real reader do.
    """

    name = "facts"
    sha256 = READER_SHA256
    has_null_answer = True

    def __init__(self, confidence: ConfidenceModel | None = None) -> None:
        """Make a reader; without a confidence model, one that nothing was fitted for."""
        self.confidence = confidence or uncalibrated(self.sha256)

    @property
    def calibration(self) -> str | None:
        """The name of the confidence model."""
        return self.confidence.name

    def with_confidence(self, confidence: ConfidenceModel) -> "FactReader":
        """Return the same under another confidence model."""
        return FactReader(confidence)

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
        """Return the number's value, or for every fifth number that of another fact."""
        least = self.confidence.min_probability if min_probability is None else min_probability
        if max_error is not None:
            least = self.confidence.threshold_for(max_error).min_probability
        if not passages:
            return Prediction(None, "no_answer_in_passages", (), min_probability=least)
        number = int(re.findall(r"\d+", question)[-1])
        wanted = f"value-{number}."
        passage = next((p for p in passages if wanted in p.text), None)
        if passage is None or number % WRONG == 0:
            passage, wanted = passages[0], passages[0].text.split()[0]
        score = (1.0 if number % WRONG else -1.0) + (number * 7 % 11) / 5
        features = tuple(score if feature.name == "score" else 0.0 for feature in FEATURES)
        start = passage.start + passage.text.index(wanted)
        text = wanted.rstrip(".")
        span = Span(
            passage_id=passage.id,
            document_id=passage.document_id,
            start=start,
            end=start + len(text),
            text=text,
            score=score,
            probability=self.confidence.probability(features),
        )
        reason = None if span.probability >= least else "low_confidence"
        return Prediction(
            answer=None if reason else span,
            reason="low_confidence" if reason else None,
            spans=(span,),
            features=features,
            is_shifted=self.confidence.is_shifted(features),
            min_probability=least,
        )

    def decide(
        self, question: str, passages: Sequence[Passage], profile: Profile
    ) -> ProfileDecision:
        """Return no answer: only our own rule is calibrated."""
        return ProfileDecision(profile.name, None, False, 0.0, None, ())


def fact_engine(folder: Path, encoder: HashEncoder | None = None) -> Engine:
    """Return an engine on an index of the facts, which is made if it is not there."""
    encoder = encoder or HashEncoder()
    is_new = not folder.exists()
    index = LocalIndex.open(folder, encoder, create=True)
    engine = Engine(index, encoder, FactReader, Settings(index=folder))
    if is_new:
        document = folder.parent / "facts.md"
        lines = (f"# Fact {n}\n\nFact {n} is value-{n}.\n" for n in range(FACTS))
        document.write_text("\n".join(lines), encoding="utf-8")
        engine.ingest([document])
    return engine


def write_questions(folder: Path, n: int = FACTS) -> Path:
    """Write a CSV file of one question for each fact; the last tenth has no answer."""
    path = folder / "questions.csv"
    answered = n - n // 10
    rows = [f"What is fact {i}?,{f'value-{i}' if i < answered else 'no answer'}" for i in range(n)]
    path.write_text("\n".join(["question,answer", *rows]) + "\n", encoding="utf-8")
    return path
