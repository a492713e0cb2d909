"""Sentence Transformers folder to an FP32 ONNX encoder, pooling and normalization included.

Needs the ``models`` extra (torch, sentence-transformers, onnx), imported only when called.
The quantizer takes it from here; ``answerable quantize`` composes both.
"""

import inspect
import json
import warnings
from dataclasses import dataclass
from pathlib import Path

from answerable.index import ModelFolderInvalid

from .folders.configuration import FolderConfig, read_configuration

_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
_OPSET = 17
# Of different lengths, so that padding takes part.
_SAMPLES = ["leave", "How many days of leave are there?", "The office opens at nine. " * 8]
_MIN_COSINE = 0.9999  # what rounding leaves; another pooling or a missing prompt falls far below


@dataclass(frozen=True, slots=True)
class EncoderSettings:
    """What a Sentence Transformers folder says of how its model must be run.

    Attributes:
        dimension: length of a vector.
        max_tokens: longest text, special tokens included.
        pooling: ``"mean"`` or ``"cls"``, over the last hidden states.
        normalize: always true here, since the index compares unit vectors.
    """

    dimension: int
    max_tokens: int
    pooling: str
    normalize: bool = True


def encoder_settings(folder: Path) -> EncoderSettings:
    """Read pooling, length and dimension from a Sentence Transformers folder.

    Raises:
        ModelFolderInvalid: a file is missing, or says what it cannot mean, or the model pools,
            projects or prompts in a way that cannot be exported.
    """
    config = _exportable(folder)
    if config.transformer != folder:
        raise ModelFolderInvalid(f"{folder}: the model must lie in the folder itself")
    return EncoderSettings(
        dimension=config.width, max_tokens=config.max_tokens, pooling=config.pooling[0]
    )


def copy_settings(source: Path, folder: Path, max_tokens: int) -> bool:
    """Write into ``folder`` what a Sentence Transformers folder says of pooling and length.

    Only what is known is copied, so that nothing of a stranger's folder reaches the library.

    Args:
        source: the stranger's folder.
        folder: exists; gets ``modules.json`` and the settings beside it.
        max_tokens: the longest input of the model.

    Returns:
        Whether texts are lower-cased before the tokenizer sees them.

    Raises:
        ModelFolderInvalid: it pools, projects or prompts in a way that cannot be exported.
    """
    config = _exportable(source)
    kinds = {"": "Transformer", "1_Pooling": "Pooling", "2_Normalize": "Normalize"}
    modules = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for i, (path, kind) in enumerate(kinds.items())
    ]
    pooling = {
        "word_embedding_dimension": config.width,
        "pooling_mode_cls_token": config.pooling == ("cls",),
        "pooling_mode_mean_tokens": config.pooling == ("mean",),
    }
    limits = {"max_seq_length": min(config.max_tokens, max_tokens), "do_lower_case": False}
    (folder / "1_Pooling").mkdir()
    for name, value in (
        ("modules.json", modules),
        ("1_Pooling/config.json", pooling),
        ("sentence_bert_config.json", limits),
    ):
        (folder / name).write_text(json.dumps(value), encoding="utf-8")
    return config.is_lower_cased


def export_encoder(folder: Path, target: Path, settings: EncoderSettings) -> None:
    """Write the model of a Sentence Transformers folder as ONNX with output ``embedding``.

    The graph takes int64 ``input_ids``, ``attention_mask`` and, where the model has them,
    ``token_type_ids``, each (batch, length), and returns unit vectors (batch, dimension).

    Raises:
        ModelFolderInvalid: the weights cannot be loaded, or the graph gives other vectors
            than Sentence Transformers does.
    """
    import torch
    from transformers import AutoModel

    class SentenceEncoder(torch.nn.Module):
        def __init__(self, backbone: torch.nn.Module) -> None:
            super().__init__()
            self.backbone = backbone

        def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
            features = dict(zip(_INPUTS, inputs, strict=False))
            hidden = self.backbone(**features).last_hidden_state  # (batch, length, dimension)
            if settings.pooling == "cls":
                pooled = hidden[:, 0]
            else:
                weights = features["attention_mask"].unsqueeze(-1).to(hidden.dtype)
                pooled = (hidden * weights).sum(1) / weights.sum(1)
            return torch.nn.functional.normalize(pooled, dim=1)

    try:
        backbone = AutoModel.from_pretrained(
            folder,
            attn_implementation="eager",  # plain matrix products, which the runtime can fuse
            dtype=torch.float32,
            local_files_only=True,
            use_safetensors=True,
        )
    except (OSError, ValueError, KeyError, RuntimeError) as exc:
        raise ModelFolderInvalid(f"{folder} cannot be loaded as a model: {exc}") from exc
    # A table of one segment, or none, is nothing to choose from.
    unused = set() if getattr(backbone.config, "type_vocab_size", 0) > 1 else {"token_type_ids"}
    takes = inspect.signature(backbone.forward).parameters
    names = [name for name in _INPUTS if name in takes and name not in unused]
    example = torch.ones((2, 8), dtype=torch.int64)
    axes = {0: "batch", 1: "length"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer warns of each branch it takes
        torch.onnx.export(
            SentenceEncoder(backbone).eval(),
            (example,) * len(names),
            str(target),
            input_names=names,
            output_names=["embedding"],
            dynamic_axes=dict.fromkeys(names, axes) | {"embedding": {0: "batch"}},
            opset_version=_OPSET,
            dynamo=False,  # the newer exporter needs one more package, onnxscript
        )
    _check_against_library(folder, target)


def _check_against_library(folder: Path, exported: Path) -> None:
    """Compare the graph with the vectors that Sentence Transformers itself gives."""
    import onnxruntime as ort
    from sentence_transformers import SentenceTransformer

    try:
        original = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as exc:
        raise ModelFolderInvalid(f"{folder} cannot be loaded as an encoder: {exc}") from exc
    expected = original.encode(_SAMPLES, normalize_embeddings=True, show_progress_bar=False)
    tokens = original.preprocess(_SAMPLES)
    session = ort.InferenceSession(str(exported), providers=["CPUExecutionProvider"])
    feeds = {node.name: tokens[node.name].numpy() for node in session.get_inputs()}
    (actual,) = session.run(["embedding"], feeds)
    lowest = float((actual * expected).sum(axis=1).min())
    if lowest < _MIN_COSINE:
        raise ModelFolderInvalid(
            f"{folder}: the exported model differs from Sentence Transformers (cosine {lowest:.4f})"
        )


def _exportable(folder: Path) -> FolderConfig:
    """Read a folder whose model can be exported with its pooling, as one graph.

    Raises:
        ModelFolderInvalid: it cannot, or the folder cannot be read.
    """
    config = read_configuration(folder)
    reason = config.unknown or ("a dense layer" if config.dense else "")
    if config.query_prompt or config.passage_prompt:
        reason = "prompts before its texts"
    if len(config.pooling) != 1 or config.pooling[0] not in ("mean", "cls"):
        reason = f"pooling {', '.join(config.pooling)}"
    if reason:
        raise ModelFolderInvalid(
            f"{folder} has {reason}, which an exported folder has no place for: use it as it is, "
            "with an ONNX file of its own (docs/encoders.md)"
        )
    return config
