"""Feedback as SQuAD 2.0 JSON, which ``train`` and ``calibrate`` read.

A span that is right, or where the answer is, becomes an answerable question on the text around it;
that there rightly is no answer, an unanswerable one on the passage that was nearest. A span that is
wrong says nothing of the rest of its text, so it is left out. The last word on a question and
text counts.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .feedback import Feedback


@dataclass(frozen=True, slots=True)
class FeedbackExport:
    """What an export wrote, in questions."""

    answerable: int
    unanswerable: int
    left_out: int


def export_feedback(feedback: Iterable[Feedback], path: Path) -> FeedbackExport:
    """Write feedback to a file in SQuAD 2.0 layout."""
    kept: dict[tuple[str, str, str], Feedback] = {}
    said = list(feedback)
    for one in said:
        key = (one.document_uri, one.context, one.question)
        if one.verdict == "here" or one.verdict == "right":
            kept[key] = one
        elif one.answer is None or (key in kept and kept[key].answer == one.answer):
            kept.pop(key, None)  # it was right before, and is said to be wrong now
    articles: dict[str, dict[str, Any]] = {}
    for one in kept.values():
        article = articles.setdefault(
            one.document_uri, {"title": one.document_title or one.document_uri, "paragraphs": {}}
        )
        paragraph = article["paragraphs"].setdefault(one.context, [])
        paragraph.append(_question(one))
    data = [
        {
            "title": article["title"],
            "paragraphs": [
                {"context": context, "qas": qas} for context, qas in article["paragraphs"].items()
            ],
        }
        for article in articles.values()
    ]
    text = json.dumps({"version": "v2.0", "data": data}, ensure_ascii=False, indent=1)
    path.write_text(text + "\n", encoding="utf-8")
    n_answerable = sum(one.answer is not None for one in kept.values())
    return FeedbackExport(n_answerable, len(kept) - n_answerable, len(said) - len(kept))


def _question(one: Feedback) -> dict[str, Any]:
    answers = []
    if one.answer is not None:
        answers = [{"text": one.answer, "answer_start": one.answer_start}]
    return {
        "id": f"feedback-{one.id}",
        "question": one.question,
        "answers": answers,
        "is_impossible": not answers,
    }
