"""Labelled questions asked to a whole index, and the figures that come of it."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from answerable.api import (
    AskOptions,
    CollectionInvalid,
    Engine,
    LimitInvalid,
    MaxErrorUnsupported,
    OutputRefused,
    ResultUnwritten,
    calibrate,
    evaluate_open,
    open_evaluation_record,
)
from answerable.api.evaluation.asking import AskedQuestion
from answerable.index import Filters
from tests.api.facts import fact_engine, write_questions
from tests.api.fakes import open_engine
from tests.full_disk import full_disk_for

SQUAD = {
    "data": [
        {
            "title": "Handbook",
            "paragraphs": [
                {
                    "context": "Hello. Employees may work from home\nthree days per week. Bye.",
                    "qas": [
                        {
                            "id": "home",
                            "question": "Days at home?",
                            "answers": [{"text": "three days", "answer_start": 36}],
                        },
                        {
                            "id": "none",
                            "question": "Capital of Mongolia?",
                            "answers": [],
                            "is_impossible": True,
                        },
                    ],
                }
            ],
        }
    ]
}


@pytest.fixture
def facts(tmp_path: Path) -> Engine:
    """An engine on sixty facts."""
    return fact_engine(tmp_path / "index")


def test_figures_of_answers_and_abstentions(facts: Engine, tmp_path: Path) -> None:
    """Exact match, F1, coverage and false answers by hand-counted designs of the reader."""
    found = evaluate_open(facts, write_questions(tmp_path), AskOptions(min_probability=0.0))
    metrics = found.metrics()
    n_right = sum(1 for i in range(54) if i % 5)
    assert metrics["total"] == 60 and metrics["NoAns_total"] == 6
    assert metrics["exact"] == metrics["best_quote_right"] == pytest.approx(100 * n_right / 60)
    assert metrics["HasAns_f1"] == pytest.approx(100 * n_right / 54)
    assert (metrics["answered"], metrics["false_answer_rate"]) == (100.0, 100.0)
    assert metrics["right_of_answered"] == metrics["best_quote_right"]
    assert metrics["coverage_at_90_accuracy"] <= metrics["coverage_at_80_accuracy"]
    assert found.reasons() == {}


def test_abstaining_changes_the_answers_not_the_best_quotes(facts: Engine, tmp_path: Path) -> None:
    """At a limit nothing passes: no-answer questions are right, the others are not."""
    questions = write_questions(tmp_path)
    free = evaluate_open(facts, questions, AskOptions(min_probability=0.0)).metrics()
    closed = evaluate_open(facts, questions, AskOptions(min_probability=1.0))
    metrics = closed.metrics()
    assert (metrics["answered"], metrics["HasAns_exact"], metrics["NoAns_exact"]) == (0, 0, 100)
    assert metrics["area_under_risk_coverage"] == free["area_under_risk_coverage"]
    assert "right_of_answered" not in metrics
    assert closed.reasons() == {"low_confidence": 60}


def test_a_conflict_is_never_an_answer_however_sure(facts: Engine, tmp_path: Path) -> None:
    """It comes last, as not answered; among the others the ranking is as if it were not there."""
    found = evaluate_open(facts, write_questions(tmp_path), AskOptions(min_probability=0.0))
    wrong = {one.question.id for one in found.asked if not one.is_right}
    asked = tuple(_conflicting(one) if one.question.id in wrong else one for one in found.asked)
    before, after = found.metrics(), replace(found, asked=asked).metrics()
    right = after["best_quote_right"]
    assert before["coverage_at_90_accuracy"] < right
    assert after["coverage_at_90_accuracy"] == pytest.approx(right)
    # Without a wrong answer before them, errors only begin where the conflicts do.
    n, n_right = len(asked), len(asked) - len(wrong)
    area = (1 - n_right / n) * len(wrong) / n  # equally last, they pass together
    assert after["area_under_risk_coverage"] == pytest.approx(100 * area)
    kept = replace(found, asked=tuple(one for one in asked if not one.is_conflict)).metrics()
    assert after["expected_calibration_error"] == kept["expected_calibration_error"]


def test_conflicts_are_in_no_coverage(facts: Engine, tmp_path: Path) -> None:
    """Nine right answers and a conflict: nine tenths can be given, however few errors that is."""
    found = evaluate_open(facts, write_questions(tmp_path), AskOptions(min_probability=0.0))
    right = [one for one in found.asked if one.is_right][:36]
    wrong = [_conflicting(one) for one in found.asked if not one.is_right][:4]
    metrics = replace(found, asked=(*right, *wrong)).metrics()
    assert metrics["coverage_at_80_accuracy"] == metrics["coverage_at_90_accuracy"] == 90.0


def test_the_limits_of_the_settings_hold(facts: Engine, tmp_path: Path) -> None:
    """As for ``ask``: a limit of the call wins, and two are refused."""
    questions = write_questions(tmp_path)
    smallest = calibrate(facts, questions).smallest_error
    assert smallest is not None
    facts.settings = facts.settings.model_copy(update={"min_probability": 1.0})
    assert evaluate_open(facts, questions).reasons() == {"low_confidence": 60}
    for options in (AskOptions(min_probability=0.0), AskOptions(max_error=smallest)):
        assert evaluate_open(facts, questions, options).metrics()["answered"] > 0
    facts.settings = facts.settings.model_copy(
        update={"min_probability": None, "max_error": smallest}
    )
    limit = evaluate_open(facts, questions).asked[0].result.limit
    assert limit.max_error == smallest
    with pytest.raises(LimitInvalid):
        evaluate_open(facts, questions, AskOptions(min_probability=0.5, max_error=0.5))
    assert calibrate(facts, questions).smallest_error == smallest  # the limit does not count


def test_a_collection_that_is_not_there_is_refused(facts: Engine, tmp_path: Path) -> None:
    """In place of sixty questions that find nothing, which would look like figures."""
    options = AskOptions(Filters(collections=("nosuch",)))
    with pytest.raises(CollectionInvalid, match="no collection 'nosuch': there is default"):
        evaluate_open(facts, write_questions(tmp_path), options)


def test_output_that_cannot_be_written_is_found_out_first(facts: Engine, tmp_path: Path) -> None:
    """No question is asked for a file whose name is too long."""
    asked: list[int] = []
    with pytest.raises(OutputRefused, match="File name too long"):
        evaluate_open(
            facts,
            write_questions(tmp_path),
            output=tmp_path / f"{'a' * 236}.jsonl",
            on_progress=lambda done, total: asked.append(done),
        )
    assert asked == []


def _conflicting(one: AskedQuestion) -> AskedQuestion:
    return replace(one, result=replace(one.result, answer=None, reason="conflicting_answers"))


def test_calibration_error_names_its_bins_and_chance(facts: Engine, tmp_path: Path) -> None:
    """Sixty questions fill six bins; a part of the error is chance, and all of it can be."""
    found = evaluate_open(facts, write_questions(tmp_path))
    metrics = found.metrics()
    assert metrics["calibration_bins"] == 6
    assert 0.02 < metrics["calibration_error_by_chance"] < 0.2
    nothing_read = tuple(replace(one, features=()) for one in found.asked)
    assert "expected_calibration_error" not in replace(found, asked=nothing_read).metrics()


def test_recall_of_passage_document_and_answer(index_folder: Path, tmp_path: Path) -> None:
    """The gold sentence is found across line breaks; the answer's words in a row."""
    path = tmp_path / "squad.json"
    path.write_text(json.dumps(SQUAD))
    csv = tmp_path / "named.csv"
    csv.write_text("question,answer,document\nDays at home?,three days,remote.md\n")
    with open_engine(index_folder) as engine:
        (home, none) = evaluate_open(engine, path).asked
        assert home.passage_rank == home.answer_rank is not None
        assert (none.passage_rank, none.answer_rank, none.exact) == (None, None, 1.0)
        metrics = evaluate_open(engine, path, AskOptions(k=2)).metrics()
        assert metrics["passage_recall_at_2"] == 100.0
        assert {key for key in metrics if "_at_" in key and "recall" in key} == {
            "passage_recall_at_1", "passage_recall_at_2", "answer_recall_at_1",
            "answer_recall_at_2",
        }  # fmt: skip
        named = evaluate_open(engine, csv).metrics()
        assert named["document_recall_at_10"] == 100.0
        hidden = AskOptions(Filters(document_ids=(999,)))
        assert evaluate_open(engine, csv, hidden).reasons() == {"no_passages": 1}


