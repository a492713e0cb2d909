"""The ONNX session of a masked-language model: token ids in, logits at the masks out."""

from collections.abc import Sequence
from pathlib import Path

from answerable.index import ModelFolderInvalid, onnx_errors

# isort: split
# The index goes first: it keeps ONNX Runtime from reporting to its maker.
import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from ..feeds import INPUT_NAMES, InputForm

_OUTPUT = "logits"


class MaskSession:
    """Runs a masked-language model's ONNX file; safe to share between threads."""

    def __init__(self, model: Path, threads: int) -> None:
        """Load the model.

        Args:
            model: the ONNX file.
            threads: of one text's computation.

        Raises:
            ModelFolderInvalid: it cannot be loaded, or is not a masked-language model.
        """
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3  # errors only: the library logs to stderr
        options.enable_mem_pattern = False  # texts differ in length
        try:
            self._session = ort.InferenceSession(
                str(model), options, providers=["CPUExecutionProvider"]
            )
        except onnx_errors() as exc:
            raise ModelFolderInvalid(
                f"cannot load the masked-language model {model}: {_first_line(exc)}"
            ) from exc
        self._form = InputForm.of(self._session.get_inputs())
        taken = set(self._form.types)
        outputs = [node.name for node in self._session.get_outputs()]
        if not {"input_ids"} <= taken <= set(INPUT_NAMES) or _OUTPUT not in outputs:
            raise ModelFolderInvalid(
                f"{model} is not a masked-language model: it takes {sorted(taken)} and gives "
                f"{sorted(outputs)}, not {_OUTPUT}"
            )

    @property
    def max_tokens(self) -> int | None:
        """The only length that the graph takes, to which texts are padded; None for any."""
        return self._form.length

    def logits(self, token_ids: Sequence[int], positions: Sequence[int]) -> npt.NDArray[np.float32]:
        """Return the logits of the whole vocabulary at some positions: (n_positions, n_words).

        Raises:
            ModelFolderInvalid: the model fails on the text.
        """
        ids = np.array(token_ids, dtype=np.int64)
        try:
            (found,) = self._session.run([_OUTPUT], self._form.feeds(ids, np.zeros_like(ids)))
        except onnx_errors() as exc:
            raise ModelFolderInvalid(
                f"the masked-language model cannot be run: {_first_line(exc)}"
            ) from exc
        if found.ndim != 3 or found.shape[1] != (self.max_tokens or len(ids)):
            raise ModelFolderInvalid(
                f"the masked-language model gives logits of shape {found.shape} for "
                f"{len(ids)} tokens"
            )
        at_masks: npt.NDArray[np.float32] = found[0, list(positions)].astype(np.float32)
        return at_masks


def _first_line(exc: Exception) -> str:
    return str(exc).splitlines()[0] if str(exc) else type(exc).__name__
