"""Looking an index over: is the database sound, and do the files beside it hold what it says?

Everything is read and nothing is changed; ``LocalIndex.mend`` puts right what can be. For each
kind of defect a sound index has one finding that says so.
"""

import shutil
import sqlite3
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from .creation import OTHERS
from .errors import AnswerableError, IndexNotFound
from .local import check_manifest, manifest_for
from .storage.database import DATABASE_NAME, check_length, open_reader, translated_errors
from .storage.store import PassageStore
from .types import Encoder, IndexManifest, Passage, Vectors

Level = Literal["sound", "warning", "wrong"]

# Before it, two processes that write or fold the log in at the same moment can lose a commit.
# Source: https://sqlite.org/wal.html, "The WAL-reset bug".
FIRST_SOUND_SQLITE = (3, 51, 3)
LEAST_FREE_BYTES = 256 << 20
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes:
        check: its name.
        text: what it found; for a defect with what to do about it.
        can_be_mended: whether ``LocalIndex.mend`` puts it right.
    """

    check: str
    level: Level
    text: str
    can_be_mended: bool = False


def check_index(folder: Path) -> Iterator[Finding]:
    """Yield what is found, one check after another; later ones need what earlier ones look at.

    Raises:
        IndexNotFound: there is no index.
    """
    path = folder / DATABASE_NAME
    if not path.is_file():
        raise IndexNotFound(f"there is no index in {folder}")
    yield _library()
    yield _access(folder)
    yield _room(folder, path)
    try:
        check_length(path)
        defects = database_defects(path)
    except AnswerableError as exc:  # it says what to do
        yield Finding("database", "wrong", str(exc))
        return
    if defects:
        text = f"{'; '.join(defects)}: restore it from a backup, or ingest into a new folder"
        yield Finding("database", "wrong", text)
        return
    yield Finding("database", "sound", f"{path.name}: every page and reference is in order")
    store = PassageStore(path)
    try:
        manifest = store.manifest()
        yield _texts(store)
        yield _vector_rows(store, manifest)
        yield _vector_file(store, folder, manifest)
        yield _word_files(store, folder)
        yield _strays(store, folder)
    except AnswerableError as exc:
        yield Finding("database", "wrong", str(exc))
    finally:
        store.close()


def database_defects(path: Path) -> list[str]:
    """Return what SQLite's own checks say against a database; nothing for a sound one.

    Raises:
        AnswerableError: it cannot be read at all.
    """
    with translated_errors(path):
        db = open_reader(path)
        try:
            said = [row[0] for row in db.execute(f"PRAGMA integrity_check({_SHOWN})")]
            broken = db.execute("PRAGMA foreign_key_check").fetchmany(_SHOWN)
        finally:
            db.close()
    defects = [text for text in said if text != "ok"]
    return defects + [f"a row of {row[0]} belongs to none of {row[2]}" for row in broken]


def stored_sample(folder: Path, encoder: Encoder, n: int) -> list[tuple[Passage, Vectors]]:
    """Return up to ``n`` passages of an index with their vectors (dimension,); changes nothing.

    Raises:
        IndexModelMismatch: the index was made with another encoder.
        IndexDamaged: it cannot be read.
    """
    store = PassageStore(folder / DATABASE_NAME)
    try:
        manifest = store.manifest()
        check_manifest(folder, manifest, manifest_for(encoder))
        return store.sample(n, manifest.dimension)
    finally:
        store.close()


def _library() -> Finding:
    version = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info >= FIRST_SOUND_SQLITE:
        return Finding("sqlite", "sound", f"SQLite {version}")
    return Finding(
        "sqlite",
        "warning",
        f"SQLite {version} has a rare defect that can lose a commit when two processes fold the "
        "log in at once; 3.51.3 has not: use a Python that is built with it",
    )


def _access(folder: Path) -> Finding:
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & OTHERS:
        return Finding(
            "access",
            "warning",
            f"others on this machine may look into {folder} (mode {mode:o}), and read documents "
            "whatever their permissions here: chmod go= on the folder",
            can_be_mended=True,
        )
    return Finding("access", "sound", "the folder is its owner's alone")


def _room(folder: Path, path: Path) -> Finding:
    free, needed = shutil.disk_usage(folder).free, max(LEAST_FREE_BYTES, path.stat().st_size)
    text = f"{free / 1e9:.1f} GB free on the disk"
    if free < needed:
        return Finding(
            "disk",
            "warning",
            f"{text}; embedding anew needs about {needed / 1e9:.1f} GB: make room",
        )
    return Finding("disk", "sound", text)


def _texts(store: PassageStore) -> Finding:
    """Compare each passage with the text of its document, from where it was cut."""
    n = 0
    wrong = list[int]()
    with store.reading() as db:
        # One document at a time: a large index does not fit into memory.
        for document_id, text in db.execute("SELECT id, text FROM documents"):
            cuts = db.execute(
                'SELECT start, "end", text FROM passages WHERE document_id = ?', [document_id]
            ).fetchall()
            n += len(cuts)
            if any(text[start:end] != cut for start, end, cut in cuts):
                wrong.append(document_id)
    if wrong:
        return Finding(
            "texts",
            "wrong",
            f"passages of {len(wrong)} documents are not in their texts (ids {_some(wrong)}): "
            "ingest their files again after `answerable remove`",
        )
    return Finding("texts", "sound", f"{n:,} passages are slices of their documents")


def _vector_rows(store: PassageStore, manifest: IndexManifest) -> Finding:
    with store.reading() as db:
        (without,) = db.execute(
            "SELECT count(*) FROM passages WHERE id NOT IN (SELECT passage_id FROM vectors)"
        ).fetchone()
        n, blobs = 0, db.execute("SELECT vector FROM vectors")
        broken = 0
        for (blob,) in blobs:
            n += 1
            is_whole = len(blob) == 4 * manifest.dimension
            broken += not (is_whole and np.isfinite(np.frombuffer(blob, "<f4")).all())
    if without or broken:
        return Finding(
            "vectors",
            "wrong",
            f"{without} passages have no vector, {broken} a broken one: embed all again with "
            "`answerable ingest --rebuild`",
        )
    return Finding("vectors", "sound", f"{n:,} vectors, {manifest.dimension} wide, one a passage")


def _vector_file(store: PassageStore, folder: Path, manifest: IndexManifest) -> Finding:
    # Here: they need FAISS, which nothing else in this file does.
    from .storage.generations import is_intact, is_of
    from .storage.vector_log import generations, vector_ids
    from .storage.vectors import VectorIndex

    with store.reading() as db:
        known, ids = [one for one in generations(db) if is_of(one, manifest)], vector_ids(db)
    if not known:
        level: Level = "warning" if len(ids) else "sound"
        return Finding("vector file", level, "there is none yet", can_be_mended=bool(len(ids)))
    if not is_intact(folder, known[0]):
        return Finding(
            "vector file",
            "wrong",
            f"{known[0].file} is missing or damaged: searches read the database instead",
            can_be_mended=True,
        )
    if not np.array_equal(VectorIndex(store, folder, manifest).ids(), ids):
        return Finding(
            "vector file",
            "wrong",
            f"{known[0].file} holds other passages than the database: `answerable ingest --rebuild`",
        )
    return Finding("vector file", "sound", f"{known[0].file} is what was written")


def _word_files(store: PassageStore, folder: Path) -> Finding:
    from .storage.segment_files import SegmentFileInvalid, read_segment
    from .storage.word_index import FOLDER_NAME
    from .storage.word_log import word_generations

    with store.reading() as db:
        newest = next(iter(word_generations(db)), None)
    if newest is None:
        return Finding("word files", "warning", "there are none yet", can_be_mended=True)
    try:
        for file in newest.files:
            stored = read_segment(folder / FOLDER_NAME, file)
            for term in range(len(stored.segment.terms)):
                stored.check(term)
    except SegmentFileInvalid as exc:
        return Finding("word files", "wrong", f"{file.file}: {exc}", can_be_mended=True)
    return Finding("word files", "sound", f"{len(newest.files)} are what was written")


def _strays(store: PassageStore, folder: Path) -> Finding:
    from .storage.vector_log import generations
    from .storage.word_log import word_generations

    with store.reading() as db:
        known = {one.file for one in generations(db)}
        known |= {file.file for one in word_generations(db) for file in one.files}
    strays = [
        path.name
        for name in ("vectors", "words")
        for path in sorted((folder / name).glob("*"))
        if path.name not in known
    ]
    if strays:
        text = f"{len(strays)} files that belong to nothing: {', '.join(strays[:_SHOWN])}"
        return Finding("files", "warning", text, can_be_mended=True)
    return Finding("files", "sound", "none is left over")


def _some(ids: list[int]) -> str:
    return ", ".join(map(str, ids[:_SHOWN])) + (" ..." if len(ids) > _SHOWN else "")
