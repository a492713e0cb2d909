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

from answerable.index import ModelFolderInvalid, StopSignal, onnx_errors, stop_signal

# isort: split
# The index goes first: it keeps ONNX Runtime from reporting to its maker.
import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from .feeds import INPUT_NAMES, InputForm
from .golden import load_golden
from .spans import Logits
from .windows import Window

FALLBACK_NAME = "fallback.onnx"

_OUTPUTS = ["start_logits", "end_logits"]
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

    @property
    def fixed_length(self) -> int | None:
        """The number of tokens to which every window is padded; None if none is."""
        return self._form.length

    def logits(self, windows: Sequence[Window]) -> list[tuple[Logits, Logits]]:
        """Return start and end logits, each (n_tokens,) float32, of every window in order.

        A model without a mask cannot overlook padding: it reads windows without theirs, and
        the logits are that much shorter.

        Raises:
            ModelFolderInvalid: the model fails on them.
            WorkStopped: the caller gave up meanwhile; the windows left are not run.
        """
        run = partial(self._run_window, stop_signal())  # of this thread, not of the pool's
        try:
            return list(self._pool.map(run, windows))
        except onnx_errors() as exc:
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
        except onnx_errors() as exc:
            raise ModelFolderInvalid(f"cannot load the reader {model}: {_first_line(exc)}") from exc
        self._form = InputForm.of(self._session.get_inputs())
        outputs = {node.name for node in self._session.get_outputs()}
        if not self._form.types.keys() <= set(INPUT_NAMES) or not outputs >= set(_OUTPUTS):
            raise ModelFolderInvalid(
                f"{model} is not a reader: it takes {sorted(self._form.types)} and gives "
                f"{sorted(outputs)}, not {' and '.join(_OUTPUTS)}"
            )

    def _check(self, model: Path) -> None:
        """Compare with the golden logits, and change to the fallback where they differ."""
        golden = load_golden(model.parent)
        if golden is None:
            return
        # Golden windows may be of another shape, or hold no ids.
        refusals: tuple[type[Exception], ...] = (*onnx_errors(), ValueError, OverflowError)
        try:
            difference = golden.largest_difference(self._run)
        except refusals as exc:
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
        n_read = len(window.token_ids) - window.n_padding
        if "attention_mask" not in self._form.types:
            return self._run(window.token_ids[:n_read], window.type_ids[:n_read])
        return self._run(window.token_ids, window.type_ids, n_read)

    def _run(
        self,
        token_ids: npt.NDArray[np.int64],
        type_ids: npt.NDArray[np.int64],
        n_read: int | None = None,
    ) -> tuple[Logits, Logits]:
        n_tokens = len(token_ids)
        start_logits, end_logits = self._session.run(
            _OUTPUTS, self._form.feeds(token_ids, type_ids, n_read)
        )
        return start_logits[0, :n_tokens], end_logits[0, :n_tokens]


def _first_line(exc: Exception) -> str:
    return str(exc).splitlines()[0] if str(exc) else type(exc).__name__
