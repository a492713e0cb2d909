"""Prediction files in the layouts that other systems' tools read and write.

Source: Hugging Face's ``run_squad.py`` and ``run_qa.py``: file names, the order of keys, four
spaces of indent, and the rule that an n-best list holds "no answer" once, even past its length.
NeMo's ``inference`` and its example scripts, and TAO's ``infer``, for theirs.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ..errors import DatasetInvalid
from ..ranking import ScoredSpan
from .json_files import read_json
from .scores import FORCED, NO_SPAN_ODDS, Outcome, SquadEvaluation


@dataclass(frozen=True, slots=True)
class PredictionLayout:
    """How a system names its files, and what it writes into them.

    Attributes:
        entry_keys: the keys of an n-best entry, in the system's order.
        suffix: between a file's name and ``.json``; run_squad puts the training step there,
            and nothing for a finished model.
        names: of files that the system calls otherwise.
        form: ``answers`` maps question ids to answers; ``questions`` to the question and its
            answer; ``lines`` has a JSON object on a line for each question.
    """

    entry_keys: tuple[str, ...]
    suffix: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    form: Literal["answers", "questions", "lines"] = "answers"

    def file_name(self, kind: str) -> str:
        """Return the name of a file: ``predictions``, ``nbest_predictions`` or ``null_odds``."""
        return self.names.get(kind, f"{kind}{self.suffix}.json")


LayoutName = Literal["run_qa", "run_squad", "nemo", "nemo-bertqa", "tao", "openvino"]

_RUN_QA_KEYS = ("start_logit", "end_logit", "text", "probability")
_RUN_SQUAD_KEYS = ("text", "probability", "start_logit", "end_logit")
_NEMO_NAMES = {
    "predictions": "output_prediction_file.json",
    "nbest_predictions": "output_nbest_file.json",
}
_TAO_NAMES = {"predictions": "prediction.txt", "nbest_predictions": "nbest.txt"}

LAYOUTS: Mapping[LayoutName, PredictionLayout] = {
    "run_qa": PredictionLayout(_RUN_QA_KEYS),
    "run_squad": PredictionLayout(_RUN_SQUAD_KEYS, "_"),
    "nemo": PredictionLayout(("question", *_RUN_SQUAD_KEYS), "", _NEMO_NAMES, "questions"),
    "nemo-bertqa": PredictionLayout(("text", "probability"), "", _NEMO_NAMES, "lines"),
    "tao": PredictionLayout(_RUN_SQUAD_KEYS, "", _TAO_NAMES),
    "openvino": PredictionLayout(_RUN_QA_KEYS),
}
"""The layouts by the names of the systems that write them.

``nemo`` is of NeMo's QAModel, ``nemo-bertqa`` of its BERTQAModel. OpenVINO's accuracy checker
writes no predictions: they are run_qa's there, and its two metrics come on top.
"""


def prediction_files(
    evaluation: SquadEvaluation, layout: PredictionLayout, n_best: int
) -> dict[str, str]:
    """Return the text of each file that the layout has, by its name.

    ``predictions`` holds the answers given. ``nbest_predictions`` is there if a reader ran;
    its lists hold "no answer" where the reader was free to give it, not where the answer was
    forced. ``null_odds`` holds differences of logits. ``forced_predictions``, which no
    system writes, holds each best answer even where "no answer" won: with it and the null
    odds, the official scorer finds the same thresholds and average precisions as we do.
    """
    files = {"predictions": _predictions(evaluation, layout)}
    if any(outcome.candidates or outcome.n_best for outcome in evaluation.outcomes):
        files["nbest_predictions"] = _n_best(evaluation, layout, n_best)
    if evaluation.ranked:
        files["null_odds"] = _json(evaluation.null_odds)
    if evaluation.answers != evaluation.predictions:
        files["forced_predictions"] = _json(evaluation.answers)
    return {layout.file_name(kind): text for kind, text in files.items()}


def unit_metrics(evaluation: SquadEvaluation) -> dict[str, float]:
    """Return ``f1`` and ``exact_match`` from 0 to 1, as OpenVINO's model cards state them."""
    metrics = evaluation.metrics
    return {"f1": metrics["f1"] / 100, "exact_match": metrics["exact"] / 100}


def _predictions(evaluation: SquadEvaluation, layout: PredictionLayout) -> str:
    if layout.form == "lines":
        return "".join(
            _line(outcome, predicted_answer=outcome.prediction) for outcome in evaluation.outcomes
        )
    if layout.form == "questions":
        outcomes = evaluation.outcomes
        return _json({o.question.id: [o.question.question, o.prediction] for o in outcomes})
    return _json(evaluation.predictions)


