"""Vector search at a million passages: speed against FAISS Flat, recall, memory, filters, changes.

    python benchmarks/vector_search.py VECTORS.npy QUERIES.npy FOLDER --data "WHAT THEY ARE"

VECTORS are unit vectors of passages, (n, dimension) float32, and QUERIES those of questions. They
are put into an index in FOLDER (kept, and used again by the next run with the same number of
vectors; the file of the vectors is written anew). Each figure is for one query on one thread. The
baseline is FAISS IndexFlatIP over the same vectors in FP32, called in turn with the index; the
truth is what it finds. Writes ``results/vector_search.json``.
"""

import argparse
import json
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt
from report import RESULTS, write_report

from answerable.index import CutPassage, IndexManifest, NewDocument
from answerable.index.storage.database import DATABASE_NAME
from answerable.index.storage.generations import FOLDER_NAME, publish
from answerable.index.storage.inverted_file import InvertedFile
from answerable.index.storage.store import PassageStore
from answerable.index.storage.vector_log import generations
from answerable.index.storage.vectors import VectorIndex
from answerable.index.storage.writer import StoreWriter, create_database

Vectors = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]
Times = tuple[float, float]
K = 10
PER_DOCUMENT = 1000
BLOCK = 50_000
PHASES = ("build", "memory", "search", "filtered", "changes")
SHARES = (0.5, 0.05, 0.005, 0.0005)


