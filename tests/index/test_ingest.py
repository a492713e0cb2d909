"""Files into the index: what is added, skipped, replaced, removed, and how failures are told."""

import os
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from answerable.index import (
    ExtractedDocument,
    FileFailure,
    Filters,
    IndexLocked,
    IngestReport,
    Page,
    SourceNotFound,
    loading,
)
from answerable.index.documents import Extractor
from answerable.index.ingest import IngestProgress, ingest
from answerable.index.loading import FileLoader, IngestOptions, LoadedFile
from answerable.index.local import LocalIndex
from answerable.index.sources import SourceFile
from answerable.index.storage.lock import WriterLock
from answerable.index.storage.writer import StoreWriter
from tests.fakes import HashEncoder
from tests.index.samples import contents

EVERYTHING = Filters()
# Not by an import: the package exports a function of the same name.
INGEST = sys.modules["answerable.index.ingest"]


def _write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def _ingest(index: LocalIndex, *paths: Path, **options: object) -> IngestReport:
    made = IngestOptions(**options)  # type: ignore[arg-type]  # the tests' own shorthand
    return ingest(index, HashEncoder(), paths, made, lambda _: None)


def _texts(index: LocalIndex) -> dict[str, str]:
    """Return the stored texts by file name."""
    infos = index.documents(EVERYTHING)
    return {Path(d.uri).name: index.document(d.id, EVERYTHING).text for d in infos}


def test_files_become_documents_and_passages(index: LocalIndex, tmp_path: Path) -> None:
    """Texts are stored unchanged, passages are slices of them, and progress is told."""
    texts = {
        "a.txt": "The cat is \U0001f431.\r\nIt\tsleeps.",
        "sub/b.md": "# Pay\n\n" + "Salaries are paid on the 25th. " * 60,
    }
    folder = _write(tmp_path / "docs", texts)
    seen: list[IngestProgress] = []
    report = ingest(index, HashEncoder(), [folder], IngestOptions(), seen.append)
    n_passages = index.stats().n_passages
    assert report == IngestReport(added=2, passages=n_passages)
    assert [(p.done, p.total, Path(p.uri).name) for p in seen] == [(1, 2, "a.txt"), (2, 2, "b.md")]
    assert seen[-1].passages == n_passages
    assert _texts(index) == {"a.txt": texts["a.txt"], "b.md": texts["sub/b.md"]}
    ids = contents(index).passages
    assert ids == contents(index).vectors == contents(index).words
    assert index._vectors.ids().tolist() == []
    index.refresh()
    assert index._vectors.ids().tolist() == ids
    for passage in index.passages(ids, EVERYTHING):
        document = index.document(passage.document_id, EVERYTHING)
        assert passage.text == document.text[passage.start : passage.end]
        assert document.info.uri.startswith(folder.as_uri())


