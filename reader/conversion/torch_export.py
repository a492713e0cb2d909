"""A transformers model to ONNX, through PyTorch's tracer. Needs the ``models`` extra."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from answerable.index import ModelFolderInvalid

from ..feeds import has_token_types

_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
_OPSET = 17
_WHAT = {"QuestionAnswering": "a reader", "MaskedLM": "a masked-language model"}


def load_library_model(folder: Path, task: Literal["QuestionAnswering", "MaskedLM"]) -> Any:
    """Load a folder with ``config.json`` and ``model.safetensors``, in FP32, ready to run.

    Raises:
        ModelFolderInvalid: it cannot be loaded for the task.
    """
    import torch
    import transformers

    try:
        model = getattr(transformers, f"AutoModelFor{task}").from_pretrained(
            folder,
            attn_implementation="eager",  # plain matrix products, which the runtime can fuse
            dtype=torch.float32,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
        )
    except (OSError, ValueError, KeyError, RuntimeError) as exc:
        raise ModelFolderInvalid(f"{folder} cannot be loaded as {_WHAT[task]}: {exc}") from exc
    return model.eval()


def trace_model(model: Any, outputs: Sequence[str], target: Path) -> None:
    """Write a model as ONNX.

    The graph takes int64 ``input_ids``, ``attention_mask`` and, where the model tells segments
    apart, ``token_type_ids``, (batch, length), and returns the named outputs.

    Args:
        model: of ``load_library_model``.
        outputs: names of its outputs, whose first axes are (batch, length).
        target: the file to write.
    """
    import torch

    class Named(torch.nn.Module):
        def __init__(self, model: torch.nn.Module) -> None:
            super().__init__()
            self.model = model

        def forward(self, *inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
            given = self.model(**dict(zip(_INPUTS, inputs, strict=False)))
            return tuple(given[name] for name in outputs)

    names = _INPUTS if has_token_types(model) else _INPUTS[:2]
    example = torch.ones((2, 8), dtype=torch.int64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer warns of each branch it takes
        torch.onnx.export(
            Named(model).eval(),
            (example,) * len(names),
            str(target),
            input_names=list(names),
            output_names=list(outputs),
            dynamic_axes={name: {0: "batch", 1: "length"} for name in (*names, *outputs)},
            opset_version=_OPSET,
            dynamo=False,  # the newer exporter needs one more package, onnxscript
        )
