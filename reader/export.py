"""Question-answering folder to an FP32 ONNX reader.

Needs the ``models`` extra (torch, transformers, onnx), imported only when called.
``quantization.py`` takes it from here; ``answerable quantize`` composes both.
"""

import inspect
import warnings
from pathlib import Path

from answerable.index import ModelFolderInvalid

_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
_OUTPUTS = ("start_logits", "end_logits")
_OPSET = 17


def export_reader(folder: Path, target: Path) -> None:
    """Write a ``…ForQuestionAnswering`` folder (config, safetensors) as ONNX.

    The graph takes int64 ``input_ids``, ``attention_mask`` and, where the model has them,
    ``token_type_ids``, and returns float32 ``start_logits`` and ``end_logits``, all
    (batch, length).

    Raises:
        ModelFolderInvalid: the weights cannot be loaded.
    """
    import torch
    from transformers import AutoModelForQuestionAnswering

    class SpanLogits(torch.nn.Module):
        def __init__(self, model: torch.nn.Module) -> None:
            super().__init__()
            self.model = model

        def forward(self, *inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            output = self.model(**dict(zip(_INPUTS, inputs, strict=False)))
            return output.start_logits, output.end_logits

    try:
        model = AutoModelForQuestionAnswering.from_pretrained(
            folder,
            attn_implementation="eager",  # plain matrix products, which the runtime can fuse
            dtype=torch.float32,
            local_files_only=True,
            use_safetensors=True,
        )
    except (OSError, ValueError, KeyError, RuntimeError) as exc:
        raise ModelFolderInvalid(f"{folder} cannot be loaded as a reader: {exc}") from exc
    names = [name for name in _INPUTS if name in inspect.signature(model.forward).parameters]
    example = torch.ones((2, 8), dtype=torch.int64)
    axes = {0: "batch", 1: "length"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer warns of each branch it takes
        torch.onnx.export(
            SpanLogits(model).eval(),
            (example,) * len(names),
            str(target),
            input_names=names,
            output_names=list(_OUTPUTS),
            dynamic_axes=dict.fromkeys((*names, *_OUTPUTS), axes),
            opset_version=_OPSET,
            dynamo=False,  # the newer exporter needs one more package, onnxscript
        )
