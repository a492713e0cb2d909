"""Errors over HTTP: one table from our errors to statuses, and RFC 9457 documents.

The text of a server-side failure (status 500 and above) goes to the log only:
it names folders, which are no business of the one who asks.
"""

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from answerable.index import (
    AnswerableError,
    DocumentNotFound,
    IndexDamaged,
    IndexLocked,
    IndexModelMismatch,
    IndexNotFound,
    MetadataInvalid,
    ModelFolderInvalid,
)
from answerable.reader import CalibrationMismatch, CalibrationNeeded, MaxErrorUnsupported

from .errors import (
    CollectionInvalid,
    EmptyQuestion,
    FilterInvalid,
    LimitInvalid,
    PrincipalInvalid,
    QuestionInvalid,
    QuestionTooLong,
)

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

STATUS_OF_ERROR: dict[type[AnswerableError], tuple[int, str, str]] = {
    EmptyQuestion: (422, "empty-question", "The question is empty"),
    QuestionTooLong: (422, "question-too-long", "The question is too long"),
    QuestionInvalid: (422, "question-invalid", "The question is not valid text"),
    CollectionInvalid: (422, "collection-invalid", "Not the name of a collection"),
    PrincipalInvalid: (422, "principal-invalid", "Not the name of a user or group"),
    FilterInvalid: (422, "filter-invalid", "Not a filter"),
    LimitInvalid: (422, "limit-invalid", "Not a limit"),
    MaxErrorUnsupported: (422, "max-error-unsupported", "The error limit is not supported"),
    CalibrationNeeded: (422, "calibration-needed", "There is no calibration"),
    MetadataInvalid: (422, "metadata-invalid", "Not metadata"),
    DocumentNotFound: (404, "document-not-found", "No such document"),
    IndexNotFound: (503, "index-not-found", "There is no index yet"),
    IndexLocked: (503, "index-locked", "The index is being written"),
    IndexDamaged: (503, "index-damaged", "The index cannot be read"),
    IndexModelMismatch: (503, "index-model-mismatch", "The index was made by another model"),
    CalibrationMismatch: (503, "calibration-mismatch", "The calibration is for other models"),
    ModelFolderInvalid: (503, "model-folder-invalid", "A model cannot be loaded"),
    AnswerableError: (500, "failed", "The request failed"),
}
"""Error class -> status, last part of the problem type, title; the nearest base class counts."""


def problem(
    status: int, detail: str, *, kind: str | None = None, title: str | None = None, **extra: Any
) -> JSONResponse:
    """Return an RFC 9457 problem document.

    Args:
        status: HTTP status.
        detail: what went wrong this time, for people.
        kind: last part of the problem type, for programs; None when the status says it all.
        title: what this type of problem is; None for the status's own phrase.
        extra: further members, such as ``errors``.
    """
    body = {
        "type": f"urn:answerable:problem:{kind}" if kind else "about:blank",
        "title": title or HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **extra,
    }
    return JSONResponse(body, status_code=status, media_type=MEDIA_TYPE)


def error_problem(error: AnswerableError) -> JSONResponse:
    """Return the problem document of one of our errors, and log it if it is our side's."""
    row = next(STATUS_OF_ERROR[cls] for cls in type(error).__mro__ if cls in STATUS_OF_ERROR)
    status, kind, title = row
    detail = str(error)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error("%s: %s", kind, error)
        detail = "The service cannot answer now; its log says why."
    return problem(status, detail, kind=kind, title=title)


def install_problems(app: FastAPI) -> None:
    """Make every error of the app a problem document."""
    app.add_exception_handler(AnswerableError, _on_answerable_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(Exception, _on_unexpected)


async def _on_answerable_error(_request: Request, exc: Exception) -> JSONResponse:
    assert isinstance(exc, AnswerableError)
    return error_problem(exc)


async def _on_validation_error(request: Request, exc: Exception) -> JSONResponse:
    """Name each bad field by JSON pointer; the values themselves are not echoed."""
    assert isinstance(exc, RequestValidationError)
    found = exc.errors()
    if not _is_json(request.headers.get("content-type", "")):
        return problem(415, "Send the body as JSON, with Content-Type: application/json.")
    if any(error["type"] == "json_invalid" for error in found):
        return problem(400, "The request body is not JSON.", kind="not-json", title="Not JSON")
    errors = [
        {"pointer": "#" + "".join(f"/{part}" for part in error["loc"][1:]), "detail": error["msg"]}
        for error in found
    ]
    detail = f"{errors[0]['pointer']}: {errors[0]['detail']}"
    return problem(422, detail, kind="request-invalid", title="Invalid request", errors=errors)


def _is_json(content_type: str) -> bool:
    """Whether a Content-Type header names JSON, the only kind of body that is read."""
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type == "application/json" or media_type.endswith("+json")


async def _on_http_exception(_request: Request, exc: Exception) -> JSONResponse:
    assert isinstance(exc, HTTPException)
    response = problem(exc.status_code, exc.detail)
    response.headers.update(exc.headers or {})
    return response


async def _on_unexpected(_request: Request, _exc: Exception) -> JSONResponse:
    """Answer for a defect of ours; the server logs the traceback."""
    return problem(500, "An unexpected error; the service's log says more.")
