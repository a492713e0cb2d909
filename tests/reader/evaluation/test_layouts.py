"""Prediction files in the layouts of run_squad and run_qa, and reading them back."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from answerable.reader import (
    FORCED,
    LAYOUTS,
    DatasetInvalid,
    SquadEvaluation,
    evaluate_squad,
    prediction_files,
    read_null_odds,
    read_predictions,
    score_predictions,
    unit_metrics,
)
from tests.reader.scripted import ScriptedScorer, scripted_reader, word_tokenizer
from tests.reader.squad_samples import question

CONTEXT = "ann and tom ran home"
QUESTIONS = [
    question("b", "who", "ann", context=CONTEXT),
    question("a", "when", context="ran home"),
]
NAMES = {
    "run_qa": [
        "predictions.json",
        "nbest_predictions.json",
        "null_odds.json",
        "forced_predictions.json",
    ],
    "run_squad": [
        "predictions_.json",
        "nbest_predictions_.json",
        "null_odds_.json",
        "forced_predictions_.json",
    ],
}


def _evaluation(threshold: float = 0.0, n_best: int = 20) -> SquadEvaluation:
    tokenizer = word_tokenizer(CONTEXT)
    words = {"ann": (3.0, 2.5), "tom": (1.0, 4.0)}
    scorer = ScriptedScorer(tokenizer, words, null=(0.5, 0.25))
    return evaluate_squad(scripted_reader(scorer, tokenizer), QUESTIONS, threshold, n_best=n_best)


def _files(evaluation: SquadEvaluation, layout: Any = "run_qa", n_best: int = 20) -> dict[str, Any]:
    texts = prediction_files(evaluation, LAYOUTS[layout], n_best)
    return {name: json.loads(text) for name, text in texts.items()}


@pytest.mark.parametrize("layout", ["run_qa", "run_squad"])
def test_file_names_and_order(layout: Any) -> None:
    """Each system's names; questions in the data's order; four spaces and a last line end."""
    texts = prediction_files(_evaluation(), LAYOUTS[layout], 20)
    assert list(texts) == NAMES[layout]
    predictions = texts[NAMES[layout][0]]
    assert predictions == '{\n    "b": "ann and tom",\n    "a": ""\n}\n'
    assert json.loads(texts[NAMES[layout][2]]) == {"b": -6.25, "a": 20.75}


def test_nemo() -> None:
    """QAModel's files: answers beside their questions, and questions in every entry."""
    texts = prediction_files(_evaluation(), LAYOUTS["nemo"], 20)
    predictions = texts["output_prediction_file.json"]
    assert predictions == (
        '{\n    "b": [\n        "who",\n        "ann and tom"\n    ],\n'
        '    "a": [\n        "when",\n        ""\n    ]\n}\n'
    )
    entry = json.loads(texts["output_nbest_file.json"])["b"][0]
    assert list(entry) == ["question", "text", "probability", "start_logit", "end_logit"]
    assert entry["question"] == "who" and entry["text"] == "ann and tom"


def test_nemo_bertqa() -> None:
    """BERTQAModel's files: a line for each question, with its context."""
    texts = prediction_files(_evaluation(), LAYOUTS["nemo-bertqa"], 2)
    lines = texts["output_prediction_file.json"].splitlines()
    assert lines[0] == (
        f'{{"id": "b", "context": "{CONTEXT}", "question": "who", '
        '"predicted_answer": "ann and tom"}'
    )
    entries = [json.loads(line) for line in texts["output_nbest_file.json"].splitlines()]
    assert list(entries[0]) == ["id", "context", "question", "nbest_predictions"]
    assert {tuple(entry) for entry in entries[0]["nbest_predictions"]} == {("text", "probability")}


def test_tao() -> None:
    """TAO's two files: ids to answers, and entries in run_squad's order."""
    texts = prediction_files(_evaluation(), LAYOUTS["tao"], 20)
    assert texts["prediction.txt"] == '{\n    "b": "ann and tom",\n    "a": ""\n}\n'
    entry = json.loads(texts["nbest.txt"])["b"][0]
    assert list(entry) == ["text", "probability", "start_logit", "end_logit"]


def test_unit_metrics() -> None:
    """OpenVINO's cards state F1 and exact match from 0 to 1."""
    evaluation = _evaluation()
    assert unit_metrics(evaluation) == {
        "f1": evaluation.metrics["f1"] / 100,
        "exact_match": evaluation.metrics["exact"] / 100,
    }
    assert 0 < unit_metrics(evaluation)["f1"] < 1


@pytest.mark.parametrize(
    ("layout", "keys"),
    [
        ("run_qa", ["start_logit", "end_logit", "text", "probability"]),
        ("run_squad", ["text", "probability", "start_logit", "end_logit"]),
    ],
)
def test_entries_hold_the_models_own_logits(layout: Any, keys: list[str]) -> None:
    """An entry's keys are in the system's order, its logits those of the span's two ends."""
    lists = _files(_evaluation(), layout)[NAMES[layout][1]]
    first = lists["b"][0]
    assert list(first) == keys
    assert (first["text"], first["start_logit"], first["end_logit"]) == ("ann and tom", 3.0, 4.0)


