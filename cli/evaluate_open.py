"""``answerable evaluate open``: labelled questions asked to the whole index."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import options
from .exit_codes import DONE
from .output import note, print_json
from .progress import progress_bar
from .terminal import safe_line

if TYPE_CHECKING:  # imported by the command when it runs
    from answerable.api import OpenEvaluation


def open_(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="Labelled questions: SQuAD JSON, or CSV or JSON lines with question and answer.",
        ),
    ],
    index: options.Index = None,
    reader: options.Reader = None,
    encoder: options.Encoder = None,
    k: options.K = None,
    min_probability: options.MinProbability = None,
    max_error: options.MaxError = None,
    principals: options.As = None,
    collection: options.Collection = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", metavar="FILE.jsonl", help="Write every question, a JSON object a line."
        ),
    ] = None,
    json: options.Json = False,
) -> int:
    """Ask labelled questions to the index: answers, retrieval and probabilities in figures."""
    from answerable.api import (
        AskOptions,
        Engine,
        ResultUnwritten,
        checked_filters,
        evaluate_open,
        load_settings,
    )

    options.check_one_limit(min_probability, max_error)
    asking = AskOptions(
        checked_filters(None, collection, principals), k, min_probability, max_error
    )
    settings = load_settings(reader=reader, encoder=encoder)
    try:
        with Engine.open(index, settings) as engine, progress_bar() as show:
            evaluation = evaluate_open(
                engine,
                file,
                asking,
                output=output,
                on_progress=lambda done, total: show(done, total, "questions asked"),
            )
    except ResultUnwritten as exc:
        _print_evaluation(exc.result, json)
        raise
    _print_evaluation(evaluation, json)
    if output:
        note(f"written to {output}")
    return DONE


def _print_evaluation(evaluation: "OpenEvaluation", json: bool) -> None:
    """Print the record, or one figure a line, counts without decimals."""
    from answerable.api import open_evaluation_record

    if json:
        print_json(open_evaluation_record(evaluation))
        return
    for name, value in evaluation.metrics().items():
        if name.endswith(("total", "_bins")):
            shown = f"{value:,.0f}"
        elif "calibration_error" in name:
            shown = f"{value:.4f}"
        else:
            shown = f"{value:.2f}"
        print(f"{name:<28} {shown:>8}")
    for reason, n in evaluation.reasons().items():
        print(f"{'not answered, ' + reason:<36} {n:,}")
    models = evaluation.models
    print(f"reader {models.reader}, calibration {safe_line(models.calibration or 'none')}")
