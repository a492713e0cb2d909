"""Files of questions without labels, answered and written as other systems write them."""

import json
from pathlib import Path

import pytest

from answerable.api.evaluation.inference import InferenceOptions, answer_file
from answerable.api.owned_folder import OutputRefused
from answerable.reader import DatasetInvalid

pytestmark = pytest.mark.model

CONTEXT = "The office is in Bath. Ann Larkmoor founded it in 1987, with two friends."


def _questions(folder: Path) -> Path:
    asked = [
        {"id": "q1", "question": "Who founded the office?"},
        {"id": "q2", "question": "How deep is the Atlantic?"},
    ]
    paragraphs = [{"context": CONTEXT, "qas": asked}]
    path = folder / "questions.json"
    path.write_text(json.dumps({"data": [{"paragraphs": paragraphs}]}))
    return path


def test_tao(tmp_path: Path) -> None:
    """prediction.txt maps ids to answers, nbest.txt to entries in run_squad's order."""
    options = InferenceOptions(layout="tao", n_best=3)
    answers = answer_file(_questions(tmp_path), tmp_path / "out", None, options)
    assert answers == {"q1": "Ann Larkmoor", "q2": ""}
    written = (tmp_path / "out" / "prediction.txt").read_text()
    assert written == '{\n    "q1": "Ann Larkmoor",\n    "q2": ""\n}\n'
    entries = json.loads((tmp_path / "out" / "nbest.txt").read_text())["q1"]
    assert list(entries[0]) == ["text", "probability", "start_logit", "end_logit"]


def test_full_sentences(tmp_path: Path) -> None:
    """The prediction is the whole sentence; "no answer" stays that."""
    options = InferenceOptions(layout="nemo", full_sentences=True)
    answer_file(_questions(tmp_path), tmp_path / "out", None, options)
    written = json.loads((tmp_path / "out" / "output_prediction_file.json").read_text())
    assert written == {
        "q1": [
            "Who founded the office?",
            "Ann Larkmoor founded it in 1987, with two friends.",
        ],
        "q2": ["How deep is the Atlantic?", ""],
    }


def test_nothing_of_others_is_replaced(tmp_path: Path) -> None:
    """A file in the way that we did not write stops the work before it begins."""
    (tmp_path / "prediction.txt").write_text("mine")
    with pytest.raises(OutputRefused):
        answer_file(_questions(tmp_path), tmp_path, None, InferenceOptions(layout="tao"))
    assert (tmp_path / "prediction.txt").read_text() == "mine"


def test_no_questions(tmp_path: Path) -> None:
    """A file without questions is named."""
    path = tmp_path / "none.json"
    path.write_text('{"data": []}')
    with pytest.raises(DatasetInvalid, match="no questions"):
        answer_file(path, tmp_path / "out")
