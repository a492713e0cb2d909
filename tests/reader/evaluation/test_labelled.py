"""Labelled questions of users: every form that is taken, and a clear line for every other."""

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.reader import (
    TEMPLATE,
    TEMPLATE_LINES,
    DatasetInvalid,
    LabelledQuestion,
    read_labelled,
)

CONTEXT = "Leave is long. You have 28 days of leave a year. It is paid."
SQUAD = {
    "data": [
        {
            "title": "Leave",
            "paragraphs": [
                {
                    "context": CONTEXT,
                    "qas": [
                        {
                            "id": "a",
                            "question": " How many days? ",
                            "answers": [
                                {"text": "28 days", "answer_start": 24},
                                {"text": "28", "answer_start": 24},
                                {"text": "28 days", "answer_start": 24},
                            ],
                        },
                        {"id": "b", "question": "Why?", "answers": [], "is_impossible": True},
                    ],
                }
            ],
        }
    ]
}


def _file(folder: Path, content: str | bytes, name: str = "questions") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_squad_keeps_answers_and_the_sentence_that_holds_them(tmp_path: Path) -> None:
    """SQuAD JSON, plain or gzip: texts once each, the gold sentence, the article as group."""
    for content in (json.dumps(SQUAD).encode(), gzip.compress(json.dumps(SQUAD).encode())):
        path = _file(tmp_path, content)
        first, second = read_labelled(path)
        assert first == LabelledQuestion(
            id="a",
            question="How many days?",
            answers=("28 days", "28"),
            group="Leave",
            sentences=("You have 28 days of leave a year.",),
            place=f"{path}, question a",
        )
        assert (second.answers, second.sentences, second.is_answerable) == ((), (), False)


def test_rejected_answers_stand_beside_squad(tmp_path: Path) -> None:
    """They join the question that the file knows, and are a question of their own if it does not."""
    rejected = [
        {"id": "r", "question": "how many days", "answers": ["30 days"]},
        {"id": "s", "title": "Travel", "question": "Who signs?", "answers": ["Ann"]},
    ]
    path = _file(tmp_path, json.dumps({**SQUAD, "rejected": rejected}))
    first, second, third = read_labelled(path)
    assert (first.answers, first.rejected) == (("28 days", "28"), ("30 days",))
    assert first.is_right("28 days") and not first.is_right("30 Days.")
    assert second.is_unanswerable
    assert third == LabelledQuestion(
        id="s",
        question="Who signs?",
        answers=(),
        group="Travel",
        rejected=("Ann",),
        is_known=False,
        place=f'{path}, record 2 of "rejected"',
    )
    assert not (third.is_answerable or third.is_unanswerable or third.is_right("Bea"))


@pytest.mark.parametrize(
    ("separator", "encoding"),
    [(",", "utf-8"), (";", "utf-8-sig"), ("\t", "utf-16"), (",", "utf-16")],
)
def test_csv_as_spreadsheets_write_it(tmp_path: Path, separator: str, encoding: str) -> None:
    """Any separator and encoding of spreadsheets; empty and "No answer." are unanswerable."""
    rows = [
        ("Question", "answer ", "document", "note"),
        ("Who signs?", "the head | Ann Weber", "travel.md", "x"),
        ('"What, then\nor now?"', "", "", ""),
        ("", "", "", ""),
        ("Tax number?", "No answer.", "", ""),
    ]
    text = "\r\n".join(separator.join(row) for row in rows)
    path = _file(tmp_path, text.encode(encoding))
    found = read_labelled(path)
    assert [(q.question, q.answers, q.document, q.group) for q in found] == [
        ("Who signs?", ("the head", "Ann Weber"), "travel.md", "travel.md"),
        ("What, then\nor now?", (), None, "3"),
        ("Tax number?", (), None, "6"),
    ]
    assert [q.place for q in found] == [f"{path}, line {n}" for n in (2, 3, 6)]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("sep=;\r\nquestion;answer\r\nWho?;Ann, or Bea\r\n", 3),
        ('"sep=,"\nquestion,answer\nWho?,"Ann, or Bea"\n', 3),
        ("\n ;;\n\nquestion;answer;\nWho?;Ann, or Bea;\n", 5),
        ('question,answer\nWho?,"Ann, or Bea",, ,\n', 2),
        ("question,answer,,\n,,,\nWho?,\"Ann, or Bea\",,\n", 3),
        ("Question ; Answer;note, or a, b, c\nWho?;Ann, or Bea;x\n", 2),
        ('question,answer,"note; or\na; b; c"\nWho?,"Ann, or Bea",x\n', 3),
    ],
)  # fmt: skip
def test_csv_with_what_spreadsheets_put_around_it(tmp_path: Path, text: str, line: int) -> None:
    """A line with the separator, empty rows and cells, separators in the names of columns."""
    path = _file(tmp_path, text)
    (found,) = read_labelled(path)
    assert (found.question, found.answers) == ("Who?", ("Ann, or Bea",))
    assert (found.place, found.id) == (f"{path}, line {line}", str(line))


