"""``/v1/documents``, ``/v1/collections`` and ``/v1/jobs``: taking documents in and out, looking at them."""

import time
from collections.abc import Sequence
from typing import Annotated

import anyio
from fastapi import FastAPI, Path, Query, Request
from fastapi.responses import JSONResponse, Response
from starlette.requests import ClientDisconnect

from answerable.index import Document, DocumentInfo, DocumentNotFound, Filters

from ..checks import checked_collection
from .access import Asker, WhoAsks
from .gate import ClientGone
from .jobs import Job, job_json
from .openapi import UPLOAD_BODY, problems
from .parts import Parts, SharedParts
from .problems import read_json
from .schemas import CollectionList, DocumentPage, JobList, JobProgress, StoredText, TextUpload
from .uploads import extracted, receive_files, text_document, upload_of_form

_LARGEST_ID = 2**63 - 1
_DELETE_WAIT_S = 5.0
_LOOK_EVERY_S = 0.05

DocumentId = Annotated[int, Path(ge=1, le=_LARGEST_ID, description="as in answers and lists")]
JobId = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="as given with 202")]
Limit = Annotated[int, Query(ge=1, le=200, description="most to return")]


def add_document_routes(app: FastAPI) -> None:
    """Add the routes of documents and of the jobs that bring them in.

    Their handlers are below; the names given here are those of the OpenAPI document.
    """
    _add_looking(app)
    _add_changing(app)
    app.add_api_route(
        "/v1/jobs",
        _jobs,
        name="jobs",
        response_model=JobList,
        responses=problems(401, 403, 422, 429, 503),
        summary="List the newest uploads and deletions",
    )
    app.add_api_route(
        "/v1/jobs/{job_id}",
        _job,
        name="job",
        response_model=JobProgress,
        responses=problems(401, 403, 404, 422, 429, 503),
        summary="See how far an upload or deletion is",
    )


def _add_looking(app: FastAPI) -> None:
    app.add_api_route(
        "/v1/documents",
        _documents,
        name="documents",
        response_model=DocumentPage,
        responses=problems(401, 403, 422, 429, 503),
        summary="List documents, a page at a time",
    )
    app.add_api_route(
        "/v1/collections",
        _collections,
        name="collections",
        response_model=CollectionList,
        responses=problems(401, 403, 422, 429, 503),
        summary="List the collections and how many documents each holds",
    )
    app.add_api_route(
        "/v1/documents/{document_id}",
        _document,
        name="document",
        response_model=StoredText,
        responses=problems(401, 403, 404, 422, 429, 503),
        summary="Get a document with its stored text",
    )


def _add_changing(app: FastAPI) -> None:
    app.add_api_route(
        "/v1/documents",
        _upload,
        name="upload",
        methods=["POST"],
        status_code=202,
        response_model=JobProgress,
        responses=problems(400, 401, 403, 408, 413, 415, 422, 429, 503),
        openapi_extra=UPLOAD_BODY,
        summary="Take in files or a text; the job tells how far it is",
    )
    app.add_api_route(
        "/v1/documents/{document_id}",
        _delete,
        name="delete",
        methods=["DELETE"],
        status_code=204,
        response_class=Response,
        responses=problems(401, 403, 404, 422, 429, 503)
        | {202: {"model": JobProgress, "description": "It waits for an ingest; the job tells"}},
        summary="Delete a document",
    )


async def _documents(
    parts: SharedParts,
    asker: WhoAsks,
    after: Annotated[int, Query(ge=0, le=_LARGEST_ID, description="id of the last one seen")] = 0,
    limit: Limit = 50,
    collection: Annotated[str | None, Query(description="only this collection")] = None,
) -> Response:
    collections = None if collection is None else (checked_collection(collection),)
    seen = Filters(collections=collections, principals=asker.principals)

    def work() -> list[DocumentInfo]:
        return parts.engine.get().index.documents_after(after, limit + 1, seen)

    found = await anyio.to_thread.run_sync(work)
    return JSONResponse(
        {
            "documents": [_info_json(info, asker) for info in found[:limit]],
            "next": found[limit - 1].id if len(found) > limit else None,
        }
    )


