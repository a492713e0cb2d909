"""``answerable evaluate``: figures on labelled data."""

from pathlib import Path
from typing import Annotated

import typer

from . import options
from .exit_codes import DONE
from .output import print_json, print_metrics
from .progress import progress_bar

evaluate = typer.Typer(help="Measure on labelled data.", rich_markup_mode=None)


@evaluate.callback()
def _evaluate() -> None:
    """Keep ``squad`` a subcommand while it is the only one."""


@evaluate.command(epilog="Example: answerable evaluate squad dev-v2.0.json --json")
def squad(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="SQuAD 1.1 or 2.0 JSON, or .gz.")],
    model: Annotated[
        Path | None, typer.Option("--model", help="Reader folder; the shipped one if unset.")
    ] = None,
    json: options.Json = False,
) -> int:
    """Read each question's own passage; the official scorer's keys, in per cent."""
    from answerable.api import evaluate_squad_file

    with progress_bar() as show:
        evaluation = evaluate_squad_file(
            file, model, on_progress=lambda done, total: show(done, total, "questions")
        )
    if json:
        print_json(evaluation.metrics)
    else:
        print_metrics(evaluation.metrics)
    return DONE
