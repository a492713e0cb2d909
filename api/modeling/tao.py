"""TAO's question answering: its spec files, its overrides and its results, on our commands.

``docs/import-model.md`` tells what differs. A model that TAO would write as one encrypted
``.tlt`` is a folder of that name here: what training wrote, and the reader made of it.
"""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from answerable.index import AnswerableError, ModelFolderInvalid
from answerable.reader import SquadEvaluation, TrainSpecInvalid, apply_override
from answerable.reader.importing import prepare_source, read_yaml, value_at

from ..evaluation.files import EvaluationOptions, evaluate_files
from ..evaluation.inference import InferenceOptions, answer_file
from ..evaluation.output import EvaluationOutput
from .training import train_reader

TrainVerb = Literal["train", "finetune"]

_MODEL_NAMES: Mapping[TrainVerb, str] = {
    "train": "trained-model.tlt",
    "finetune": "finetuned-model.tlt",
}
_READER = "reader"
_TRAINING = """\
trainer:
  max_epochs: 2
model:
  tokenizer:
    tokenizer_name: bert-base-uncased
    vocab_file: null
    tokenizer_model: null
    special_tokens: null
  language_model:
    pretrained_model_name: bert-base-uncased
    lm_checkpoint: null   # folder of the model to start from; nothing is downloaded
    config_file: null
    config: null
  token_classifier:
    num_layers: 1
    dropout: 0.0
    num_classes: 2
    activation: relu
    log_softmax: false
    use_transformer_init: true
training_ds:
  file: null
  batch_size: 24
  num_workers: 2
validation_ds:
  file: null
  num_samples: 500
"""
SPECS = {
    "train.yaml": _TRAINING,
    "finetune.yaml": _TRAINING.replace("training_ds", "finetuning_ds"),
    "evaluate.yaml": "test_ds:\n  file: null\n  batch_size: 32\n  shuffle: false\n"
    "  num_samples: 500\n",
    "infer.yaml": "infer_ds:\n  file: null\n",
    "infer_onnx.yaml": "infer_ds:\n  file: null\n",
    "export.yaml": "export_format: ONNX\nexport_to: exported-model.eonnx\n",
}
"""What ``download_specs`` writes: TAO's keys with the values that its own files have."""


@dataclass(frozen=True, slots=True)
class TaoCommand:
    """What every command of TAO's is given.

    Attributes:
        spec: its YAML file; None for overrides alone.
        overrides: ``key.sub=value``, later ones winning.
        model: a ``.tlt`` folder of ours, a reader's folder, or a ``.nemo`` file.
        results: where results go, below the name of the command.
    """

    spec: Path | None
    overrides: Sequence[str]
    model: Path | None
    results: Path


