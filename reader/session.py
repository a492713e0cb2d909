"""The reader's ONNX session: windows in, logits out.

One window a call, several calls at once on single-threaded operators: on a CPU
this beats a padded batch, because attention is never computed over padding.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime

from answerable.index import ModelFolderInvalid

from .spans import Logits
from .windows import Window


class ReaderSession:
    """Runs a question-answering ONNX model with outputs start_logits and end_logits."""

    def __init__(self, model: Path, threads: int) -> None:
        """Load the model.

        Args:
            model: the ONNX file.
            threads: windows read at the same time.

        Raises:
            ModelFolderInvalid: the file is not a model that this can run.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3  # errors only: the library logs to stderr
        try:
            self._session = onnxruntime.InferenceSession(
                str(model), options, providers=["CPUExecutionProvider"]
            )
        except Exception as exc:  # onnxruntime has no common base for its load errors
            raise ModelFolderInvalid(f"cannot load the reader {model}: {_first_line(exc)}") from exc
        self._inputs = {node.name for node in self._session.get_inputs()}
        outputs = {node.name for node in self._session.get_outputs()}
        if not {"start_logits", "end_logits"} <= outputs:
            raise ModelFolderInvalid(f"{model} gives {sorted(outputs)}, not start and end logits")
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="reader")

    def logits(self, windows: Sequence[Window]) -> list[tuple[Logits, Logits]]:
        """Return start and end logits, each (n_tokens,) float32, of every window in order."""
        return list(self._pool.map(self._run, windows))

    def _run(self, window: Window) -> tuple[Logits, Logits]:
        feeds = {
            "input_ids": window.token_ids[None],
            "attention_mask": np.ones((1, len(window.token_ids)), dtype=np.int64),
            "token_type_ids": window.type_ids[None],
        }
        feeds = {name: array for name, array in feeds.items() if name in self._inputs}
        start_logits, end_logits = self._session.run(["start_logits", "end_logits"], feeds)
        return start_logits[0], end_logits[0]


def _first_line(exc: Exception) -> str:
    return str(exc).splitlines()[0] if str(exc) else type(exc).__name__
