"""``answerable bench``: speed on this machine, each figure beside a named baseline's."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import options
from .exit_codes import DONE
from .output import print_json
from .progress import progress_bar
from .terminal import safe_line

if TYPE_CHECKING:  # imported when the command runs
    from answerable.api import RetrievalBench

bench = typer.Typer(
    help="Measure speed on this machine, beside a baseline in the same run.", rich_markup_mode=None
)


@bench.callback()
def _bench() -> None:
    """Keep ``retrieval`` a subcommand while it is the only one."""


@bench.command(epilog="Example: answerable bench retrieval --sample")
def retrieval(
    index: options.Index = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            "--labels",
            metavar="DIR",
            readable=False,
            help="Measure on this test collection (BEIR layout), and how good the results are.",
        ),
    ] = None,
    sample: Annotated[
        bool,
        typer.Option("--sample", help="Measure on the language reference that is in Python."),
    ] = False,
    questions: Annotated[
        int, typer.Option("--questions", min=1, max=100_000, metavar="N", help="Most to ask.")
    ] = 200,
    k: options.K = None,
    json: options.Json = False,
) -> int:
    """Time each stage of a search of the index; baseline: exact search in the same run."""
    if sum((index is not None, labels is not None, sample)) > 1:
        raise typer.BadParameter("--index, --labels and --sample exclude each other")
    from answerable.api import bench_record, bench_retrieval, load_settings

    with progress_bar() as show:
        result = bench_retrieval(
            load_settings(index=index, k=k),
            labels=labels,
            is_sample=sample,
            questions=questions,
            on_progress=show,
        )
    if json:
        print_json(bench_record(result))
    else:
        _print(result)
    return DONE


def _print(result: "RetrievalBench") -> None:
    from answerable.api import RETRIEVAL_BASELINE

    speed = result.speed
    print(
        f"{safe_line(result.source)}: {speed.documents:,} documents, {speed.passages:,} passages, "
        f"{speed.questions:,} questions, encoder {safe_line(result.encoder)}"
    )
    if result.build_seconds is not None:
        rate = speed.passages / result.build_seconds
        print(f"built in {result.build_seconds:.1f} s, {rate:.0f} passages/s")
    disk = ", ".join(f"{size:,} {name}" for name, size in speed.disk_bytes.items())
    memory = "" if speed.memory_bytes is None else f"; in memory {speed.memory_bytes:,}"
    print(f"bytes per passage: {disk}{memory}")
    print(f"\nbaseline: {RETRIEVAL_BASELINE}\n")
    print(f"{'':<15}{'p50 ms':>10}{'p99 ms':>10}{'baseline p50':>15}{'times as fast':>15}")
    for one in speed.stages:
        print(
            f"{one.stage:<15}{one.p50_ms:>10.2f}{one.p99_ms:>10.2f}{one.baseline_p50_ms:>15.2f}"
            f"{one.times_as_fast:>15.2f}"
        )
    print(f"\nof what exact search finds among its first 10: {100 * speed.recall_of_exact:.2f}%")
    if result.metrics:
        print(f"\n{'':<15}" + "".join(f"{mode:>10}" for mode in result.metrics))
        for name in next(iter(result.metrics.values())):
            row = "".join(f"{metrics[name]:>10.2f}" for metrics in result.metrics.values())
            print(f"{name:<15}{row}")
