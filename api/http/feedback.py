"""What people say of answers, kept with the text that it is about.

The text around a span is stored with it, so that the export does not depend on what becomes of the
document. Only who may see a document can say anything about it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from answerable.index import Document

from ..errors import FeedbackInvalid
from .database import ServiceDatabase

Verdict = Literal["right", "wrong", "here"]

MAX_ANSWER_CHARS = 500
_CONTEXT_CHARS = 1500  # around the span: as much as a long paragraph of the training data


@dataclass(frozen=True, slots=True)
class Feedback:
    """One thing that somebody said.

    Attributes:
        context: part of the document, from ``document_start`` in its stored text.
        answer: ``context[answer_start:answer_start + len(answer)]``; None for no span.
    """

    question: str
    verdict: Verdict
    document_uri: str
    document_title: str
    document_start: int
    context: str
    answer: str | None
    answer_start: int | None
    key_id: str | None = None
    comment: str | None = None
    id: int = 0


def span_feedback(
    question: str, verdict: Verdict, document: Document, start: int, end: int
) -> Feedback:
    """Return feedback about a span of a document.

    Raises:
        FeedbackInvalid: the document has no such span, or it is too long to be an answer.
    """
    if not 0 <= start < end <= len(document.text):
        raise FeedbackInvalid(
            f"the document has {len(document.text)} characters; {start} to {end} is no span of it"
        )
    answer = document.text[start:end]
    if end - start > MAX_ANSWER_CHARS or not answer.strip():
        raise FeedbackInvalid(f"an answer is 1 to {MAX_ANSWER_CHARS} characters of text")
    first, last = _around(document.text, start, end)
    return Feedback(
        question=question,
        verdict=verdict,
        document_uri=document.info.uri,
        document_title=document.info.title,
        document_start=first,
        context=document.text[first:last],
        answer=answer,
        answer_start=start - first,
    )


def passage_feedback(
    question: str, verdict: Verdict, document: Document, start: int, end: int
) -> Feedback:
    """Return feedback about a whole passage: that it holds an answer, or none."""
    return Feedback(
        question=question,
        verdict=verdict,
        document_uri=document.info.uri,
        document_title=document.info.title,
        document_start=start,
        context=document.text[start:end],
        answer=None,
        answer_start=None,
    )


class FeedbackStore:
    """The feedback on one index."""

    def __init__(self, database: ServiceDatabase) -> None:
        """Keep it in the service's database."""
        self._database = database

    def add(self, feedback: Feedback, key_id: str | None, comment: str | None) -> int:
        """Store feedback; return its id."""
        with self._database.writing() as db:
            added = db.execute(
                "INSERT INTO feedback (created_at, key_id, question, verdict, document_uri, "
                "document_title, document_start, context, answer, answer_start, comment) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    datetime.now(UTC).isoformat(timespec="seconds"),
                    key_id,
                    feedback.question,
                    feedback.verdict,
                    feedback.document_uri,
                    feedback.document_title,
                    feedback.document_start,
                    feedback.context,
                    feedback.answer,
                    feedback.answer_start,
                    comment,
                ],
            )
        return int(added.lastrowid or 0)

    def all(self) -> list[Feedback]:
        """Return all feedback, oldest first."""
        if not self._database.exists:
            return []
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT question, verdict, document_uri, document_title, document_start, context, "
                "answer, answer_start, key_id, comment, id FROM feedback ORDER BY id"
            ).fetchall()
        return [Feedback(**dict(row)) for row in rows]


def _around(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the bounds of what is kept around a span, at ends of lines where there are some."""
    room = max(0, _CONTEXT_CHARS - (end - start)) // 2
    first, last = max(0, start - room), min(len(text), end + room)
    if first and (line := text.find("\n", first, start)) >= 0:
        first = line + 1
    if last < len(text) and (line := text.rfind("\n", end, last)) >= 0:
        last = line
    return first, last
