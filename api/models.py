"""The models of one engine, each loaded when it is first needed.

A status or a lexical search needs no model, and a model costs a tenth of a
second and tens of megabytes; so loading waits for the first use.
"""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

from answerable.index import Vectors
from answerable.retriever import encoder_manifest, load_encoder

T = TypeVar("T")


class Lazy(Generic[T]):
    """A value made on first use; made once, even when several threads ask at the same time."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: list[T] = []

    def get(self) -> T:
        """Return the value; the first call makes it. A failure is raised, and not remembered."""
        with self._lock:
            if not self._made:
                self._made.append(self._make())
            return self._made[0]

    def made(self) -> T | None:
        """Return the value if it has been made."""
        with self._lock:
            return self._made[0] if self._made else None


class LazyEncoder:
    """An ``Encoder`` that tells its identity from the manifest and loads on first use.

    The index only compares identities when it opens, so opening needs no session.
    """

    def __init__(self, folder: Path | None = None, threads: int | None = None) -> None:
        """Read and check the manifest.

        Args:
            folder: None for the shipped encoder.
            threads: None for every core.

        Raises:
            ModelFolderInvalid: the folder is no encoder, or a file of it is damaged.
        """
        manifest = encoder_manifest(folder)
        self.name = manifest.name
        self.sha256 = manifest.sha256
        self.dimension = int(manifest.settings["dimension"])
        self.max_tokens = int(manifest.settings["max_tokens"])
        self._encoder = Lazy(lambda: load_encoder(folder, threads))

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return unit vectors, (n_texts, dimension) float32."""
        return self._encoder.get().encode(texts)

    def encode_questions(self, questions: Sequence[str]) -> Vectors:
        """Return unit vectors of questions, (n_questions, dimension) float32."""
        return self._encoder.get().encode_questions(questions)

    def token_offsets(self, text: str) -> Sequence[tuple[int, int]]:
        """Return the code-point range of each token of ``text``, without special tokens."""
        return self._encoder.get().token_offsets(text)


def model_name(name: str, sha256: str) -> str:
    """Return how results name a model: enough of the hash to tell two builds apart."""
    return f"{name}@{sha256[:12]}"
