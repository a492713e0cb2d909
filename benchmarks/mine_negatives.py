"""Find hard negatives for reader training: passages that share a question's words, not its answer.

    python benchmarks/mine_negatives.py train-v2.0.json.gz --out runs/negatives.jsonl

Searches the training paragraphs themselves with SQLite's FTS5 (BM25). Half of what is kept comes from the question's own article, half from others. A
spec names the file under ``negatives``. With the spec's ``left_out_share``, left-out articles
are neither searched nor asked about.
"""

import argparse
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.progress import track

from answerable.reader import SquadQuestion, read_squad
from answerable.reader.answer_text import normalize_answer
from answerable.reader.training.left_out import is_left_out
from answerable.reader.training.windows import context_key
from answerable.retriever.lexical import question_terms

_SEARCHED = 40  # best matches looked at


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A training context; ``normalized`` as answers are compared."""

    title: str
    context: str
    key: str
    normalized: str


def main() -> None:
    """Mine and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", type=Path, nargs="+", metavar="TRAIN.json")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--keep", type=int, default=12, help="passages per question")
    parser.add_argument("--left-out-share", type=float, default=0.0)
    arguments = parser.parse_args()
    questions = [
        question
        for file in arguments.files
        for question in read_squad(file)
        if not is_left_out(question.title, arguments.left_out_share)
    ]
    paragraphs = distinct_paragraphs(questions)
    database = build_search(paragraphs)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    with arguments.out.open("w", encoding="utf-8") as file:
        for question in track(questions, "mining"):
            found = mine(database, paragraphs, question, arguments.keep)
            keys = [paragraph.key for paragraph in found]
            file.write(json.dumps({"id": question.id, "passages": keys}) + "\n")


def distinct_paragraphs(questions: Sequence[SquadQuestion]) -> list[Paragraph]:
    """Return every context once, in order."""
    titles: dict[str, str] = {}
    for question in questions:
        titles.setdefault(question.context, question.title)
    return [
        Paragraph(title, context, context_key(context), _padded(normalize_answer(context)))
        for context, title in titles.items()
    ]


def build_search(paragraphs: Sequence[Paragraph]) -> sqlite3.Connection:
    """Put paragraphs into a word index in memory; the row's id is the position."""
    database = sqlite3.connect(":memory:")
    database.execute(
        "CREATE VIRTUAL TABLE p USING fts5(text, content='', tokenize='porter unicode61')"
    )
    database.executemany(
        "INSERT INTO p(rowid, text) VALUES (?, ?)",
        ((i, paragraph.context) for i, paragraph in enumerate(paragraphs)),
    )
    return database


def mine(
    database: sqlite3.Connection,
    paragraphs: Sequence[Paragraph],
    question: SquadQuestion,
    keep: int,
) -> list[Paragraph]:
    """Return up to ``keep`` paragraphs that match a question and do not hold its answer."""
    found = matches(database, paragraphs, question, _SEARCHED)
    same = [paragraph for paragraph in found if paragraph.title == question.title]
    others = [paragraph for paragraph in found if paragraph.title != question.title]
    n_same = max(keep - len(others), keep // 2)
    same = same[:n_same]
    return same + others[: keep - len(same)]


def matches(
    database: sqlite3.Connection,
    paragraphs: Sequence[Paragraph],
    question: SquadQuestion,
    searched: int,
) -> list[Paragraph]:
    """Return those of the best matches, best first, that do not hold a question's answer."""
    terms = question_terms(question.question)
    if not terms:
        return []
    rows = database.execute(
        "SELECT rowid FROM p WHERE p MATCH ? ORDER BY rank LIMIT ?",
        (" OR ".join(f'"{term}"' for term in terms), searched),
    )
    answers = {_padded(normalize_answer(answer.text)) for answer in question.answers}
    return [
        paragraph
        for (row,) in rows
        if (paragraph := paragraphs[row]).context != question.context
        and not any(answer in paragraph.normalized for answer in answers)
    ]


def _padded(text: str) -> str:
    return f" {text} "  # so that words are found whole


if __name__ == "__main__":
    main()
