"""Feedback as SQuAD 2.0 JSON, which ``train`` and ``calibrate`` read.

A span that is right, or where the answer is, becomes an answerable question on the text around it;
that there rightly is no answer, an unanswerable one on the passage that was nearest. A span that is
wrong, or an answer that was missed, says nothing of the rest of its text, so it is no question to
train on; but a calibration without it would promise too much. It stands beside SQuAD's ``data``,
under ``rejected``, which ``calibrate`` and ``evaluate open`` read. The last word counts.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from answerable.reader import normalize_answer, question_key

from .feedback import Feedback


@dataclass(frozen=True, slots=True)
class FeedbackExport:
    """What an export wrote, in questions.

    Attributes:
        rejected: of which only a wrong answer is known, or that there is one.
        left_out: verdicts of which a later one on the same question says the same or otherwise.
    """

    answerable: int
    unanswerable: int
    rejected: int
    left_out: int


class _LastWords:
    """What still holds of all that was said, oldest first."""

    def __init__(self, said: Iterable[Feedback]) -> None:
        self.known: dict[tuple[str, str, str], Feedback] = {}
        self._rejected: dict[tuple[str, str | None], Feedback] = {}
        for one in said:
            self._add(one)

    def _add(self, one: Feedback) -> None:
        question = question_key(one.question)
        place = (one.document_uri, one.context, one.question)
        before = self.known.get(place)
        if (one.answer is None) is (one.verdict == "wrong"):  # there is an answer
            self._drop_without_answer(question)
        elif one.verdict == "wrong" and before is not None and before.answer == one.answer:
            del self.known[place]  # it was right before
        if one.verdict == "wrong":
            self._rejected[question, _answer_key(one)] = one
            return
        self.known[place] = one
        self._rejected.pop((question, _answer_key(one)), None)

    def _drop_without_answer(self, question: str) -> None:
        for place, one in list(self.known.items()):
            if one.answer is None and question_key(one.question) == question:
                del self.known[place]

    def rejections(self) -> list[list[Feedback]]:
        """Return what was said to be wrong, by question; a missed answer only if it still is."""
        answered = {question_key(one.question) for one in self.known.values() if one.answer}
        found: dict[str, list[Feedback]] = {}
        for (question, answer), one in self._rejected.items():
            if answer is not None or question not in answered:
                found.setdefault(question, []).append(one)
        return list(found.values())


def export_feedback(feedback: Iterable[Feedback], path: Path) -> FeedbackExport:
    """Write feedback to a file in SQuAD 2.0 layout."""
    said = list(feedback)
    last = _LastWords(said)
    known, rejections = list(last.known.values()), last.rejections()
    content = {
        "version": "v2.0",
        "data": _articles(known),
        "rejected": [_rejection(ones) for ones in rejections],
    }
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    named = {question_key(one.question) for one in known}
    n_answerable = sum(one.answer is not None for one in known)
    return FeedbackExport(
        answerable=n_answerable,
        unanswerable=len(known) - n_answerable,
        rejected=sum(question_key(ones[0].question) not in named for ones in rejections),
        left_out=len(said) - len(known) - sum(map(len, rejections)),
    )


def _articles(known: Sequence[Feedback]) -> list[dict[str, Any]]:
    articles: dict[str, dict[str, Any]] = {}
    for one in known:
        article = articles.setdefault(
            one.document_uri, {"title": one.document_title or one.document_uri, "paragraphs": {}}
        )
        article["paragraphs"].setdefault(one.context, []).append(_question(one))
    return [
        {
            "title": article["title"],
            "paragraphs": [
                {"context": context, "qas": qas} for context, qas in article["paragraphs"].items()
            ],
        }
        for article in articles.values()
    ]


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


def _rejection(ones: Sequence[Feedback]) -> dict[str, Any]:
    first = ones[0]
    return {
        "id": f"feedback-{first.id}",
        "title": first.document_title or first.document_uri,
        "question": first.question,
        "answers": [one.answer for one in ones if one.answer is not None],
    }


def _answer_key(one: Feedback) -> str | None:
    return one.answer and (normalize_answer(one.answer) or one.answer.strip().casefold())
