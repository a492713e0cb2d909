"""Which stored documents a target of ``remove`` means: an id, a URI, a file or a folder."""

import os
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
        number = target.lstrip("0")  # compared as text: Python reads no number of 5,000 digits
        return [document for document in documents if str(document.id) == number]
    if "://" in target:
        return [document for document in documents if document.uri == target]
    try:
        # Not ``Path.resolve``, which fails where links go in a circle.
        uri = Path(os.path.realpath(target)).as_uri()
    except ValueError:  # no path at all: a NUL, or half of a surrogate pair
        return []
    below = uri.rstrip("/") + "/"
    return [
        document for document in documents if document.uri == uri or document.uri.startswith(below)
    ]
