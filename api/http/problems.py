"""Errors over HTTP: one table from our errors to statuses, and RFC 9457 documents.

The text of a server-side failure (status 500 and above) goes to the log only:
it names folders, which are no business of the one who asks.
"""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from answerable.index import (
    AnswerableError,
    DocumentNotFound,
    DocumentReaderUnavailable,
    IndexDamaged,
    IndexLocked,
    IndexModelMismatch,
    IndexNotFound,
    MetadataInvalid,
    ModelFolderInvalid,
)
from answerable.reader import (
    CalibrationMismatch,
    CalibrationNeeded,
    MaskedTextInvalid,
    MaxErrorUnsupported,
    TargetInvalid,
)

from ..errors import (
    AccessRefused,
    BatchTooLarge,
    BodyTooLarge,
    BodyTooSlow,
    CalibrationDamaged,
    CollectionInvalid,
    DeadlinePassed,
    DiskFull,
    EmptyQuestion,
    FeedbackInvalid,
    FileUnreadable,
    FilterInvalid,
    JobNotFound,
    KeyInvalid,
    KeyNeeded,
    LimitInvalid,
    LimitUnsupported,
    MaskedModelMissing,
    OriginRefused,
    Overloaded,
    PrincipalInvalid,
    PrincipalsTooWide,
    ProfileUnknown,
    QuestionInvalid,
    QuestionTooLong,
    RateExceeded,
    ScopeMissing,
    ServiceDatabaseUnusable,
    UploadInvalid,
    UploadTooLarge,
)
from .gate import ClientGone

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
_RETRY_AFTER_S = 1
_CLIENT_CLOSED = 499  # for our log only: nobody is there to read it
_REFUSALS = (AccessRefused, BodyTooSlow, DeadlinePassed, Overloaded, RateExceeded)
_BUSY = (Overloaded, DeadlinePassed)  # part of the day's work, and nothing of ours is told

STATUS_OF_ERROR: dict[type[AnswerableError], tuple[int, str, str]] = {
    EmptyQuestion: (422, "empty-question", "The question is empty"),
    QuestionTooLong: (422, "question-too-long", "The question is too long"),
    QuestionInvalid: (422, "question-invalid", "The question is not valid text"),
    CollectionInvalid: (422, "collection-invalid", "Not the name of a collection"),
    PrincipalInvalid: (422, "principal-invalid", "Not the name of a user or group"),
    FilterInvalid: (422, "filter-invalid", "Not a filter"),
    MetadataInvalid: (422, "metadata-invalid", "Not metadata"),
    ProfileUnknown: (422, "profile-unknown", "There is no such profile"),
    LimitInvalid: (422, "limit-invalid", "Not a limit"),
    MaxErrorUnsupported: (422, "max-error-unsupported", "The error limit is not supported"),
    CalibrationNeeded: (422, "calibration-needed", "There is no calibration"),
    BatchTooLarge: (422, "batch-too-large", "Too many questions"),
    MaskedTextInvalid: (422, "masked-text-invalid", "A text's masks cannot be filled"),
    TargetInvalid: (422, "target-invalid", "No target is a word of the model"),
    MaskedModelMissing: (404, "no-masked-model", "There is no masked-language model"),
    FeedbackInvalid: (422, "feedback-invalid", "Not a span of the document"),
    FileUnreadable: (422, "file-unreadable", "A file's text cannot be had"),
    UploadInvalid: (422, "upload-invalid", "The upload cannot be used"),
    UploadTooLarge: (413, "too-many-files", "Too many files"),
    DocumentNotFound: (404, "document-not-found", "No such document"),
    JobNotFound: (404, "job-not-found", "No such job"),
    KeyNeeded: (401, "key-needed", "A key is needed"),
    KeyInvalid: (401, "key-invalid", "The key opens nothing"),
    ScopeMissing: (403, "scope-missing", "The key does not open this"),
    PrincipalsTooWide: (403, "principals-too-wide", "The key does not speak for them"),
    OriginRefused: (403, "origin-refused", "Another site asks"),
    AccessRefused: (403, "access-refused", "This is not allowed"),
    BodyTooLarge: (413, "body-too-large", "The body is too large"),
    BodyTooSlow: (408, "body-too-slow", "The body came too slowly"),
    RateExceeded: (429, "rate-exceeded", "Too many requests"),
    Overloaded: (503, "overloaded", "The service is busy"),
    DeadlinePassed: (503, "deadline-passed", "The answer took too long"),
    DiskFull: (503, "disk-full", "The service's disk is full"),
    ServiceDatabaseUnusable: (503, "service-database-unusable", "The service's database fails"),
    DocumentReaderUnavailable: (
        503,
        "document-reader-unavailable",
        "Such files cannot be read now",
    ),
    IndexNotFound: (503, "index-not-found", "There is no index yet"),
    IndexLocked: (503, "index-locked", "The index is being written"),
    IndexDamaged: (503, "index-damaged", "The index cannot be read"),
    IndexModelMismatch: (503, "index-model-mismatch", "The index was made by another model"),
    LimitUnsupported: (503, "limit-unsupported", "The service's error limit is not supported"),
    CalibrationMismatch: (503, "calibration-mismatch", "The calibration is for other models"),
    CalibrationDamaged: (503, "calibration-damaged", "The calibration is damaged"),
    ModelFolderInvalid: (503, "model-folder-invalid", "A model cannot be loaded"),
    AnswerableError: (500, "failed", "The request failed"),
}
"""Error class -> status, last part of the problem type, title; the nearest base class counts."""

