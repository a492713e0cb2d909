"""The reader's OpenVINO session: windows in, logits out, as ``session`` does with ONNX Runtime.

For models that come as OpenVINO IR, above all INT8 ones that its tools made: they are run by
its own CPU plugin, on the weights as they are. Needs the extra ``openvino``.
"""

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from answerable.index import ModelFolderInvalid, StopSignal, stop_signal

from .feeds import InputForm
from .importing.ir_files import check_ir
from .spans import Logits
from .windows import Window

# What exporters call them. Source: Open Model Zoo's model.yml files, and TensorFlow's BERT.
_INPUTS = {
    "input_ids": ("input_ids", "input_word_ids", "input.1"),
    "attention_mask": ("attention_mask", "input_mask"),
    "token_type_ids": ("token_type_ids", "segment_ids", "input_type_ids"),
    "position_ids": ("position_ids",),
}
_OUTPUTS = {
    "start": ("output_s", "start_logits", "start_token_logits"),
    "end": ("output_e", "end_logits", "end_token_logits"),
}


class OpenVinoSession:
    """Runs a question-answering IR on the CPU; safe to share between threads.

    Attributes:
        facts: what its files say.
        fixed_length: the only number of tokens that it takes, to which windows are padded; None if
            it takes any.
    """

    def __init__(self, model: Path, threads: int) -> None:
        """Load the model.

        Args:
            model: the ``.xml``; the ``.bin`` of the same name lies beside it.
            threads: windows read at the same time.

        Raises:
            ModelFolderInvalid: the files are no model that this can run, or the extra
                ``openvino`` is not installed.
        """
        self.facts = check_ir(model, model.with_suffix(".bin"))
        self._load(model, threads)
        self._of_thread = threading.local()
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="reader")

    def logits(self, windows: Sequence[Window]) -> list[tuple[Logits, Logits]]:
        """Return start and end logits, each (n_tokens,) float32, of every window in order.

        Raises:
            ModelFolderInvalid: the model fails on them.
            WorkStopped: the caller gave up meanwhile; the windows left are not run.
        """
        run = partial(self._run, stop_signal())  # of this thread, not of the pool's
        try:
            return list(self._pool.map(run, windows))
        except RuntimeError as exc:  # all that the library raises
            raise ModelFolderInvalid(f"the reader cannot be run: {_first_line(exc)}") from exc

    def _load(self, model: Path, threads: int) -> None:
        try:
            import openvino
        except ModuleNotFoundError as exc:
            raise ModelFolderInvalid(
                f"{model} is run by OpenVINO, which is missing: pip install '.[openvino]' in the clone"
            ) from exc
        settings = {
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": threads,  # one window on each core
            "INFERENCE_PRECISION_HINT": "f32",  # else processors with bfloat16 would round to it
        }
        try:
            self._model = openvino.Core().compile_model(str(model), "CPU", settings)
        except (RuntimeError, ValueError, TypeError) as exc:
            raise ModelFolderInvalid(f"cannot load the reader {model}: {_first_line(exc)}") from exc
        inputs = {_match(port, _INPUTS): port for port in self._model.inputs}
        outputs = {_match(port, _OUTPUTS): port for port in self._model.outputs}
        if (
            "" in inputs
            or len(inputs) < len(self._model.inputs)
            or "input_ids" not in inputs
            or not outputs.keys() >= _OUTPUTS.keys()
        ):
            given = [sorted(_names(port)) for port in (*self._model.inputs, *self._model.outputs)]
            raise ModelFolderInvalid(
                f"{model} is not a reader: its inputs and outputs are {given}, not input_ids, "
                "attention_mask, token_type_ids (and position_ids) and output_s, output_e"
            )
        self._inputs = inputs
        self._outputs = outputs["start"], outputs["end"]
        length = inputs["input_ids"].get_partial_shape()[1]
        self.fixed_length = length.get_length() if length.is_static else None
        types = {name: port.get_element_type().to_dtype() for name, port in inputs.items()}
        self._form = InputForm(types, self.fixed_length)

    def _run(self, signal: StopSignal, window: Window) -> tuple[Logits, Logits]:
        signal.check()
        n_tokens = len(window.token_ids)
        if self.fixed_length is not None and n_tokens > self.fixed_length:
            raise ModelFolderInvalid(
                f"the reader takes {self.fixed_length} tokens, not windows of {n_tokens}"
            )
        n_read = n_tokens - window.n_padding
        feeds = self._form.feeds(window.token_ids, window.type_ids, n_read)
        if not hasattr(self._of_thread, "request"):
            self._of_thread.request = self._model.create_infer_request()
        results = self._of_thread.request.infer(
            {port: feeds[name] for name, port in self._inputs.items()}
        )
        start, end = (
            np.array(results[port], np.float32).reshape(-1)[:n_tokens] for port in self._outputs
        )
        return start, end


def _match(port: Any, known: Mapping[str, Sequence[str]]) -> str:
    """Return which of the known inputs or outputs a port is, by any of its names, or ""."""
    names = _names(port)
    return next((name for name, aliases in known.items() if names & set(aliases)), "")


def _names(port: Any) -> set[str]:
    """Return a port's names; old files name only the operation that makes an output."""
    node = port.get_node()
    names = set(port.get_names()) | {node.get_friendly_name()}
    if node.get_type_name() == "Result":
        source = node.input_value(0)
        names |= set(source.get_names()) | {source.get_node().get_friendly_name()}
    return {name.removesuffix("/sink_port_0") for name in names}


def _first_line(exc: Exception) -> str:
    lines = [line for line in str(exc).splitlines() if line.strip()]
    return lines[-1].strip() if lines else type(exc).__name__
