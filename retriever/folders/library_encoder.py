"""An encoder run by Sentence Transformers itself: for folders that ONNX Runtime cannot run.

Needs the ``models`` extra, imported only when a model is loaded. Nothing is downloaded, no code
of the folder is run, and weights are read from safetensors only.
"""

import threading
from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from answerable.index import ModelFolderInvalid, ModelManifest, Vectors, without_surrogates

from .configuration import FolderConfig

_BATCH = 32


class LibraryEncoder:
    """A sentence encoder on PyTorch; safe to share between threads, which take turns."""

    def __init__(self, model: Any, config: FolderConfig, manifest: ModelManifest) -> None:
        """Wrap a loaded model; use ``load``."""
        self.name = manifest.name
        self.sha256 = manifest.sha256
        self.dimension = int(manifest.settings["dimension"])
        self.max_tokens = int(manifest.settings["max_tokens"])
        self._model = model
        self._config = config
        self._lock = threading.Lock()  # the tokenizer's settings are not safe to share

    @classmethod
    def load(
        cls, config: FolderConfig, manifest: ModelManifest, reason: str, threads: int | None
    ) -> Self:
        """Load a folder through the library.

        Args:
            config: of the folder.
            manifest: its identity.
            reason: why ONNX Runtime cannot run it.
            threads: of PyTorch, for the whole process; None to leave them as they are.

        Raises:
            ModelFolderInvalid: the extra is not installed, or the model cannot be loaded.
        """
        try:
            import torch
            from sentence_transformers import SentenceTransformer
        except ModuleNotFoundError as exc:
            raise ModelFolderInvalid(
                f"{config.folder} cannot be run by ONNX Runtime ({reason}): either export it, or "
                f"run pip install '.[models]' in the clone ({exc.name} is missing)"
            ) from exc
        if threads:
            torch.set_num_threads(threads)
        try:
            model = SentenceTransformer(
                str(config.folder),
                device="cpu",
                local_files_only=True,
                model_kwargs={"use_safetensors": True},
            )
            model.max_seq_length = config.max_tokens
            found = model.encode(["a"], prompt="").shape[1]
        except Exception as exc:  # whatever a hostile folder makes of the library
            raise ModelFolderInvalid(
                f"{config.folder} cannot be loaded as an encoder: {type(exc).__name__}: {exc}"
            ) from exc
        if found != manifest.settings["dimension"]:
            raise ModelFolderInvalid(
                f"{config.folder} gives vectors of another length than it says"
            )
        if not getattr(model.tokenizer, "is_fast", False):
            raise ModelFolderInvalid(f"{config.folder} has no fast tokenizer (tokenizer.json)")
        return cls(model, config, manifest)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return unit vectors of passages, (n_texts, dimension) float32, in order."""
        return self._encode(texts, self._config.passage_prompt)

    def encode_questions(self, questions: Sequence[str]) -> Vectors:
        """Return unit vectors of questions, (n_questions, dimension) float32, in order."""
        return self._encode(questions, self._config.query_prompt)

    def token_offsets(self, text: str) -> Sequence[tuple[int, int]]:
        """Return the code-point range of each token of ``text``, without special tokens."""
        with self._lock:
            encoded = self._model.tokenizer(
                without_surrogates(text),
                add_special_tokens=False,
                return_offsets_mapping=True,
                truncation=False,
                verbose=False,
            )
        return [(start, end) for start, end in encoded["offset_mapping"]]

    def _encode(self, texts: Sequence[str], prompt: str) -> Vectors:
        if not texts:
            return np.empty((0, self.dimension), np.float32)
        with self._lock:
            vectors = self._model.encode(
                [without_surrogates(text) for text in texts],
                prompt=prompt,
                batch_size=_BATCH,
                normalize_embeddings=True,
                show_progress_bar=False,
            )
        return np.asarray(vectors, np.float32)
