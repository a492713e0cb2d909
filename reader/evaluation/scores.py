"""A reader, or a file of its predictions, measured on questions with their gold passages.

``evaluate_squad`` runs a reader and ``score_predictions`` takes answers as they are; both end
in the same record of every question. Breakdowns and files are made from that record.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from answerable.index import Passage, available_cores

from ..errors import DatasetInvalid
from ..onnx_reader import OnnxReader
from ..profiles import ProfileAnswer
from ..ranking import ScoredSpan
from .metrics import averages, question_scores
from .squad import SquadQuestion
from .thresholds import OddsAnswer, average_precisions, best_thresholds

Read = TypeVar("Read")

NO_SPAN_ODDS = 1e6
"""Null odds where there was nothing to read: above any difference of logits, and still JSON."""

FORCED = math.inf
"""The null threshold that lets every answer through."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One question and what became of it.

    Attributes:
        answer: the best answer, whether or not it was given; empty if there is none.
        is_withheld: whether the null threshold kept the answer back.
        answer_exact: 1.0 if ``answer`` is right, else 0.0.
        answer_f1: of ``answer``, 0 to 1.
        null_odds: score_diff: a difference of logits, positive for "no answer"; None if unknown.
        candidates: the best spans of the context, best first; none where no reader ran.
        n_best: the list of another system's rule, where such a one decided.
    """

    question: SquadQuestion
    answer: str
    is_withheld: bool
    answer_exact: float
    answer_f1: float
    null_odds: float | None
    candidates: tuple[ScoredSpan, ...]
    n_best: tuple[ProfileAnswer, ...] = ()

    @property
    def prediction(self) -> str:
        """The answer given; empty for "no answer"."""
        return "" if self.is_withheld else self.answer

    @property
    def exact(self) -> float:
        """Exact match of the prediction, 0 or 1."""
        return float(not self.question.is_answerable) if self.is_withheld else self.answer_exact

    @property
    def f1(self) -> float:
        """F1 of the prediction, 0 to 1."""
        return float(not self.question.is_answerable) if self.is_withheld else self.answer_f1


@dataclass(frozen=True, slots=True)
class SquadEvaluation:
    """The answers to a data set and their scores.

    Attributes:
        metrics: the official scorer's keys; percentages, totals and thresholds.
        outcomes: one for each question, in the data's order.
        ranked: the same questions as the official scorer ranks them, lowest null odds first;
            empty where the odds are unknown.
        null_threshold: in logits; ``FORCED`` where every answer was given, None where the
            predictions were taken as they are.
    """

    metrics: dict[str, float]
    outcomes: tuple[Outcome, ...]
    ranked: tuple[OddsAnswer, ...]
    null_threshold: float | None

    @property
    def predictions(self) -> dict[str, str]:
        """The answer given to each question, by id; empty for "no answer"."""
        return {outcome.question.id: outcome.prediction for outcome in self.outcomes}

    @property
    def answers(self) -> dict[str, str]:
        """The best answer to each question, by id, withheld ones too."""
        return {outcome.question.id: outcome.answer for outcome in self.outcomes}

    @property
    def null_odds(self) -> dict[str, float]:
        """score_diff by question id, where it is known."""
        return {o.question.id: o.null_odds for o in self.outcomes if o.null_odds is not None}


def evaluate_squad(
    reader: OnnxReader,
    questions: Sequence[SquadQuestion],
    null_threshold: float,
    on_progress: Callable[[int], None] = lambda done: None,
    *,
    n_best: int = 1,
) -> SquadEvaluation:
    """Read each question's own context and score the answers.

    The decision to answer is the null threshold's alone: a confidence model is for questions
    asked to a whole index, where the passage may be the wrong one.

    Args:
        reader: gives the candidates.
        questions: with contexts and reference answers; at least one.
        null_threshold: in logits; the prediction is empty when score_diff is above it.
            ``FORCED`` for an answer to every question.
        on_progress: called with the number of questions done.
        n_best: candidates kept of each question.
    """
    candidates: dict[str, tuple[ScoredSpan, ...]] = {}

    def read(question: SquadQuestion) -> tuple[ScoredSpan, ...]:
        return tuple(reader.candidates(question.question, [gold_passage(question)], n_best))

    for done, (question, found) in enumerate(read_all(questions, read), start=1):
        candidates[question.id] = found
        on_progress(done)
    return evaluation_of_spans(questions, candidates, null_threshold)


def score_predictions(
    questions: Sequence[SquadQuestion],
    answers: Mapping[str, str],
    null_odds: Mapping[str, float] | None = None,
    null_threshold: float | None = None,
) -> SquadEvaluation:
    """Score answers that are already there.

    Args:
        questions: with reference answers; at least one.
        answers: text by question id, empty for "no answer"; others are left out.
        null_odds: score_diff by question id; higher for "no answer". In their order, as the
            official scorer ranks equal ones.
        null_threshold: an answer whose score_diff is above it counts as "no answer"; None to
            take the answers as they are.

    Raises:
        DatasetInvalid: a question has no answer or no null odds.
    """
    _check_complete("predictions", questions, answers)
    if null_odds is not None:
        _check_complete("null odds", questions, null_odds)
    return evaluation_of(questions, answers, null_odds, null_threshold, {})


def evaluation_of_spans(
    questions: Sequence[SquadQuestion],
    candidates: Mapping[str, tuple[ScoredSpan, ...]],
    null_threshold: float,
) -> SquadEvaluation:
    """Score the best of each question's candidates: its score is what "no answer" is against."""
    return evaluation_of(
        questions,
        {id: found[0].text if found else "" for id, found in candidates.items()},
        {id: -found[0].score if found else NO_SPAN_ODDS for id, found in candidates.items()},
        null_threshold,
        candidates,
    )


