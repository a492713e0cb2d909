"""``answerable evaluate retrieval``: recall, MRR and nDCG on a test collection."""

import json as json_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from . import options
from .exit_codes import DONE
from .output import note, print_json
from .progress import progress_bar
from .terminal import safe_line

if TYPE_CHECKING:  # imported when the command runs
    from answerable.api import RetrievalEvaluation


def retrieval(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR",
            readable=False,
            help="BEIR layout: corpus.jsonl, queries.jsonl, qrels.tsv or qrels/test.tsv; or .gz.",
        ),
    ],
    mode: Annotated[
        Literal["all", "hybrid", "dense", "lexical"],
        typer.Option("--mode", help="By meaning (dense), by words (lexical), by both, or each."),
    ] = "all",
    k: Annotated[
        int,
        typer.Option("--k", min=20, max=1000, help="Documents ranked; recall is taken there too."),
    ] = 20,
    encoder: Annotated[
        Path | None,
        typer.Option("--encoder", metavar="DIR", help="Encoder folder; the shipped one if unset."),
    ] = None,
    index: Annotated[
        Path | None,
        typer.Option(
            "--index",
            metavar="DIR",
            readable=False,
            help="Keep the index of this collection there for the next time; temporary if unset.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", metavar="FILE", help="Write each query's ranking and scores: JSON lines."
        ),
    ] = None,
    json: options.Json = False,
) -> int:
    """Index a test collection, search it for its queries; figures in per cent."""
    from answerable.api import RetrievalOptions, evaluate_retrieval, retrieval_record

    if output and output.exists():
        raise typer.BadParameter(f"--output {output} is there already: name another file")
    modes = RetrievalOptions().modes if mode == "all" else (mode,)
    with progress_bar() as show:
        evaluation = evaluate_retrieval(
            folder, RetrievalOptions(modes, k, encoder, index), on_progress=show
        )
    if json:
        print_json(retrieval_record(evaluation))
    else:
        _print(evaluation)
    if output:
        _write(output, evaluation)
        note(f"written to {output}")
    if evaluation.unknown_judgements:
        note(f"{evaluation.unknown_judgements} judgements are of queries or documents not there")
    return DONE


def _write(output: Path, evaluation: "RetrievalEvaluation") -> None:
    """Write the lines; a file that cannot be written whole is named, and not left behind."""
    from answerable.api import OutputRefused, ranking_record

    is_ours = False
    try:
        with output.open("x", encoding="utf-8") as file:
            is_ours = True
            for ranking in evaluation.rankings:
                file.write(json_module.dumps(ranking_record(ranking)) + "\n")
    except OSError as exc:
        if is_ours:
            output.unlink()
        raise OutputRefused(f"cannot write {output}: {exc.strerror}") from exc


def _print(evaluation: "RetrievalEvaluation") -> None:
    print(
        f"{safe_line(evaluation.name)}: {evaluation.documents:,} documents, "
        f"{evaluation.passages:,} passages, {evaluation.queries:,} queries, "
        f"encoder {safe_line(evaluation.encoder)}\n"
    )
    print(f"{'':<14}" + "".join(f"{mode:>10}" for mode in evaluation.metrics))
    for name in next(iter(evaluation.metrics.values())):
        row = "".join(f"{metrics[name]:>10.2f}" for metrics in evaluation.metrics.values())
        print(f"{name:<14}{row}")
