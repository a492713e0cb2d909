"""``answerable train``: the models of this package, from their specs."""

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from . import options
from .exit_codes import DONE
from .output import note, print_json

train = typer.Typer(help="Train a model from a spec; resumable.", rich_markup_mode=None)


Spec = Annotated[Path, typer.Argument(metavar="SPEC.yaml", help="What to train, on what.")]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a value of the spec; repeatable."),
]
Keys = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[KEY=VALUE]...",
        help="The same without --set. Keys may be NeMo's and TAO's, as model.train_ds.file.",
    ),
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on from the last checkpoint.")]


@train.command(epilog="Example: answerable train reader benchmarks/specs/reader.yaml --resume")
def reader(
    spec: Spec,
    keys: Keys = None,
    overrides: Overrides = None,
    resume: Resume = False,
    json: options.Json = False,
) -> int:
    """Fine-tune a reader on SQuAD-format questions."""
    from answerable.api import train_reader

    report = train_reader(spec, [*(keys or ()), *(overrides or ())], resume=resume)
    if json:
        print_json(dataclasses.asdict(report))
    else:
        _note_run(report.steps, report.seconds, report.final_loss)
        if report.validation:
            scores = report.validation
            note(f"validation: F1 {scores['f1']:.2f}, exact match {scores['exact']:.2f}")
    return DONE


@train.command(epilog="Example: answerable train retriever benchmarks/specs/retriever.yaml")
def retriever(
    spec: Spec,
    overrides: Overrides = None,
    resume: Resume = False,
    json: options.Json = False,
) -> int:
    """Fine-tune a sentence encoder on questions and the passages that answer them."""
    from answerable.api import train_retriever

    report = train_retriever(spec, overrides or [], resume=resume)
    if json:
        print_json(dataclasses.asdict(report))
    else:
        _note_run(report.steps, report.seconds, report.final_loss)
        if report.validation:
            scores = report.validation
            note(
                f"validation: recall@1 {scores['recall_at_1']:.2f}, "
                f"recall@10 {scores['recall_at_10']:.2f}"
            )
    return DONE


def _note_run(steps: int, seconds: float, final_loss: float | None) -> None:
    loss = "" if final_loss is None else f", loss {final_loss:.3f}"
    note(f"trained {steps} steps in {seconds:.0f} s{loss}")