def evaluation_of(
    questions: Sequence[SquadQuestion],
    answers: Mapping[str, str],
    null_odds: Mapping[str, float] | None,
    null_threshold: float | None,
    candidates: Mapping[str, tuple[ScoredSpan, ...]],
    n_best: Mapping[str, tuple[ProfileAnswer, ...]] | None = None,
) -> SquadEvaluation:
    """Score answers with all that is known of them, by question id: see ``Outcome``."""
    outcomes = []
    for question in questions:
        answer, odds = (
            answers[question.id],
            null_odds[question.id] if null_odds is not None else None,
        )
        exact, f1 = question_scores(answer, question)
        is_withheld = odds is not None and null_threshold is not None and odds > null_threshold
        found = candidates.get(question.id, ())
        listed = (n_best or {}).get(question.id, ())
        outcomes.append(Outcome(question, answer, is_withheld, exact, f1, odds, found, listed))
    metrics = averages(
        [question.is_answerable for question in questions], [(o.exact, o.f1) for o in outcomes]
    )
    ranked = _ranked(outcomes, null_odds) if null_odds is not None else []
    if ranked:
        metrics |= best_thresholds(ranked)
    if any(not answer.is_answerable for answer in ranked):
        metrics |= average_precisions(ranked)
    return SquadEvaluation(metrics, tuple(outcomes), tuple(ranked), null_threshold)


def _ranked(outcomes: Sequence[Outcome], null_odds: Mapping[str, float]) -> list[OddsAnswer]:
    """Return the answers by null odds; equal ones in the order of ``null_odds``."""
    by_id = {outcome.question.id: outcome for outcome in outcomes}
    return [
        OddsAnswer(
            null_odds=null_odds[id],
            is_answerable=by_id[id].question.is_answerable,
            is_empty=not by_id[id].answer,
            exact=by_id[id].answer_exact,
            f1=by_id[id].answer_f1,
        )
        for id in sorted((id for id in null_odds if id in by_id), key=lambda id: null_odds[id])
    ]


def read_all(
    questions: Sequence[SquadQuestion], read: Callable[[SquadQuestion], Read]
) -> Iterator[tuple[SquadQuestion, Read]]:
    """Yield each question with what reading it gives, in order.

    A gold passage is seldom more than one window, which keeps one core busy: several
    questions are under way at once, one more than there are cores, so that the model also
    runs while spans are searched.
    """
    pool = ThreadPoolExecutor(available_cores() + 1, thread_name_prefix="evaluation")
    try:
        yield from zip(questions, pool.map(read, questions), strict=True)
    finally:  # an error or Ctrl-C does not wait for the questions that are left
        pool.shutdown(cancel_futures=True)


def _check_complete(
    what: str, questions: Sequence[SquadQuestion], given: Mapping[str, object]
) -> None:
    missing = [question.id for question in questions if question.id not in given]
    if missing:
        raise DatasetInvalid(
            f"the {what} lack {len(missing):,} of {len(questions):,} questions, "
            f"the first is {missing[0]}: is it the same data?"
        )


def gold_passage(question: SquadQuestion) -> Passage:
    """Return a question's own context as the only passage of a document."""
    return Passage(
        id=0,
        document_id=0,
        start=0,
        end=len(question.context),
        text=question.context,
        heading="",
        page=None,
    )
