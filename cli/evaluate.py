"""``answerable evaluate``: figures on labelled data."""

import math
from pathlib import Path
from typing import Annotated, Literal

import typer

from . import options
from .evaluate_open import open_
from .evaluate_retrieval import retrieval
from .evaluation_tables import print_evaluations
from .exit_codes import DONE
from .output import note, print_json
from .progress import progress_bar

evaluate = typer.Typer(help="Measure on labelled data.", rich_markup_mode=None)

_EXAMPLE = (
    "Example: answerable evaluate squad dev-v2.0.json --output-dir results --plot-format svg. "
    "Or, without a reader: answerable evaluate squad dev-v2.0.json --predictions predictions.json"
)


evaluate.command(
    name="open", epilog="Example: answerable evaluate open questions.csv --output answers.jsonl"
)(open_)
evaluate.command(
    epilog="Example: answerable evaluate retrieval cranfield/ --output cranfield.jsonl"
)(retrieval)


@evaluate.command(epilog=_EXAMPLE)
def squad(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...", help="SQuAD 1.1 or 2.0 JSON, or .gz; several are compared."
        ),
    ],
    model: Annotated[
        Path | None,
        typer.Option(
            "--model",
            "--reader",
            metavar="DIR",
            help="Reader folder, or one with model.onnx and tokenizer.json; ANSWERABLE_READER, "
            "else the shipped one, if unset.",
        ),
    ] = None,
    answers: Annotated[
        Literal["auto", "forced", "threshold"],
        typer.Option(
            "--answers",
            help="Whether the reader may say no: forced, always an answer; threshold, by its null "
            "odds; auto, threshold where the file holds unanswerable questions.",
        ),
    ] = "auto",
    null_score_diff_threshold: Annotated[
        float | None,
        typer.Option(
            "--null-score-diff-threshold",
            metavar="LOGITS",
            help="No answer where the null odds are above it; the reader's own if unset.",
        ),
    ] = None,
    max_questions: Annotated[
        int | None,
        typer.Option("--max-questions", min=1, metavar="N", help="Only a random sample of N."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of the sample.")] = 0,
    predictions: Annotated[
        Path | None,
        typer.Option(
            "--predictions",
            metavar="FILE",
            help="Score these answers, JSON by question id, or .gz; no reader runs.",
        ),
    ] = None,
    null_odds: Annotated[
        Path | None,
        typer.Option("--null-odds", metavar="FILE", help="The null odds of --predictions."),
    ] = None,
    output_dir: Annotated[
        Path | None,
        typer.Option(
            "--output-dir",
            metavar="DIR",
            help="Write predictions, n-best, null odds, metrics.json, questions.jsonl, report.md.",
        ),
    ] = None,
    layout: Annotated[
        Literal["run_qa", "run_squad"],
        typer.Option("--layout", help="Whose file names and key order the predictions have."),
    ] = "run_qa",
    n_best_size: Annotated[
        int, typer.Option("--n-best-size", min=1, max=100, help="Entries of an n-best list.")
    ] = 20,
    worst: Annotated[
        int, typer.Option("--worst", min=0, help="Errors listed, the surest first.")
    ] = 20,
    plots: Annotated[
        Path | None,
        typer.Option(
            "--plots", metavar="DIR", help="Draw precision-recall and F1 by threshold there."
        ),
    ] = None,
    plot_format: Annotated[
        Literal["svg", "png"] | None,
        typer.Option("--plot-format", help="Of the plots (svg); draws into --output-dir too."),
    ] = None,
    json: options.Json = False,
) -> int:
    """Read each question's own passage; the official scorer's keys, in per cent."""
    from answerable.api import (
        EvaluationOptions,
        EvaluationOutput,
        PredictionSource,
        evaluate_files,
        files_record,
        load_settings,
    )

    _check_usage(files, model, predictions, null_odds, null_score_diff_threshold, answers)
    if plot_format and not (plots or output_dir):
        raise typer.BadParameter("--plot-format needs --plots or --output-dir")
    output = EvaluationOutput(
        folder=output_dir,
        layout=layout,
        n_best=n_best_size,
        worst=worst,
        plot_format=plot_format or ("svg" if plots else None),
        plots=plots,
    )
    with progress_bar() as show:
        evaluations = evaluate_files(
            files,
            PredictionSource(predictions, null_odds)
            if predictions
            else model or load_settings().reader,
            EvaluationOptions(
                answers=answers,
                null_threshold=null_score_diff_threshold,
                max_questions=max_questions,
                seed=seed,
                n_best=n_best_size if output_dir else 1,
            ),
            output=output,
            on_progress=lambda done, total, name: show(done, total, name),
        )
    if json:
        print_json(files_record(evaluations, worst))
    else:
        print_evaluations(evaluations, worst)
    for folder in filter(None, (output_dir, plots)):
        note(f"written to {folder}")
    return DONE


def _check_usage(
    files: list[Path],
    model: Path | None,
    predictions: Path | None,
    null_odds: Path | None,
    threshold: float | None,
    answers: str,
) -> None:
    """Refuse options that would not do what they seem to."""
    if threshold is not None and not math.isfinite(threshold):
        raise typer.BadParameter("--null-score-diff-threshold is a number; see --answers forced")
    if null_odds and not predictions:
        raise typer.BadParameter("--null-odds needs --predictions")
    if predictions and (model or len(files) > 1 or answers != "auto"):
        raise typer.BadParameter("--predictions goes with one FILE, without --model and --answers")
    if predictions and threshold is not None and not null_odds:
        raise typer.BadParameter("a threshold for --predictions needs --null-odds")
    if answers == "forced" and threshold is not None:
        raise typer.BadParameter("a forced answer has no --null-score-diff-threshold")
