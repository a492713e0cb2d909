"""Where a quote stands: its page in paged documents."""

import pytest

from answerable.api.quotes import page_number
from answerable.index import Document, DocumentInfo, Page


def _document(*pages: Page) -> Document:
    info = DocumentInfo(
        id=1,
        uri="file:///a.pdf",
        title="A",
        collection="default",
        media_type="application/pdf",
        content_sha256="",
        size_bytes=0,
        n_chars=20,
        n_passages=1,
        principals=("public",),
        modified_at=None,
        ingested_at="2026-01-01T00:00:00Z",
    )
    return Document(info, "x" * 20, pages)


@pytest.mark.parametrize(("offset", "page"), [(0, 1), (9, 1), (10, 2), (19, 2)])
def test_page_holds_the_offset(offset: int, page: int) -> None:
    """A quote belongs to the page on which it starts."""
    assert page_number(_document(Page(1, 0, 10), Page(2, 10, 20)), offset) == page


def test_document_without_pages_has_none() -> None:
    """Plain text has no page numbers."""
    assert page_number(_document(), 3) is None
