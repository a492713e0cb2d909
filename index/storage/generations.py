"""Vector files: immutable, each named, checksummed and registered in the database.

A file is a copy of what SQLite holds and is believed only when its bytes have the registered
checksum: a damaged FAISS file often loads without an error and answers wrongly. There are two
kinds: all vectors, up to ``EXACT_LIMIT`` of them, and inverted lists for more.
"""

import hashlib
import threading
from dataclasses import dataclass
from pathlib import Path

import faiss
import numpy as np

from ..errors import AnswerableError
from ..types import IndexManifest
from .durable import write_whole
from .exact import FlatVectors, MainVectors, flat_index
from .inverted import InvertedLists, Tuning
from .inverted_file import SUFFIX, InvertedFile, VectorFileInvalid, write_lists
from .store import PassageStore
from .training import brought_up_to_date, trained_lists
from .vector_log import (
    Generation,
    NumberedVectors,
    all_vectors,
    count_vectors,
    generations,
    last_seq,
)
from .writer import StoreWriter

FOLDER_NAME = "vectors"
# The one before the newest stays for readers that are about to open it.
KEPT = 2
# Up to so many vectors all are compared. Measured, 384 wide, one thread: 5 ms for 50,000.
EXACT_LIMIT = 50_000
# Inverted lists are written anew after more changes than this; a reader replays fewer at once.
MERGED_AFTER = 2048

# FAISS's limit on what a file may make it allocate is one setting for the process.
_loading = threading.Lock()


def open_generation(folder: Path, generation: Generation, store: PassageStore) -> MainVectors:
    """Open a vector file for searching; inverted lists are read when they are needed.

    Raises:
        VectorFileInvalid: it is missing, or is not the file that was registered.
    """
    if not generation.file.endswith(SUFFIX):
        return FlatVectors(_read_flat(folder, generation))
    # Here, not in approximate.py's own imports: a small index needs none of it.
    from .approximate import ApproximateVectors

    return ApproximateVectors(_open_lists(folder, generation), store)