def download_specs(folder: Path) -> list[Path]:
    """Write a spec for each command; one that is there already is left as it is.

    Returns:
        Those written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in SPECS.items():
        if not (folder / name).exists():
            (folder / name).write_text(text, encoding="utf-8")
            written.append(folder / name)
    return written


def tao_train(command: TaoCommand, verb: TrainVerb) -> tuple[Path, dict[str, float] | None]:
    """Train or go on training; return the model's folder and its scores on the validation file.

    Raises:
        AnswerableError: the spec, its files or the model cannot be used.
    """
    from .building import build_model

    if command.spec is None:
        raise TrainSpecInvalid(f"{verb} needs a spec: -e FILE")
    run = command.results / verb
    target = run / "checkpoints" / _MODEL_NAMES[verb]
    if target.exists():
        raise ModelFolderInvalid(f"{target} exists already; name other results with -r")
    overrides = [*command.overrides, f"output={run / 'run'}"]
    if command.model is not None:
        overrides.append(f"restore_from={_base_folder(command.model, run)}")
    report = train_reader(command.spec, overrides, resume=False)
    trained = run / "run" / "model"
    built = run / "run" / _READER
    build_model(
        trained, built, name=target.stem, licence="NOASSERTION", origin="training", fp32=True
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(built, trained / _READER)
    trained.rename(target)
    return target, report.validation


def tao_evaluate(command: TaoCommand) -> SquadEvaluation:
    """Measure a model on ``test_ds.file``; everything is written below ``evaluate``.

    Raises:
        AnswerableError: the spec, its files or the model cannot be used.
    """
    settings = load_tao_spec(command)
    path = _file(settings, "test_ds.file")
    most = _count(settings, "test_ds.num_samples")
    out = command.results / "evaluate"
    evaluations = evaluate_files(
        [path],
        _reader_folder(command, out),
        EvaluationOptions(max_questions=most, n_best=20),
        output=EvaluationOutput(folder=out, layout="tao"),
    )
    return evaluations[0].result


def tao_infer(command: TaoCommand, *, full_sentences: bool) -> Path:
    """Answer ``infer_ds.file`` into ``infer/prediction.txt`` and ``infer/nbest.txt``.

    Raises:
        AnswerableError: the spec, its files or the model cannot be used.
    """
    settings = load_tao_spec(command)
    path = _file(settings, "infer_ds.file")
    out = command.results / "infer"
    options = InferenceOptions(layout="tao", full_sentences=full_sentences)
    answer_file(path, out, _reader_folder(command, out), options)
    return out


def tao_export(command: TaoCommand) -> Path:
    """Write a model's ONNX folder below ``export``; return it.

    It has the name that ``export_to`` says, without the ending of an encrypted file.

    Raises:
        AnswerableError: the spec or the model cannot be used, or the format is not ONNX.
    """
    settings = load_tao_spec(command)
    form = value_at(settings, "export_format", "ONNX")
    if str(form).upper() != "ONNX":
        raise AnswerableError(
            f"export_format {form!r}: only ONNX is written; Riva's own tools make its archives"
        )
    if command.model is None and isinstance(said := settings.get("restore_from"), str):
        command = TaoCommand(command.spec, command.overrides, Path(said), command.results)
    name = Path(str(settings.get("export_to", "exported-model.eonnx"))).stem
    out = command.results / "export" / name
    if out.exists():
        raise ModelFolderInvalid(f"{out} exists already; name another with export_to")
    source = _reader_folder(command, command.results / "export")
    out.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(source, out)
    return out


def load_tao_spec(command: TaoCommand) -> dict[str, Any]:
    """Read a spec and apply its overrides.

    Raises:
        TrainSpecInvalid: an override is none.
        ModelFolderInvalid: the file cannot be read.
    """
    settings = read_yaml(command.spec) if command.spec else {}
    for override in command.overrides:
        apply_override(settings, override, lambda text: None if text in ("", "null") else text)
    return settings


def _file(settings: Mapping[str, Any], key: str) -> Path:
    said = value_at(settings, key)
    if not isinstance(said, str):
        raise TrainSpecInvalid(f"{key} is not given: which file of questions?")
    return Path(said)


def _count(settings: Mapping[str, Any], key: str) -> int | None:
    said = value_at(settings, key)
    try:
        count = -1 if said is None else int(said)
    except (TypeError, ValueError) as exc:
        raise TrainSpecInvalid(f"{key} is {said!r}, not a number") from exc
    return count if count > 0 else None


def _reader_folder(command: TaoCommand, out: Path) -> Path:
    """Return the folder that a model is run from; an archive is imported first."""
    if command.model is None:
        raise TrainSpecInvalid("name the model: -m MODEL")
    model = command.model
    if not model.exists() and model.with_suffix("").is_dir():
        model = model.with_suffix("")  # as exported-model.eonnx, which is a folder here
    for folder in (model / _READER, model):
        if (folder / "model.onnx").is_file() or (folder / "model.xml").is_file():
            return folder
    imported = out / f"{model.stem}-imported"
    if not imported.exists():
        from .importing import import_model

        import_model(model, imported)
    return imported


def _base_folder(model: Path, run: Path) -> Path:
    """Return a folder to train on from: our own, or what is in an archive."""
    if (model / "config.json").is_file() and (model / "tokenizer.json").is_file():
        return model
    from answerable.reader.importing import load_source_model, write_plain_folder

    from .building import require_extra

    require_extra()
    base, work = run / "base", run / "unpacked"
    for folder in (base, work):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    _, prepared = prepare_source(model, work)
    source = load_source_model(prepared.folder, "reader")
    write_plain_folder(source, prepared.folder, base, prepared.lower_case)
    shutil.rmtree(work)
    return base
