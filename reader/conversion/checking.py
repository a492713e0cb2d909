"""Is a converted model the model it was made of? The same logits, or no output.

FP32 is held to rounding: 1e-4 of a logit, or a hundred-thousandth of the largest logit where that
is more, which single precision over two dozen layers needs. INT8 is another function, and has
checks of its own (``golden``, and the cosine that ``reader_export`` returns).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from answerable.index import ModelFolderInvalid

from ..feeds import Ids, InputForm, Outputs, Run, has_token_types

Inputs = tuple[Ids, Ids]
"""Token ids and type ids of one window, (n_tokens,) each."""

TOLERANCE = 1e-4
_RELATIVE_TOLERANCE = 1e-5
_LENGTHS = (8, 33, 128)
_SEED = 0


def random_inputs(vocab_size: int, max_tokens: int, has_types: bool) -> list[Inputs]:
    """Return windows of random tokens, the longest as long as the model may be asked."""
    random = np.random.default_rng(_SEED)
    lengths = sorted({min(length, max_tokens) for length in (*_LENGTHS, max_tokens)})
    return [
        (
            random.integers(0, vocab_size, length),
            (np.arange(length) > length // 3).astype(np.int64) * has_types,
        )
        for length in lengths
    ]


def torch_run(model: Any, outputs: Sequence[str]) -> Run:
    """Return a transformers model as a function of one window."""
    import torch

    takes_types = has_token_types(model)

    def run(token_ids: Ids, type_ids: Ids) -> Outputs:
        feeds = {"input_ids": token_ids, "attention_mask": np.ones_like(token_ids)}
        if takes_types:
            feeds["token_type_ids"] = type_ids
        with torch.no_grad():
            given = model(**{name: torch.from_numpy(value[None]) for name, value in feeds.items()})
        return [given[name][0].numpy() for name in outputs]

    return run


def onnx_run(path: Path, outputs: Sequence[str]) -> Run:
    """Return an ONNX model of ours as a function of one window; outputs without padding."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    form = InputForm.of(session.get_inputs())

    def run(token_ids: Ids, type_ids: Ids) -> Outputs:
        given = session.run(list(outputs), form.feeds(token_ids, type_ids))
        return [value[0, : len(token_ids)] for value in given]

    return run


def check_same(expected: Run, actual: Run, inputs: Sequence[Inputs], what: str) -> float:
    """Compare two models on windows and return how far apart a value is at most.

    Raises:
        ModelFolderInvalid: they differ by more than rounding.
    """
    largest = 0.0
    for each in inputs:
        for a, b in zip(expected(*each), actual(*each), strict=True):
            difference = float(np.abs(a - b).max()) if a.shape == b.shape else float("inf")
            allowed = max(TOLERANCE, _RELATIVE_TOLERANCE * float(np.abs(a).max()))
            if not difference <= allowed:  # a NaN is no agreement
                raise ModelFolderInvalid(
                    f"{what}: the converted model gives other values than its source (by "
                    f"{difference:.2g}, at most {allowed:.2g} is rounding); nothing was written"
                )
            largest = max(largest, difference)
    return largest
