"""What labelled questions must hold before anything is fitted to them."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from answerable.api import (
    AskOptions,
    CollectionInvalid,
    Engine,
    calibrate,
    evaluate_open,
)
from answerable.api.calibration import fitting
from answerable.api.evaluation.asking import AskedQuestion, ask_all
from answerable.index import Filters
from answerable.reader import (
    DatasetInvalid,
)
from tests.api.facts import write_questions


def test_questions_without_any_right_answer_store_nothing(engine: Engine, tmp_path: Path) -> None:
    """No labels, or only wrong ones: what was fitted before stays."""
    questions = write_questions(tmp_path)
    report = calibrate(engine, questions)
    text = questions.read_text()
    questions.write_text(re.sub("value-\\d+", "no answer", text))
    with pytest.raises(DatasetInvalid, match="no question has an answer"):
        calibrate(engine, questions)
    questions.write_text(text.replace("value-", "Timbuktu "))
    with pytest.raises(
        DatasetInvalid, match=r"not one of 60 best quotes is right.*nothing was stored"
    ):
        calibrate(engine, questions)
    assert engine.status().models.calibration == report.name


def test_a_collection_that_is_not_there_is_named(engine: Engine, tmp_path: Path) -> None:
    """In place of questions that find nothing to read."""
    options = AskOptions(Filters(collections=("nosuch",)))
    with pytest.raises(CollectionInvalid, match="no collection 'nosuch': there is default"):
        calibrate(engine, write_questions(tmp_path), options)


def test_few_questions_and_foreign_ones_are_refused(engine: Engine, tmp_path: Path) -> None:
    """Too few, too long, or too few that could be given an answer: never stored."""
    with pytest.raises(DatasetInvalid, match=r"holds 29 questions: at least 30 .* 50"):
        calibrate(engine, write_questions(tmp_path, 29))
    long = write_questions(tmp_path)
    long.write_text(long.read_text() + "x" * 3000 + ",no\n")
    with pytest.raises(DatasetInvalid, match="line 62: the question has 3,000 characters"):
        calibrate(engine, long)
    nobody = AskOptions(Filters(document_ids=(999,)))
    with pytest.raises(DatasetInvalid) as caught:
        calibrate(engine, write_questions(tmp_path), nobody)
    assert str(caught.value) == (
        "only 0 of the 60 questions can be fitted to, and at least 30 must: 60 found nothing to "
        "read in the index; ask about these documents, as somebody who may see them"
    )
    assert not (tmp_path / "index" / "calibration.json").exists()


def test_conflicts_are_told_from_questions_that_find_nothing(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forty questions, 15 in conflict and one without a passage: both counts, advice for both."""

    def ask_some_in_conflict(*args: Any, **kwargs: Any) -> list[AskedQuestion]:
        asked = ask_all(*args, **kwargs)
        reason = replace(asked[0].result, answer=None, reason="conflicting_answers")
        return [
            *(replace(one, result=reason) for one in asked[:15]),
            replace(asked[15], features=()),
            *asked[16:],
        ]

    monkeypatch.setattr(fitting, "ask_all", ask_some_in_conflict)
    with pytest.raises(DatasetInvalid) as caught:
        calibrate(engine, write_questions(tmp_path, 40))
    assert str(caught.value) == (
        "only 24 of the 40 questions can be fitted to, and at least 30 must: 15 had conflicting "
        "answers and 1 found nothing to read in the index; remove documents that are out of date, "
        "or ask one --collection; ask about these documents, as somebody who may see them"
    )
    assert not (tmp_path / "index" / "calibration.json").exists()


def test_questions_of_which_only_a_wrong_answer_is_known_count_as_wrong(
    engine: Engine, tmp_path: Path
) -> None:
    """As feedback has them: no limit then promises what the wrong verdicts deny."""
    questions = tmp_path / "feedback.json"
    qas, rejected = [], []
    for number in range(54):
        text, answer = f"What is fact {number}?", f"value-{number}"
        if number % 5:
            answers = [{"text": answer, "answer_start": 0}]
            qas.append({"id": str(number), "question": text, "answers": answers})
        else:
            given = engine.ask(text, min_probability=0.0).candidates[0].text if number else "x"
            rejected.append({"question": text, "title": "Facts", "answers": [given]})
    data = [{"title": "Facts", "paragraphs": [{"context": "value-1", "qas": qas}]}]
    questions.write_text(json.dumps({"data": data, "rejected": rejected}))
    report = calibrate(engine, questions)
    assert (report.n_questions, report.n_answerable, report.n_unknown) == (54, 43, 11)
    assert report.right.value == pytest.approx(43 / 54)
    (warning,) = report.warnings
    assert warning.startswith("of 11 questions the file says only what is wrong")
    assert " wrong (1 of them with another quote, which may be right); add their" in warning
    said = {error.expectation for error in report.errors if not error.is_known}
    assert said == {"something else, not known what"}
    metrics = evaluate_open(engine, questions).metrics()
    assert (metrics["total"], metrics["HasAns_total"]) == (54.0, 43.0)
    assert "NoAns_total" not in metrics