async def _collections(parts: SharedParts, asker: WhoAsks) -> Response:
    def work() -> list[tuple[str, int]]:
        return parts.engine.get().index.collections(_seen_by(asker))

    found = await anyio.to_thread.run_sync(work)
    return JSONResponse(
        {"collections": [{"name": name, "documents": count} for name, count in found]}
    )


async def _document(document_id: DocumentId, parts: SharedParts, asker: WhoAsks) -> Response:
    def work() -> Response:
        stored = parts.engine.get().index.document(document_id, _seen_by(asker))
        return JSONResponse(_text_json(stored, asker))

    return await anyio.to_thread.run_sync(work)


async def _upload(request: Request, parts: SharedParts, asker: WhoAsks) -> Response:
    content_type = request.headers.get("content-type", "")
    if content_type.lower().startswith("multipart/form-data"):
        accepted = await _receive_form(request, parts, asker, content_type)
    else:
        sent = TextUpload.model_validate(await read_json(request))
        name, received = text_document(sent, asker)
        accepted = await anyio.to_thread.run_sync(
            parts.jobs.add_ingest, asker.space, [received], [name]
        )
    return _accepted(accepted)


async def _delete(document_id: DocumentId, parts: SharedParts, asker: WhoAsks) -> Response:
    def accept() -> Job:
        found = parts.engine.get().index.document_infos([document_id], _seen_by(asker))
        if not found:
            raise DocumentNotFound(f"there is no document {document_id}")
        return parts.jobs.add_delete(asker.space, document_id, found[0].uri)

    accepted = await anyio.to_thread.run_sync(accept)
    deadline = time.monotonic() + _DELETE_WAIT_S
    while accepted.state not in ("done", "failed") and time.monotonic() < deadline:
        await anyio.sleep(_LOOK_EVERY_S)
        accepted = await anyio.to_thread.run_sync(parts.jobs.job, accepted.id, asker.space)
    return Response(status_code=204) if accepted.state == "done" else _accepted(accepted)


async def _jobs(parts: SharedParts, asker: WhoAsks, limit: Limit = 50) -> Response:
    found = await anyio.to_thread.run_sync(parts.jobs.jobs, asker.space, limit)
    return JSONResponse({"jobs": [job_json(job) for job in found]})


async def _job(job_id: JobId, parts: SharedParts, asker: WhoAsks) -> Response:
    found = await anyio.to_thread.run_sync(parts.jobs.job, job_id, asker.space)
    return JSONResponse(job_json(found))


async def _receive_form(request: Request, parts: Parts, asker: Asker, content_type: str) -> Job:
    """Receive files, have them read in a confined process, and accept what they hold."""
    with parts.uploads.lent() as folder:
        try:
            form = await receive_files(
                content_type, request.stream(), folder, parts.settings.max_upload_files
            )
        except ClientDisconnect as exc:
            raise ClientGone from exc
        upload = upload_of_form(form, asker)
        documents = await parts.extraction.run(
            request, lambda: extracted(form.files, upload), _extraction_s(form.files, parts)
        )
    names = [file.name for file in form.files]
    return await anyio.to_thread.run_sync(parts.jobs.add_ingest, asker.space, documents, names)


def _extraction_s(files: Sequence[object], parts: Parts) -> float:
    """Return how long a form's files may take to be read: the deadline for each."""
    return parts.settings.deadline_s * (1 + len(files))


def _accepted(job: Job) -> Response:
    return JSONResponse(job_json(job), 202, headers={"location": f"/v1/jobs/{job.id}"})


def _seen_by(asker: Asker) -> Filters:
    return Filters(principals=asker.principals)


def _info_json(info: DocumentInfo, asker: Asker) -> dict[str, object]:
    return {
        "id": info.id,
        "uri": info.uri,
        "title": info.title,
        "collection": info.collection,
        "media_type": info.media_type,
        "size_bytes": info.size_bytes,
        "characters": info.n_chars,
        "passages": info.n_passages,
        # Who else may see it is nobody's business.
        "allow": [name for name in info.principals if name in ("public", *asker.principals)],
        "modified_at": info.modified_at,
        "ingested_at": info.ingested_at,
        "metadata": dict(info.metadata),
    }


def _text_json(document: Document, asker: Asker) -> dict[str, object]:
    return {
        "document": _info_json(document.info, asker),
        "text": document.text,
        "pages": [
            {"number": page.number, "start": page.start, "end": page.end} for page in document.pages
        ],
    }