def test_second_ingest_changes_nothing(
    index: LocalIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unchanged files are neither extracted nor encoded again, even when touched."""
    folder = _write(tmp_path / "docs", {"a.txt": "one", "b.txt": "two"})
    _ingest(index, folder)
    before = contents(index)
    os.utime(folder / "a.txt", (1, 1))

    def forbidden(*_: object) -> None:
        raise AssertionError("an unchanged file was read again")

    monkeypatch.setattr(Extractor, "extract", forbidden)
    assert _ingest(index, folder) == IngestReport(unchanged=2)
    assert contents(index) == before


def test_changed_file_is_replaced(index: LocalIndex, tmp_path: Path) -> None:
    """A changed file keeps its document id and loses its old passages."""
    folder = _write(tmp_path / "docs", {"a.txt": "old words", "b.txt": "two"})
    _ingest(index, folder)
    _write(folder, {"a.txt": "fresh text"})
    assert _ingest(index, folder) == IngestReport(updated=1, unchanged=1, passages=1)
    assert _texts(index) == {"a.txt": "fresh text", "b.txt": "two"}
    assert index.lexical_search(["old"], 5, EVERYTHING) == []
    assert contents(index).passages == contents(index).vectors == contents(index).words == [2, 3]


def test_principals_follow_the_last_ingest(index: LocalIndex, tmp_path: Path) -> None:
    """The same file with other principals is updated without being read again."""
    folder = _write(tmp_path / "docs", {"a.txt": "secret"})
    _ingest(index, folder, principals=("user:ann", "user:ann"))
    assert _ingest(index, folder, principals=("user:ann",)) == IngestReport(unchanged=1)
    assert len(index.documents(Filters(principals=()))) == 0
    assert _ingest(index, folder) == IngestReport(updated=1)
    assert len(index.documents(Filters(principals=()))) == 1


def test_collections_are_apart(index: LocalIndex, tmp_path: Path) -> None:
    """The same file in two collections is two documents, and pruning one spares the other."""
    folder = _write(tmp_path / "docs", {"a.txt": "one"})
    _ingest(index, folder, collection="x")
    _ingest(index, folder, collection="y")
    (folder / "a.txt").unlink()
    assert _ingest(index, folder, collection="x", prune=True) == IngestReport(removed=1)
    assert [info.collection for info in index.documents(EVERYTHING)] == ["y"]


def test_prune_removes_only_what_is_gone(index: LocalIndex, tmp_path: Path) -> None:
    """Only vanished files of the folders given are removed, and only when asked."""
    odd = "a b%20#\u00e4.txt"
    inside = _write(tmp_path / "in", {"gone.txt": "1", odd: "2", "sub/gone.txt": "3"})
    outside = _write(tmp_path / "in-too", {"gone.txt": "4"})
    _ingest(index, inside, outside)
    for path in (inside / "gone.txt", inside / "sub" / "gone.txt", outside / "gone.txt"):
        path.unlink()
    (inside / "sub").rmdir()
    assert _ingest(index, inside) == IngestReport(unchanged=1)
    assert _ingest(index, inside, prune=True) == IngestReport(unchanged=1, removed=2)
    assert sorted(_texts(index).values()) == ["2", "4"]
    assert len(contents(index).vectors) == 2


def test_failures_are_listed_and_the_rest_kept(index: LocalIndex, tmp_path: Path) -> None:
    """A file that cannot be indexed has one line in the report; the others are stored."""
    folder = _write(
        tmp_path / "docs",
        {"a.txt": "good", "binary.txt": b"\x00\x01\x02" * 99, "blank.md": " \n\t", "z.txt": "too"},
    )
    report = _ingest(index, folder)
    assert (report.added, len(report.failures)) == (2, 2)
    assert [Path(failure.uri).name for failure in report.failures] == ["binary.txt", "blank.md"]
    assert all(failure.reason and "\n" not in failure.reason for failure in report.failures)
    assert report.failures[1].reason == "no text found"
    assert sorted(_texts(index)) == ["a.txt", "z.txt"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [(" \u2003\n", "no text found"), ("a \ud800", "its text is not valid Unicode")],
)
def test_extracted_text_that_cannot_be_stored(
    index: LocalIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, reason: str
) -> None:
    """Blank text, and text that is not Unicode, is a failure of that file only."""

    def extract(_: Extractor, path: Path) -> ExtractedDocument:
        content = text if path.name == "bad.pdf" else "fine"
        return ExtractedDocument(content, "", "text/plain")

    monkeypatch.setattr(Extractor, "extract", extract)
    folder = _write(tmp_path / "docs", {"bad.pdf": "x", "good.pdf": "y"})
    report = _ingest(index, folder)
    assert report.failures == (FileFailure((folder / "bad.pdf").as_uri(), reason),)
    (info,) = index.documents(EVERYTHING)
    assert info.title == "good"


def test_failed_change_keeps_the_last_good_version(index: LocalIndex, tmp_path: Path) -> None:
    """A file that turns unreadable is listed, and what was stored of it stays."""
    folder = _write(tmp_path / "docs", {"a.txt": "good"})
    _ingest(index, folder)
    _write(folder, {"a.txt": b"\x00\xff" * 50})
    report = _ingest(index, folder, prune=True)
    assert (len(report.failures), report.removed) == (1, 0)
    assert _texts(index) == {"a.txt": "good"}


def test_file_that_vanishes_on_the_way(
    index: LocalIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file removed between the walk and its turn is a failure, not a crash."""
    folder = _write(tmp_path / "docs", {"a.txt": "one", "b.txt": "two"})
    load = FileLoader.load

    def removing(self: FileLoader, source: SourceFile) -> LoadedFile:
        if source.path.name == "b.txt":
            source.path.unlink()
        return load(self, source)

    monkeypatch.setattr(FileLoader, "load", removing)
    report = _ingest(index, folder)
    gone = FileFailure((folder / "b.txt").as_uri(), "cannot be read: No such file or directory")
    assert report == IngestReport(added=1, passages=1, failures=(gone,))


def test_missing_path_stops_before_anything(index: LocalIndex, tmp_path: Path) -> None:
    """One missing path among good ones is SourceNotFound, and nothing is ingested."""
    folder = _write(tmp_path / "docs", {"a.txt": "one"})
    with pytest.raises(SourceNotFound, match="missing: No such file"):
        _ingest(index, folder, tmp_path / "missing")
    assert index.stats().n_documents == 0


def test_second_writer_is_refused(index: LocalIndex, tmp_path: Path) -> None:
    """Ingest while another writes is IndexLocked and changes nothing."""
    folder = _write(tmp_path / "docs", {"a.txt": "one"})
    with WriterLock(index.folder), pytest.raises(IndexLocked):
        _ingest(index, folder)
    assert index.stats().n_documents == 0


def test_pages_of_passages(
    index: LocalIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A passage has the number of the page that it starts on."""
    page = "Each page says its own thing at length here. " * 40
    text = page + page
    pages = (Page(7, 0, len(page)), Page(9, len(page), len(text)))

    def extract(_: Extractor, path: Path) -> ExtractedDocument:
        return ExtractedDocument(text, "", "application/pdf", pages)

    monkeypatch.setattr(Extractor, "extract", extract)
    _ingest(index, _write(tmp_path / "docs", {"a.pdf": "x"}))
    passages = index.passages(contents(index).passages, EVERYTHING)
    assert {passage.page for passage in passages} == {7, 9}
    for passage in passages:
        assert passage.page == (9 if passage.start >= len(page) else 7)


def test_interrupted_ingest_goes_on_later(
    index: LocalIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C keeps the batches committed before it, and the next ingest does the rest."""
    monkeypatch.setattr(loading, "BATCH_FILES", 2)
    folder = _write(tmp_path / "docs", {f"{i}.txt": f"text {i}" for i in range(7)})

    def interrupt(progress: IngestProgress) -> None:
        if progress.done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ingest(index, HashEncoder(), [folder], IngestOptions(), interrupt)
    assert sorted(_texts(index)) == [f"{i}.txt" for i in range(6)]
    index.refresh()
    assert index._vectors.ids().tolist() == contents(index).words == [1, 2, 3, 4, 5, 6]
    assert _ingest(index, folder) == IngestReport(added=1, unchanged=6, passages=1)
    assert len(_texts(index)) == 7


def test_batches_are_bounded(
    index: LocalIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Small documents share a transaction; it ends with the one that makes it large enough."""
    monkeypatch.setattr(loading, "BATCH_FILES", 16)
    monkeypatch.setattr(loading, "BATCH_PASSAGES", 64)
    monkeypatch.setattr(loading, "BATCH_SECONDS", 60)
    sizes: list[tuple[int, int]] = []
    original = StoreWriter.put

    def counting(self: StoreWriter, documents: list, vectors: object) -> None:  # type: ignore[type-arg]
        sizes.append((len(documents), sum(len(d.passages) for d in documents)))
        original(self, documents, vectors)  # type: ignore[arg-type]

    monkeypatch.setattr(StoreWriter, "put", counting)
    small = {f"a{i:02}.txt": f"text {i}" for i in range(20)}
    large = {f"b{i}.txt": "A sentence of seven words stands here. " * 900 for i in range(3)}
    _ingest(index, _write(tmp_path / "docs", small | large))
    each = index.documents(EVERYTHING)[-1].n_passages
    assert 30 < each < 60  # so two large files fill a batch
    assert sizes == [(16, 16), (6, 4 + 2 * each), (1, each)]


def test_files_are_published_now_and_then(
    index: LocalIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Word files follow every few passages, vector files when the index has doubled."""
    monkeypatch.setattr(loading, "BATCH_FILES", 2)
    monkeypatch.setattr(INGEST, "WORDS_EVERY_PASSAGES", 4)
    published: list[tuple[int, bool]] = []
    original = LocalIndex.publish_unfinished

    def noting(self: LocalIndex, writer: StoreWriter, *, with_vectors: bool) -> None:
        published.append((self.stats().n_passages, with_vectors))
        original(self, writer, with_vectors=with_vectors)

    monkeypatch.setattr(LocalIndex, "publish_unfinished", noting)
    folder = _write(tmp_path / "docs", {f"{i:02}.txt": f"text {i}" for i in range(18)})
    assert _ingest(index, folder).added == 18
    assert published == [(4, True), (8, True), (12, False), (16, True)]
    ids = contents(index).passages
    index.refresh()
    assert ids == contents(index).words == index._vectors.ids().tolist() == list(range(1, 19))


@pytest.mark.parametrize("room", [1, 30, 200])
def test_what_is_under_way_is_bounded(
    index: LocalIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    """However little may be under way, even less than one file, all files come through."""
    monkeypatch.setattr(INGEST, "BYTES_UNDER_WAY", room)
    texts = {f"{i:02}.txt": f"word{i} " * (i % 7 + 1) for i in range(30)}
    folder = _write(tmp_path / "docs", {**texts, "zz.txt": b"\x00\x01" * 40})
    under_way = most = 0
    load, store = FileLoader.load, StoreWriter.put
    lock = threading.Lock()

    def loading_one(self: FileLoader, source: SourceFile) -> LoadedFile:
        nonlocal under_way, most
        with lock:
            under_way += source.size_bytes
            most = max(most, under_way)
        return load(self, source)

    def storing(self: StoreWriter, documents: list, vectors: object) -> None:  # type: ignore[type-arg]
        nonlocal under_way
        store(self, documents, vectors)  # type: ignore[arg-type]
        with lock:
            under_way -= sum(document.size_bytes for document in documents)

    monkeypatch.setattr(FileLoader, "load", loading_one)
    monkeypatch.setattr(StoreWriter, "put", storing)
    report = _ingest(index, folder)
    assert (report.added, len(report.failures)) == (30, 1)
    assert most <= max(room, 80)  # the failed file, last in order of names, is counted for good
