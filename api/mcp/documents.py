"""Stored documents as resources: a list in pages, and texts in parts of a size a model can take.

The address of a resource is the document's id: ``answerable://documents/3``, and for the parts of
a long text ``answerable://documents/3?start=40000``.
"""

import re
from dataclasses import dataclass

from mcp_types import ListResourcesResult, Resource, ResourceTemplate, TextResourceContents

from answerable.index import Document, DocumentInfo, DocumentNotFound, Filters, LocalIndex

PAGE_DOCUMENTS = 100
PART_CHARS = 40_000
TEMPLATE = "answerable://documents/{id}{?start}"
_ADDRESS = re.compile(r"answerable://documents/([1-9][0-9]{0,18})(?:\?start=(0|[1-9][0-9]{0,11}))?")
_CURSOR = re.compile(r"[1-9][0-9]{0,18}")
_LARGEST_ID = 2**63 - 1
_TEXT = "text/plain"


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of which document is read; ``start`` is in code points."""

    document_id: int
    start: int


def address_of(document_id: int, start: int = 0) -> str:
    """Return the address of a document, or of a later part of it."""
    return f"answerable://documents/{document_id}" + (f"?start={start}" if start else "")


def part_of(address: str) -> Part:
    """Return what an address names.

    Raises:
        DocumentNotFound: it is no address of ours.
    """
    match = _ADDRESS.fullmatch(address)
    if match is None or int(match[1]) > _LARGEST_ID:
        raise DocumentNotFound(
            "not the address of a document: read answerable://documents/ID, as listed"
        )
    return Part(int(match[1]), int(match[2] or 0))


def last_seen(cursor: str | None) -> int:
    """Return the id of the last document that the page before a cursor held.

    Raises:
        DocumentNotFound: it is no cursor of ours.
    """
    if cursor is None:
        return 0
    if not _CURSOR.fullmatch(cursor) or int(cursor) > _LARGEST_ID:
        raise DocumentNotFound("not a cursor of this list: begin without one")
    return int(cursor)


def listed(index: LocalIndex, after: int, seen: Filters) -> ListResourcesResult:
    """Return a page of the documents that may be seen, by id."""
    found = index.documents_after(after, PAGE_DOCUMENTS + 1, seen)
    page = found[:PAGE_DOCUMENTS]
    return ListResourcesResult(
        resources=[_resource(info) for info in page],
        next_cursor=str(page[-1].id) if len(found) > len(page) else None,
    )


def template() -> ResourceTemplate:
    """Return how resources are addressed."""
    return ResourceTemplate(
        uri_template=TEMPLATE,
        name="document",
        title="A stored document",
        description="The text of the document of an id, as in results of ask and search. A text "
        f"of more than {PART_CHARS:,} characters comes in parts; each names the next.",
        mime_type=_TEXT,
    )


def read(index: LocalIndex, part: Part, seen: Filters) -> list[TextResourceContents]:
    """Return a part of a document's text as stored and, where there is more, where that is.

    Raises:
        DocumentNotFound: there is no such document for the one who asks, or it ends before.
    """
    document = index.document(part.document_id, seen)
    end = min(part.start + PART_CHARS, len(document.text))
    if part.start > 0 and part.start >= len(document.text):
        raise DocumentNotFound(f"document {part.document_id} ends before {part.start:,}")
    contents = [
        TextResourceContents(
            uri=address_of(part.document_id, part.start),
            mime_type=_TEXT,
            text=document.text[part.start : end],
            _meta=_place(document, part.start, end),
        )
    ]
    if end < len(document.text):
        following = address_of(part.document_id, end)
        contents.append(
            TextResourceContents(
                uri=following,
                mime_type=_TEXT,
                text=f"[{len(document.text) - end:,} more characters: read {following}]",
            )
        )
    return contents


def _resource(info: DocumentInfo) -> Resource:
    return Resource(
        uri=address_of(info.id),
        name=info.uri,
        title=info.title or info.uri.rpartition("/")[2],
        description=f"collection {info.collection}; {info.n_chars:,} characters",
        mime_type=_TEXT,
    )


def _place(document: Document, start: int, end: int) -> dict[str, object]:
    return {
        "answerable/uri": document.info.uri,
        "answerable/title": document.info.title,
        "answerable/start": start,
        "answerable/end": end,
        "answerable/characters": len(document.text),
    }
