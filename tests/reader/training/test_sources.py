"""Data that is not SQuAD: QAMR's tables and plain paragraphs."""

import gzip
import json
from pathlib import Path

import pytest

from answerable.reader.errors import DatasetInvalid
from answerable.reader.evaluation.squad import SquadAnswer, SquadQuestion
from answerable.reader.training.paragraphs import read_paragraphs
from answerable.reader.training.qamr import SENTENCES, read_qamr, written

SENTENCE = "Wiki1k:wikipedia:16:90:8"
WORDS = "He said : `` Rome 's walls -LRB- of 271 -RRB- did n't fall . ''"
ROW = [SENTENCE, "1 2", "76", "0", "3", "Whose walls?", "4 5", "1:4 5", "2:4"]


def _table(folder: Path, *rows: list[str]) -> Path:
    sentences = f"{SENTENCE}\t{WORDS}\n"
    (folder / SENTENCES).write_bytes(gzip.compress(sentences.encode()))
    table = "".join("\t".join(row) + "\n" for row in rows)
    path = folder / "dev.tsv.gz"
    path.write_bytes(gzip.compress(table.encode()))
    return path


def test_tokens_become_text() -> None:
    """Brackets, quotes and clitics stand as people write them, and every token is found."""
    tokens = WORDS.split()
    text, places = written(tokens)
    assert text == "He said: \"Rome's walls (of 271) didn't fall.\""
    assert [text[slice(*place)] for place in places[4:9]] == ["Rome", "'s", "walls", "(", "of"]


def test_qamr_rows_become_questions(tmp_path: Path) -> None:
    """The answer is one run of words; scattered ones and the Penn Treebank's are left out."""
    scattered = [*ROW[:6], "4 6", *ROW[7:]]
    treebank = ["PTB:1", *ROW[1:]]
    (question,) = read_qamr(_table(tmp_path, ROW, scattered, treebank))
    assert question == SquadQuestion(
        id=f"{SENTENCE}/76/0/3",
        title="Wiki1k:wikipedia:16",
        context="He said: \"Rome's walls (of 271) didn't fall.\"",
        question="Whose walls?",
        answers=(SquadAnswer("Rome's", 10),),
    )


@pytest.mark.parametrize(
    "row", [ROW[:5], [*ROW[:6], "x", *ROW[7:]], [*ROW[:6], "99", *ROW[7:]], ["none", *ROW[1:]]]
)
def test_bad_qamr(tmp_path: Path, row: list[str]) -> None:
    """A row that does not fit is named by its number."""
    with pytest.raises(DatasetInvalid, match="line 2: not a row of QAMR"):
        read_qamr(_table(tmp_path, ROW, row))


def test_qamr_without_sentences(tmp_path: Path) -> None:
    """The sentences' file is named when it is missing."""
    path = _table(tmp_path, ROW)
    (tmp_path / SENTENCES).unlink()
    with pytest.raises(DatasetInvalid, match=SENTENCES):
        read_qamr(path)


def test_paragraphs(tmp_path: Path) -> None:
    """Every line is an empty question on a text."""
    path = tmp_path / "p.jsonl"
    path.write_text(json.dumps({"id": "1-0", "title": "Rome", "text": "Rome fell."}) + "\n")
    assert read_paragraphs(path) == [SquadQuestion("1", "Rome", "Rome fell.", "", ())]
    path.write_text("{}\n")
    with pytest.raises(DatasetInvalid, match="a line is not"):
        read_paragraphs(path)
    with pytest.raises(DatasetInvalid, match="cannot read"):
        read_paragraphs(tmp_path / "none")


@pytest.mark.data
def test_the_real_qamr(data_folder: Path) -> None:
    """Every answer is a slice of its sentence; 97 in a hundred rows are one run of words."""
    questions = [
        question
        for name in ("dev", "test")
        for question in read_qamr(data_folder / "qamr" / f"{name}.tsv.gz")
    ]
    assert len(questions) == 36_748
    for question in questions:
        (answer,) = question.answers
        assert question.context[answer.start :].startswith(answer.text)
