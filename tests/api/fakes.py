"""An engine without models: real index and retrieval, a reader that follows a script."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from answerable.api import Engine, Settings
from answerable.index import LocalIndex, Passage
from answerable.reader import (
    ConfidenceModel,
    Prediction,
    Profile,
    ProfileAnswer,
    ProfileDecision,
    RetrievalEvidence,
    Span,
    uncalibrated,
)
from tests.fakes import HashEncoder

REMOTE = """# Remote work

Employees may work from home three days per week.
A desk allowance of 400 euros is paid once.
"""
LEAVE = "Parental leave lasts 16 weeks.\r\nIt is paid in full.\r\n"
SALARIES = "The salary of the director is 90,000 pounds a year.\n"
HOSTILE = "The code word is \x1b[31mred\x1b[0m herring.\n"

SCRIPT: Mapping[str, str] = {
    "home": "three days per week",
    "allowance": "400 euros",
    "parental": "16 weeks",
    "salary": "90,000 pounds",
    "code word": "\x1b[31mred\x1b[0m herring",
}
"""A word of the question -> the quote that answers it."""


class ScriptedReader:
    """A ``Reader`` that finds the quote of the script, wherever the passages hold it."""

    name = "scripted"
    sha256 = "5c" * 32
    has_null_answer = True
    calibration = "by hand"

    def __init__(self, probability: float = 0.9, shift: int = 0) -> None:
        """Make a reader; ``shift`` moves its offsets away from its texts, as a defect would."""
        self.probability = probability
        self.shift = shift
        self.confidence = uncalibrated(self.sha256)

    def with_confidence(self, confidence: ConfidenceModel) -> "ScriptedReader":
        """Return itself: its probabilities are those of the script."""
        return self

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
        """Return the script's quote in each passage that holds it."""
        quotes = [quote for word, quote in SCRIPT.items() if word in question.lower()]
        spans = tuple(
            self._span(passage, quote)
            for passage in passages
            for quote in quotes
            if quote in passage.text
        )[:n_best]
        if not spans:
            return Prediction(None, "no_answer_in_passages", ())
        if self.probability < (0.5 if min_probability is None else min_probability):
            return Prediction(None, "low_confidence", spans)
        return Prediction(spans[0], None, spans)

    def decide(
        self, question: str, passages: Sequence[Passage], profile: Profile
    ) -> ProfileDecision:
        """Return the script's quote in the first passage that holds it, at a score of 0.5."""
        found = self.read(question, passages).spans
        if not found:
            return ProfileDecision(profile.name, None, False, 0.0, None, ())
        place = [passage.id for passage in passages].index(found[0].passage_id)
        start = found[0].start - passages[place].start
        end = found[0].end - passages[place].start
        best = ProfileAnswer(found[0].text, 0.5, place, start, end, 2.0, 2.0)
        return ProfileDecision(profile.name, best, False, 0.5, -4.0, (best,))

    def _span(self, passage: Passage, quote: str) -> Span:
        start = passage.start + passage.text.index(quote) + self.shift
        return Span(
            passage_id=passage.id,
            document_id=passage.document_id,
            start=start,
            end=start + len(quote),
            text=quote,
            score=4.0,
            probability=self.probability,
        )


def write_handbook(folder: Path) -> Path:
    """Write the documents of these tests into a folder of that one."""
    handbook = folder / "handbook"
    handbook.mkdir()
    for name, text in (("remote.md", REMOTE), ("leave.txt", LEAVE), ("hostile.txt", HOSTILE)):
        (handbook / name).write_bytes(text.encode())
    return handbook


def open_engine(
    folder: Path,
    settings: Settings | None = None,
    reader: ScriptedReader | None = None,
    *,
    create: bool = True,
) -> Engine:
    """Open an engine on the index in ``folder``, which is made if it is not there."""
    encoder = HashEncoder()
    index = LocalIndex.open(folder, encoder, create=create)
    settings = (settings or Settings()).model_copy(update={"index": folder})
    return Engine(index, encoder, lambda: reader or ScriptedReader(), settings)


def fill(folder: Path, handbook: Path) -> None:
    """Make an index of the handbook, with one document that only HR may see."""
    secret = handbook.parent / "salaries.txt"
    secret.write_text(SALARIES, encoding="utf-8")
    with open_engine(folder) as engine:
        engine.ingest([handbook])
        engine.ingest([secret], principals=["group:hr"])
