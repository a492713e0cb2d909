"""From a trained model's folder to the INT8 ONNX folder that Answerable runs.

Composes the exports of ``retriever`` and ``reader`` with the quantizer; behind
``answerable quantize``. Needs the ``models`` extra.
"""

import importlib.util
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from answerable.index import (
    AnswerableError,
    ModelFolderInvalid,
    ModelManifest,
    sha256_of_file,
    write_manifest,
)
from answerable.reader.conversion.encoder_export import is_known_encoder, write_bert_encoder
from answerable.reader.conversion.masked_export import masked_lm_settings, write_masked_lm
from answerable.reader.conversion.quantization import (
    BertQuantization,
    QuantizationConfig,
    fuse_onnx,
    quantize_onnx,
)
from answerable.reader.conversion.reader_export import (
    MODEL_NAME,
    BuildChoices,
    Progress,
    write_reader,
)
from answerable.reader.importing import architecture_of
from answerable.retriever.export import encoder_settings, export_encoder

ModelKind = Literal["encoder", "masked-lm", "reader"]

# benchmarks/encoder_fidelity.py and quantization.py measured them; LOG.md holds the others.
_OTHER_ENCODERS = QuantizationConfig()
_BEST_MEASURED = BertQuantization()
_TOKENIZER_NAME = "tokenizer.json"
_EXTRA_MODULES = ("torch", "transformers", "onnx")
_READER_MAX_SEQ_TOKENS = 384
_READER_MAX_QUESTION_TOKENS = 64
_MASKED_MAX_SEQ_TOKENS = 512
# Between FP32 and INT8 outputs on one sample; sound models stay above 0.98, broken ones
# (overflowing weights, a wrong graph) fall far below.
_MIN_AGREEMENT = 0.95
_SAMPLE_LENGTHS = (2, 7, 40, 128)


@dataclass(frozen=True, slots=True)
class BuiltModel:
    """A finished model folder and how well it agrees with FP32.

    Attributes:
        agreement: lowest cosine between its outputs and FP32's over the samples.
    """

    folder: Path
    manifest: ModelManifest
    agreement: float
    size_bytes: int


def build_model(
    source: Path,
    out: Path,
    *,
    name: str,
    licence: str,
    origin: str,
    settings: Mapping[str, Any] | None = None,
    provenance: Mapping[str, Any] | None = None,
    weight_bits: int | None = None,
    keep_fp32: Sequence[str] = (),
    fp32: bool = False,
    on_step: Progress = lambda done, total, name: None,
) -> BuiltModel:
    """Quantize the model in ``source`` into the new folder ``out``.

    Args:
        source: a Hugging Face or Sentence Transformers folder with ``config.json``,
            ``model.safetensors`` and ``tokenizer.json``.
        out: must not exist yet, or be empty; it appears whole or not at all.
        name: for people; goes into the manifest.
        licence: SPDX expression of the weights.
        origin: what the weights were made from; the manifest's ``source``.
        settings: added to the manifest's settings; they go before the kind's own.
        provenance: the manifest's, of a model that was imported.
        weight_bits: 7 or 8; None for what measured best for the kind.
        keep_fp32: patterns of names of modules that are not quantized.
        fp32: quantize nothing; the folder then holds the model to compare with.
        on_step: called with steps done, steps in all and the next step's name.

    Raises:
        ModelFolderInvalid: ``source`` is incomplete, ``out`` is taken, or the INT8 model
            does not agree with the FP32 one.
        AnswerableError: the ``models`` extra is not installed, or a pattern of
            ``keep_fp32`` fits no module.
    """
    require_extra()
    choices = BuildChoices(weight_bits, tuple(keep_fp32), fp32)
    kind, defaults = _describe(source)
    defaults |= settings or {}

    def write(folder: Path, scratch: Path) -> float:
        if kind == "encoder":
            return _write_encoder(source, folder, scratch, choices, on_step)
        limit = defaults["max_seq_tokens"]
        if kind == "masked-lm":
            return write_masked_lm(
                source, folder, scratch, max_seq_tokens=limit, choices=choices, on_step=on_step
            )
        return write_reader(
            source,
            folder,
            scratch,
            config=_config(source),
            max_seq_tokens=limit,
            best=_BEST_MEASURED,
            choices=choices,
            on_step=on_step,
        )

    identity = ModelManifest(name, kind, licence, origin, {}, defaults, provenance or {})
    return write_model_folder(out, identity, source / _TOKENIZER_NAME, write)