def main() -> None:
    """Build, measure, write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("vectors", type=Path)
    parser.add_argument("queries", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", required=True, help="what the vectors and the queries are")
    parser.add_argument("--timed", type=int, default=60, help="queries that are timed")
    parser.add_argument("--phase", choices=PHASES, help="only this one, the others' figures stay")
    arguments = parser.parse_args()
    vectors = np.load(arguments.vectors, mmap_mode="r")
    queries = np.load(arguments.queries)[:1000]
    store = filled_store(arguments.folder, vectors)
    figures: dict[str, Any] = {
        "data": arguments.data,
        "vectors": len(vectors),
        "dimension": vectors.shape[1],
        "queries": len(queries),
        **(former() if arguments.phase else {}),
    }
    for phase in [arguments.phase] if arguments.phase else PHASES:
        figures[phase] = measured(phase, store, arguments.folder, vectors, queries, arguments.timed)
        print(phase, json.dumps(figures[phase], indent=2), flush=True)
    store.close()
    print(f"written to {write_report('vector_search', figures)}")


def measured(
    phase: str, store: PassageStore, folder: Path, vectors: Vectors, queries: Vectors, timed: int
) -> Any:
    """Run one phase and return its figures."""
    if phase == "build":
        return built(store, folder)
    if phase == "memory":
        return opened(store, folder, queries)
    index = VectorIndex(store, folder, store.manifest())
    if phase == "changes":
        return changed(index, store, folder, vectors, queries)
    exact = faiss.IndexFlatIP(vectors.shape[1])
    for first in range(0, len(vectors), BLOCK):
        exact.add(np.ascontiguousarray(vectors[first : first + BLOCK]))
    if phase == "search":
        return compared(index, exact, queries, timed)
    topics = topics_of(vectors)
    return [
        filtered(index, exact, queries, by, share, permitted)
        for share in SHARES
        for by, permitted in (
            ("chance", by_chance(len(vectors), share)),
            ("topic", by_topic(topics, share)),
        )
    ]


def former() -> dict[str, Any]:
    """Return the figures of the phases measured before."""
    path = RESULTS / "vector_search.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {phase: known[phase] for phase in PHASES if phase in known}


def filled_store(folder: Path, vectors: Vectors) -> PassageStore:
    """Return a store whose passage i + 1 has vector i; an index that has them is used again."""
    database = folder / DATABASE_NAME
    if not database.exists():
        folder.mkdir(parents=True, exist_ok=True)
        create_database(database, IndexManifest("benchmark", "0" * 64, vectors.shape[1], 0, 0))
    store = PassageStore(database)
    with store.reading() as db:
        (there,) = db.execute("SELECT count(*) FROM vectors").fetchone()
    writer = StoreWriter(database)
    for first in range(there, len(vectors), BLOCK):
        rows = np.asarray(vectors[first : first + BLOCK])
        put_rows(writer, first, rows)
    writer.close()
    return store


def put_rows(writer: StoreWriter, first: int, rows: Vectors) -> None:
    """Store vectors as passages of one word, a thousand to a document."""
    documents = []
    for start in range(0, len(rows), PER_DOCUMENT):
        n = min(PER_DOCUMENT, len(rows) - start)
        passages = tuple(CutPassage(i, i + 1, "", "x", None) for i in range(n))
        documents.append(
            NewDocument(
                uri=f"{first + start}",
                title="",
                collection="default",
                media_type="text/plain",
                content_sha256="",
                size_bytes=n,
                text="x" * n,
                pages=(),
                principals=("public",),
                modified_at=None,
                passages=passages,
            )
        )
    writer.put(documents, rows)


def built(store: PassageStore, folder: Path) -> dict[str, Any]:
    """Train, encode, tune and write the file; return what it cost."""
    writer = StoreWriter(store.path)
    writer._db.execute("DELETE FROM generations")
    is_over, sizes = threading.Event(), [resident_bytes()]

    def watch() -> None:
        while not is_over.wait(0.02):
            sizes.append(resident_bytes())

    watcher = threading.Thread(target=watch)
    watcher.start()
    started, cpu = time.perf_counter(), time.process_time()
    publish(store, writer, folder)
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    is_over.set()
    watcher.join()
    writer.close()
    return {
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu, 1),
        "peak_memory_mb": round((max(sizes) - sizes[0]) / 1e6),
    }


def opened(store: PassageStore, folder: Path, queries: Vectors) -> dict[str, Any]:
    """Open the index and ask it all queries; return what memory it took."""
    before, started = resident_bytes(), time.perf_counter()
    index = VectorIndex(store, folder, store.manifest())
    seconds = time.perf_counter() - started
    after_open = resident_bytes()
    first = milliseconds(lambda query: index.search(query, K, None), queries[:1])[0][0]
    for query in queries:
        index.search(query, K, None)
    after_queries = resident_bytes()
    index.search(queries[0], K, np.arange(1, 2002, dtype=np.int64))  # looks through all lists
    with store.reading() as db:
        newest = generations(db)[0]
    file = folder / FOLDER_NAME / newest.file
    tuning = InvertedFile(file, newest.sha256).tuning
    return {
        "open_ms": round(1000 * seconds, 1),
        "first_query_ms": round(first, 1),
        "bytes_per_vector_opened": round((after_open - before) / newest.n, 1),
        "bytes_per_vector_after_queries": round((after_queries - before) / newest.n, 1),
        "bytes_per_vector_all_lists_read": round((resident_bytes() - before) / newest.n, 1),
        "file_bytes_per_vector": round(file.stat().st_size / newest.n, 1),
        "tuning": asdict(tuning),
    }


def compared(
    index: VectorIndex, exact: faiss.IndexFlatIP, queries: Vectors, timed: int
) -> dict[str, Any]:
    """Time the index and FAISS Flat in turn, and compare what they find."""
    for query in queries:
        index.search(query, K, None)  # reads the lists that are needed
    faiss.omp_set_num_threads(1)
    flat, ours, ours_50 = [], [], []
    for query in queries[:timed]:
        flat += milliseconds(lambda q: exact.search(q[None], K), query[None])
        ours += milliseconds(lambda q: index.search(q, K, None), query[None])
        ours_50 += milliseconds(lambda q: index.search(q, 50, None), query[None])
    faiss.omp_set_num_threads(2)
    truth = exact.search(queries, 50)[1] + 1
    faiss.omp_set_num_threads(1)
    return {
        "flat_ms": spread(flat),
        "ours_ms": spread(ours),
        "ours_k50_ms": spread(ours_50),
        "times_faster": round(median(flat) / median(ours), 1),
        "times_faster_k50": round(median(flat) / median(ours_50), 1),
        "recall_at_10": recall(index, queries, truth[:, :K], None),
        "recall_at_50": recall(index, queries, truth, None),
    }


def by_chance(n: int, share: float) -> Ids:
    """Return the ids of a random share of n passages, ascending."""
    random = np.random.default_rng(int(1 / share))
    return np.sort(random.choice(n, max(K, round(share * n)), replace=False)) + 1


def by_topic(topics: Ids, share: float) -> Ids:
    """Return the ids of passages of whole topics that are near each other, and far from others."""
    n = round(share * len(topics))
    return np.sort(np.argsort(topics, kind="stable")[:n]) + 1


def topics_of(vectors: Vectors) -> Ids:
    """Return the topic of each vector, 200 of them, numbered along a random direction."""
    clustering = faiss.Kmeans(vectors.shape[1], 200, niter=8, seed=3, spherical=True)
    clustering.train(np.ascontiguousarray(vectors[::25]))
    centroids: Vectors = clustering.centroids
    direction = np.random.default_rng(0).standard_normal(vectors.shape[1])
    centroids = centroids[np.argsort(centroids @ direction)]
    blocks = (np.asarray(vectors[i : i + BLOCK]) for i in range(0, len(vectors), BLOCK))
    return np.concatenate([np.argmax(block @ centroids.T, axis=1) for block in blocks])


def filtered(
    index: VectorIndex,
    exact: faiss.IndexFlatIP,
    queries: Vectors,
    by: str,
    share: float,
    permitted: Ids,
) -> dict[str, Any]:
    """Return recall and time when some of the passages are permitted."""
    queries = queries[:300]
    parameters = faiss.SearchParameters(sel=faiss.IDSelectorBatch(permitted - 1))
    faiss.omp_set_num_threads(2)
    truth = exact.search(queries, K, params=parameters)[1] + 1
    faiss.omp_set_num_threads(1)
    found = recall(index, queries, truth, permitted)
    times = milliseconds(lambda query: index.search(query, K, permitted), queries[:40])
    return {
        "keeps_percent": 100 * share,
        "by": by,
        "recall_at_10": found,
        "ms": spread(times),
    }


def changed(
    index: VectorIndex, store: PassageStore, folder: Path, vectors: Vectors, queries: Vectors
) -> dict[str, Any]:
    """Delete one passage of a hundred, add them again as new ones; search, merge, search.

    The index in the folder holds other ids afterwards: remove it to measure again.
    """
    queries, before = queries[:300], len(vectors)
    writer = StoreWriter(store.path)
    figures: dict[str, Any] = {}
    with store.reading() as db:
        rows = db.execute("SELECT id FROM documents ORDER BY id").fetchall()
    doomed = [id_ for (id_,) in rows[::100]]
    gone = np.concatenate([np.arange((d - 1) * PER_DOCUMENT, d * PER_DOCUMENT) for d in doomed])
    gone = gone[gone < before]
    writer.remove(doomed)
    put_rows(writer, before, np.asarray(vectors[gone]))
    truth = nearest(vectors, gone, queries)
    figures["changes"] = 2 * len(gone)
    figures["refresh_ms"] = round(milliseconds(lambda _: index.refresh(), queries[:1])[0][0], 1)
    figures["with_side_index"] = {
        "recall_at_10": recall(index, queries, truth, None),
        "ms": spread(milliseconds(lambda query: index.search(query, K, None), queries[:60])),
    }
    figures["merge_seconds"] = round(
        milliseconds(lambda _: publish(store, writer, folder), queries[:1])[0][0] / 1000, 2
    )
    index.refresh()
    figures["merged"] = {
        "recall_at_10": recall(index, queries, truth, None),
        "ms": spread(milliseconds(lambda query: index.search(query, K, None), queries[:60])),
    }
    writer.close()
    return figures


def nearest(vectors: Vectors, moved: Ids, queries: Vectors) -> Ids:
    """Return the true ids after the vectors ``moved`` got new ids after all others."""
    best = np.full((len(queries), K), -np.inf, dtype=np.float32)
    ids = np.full((len(queries), K), -1, dtype=np.int64)
    new_ids = np.arange(len(vectors)) + 1
    new_ids[moved] = len(vectors) + 1 + np.arange(len(moved))
    for first in range(0, len(vectors), BLOCK):
        block = np.concatenate([best, queries @ np.asarray(vectors[first : first + BLOCK]).T], 1)
        both = np.broadcast_to(new_ids[first : first + BLOCK], (len(queries), block.shape[1] - K))
        known = np.concatenate([ids, both], axis=1)
        order = np.argpartition(-block, K, axis=1)[:, :K]
        best, ids = (np.take_along_axis(part, order, axis=1) for part in (block, known))
    return ids


def recall(index: VectorIndex, queries: Vectors, truth: Ids, permitted: Ids | None) -> float:
    """Return the share of the true nearest that the index finds."""
    found = 0
    for query, true_ids in zip(queries, truth, strict=True):
        hits = index.search(query, truth.shape[1], permitted)
        found += np.isin(true_ids, [hit.passage_id for hit in hits]).sum()
    return round(float(found / truth.size), 4)


def milliseconds(function: Callable[[Vectors], object], queries: Vectors) -> list[Times]:
    """Return the time of each call: on the clock, and of this thread on a processor."""
    return list(_timed(function, queries))


def _timed(function: Callable[[Vectors], object], queries: Vectors) -> Iterator[Times]:
    for query in queries:
        started, used = time.perf_counter(), time.thread_time()
        function(query)
        yield 1000 * (time.perf_counter() - started), 1000 * (time.thread_time() - used)


def spread(times: list[Times]) -> dict[str, float]:
    """Return median, fastest and 99th percentile on the clock, and the median on a processor."""
    clock = [wall for wall, _ in times]
    return {
        "median": round(statistics.median(clock), 2),
        "fastest": round(min(clock), 2),
        "p99": round(float(np.percentile(clock, 99)), 2),
        "processor_median": round(median(times), 2),
    }


def median(times: list[Times]) -> float:
    """Return the median time on a processor, which other processes hardly change."""
    return statistics.median(used for _, used in times)


def resident_bytes() -> int:
    """Return the memory of this process that no file stands for."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(x for x in lines if x.startswith("RssAnon")).split()[1])


if __name__ == "__main__":
    main()
