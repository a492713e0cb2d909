"""Taking out what an index holds: a document a line, with its text as stored."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from answerable.index import DocumentNotFound

from .engine import Engine
from .filters import checked_filters

_AT_ONCE = 100


def exported(
    engine: Engine, *, principals: Iterable[str] | None = None, collection: str | None = None
) -> Iterator[dict[str, Any]]:
    """Yield documents as JSON-ready values, by id; one at a time is held in memory.

    What is stored or removed meanwhile may or may not be among them; each is whole.

    Args:
        engine: of the index.
        principals: as whom; None for all documents.
        collection: None for all.

    Raises:
        PrincipalInvalid: a principal is not of the form ``group:hr``.
        CollectionInvalid: not the name of a collection.
    """
    seen = checked_filters(None, collection, principals)
    after = 0
    while infos := engine.index.documents_after(after, _AT_ONCE, seen):
        for info in infos:
            with suppress(DocumentNotFound):  # removed meanwhile
                stored = engine.index.document(info.id, seen)
                yield {
                    "id": info.id,
                    "uri": stored.info.uri,
                    "title": stored.info.title,
                    "collection": stored.info.collection,
                    "media_type": stored.info.media_type,
                    "content_sha256": stored.info.content_sha256,
                    "size_bytes": stored.info.size_bytes,
                    "allow": _shown(stored.info.principals, seen.principals),
                    "modified_at": stored.info.modified_at,
                    "ingested_at": stored.info.ingested_at,
                    "metadata": dict(stored.info.metadata),
                    "text": stored.text,
                    "pages": [
                        {"number": page.number, "start": page.start, "end": page.end}
                        for page in stored.pages
                    ],
                }
        after = infos[-1].id


def _shown(allowed: tuple[str, ...], own: tuple[str, ...] | None) -> list[str]:
    """Return who may see a document; who asks as somebody learns of themselves only."""
    return [name for name in allowed if own is None or name in ("public", *own)]
