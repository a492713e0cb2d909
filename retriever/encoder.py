"""Sentence encoder on ONNX Runtime: texts in, unit vectors out, no torch.

Pooling and normalization are part of the graph (see ``export.py``), so this module only
tokenizes, runs, and keeps order. The shipped weights are in ``models/``.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

from answerable.index import (
    ModelFolderInvalid,
    ModelManifest,
    Vectors,
    available_cores,
    load_manifest,
    onnx_errors,
    read_tokenizer,
    without_surrogates,
)

# isort: split
# The index goes first: it keeps ONNX Runtime from reporting to its maker.
import numpy as np
import onnxruntime as ort
from tokenizers import Encoding, Tokenizer

_MODEL_NAME = "model.onnx"
_TOKENIZER_NAME = "tokenizer.json"
# Words have about 5 characters a token; 64 leaves room for any script and any white space,
# and keeps a 1 MB question from being tokenized whole (0.9 s) only to be cut to 256 tokens.
_MAX_CHARS_PER_TOKEN = 64


def default_encoder_folder() -> Path:
    """Return the folder of the encoder that ships with the package."""
    return Path(__file__).parent / "models" / "all-MiniLM-L6-v2-int8"


class OnnxEncoder:
    """A sentence encoder in ONNX format; safe to share between threads.

    Texts are run one per call: INT8 activations are scaled over a whole batch, so in a batch
    a text's vector would depend on its neighbours. No way to batch is faster either: on 300
    Wikipedia paragraphs, batches of up to 4 texts of one length took 1.02 times as long, of up
    to 16 1.17 times, and padded ones longer. Parallelism is across texts instead, one
    single-threaded run per core in one session: a session each is no faster.
    """

    def __init__(
        self,
        manifest: ModelManifest,
        tokenizer: Tokenizer,
        session: ort.InferenceSession,
        threads: int,
    ) -> None:
        """Wrap loaded parts; use ``load`` to get them from a model folder."""
        tokenizer.no_padding()
        tokenizer.no_truncation()
        self.name = manifest.name
        self.sha256 = manifest.sha256
        self.dimension = int(manifest.settings["dimension"])
        self.max_tokens = int(manifest.settings["max_tokens"])
        self._tokenizer = tokenizer
        self._session = session
        self._input_names = frozenset(i.name for i in session.get_inputs())
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="encoder")

    @classmethod
    def load(cls, folder: Path | None = None, threads: int | None = None) -> Self:
        """Load a model folder after checking every file against its manifest.

        Args:
            folder: None for the shipped model.
            threads: texts encoded at once; None for one per available core.

        Raises:
            ModelFolderInvalid: the folder is incomplete or damaged, or holds another kind of
                model.
        """
        folder = folder or default_encoder_folder()
        return cls(
            load_encoder_manifest(folder),
            read_tokenizer(folder / _TOKENIZER_NAME),
            _load_session(folder / _MODEL_NAME),
            threads or available_cores(),
        )

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return unit vectors, (n_texts, dimension) float32, in the order of ``texts``.

        A text longer than ``max_tokens`` is cut at its end; the empty text has a vector too.
        """
        vectors = np.empty((len(texts), self.dimension), np.float32)
        # Long ones first: at the end no thread waits for another's long text.
        order = sorted(range(len(texts)), key=lambda row: -len(texts[row]))
        # A question does not queue behind the texts of an ingest.
        encode_all = map if len(texts) == 1 else self._executor.map
        for row, vector in zip(
            order, encode_all(self._encode_one, (texts[row] for row in order)), strict=True
        ):
            vectors[row] = vector
        return vectors

    def encode_questions(self, questions: Sequence[str]) -> Vectors:
        """Return unit vectors of questions; to this model they are texts like any other."""
        return self.encode(questions)

    def token_offsets(self, text: str) -> Sequence[tuple[int, int]]:
        """Return the code-point range of each token of ``text``, without special tokens."""
        offsets: Sequence[tuple[int, int]] = self._tokenize(text).offsets
        return offsets

    def _encode_one(self, text: str) -> Vectors:
        encoding = self._tokenize(text[: self.max_tokens * _MAX_CHARS_PER_TOKEN])
        encoding.truncate(self.max_tokens - self._tokenizer.num_special_tokens_to_add(False))
        encoding = self._tokenizer.post_process(encoding)
        feeds = {
            "input_ids": np.array([encoding.ids], np.int64),
            "attention_mask": np.array([encoding.attention_mask], np.int64),
            "token_type_ids": np.array([encoding.type_ids], np.int64),
        }
        try:
            (embedding,) = self._session.run(
                ["embedding"], {name: feeds[name] for name in self._input_names}
            )
        except onnx_errors() as exc:
            raise ModelFolderInvalid(f"encoder {self.name!r} cannot be run: {exc}") from exc
        vector: Vectors = embedding[0]
        if vector.shape != (self.dimension,):
            raise ModelFolderInvalid(
                f"encoder {self.name!r} gives vectors of shape {vector.shape}, "
                f"not {self.dimension} numbers"
            )
        return vector

    def _tokenize(self, text: str) -> Encoding:
        return self._tokenizer.encode(without_surrogates(text), add_special_tokens=False)


def load_encoder_manifest(folder: Path) -> ModelManifest:
    """Return what an encoder's folder says of it, its files checked, its model not loaded.

    Raises:
        ModelFolderInvalid: it lacks what an encoder is loaded from, or a file is damaged.
    """
    manifest = load_manifest(folder, "encoder")
    missing = {"dimension", "max_tokens"} - manifest.settings.keys()
    missing |= {_MODEL_NAME, _TOKENIZER_NAME} - manifest.files.keys()
    if missing:
        raise ModelFolderInvalid(f"{folder}: manifest lacks {', '.join(sorted(missing))}")
    return manifest


def _load_session(path: Path) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    # The graph was fused when it was built; what is left takes no time (40 ms to load).
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    # The arena never gives memory back, and without it one text per call is no slower.
    options.enable_cpu_mem_arena = False
    try:
        session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except onnx_errors() as exc:
        raise ModelFolderInvalid(f"{path} cannot be loaded: {exc}") from exc
    inputs = {i.name for i in session.get_inputs()}
    outputs = [o.name for o in session.get_outputs()]
    if not {"input_ids"} <= inputs <= {"input_ids", "attention_mask", "token_type_ids"}:
        raise ModelFolderInvalid(f"{path} is not a sentence encoder: its inputs are {inputs}")
    if "embedding" not in outputs:
        raise ModelFolderInvalid(f"{path} is not a sentence encoder: its outputs are {outputs}")
    return session