def publish(
    store: PassageStore,
    writer: StoreWriter,
    folder: Path,
    *,
    may_train: bool = True,
    is_suspect: bool = False,
) -> None:
    """Write all vectors to a new file and register it; does nothing when that does not pay.

    The order is what makes a crash at any point harmless: the bytes are on the disk before the
    name is, and the name before the database speaks of it.

    Args:
        store: the index.
        writer: of the same index.
        folder: of the same index.
        may_train: whether inverted lists may be trained, which takes about a minute for a
            million vectors; without it they are left to ``BackgroundTraining``.
        is_suspect: whether a search found damage: files are read whole before they are relied on.
    """
    with store.reading() as db:
        seq, known, n = last_seq(db), generations(db), count_vectors(db)
    newest = known[0] if known else None
    if newest and newest.seq == seq and is_intact(folder, newest):
        return
    # With half a limit of play, so that an index about that large does not go to and fro.
    if n <= (EXACT_LIMIT // 2 if newest and _is_lists(newest) else EXACT_LIMIT):
        manifest = store.manifest()
        with store.reading() as db:
            vectors = all_vectors(db, manifest.dimension)
        _register_flat(store, writer, folder, seq, vectors)
        return
    held = _newest_lists(store, folder, whole=is_suspect)
    if may_train and (held is None or _pays_to_train(held.file.tuning)):
        lists = trained_lists(store, store.manifest().dimension)
    elif held and held.generation == newest and seq - newest.seq <= MERGED_AFTER:
        return
    else:
        sound = _newest_lists(store, folder, whole=True)
        lists = sound.file.read_all() if sound else None
    if lists is not None:
        register_lists(store, writer, folder, lists)


def training_pays(store: PassageStore, folder: Path, *, is_suspect: bool = False) -> bool:
    """Say whether searches would be faster, or find more, with newly trained inverted lists.

    Args:
        store: the index.
        folder: of the same index.
        is_suspect: as for ``publish``.
    """
    with store.reading() as db:
        if count_vectors(db) <= EXACT_LIMIT:
            return False
    held = _newest_lists(store, folder, whole=is_suspect)
    return held is None or _pays_to_train(held.file.tuning)


def register_lists(
    store: PassageStore, writer: StoreWriter, folder: Path, lists: InvertedLists
) -> None:
    """Bring inverted lists up to date, write them to a file and register it."""
    with store.reading() as db:
        seq = last_seq(db)  # it stands still: ``writer`` is the only one
    lists = brought_up_to_date(lists, store)
    vectors_folder = folder / FOLDER_NAME
    try:
        vectors_folder.mkdir(mode=0o700, exist_ok=True)
        name, sha256 = write_lists(vectors_folder, seq, lists)
    except OSError as exc:
        raise _not_written(vectors_folder, exc) from exc
    _register(store, writer, folder, (seq, len(lists.ids), sha256, name))


def sweep(store: PassageStore, folder: Path) -> None:
    """Delete vector files that the database does not know: old, or left by a crash."""
    with store.reading() as db:
        known = {generation.file for generation in generations(db)}
    for file in (folder / FOLDER_NAME).glob("*"):
        if file.name not in known and not file.is_dir():
            file.unlink(missing_ok=True)


def is_of(generation: Generation, manifest: IndexManifest) -> bool:
    """Say whether a vector file was made with the encoder of ``manifest``."""
    return (generation.encoder_sha256, generation.dimension) == (
        manifest.encoder_sha256,
        manifest.dimension,
    )


def _register_flat(
    store: PassageStore, writer: StoreWriter, folder: Path, seq: int, numbered: NumberedVectors
) -> None:
    data = faiss.serialize_index(flat_index(numbered)).data
    sha256 = hashlib.sha256(data).hexdigest()
    name = f"g-{seq}-{sha256[:12]}.faiss"
    vectors_folder = folder / FOLDER_NAME
    try:
        vectors_folder.mkdir(mode=0o700, exist_ok=True)
        write_whole(vectors_folder / name, data)
    except OSError as exc:
        raise _not_written(vectors_folder, exc) from exc
    _register(store, writer, folder, (seq, len(numbered.ids), sha256, name))


def _register(
    store: PassageStore, writer: StoreWriter, folder: Path, row: tuple[int, int, str, str]
) -> None:
    seq, n, sha256, name = row
    manifest = store.manifest()
    generation = Generation(
        generation=0,
        seq=seq,
        n=n,
        dimension=manifest.dimension,
        encoder_sha256=manifest.encoder_sha256,
        sha256=sha256,
        file=name,
    )
    writer.register(generation, KEPT)
    try:
        sweep(store, folder)
    except OSError as exc:
        raise _not_written(folder / FOLDER_NAME, exc) from exc


def _not_written(vectors_folder: Path, exc: OSError) -> AnswerableError:
    return AnswerableError(f"no vector file was written to {vectors_folder} ({exc.strerror})")


def _pays_to_train(tuning: Tuning) -> bool:
    return tuning.n_changed > tuning.n_trained // 2


def _is_lists(generation: Generation) -> bool:
    return generation.file.endswith(SUFFIX)


@dataclass(frozen=True, slots=True)
class _Held:
    """An open file of inverted lists, and what the database says of it."""

    generation: Generation
    file: InvertedFile


def _newest_lists(store: PassageStore, folder: Path, *, whole: bool) -> _Held | None:
    """Open the newest inverted lists that are sound, as far as their header or as a whole."""
    manifest = store.manifest()
    with store.reading() as db:
        known = generations(db)
    for generation in known:
        if _is_lists(generation) and is_of(generation, manifest):
            try:
                file = _open_lists(folder, generation)
                if whole:
                    file.read_all()
            except VectorFileInvalid:
                continue
            return _Held(generation, file)
    return None


def _open_lists(folder: Path, generation: Generation) -> InvertedFile:
    path = folder / FOLDER_NAME / generation.file
    return InvertedFile.checked(path, generation.sha256, generation.dimension, generation.n)


def is_intact(folder: Path, generation: Generation) -> bool:
    """Say whether a vector file is, byte for byte, what was registered."""
    try:
        if _is_lists(generation):
            _open_lists(folder, generation).read_all()
        else:
            _read_flat(folder, generation)
    except VectorFileInvalid:
        return False
    return True


def _read_flat(folder: Path, generation: Generation) -> faiss.IndexIDMap2:
    """Load a file of all vectors, from the very bytes whose checksum was compared."""
    try:
        data = (folder / FOLDER_NAME / generation.file).read_bytes()
    except OSError as exc:
        raise VectorFileInvalid(exc.strerror or "cannot be read") from exc
    if hashlib.sha256(data).hexdigest() != generation.sha256:
        raise VectorFileInvalid("its checksum is wrong")
    with _loading:
        faiss.set_deserialization_vector_byte_limit(len(data))
        try:
            index = faiss.deserialize_index(np.frombuffer(data, dtype=np.uint8))
        except RuntimeError as exc:
            raise VectorFileInvalid("FAISS cannot read it") from exc
    if not isinstance(index, faiss.IndexIDMap2) or not isinstance(
        faiss.downcast_index(index.index), faiss.IndexFlatIP
    ):
        raise VectorFileInvalid("it holds another kind of index")
    if (index.d, index.ntotal) != (generation.dimension, generation.n):
        raise VectorFileInvalid("it holds other vectors")
    return index
