"""The reader's ONNX session: windows in, logits out.

One window a call, several calls at once on single-threaded operators: on a CPU
this beats a padded batch, because attention is never computed over padding.
A model with golden logits beside it is checked when it is loaded, and where
this processor computes 8-bit products otherwise, the same weights run in FP32.
"""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from answerable.index import ModelFolderInvalid, StopSignal, stop_signal

# isort: split
# The index goes first: it keeps ONNX Runtime from reporting to its maker.
import numpy as np
import numpy.typing as npt
import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from .golden import load_golden
from .spans import Logits
from .windows import Window

FALLBACK_NAME = "fallback.onnx"

_INPUTS = {"input_ids", "attention_mask", "token_type_ids", "position_ids"}
_INTEGERS = {"tensor(int64)": np.int64, "tensor(int32)": np.int32}
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

logger = logging.getLogger(__name__)


class ReaderSession:
    """Runs a question-answering ONNX model; safe to share between threads.

    Attributes:
        is_fallback: the model gave other logits than when it was built, so its weights are
            run in FP32.
    """

    def __init__(self, model: Path, threads: int) -> None:
        """Load the model, and check it against the golden logits beside it, if any.

        Args:
            model: the ONNX file.
            threads: windows read at the same time.

        Raises:
            ModelFolderInvalid: the file is not a model that this can run, or gives other
                logits than when it was built and has no fallback.
        """
        self.is_fallback = False
        self._load(model)
        self._check(model)
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="reader")

    def logits(self, windows: Sequence[Window]) -> list[tuple[Logits, Logits]]:
        """Return start and end logits, each (n_tokens,) float32, of every window in order.

        Raises:
            ModelFolderInvalid: the model fails on them.
            WorkStopped: the caller gave up meanwhile; the windows left are not run.
        """
        run = partial(self._run_window, stop_signal())  # of this thread, not of the pool's
        try:
            return list(self._pool.map(run, windows))
        except _ORT_ERRORS as exc:
            raise ModelFolderInvalid(f"the reader cannot be run: {_first_line(exc)}") from exc

    def _load(self, model: Path) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3  # errors only: the library logs to stderr
        # Plans of memory are by input shape, and windows differ in length: no gain was measured.
        options.enable_mem_pattern = False
        # Multiply the fallback's codes out once, when it is loaded, and never back into 8 bits.
        options.add_session_config_entry("session.disable_quant_qdq", "1")
        # The graph was fused when it was built; more passes only delay the first answer.
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
        try:
            self._session = ort.InferenceSession(
                str(model), options, providers=["CPUExecutionProvider"]
            )
        except _ORT_ERRORS as exc:
            raise ModelFolderInvalid(f"cannot load the reader {model}: {_first_line(exc)}") from exc
        nodes = self._session.get_inputs()
        self._inputs = {node.name: _INTEGERS.get(node.type, np.int64) for node in nodes}
        self._length = _fixed_length(nodes[0].shape) if nodes else None
        outputs = {node.name for node in self._session.get_outputs()}
        if not self._inputs.keys() <= _INPUTS or not outputs >= set(_OUTPUTS):
            raise ModelFolderInvalid(
                f"{model} is not a reader: it takes {sorted(self._inputs)} and gives "
                f"{sorted(outputs)}, not {' and '.join(_OUTPUTS)}"
            )

    def _check(self, model: Path) -> None:
        """Compare with the golden logits, and change to the fallback where they differ."""
        golden = load_golden(model.parent)
        if golden is None:
            return
        try:
            difference = golden.largest_difference(self._run)
        except (*_ORT_ERRORS, ValueError, OverflowError) as exc:  # of another shape, or no ids
            raise ModelFolderInvalid(
                f"the reader {model} cannot be run on its golden windows: {_first_line(exc)}"
            ) from exc
        if difference <= golden.tolerance:
            return
        fallback = model.parent / FALLBACK_NAME
        if not fallback.is_file():
            raise ModelFolderInvalid(
                f"{model} gives other logits here than when it was built (by {difference:.2f}, "
                f"at most {golden.tolerance:.2f} is rounding), and {FALLBACK_NAME} is missing; "
                f'make it anew with "answerable quantize"'
            )
        logger.warning(
            "the INT8 reader is off by %.2f logits on this processor (at most %.2f is rounding); "
            "its weights are run in FP32, which is right but slower",
            difference,
            golden.tolerance,
        )
        self.is_fallback = True
        self._load(fallback)

    def _run_window(self, signal: StopSignal, window: Window) -> tuple[Logits, Logits]:
        signal.check()
        return self._run(window.token_ids, window.type_ids)

    def _run(
        self, token_ids: npt.NDArray[np.int64], type_ids: npt.NDArray[np.int64]
    ) -> tuple[Logits, Logits]:
        n_tokens, length = len(token_ids), self._length or len(token_ids)
        values = {
            "input_ids": token_ids,
            "attention_mask": np.ones(n_tokens, np.int64),
            "token_type_ids": type_ids,
        }
        feeds = {"position_ids": np.arange(length)} | {
            name: np.pad(value, (0, length - n_tokens)) for name, value in values.items()
        }
        start_logits, end_logits = self._session.run(
            _OUTPUTS, {name: feeds[name][None].astype(kind) for name, kind in self._inputs.items()}
        )
        return start_logits[0, :n_tokens], end_logits[0, :n_tokens]


def _fixed_length(shape: Sequence[object]) -> int | None:
    """Return the only length that a graph takes, to which windows are then padded."""
    return shape[1] if len(shape) == 2 and isinstance(shape[1], int) else None


def _first_line(exc: Exception) -> str:
    return str(exc).splitlines()[0] if str(exc) else type(exc).__name__
