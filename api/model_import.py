"""From any known source to a model folder that Answerable runs; behind ``answerable import-model``.

Composes what ``reader.importing`` reads with ``build_model``, which converts, checks and writes
the folder whole or not at all. Needs the ``models`` extra.
"""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from answerable.index import ModelFolderInvalid, ModelManifest, sha256_of_file
from answerable.reader.importing import (
    NullAnswer,
    Prepared,
    SourceModel,
    TokenizerFacts,
    load_source_model,
    prepare_source,
    quiet_library,
    write_plain_folder,
)

from .model_building import build_model, check_target, require_extra

_USUAL_MAX_SEQ_TOKENS = 384
_FEWEST_SEQ_TOKENS = 16
_VERSIONS = ("answerable", "onnx", "onnxruntime", "tokenizers", "torch", "transformers")

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class ImportChoices:
    """What a user may say of a source; None for what the source says.

    Attributes:
        quantize: write INT8 instead of FP32.
        name: for people; None for the new folder's name.
        licence: SPDX expression of the weights.
        null_answer: whether the model was trained to say that there is no answer.
        max_seq_tokens: of a window.
        lower_case: whether the tokenizer loses capitals.
    """

    quantize: bool = False
    name: str | None = None
    licence: str | None = None
    null_answer: NullAnswer | None = None
    max_seq_tokens: int | None = None
    lower_case: bool | None = None


@dataclass(frozen=True, slots=True)
class ImportedModel:
    """A finished model folder.

    Attributes:
        agreement: lowest cosine between its outputs and the FP32 model's over the samples.
        notes: what the user should know of it, one line each.
    """

    folder: Path
    manifest: ModelManifest
    agreement: float
    size_bytes: int
    notes: tuple[str, ...]


def import_model(
    source: Path,
    out: Path,
    choices: ImportChoices = ImportChoices(),
    on_step: Progress = lambda done, total, name: None,
) -> ImportedModel:
    """Convert a model into the new folder ``out``, which appears whole or not at all.

    Args:
        source: a folder or file of a known kind: see ``reader.importing.SOURCE_KINDS``.
        out: must not exist yet, or be empty.
        choices: what the user says.
        on_step: called with steps done, steps in all and the next step's name.

    Raises:
        ModelFolderInvalid: the source is damaged or unknown, or converted it gives other values.
        AnswerableError: the ``models`` extra is not installed.
    """
    require_extra()
    check_target(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    on_step(0, 4, "reading the source")
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as work:
        unpacked, plain = Path(work) / "unpacked", Path(work) / "plain"
        unpacked.mkdir()
        plain.mkdir()
        kind, prepared = prepare_source(source, unpacked)
        with quiet_library():
            model = load_source_model(prepared.folder)
            tokenizer = write_plain_folder(
                model, prepared.folder, plain, _first(choices.lower_case, prepared.lower_case)
            )
            provenance = _provenance(source, kind.name, prepared, model, tokenizer)
            settings, notes = _settings(choices, prepared, model)
            built = build_model(
                plain,
                out,
                name=choices.name or out.name,
                licence=choices.licence or prepared.licence or "NOASSERTION",
                origin=source.name,
                settings=settings,
                provenance=provenance,
                fp32=not choices.quantize,
                on_step=lambda done, total, step: on_step(done + 1, total + 1, step),
            )
    return ImportedModel(out, built.manifest, built.agreement, built.size_bytes, notes)


def _settings(
    choices: ImportChoices, prepared: Prepared, model: SourceModel
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return what the model must be run with, and what to tell of it."""
    if model.task == "encoder":
        return {}, ()
    longest = model.config.max_tokens
    wanted = _first(choices.max_seq_tokens, prepared.max_seq_tokens)
    if wanted is not None and not _FEWEST_SEQ_TOKENS <= wanted <= longest:
        raise ModelFolderInvalid(
            f"windows of {wanted} tokens cannot be: the model takes {_FEWEST_SEQ_TOKENS} to {longest}"
        )
    settings: dict[str, Any] = {"max_seq_tokens": wanted or min(_USUAL_MAX_SEQ_TOKENS, longest)}
    if model.task != "reader":
        return settings, ()
    null_answer = _first(choices.null_answer, prepared.null_answer)
    settings["null_answer"] = null_answer or "trained"
    if null_answer is None:
        note = (
            'the source does not say whether "no answer" was trained; it is taken to be: if it '
            "was not (SQuAD 1.1), import again with --null-answer none"
        )
    elif null_answer == "none":
        note = (
            'the model has no trained "no answer": it answers every question until a confidence '
            "model is fitted for it with answerable calibrate QUESTIONS"
        )
    else:
        return settings, ()
    return settings, (note,)


def _provenance(
    source: Path, kind: str, prepared: Prepared, model: SourceModel, tokenizer: TokenizerFacts
) -> Mapping[str, Any]:
    return {
        "source": source.name,
        "source_kind": kind,
        "source_files": {
            name: sha256_of_file(path) for name, path in sorted(prepared.files.items())
        },
        "architecture": model.config.architecture.model_type,
        "task": model.task,
        "tokenizer": {**asdict(tokenizer), "made_from": list(tokenizer.made_from)},
        "left_out": list(model.left_out),
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {name: version(name) for name in _VERSIONS},
    }


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)
