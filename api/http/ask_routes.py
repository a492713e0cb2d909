"""``POST /v1/ask``, ``/v1/ask/batch`` and ``/v1/search``."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import anyio
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from ..checks import checked_question
from ..engine import Engine
from ..errors import BatchTooLarge
from ..types import AskResult, SearchResult, to_json
from .access import Asker, WhoAsks
from .answers import Answered, Asked
from .openapi import problems
from .parts import Parts
from .problems import question_at
from .schemas import AskRequest, BatchRequest, BatchResult, SearchRequest

_JSON = "application/json"
_OPTIONS = ("k", "n_best", "min_probability", "max_error", "profile", "collection")


@dataclass(frozen=True, slots=True)
class _Placed:
    """A question and where in the body it stands: see ``question_at``."""

    asked: Asked
    place: str


def add_ask_routes(app: FastAPI, parts: Parts) -> None:
    """Add the routes that answer and search."""

    @app.post(
        "/v1/ask",
        response_model=AskResult,
        responses=problems(400, 401, 403, 408, 413, 415, 422, 429, 503),
        summary="Answer a question with a quote, or say why not",
    )
    async def ask(request: Request, body: AskRequest, asker: WhoAsks) -> Response:
        _note_questions(request, parts, [body.question])
        (answer,) = await _answered(request, parts, [_asked(parts, body, asker, "")])
        headers = {"answerable-cache": "hit" if answer.is_remembered else "miss"}
        return Response(answer.body, media_type=_JSON, headers=headers)

    @app.post(
        "/v1/ask/batch",
        response_model=BatchResult,
        responses=problems(400, 401, 403, 408, 413, 415, 422, 429, 503),
        summary="Answer several questions, one after another",
    )
    async def ask_batch(request: Request, body: BatchRequest, asker: WhoAsks) -> Response:
        if not 0 < len(body.questions) <= parts.settings.max_batch:
            raise BatchTooLarge(
                f"the batch has {len(body.questions)} questions; it must have 1 to "
                f"{parts.settings.max_batch}: send several batches"
            )
        _note_questions(request, parts, [question.question for question in body.questions])
        asked = [
            _asked(parts, question, asker, f"/questions/{number}")
            for number, question in enumerate(body.questions)
        ]
        answers = await _answered(request, parts, asked)
        joined = b",".join(answer.body for answer in answers)
        return Response(b'{"results": [' + joined + b"]}", media_type=_JSON)

    @app.post(
        "/v1/search",
        response_model=SearchResult,
        responses=problems(400, 401, 403, 408, 413, 415, 422, 429, 503),
        summary="Rank passages",
    )
    async def search(request: Request, body: SearchRequest, asker: WhoAsks) -> Response:
        _note_questions(request, parts, [body.query])

        def work() -> dict[str, Any]:
            result = parts.engine.get().search(
                body.query,
                k=body.k,
                mode=body.mode,
                collection=body.collection,
                filters=body.filters.chosen() if body.filters else None,
                principals=asker.principals,
            )
            return to_json(result)

        return JSONResponse(await parts.gate.run(request, work, parts.settings.deadline_s))


def _asked(parts: Parts, body: AskRequest, asker: Asker, place: str) -> _Placed:
    """Return a question as the engine takes it, refusing at once what it would refuse."""
    given = ((name, getattr(body, name)) for name in _OPTIONS)
    with question_at(place):
        question = checked_question(body.question, parts.settings.max_question_chars)
    asked = Asked(
        question=question,
        principals=asker.principals,
        filters=body.filters.chosen() if body.filters else None,
        options=tuple((name, value) for name, value in given if value is not None),
    )
    return _Placed(asked, place)


async def _answered(request: Request, parts: Parts, placed: Sequence[_Placed]) -> list[Answered]:
    """Return the answers from memory where they are known; the others wait for their turn."""

    def look() -> list[Answered | None]:
        return parts.answers.remembered(parts.engine.get(), [one.asked for one in placed])

    answers = await anyio.to_thread.run_sync(look)
    if None in answers:

        def work() -> list[Answered]:
            engine = parts.engine.get()
            pairs = zip(answers, placed, strict=True)
            return [known or _ask(engine, parts, question) for known, question in pairs]

        answers = list(await parts.gate.run(request, work, parts.settings.deadline_s))
    found = [answer for answer in answers if answer is not None]
    for answer in found:
        parts.metrics.note_lookup(is_hit=answer.is_remembered)
        parts.metrics.note_answer(answer.outcome, answer.stages_ms)
        request.state.span.stages(answer.stages_ms)
    return found


def _ask(engine: Engine, parts: Parts, placed: _Placed) -> Answered:
    with question_at(placed.place):
        return parts.answers.ask(engine, placed.asked)


def _note_questions(request: Request, parts: Parts, questions: Sequence[str]) -> None:
    """Have the access log tell what was asked, if it shall."""
    if parts.settings.log_questions:
        request.state.logged = {"questions": list(questions)}
