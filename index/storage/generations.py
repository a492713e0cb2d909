"""Vector files: immutable FAISS files, each named, checksummed and registered in the database.

A file is a copy of what SQLite holds and is believed only when its bytes have the registered
checksum: a damaged FAISS file often loads without an error and answers wrongly.
"""

import hashlib
import threading
from pathlib import Path

import faiss
import numpy as np

from ..errors import AnswerableError
from ..types import IndexManifest
from .durable import write_whole
from .store import PassageStore
from .vector_log import Generation, NumberedVectors, all_vectors, generations, last_seq
from .writer import StoreWriter

FOLDER_NAME = "vectors"
# The one before the newest stays for readers that are about to open it.
KEPT = 2

# FAISS's limit on what a file may make it allocate is one setting for the process.
_loading = threading.Lock()


class VectorFileInvalid(Exception):
    """A vector file is not what was registered; the reason is the message."""


def flat_index(numbered: NumberedVectors) -> faiss.IndexIDMap2:
    """Return an exact inner-product index whose ids are passage ids."""
    index = faiss.IndexIDMap2(faiss.IndexFlatIP(numbered.vectors.shape[1]))
    index.add_with_ids(numbered.vectors, numbered.ids)
    return index


def read_generation(folder: Path, generation: Generation) -> faiss.IndexIDMap2:
    """Load a vector file, from the very bytes whose checksum was compared.

    Raises:
        VectorFileInvalid: it is missing, or is not the file that was registered.
    """
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


def publish(store: PassageStore, writer: StoreWriter, folder: Path) -> None:
    """Write all vectors to a new file and register it; does nothing when the newest has them.

    The order is what makes a crash at any point harmless: the bytes are on the disk before the
    name is, and the name before the database speaks of it.
    """
    manifest = store.manifest()
    with store.reading() as db:
        seq, known = last_seq(db), generations(db)
        numbered = all_vectors(db, manifest.dimension)
    vectors_folder = folder / FOLDER_NAME
    if known and known[0].seq == seq and _is_intact(folder, known[0]):
        return
    try:
        vectors_folder.mkdir(mode=0o700, exist_ok=True)
        generation = _write(vectors_folder, seq, numbered, manifest)
        writer.register(generation, KEPT)
        sweep(store, folder)
    except OSError as exc:
        raise AnswerableError(
            f"no vector file was written to {vectors_folder} ({exc.strerror})"
        ) from exc


def _is_intact(folder: Path, generation: Generation) -> bool:
    try:
        read_generation(folder, generation)
    except VectorFileInvalid:
        return False
    return True


def _write(
    vectors_folder: Path, seq: int, numbered: NumberedVectors, manifest: IndexManifest
) -> Generation:
    data = faiss.serialize_index(flat_index(numbered)).data
    sha256 = hashlib.sha256(data).hexdigest()
    name = f"g-{seq}-{sha256[:12]}.faiss"
    write_whole(vectors_folder / name, data)
    return Generation(
        generation=0,
        seq=seq,
        n=len(numbered.ids),
        dimension=manifest.dimension,
        encoder_sha256=manifest.encoder_sha256,
        sha256=sha256,
        file=name,
    )


def sweep(store: PassageStore, folder: Path) -> None:
    """Delete vector files that the database does not know: old, or left by a crash."""
    with store.reading() as db:
        known = {generation.file for generation in generations(db)}
    for file in (folder / FOLDER_NAME).glob("*"):
        if file.name not in known and not file.is_dir():
            file.unlink(missing_ok=True)
