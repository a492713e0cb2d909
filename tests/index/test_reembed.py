"""Making an index fit for another model, from what it stores."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from answerable.index import Filters, IndexLocked, IndexModelMismatch, IndexNotFound, Vectors
from answerable.index.ingest import IngestProgress, ingest
from answerable.index.loading import IngestOptions
from answerable.index.local import LocalIndex
from answerable.index.reembed import reembed
from answerable.index.storage.lock import WriterLock
from tests.fakes import HashEncoder
from tests.index.samples import contents

EVERYTHING = Filters()
OTHER = HashEncoder("other", dimension=48)


@pytest.fixture
def filled(index: LocalIndex, encoder: HashEncoder, tmp_path: Path) -> LocalIndex:
    """An index of three files."""
    folder = tmp_path / "docs"
    folder.mkdir()
    for name in ("cats", "dogs", "birds"):
        (folder / f"{name}.txt").write_text(f"All about {name}. " * 80)
    ingest(index, encoder, [folder], IngestOptions(principals=("user:ann",)), lambda _: None)
    return index


def test_index_fits_the_other_model(filled: LocalIndex, encoder: HashEncoder) -> None:
    """Afterwards only the other model opens it; documents and permissions are as before."""
    before = filled.documents(EVERYTHING)
    old_ids = contents(filled).passages
    seen: list[IngestProgress] = []
    assert reembed(filled.folder, OTHER, seen.append) == 3
    assert [(p.done, p.total) for p in seen] == [(1, 3), (2, 3), (3, 3)]
    with pytest.raises(IndexModelMismatch):
        LocalIndex.open(filled.folder, encoder)
    with LocalIndex.open(filled.folder, OTHER) as index:
        assert index.documents(EVERYTHING) == before
        ids = contents(index).passages
        assert not set(ids) & set(old_ids)
        assert index._vectors.ids().tolist() == ids == contents(index).words
        (hit,) = index.dense_search(OTHER.encode(["dogs"])[0], 1, EVERYTHING)
        (passage,) = index.passages([hit.passage_id], EVERYTHING)
        assert passage.text.startswith("All about dogs.")
        assert not index._vectors.is_cache_stale


def test_reader_of_the_old_model_stops(filled: LocalIndex, encoder: HashEncoder) -> None:
    """A process that has the index open with the old model gets an error, not nonsense."""
    reembed(filled.folder, OTHER, lambda _: None)
    with pytest.raises(IndexModelMismatch):
        filled.dense_search(encoder.encode(["dogs"])[0], 1, EVERYTHING)


def test_failure_leaves_the_old_index(
    filled: LocalIndex, encoder: HashEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped half way, the index is what it was."""
    # Not by an import: the package exports a function of the same name.
    monkeypatch.setattr(sys.modules["answerable.index.reembed"], "BATCH_PASSAGES", 1)

    class Failing(HashEncoder):
        calls = 0

        def encode(self, texts: Sequence[str]) -> Vectors:
            self.calls += 1
            if self.calls == 2:
                raise KeyboardInterrupt
            return super().encode(texts)

    before = contents(filled)
    with pytest.raises(KeyboardInterrupt):
        reembed(filled.folder, Failing("other"), lambda _: None)
    assert contents(filled) == before
    with LocalIndex.open(filled.folder, encoder) as index:
        assert len(index.dense_search(encoder.encode(["dogs"])[0], 9, EVERYTHING)) == 9


def test_refusals(tmp_path: Path, index: LocalIndex) -> None:
    """Without an index, or beside another writer, nothing is done."""
    with pytest.raises(IndexNotFound, match="nothing to embed again"):
        reembed(tmp_path / "missing", OTHER, lambda _: None)
    with WriterLock(index.folder), pytest.raises(IndexLocked):
        reembed(index.folder, OTHER, lambda _: None)
