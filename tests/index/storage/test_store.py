"""What is stored comes back as it was, to those who may see it, and goes away whole."""

from pathlib import Path

import pytest

from answerable.index import (
    CutPassage,
    Document,
    DocumentInfo,
    DocumentNotFound,
    Filters,
    NewDocument,
    Page,
    Passage,
)
from answerable.index.local import LocalIndex
from answerable.index.storage.store import PassageStore
from tests.fakes import HashEncoder
from tests.index.samples import contents, new_document, put, put_texts

EVERYTHING = Filters()
HARD = "\ufeffI\u0307stanbul \U0001f431\u200d e\u0301\r\n\t\u6f22\u5b57 \u05e9\u05dc\u05d5\u05dd \0 end"


def _only_info(index: LocalIndex) -> DocumentInfo:
    (info,) = index.documents(EVERYTHING)
    return info


def test_document_comes_back_as_stored(index: LocalIndex, encoder: HashEncoder) -> None:
    """Text, pages, principals and passages survive unchanged, hard Unicode and NUL included."""
    passage = CutPassage(1, 9, "A > B", HARD[1:9], 2)
    document = NewDocument(
        uri="file:///a",
        title="A",
        collection="c",
        media_type="application/pdf",
        content_sha256="00",
        size_bytes=7,
        text=HARD,
        pages=(Page(1, 0, 1), Page(2, 1, len(HARD))),
        principals=("user:b", "group:a", "user:b"),
        modified_at="2024-01-01T00:00:00+00:00",
        passages=(passage,),
    )
    put(index, [document], encoder)
    stored = index.document(1, EVERYTHING)
    info = DocumentInfo(
        id=1,
        uri="file:///a",
        title="A",
        collection="c",
        media_type="application/pdf",
        content_sha256="00",
        size_bytes=7,
        n_chars=len(HARD),
        n_passages=1,
        principals=("group:a", "user:b"),
        modified_at="2024-01-01T00:00:00+00:00",
        ingested_at=stored.info.ingested_at,
    )
    assert stored == Document(info, HARD, document.pages)
    assert index.passages([1], EVERYTHING) == [Passage(1, 1, 1, 9, HARD[1:9], "A > B", 2, "A")]


def test_order_asked_is_order_given(index: LocalIndex, encoder: HashEncoder) -> None:
    """Passages and documents come in the order of the ids; unknown ids are left out."""
    put_texts(index, encoder, {"a": ["one"], "b": ["two"], "c": ["three"]})
    assert [p.text for p in index.passages([3, 99, 1], EVERYTHING)] == ["three", "one"]
    assert [d.uri for d in index.document_infos([2, -1, 1], EVERYTHING)] == ["b", "a"]


def test_replacing_keeps_the_id_and_leaves_nothing_behind(
    index: LocalIndex, encoder: HashEncoder
) -> None:
    """A replaced document has its old id, new passages with new ids, and no old words."""
    put_texts(index, encoder, {"a": ["old cat", "old dog"], "b": ["bird"]}, publish=True)
    put(index, [new_document("a", ["new mouse"], principals=("user:ann",))], encoder)
    ids = [3, 4]  # ids 1 and 2 are not given again
    assert contents(index).passages == ids
    assert contents(index).vectors == ids
    assert contents(index).words == ids
    index.refresh()
    assert index._vectors.ids().tolist() == ids
    assert index.lexical_search(["cat", "dog"], 5, EVERYTHING) == []
    (info,) = index.document_infos([1], EVERYTHING)
    assert (info.uri, info.n_passages, info.principals) == ("a", 1, ("user:ann",))


def test_ids_are_never_given_twice(index: LocalIndex, encoder: HashEncoder) -> None:
    """After the newest document is removed, its ids stay unused."""
    put_texts(index, encoder, {"a": ["one", "two"]})
    assert index.delete([1]) == 1
    put_texts(index, encoder, {"b": ["three"]})
    assert _only_info(index).id == 2
    assert contents(index).passages == [3]


