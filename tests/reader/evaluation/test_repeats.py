"""Questions asked more than once: each counts once, and labels at odds are refused."""

import json
from pathlib import Path

import pytest

from answerable.reader import (
    DatasetInvalid,
    LabelledQuestion,
    question_key,
    read_labelled,
    without_repeats,
)


def _question(text: str, *answers: str, **more: object) -> LabelledQuestion:
    return LabelledQuestion(text, text, answers, "group", **more)  # type: ignore[arg-type]  # of a test


@pytest.mark.parametrize(
    ("text", "other", "is_same"),
    [
        ("How long is leave?", "how  long is\tLEAVE", True),
        ("How long is the leave?", '"How long is leave", ...', True),
        ("What is vitamin A?", "What is vitamin?", False),
        ("What is C++?", "What is C?", False),
        ("What is 1.5?", "What is 15?", False),
        ("?", "!", False),
    ],
)
def test_what_makes_two_questions_the_same(text: str, other: str, is_same: bool) -> None:
    """Case, spaces, articles and punctuation around words do not count; what is within does."""
    assert (question_key(text) == question_key(other)) is is_same


def test_one_question_counts_once_with_all_its_answers() -> None:
    """One more wording in the answers makes no new question; the first keeps its place."""
    again = [_question("WHO signs", f"Ann {i}", "ann  weber") for i in range(3)]
    found = without_repeats([_question("Who signs?", "Ann Weber"), _question("Why?"), *again])
    assert found == [
        _question("Who signs?", "Ann Weber", "Ann 0", "Ann 1", "Ann 2"),
        _question("Why?"),
    ]


def test_merging_keeps_what_only_one_of_them_knows() -> None:
    """Document, sentences, rejected answers; and what is right, if one of them knows that."""
    found = without_repeats(
        [
            _question("Who signs?", is_known=False, rejected=("Bea",)),
            _question("Who signs?", "Ann", document="travel.md", sentences=("Ann signs.",)),
        ]
    )
    assert found == [
        _question(
            "Who signs?",
            "Ann",
            document="travel.md",
            sentences=("Ann signs.",),
            rejected=("Bea",),
        )
    ]


def test_an_answer_and_none_for_one_question_are_refused(tmp_path: Path) -> None:
    """Both lines are named, in CSV and JSON; different answers are all right."""
    path = tmp_path / "questions"
    path.write_text("question,answer\nWho signs?,\nWhy?,\nwho SIGNS,Ann\n")
    with pytest.raises(DatasetInvalid) as caught:
        read_labelled(path)
    assert str(caught.value) == (
        f"{path}: line 4 gives an answer to who SIGNS (Ann), and line 2 says that there is none: "
        "keep one of them"
    )
    records = [{"question": "Who?", "answer": answer} for answer in ("Ann", None)]
    for content, places in (
        ("\n".join(map(json.dumps, records)), "line 1 gives .* line 2 says"),
        (json.dumps(records), "record 1 gives .* record 2 says"),
    ):
        path.write_text(content)
        with pytest.raises(DatasetInvalid, match=places):
            read_labelled(path)
    path.write_text("question,answer\nWho signs?,Bea\nWho signs?,Ann\n")
    assert len(read_labelled(path)) == 2


def test_passages_of_squad_may_differ(tmp_path: Path) -> None:
    """That one passage holds no answer says nothing of the others."""
    answer = [{"text": "Ann", "answer_start": 0}]
    qas = [{"id": i, "question": "Who?", "answers": a} for i, a in (("a", []), ("b", answer))]
    path = tmp_path / "squad.json"
    path.write_text(json.dumps({"data": [{"paragraphs": [{"context": "Ann.", "qas": qas}]}]}))
    (found,) = without_repeats(read_labelled(path))
    assert (found.id, found.answers) == ("a", ("Ann",))
