"""Word lists in memory and on disk, following what SQLite says.

What a search reads is one immutable snapshot: a few segments and which of their passages are
gone. New passages are seen by their ids, which only grow, removed ones by the log
``removed_passages``; to follow the database a new snapshot replaces the old one, and a search
under way keeps the one it began with.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import numpy as np
from sqlite_utils import Database

from .database import last_number
from .durable import TEMPORARY_PREFIX
from .segment_files import SUFFIX, SegmentFile, SegmentFileInvalid, read_segment, write_segment
from .segments import Ids, Mask, PassageText, Segment, build_segment, merge_segments
from .store import PassageStore
from .subsets import found
from .word_log import WordGeneration, word_generations
from .writer import StoreWriter

logger = logging.getLogger(__name__)

FOLDER_NAME = "words"
# The generation before the newest stays for readers that are about to open it.
KEPT = 2
# Passages read and cut into words at a time.
BUILD_PASSAGES = 32_768
# Passages that a writer holds in memory before it writes them to a file.
PUBLISH_PASSAGES = 8 * BUILD_PASSAGES
# A segment is merged into the next when it is less than this many times as large: a search
# visits few of them, and each passage is rewritten only so often as its segment grows by this.
GROWTH = 4
# A segment with a larger share of removed passages is rewritten without them.
MAX_REMOVED = 0.25


@dataclass(frozen=True, slots=True)
class Part:
    """A segment in a snapshot.

    Attributes:
        check: raises ``SegmentFileInvalid`` if the list at a place is damaged; None in memory.
        file: where it is stored; None while it is in memory only.
        alive: which of its passages are still there; None for all.
    """

    segment: Segment
    check: Callable[[int], None] | None = None
    file: SegmentFile | None = None
    alive: Mask | None = None

    @property
    def is_worn(self) -> bool:
        """Say whether so many passages were removed that it is time to write it without them."""
        return self.n_alive < (1 - MAX_REMOVED) * len(self.segment)

    @property
    def n_alive(self) -> int:
        """Count the passages that are still there."""
        return len(self.segment) if self.alive is None else int(self.alive.sum())

    def without(self, passage_ids: Ids) -> "Part":
        """Return the same part after passages were removed."""
        _, gone = found(self.segment.passage_ids, passage_ids)
        if not len(gone):
            return self
        alive = np.ones(len(self.segment), np.bool_) if self.alive is None else self.alive.copy()
        alive[gone] = False
        return replace(self, alive=alive)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The words of all passages at one moment.

    Attributes:
        number: of this snapshot in this process, for caches.
        last_passage: id of the last passage that was stored.
        removed_seq: number of the last removal.
    """

    number: int
    last_passage: int
    removed_seq: int
    parts: tuple[Part, ...]

    @property
    def position(self) -> tuple[int, int]:
        """Say of which moment it is; a later one is greater."""
        return self.last_passage, self.removed_seq


