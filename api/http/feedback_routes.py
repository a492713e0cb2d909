"""``POST /v1/feedback``: what somebody says of an answer."""

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from answerable.index import Document, Filters

from ..checks import checked_question
from ..errors import FeedbackInvalid
from .access import Asker, WhoAsks
from .feedback import Feedback, passage_feedback, span_feedback
from .openapi import problems
from .parts import Parts
from .schemas import FeedbackKept, FeedbackRequest


def add_feedback_routes(app: FastAPI, parts: Parts) -> None:
    """Add the route of feedback."""

    @app.post(
        "/v1/feedback",
        status_code=201,
        response_model=FeedbackKept,
        responses=problems(400, 401, 403, 404, 408, 413, 415, 422, 429, 503),
        summary="Say that an answer is right or wrong, or where it is",
    )
    async def feedback(request: Request, body: FeedbackRequest, asker: WhoAsks) -> Response:
        question = checked_question(body.question, parts.settings.max_question_chars)
        has_span = _has_span(body)

        def work() -> int:
            said = (
                _of_span(parts, question, body, asker)
                if has_span
                else _of_nearest(parts, question, body, asker)
            )
            return parts.feedback.add(said, asker.key_id, body.comment)

        kept = await parts.gate.run(request, work, parts.settings.deadline_s)
        return JSONResponse({"id": kept}, 201)


def _has_span(body: FeedbackRequest) -> bool:
    given = [value is not None for value in (body.document_id, body.start, body.end)]
    if any(given) and not all(given):
        raise FeedbackInvalid("a span is document_id, start and end: give all three, or none")
    if body.verdict == "here" and not all(given):
        raise FeedbackInvalid("say where the answer is: document_id, start and end")
    return all(given)


def _of_span(parts: Parts, question: str, body: FeedbackRequest, asker: Asker) -> Feedback:
    assert body.document_id is not None and body.start is not None and body.end is not None
    document = _document(parts, body.document_id, asker)
    return span_feedback(question, body.verdict, document, body.start, body.end)


def _of_nearest(parts: Parts, question: str, body: FeedbackRequest, asker: Asker) -> Feedback:
    """Return feedback about there being no answer, kept with the passage nearest to it."""
    found = parts.engine.get().search(question, k=1, principals=asker.principals)
    if not found.hits:
        raise FeedbackInvalid("there is no document to say this of")
    hit = found.hits[0]
    document = _document(parts, hit.document.id, asker)
    return passage_feedback(question, body.verdict, document, hit.start, hit.end)


def _document(parts: Parts, document_id: int, asker: Asker) -> Document:
    index = parts.engine.get().index
    return index.document(document_id, Filters(principals=asker.principals))
