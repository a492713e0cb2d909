"""``answerable evaluate``: figures on labelled data."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperCommand

from . import options
from .evaluate_open import open_
from .evaluate_retrieval import retrieval
from .evaluation_tables import print_evaluations
from .exit_codes import DONE
from .hydra_arguments import from_hydra
from .output import note, print_json
from .progress import progress_bar
from .run_squad_flags import TrainingFlag, translated

if TYPE_CHECKING:  # imported by the command when it runs
    from answerable.api import FileEvaluation

Layout = Literal["run_qa", "run_squad", "nemo", "nemo-bertqa", "tao", "openvino"]

evaluate = typer.Typer(help="Measure on labelled data.", rich_markup_mode=None)

_N_BEST = 20
_LAYOUTS: Mapping[str, Layout] = {
    "nemo": "nemo",
    "openvino-demo": "openvino",
    "run_squad": "run_squad",
}
_EXAMPLE = (
    "Example: answerable evaluate squad dev-v2.0.json --output-dir results --plot-format svg. "
    "Or, without a reader: answerable evaluate squad dev-v2.0.json --predictions predictions.json. "
    "Takes run_squad.py's flags too: --predict_file, --model_name_or_path, --output_dir, "
    "--max_seq_length, --doc_stride, --max_query_length, --max_answer_length, --n_best_size, "
    "--null_score_diff_threshold, --version_2_with_negative, --do_lower_case; and NeMo's keys, as "
    "pretrained_model=DIR model.test_ds.file=FILE model.dataset.n_best_size=20."
)


evaluate.command(
    name="open", epilog="Example: answerable evaluate open questions.csv --output answers.jsonl"
)(open_)
evaluate.command(
    epilog="Example: answerable evaluate retrieval cranfield/ --output cranfield.jsonl"
)(retrieval)


class _SquadCommand(TyperCommand):
    """Takes ``run_squad.py``'s command line too, and NeMo's keys."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments, the script's flags in our words."""
        try:
            hydra = from_hydra(args)
            found = translated(hydra.arguments)
        except (TrainingFlag, ValueError) as exc:
            raise typer.BadParameter(str(exc), ctx=ctx) from exc
        if hydra.ignored:
            note(f"{', '.join(hydra.ignored)}: nothing to do with it here")
        if hydra.is_nemo and not any(arg.startswith("--profile") for arg in args):
            note("deciding as NeMo does (--profile nemo)")
            found.arguments.append("--profile=nemo")
        if found.ignored:
            note(f"{', '.join(found.ignored)}: nothing to do with it here")
        if found.is_run_squad and not any(arg.startswith("--profile") for arg in args):
            note("deciding as run_squad.py does (--profile run_squad)")
            found.arguments.append("--profile=run_squad")
        rest: list[str] = super().parse_args(ctx, found.arguments)
        return rest


@evaluate.command(epilog=_EXAMPLE, cls=_SquadCommand)
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
    profile: options.Profile = None,
    null_score_diff_threshold: Annotated[
        float | None,
        typer.Option(
            "--null-score-diff-threshold",
            metavar="LOGITS",
            help="No answer where the null odds are above it; the reader's own if unset.",
        ),
    ] = None,
    version_2_with_negative: Annotated[
        bool,
        typer.Option("--version-2-with-negative", help="The same as --answers threshold."),
    ] = False,
    max_seq_length: Annotated[
        int | None,
        typer.Option(min=16, metavar="N", help="Tokens of a window; with --profile."),
    ] = None,
    doc_stride: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Step between windows (run_squad, nemo, haystack1), or their overlap (the "
            "others); with --profile.",
        ),
    ] = None,
    max_query_length: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Tokens of the question; with --profile."),
    ] = None,
    max_answer_length: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Tokens of the answer; with --profile."),
    ] = None,
    do_lower_case: Annotated[
        bool,
        typer.Option(
            "--do-lower-case",
            help="The tokenizer must lower-case, which is checked; with --profile.",
        ),
    ] = False,
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
        Layout | None,
        typer.Option(
            "--layout",
            help="Whose file names and layout the predictions have (run_qa, or that of the "
            "profile); openvino adds f1 and exact_match from 0 to 1, as its model cards have them.",
        ),
    ] = None,
    n_best_size: Annotated[
        int | None,
        typer.Option("--n-best-size", min=1, max=100, help="Entries of an n-best list (20)."),
    ] = None,
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
        ProfileOptions,
        ResultUnwritten,
        evaluate_files,
        load_settings,
        profile_with,
    )

    if version_2_with_negative:
        answers = "threshold"
    _check_usage(files, model, predictions, null_odds, null_score_diff_threshold, answers, profile)
    if plot_format and not (plots or output_dir):
        raise typer.BadParameter("--plot-format needs --plots or --output-dir")
    layout = layout or _LAYOUTS.get(profile or "", "run_qa")
    output = EvaluationOutput(
        folder=output_dir,
        layout=layout,
        n_best=n_best_size or _N_BEST,
        worst=worst,
        plot_format=plot_format or ("svg" if plots else None),
        plots=plots,
    )
    window = ProfileOptions(
        max_seq_tokens=max_seq_length,
        stride_tokens=doc_stride,
        max_question_tokens=max_query_length,
        max_answer_tokens=max_answer_length,
        n_best=n_best_size,
        lower_case=do_lower_case or None,
    )
    if replace(window, n_best=None) != ProfileOptions() and not profile:
        raise typer.BadParameter(
            "--max-seq-length, --doc-stride, --max-query-length, --max-answer-length and "
            "--do-lower-case need --profile: our own reader knows its lengths"
        )
    try:
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
                    n_best=(n_best_size or _N_BEST) if output_dir else 1,
                    profile=profile_with(profile, window) if profile else None,
                ),
                output=output,
                on_progress=lambda done, total, name: show(done, total, name),
            )
    except ResultUnwritten as exc:
        _print(exc.result, layout, worst, json)
        raise
    _print(evaluations, layout, worst, json)
    for folder in filter(None, (output_dir, plots)):
        note(f"written to {folder}")
    return DONE


def _print(evaluations: "Sequence[FileEvaluation]", layout: str, worst: int, json: bool) -> None:
    from answerable.api import files_record, unit_metrics

    if json:
        print_json(files_record(evaluations, worst))
        return
    print_evaluations(evaluations, worst)
    if layout == "openvino":
        for one in evaluations:
            scores = unit_metrics(one.result)
            print(f"{one.name}: f1 {scores['f1']:.4f}, exact_match {scores['exact_match']:.4f}")


def _check_usage(
    files: list[Path],
    model: Path | None,
    predictions: Path | None,
    null_odds: Path | None,
    threshold: float | None,
    answers: str,
    profile: str | None,
) -> None:
    """Refuse options that would not do what they seem to."""
    if threshold is not None and not math.isfinite(threshold):
        raise typer.BadParameter("--null-score-diff-threshold is a number; see --answers forced")
    if null_odds and not predictions:
        raise typer.BadParameter("--null-odds needs --predictions")
    if predictions and (model or len(files) > 1 or answers != "auto"):
        raise typer.BadParameter("--predictions goes with one FILE, without --model and --answers")
    if predictions and profile:
        raise typer.BadParameter(
            "--profile decides what a reader answers: --predictions are answers"
        )
    if predictions and threshold is not None and not null_odds:
        raise typer.BadParameter("a threshold for --predictions needs --null-odds")
    if answers == "forced" and threshold is not None:
        raise typer.BadParameter("a forced answer has no --null-score-diff-threshold")