class WordIndex:
    """Keeps the word lists of an index in step with its database; any thread may use it.

    Attributes:
        is_cache_stale: whether the files were damaged or absent, so that the lists came from the
            texts and a writer should publish new files.
    """

    def __init__(self, store: PassageStore, folder: Path) -> None:
        """Read nothing yet; the first search does."""
        self._store = store
        self._folder = folder / FOLDER_NAME
        self._following = threading.Lock()
        self._publishing = threading.Lock()
        self._numbers = count()
        self._snapshot: Snapshot | None = None
        self.is_cache_stale = False

    @contextmanager
    def reading(self) -> Iterator[tuple[Database, Snapshot]]:
        """Lend a connection in a read transaction, and the words as that transaction sees them."""
        while True:
            with self._store.reading() as db:
                snapshot = self._at(db)
                if snapshot is not None:
                    yield db, snapshot
                    return
            # Another thread has followed a later commit: begin again, and see it too.

    def reload(self) -> None:
        """Make the lists anew from the texts, because a file turned out to be damaged."""
        with self._following, self._store.reading() as db:
            self.is_cache_stale = True
            self._snapshot = self._followed(db, self._nothing(db))

    def publish(self, writer: StoreWriter) -> None:
        """Write what is not on disk yet to files and register them.

        The order is what makes a crash at any point harmless, as for vectors: the bytes are on
        the disk before the name is, and the name before the database speaks of it.

        Raises:
            OSError: a file cannot be written.
        """
        self._folder.mkdir(mode=0o700, exist_ok=True)
        with self._publishing:
            is_done = False
            while not is_done:
                with self._store.reading() as db:
                    known = self._snapshot or self._load(db)
                    followed = self._followed(db, known, PUBLISH_PASSAGES)
                    is_done = followed.last_passage == last_number(db, "passages")
                written = replace(followed, parts=self._written(followed.parts))
                self._register(writer, written)
                with self._following:
                    self._snapshot = _later(self._snapshot, written)
            self.is_cache_stale = False
        self._sweep()

    def _at(self, db: Database) -> Snapshot | None:
        """Return the words as ``db`` sees them; None when those known are of a later commit."""
        now = (last_number(db, "passages"), last_number(db, "removed_passages"))
        with self._following:
            known = self._snapshot or self._load(db)
            if known.last_passage > now[0] or known.removed_seq > now[1]:
                return None
            if known.position != now:
                known = self._followed(db, known)
            self._snapshot = known
            return known

    def _load(self, db: Database) -> Snapshot:
        """Return the newest generation whose files are sound, or an empty snapshot."""
        for generation in word_generations(db):
            try:
                parts = [self._part(file) for file in generation.files]
            except SegmentFileInvalid as exc:
                logger.warning("the word files are not used (%s): they are made anew", exc)
                continue
            removed = np.array(generation.removed, np.int64)
            return Snapshot(
                number=next(self._numbers),
                last_passage=generation.last_passage,
                removed_seq=generation.removed_seq,
                parts=tuple(part.without(removed) for part in parts),
            )
        self.is_cache_stale = last_number(db, "passages") > 0
        return self._nothing(db)

    def _nothing(self, db: Database) -> Snapshot:
        return Snapshot(next(self._numbers), 0, last_number(db, "removed_passages"), ())

    def _part(self, file: SegmentFile) -> Part:
        stored = read_segment(self._folder, file)
        return Part(stored.segment, stored.check, file)

    def _followed(self, db: Database, known: Snapshot, most: int | None = None) -> Snapshot:
        """Return ``known`` with what changed since; with about ``most`` new passages, if given."""
        removed = _removed_after(db, known.removed_seq)
        if removed is None:  # the log was trimmed, when a newer generation was registered
            known = self._load(db)
            removed = _removed_after(db, known.removed_seq)
            if removed is None:
                known, removed = self._nothing(db), np.empty(0, np.int64)
        parts = [part.without(removed) for part in known.parts]
        n_known, last, end = len(parts), known.last_passage, last_number(db, "passages")
        n_new = 0
        while last < end and (most is None or n_new < most):
            texts = _texts_after(db, last)
            if texts:
                parts.append(Part(build_segment(texts)))
            last = texts[-1].id if len(texts) == BUILD_PASSAGES else end
            n_new += len(texts)
        # Files are merged by writers only: a reader would hold them in its memory.
        in_memory = next((i for i, part in enumerate(parts) if part.file is None), len(parts))
        first = max(in_memory, _first_to_merge(parts, n_known))
        return Snapshot(
            next(self._numbers), last, last_number(db, "removed_passages"), _merged(parts, first)
        )

    def _written(self, parts: Sequence[Part]) -> tuple[Part, ...]:
        """Return the parts as files: new ones, and those that it is time to merge."""
        changed = [i for i, part in enumerate(parts) if part.file is None or part.is_worn]
        first = _first_to_merge(parts, min(changed, default=len(parts)))
        return tuple(
            part if part.file else self._part(write_segment(self._folder, part.segment))
            for part in _merged(parts, first)
        )

    def _register(self, writer: StoreWriter, snapshot: Snapshot) -> None:
        removed = [
            id_
            for part in snapshot.parts
            if part.alive is not None
            for id_ in part.segment.passage_ids[~part.alive].tolist()
        ]
        generation = WordGeneration(
            snapshot.last_passage,
            snapshot.removed_seq,
            tuple(removed),
            tuple(part.file for part in snapshot.parts if part.file),
        )
        with self._store.reading() as db:
            newest = next(word_generations(db), None)
        if generation != newest:
            writer.register_words(generation, KEPT)

    def _sweep(self) -> None:
        """Delete files that the database does not know: old, or left by a crash."""
        with self._store.reading() as db:
            known = {file.file for generation in word_generations(db) for file in generation.files}
        for path in self._folder.glob("*"):
            is_ours = path.suffix == SUFFIX or path.name.startswith(TEMPORARY_PREFIX)
            if is_ours and path.name not in known:
                path.unlink(missing_ok=True)


def _later(one: Snapshot | None, other: Snapshot) -> Snapshot:
    return one if one is not None and one.position > other.position else other


def _first_to_merge(parts: Sequence[Part], first: int) -> int:
    """Return from where on the parts become one, if at least those from ``first`` on do."""
    total = sum(part.n_alive for part in parts[first:])
    while 0 < first < len(parts) and parts[first - 1].n_alive < GROWTH * total:
        first -= 1
        total += parts[first].n_alive
    return first


def _merged(parts: Sequence[Part], first: int) -> tuple[Part, ...]:
    """Return the parts with those from ``first`` on as one, without its removed passages."""
    before, tail = tuple(parts[:first]), parts[first:]
    if not any(part.n_alive for part in tail):
        return before
    if len(tail) == 1 and tail[0].alive is None:
        return (*before, *tail)
    merged = merge_segments([part.segment for part in tail], [part.alive for part in tail])
    return (*before, Part(merged))


def _removed_after(db: Database, seq: int) -> Ids | None:
    """Return the passages removed after number ``seq``; None when some lines were trimmed."""
    rows = db.execute("SELECT passage_id FROM removed_passages WHERE seq > ?", [seq]).fetchall()
    if len(rows) != last_number(db, "removed_passages") - seq:
        return None
    return np.unique(np.array(rows, np.int64).reshape(-1))


def _texts_after(db: Database, passage_id: int) -> list[PassageText]:
    rows = db.execute(
        "SELECT id, document_id, title, heading, text FROM passages WHERE id > ? "
        "ORDER BY id LIMIT ?",
        [passage_id, BUILD_PASSAGES],
    )
    return [PassageText(*row) for row in rows]
