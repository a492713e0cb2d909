"""Test collections in BEIR layout: documents, queries, and which documents are right for which.

A folder holds ``corpus.jsonl`` (``_id``, ``title``, ``text``), ``queries.jsonl`` (``_id``, ``text``)
and ``qrels.tsv`` or ``qrels/test.tsv`` (query id, document id, grade), plain or with ``.gz``.

Source: Thakur and others, "BEIR: A Heterogeneous Benchmark for Zero-shot Evaluation of
Information Retrieval Models", 2021, and the layout of its published files.
"""

import gzip
import json
import re
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from answerable.index import AnswerableError

# A line holds one document; longer ones are damaged files, or meant to fill the memory.
MAX_LINE_CHARS = 1 << 26
_JUDGEMENTS = ("qrels.tsv", "qrels/test.tsv")


class TestCollectionInvalid(AnswerableError):
    """A folder or a line of it is not in BEIR layout; the message has file and line."""

    __test__ = False  # its name is no test's


@dataclass(frozen=True, slots=True)
class BeirDocument:
    """A document of the collection; the title may be empty, and so may the text."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class BeirQuery:
    """A query with its judgements: grades by document id, at least one of them above 0."""

    id: str
    text: str
    grades: dict[str, int]


class BeirFolder:
    """A test collection on the disk; documents are read when they are asked for.

    Attributes:
        files: corpus, queries and judgements.
        queries: those with a relevant document, in file order.
        n_unjudged: further queries, which have none.
        n_unknown: judgements of queries that are not there.
    """

    def __init__(self, folder: Path) -> None:
        """Read queries and judgements.

        Raises:
            TestCollectionInvalid: a file is missing or malformed, or no query is judged.
        """
        self._corpus = _existing(folder, "corpus.jsonl")
        queries_path = _existing(folder, "queries.jsonl")
        judgements = _existing(folder, *_JUDGEMENTS)
        self.files = (self._corpus, queries_path, judgements)
        grades = _grades(judgements)
        texts = {id_: _text(record, "text", where) for where, id_, record in _records(queries_path)}
        self.queries = tuple(
            BeirQuery(id_, text, grades[id_])
            for id_, text in texts.items()
            if any(grade > 0 for grade in grades.get(id_, {}).values())
        )
        self.n_unjudged = len(texts) - len(self.queries)
        self.n_unknown = sum(len(of) for id_, of in grades.items() if id_ not in texts)
        if not self.queries:
            raise TestCollectionInvalid(
                f"{judgements} finds no document relevant for any query of {queries_path}: "
                "are both of the same collection?"
            )

    def documents(self) -> Iterator[BeirDocument]:
        """Yield the documents in file order.

        Raises:
            TestCollectionInvalid: a line is malformed.
        """
        for where, id_, record in _records(self._corpus):
            title = _text(record, "title", where) if record.get("title") is not None else ""
            yield BeirDocument(id_, title, _text(record, "text", where))


def _existing(folder: Path, *names: str) -> Path:
    for name in names:
        for path in (folder / name, folder / f"{name}.gz"):
            if path.is_file():
                return path
    raise TestCollectionInvalid(
        f"{folder} has no {' or '.join(names)}, plain or .gz: a folder in BEIR layout is needed"
    )


def _records(path: Path) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield where each object of a JSON Lines file stands, its id, and the object."""
    seen = set()
    for where, line in _lines(path):
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as exc:
            raise TestCollectionInvalid(f"{where}: not JSON: {exc}") from exc
        if not isinstance(record, dict):
            raise TestCollectionInvalid(f"{where}: not a JSON object")
        if isinstance(record.get("_id"), int):
            record["_id"] = str(record["_id"])
        id_ = _text(record, "_id", where)
        if id_ in seen:
            raise TestCollectionInvalid(f"{where}: the id {id_!r:.100} is there before")
        seen.add(id_)
        yield where, id_, record


def _text(record: dict[str, Any], key: str, where: str) -> str:
    value = record.get(key)
    if not isinstance(value, str):
        raise TestCollectionInvalid(f"{where}: {key!r} must be there, and a string")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as exc:
        raise TestCollectionInvalid(f"{where}: {key!r} is not valid Unicode") from exc
    return value


def _grades(path: Path) -> dict[str, dict[str, int]]:
    """Return the grades of documents by query."""
    grades: dict[str, dict[str, int]] = {}
    for number, (where, line) in enumerate(_lines(path)):
        fields = line.rstrip("\r\n").split("\t")
        if len(fields) != 3:
            raise TestCollectionInvalid(
                f"{where}: query id, document id and grade are needed, separated by tabs"
            )
        query_id, document_id, grade = fields
        if number == 0 and not _is_whole(grade):
            continue  # the column titles
        if not _is_whole(grade):
            raise TestCollectionInvalid(f"{where}: the grade {grade!r:.100} is no whole number")
        grades.setdefault(query_id, {})[document_id] = int(grade)
    return grades


def _is_whole(text: str) -> bool:
    return re.fullmatch(r"\s*-?[0-9]{1,9}\s*", text) is not None


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    """Yield where each line that is not blank stands, as ``file:number``, and the line."""
    number = 0
    try:
        with _opened(path) as file:
            while line := file.readline(MAX_LINE_CHARS):
                number += 1
                if len(line) == MAX_LINE_CHARS:
                    raise TestCollectionInvalid(f"{path}:{number}: the line is too long")
                if line.strip():
                    yield f"{path}:{number}", line
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as exc:
        raise TestCollectionInvalid(f"{path}: cannot be read after line {number}: {exc}") from exc


def _opened(path: Path) -> AbstractContextManager[TextIO]:
    """Open a text file, unpacked if its first bytes say that it is gzip."""
    with path.open("rb") as raw:
        is_gzip = raw.read(2) == b"\x1f\x8b"
    return (gzip.open if is_gzip else open)(path, "rt", encoding="utf-8-sig")
