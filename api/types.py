"""The public results, field for field what ``--json`` and HTTP return.

Everything is frozen; ``to_json`` turns any of them into the JSON of the public
contract. ``start`` and ``end`` are half-open code-point offsets into the
document text as stored.
"""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from answerable.retriever import ChannelScore, SearchMode

AskReason = Literal["no_passages", "no_answer_in_passages", "low_confidence", "conflicting_answers"]
CalibrationFit = Literal["matched", "shifted"]


@dataclass(frozen=True, slots=True)
class DocumentRef:
    """Which document: its id in this index, where it came from, its title, and its dates.

    Attributes:
        modified_at: when the source was changed, ISO 8601 in UTC, if known.
        ingested_at: when it came into the index.
    """

    id: int
    uri: str
    title: str
    modified_at: str | None
    ingested_at: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A quote from a document.

    Attributes:
        text: the quote: exactly ``document_text[start:end]``.
        sentence: the sentence or sentences around it, from ``sentence_start``.
        probability: 0 to 1, that the quote answers the question; None where another system's
            rule decided, which knows none.
        score: log-odds against "no answer here", in logits; of another system's rule its own.
        page: page of ``start``, for paged documents.
        line: line of ``start`` in the stored text, from 1, for documents without pages.
    """

    text: str
    sentence: str
    sentence_start: int
    probability: float | None
    score: float
    document: DocumentRef
    passage_id: int
    start: int
    end: int
    page: int | None
    line: int | None


@dataclass(frozen=True, slots=True)
class NearestPassage:
    """A passage close to the question, whether or not it answers it."""

    passage_id: int
    document: DocumentRef
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class AskTiming:
    """Milliseconds of each stage; ``total`` holds checking and quoting too."""

    retrieve: float
    read: float
    total: float


@dataclass(frozen=True, slots=True)
class ModelNames:
    """What produced a result: ``name@`` and the first digits of the model's sha256.

    Attributes:
        null_answer: whether the reader was trained to say that there is no answer; without that
            and without a calibration it answers every question.
    """

    encoder: str
    reader: str
    calibration: str | None
    null_answer: Literal["trained", "none"] = "trained"


@dataclass(frozen=True, slots=True)
class AnswerLimit:
    """How sure an answer had to be.

    Attributes:
        min_probability: below it there is no answer.
        max_error: at most this share of the answers is wrong, on questions like those of the
            calibration; None where no error limit was asked for.
        confidence: with which ``max_error`` holds, over the choice of calibration questions.
    """

    min_probability: float
    max_error: float | None
    confidence: float | None


@dataclass(frozen=True, slots=True)
class ProfileVerdict:
    """What another system's rule said, where it decided.

    Attributes:
        name: the profile.
        score: as that system reports it, for the answer or for "no answer".
        null_odds: higher for "no answer", on the rule's own scale; None for a rule without.
        text: the answer as that system writes it; white space may differ from the quote's.
    """

    name: str
    score: float
    null_odds: float | None
    text: str | None


@dataclass(frozen=True, slots=True)
class AskResult:
    """The verdict on one question.

    Attributes:
        answer: None exactly when ``abstained``.
        reason: why it abstained, else None.
        candidates: the best quotes, best first; the answer is the first of them. Of conflicting
            answers the first two are the two sides.
        limit: how sure an answer had to be.
        calibration: ``shifted`` where the question or the scores look unlike those that the
            probabilities were fitted on, so that they are to be taken with care; None where
            nothing was fitted.
        nearest: the best passages, as evidence beside an answer or in place of one.
        profile: the verdict of another system's rule, where one was asked for; then ``limit`` and
            ``calibration`` have no part in it.
    """

    question: str
    answer: Answer | None
    abstained: bool
    reason: AskReason | None
    candidates: tuple[Answer, ...]
    nearest: tuple[NearestPassage, ...]
    limit: AnswerLimit
    calibration: CalibrationFit | None
    timing_ms: AskTiming
    models: ModelNames
    profile: ProfileVerdict | None = None


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A ranked passage.

    Attributes:
        dense: rank (from 1) and cosine in the dense channel, if it found the passage.
        lexical: rank (from 1) and BM25 in the lexical channel, if it found the passage.
    """

    passage_id: int
    document: DocumentRef
    text: str
    heading: str
    start: int
    end: int
    page: int | None
    score: float
    dense: ChannelScore | None
    lexical: ChannelScore | None


@dataclass(frozen=True, slots=True)
class SearchTiming:
    """Milliseconds of one search."""

    total: float


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Passages ranked for a query, best first; ``score`` is that of the mode."""

    query: str
    mode: SearchMode
    hits: tuple[SearchHit, ...]
    timing_ms: SearchTiming


@dataclass(frozen=True, slots=True)
class IndexModels:
    """What an index was made with, and what was fitted for it.

    Attributes:
        calibration: of this index; None where the reader's own holds.
        calibration_refused: why it, or without one the reader's own, is not used, and what to do;
            None if it is.
        own_calibration: the reader's own; None if nothing was fitted for it, or that is refused.
    """

    encoder: str
    calibration: str | None
    calibration_refused: str | None = None
    own_calibration: str | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """What an index holds.

    Attributes:
        index: its folder.
        characters: code points of all stored texts.
        size_bytes: of everything in the folder.
        last_ingested_at: ISO 8601 in UTC; None for an empty index.
        encoder: the embedding model that it was built with, as in ``ModelNames``.
        schema_version: of the database's tables.
        models: the same encoder, and the index's own calibration.
    """

    index: str
    documents: int
    passages: int
    characters: int
    collections: tuple[str, ...]
    size_bytes: int
    last_ingested_at: str | None
    encoder: str
    schema_version: int
    models: IndexModels


@dataclass(frozen=True, slots=True)
class RemoveReport:
    """What ``remove`` took out, and the targets that matched nothing."""

    removed: tuple[DocumentRef, ...]
    not_found: tuple[str, ...]


def to_json(result: Any) -> dict[str, Any]:
    """Return a result of this module, or an ``IngestReport``, as JSON-ready values."""
    return asdict(result)
