"""Documents that are no files of this machine: stored as sent, whatever others write meanwhile."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from answerable.index import Filters, ReceivedDocument, StoredDocument, store_received
from answerable.index.local import LocalIndex
from answerable.index.storage.store import StoredVersion
from tests.fakes import HashEncoder

TEXT = "The allowance is 400 euros."
SENT = ReceivedDocument(
    uri="upload:///a.txt",
    title="Travel",
    collection="default",
    media_type="text/plain",
    content_sha256="a" * 64,
    size_bytes=len(TEXT),
    text=TEXT,
    pages=(),
    principals=("group:hr",),
)
OTHER = replace(SENT, text="Another text.", content_sha256="b" * 64, principals=("group:board",))


@pytest.fixture
def send(index: LocalIndex, encoder: HashEncoder) -> Callable[[ReceivedDocument], StoredDocument]:
    """Store a document in the index."""
    return lambda document: store_received(index, encoder, document, lambda done, total: None)


def _meanwhile(
    index: LocalIndex, monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]
) -> None:
    """Have something happen between the first look at what is stored and what follows it."""
    original, looks = index.stored_version, list[str]()

    def looked(collection: str, uri: str) -> StoredVersion | None:
        found = original(collection, uri)
        looks.append(uri)
        if len(looks) == 1:
            happens()
        return found

    monkeypatch.setattr(index, "stored_version", looked)


def test_new_title_of_the_same_text_is_stored(
    index: LocalIndex, send: Callable[[ReceivedDocument], StoredDocument]
) -> None:
    """A title is part of what is searched and read: the passages get the new one."""
    first = send(SENT)
    assert send(SENT) == StoredDocument(first.document_id, "unchanged", 0)
    assert send(replace(SENT, title="Expenses")) == StoredDocument(first.document_id, "updated", 1)
    assert [info.title for info in index.documents(Filters())] == ["Expenses"]
    (hit,) = index.lexical_search(["expenses"], 1, Filters())
    assert index.passages([hit.passage_id], Filters())[0].title == "Expenses"
    assert index.lexical_search(["travel"], 1, Filters()) == []


def test_permissions_never_land_on_other_content(
    index: LocalIndex,
    send: Callable[[ReceivedDocument], StoredDocument],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What somebody else stored since the first look is not opened to whom this text is for."""
    send(SENT)
    _meanwhile(index, monkeypatch, lambda: send(OTHER))
    public = replace(SENT, principals=("public",))
    assert send(public).outcome == "updated"
    (info,) = index.documents(Filters())
    assert (info.content_sha256, info.principals) == (SENT.content_sha256, ("public",))
    assert index.document(info.id, Filters()).text == TEXT


def test_document_deleted_meanwhile_is_stored_anew(
    index: LocalIndex,
    send: Callable[[ReceivedDocument], StoredDocument],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A deletion between the look and the write costs nothing: the text is there afterwards."""
    first = send(SENT)
    _meanwhile(index, monkeypatch, lambda: index.delete([first.document_id]))
    assert send(replace(SENT, principals=("public",))).outcome == "added"
    assert [info.principals for info in index.documents(Filters())] == [("public",)]


def test_document_that_came_meanwhile_is_updated(
    index: LocalIndex,
    send: Callable[[ReceivedDocument], StoredDocument],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is told of a document is what became of it, not what the first look promised."""
    _meanwhile(index, monkeypatch, lambda: send(OTHER))
    assert send(SENT).outcome == "updated"
    assert len(index.documents(Filters())) == 1
