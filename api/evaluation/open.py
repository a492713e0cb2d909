"""Questions asked to the whole index, and how good answers, retrieval and probabilities are.

``evaluate_open`` is the main path. Unlike ``evaluate squad``, no passage is given: it must be
found, and may not be there.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from answerable.index import sha256_of_file
from answerable.reader import (
    area_under_risk_coverage,
    calibration_bins,
    calibration_error_by_chance,
    coverage_at_accuracy,
    expected_calibration_error,
    read_labelled,
)

from ..checks import checked_limits
from ..engine import Engine
from ..owned_file import check_owned_file, write_owned_file
from ..owned_folder import OutputRefused, ResultUnwritten
from ..types import ModelNames
from .asking import (
    AskedQuestion,
    AskOptions,
    Progress,
    ask_all,
    check_collections,
    check_questions,
)

RECALL_AT = (1, 3, 5, 10, 20, 50, 100)
_LINES_MARK = b'{"open_question": '


@dataclass(frozen=True, slots=True)
class OpenEvaluation:
    """Questions asked to an index, and the figures.

    Attributes:
        file: of questions, without folders.
        sha256: of the file.
        k: passages read for each question.
        models: what answered.
        asked: every question, in the file's order.
    """

    file: str
    sha256: str
    k: int
    models: ModelNames
    asked: tuple[AskedQuestion, ...]

    def metrics(self) -> dict[str, float]:
        """Return the figures: per cent, but for counts and the two calibration errors.

        Those over answerable or unanswerable questions are left out where there are none.
        """
        answerable = [one for one in self.asked if one.question.is_answerable]
        unanswerable = [one for one in self.asked if one.question.is_unanswerable]
        given = [one for one in self.asked if one.result.answer]
        return {
            "total": float(len(self.asked)),
            **_scores("", self.asked),
            **_scores("HasAns_", answerable),
            **_scores("NoAns_", unanswerable),
            "answered": _percent(len(given), len(self.asked)),
            **({"right_of_answered": _mean([one.is_right for one in given])} if given else {}),
            **self._recall(answerable),
            **_confidence(self.asked),
            **(
                {"false_answer_rate": _mean([bool(o.result.answer) for o in unanswerable])}
                if unanswerable
                else {}
            ),
        }

    def reasons(self) -> dict[str, int]:
        """Return how many questions were not answered, by reason."""
        return dict(Counter(one.result.reason for one in self.asked if one.result.reason))

    def _recall(self, answerable: Sequence[AskedQuestion]) -> dict[str, float]:
        ranks = {
            "passage": [o.passage_rank for o in answerable if o.question.sentences],
            "document": [o.document_rank for o in answerable if o.question.document],
            "answer": [o.answer_rank for o in answerable],
        }
        at = sorted({k for k in RECALL_AT if k < self.k} | {self.k})
        return {
            f"{what}_recall_at_{k}": _mean([rank is not None and rank <= k for rank in found])
            for what, found in ranks.items()
            if found
            for k in at
        }


def evaluate_open(
    engine: Engine,
    path: Path | str,
    options: AskOptions = AskOptions(),
    *,
    output: Path | str | None = None,
    on_progress: Progress = lambda done, total: None,
) -> OpenEvaluation:
    """Ask labelled questions to the whole index, and score what comes of it.

    Args:
        engine: with the index.
        path: of the questions; see ``read_labelled``.
        options: how they are asked; without a limit the settings' holds, as for ``Engine.ask``.
        output: where every question is written, a JSON object a line; None for nowhere.
        on_progress: called with questions done and in all.

    Raises:
        DatasetInvalid: the questions cannot be read or asked.
        CollectionInvalid: there is no such collection.
        LimitInvalid: both limits are given, or one cannot hold.
        OutputRefused: the output cannot be written, or another file is in its way.
        ResultUnwritten: in the end the output could not be written; ``result`` is the evaluation.
        MaxErrorUnsupported: the calibration cannot support the error limit.
    """
    path, output = Path(path), Path(output) if output else None
    questions = read_labelled(path)
    check_questions(questions, engine.settings.max_question_chars)
    check_collections(engine, options.filters)
    min_probability, max_error = checked_limits(
        options.min_probability, options.max_error, engine.settings
    )
    options = replace(options, min_probability=min_probability, max_error=max_error)
    if output:
        check_owned_file(output, _LINES_MARK)
    asked = ask_all(engine, questions, options, on_progress=on_progress)
    evaluation = OpenEvaluation(
        file=path.name,
        sha256=sha256_of_file(path),
        k=options.k or engine.settings.k,
        models=asked[0].result.models,
        asked=tuple(asked),
    )
    if output:
        lines = (json.dumps(open_question_record(one)) + "\n" for one in asked)
        try:
            write_owned_file(output, "".join(lines), _LINES_MARK)
        except OutputRefused as exc:
            raise ResultUnwritten(str(exc), evaluation) from exc
    return evaluation


def open_evaluation_record(evaluation: OpenEvaluation) -> dict[str, Any]:
    """Return the figures, then what was measured."""
    limit = evaluation.asked[0].result.limit
    return {
        **evaluation.metrics(),
        "reasons": evaluation.reasons(),
        "shifted": _percent(
            sum(one.result.calibration == "shifted" for one in evaluation.asked),
            len(evaluation.asked),
        ),
        "data": {"file": evaluation.file, "sha256": evaluation.sha256},
        "k": evaluation.k,
        "limit": {
            "min_probability": limit.min_probability,
            "max_error": limit.max_error,
            "confidence": limit.confidence,
        },
        "models": {
            "encoder": evaluation.models.encoder,
            "reader": evaluation.models.reader,
            "calibration": evaluation.models.calibration,
        },
    }


def open_question_record(one: AskedQuestion) -> dict[str, Any]:
    """Return one question with its answer, scores and ranks."""
    best, result = one.best, one.result
    return {
        "open_question": one.question.id,
        "question": one.question.question,
        "answers": list(one.question.answers),
        "is_known": one.question.is_known,
        "group": one.question.group,
        "answer": result.answer.text if result.answer else None,
        "reason": result.reason,
        "probability": one.probability,
        "calibration": result.calibration,
        "exact": one.exact,
        "f1": one.f1,
        "passage_rank": one.passage_rank,
        "document_rank": one.document_rank,
        "answer_rank": one.answer_rank,
        "best": best
        and {
            "text": best.text,
            "is_right": one.is_right,
            "score": best.score,
            "uri": best.document.uri,
            "start": best.start,
            "end": best.end,
        },
        "total_ms": result.timing_ms.total,
    }


def _scores(prefix: str, asked: Sequence[AskedQuestion]) -> dict[str, float]:
    if not asked:
        return {}
    scores = {
        f"{prefix}exact": _mean([one.exact for one in asked]),
        f"{prefix}f1": _mean([one.f1 for one in asked]),
    }
    return scores | ({f"{prefix}total": float(len(asked))} if prefix else {})


def _confidence(asked: Sequence[AskedQuestion]) -> dict[str, float]:
    """Return how good the probabilities of the best quotes are, given or not.

    What no limit lets through comes last in the ranking, as not answered rightly: no coverage
    counts it as answered, and it has no part in the calibration error.
    """
    possible = np.array([one.could_be_given for one in asked])
    probability = np.array([one.probability for one in asked])
    is_right = np.array([one.is_right for one in asked])
    ranked, counted = np.where(possible, probability, -np.inf), is_right & possible
    return {
        "best_quote_right": _mean(is_right.tolist()),
        "coverage_at_80_accuracy": 100 * coverage_at_accuracy(ranked, counted, 0.8),
        "coverage_at_90_accuracy": 100 * coverage_at_accuracy(ranked, counted, 0.9),
        "area_under_risk_coverage": 100 * area_under_risk_coverage(ranked, counted),
        **_calibration(probability[possible], is_right[possible]),
    }


def _calibration(
    probability: npt.NDArray[np.float64], is_right: npt.NDArray[np.bool_]
) -> dict[str, float]:
    if not len(probability):
        return {}
    n_bins = calibration_bins(len(probability))
    return {
        "expected_calibration_error": expected_calibration_error(
            probability, is_right, n_bins=n_bins
        ),
        "calibration_error_by_chance": calibration_error_by_chance(probability, n_bins),
        "calibration_bins": float(n_bins),
    }


def _mean(values: Sequence[float]) -> float:
    return 100 * sum(values) / len(values)


def _percent(n: int, total: int) -> float:
    return 100 * n / total
