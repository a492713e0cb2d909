"""Which documents filters permit: exact after every change, and remembered in between."""

import tracemalloc

import pytest

from answerable.index import Filters, MetadataEquals
from answerable.index.local import LocalIndex
from answerable.index.storage import visibility
from answerable.index.storage.cache import LimitedCache, cache_key
from answerable.index.storage.visibility import DocumentSets
from tests.fakes import HashEncoder
from tests.index.samples import new_document, put

ANN, NOBODY = Filters(principals=("user:ann",)), Filters(principals=())


def _permitted(sets: DocumentSets, index: LocalIndex, filters: Filters) -> list[int] | None:
    with index._store.reading() as db:
        mask = sets.permitted(db, filters)
        everything = [id_ for (id_,) in db.execute("SELECT id FROM documents ORDER BY id")]
    return None if mask is None else [id_ for id_ in everything if mask[id_]]


def test_follows_changes_without_reading_all(
    index: LocalIndex, encoder: HashEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A set is read once; after a change only the documents that changed are looked at."""
    documents = [
        new_document(str(i), ["x"], principals=("user:ann",) if i % 2 else ("public",))
        for i in range(6)
    ]
    put(index, documents, encoder)
    sets, read = DocumentSets(), list[object]()
    original = visibility._read

    def noted(db, condition, among=None):  # type: ignore[no-untyped-def]
        read.append(None if among is None else among.tolist())
        return original(db, condition, among)

    monkeypatch.setattr(visibility, "_read", noted)
    assert _permitted(sets, index, NOBODY) == [1, 3, 5]
    assert read == [None, None]  # what is public, and what there is
    assert _permitted(sets, index, NOBODY) == [1, 3, 5]
    assert _permitted(sets, index, Filters()) is None
    with index.writing() as writer:
        writer.set_principals(3, ["user:ann"])
        writer.set_principals(4, ["public"])
        writer.remove([5])
    read.clear()
    assert _permitted(sets, index, NOBODY) == [1, 4]
    assert read == [[3, 4, 5]] * 2
    put(index, [new_document("new", ["x"])], encoder)
    assert _permitted(sets, index, NOBODY) == [1, 4, 7]
    assert _permitted(sets, index, ANN) is None  # all there is


@pytest.mark.parametrize(("most", "kept"), [(0, 50_000), (10_000, 0)])
def test_many_changes_are_read_anew(
    index: LocalIndex,
    encoder: HashEncoder,
    monkeypatch: pytest.MonkeyPatch,
    most: int,
    kept: int,
) -> None:
    """Too many changes, or a log that was trimmed, make no difference to the result."""
    monkeypatch.setattr(visibility, "MAX_CHANGED", most)
    monkeypatch.setattr("answerable.index.storage.writer.KEPT_CHANGES", kept)
    sets = DocumentSets()
    put(index, [new_document("a", ["x"], principals=("user:ann",))], encoder)
    assert _permitted(sets, index, NOBODY) == []
    put(index, [new_document("b", ["x"]), new_document("a", ["x"])], encoder)
    assert _permitted(sets, index, NOBODY) is None


def test_every_filter(index: LocalIndex, encoder: HashEncoder) -> None:
    """Each filter permits just the documents that pass it, by itself and with others."""
    documents = [
        new_document("a", ["x"], collection="hr", metadata={"dept": {"name": "HR"}, "year": 2024}),
        new_document("b", ["x"], media_type="text/html", modified_at="2024-05-01T00:00:00+00:00"),
        new_document("c", ["x"], metadata={"tags": ["a", "b"], "year": "2024", "done": True}),
    ]
    put(index, documents, encoder)

    def found(**given: object) -> list[int]:
        filters = Filters(**given)  # type: ignore[arg-type]
        listed = [info.id for info in index.documents(filters)]
        permitted = _permitted(DocumentSets(), index, filters)
        assert sorted(listed) == ([1, 2, 3] if permitted is None else permitted)
        return sorted(listed)

    def having(path: str, value: str) -> tuple[MetadataEquals, ...]:
        return (MetadataEquals(path, value),)

    assert found(collections=("hr", "none")) == [1]
    assert found(document_ids=(3, 1, 99, -1)) == [1, 3]
    assert found(media_types=("text/html",)) == [2]
    assert found(since="2024-05-01T00:00:00+00:00") == [2]
    assert found(since="2024-05-01T00:00:01+00:00") == []
    assert found(until="2024-05-01T00:00:00+00:00") == [2]
    assert found(until="2024-04-30T23:59:59+00:00") == []
    assert found(metadata=having("dept.name", "HR")) == [1]
    assert found(metadata=having("year", "2024")) == [1, 3]
    assert found(metadata=having("tags", "b")) == [3]
    assert found(metadata=having("done", "true")) == [3]
    assert found(metadata=having("tags", "b") + having("year", "2024")) == [3]
    assert found(metadata=having("' OR 1=1 --", "")) == []
    assert found(metadata=having("year", "2024"), collections=("hr",)) == [1]
    assert found(collections=()) == []


def test_metadata_changes_count_at_once(index: LocalIndex, encoder: HashEncoder) -> None:
    """A search after a change of metadata sees the change."""
    put(index, [new_document("a", ["cat"], metadata={"author": "Ann"})], encoder)
    by_ann = Filters(metadata=(MetadataEquals("author", "Ann"),))
    assert len(index.lexical_search(["cat"], 1, by_ann)) == 1
    with index.writing() as writer:
        writer.set_metadata(1, {"author": "Bob"})
    assert index.lexical_search(["cat"], 1, by_ann) == []
    assert index.documents(Filters())[0].metadata == {"author": "Bob"}


def test_cache_is_bounded() -> None:
    """The least recently used goes first; what is larger than the whole is not held."""
    cache: LimitedCache[int] = LimitedCache(10_000)
    for key in (b"a", b"b", b"c"):
        cache.put(key, ord(key), 2_000)
    assert cache.get(b"a") == ord("a")
    cache.put(b"d", 1, 2_000)
    assert (cache.get(b"a"), cache.get(b"b")) == (ord("a"), None)
    cache.put(b"a", 2, 20_000)
    assert cache.get(b"a") is None
    assert cache.n_bytes > 0
    cache.clear()
    assert (cache.get(b"d"), cache.n_bytes) == (None, 0)


def test_cache_counts_its_keys() -> None:
    """A long key takes of the limit what it takes of the memory."""
    cache: LimitedCache[int] = LimitedCache(10_000)
    cache.put(b"x" * 5_000, 1, 0)
    assert cache.n_bytes >= 5_000
    cache.put(b"x" * 10_000, 1, 0)
    assert cache.get(b"x" * 10_000) is None


def test_keys_are_short_and_differ() -> None:
    """A key has 32 bytes whatever it stands for, and another one for anything else."""
    given: list[tuple[object, ...]] = [
        (),
        (None,),
        ("None",),
        ("a", "b"),
        ("a, b",),
        (("a", "b"),),
        ("\ud800",),
        (Filters(document_ids=tuple(range(10_000))),),
        (Filters(document_ids=tuple(range(9_999))),),
    ]
    keys = [cache_key(*parts) for parts in given]
    assert {len(key) for key in keys} == {32}
    assert len(set(keys)) == len(given)
    assert keys == [cache_key(*parts) for parts in given]


def test_what_requests_name_is_not_held(index: LocalIndex, encoder: HashEncoder) -> None:
    """Filters of thousands of documents each leave no more memory taken than is counted."""
    put(index, [new_document(str(i), ["cat"]) for i in range(3)], encoder)

    def ask(first: int) -> None:
        ids = (1, *range(first, first + 5_000))
        assert len(index.lexical_search(["cat"], 9, Filters(document_ids=ids))) == 1

    ask(1_000)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for i in range(20):
        ask(10_000 * (i + 1))
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert taken < 500_000  # the ids alone would be 4 MB
