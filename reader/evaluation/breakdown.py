"""Where a reader is weak: its scores by kind of question, and its worst errors to read."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from .answer_types import (
    ANSWER_TYPES,
    QUESTION_WORDS,
    answer_type,
    passage_length,
    passage_lengths,
    question_word,
)
from .scores import Outcome, SquadEvaluation
from .squad import SquadQuestion

ErrorKind = Literal["wrong answer", "answer to an unanswerable question", "missed answer"]

# A prediction that shares half of its words with a reference is no error to learn from.
_WRONG_BELOW_F1 = 0.5
_EXCERPT_CHARS = 160


@dataclass(frozen=True, slots=True)
class GroupScore:
    """The scores of the questions of one kind.

    Attributes:
        exact: per cent.
        f1: per cent.
        answered: per cent of the questions to which an answer was given.
    """

    name: str
    total: int
    exact: float
    f1: float
    answered: float


@dataclass(frozen=True, slots=True)
class ReadingError:
    """One wrong prediction with what is needed to see why.

    Attributes:
        margin: how far the null odds are on the side of the decision, in logits; None if they
            are unknown.
        before: the context before ``quote``, cut to a few words.
        quote: the place of the reference answer, or of the prediction if there is none; empty
            if neither is in the context.
        after: the context after it.
    """

    outcome: Outcome
    kind: ErrorKind
    margin: float | None
    before: str
    quote: str
    after: str


def break_down(evaluation: SquadEvaluation) -> dict[str, list[GroupScore]]:
    """Return the scores by answer type, question word and passage length.

    Groups without questions are left out; the rules are in ``answer_types``.
    """
    outcomes = evaluation.outcomes
    return {
        "answer_type": _groups(outcomes, answer_type, ANSWER_TYPES),
        "question_word": _groups(outcomes, lambda q: question_word(q.question), QUESTION_WORDS),
        "passage_length": _groups(outcomes, lambda q: passage_length(q.context), passage_lengths()),
    }


def worst_errors(evaluation: SquadEvaluation, most: int = 20) -> list[ReadingError]:
    """Return the errors that the reader was surest of: wrong answers, then missed ones.

    An error is a prediction of less than half F1. Each kind is sorted by its margin; without
    null odds, by F1 and then in the data's order.
    """
    threshold = evaluation.null_threshold
    errors = [
        _error(outcome, threshold)
        for outcome in evaluation.outcomes
        if outcome.f1 < _WRONG_BELOW_F1
    ]

    def badness(error: ReadingError) -> tuple[bool, float, float]:
        return error.kind == "missed answer", -(error.margin or 0.0), error.outcome.f1

    return sorted(errors, key=badness)[:most]


def _groups(
    outcomes: Sequence[Outcome], group_of: Callable[[SquadQuestion], str], order: Sequence[str]
) -> list[GroupScore]:
    members: Mapping[str, list[Outcome]] = {name: [] for name in order}
    for outcome in outcomes:
        members[group_of(outcome.question)].append(outcome)
    return [_score(name, group) for name, group in members.items() if group]


def _score(name: str, group: Sequence[Outcome]) -> GroupScore:
    share = 100.0 / len(group)
    return GroupScore(
        name=name,
        total=len(group),
        exact=share * sum(outcome.exact for outcome in group),
        f1=share * sum(outcome.f1 for outcome in group),
        answered=share * sum(bool(outcome.prediction) for outcome in group),
    )


def _error(outcome: Outcome, threshold: float | None) -> ReadingError:
    before, quote, after = _excerpt(outcome)
    kind: ErrorKind = "missed answer"
    if outcome.prediction:
        is_answerable = outcome.question.is_answerable
        kind = "wrong answer" if is_answerable else "answer to an unanswerable question"
    margin = None
    if outcome.null_odds is not None:
        # Without a threshold of its own, a forced answer is as sure as the reader was of it.
        bar = threshold if threshold is not None and math.isfinite(threshold) else 0.0
        margin = bar - outcome.null_odds if outcome.prediction else outcome.null_odds - bar
    return ReadingError(outcome, kind, margin, before, quote, after)


def _excerpt(outcome: Outcome) -> tuple[str, str, str]:
    """Return the context around the reference answer, or else around the answer found."""
    context = outcome.question.context
    start, end = _place(outcome)
    begin, stop = max(0, start - _EXCERPT_CHARS), min(len(context), end + _EXCERPT_CHARS)
    if begin > 0:  # cut between words, where there are some
        begin = max(begin, context.find(" ", begin, start) + 1)
    if stop < len(context):
        stop = max(end, context.rfind(" ", end, stop))
    before = ("… " if begin > 0 else "") + context[begin:start]
    after = context[end:stop] + (" …" if stop < len(context) else "")
    return before, context[start:end], after


def _place(outcome: Outcome) -> tuple[int, int]:
    """Return where the excerpt's quote is in the context."""
    context = outcome.question.context
    for reference in outcome.question.answers:
        end = reference.start + len(reference.text)
        if reference.start >= 0 and context[reference.start : end] == reference.text:
            return reference.start, end
    if outcome.candidates:
        return outcome.candidates[0].start, outcome.candidates[0].end
    start = max(0, context.find(outcome.answer))
    return (start, start + len(outcome.answer)) if outcome.answer in context else (0, 0)
