"""``answerable tao question_answering``: TAO's command lines, with its flags and its specs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from . import options
from .exit_codes import DONE
from .output import note, print_json

if TYPE_CHECKING:
    from answerable.api.modeling.tao import TaoCommand

tao = typer.Typer(help="Commands of NVIDIA TAO, with its flags.", rich_markup_mode=None)
question_answering = typer.Typer(
    help="Read TAO's specs; write what it writes.", rich_markup_mode=None
)
tao.add_typer(question_answering, name="question_answering")

Overrides = Annotated[
    list[str] | None, typer.Argument(metavar="KEY=VALUE...", help="Change values of the spec.")
]
Spec = Annotated[Path | None, typer.Option("-e", metavar="SPEC.yaml", help="TAO's spec.")]
Gpus = Annotated[int, typer.Option("-g", help="Taken and not needed: a GPU is used if present.")]
Key = Annotated[
    str | None,
    typer.Option("-k", metavar="KEY", help="Taken and not needed: nothing is encrypted."),
]
Model = Annotated[
    Path | None,
    typer.Option("-m", metavar="MODEL", help="A .tlt folder of ours, a reader, or a .nemo file."),
]
Results = Annotated[Path, typer.Option("-r", metavar="DIR", help="Where results go.")]
Specs = Annotated[Path, typer.Option("-o", metavar="DIR", help="Where specs go.")]
FullSentences = Annotated[
    bool,
    typer.Option("--full-sentences", help="Predict the sentence that the answer stands in."),
]

_RESULTS = Path("results")
_CALL = "Example: answerable tao question_answering"


@question_answering.command(name="download_specs", epilog=f"{_CALL} download_specs -o specs")
def download_specs(
    specs: Specs = Path("specs"), results: Results = _RESULTS, json: options.Json = False
) -> int:
    """Write a spec for each command, to be changed."""
    from answerable.api.modeling.tao import download_specs as write

    written = [str(path) for path in write(specs)]
    if json:
        print_json({"written": written})
    for path in [] if json else written:
        note(f"written: {path}")
    return DONE


@question_answering.command(epilog=f"{_CALL} train -e train.yaml -r out training_ds.file=dev.json")
def train(
    overrides: Overrides = None,
    spec: Spec = None,
    gpus: Gpus = 1,
    key: Key = None,
    model: Model = None,
    results: Results = _RESULTS,
    json: options.Json = False,
) -> int:
    """Train a reader from a language model; needs the models extra."""
    return _train(_command(spec, overrides, model, results), "train", json=json)


@question_answering.command(
    epilog=f"{_CALL} finetune -e finetune.yaml -m trained-model.tlt finetuning_ds.file=dev.json"
)
def finetune(
    overrides: Overrides = None,
    spec: Spec = None,
    gpus: Gpus = 1,
    key: Key = None,
    model: Model = None,
    results: Results = _RESULTS,
    json: options.Json = False,
) -> int:
    """Go on training a reader; needs the models extra."""
    return _train(_command(spec, overrides, model, results), "finetune", json=json)


@question_answering.command(
    epilog=f"{_CALL} evaluate -e evaluate.yaml -m trained-model.tlt test_ds.file=dev.json"
)
def evaluate(
    overrides: Overrides = None,
    spec: Spec = None,
    gpus: Gpus = 1,
    key: Key = None,
    model: Model = None,
    results: Results = _RESULTS,
    json: options.Json = False,
) -> int:
    """Measure a reader: exact match and F1, in per cent."""
    from answerable.api.modeling.tao import tao_evaluate

    metrics = tao_evaluate(_command(spec, overrides, model, results)).metrics
    if json:
        print_json(metrics)
        return DONE
    print(f"test exact match {metrics['exact']}")
    print(f"test f1 {metrics['f1']}")
    return DONE


@question_answering.command(
    epilog=f"{_CALL} infer -e infer.yaml -m trained-model.tlt infer_ds.file=questions.json"
)
def infer(
    overrides: Overrides = None,
    spec: Spec = None,
    gpus: Gpus = 1,
    key: Key = None,
    model: Model = None,
    results: Results = _RESULTS,
    full_sentences: FullSentences = False,
    json: options.Json = False,
) -> int:
    """Answer questions into prediction.txt and nbest.txt."""
    from answerable.api.modeling.tao import tao_infer

    command = _command(spec, overrides, model, results)
    return _written(tao_infer(command, full_sentences=full_sentences), json=json)


question_answering.command(
    name="infer_onnx",
    epilog=f"{_CALL} infer_onnx -m exported-model.eonnx infer_ds.file=questions.json",
)(infer)


@question_answering.command(epilog=f"{_CALL} export -e export.yaml -m trained-model.tlt")
def export(
    overrides: Overrides = None,
    spec: Spec = None,
    gpus: Gpus = 1,
    key: Key = None,
    model: Model = None,
    results: Results = _RESULTS,
    json: options.Json = False,
) -> int:
    """Write a reader as a folder with model.onnx."""
    from answerable.api.modeling.tao import tao_export

    return _written(tao_export(_command(spec, overrides, model, results)), json=json)


def _written(folder: Path, *, json: bool) -> int:
    if json:
        print_json({"folder": str(folder)})
    else:
        note(f"written to {folder}")
    return DONE


def _train(command: "TaoCommand", verb: Literal["train", "finetune"], *, json: bool) -> int:
    from answerable.api.modeling.tao import tao_train

    folder, scores = tao_train(command, verb)
    if json:
        print_json({"folder": str(folder), "validation": scores})
        return DONE
    if scores:
        print(f"val exact match {scores['exact']}")
        print(f"val f1 {scores['f1']}")
    note(f"written to {folder}")
    return DONE


def _command(
    spec: Path | None, overrides: list[str] | None, model: Path | None, results: Path
) -> "TaoCommand":
    from answerable.api.modeling.tao import TaoCommand

    return TaoCommand(spec, tuple(overrides or ()), model, results)
