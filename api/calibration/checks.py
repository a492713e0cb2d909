"""What labelled questions must hold before anything is fitted to them."""

from collections.abc import Sequence
from pathlib import Path

from answerable.reader import DatasetInvalid, LabelledQuestion

from ..evaluation.asking import AskedQuestion

MIN_QUESTIONS = 30
"""Fewer say almost nothing: of 30 questions, a share is known to about 15 points."""

_ALL_ANSWERABLE = (
    "every question of the file has an answer: the limits say nothing of questions that the "
    "documents do not answer; add some"
)


def check_labels(path: Path, questions: Sequence[LabelledQuestion], n_repeated: int) -> None:
    """Refuse too few questions, and those of which none has an answer.

    Args:
        path: for the error.
        questions: each once.
        n_repeated: how many were left out because they are there already.

    Raises:
        DatasetInvalid: nothing can be learnt from them.
    """
    if len(questions) < MIN_QUESTIONS:
        plural = "" if len(questions) == 1 else "s"
        repeated = f", not counting {n_repeated} that are repeated" if n_repeated else ""
        raise DatasetInvalid(
            f"{path} holds {len(questions)} question{plural}{repeated}: at least {MIN_QUESTIONS} "
            "are needed, and 50 are enough to start"
        )
    if not any(question.is_answerable for question in questions):
        raise DatasetInvalid(
            f"{path}: no question has an answer, so nothing says when an answer is right: give "
            "questions that the documents answer, too, with their answers"
        )


def check_usable(asked: Sequence[AskedQuestion], usable: Sequence[AskedQuestion]) -> None:
    """Refuse to fit to too few: the error says what became of the others, and what to do.

    Raises:
        DatasetInvalid: too few answers could be given.
    """
    if len(usable) >= MIN_QUESTIONS:
        return
    n_conflicts = sum(one.is_conflict for one in asked)
    n_unread = len(asked) - len(usable) - n_conflicts
    reasons, advice = [], []
    if n_conflicts:
        reasons.append(f"{n_conflicts} had conflicting answers")
        advice.append("remove documents that are out of date, or ask one --collection")
    if n_unread:
        reasons.append(f"{n_unread} found nothing to read in the index")
        advice.append("ask about these documents, as somebody who may see them")
    raise DatasetInvalid(
        f"only {len(usable)} of the {len(asked)} questions can be fitted to, and at least "
        f"{MIN_QUESTIONS} must: {' and '.join(reasons)}; {'; '.join(advice)}"
    )


def check_right(path: Path, asked: Sequence[AskedQuestion]) -> None:
    """Refuse to fit anything where all is wrong: labels or documents are then the matter.

    Raises:
        DatasetInvalid: no best quote is right.
    """
    if not any(one.is_right for one in asked):
        raise DatasetInvalid(
            f"{path}: not one of {len(asked)} best quotes is right, so nothing was stored: are "
            "these the right answers, and these the documents? `answerable evaluate open FILE "
            "--output answers.jsonl` shows what is found"
        )


def warnings_of(asked: Sequence[AskedQuestion]) -> tuple[str, ...]:
    """Return what the figures of a calibration do not show, for people."""
    if all(one.question.is_answerable for one in asked):
        return (_ALL_ANSWERABLE,)
    unknown = [one for one in asked if not one.question.is_known]
    if not unknown:
        return ()
    n_other = sum(one.best is not None and not _is_rejected(one) for one in unknown)
    other = f" ({n_other:,} of them with another quote, which may be right)" if n_other else ""
    said = (
        f"of {len(unknown):,} questions the file says only what is wrong, or that there is an "
        f"answer: whatever is found for them counts as wrong{other}; add their right answers"
    )
    return (said,)


def _is_rejected(one: AskedQuestion) -> bool:
    return one.best is not None and one.question.is_rejected(one.best.text)
