"""Collections that retrieval is measured on: what two benchmarks share."""

import csv
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Collection:
    """Documents, questions, and the documents that are right for each question.

    Attributes:
        documents: title and text.
        relevant: for each question, positions in ``documents``.
    """

    documents: list[tuple[str, str]]
    questions: list[str]
    relevant: list[frozenset[int]]


def read_beir(folder: Path) -> Collection:
    """Read a test collection in BEIR layout; questions without judgements are left out."""
    corpus = list(json_lines(folder / "corpus.jsonl.gz"))
    positions = {line["_id"]: position for position, line in enumerate(corpus)}
    relevant: dict[str, set[int]] = {}
    with gzip.open(folder / "qrels.tsv.gz", "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if int(row["score"]) > 0:
                relevant.setdefault(row["query-id"], set()).add(positions[row["corpus-id"]])
    queries = [q for q in json_lines(folder / "queries.jsonl.gz") if q["_id"] in relevant]
    return Collection(
        documents=[(line.get("title") or "", line["text"]) for line in corpus],
        questions=[query["text"] for query in queries],
        relevant=[frozenset(relevant[query["_id"]]) for query in queries],
    )


def json_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a gzipped JSON Lines file."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
