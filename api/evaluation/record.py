"""An evaluated file, and the JSON that is made of it."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from answerable.reader import (
    GroupScore,
    Outcome,
    ReadingError,
    SquadEvaluation,
    answer_type,
    break_down,
    passage_length,
    question_word,
    worst_errors,
)

Decision = Literal["forced", "threshold", "given"]


@dataclass(frozen=True, slots=True)
class FileEvaluation:
    """One file of labelled questions, and what a system made of it.

    Attributes:
        name: for tables and folders.
        file: its name on the disk, without folders.
        sha256: of the file.
        questions_in_file: more than were scored if a sample was read.
        system: the reader, or the file of predictions.
    """

    name: str
    file: str
    sha256: str
    questions_in_file: int
    system: str
    result: SquadEvaluation

    @property
    def decision(self) -> Decision:
        """Whether every answer was given, or a threshold decided, or another system had."""
        if self.null_threshold is not None:
            return "threshold"
        return "given" if self.result.null_threshold is None else "forced"

    @property
    def null_threshold(self) -> float | None:
        """The threshold that decided, in logits; None if none did."""
        threshold = self.result.null_threshold
        return threshold if threshold is not None and math.isfinite(threshold) else None

    def break_down(self) -> dict[str, list[GroupScore]]:
        """Return the scores by answer type, question word and passage length."""
        return break_down(self.result)

    def worst_errors(self, most: int) -> list[ReadingError]:
        """Return the errors that the system was surest of."""
        return worst_errors(self.result, most)


def files_record(evaluations: Sequence[FileEvaluation], worst: int) -> dict[str, Any]:
    """Return all there is to say of one file, or of several under ``sets``, but the questions.

    Args:
        evaluations: at least one.
        worst: errors listed of each.
    """
    records = [
        {
            **metrics_record(evaluation),
            "worst_errors": [_error_record(error) for error in evaluation.worst_errors(worst)],
        }
        for evaluation in evaluations
    ]
    return records[0] if len(records) == 1 else {"sets": records}


def metrics_record(evaluation: FileEvaluation) -> dict[str, Any]:
    """Return the official keys, then what was measured and how, then the breakdown."""
    return {
        **evaluation.result.metrics,
        "data": {
            "name": evaluation.name,
            "file": evaluation.file,
            "sha256": evaluation.sha256,
            "questions": evaluation.questions_in_file,
            "questions_scored": len(evaluation.result.outcomes),
        },
        "system": evaluation.system,
        "answers": evaluation.decision,
        "null_score_diff_threshold": evaluation.null_threshold,
        "breakdown": {
            name: [asdict(group) for group in groups]
            for name, groups in evaluation.break_down().items()
        },
    }


def question_record(outcome: Outcome) -> dict[str, Any]:
    """Return one question with its prediction and scores; offsets are into its context."""
    best = outcome.candidates[0] if outcome.candidates else None
    return {
        "id": outcome.question.id,
        "title": outcome.question.title,
        "question": outcome.question.question,
        "prediction": outcome.prediction,
        "answers": references(outcome),
        "em": outcome.exact,
        "f1": outcome.f1,
        "null_odds": outcome.null_odds,
        "answer_type": answer_type(outcome.question),
        "question_word": question_word(outcome.question.question),
        "passage_length": passage_length(outcome.question.context),
        "best_answer": {
            "text": outcome.answer,
            "start": best.start if best else None,
            "end": best.end if best else None,
            "em": outcome.answer_exact,
            "f1": outcome.answer_f1,
        },
    }


def references(outcome: Outcome) -> list[str]:
    """Return the reference texts, each once."""
    return list(dict.fromkeys(answer.text for answer in outcome.question.answers))


def _error_record(error: ReadingError) -> dict[str, Any]:
    return {
        "id": error.outcome.question.id,
        "title": error.outcome.question.title,
        "kind": error.kind,
        "question": error.outcome.question.question,
        "prediction": error.outcome.prediction,
        "answers": references(error.outcome),
        "f1": error.outcome.f1,
        "null_odds": error.outcome.null_odds,
        "margin": error.margin,
        "answer_type": answer_type(error.outcome.question),
        "context": {"before": error.before, "quote": error.quote, "after": error.after},
    }
