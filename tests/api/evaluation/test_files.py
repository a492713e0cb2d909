"""Evaluation of files: what is read, what decides, and how files are named."""

import gzip
import json
from pathlib import Path

import pytest

from answerable.api import (
    EvaluationOptions,
    FileEvaluation,
    PredictionSource,
    evaluate_files,
    evaluate_squad_file,
    files_record,
)
from answerable.reader import DatasetInvalid, read_squad
from tests.reader.squad_samples import question, write_squad

WITH_UNANSWERABLE = [
    question("1", "Who came?", "Ann Lee"),
    question("2", "When was it?", "1066"),
    question("3", "Who left?", context="Tom had 40 sheep."),
]


def _predictions(folder: Path, texts: dict[str, str], odds: dict[str, float]) -> PredictionSource:
    predictions, null_odds = folder / "predictions.json.gz", folder / "null_odds.json"
    predictions.write_bytes(gzip.compress(json.dumps(texts).encode()))
    null_odds.write_text(json.dumps(odds))
    return PredictionSource(predictions, null_odds)


def _scored(folder: Path, options: EvaluationOptions = EvaluationOptions()) -> FileEvaluation:
    data = write_squad(folder / "dev.json", *WITH_UNANSWERABLE)
    texts, odds = {"1": "Ann Lee", "2": "40", "3": "Tom"}, {"1": -2.0, "2": -1.0, "3": 3.0}
    return evaluate_files([data], _predictions(folder, texts, odds), options)[0]


def test_predictions_are_scored_as_they_are(tmp_path: Path) -> None:
    """Without a threshold nothing is withheld; the record says who decided."""
    evaluation = _scored(tmp_path)
    assert evaluation.result.metrics["exact"] == pytest.approx(100 / 3)
    assert (evaluation.decision, evaluation.null_threshold) == ("given", None)
    assert (evaluation.name, evaluation.system) == ("dev", "predictions.json.gz")


def test_threshold_over_predictions(tmp_path: Path) -> None:
    """With a threshold, the answer of high null odds is withheld, which is right here."""
    evaluation = _scored(tmp_path, EvaluationOptions(null_threshold=0.0))
    assert evaluation.result.metrics["exact"] == pytest.approx(200 / 3)
    assert (evaluation.decision, evaluation.null_threshold) == ("threshold", 0.0)


def test_record_begins_with_the_official_keys(tmp_path: Path) -> None:
    """One file: the keys at the top, then what was measured, the breakdown, the errors."""
    record = files_record([_scored(tmp_path)], worst=1)
    assert list(record)[:3] == ["exact", "f1", "total"]
    assert list(record)[-6:] == [
        *("data", "system", "answers", "null_score_diff_threshold", "breakdown", "worst_errors"),
    ]
    assert record["data"]["questions"] == record["data"]["questions_scored"] == 3
    assert [group["name"] for group in record["breakdown"]["question_word"]] == ["who", "when"]
    assert [error["id"] for error in record["worst_errors"]] == ["2"]
    assert record["worst_errors"][0]["context"] == {
        "before": "See ",
        "quote": "1066",
        "after": ".",
    }


def test_record_of_several_files_is_a_list(tmp_path: Path) -> None:
    """Several files: one record each, in their order, under one key."""
    evaluation = _scored(tmp_path)
    record = files_record([evaluation, evaluation], worst=0)
    assert list(record) == ["sets"]
    assert record["sets"] == [files_record([evaluation], worst=0)] * 2


def test_sample_is_the_seeds(tmp_path: Path) -> None:
    """A sample is of the asked size, in the file's order, the same for the same seed."""

    def ids(most: int, seed: int) -> list[str]:
        options = EvaluationOptions(max_questions=most, seed=seed)
        return list(_scored(tmp_path, options).result.predictions)

    samples = [ids(2, seed) for seed in range(8)]
    assert samples == [ids(2, seed) for seed in range(8)]
    assert all(len(sample) == 2 and sample == sorted(sample) for sample in samples)
    assert len({tuple(sample) for sample in samples}) > 1
    assert ids(7, 0) == ["1", "2", "3"]


