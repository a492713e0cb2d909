"""The reader's ONNX session: windows in, logits out.

One window a call, several calls at once on single-threaded operators: on a CPU
this beats a padded batch, because attention is never computed over padding.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from answerable.index import ModelFolderInvalid

# isort: split
# The index goes first: it keeps ONNX Runtime from reporting to its maker.
import numpy as np
import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from .spans import Logits
from .windows import Window

_INPUTS = {"input_ids", "attention_mask", "token_type_ids"}
_OUTPUTS = ["start_logits", "end_logits"]
_ORT_ERRORS = (
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NoSuchFile,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
)


class ReaderSession:
    """Runs a question-answering ONNX model; safe to share between threads."""

    def __init__(self, model: Path, threads: int) -> None:
        """Load the model.

        Args:
            model: the ONNX file.
            threads: windows read at the same time.

        Raises:
            ModelFolderInvalid: the file is not a model that this can run.
        """
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3  # errors only: the library logs to stderr
        # The graph was fused when it was built; more passes only delay the first answer.
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
        try:
            self._session = ort.InferenceSession(
                str(model), options, providers=["CPUExecutionProvider"]
            )
        except _ORT_ERRORS as exc:
            raise ModelFolderInvalid(f"cannot load the reader {model}: {_first_line(exc)}") from exc
        self._inputs = {node.name for node in self._session.get_inputs()}
        outputs = {node.name for node in self._session.get_outputs()}
        if not self._inputs <= _INPUTS or not outputs >= set(_OUTPUTS):
            raise ModelFolderInvalid(
                f"{model} is not a reader: it takes {sorted(self._inputs)} and gives "
                f"{sorted(outputs)}, not {' and '.join(_OUTPUTS)}"
            )
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="reader")

    def logits(self, windows: Sequence[Window]) -> list[tuple[Logits, Logits]]:
        """Return start and end logits, each (n_tokens,) float32, of every window in order.

        Raises:
            ModelFolderInvalid: the model fails on them.
        """
        try:
            return list(self._pool.map(self._run, windows))
        except _ORT_ERRORS as exc:
            raise ModelFolderInvalid(f"the reader cannot be run: {_first_line(exc)}") from exc

    def _run(self, window: Window) -> tuple[Logits, Logits]:
        feeds = {
            "input_ids": window.token_ids[None],
            "attention_mask": np.ones((1, len(window.token_ids)), dtype=np.int64),
            "token_type_ids": window.type_ids[None],
        }
        start_logits, end_logits = self._session.run(
            _OUTPUTS, {name: feeds[name] for name in self._inputs}
        )
        return start_logits[0], end_logits[0]


def _first_line(exc: Exception) -> str:
    return str(exc).splitlines()[0] if str(exc) else type(exc).__name__
