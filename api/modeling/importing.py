"""From any known source to a model folder that Answerable runs; behind ``answerable import-model``.

Composes what ``reader.importing`` reads with ``building``, which converts, checks and
writes the folder whole or not at all. Needs the ``models`` extra.
"""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from answerable.index import ModelFolderInvalid, ModelManifest, sha256_of_file
from answerable.reader.conversion.onnx_import import OnnxLimits, write_imported_onnx
from answerable.reader.conversion.reader_export import BuildChoices
from answerable.reader.importing import (
    NullAnswer,
    Prepared,
    SourceKind,
    TokenizerFacts,
    kind_of,
    load_source_model,
    prepare_source,
    quiet_library,
    read_onnx,
    write_plain_folder,
    write_tokenizer,
)
from answerable.retriever.export import copy_settings

from .building import (
    BuiltModel,
    build_model,
    check_target,
    require_extra,
    write_model_folder,
)
from .openvino_ir import write_ir_folder

_MAX_SEQ_TOKENS = 384
_MAX_QUESTION_TOKENS = 64
_FEWEST_SEQ_TOKENS = 16
_VERSIONS = ("answerable", "onnx", "onnxruntime", "tokenizers", "torch", "transformers")
_NOT_SAID = (
    'the source does not say whether "no answer" was trained; it is taken to be: if it was not '
    "(SQuAD 1.1), import again with --null-answer none"
)
_NOT_TRAINED = (
    'the model has no trained "no answer": it answers every question until a confidence model '
    "is fitted for it with answerable calibrate QUESTIONS"
)
_GUESSED = (
    "the first output was taken for the start and the second for the end; if answers are wrong, "
    "name them with --output-names START,END"
)

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
        output_names: an ONNX file's names of start and end logits; none to find them.
    """

    quantize: bool = False
    name: str | None = None
    licence: str | None = None
    null_answer: NullAnswer | None = None
    max_seq_tokens: int | None = None
    lower_case: bool | None = None
    output_names: tuple[str, ...] = ()


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
    if kind_of(source).needs_extra:
        require_extra()
    check_target(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    on_step(0, 4, "reading the source")
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as work:
        unpacked, plain = Path(work) / "unpacked", Path(work) / "plain"
        unpacked.mkdir()
        plain.mkdir()
        kind, prepared = prepare_source(source, unpacked)
        if prepared.form == "openvino":
            return _of_ir(source, out, kind.name, prepared, choices)
        importing = _Import(source, out, choices, kind, prepared, plain, on_step)
        with quiet_library():
            built, notes = importing.of_onnx() if prepared.onnx else importing.of_folder()
    return ImportedModel(out, built.manifest, built.agreement, built.size_bytes, notes)


def _of_ir(
    source: Path, out: Path, kind: str, prepared: Prepared, choices: ImportChoices
) -> ImportedModel:
    manifest = write_ir_folder(
        prepared,
        out,
        source=source.name,
        kind=kind,
        name=choices.name or out.name,
        licence=choices.licence or "NOASSERTION",
        null_answer=choices.null_answer or "none",
        max_seq_tokens=choices.max_seq_tokens,
        lower_case=choices.lower_case,
        quantize=choices.quantize,
    )
    size_bytes = sum(file.stat().st_size for file in out.iterdir())
    notes = (_NOT_TRAINED,) if manifest.settings["null_answer"] == "none" else ()
    return ImportedModel(out, manifest, 1.0, size_bytes, notes)


@dataclass(frozen=True, slots=True)
class _Import:
    """One import: what was asked, and what the source turned out to be."""

    source: Path
    out: Path
    choices: ImportChoices
    kind: SourceKind
    prepared: Prepared
    plain: Path
    on_step: Progress

    def of_folder(self) -> tuple[BuiltModel, tuple[str, ...]]:
        """Build from a Hugging Face folder."""
        folder = self.prepared.folder
        model = load_source_model(folder)
        lower_first = False
        if model.task == "encoder":
            lower_first = copy_settings(folder, self.plain, model.config.max_tokens)
        tokenizer = write_plain_folder(
            model, folder, self.plain, self._lower_case(), lower_first=lower_first
        )
        settings, notes = self._settings(model.task, model.config.max_tokens)
        facts = {"architecture": model.config.architecture.model_type, "task": model.task}
        built = build_model(
            self.plain,
            self.out,
            name=self.choices.name or self.out.name,
            licence=self._licence(),
            origin=self.source.name,
            settings=settings,
            provenance=self._provenance(facts, tokenizer, model.left_out),
            fp32=not self.choices.quantize,
            on_step=self._later,
        )
        return built, notes

    def of_onnx(self) -> tuple[BuiltModel, tuple[str, ...]]:
        """Build from an ONNX file."""
        assert self.prepared.onnx is not None
        model = read_onnx(self.prepared.onnx, self.choices.output_names)
        target = self.plain / "tokenizer.json"
        tokenizer = write_tokenizer(
            self.prepared.folder, target, None, model.vocab_size, lower_case=self._lower_case()
        )
        settings, notes = self._settings(model.task, model.fixed_length)
        usual = min(_MAX_SEQ_TOKENS, model.fixed_length or _MAX_SEQ_TOKENS)
        settings = {"max_seq_tokens": usual} | settings
        if model.task == "reader":
            settings["max_question_tokens"] = _MAX_QUESTION_TOKENS
        else:
            settings["mask_token"] = tokenizer.mask_token
        limits = OnnxLimits(target, model.vocab_size or 1000, settings["max_seq_tokens"])
        facts = {"architecture": "unknown", "task": model.task}
        identity = ModelManifest(
            name=self.choices.name or self.out.name,
            kind=model.task,
            licence=self._licence(),
            source=self.source.name,
            files={},
            settings=settings,
            provenance=self._provenance(facts, tokenizer, ()),
        )
        choices = BuildChoices(fp32=not self.choices.quantize)
        built = write_model_folder(
            self.out,
            identity,
            target,
            lambda folder, scratch: write_imported_onnx(
                model, folder, scratch, limits, choices, self._later
            ),
        )
        return built, (*notes, *([_GUESSED] if model.is_guess else []))

    def _settings(self, task: str, longest: int | None) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Return what the model must be run with beside the usual, and what to tell of it."""
        if task == "encoder":
            return {}, ()
        wanted = _first(self.choices.max_seq_tokens, self.prepared.max_seq_tokens)
        if wanted is not None and not _FEWEST_SEQ_TOKENS <= wanted <= (longest or wanted):
            raise ModelFolderInvalid(
                f"windows of {wanted} tokens cannot be: the model takes {_FEWEST_SEQ_TOKENS} to "
                f"{longest}"
            )
        settings: dict[str, Any] = {"max_seq_tokens": wanted} if wanted else {}
        if task != "reader":
            return settings, ()
        null_answer = _first(self.choices.null_answer, self.prepared.null_answer)
        settings["null_answer"] = null_answer or "trained"
        notes = {None: (_NOT_SAID,), "none": (_NOT_TRAINED,), "trained": ()}
        return settings, notes[null_answer]

    def _provenance(
        self, facts: Mapping[str, Any], tokenizer: TokenizerFacts, left_out: tuple[str, ...]
    ) -> Mapping[str, Any]:
        files = sorted(self.prepared.files.items())
        return {
            "source": self.source.name,
            "source_kind": self.kind.name,
            "source_files": {name: sha256_of_file(path) for name, path in files},
            **facts,
            "tokenizer": {**asdict(tokenizer), "made_from": list(tokenizer.made_from)},
            "left_out": list(left_out),
            "date": datetime.now(UTC).date().isoformat(),
            "versions": {name: version(name) for name in _VERSIONS},
        }

    def _lower_case(self) -> bool | None:
        lower_case: bool | None = _first(self.choices.lower_case, self.prepared.lower_case)
        return lower_case

    def _licence(self) -> str:
        return self.choices.licence or self.prepared.licence or "NOASSERTION"

    def _later(self, done: int, total: int, step: str) -> None:
        """Report a step of building, which follows the reading."""
        self.on_step(done + 1, total + 1, step)


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)