def test_predictions_of_other_data_are_refused(tmp_path: Path) -> None:
    """A question without a prediction is named."""
    data = write_squad(tmp_path / "dev.json", *WITH_UNANSWERABLE)
    with pytest.raises(DatasetInvalid, match="the first is 2"):
        evaluate_files([data], _predictions(tmp_path, {"1": "x"}, {}))


@pytest.mark.parametrize(
    ("questions", "message"),
    [([], "holds no questions"), ([WITH_UNANSWERABLE[0]] * 2, "several questions of one id")],
)
def test_data_that_cannot_be_scored(tmp_path: Path, questions: list[object], message: str) -> None:
    """An empty file and repeated ids are found before any model is loaded."""
    data = write_squad(tmp_path / "dev.json", *questions)  # type: ignore[arg-type]
    with pytest.raises(DatasetInvalid, match=message):
        evaluate_files([data], tmp_path / "no such model")


@pytest.mark.model
def test_what_decides_depends_on_the_data(tmp_path: Path) -> None:
    """A set without unanswerable questions is forced, another has the reader's threshold."""
    policy, dev = tmp_path / "policyqa", tmp_path / "squad"
    policy.mkdir()
    dev.mkdir()
    paths = [
        write_squad(policy / "dev.json", *WITH_UNANSWERABLE[:2]),
        write_squad(dev / "dev.json", *WITH_UNANSWERABLE),
    ]
    auto = evaluate_files(paths)
    assert [(e.name, e.decision) for e in auto] == [
        *(("policyqa-dev", "forced"), ("squad-dev", "threshold")),
    ]
    assert all(auto[0].result.predictions.values())
    # What the sample holds does not matter: the file decides.
    sampled = evaluate_files([paths[1]], options=EvaluationOptions(max_questions=1, seed=1))
    assert sampled[0].decision == "threshold"
    forced = evaluate_files([paths[1]], options=EvaluationOptions(answers="forced"))
    assert (forced[0].decision, forced[0].null_threshold) == ("forced", None)
    options = EvaluationOptions(answers="threshold", null_threshold=-1e9)
    never = evaluate_files([paths[0]], options=options)
    assert set(never[0].result.predictions.values()) == {""}


@pytest.mark.model
def test_one_file_by_one_call(tmp_path: Path) -> None:
    """The short form gives the scores alone, and tells how far it is."""
    data = write_squad(tmp_path / "dev.json", *WITH_UNANSWERABLE)
    seen: list[tuple[int, int]] = []
    short = evaluate_squad_file(data, on_progress=lambda done, total: seen.append((done, total)))
    assert short == evaluate_files([data])[0].result
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_files_of_one_name_are_refused(tmp_path: Path) -> None:
    """The same file twice would be one column, and one folder: nothing is read."""
    with pytest.raises(DatasetInvalid, match="same name"):
        evaluate_files([tmp_path / "a.json", tmp_path / "a.json.gz"])


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "questions"),
    [
        ("squadshifts/amazon_reviews.json.gz", 9885),
        ("squadshifts/reddit.json.gz", 9803),
        ("policyqa/dev.json.gz", 3809),
    ],
)
def test_out_of_domain_files_load(
    data_folder: Path, tmp_path: Path, name: str, questions: int
) -> None:
    """The last of each question's several reference answers is a right prediction."""
    path = data_folder / name
    read = read_squad(path)
    assert max(len(one.answers) for one in read) > 1
    last = {one.id: one.answers[-1].text for one in read}
    source = _predictions(tmp_path, last, dict.fromkeys(last, 0.0))
    metrics = evaluate_files([path], source)[0].result.metrics
    assert metrics["total"] == metrics["HasAns_total"] == questions
    # One of the answers is ":)", of which normalization leaves nothing.
    assert metrics["exact"] >= 100 * (questions - 1) / questions
    assert "pr_f1_ap" not in metrics
