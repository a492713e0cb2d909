"""The ONNX session of a masked-language model: token ids in, logits at the masks out."""

from collections.abc import Sequence
from pathlib import Path

from answerable.index import ModelFolderInvalid

# isort: split
# The index goes first: it keeps ONNX Runtime from reporting to its maker.
import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from ..session import _ORT_ERRORS as ORT_ERRORS
from ..session import _first_line as first_line

_INPUTS = {"input_ids", "attention_mask", "token_type_ids"}
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
        except ORT_ERRORS as exc:
            raise ModelFolderInvalid(
                f"cannot load the masked-language model {model}: {first_line(exc)}"
            ) from exc
        self._inputs = {node.name for node in self._session.get_inputs()}
        outputs = [node.name for node in self._session.get_outputs()]
        if not {"input_ids"} <= self._inputs <= _INPUTS or _OUTPUT not in outputs:
            raise ModelFolderInvalid(
                f"{model} is not a masked-language model: it takes {sorted(self._inputs)} and "
                f"gives {sorted(outputs)}, not {_OUTPUT}"
            )

    def logits(self, token_ids: Sequence[int], positions: Sequence[int]) -> npt.NDArray[np.float32]:
        """Return the logits of the whole vocabulary at some positions: (n_positions, n_words).

        Raises:
            ModelFolderInvalid: the model fails on the text.
        """
        ids = np.array([token_ids], dtype=np.int64)
        feeds = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
        }
        try:
            (found,) = self._session.run([_OUTPUT], {name: feeds[name] for name in self._inputs})
        except ORT_ERRORS as exc:
            raise ModelFolderInvalid(
                f"the masked-language model cannot be run: {first_line(exc)}"
            ) from exc
        if found.ndim != 3 or found.shape[1] != ids.shape[1]:
            raise ModelFolderInvalid(
                f"the masked-language model gives logits of shape {found.shape} for "
                f"{ids.shape[1]} tokens"
            )
        at_masks: npt.NDArray[np.float32] = found[0, list(positions)].astype(np.float32)
        return at_masks