def test_removal_takes_everything(index: LocalIndex, encoder: HashEncoder) -> None:
    """No table keeps a row of a removed document; unknown ids are not counted."""
    document = new_document("a", ["one"])
    put(index, [document], encoder)
    assert index.delete([1, 7]) == 1
    with PassageStore(index.folder / "index.sqlite3").reading() as db:
        counts = {
            table: db.table(table).count
            for table in ("documents", "pages", "document_principals", "passages", "vectors")
        }
    assert counts == dict.fromkeys(counts, 0)
    assert contents(index).words == []


def test_database_is_sound_after_changes(index: LocalIndex, encoder: HashEncoder) -> None:
    """SQLite's own checks hold after additions, replacements and removals."""
    put_texts(index, encoder, {"a": ["one", "two"], "b": ["three"], "c": ["four"]})
    put_texts(index, encoder, {"a": ["five"]})
    index.delete([2])
    with index.writing() as writer:
        assert writer._db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert writer._db.execute("PRAGMA foreign_key_check").fetchall() == []


def test_unknown_and_forbidden_cannot_be_told_apart(
    index: LocalIndex, encoder: HashEncoder
) -> None:
    """A forbidden document is reported exactly as one that does not exist."""
    put(index, [new_document("a", ["one"], principals=("user:ann",))], encoder)
    for filters in (Filters(principals=()), Filters(principals=("user:bob",))):
        with pytest.raises(DocumentNotFound, match=r"^there is no document 1$"):
            index.document(1, filters)
    with pytest.raises(DocumentNotFound, match=r"^there is no document 2$"):
        index.document(2, EVERYTHING)
    assert index.document(1, Filters(principals=("user:ann",))).info.uri == "a"


def test_documents_by_collection_and_asker(index: LocalIndex, encoder: HashEncoder) -> None:
    """Each filter, and both together, list just what they permit."""
    ann, public = ("user:ann",), ("public",)
    put(
        index,
        [
            new_document("a", ["x"], collection="hr", principals=ann),
            new_document("a", ["x"], collection="it", principals=public),
            new_document("b", ["x"], collection="it", principals=ann),
            new_document("c", ["x"], collection="it", principals=()),
        ],
        encoder,
    )

    def listed(filters: Filters) -> list[tuple[str, str]]:
        return [(info.collection, info.uri) for info in index.documents(filters)]

    assert listed(EVERYTHING) == [("hr", "a"), ("it", "a"), ("it", "b"), ("it", "c")]
    assert listed(Filters(principals=())) == [("it", "a")]
    assert listed(Filters(principals=ann)) == [("hr", "a"), ("it", "a"), ("it", "b")]
    assert listed(Filters(collections=("it",), principals=ann)) == [("it", "a"), ("it", "b")]
    assert listed(Filters(principals=('"; DROP TABLE documents', "user:an"))) == [("it", "a")]
    assert index.collections(EVERYTHING) == [("hr", 1), ("it", 3)]
    assert index.collections(Filters(principals=())) == [("it", 1)]
    assert index.collections(Filters(principals=ann)) == [("hr", 1), ("it", 2)]


def test_batch_is_all_or_nothing(index: LocalIndex, encoder: HashEncoder) -> None:
    """A batch that fails half way leaves the index as it was."""
    put_texts(index, encoder, {"a": ["one"]})
    broken = new_document("c", ["\ud800 a lone surrogate"])
    with pytest.raises(UnicodeEncodeError):
        put(index, [new_document("b", ["two"]), broken], encoder.encode(["two", "x"]))
    assert _only_info(index).uri == "a"
    assert contents(index).passages == contents(index).vectors == contents(index).words == [1]


def test_stats(index: LocalIndex, encoder: HashEncoder, tmp_path: Path) -> None:
    """Counts are of what is stored, and the size of what is on the disk."""
    assert index.stats().n_documents == 0
    assert index.stats().last_ingested_at is None
    put(
        index,
        [new_document("a", ["one", "two"]), new_document("b", ["x"], collection="c")],
        encoder,
    )
    stats = index.stats()
    assert (stats.n_documents, stats.n_passages, stats.n_chars) == (2, 3, 13)
    assert stats.collections == ("c", "default")
    assert stats.size_bytes > 4096
    assert stats.last_ingested_at is not None