_TOLD_OF_ERROR: dict[type[AnswerableError], str] = {
    DiskFull: "The service's disk is full: nothing of the request was kept. Try again later.",
}
"""What is told of an error that is our side's, where more can be said than that it is."""

_FIELD_OF_ERROR: dict[type, str] = {
    QuestionInvalid: "/question",
    CollectionInvalid: "/collection",
    FilterInvalid: "/filters",
    ProfileUnknown: "/profile",
    MaxErrorUnsupported: "/max_error",
    CalibrationNeeded: "/max_error",
}


class BodyRefused(HTTPException):
    """One of our errors while a body is read, where FastAPI lets only its own kind through."""

    def __init__(self, error: AnswerableError) -> None:
        super().__init__(HTTPStatus.BAD_REQUEST)
        self.error = error


class FieldRefused(Exception):
    """One of our errors about a field of the body.

    Attributes:
        pointer: of the field, as JSON pointers in fragments are written.
        detail: what went wrong, for people.
    """

    def __init__(self, error: AnswerableError, pointer: str, detail: str) -> None:
        super().__init__(detail)
        self.error = error
        self.pointer = pointer
        self.detail = detail


@contextmanager
def question_at(place: str) -> Iterator[None]:
    """Have errors of a question's asker point at its field.

    Args:
        place: of the question in the body, as ``/questions/1``; empty for the body itself.

    Raises:
        FieldRefused: in place of an error that is the asker's.
    """
    try:
        yield
    except AnswerableError as exc:
        if _row(exc)[0] >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise
        fields = (_FIELD_OF_ERROR[cls] for cls in type(exc).__mro__ if cls in _FIELD_OF_ERROR)
        pointer = f"#{place}{next(fields, '')}"
        detail = f"{pointer}: {exc}" if place else str(exc)
        raise FieldRefused(exc, pointer, detail) from exc


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


def told_of(error: AnswerableError) -> str:
    """Return what a client is told of one of our errors; what is our side's goes to the log."""
    status, kind, _ = _row(error)
    if status < HTTPStatus.INTERNAL_SERVER_ERROR or isinstance(error, _BUSY):
        return str(error)
    logger.error("%s: %s", kind, error)
    return _TOLD_OF_ERROR.get(type(error), "The service cannot answer now; its log says why.")


def error_problem(error: AnswerableError) -> JSONResponse:
    """Return the problem document of one of our errors, and log it if it is our side's."""
    status, kind, title = _row(error)
    detail = told_of(error)
    response = problem(status, detail, kind=kind, title=title)
    if isinstance(error, RateExceeded):
        response.headers["retry-after"] = str(error.retry_after_s)
    elif status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["retry-after"] = str(_RETRY_AFTER_S)
    elif status == HTTPStatus.UNAUTHORIZED:
        response.headers["www-authenticate"] = "Bearer"
    elif status == HTTPStatus.REQUEST_TIMEOUT:
        response.headers["connection"] = "close"
    return response


