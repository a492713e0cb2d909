"""Ends a process at every step of an ingest, and checks what the next one finds.

Run as ``python -m tests.index.crash_trials FOLDER [STRIDE]``. For n = 1, 2, ... (with a stride,
1, 1 + STRIDE, ...) a forked child runs the ingest and dies, without any clean-up, just before its n-th SQL statement, fsync, rename or
deletion, until one lives to the end. After each death a second child reopens the index, checks
it, ingests again, and compares the result with that of an undisturbed run. Prints how
often it died. Forks come from a parent that never uses FAISS or SQLite, as neither survives a fork.
"""

import json
import os
import shutil
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from answerable.index import Filters, loading
from answerable.index.ingest import ingest
from answerable.index.loading import IngestOptions
from answerable.index.local import LocalIndex
from answerable.index.storage import vectors as _vectors  # noqa: F401  imported before the forks: faster
from answerable.index.storage.writer import StoreWriter
from tests.fakes import HashEncoder
from tests.index.samples import contents

DIED = 17
EVERYTHING = Filters()


def _before(folder: Path) -> None:
    folder.mkdir()
    for name, text in {"kept": "cat", "changed": "old dog", "gone": "bird"}.items():
        (folder / f"{name}.txt").write_text(f"The {text} sleeps.")


def _after(folder: Path) -> None:
    (folder / "changed.txt").write_text("The new mouse eats.")
    (folder / "gone.txt").unlink()
    for i in range(3):
        (folder / f"new{i}.txt").write_text(f"Number {i} is new.")


def _ingest(root: Path) -> None:
    loading.BATCH_FILES = 2
    encoder = HashEncoder()
    with LocalIndex.open(root / "index", encoder, create=True) as index:
        ingest(index, encoder, [root / "docs"], IngestOptions(prune=True), lambda _: None)


def _die_at(step: int, acknowledged: Path) -> None:
    """Arrange for this process to end before its ``step``-th step, and note finished batches."""
    left, counting = step, threading.Lock()

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            nonlocal left
            with counting:  # the stages of an ingest are threads
                left -= 1
                if left == 0:
                    os._exit(DIED)
            return function(*args, **kwargs)

        return wrapper

    put, together = StoreWriter.put, StoreWriter.together
    lines: list[str] = []

    def noted(self: StoreWriter, documents: Any, vectors: Any) -> None:
        put(self, documents, vectors)
        lines.extend(f"{d.uri} {d.content_sha256}\n" for d in documents)

    @contextmanager
    def acknowledging(self: StoreWriter) -> Iterator[None]:
        with together(self):
            yield
        with acknowledged.open("a") as file:
            file.writelines(lines)
        lines.clear()

    StoreWriter.put = noted  # type: ignore[method-assign]
    StoreWriter.together = acknowledging  # type: ignore[method-assign]
    Database.execute = counted(Database.execute)  # type: ignore[method-assign]
    os.fsync, os.replace, os.unlink = counted(os.fsync), counted(os.replace), counted(os.unlink)


def _result(root: Path) -> dict[str, Any]:
    """Return what an index holds and finds, without ids, which a repeated batch may change."""
    encoder = HashEncoder()
    with LocalIndex.open(root / "index", encoder) as index:
        ids = contents(index).passages
        assert ids == contents(index).vectors == contents(index).words, "tables disagree"
        assert ids == index._vectors.ids().tolist(), "FAISS and SQLite disagree"
        documents = {Path(d.uri).name: d for d in index.documents(EVERYTHING)}
        assert all(d.n_passages == 1 for d in documents.values()), "a document is not whole"
        hits = index.dense_search(encoder.encode(["The new mouse"])[0], 9, EVERYTHING)
        passages = index.passages([hit.passage_id for hit in hits], EVERYTHING)
        found = [[p.text, round(h.score, 5)] for p, h in zip(passages, hits, strict=True)]
        return {
            "documents": {name: d.content_sha256 for name, d in documents.items()},
            "texts": {n: index.document(d.id, EVERYTHING).text for n, d in documents.items()},
            "found": sorted(found, key=lambda pair: (-pair[1], pair[0])),
        }


def _check(root: Path, expected: dict[str, Any]) -> None:
    acknowledged = root / "acknowledged"
    if (root / "index" / "index.sqlite3").exists():
        stored = _result(root)["documents"]
        lines = acknowledged.read_text().splitlines() if acknowledged.exists() else []
        for uri, sha256 in (line.split() for line in lines):
            assert stored.get(Path(uri).name) == sha256, f"{uri} was committed and is lost"
    _ingest(root)
    assert _result(root) == expected, "the next ingest did not complete the first"
    left = list((root / "index").rglob(".tmp-*"))
    assert not left, f"left behind: {left}"


def _forked(function: Callable[[], object]) -> int:
    """Run a function in a forked child and return its exit code: 0, DIED, or 1 for an error."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 1
    try:
        function()
        code = 0
    except BaseException:  # noqa: BLE001  told, and turned into the exit code
        traceback.print_exc()
    finally:
        os._exit(code)


def _run_then_die(root: Path, step: int) -> None:
    _die_at(step, root / "acknowledged")
    _ingest(root)


def _trials(start: Path, root: Path, stride: int) -> int:
    """Kill the ingest at each step, each time from a copy of ``start``; return how often."""
    reference = start.with_suffix(".json")
    shutil.copytree(start, root)
    assert _forked(lambda: _ingest(root)) == 0
    assert _forked(lambda: reference.write_text(json.dumps(_result(root)))) == 0
    expected = json.loads(reference.read_text())
    for deaths, step in enumerate(count(1, stride)):
        shutil.rmtree(root)
        shutil.copytree(start, root)
        code = _forked(partial(_run_then_die, root, step))
        if code == 0:
            return deaths
        assert code == DIED, f"{start.name}: step {step} failed by itself"
        checked = _forked(lambda: _check(root, expected))
        assert checked == 0, f"{start.name}: after death at step {step}"
    raise AssertionError("unreachable")


def main(folder: Path, stride: int) -> None:
    """Run the trials on an index that is not there yet and on one that is brought up to date."""
    # One place for all trials, because stored addresses hold the path.
    root, new, existing = folder / "trial", folder / "new", folder / "existing"
    new.mkdir()
    _before(new / "docs")
    shutil.copytree(new, root)
    assert _forked(lambda: _ingest(root)) == 0
    _after(root / "docs")
    root.rename(existing)
    for start in (new, existing):
        print(start.name, _trials(start, root, stride), flush=True)
        shutil.rmtree(root)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