def test_json_lines_take_one_answer_several_or_none(tmp_path: Path) -> None:
    """``answer`` may be text, a number, a list, or null; ``answers`` means the same."""
    answers = ['"answer": "28"', '"answer": 28', '"answers": ["28", "", "28 days"]']
    answers += ['"id": "x", "answer": ""']
    answers += ['"answer": null', '"answers": {"text": ["28"], "answer_start": [0]}']
    lines = "\n\n".join(
        f'{{"question": "How many, {i}?", {answer}}}' for i, answer in enumerate(answers)
    )
    found = read_labelled(_file(tmp_path, lines))
    assert [q.answers for q in found] == [("28",), ("28",), ("28", "28 days"), (), (), ("28",)]
    assert [q.id for q in found] == ["1", "3", "5", "x", "9", "11"]


@pytest.mark.parametrize(
    "said",
    [
        *("N/A", "n.a.", "na", "None", "-", "NULL", "No answer.", "Unanswerable", "none|n/a"),
        *("\N{EM DASH}", "\N{EN DASH}", "--", "?", "...", "\N{MINUS SIGN}", "NaN", "#N/A", "nil"),
        *("no_answer", "no-answer", "NoAnswer", "no  answer", "no\N{NON-BREAKING HYPHEN}answer"),
        *("(none)", "[no answer]", "<NA>", "not answerable", "Not-answerable!"),
    ],
)
def test_other_words_for_no_answer(tmp_path: Path, said: str) -> None:
    """They are no answer where they are all that a CSV field or a JSON value says."""
    (question,) = read_labelled(_file(tmp_path, f"question,answer\nTax number?,{said}\n"))
    assert question.answers == ()
    if "|" not in said:
        line = json.dumps({"question": "Tax number?", "answer": [said]})
        assert read_labelled(_file(tmp_path, line))[0].answers == ()


@pytest.mark.parametrize(
    "said", ["no", "No.", "none of them", "nil-nil", "0", "-1", "%", "#", "+", "nancy", "no one"]
)
def test_real_answers_are_not_taken_for_none(tmp_path: Path, said: str) -> None:
    """A word, number or sign that a document may well answer with."""
    (question,) = read_labelled(_file(tmp_path, f"question,answer\nHow many?,{said}\n"))
    assert question.answers == (said,)


def test_is_impossible_is_heeded(tmp_path: Path) -> None:
    """It may stand in place of the answer; one that says otherwise is refused with the line."""
    for answer in ("", ', "answer": null', ', "answers": []', ', "answer": "none"'):
        line = f'{{"question": "Who?", "is_impossible": true{answer}}}'
        assert read_labelled(_file(tmp_path, line))[0].answers == ()
    path = _file(tmp_path, "question,answer,is_impossible\nWho?,Ann,\nWhy?,no_answer,TRUE\n")
    assert [q.answers for q in read_labelled(path)] == [("Ann",), ()]
    path = _file(tmp_path, "question,answer,is_impossible\nWho?,Ann,no\nWhy?,so,yes\n")
    with pytest.raises(DatasetInvalid, match=r'line 3 has the answer "so" beside "is_imp.*": true'):
        read_labelled(path)
    path = _file(tmp_path, json.dumps({"question": "Who?", "answer": "", "is_impossible": False}))
    with pytest.raises(DatasetInvalid, match='record 1 has no answer beside "is_impossible": fals'):
        read_labelled(path)


def test_answer_and_answers_are_both_read(tmp_path: Path) -> None:
    """An empty one does not hide what the other says."""
    for record, answers in (
        ({"answer": "", "answers": ["x"]}, ("x",)),
        ({"answer": "y", "answers": {"text": ["x", "y"]}}, ("y", "x")),
    ):
        path = _file(tmp_path, json.dumps({"question": "Who?", **record}))
        assert read_labelled(path)[0].answers == answers


def test_word_for_no_answer_beside_another_is_an_answer(tmp_path: Path) -> None:
    """As in "none | zero"; and in SQuAD, which has a field for questions without an answer."""
    (question,) = read_labelled(_file(tmp_path, "question,answer\nHow many?,none | zero\n"))
    assert question.answers == ("none", "zero")
    qa = {"id": "a", "question": "How many?", "answers": [{"text": "None", "answer_start": 0}]}
    squad = {"data": [{"title": "t", "paragraphs": [{"context": "None.", "qas": [qa]}]}]}
    (question,) = read_labelled(_file(tmp_path, json.dumps(squad)))
    assert question.answers == ("None",)


def test_json_list_and_a_single_object(tmp_path: Path) -> None:
    """A JSON list of objects and one object alone are read too."""
    one = {"question": "Who?", "answer": "Ann", "group": "people"}
    for value in ([one], one):
        path = _file(tmp_path, json.dumps(value, indent=2))
        expected = LabelledQuestion("1", "Who?", ("Ann",), "people", place=f"{path}, record 1")
        assert read_labelled(path) == [expected]


