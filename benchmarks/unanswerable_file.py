"""Made questions without an answer, as a SQuAD 2.0 file for ``answerable train reader``."""

import gzip
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Unanswerable:
    """A question that its paragraph does not answer."""

    id: str
    title: str
    context: str
    question: str


def write_unanswerable(path: Path, questions: Iterable[Unanswerable]) -> None:
    """Write questions, those of one paragraph and of one article together."""
    articles: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for one in questions:
        asked = {"id": one.id, "question": one.question, "answers": [], "is_impossible": True}
        articles[one.title][one.context].append(asked)
    data = [
        {
            "title": title,
            "paragraphs": [{"context": context, "qas": qas} for context, qas in of.items()],
        }
        for title, of in articles.items()
    ]
    with gzip.open(path, "wt", encoding="utf-8") as file:
        json.dump({"version": "v2.0", "data": data}, file)