def _row(error: AnswerableError) -> tuple[int, str, str]:
    return next(STATUS_OF_ERROR[cls] for cls in type(error).__mro__ if cls in STATUS_OF_ERROR)


def install_problems(app: FastAPI, on_refusal: Callable[[str], None] = lambda kind: None) -> None:
    """Make every error of the app a problem document.

    Args:
        app: the service.
        on_refusal: called with the kind of each problem that is about load or access.
    """

    async def on_answerable_error(_request: Request, exc: Exception) -> JSONResponse:
        assert isinstance(exc, AnswerableError)
        if isinstance(exc, _REFUSALS):
            on_refusal(_row(exc)[1])
        return error_problem(exc)

    app.add_exception_handler(AnswerableError, on_answerable_error)
    app.add_exception_handler(FieldRefused, _on_field_refused)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(ValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(ClientGone, _on_client_gone)
    app.add_exception_handler(Exception, _on_unexpected)


async def read_json(request: Request) -> Any:
    """Return a body's JSON, for a route that reads it itself.

    Raises:
        RequestValidationError: it is not sent as JSON, or is none.
    """
    body = await request.body()
    try:
        if not _is_json(request.headers.get("content-type", "")):
            raise ValueError("not sent as JSON")
        return json.loads(body)
    except (ValueError, RecursionError) as exc:
        error = {"type": "json_invalid", "loc": ("body",), "msg": "not JSON"}
        raise RequestValidationError([error]) from exc


async def _on_validation_error(request: Request, exc: Exception) -> JSONResponse:
    """Name each bad field by JSON pointer; the values themselves are not echoed."""
    assert isinstance(exc, RequestValidationError | ValidationError)
    # FastAPI names the part of the request first; a model that a route checks itself does not.
    skipped = 1 if isinstance(exc, RequestValidationError) else 0
    found = exc.errors()
    if found[0]["loc"][:1] in (("path",), ("query",)):
        skipped = 0
    elif not _is_json(request.headers.get("content-type", "")):
        return problem(415, "Send the body as JSON, with Content-Type: application/json.")
    if any(error["type"] == "json_invalid" for error in found):
        return problem(400, "The request body is not JSON.", kind="not-json", title="Not JSON")
    errors = [
        {
            "pointer": "#" + "".join(f"/{part}" for part in error["loc"][skipped:]),
            "detail": error["msg"],
        }
        for error in found
    ]
    detail = f"{errors[0]['pointer']}: {errors[0]['detail']}"
    return problem(422, detail, kind="request-invalid", title="Invalid request", errors=errors)


def _is_json(content_type: str) -> bool:
    """Whether a Content-Type header names JSON, the only kind of body that is read."""
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type == "application/json" or media_type.endswith("+json")


async def _on_field_refused(_request: Request, exc: Exception) -> JSONResponse:
    assert isinstance(exc, FieldRefused)
    status, kind, title = _row(exc.error)
    errors = [{"pointer": exc.pointer, "detail": str(exc.error)}]
    return problem(status, exc.detail, kind=kind, title=title, errors=errors)


async def _on_client_gone(_request: Request, _exc: Exception) -> Response:
    return Response(status_code=_CLIENT_CLOSED)


async def _on_http_exception(request: Request, exc: Exception) -> JSONResponse:
    assert isinstance(exc, HTTPException)
    if isinstance(exc, BodyRefused):
        return error_problem(exc.error)
    response = problem(exc.status_code, exc.detail)
    response.headers.update(exc.headers or {})
    if exc.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        response.headers["allow"] = ", ".join(sorted(_methods_of(request)))
    return response


def _methods_of(request: Request) -> set[str]:
    """Return what a path takes; Starlette names only the methods of its first route."""
    return {
        method
        for route in request.app.routes
        if route.matches(request.scope)[0] is not Match.NONE
        for method in route.methods
    }


async def _on_unexpected(_request: Request, _exc: Exception) -> JSONResponse:
    """Answer for a defect of ours; the server logs the traceback."""
    return problem(500, "An unexpected error; the service's log says more.")