def test_n_best_is_the_softmax_of_logit_sums_with_no_answer_among_them() -> None:
    """Sorted by start plus end logit, "no answer" once and in its place; texts differ."""
    entries = _files(_evaluation())["nbest_predictions.json"]["b"]
    sums = [entry["start_logit"] + entry["end_logit"] for entry in entries]
    assert sums == sorted(sums, reverse=True)
    texts = [entry["text"] for entry in entries]
    assert texts[:4] == ["ann and tom", "ann", "tom", ""]
    assert len(set(texts)) == len(texts) == 15 + 1
    exponents = np.exp(sums)
    probabilities = [entry["probability"] for entry in entries]
    assert probabilities == pytest.approx(exponents / exponents.sum())


def test_null_odds_are_the_difference_of_the_entries() -> None:
    """score_diff is the null score less the best span's, both as the n-best list has them."""
    files = _files(_evaluation())
    for id, entries in files["nbest_predictions.json"].items():
        null = next(entry for entry in entries if not entry["text"])
        best = next(entry for entry in entries if entry["text"])
        difference = sum(null[k] - best[k] for k in ("start_logit", "end_logit"))
        assert files["null_odds.json"][id] == pytest.approx(difference)


@pytest.mark.parametrize(
    ("n_best", "texts"),
    [(1, ["ann and tom", ""]), (4, ["ann and tom", "ann", "tom", ""])],
)
def test_no_answer_is_listed_even_past_the_length(n_best: int, texts: list[str]) -> None:
    """As in run_squad, "no answer" is the last entry where better ones fill the list."""
    entries = _files(_evaluation(n_best=n_best), n_best=n_best)["nbest_predictions.json"]["b"]
    assert [entry["text"] for entry in entries] == texts


def test_forced_answers_have_no_empty_candidate() -> None:
    """As in run_squad without negatives: every entry is a span, and no second file is needed."""
    files = _files(_evaluation(FORCED))
    assert list(files) == NAMES["run_qa"][:3]
    assert all(entry["text"] for e in files["nbest_predictions.json"].values() for entry in e)
    assert files["predictions.json"] == {"b": "ann and tom", "a": "ran"}


def test_question_without_a_span_has_the_empty_entry() -> None:
    """A list is never empty, forced or not: readers of these files take its first entry."""
    tokenizer = word_tokenizer(CONTEXT)
    reader = scripted_reader(ScriptedScorer(tokenizer, {}), tokenizer)
    questions = [question("e", "who", context=""), QUESTIONS[0]]
    for threshold in (0.0, FORCED):
        files = _files(evaluate_squad(reader, questions, threshold, n_best=20))
        only = files["nbest_predictions.json"]["e"]
        assert [(e["text"], e["probability"]) for e in only] == [("", 1.0)]


def test_scored_predictions_are_written_without_n_best() -> None:
    """Where no reader ran, there are no candidates to list."""
    evaluation = score_predictions(QUESTIONS, {"b": "ann", "a": "x"}, {"b": 0.0, "a": 2.0}, 1.0)
    assert _files(evaluation) == {
        "predictions.json": {"b": "ann", "a": ""},
        "null_odds.json": {"b": 0.0, "a": 2.0},
        "forced_predictions.json": {"b": "ann", "a": "x"},
    }


@pytest.mark.parametrize("threshold", [-100.0, 0.0, FORCED])
def test_files_score_as_the_run_that_wrote_them(tmp_path: Path, threshold: float) -> None:
    """The forced predictions, null odds and threshold give every figure of the run again."""
    run = _evaluation(threshold)
    for name, text in prediction_files(run, LAYOUTS["run_qa"], 20).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    forced = tmp_path / "forced_predictions.json"
    answers = read_predictions(forced if forced.exists() else tmp_path / "predictions.json")
    odds = read_null_odds(tmp_path / "null_odds.json")
    again = score_predictions(QUESTIONS, answers, odds, threshold)
    assert (again.metrics, again.predictions) == (run.metrics, run.predictions)


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_reading_plain_and_gzip(tmp_path: Path, compress: Any) -> None:
    """Both kinds of file, by their first bytes; what run_squad calls infinite becomes finite."""
    path = tmp_path / "file"
    path.write_bytes(compress(b'{"a": "x", "b": ""}'))
    assert read_predictions(path) == {"a": "x", "b": ""}
    path.write_bytes(compress(b'{"a": -1, "b": 2.5, "c": Infinity}'))
    assert read_null_odds(path) == {"a": -1.0, "b": 2.5, "c": 1e6}


@pytest.mark.parametrize(
    "content", [b"[]", b'{"a": ["x"]}', b'{"a": true}', b'{"a": NaN}', b"{", b"[" * 100_000, b""]
)
def test_other_json_is_refused(tmp_path: Path, content: bytes) -> None:
    """Neither predictions nor odds: one clear error that names the file."""
    path = tmp_path / "file.json"
    path.write_bytes(content)
    for read in (read_predictions, read_null_odds):
        with pytest.raises(DatasetInvalid, match=r"file\.json"):
            read(path)
