"""What labelled questions must hold before anything is fitted to them."""

from collections.abc import Sequence
from pathlib import Path

from answerable.index import Filters
from answerable.reader import DatasetInvalid, LabelledQuestion

from ..engine import Engine
from ..errors import CollectionInvalid
from ..evaluation.asking import AskedQuestion

MIN_QUESTIONS = 30
"""Fewer say almost nothing: of 30 questions, a share is known to about 15 points."""


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


def check_collections(engine: Engine, filters: Filters) -> None:
    """Refuse collections of which the asker sees no document.

    Raises:
        CollectionInvalid: there is no such collection.
    """
    known = [name for name, _ in engine.index.collections(Filters(principals=filters.principals))]
    for name in filters.collections or ():
        if name not in known:
            raise CollectionInvalid(
                f"there is no collection {name!r}: there is {', '.join(known) or 'none'}"
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
