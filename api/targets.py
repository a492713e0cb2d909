"""Which stored documents a target of ``remove`` means: an id, a URI, a file or a folder."""

from collections.abc import Sequence
from pathlib import Path

from answerable.index import DocumentInfo


def matching_documents(target: str, documents: Sequence[DocumentInfo]) -> list[DocumentInfo]:
    """Return the documents that ``target`` means.

    Args:
        target: digits are a document id; what holds ``://`` is a URI; all else is a path, of
            a file or of a folder with everything below it, whether or not it still exists.
            A file whose name is only digits is written ``./123``.
        documents: to choose from.
    """
    if target.isascii() and target.isdigit():
        return [document for document in documents if document.id == int(target)]
    if "://" in target:
        return [document for document in documents if document.uri == target]
    uri = Path(target).resolve().as_uri()
    below = uri.rstrip("/") + "/"
    return [
        document for document in documents if document.uri == uri or document.uri.startswith(below)
    ]
