"""Labelled questions asked to a whole index, and what became of each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

from answerable.index import Filters
from answerable.reader import (
    DatasetInvalid,
    LabelledQuestion,
    answer_scores,
    normalize_answer,
)
from answerable.retriever import Hit

from ..checks import checked_question
from ..engine import Engine
from ..errors import CollectionInvalid, QuestionInvalid
from ..index_reader import IndexReader
from ..types import Answer, AskResult

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class AskOptions:
    """How questions are asked.

    Attributes:
        filters: what may be seen, checked.
        k: passages read; None for the settings'.
        min_probability: at most one of the two limits; None for the reader's own.
        max_error: the other.
    """

    filters: Filters = field(default_factory=Filters)
    k: int | None = None
    min_probability: float | None = None
    max_error: float | None = None


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A labelled question and what the index made of it.

    Attributes:
        result: as an asker gets it.
        features: of the best span, for a calibration; empty where nothing was found.
        exact: exact match of the answer given, 0 or 1; of "no answer", whether that is right. 0
            where the file only says what is wrong.
        f1: the same over words.
        is_right: whether the best quote is a right answer, given or not.
        passage_rank: of the first hit that holds a sentence with the answer, from 1; None if
            none does, or the file names no passage.
        document_rank: the same for the document that the file names.
        answer_rank: of the first hit that holds the text of an answer.
    """

    question: LabelledQuestion
    result: AskResult
    features: tuple[float, ...]
    exact: float
    f1: float
    is_right: bool
    passage_rank: int | None
    document_rank: int | None
    answer_rank: int | None

    @property
    def best(self) -> Answer | None:
        """The best quote, given or not."""
        return self.result.candidates[0] if self.result.candidates else None

    @property
    def probability(self) -> float:
        """That the best quote is right; 0 where there is none."""
        return (self.best.probability or 0.0) if self.best else 0.0

    @property
    def is_conflict(self) -> bool:
        """Whether two documents disagree, so that neither answer is given."""
        return self.result.reason == "conflicting_answers"

    @property
    def could_be_given(self) -> bool:
        """Whether some limit lets the best quote through; of two that conflict, neither."""
        return bool(self.features) and not self.is_conflict


def check_questions(questions: Sequence[LabelledQuestion], max_chars: int) -> None:
    """Find out before the work whether every question can be asked.

    Raises:
        DatasetInvalid: one cannot; it names the place.
    """
    for question in questions:
        try:
            checked_question(question.question, max_chars)
        except QuestionInvalid as exc:
            raise DatasetInvalid(f"{question.place}: {exc}") from exc


def check_collections(engine: Engine, filters: Filters) -> None:
    """Refuse collections of which the asker sees no document: they would find nothing to read.

    Raises:
        CollectionInvalid: there is no such collection.
    """
    known = [name for name, _ in engine.index.collections(Filters(principals=filters.principals))]
    for name in filters.collections or ():
        if name not in known:
            raise CollectionInvalid(
                f"there is no collection {name!r}: there is {', '.join(known) or 'none'}"
            )


def ask_all(
    engine: Engine,
    questions: Sequence[LabelledQuestion],
    options: AskOptions = AskOptions(),
    *,
    reader: IndexReader | None = None,
    on_progress: Progress = lambda done, total: None,
) -> list[AskedQuestion]:
    """Ask every question in turn.

    Args:
        engine: with the index.
        questions: at least one.
        options: how.
        reader: None for that of the index.
        on_progress: called with questions done and in all.

    Raises:
        DatasetInvalid: a question cannot be asked.
        MaxErrorUnsupported: the calibration cannot support the error limit.
    """
    check_questions(questions, engine.settings.max_question_chars)
    asked = []
    for done, question in enumerate(questions, start=1):
        asked.append(_ask(engine, question, options, reader))
        on_progress(done, len(questions))
    return asked


def _ask(
    engine: Engine, question: LabelledQuestion, options: AskOptions, reader: IndexReader | None
) -> AskedQuestion:
    examined = engine.examine(
        question.question,
        options.filters,
        options.min_probability,
        options.max_error,
        k=options.k,
        reader=reader,
    )
    result, hits = examined.result, examined.hits
    exact, f1 = _scores(result.answer, question)
    best = result.candidates[0].text if result.candidates else ""
    return AskedQuestion(
        question=question,
        result=result,
        features=examined.prediction.features,
        exact=exact,
        f1=f1,
        is_right=question.is_right(best),
        passage_rank=_rank(hits, lambda hit: _holds_sentence(hit, question)),
        document_rank=_rank(hits, lambda hit: _is_of(hit, question.document)),
        answer_rank=_rank(hits, lambda hit: _holds_answer(hit, question)),
    )


def _scores(answer: Answer | None, question: LabelledQuestion) -> tuple[float, float]:
    """Return exact match and F1 of what was given; an answer where there is none is wrong."""
    if answer is None or not question.is_answerable:
        is_right = answer is None and question.is_unanswerable
        return float(is_right), float(is_right)
    return answer_scores(answer.text, question.answers)


def _rank(hits: Sequence[Hit], is_found: Callable[[Hit], bool]) -> int | None:
    return next((rank for rank, hit in enumerate(hits, start=1) if is_found(hit)), None)


def _holds_sentence(hit: Hit, question: LabelledQuestion) -> bool:
    """Whether a passage holds a sentence with the answer, however its lines are broken."""
    if not question.sentences:
        return False
    text = " ".join(hit.passage.text.split())
    return any(" ".join(sentence.split()) in text for sentence in question.sentences)


def _holds_answer(hit: Hit, question: LabelledQuestion) -> bool:
    """Whether a passage holds the words of an answer in a row."""
    text = f" {normalize_answer(hit.passage.text)} "
    wanted = (normalize_answer(answer) for answer in question.answers)
    return any(f" {answer} " in text for answer in wanted if answer)


def _is_of(hit: Hit, name: str | None) -> bool:
    """Whether a passage is of the document that a file of questions names."""
    if not name:
        return False
    uri = unquote(hit.document.uri)
    return name in (uri, hit.document.title) or uri.endswith(f"/{name}")