def test_every_question_is_a_line(facts: Engine, tmp_path: Path) -> None:
    """The output holds a JSON object for each question; a run replaces only its own file."""
    questions, output = write_questions(tmp_path), tmp_path / "answers.jsonl"
    for _ in range(2):
        evaluate_open(facts, questions, output=output)
    records = [json.loads(line) for line in output.read_text().splitlines()]
    assert [record["question"] for record in records] == [f"What is fact {i}?" for i in range(60)]
    assert set(records[7]) == {
        "open_question", "question", "answers", "group", "is_known", "answer", "reason", "probability",
        "calibration", "exact", "f1", "passage_rank", "document_rank", "answer_rank", "best",
        "total_ms",
    }  # fmt: skip
    assert records[7]["answer"] == records[7]["best"]["text"] == "value-7"
    with pytest.raises(OutputRefused, match="no run of this command wrote it"):
        evaluate_open(facts, questions, output=questions)


def test_disk_that_fills_meanwhile_costs_the_file_alone(
    facts: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the file and carries the figures; what was there before stays."""
    questions, output = write_questions(tmp_path), tmp_path / "answers.jsonl"
    expected = evaluate_open(facts, questions, output=output).metrics()
    before = output.read_bytes()
    full_disk_for(monkeypatch, "answers.jsonl")
    said = f"cannot write {output}: No space left on device"
    with pytest.raises(ResultUnwritten, match=re.escape(said)) as caught:
        evaluate_open(facts, questions, output=output)
    assert caught.value.result.metrics() == expected
    assert output.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_record_says_what_was_measured(facts: Engine, tmp_path: Path) -> None:
    """Beside the figures: data, models, passages read, the limit and what it promises."""
    questions = write_questions(tmp_path)
    report = calibrate(facts, questions)
    assert report.smallest_error is not None
    limit = report.smallest_error
    found = evaluate_open(facts, questions, AskOptions(max_error=limit))
    record = open_evaluation_record(found)
    assert record["limit"]["max_error"] == limit
    assert record["models"]["calibration"] == report.name
    assert (record["data"]["file"], record["k"]) == ("questions.csv", 10)
    assert json.loads(json.dumps(record)) == record
    with pytest.raises(MaxErrorUnsupported):
        evaluate_open(facts, questions, AskOptions(max_error=limit / 2))