def _n_best(evaluation: SquadEvaluation, layout: PredictionLayout, n_best: int) -> str:
    with_null = evaluation.null_threshold != FORCED
    entries = {
        outcome.question.id: n_best_entries(outcome, layout, n_best, with_null=with_null)
        for outcome in evaluation.outcomes
    }
    if layout.form == "lines":
        return "".join(
            _line(outcome, nbest_predictions=entries[outcome.question.id])
            for outcome in evaluation.outcomes
        )
    return _json(entries)


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=4) + "\n"


def _line(outcome: Outcome, **found: Any) -> str:
    question = outcome.question
    asked = {"id": question.id, "context": question.context, "question": question.question}
    return json.dumps(asked | found) + "\n"


def n_best_entries(
    outcome: Outcome, layout: PredictionLayout, n_best: int, *, with_null: bool
) -> list[dict[str, float | str]]:
    """Return the candidates of one question, best first, as the layout writes them.

    The probability is a softmax over the list. Its terms are the scores, each a sum of logits
    less the null score of its window: for a passage of one window, as nearly all are, that is
    the softmax over sums of logits that both systems take. Where another system's rule decided,
    the list is its own.
    """
    if outcome.n_best:
        return [
            _entry_record(
                _Entry(entry.text, 0.0, entry.start_logit, entry.end_logit),
                entry.score,
                outcome.question.question,
                layout,
            )
            for entry in outcome.n_best
        ]
    spans = list(outcome.candidates[:n_best])
    entries = [_Entry(span.text, span.score, *_logits(span)) for span in spans]
    if with_null or not entries:
        entries = _with_null(entries, spans, n_best)
    probabilities = _softmax([entry.score for entry in entries])
    return [
        _entry_record(entry, probability, outcome.question.question, layout)
        for entry, probability in zip(entries, probabilities, strict=True)
    ]


def read_predictions(path: Path) -> dict[str, str]:
    """Read answer texts by question id, from a plain or gzip file.

    Raises:
        DatasetInvalid: it cannot be read or holds something else.
    """
    content = read_json(path)
    if not isinstance(content, dict) or not all(isinstance(v, str) for v in content.values()):
        raise DatasetInvalid(f"{path} is not a predictions file: it must map question ids to texts")
    return content


def read_null_odds(path: Path) -> dict[str, float]:
    """Read null odds by question id, from a plain or gzip file; infinite ones are made finite.

    Raises:
        DatasetInvalid: it cannot be read or holds something else.
    """
    content = read_json(path)
    if not isinstance(content, dict) or not all(_is_number(v) for v in content.values()):
        raise DatasetInvalid(f"{path} is not a null odds file: it must map question ids to numbers")
    return {id: float(min(max(v, -NO_SPAN_ODDS), NO_SPAN_ODDS)) for id, v in content.items()}


@dataclass(frozen=True, slots=True)
class _Entry:
    text: str
    score: float
    start_logit: float
    end_logit: float


def _entry_record(
    entry: _Entry, probability: float, question: str, layout: PredictionLayout
) -> dict[str, float | str]:
    values: dict[str, float | str] = {
        "question": question,
        "text": entry.text,
        "probability": probability,
        "start_logit": entry.start_logit,
        "end_logit": entry.end_logit,
    }
    return {key: values[key] for key in layout.entry_keys}


def _with_null(entries: list[_Entry], spans: Sequence[ScoredSpan], n_best: int) -> list[_Entry]:
    """Return the entries with "no answer", which scores 0, in its place or else at the end."""
    null_logits = (0.0, 0.0)
    if spans and spans[0].logits is not None:
        null_logits = (spans[0].logits.null_start, spans[0].logits.null_end)
    null = _Entry("", 0.0, *null_logits)
    better = [entry for entry in entries if entry.score > null.score]
    worse = entries[len(better) :][: max(0, n_best - 1 - len(better))]
    return [*better, null, *worse]


def _logits(span: ScoredSpan) -> tuple[float, float]:
    assert span.logits is not None, "a reader's candidates carry their logits"
    return span.logits.start, span.logits.end


def _softmax(scores: Sequence[float]) -> list[float]:
    exponents = np.exp(np.array(scores) - max(scores))
    return [float(value) for value in exponents / exponents.sum()]


def _is_number(value: object) -> bool:
    if isinstance(value, float):
        return not math.isnan(value)
    return isinstance(value, int) and not isinstance(value, bool)