def write_model_folder(
    out: Path, identity: ModelManifest, tokenizer: Path, write: Callable[[Path, Path], float]
) -> BuiltModel:
    """Make a model folder that appears whole or not at all.

    Args:
        out: must not exist yet, or be empty.
        identity: the manifest, still without files.
        tokenizer: the ``tokenizer.json``.
        write: called with the folder and one for temporary files; writes the ONNX files and
            returns how well they agree with FP32.

    Raises:
        ModelFolderInvalid: ``out`` is taken, or the model does not agree with the FP32 one.
    """
    check_target(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as work:
        folder, scratch = Path(work) / "model", Path(work) / "scratch"
        folder.mkdir()
        scratch.mkdir()
        agreement = write(folder, scratch)
        if not agreement >= _MIN_AGREEMENT:  # a NaN is no agreement
            raise ModelFolderInvalid(
                f"{identity.source}: quantization changes the model too much (cosine "
                f"{agreement:.3f} to FP32 on a sample, at least {_MIN_AGREEMENT} is needed)"
            )
        shutil.copyfile(tokenizer, folder / _TOKENIZER_NAME)
        files = {file.name: sha256_of_file(file) for file in sorted(folder.iterdir())}
        manifest = replace(identity, files=files)
        write_manifest(folder, manifest)
        os.replace(folder, out)  # onto an empty folder too
    size_bytes = sum(file.stat().st_size for file in out.iterdir())
    return BuiltModel(out, manifest, agreement, size_bytes)


def _write_encoder(
    source: Path, folder: Path, work: Path, choices: BuildChoices, on_step: Progress
) -> float:
    """Write an encoder's ONNX file and return how well it agrees with FP32."""
    fp32, target = work / "fp32.onnx", folder / MODEL_NAME
    settings, config = encoder_settings(source), _config(source)
    on_step(0, 3, "exporting")
    export_encoder(source, fp32, settings)
    on_step(1, 3, "quantizing")
    if is_known_encoder(config):
        write_bert_encoder(
            source,
            target,
            work,
            pooling="cls" if settings.pooling == "cls" else "mean",
            max_tokens=settings.max_tokens,
            best=_BEST_MEASURED,
            choices=choices,
        )
    elif choices.fp32:
        fuse_onnx(fp32, target)
    else:
        bits = choices.weight_bits
        reduce_range = _OTHER_ENCODERS.reduce_range if bits is None else bits == 7
        quantize_onnx(
            fp32,
            target,
            replace(_OTHER_ENCODERS, reduce_range=reduce_range, keep_fp32=choices.keep_fp32),
        )
    on_step(2, 3, "comparing with FP32")
    return _agreement(fp32, target, config)


def check_target(out: Path) -> None:
    """Refuse a folder for the result that holds something already.

    Raises:
        ModelFolderInvalid: it does.
    """
    if out.is_symlink() or (out.exists() and (not out.is_dir() or any(out.iterdir()))):
        raise ModelFolderInvalid(f"{out} exists already; name a new folder")


def require_extra() -> None:
    """Say what to install where building models is not possible.

    Raises:
        AnswerableError: the ``models`` extra is not installed.
    """
    missing = [name for name in _EXTRA_MODULES if importlib.util.find_spec(name) is None]
    if missing:
        raise AnswerableError(
            f"{', '.join(missing)} not installed; run: pip install '.[models]' in the clone"
        )


def _describe(source: Path) -> tuple[ModelKind, dict[str, Any]]:
    """Return the kind of the model and the settings it must be run with."""
    for required in ("config.json", "model.safetensors", _TOKENIZER_NAME):
        if not (source / required).is_file():
            raise ModelFolderInvalid(f"{source} is not a model to quantize: no {required}")
    config = _config(source)
    listed = config.get("architectures")
    names = [str(name) for name in listed] if isinstance(listed, list) else []
    is_reader = any(name.endswith("ForQuestionAnswering") for name in names)
    is_masked = any(name.endswith("ForMaskedLM") for name in names)
    if not is_reader and not is_masked:
        return "encoder", asdict(encoder_settings(source))
    longest = config.get("max_position_embeddings", _READER_MAX_SEQ_TOKENS)
    if not isinstance(longest, int):
        raise ModelFolderInvalid(f"{source}/config.json: max_position_embeddings is {longest!r}")
    known = architecture_of(config.get("model_type"))
    longest -= known.reserved_positions if known else 0
    if is_masked:
        longest = min(_MASKED_MAX_SEQ_TOKENS, longest)
        return "masked-lm", {"max_seq_tokens": longest, **masked_lm_settings(source)}
    return "reader", {
        "max_seq_tokens": min(_READER_MAX_SEQ_TOKENS, longest),
        "max_question_tokens": _READER_MAX_QUESTION_TOKENS,
    }


def _config(source: Path) -> dict[str, Any]:
    try:
        config = json.loads((source / "config.json").read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as exc:
        raise ModelFolderInvalid(f"{source}/config.json is not JSON: {exc}") from exc
    if not isinstance(config, dict):
        raise ModelFolderInvalid(f"{source}/config.json is not a JSON object")
    return config


def _agreement(fp32: Path, int8: Path, config: Mapping[str, Any]) -> float:
    """Return the lowest cosine of the two models' outputs over random token sequences."""
    import onnxruntime as ort

    expected, actual = (
        ort.InferenceSession(str(path), providers=["CPUExecutionProvider"]) for path in (fp32, int8)
    )
    random = np.random.default_rng(0)
    cosines = []
    for length in _SAMPLE_LENGTHS:
        if length > config["max_position_embeddings"]:
            break
        ids = random.integers(0, config["vocab_size"], (1, length), np.int64)
        values = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
        }
        outputs = [
            session.run(None, {i.name: values[i.name] for i in session.get_inputs()})
            for session in (expected, actual)
        ]
        pairs = zip(*outputs, strict=True)
        cosines += [_cosine(a.ravel(), b.ravel()) for a, b in pairs]
    return min(cosines)


def _cosine(a: npt.NDArray[np.float32], b: npt.NDArray[np.float32]) -> float:
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))