def test_template_is_read(tmp_path: Path) -> None:
    """The printed example is itself a file of questions, in either form."""
    for template in (TEMPLATE, TEMPLATE_LINES):
        found = read_labelled(_file(tmp_path, template))
        assert [len(question.answers) for question in found] == [1, 2, 0]
        assert [question.document for question in found] == ["leave.md", "travel.html", None]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"question,answer\n", "holds no questions"),
        (b"sep=;\n\n", 'line 3: no column "question"'),
        (b"\nquestion,reply\n", 'line 2: no column "answer"'),
        (b"PK\x03\x04 of a workbook", "is a workbook, or another archive: save it as CSV"),
        (b"\xd0\xcf\x11\xe0", "is a workbook, or another archive: save it as CSV"),
        (b"question,reply\nWho?,Ann\n", "line 1: no column \"answer\""),
        (b"question,answer,answer\nWho?,Ann,Ann\n", 'several columns are named "answer"'),
        (b"question,answer\nWho?,Ann\nWhy?,yes, no\n", "line 3 has 3 cells and the header 2"),
        (b"question,answer\nWho?,Ann\n,Ann\n", "line 3 has no question"),
        (b'question,answer\nWho?,"Ann\n', "line 2 is not CSV"),
        (b"question,answer\nWho?," + b"x" * 200_000, "line 2 is not CSV (field larger than"),
        (b"question,answer\nW\xf6r?,Ann\n", "line 2: byte 0xf6 is not UTF-8"),
        (b'{"question": "Who?", "answer": ""}\n{"question": \n', "line 2 is not JSON"),
        (b'{"question": "Who?", "answer": ""}\n[1]\n', "line 2 is not an object"),
        (b'{"question": "Who?", "answer": ""}\n{"answer": "Ann"}\n', "line 2 has no question"),
        (
            b'{"question": "Who?", "answer": ""}\n{"question": "Who?", "anwser": "Ann"}\n',
            'line 2 has no "answer", its keys are "question", "anwser"',
        ),
        (b'[{"question": "Who?"}]', 'record 1 has no "answer", its keys are "question"'),
        (b'{"question": "Who?", "answer": {"texts": ["Ann"]}}', 'under "answer" has no "text"'),
        (b'{"question": ["Who?"]}', 'record 1: "question" is [\'Who?\'], and should be text'),
        (b'{"question": "Who?", "answer": [true]}', '"answer" is True, and should be text'),
        (b'{"question": "Who?", "answer": "", "is_impossible": 2}', '"is_impossible" is 2, and'),
        (b'{"question": "W\\ud800?"}', "holds half of a character pair"),
        (b'[{"question": "Who?"},\n {"question"}]', "is not JSON: Expecting ':' delimiter: line 2"),
        (b"[" * 100_000, "is not JSON"),
        (b'{"data": [{"paragraphs": 1}]}', "is not in SQuAD layout"),
        (b'{"data": [{"qas": 1}]}', 'qas): no "paragraphs"'),
        (
            b'{"data": [{"paragraphs": [{"context": "c", "qas": [{"question": "x"}]}]}]}',
            'data[0].paragraphs[0].qas[0]: no "answers"',
        ),
        (b'{"data": [], "rejected": 1}', '"rejected" should be a list of questions'),
        (b'{"data": [], "rejected": [{"question": "x"}]}', 'record 1 of "rejected" should have'),
        (b'{"data": [], "rejected": [{"answers": []}]}', 'record 1 of "rejected" has no question'),
        (b"\x1f\x8b\x08damaged", "cannot read"),
        (gzip.compress(b'{"question": "Who?"}')[:-9], "cannot read"),
    ],
)  # fmt: skip
def test_malformed_file_is_one_line_that_names_the_place(
    tmp_path: Path, content: bytes, message: str
) -> None:
    """What cannot be read is an error with the file, the line, and what to do."""
    path = _file(tmp_path, content)
    with pytest.raises(DatasetInvalid) as caught:
        read_labelled(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert len(str(caught.value)) < 500


def test_missing_file_is_named(tmp_path: Path) -> None:
    """A path that leads nowhere, or to a folder, is an error in plain words."""
    with pytest.raises(DatasetInvalid, match=r"^there is no file .*nowhere\.csv$"):
        read_labelled(tmp_path / "nowhere.csv")
    with pytest.raises(DatasetInvalid, match=r"is a folder: give a file$"):
        read_labelled(tmp_path)


@given(content=st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    """No content makes anything but questions or our error."""
    path = _file(tmp_path_factory.mktemp("any"), b"question,answer\n" + content)
    try:
        found = read_labelled(path)
    except DatasetInvalid:
        return
    assert all(question.question for question in found)
