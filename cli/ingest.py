"""``answerable ingest``: files and folders into the index."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated

import typer

from . import options
from .exit_codes import DONE, FAILED, INTERRUPTED
from .output import note, path_of, print_ingest, print_json
from .progress import Show, progress_bar

if TYPE_CHECKING:  # imported when the command runs
    from answerable.api import IngestProgress


def ingest(
    paths: Annotated[
        list[Path],
        # Not looked at here: missing and unreadable ones are the same error, from one place.
        typer.Argument(metavar="PATH...", readable=False, help="Files and folders."),
    ],
    index: options.Index = None,
    encoder: options.Encoder = None,
    collection: Annotated[
        str, typer.Option("--collection", metavar="NAME", help="Collection they belong to.")
    ] = "default",
    allow: Annotated[
        list[str] | None,
        typer.Option(
            "--allow",
            metavar="PRINCIPAL",
            help="Who may see them: user:NAME or group:NAME; repeatable. Everybody, if not given.",
        ),
    ] = None,
    metadata: Annotated[
        list[str] | None,
        typer.Option(
            "--metadata",
            metavar="KEY=VALUE",
            help="What `ask --where` finds them by, as author=Ann or dept.name=HR; repeatable.",
        ),
    ] = None,
    prune: Annotated[
        bool, typer.Option("--prune", help="Remove documents whose files are gone.")
    ] = False,
    rebuild: Annotated[
        bool,
        typer.Option("--rebuild", help="First embed again what is stored, for another encoder."),
    ] = False,
    json: options.Json = False,
) -> int:
    """Bring files and folders into the index; what has not changed is skipped."""
    from answerable.api import Engine, load_settings, metadata_of, to_json

    started = monotonic()
    settings = load_settings(encoder=encoder)
    told = metadata_of(metadata or ())
    if rebuild:
        with progress_bar() as show:
            Engine.rebuild(index, settings, on_progress=_shown(show))
    n_done = 0
    with Engine.open(index, settings, create=True) as engine:
        try:
            with progress_bar() as show:
                shown = _shown(show)

                def follow(progress: "IngestProgress") -> None:
                    nonlocal n_done
                    n_done = progress.done
                    shown(progress)

                report = engine.ingest(
                    paths,
                    collection=collection,
                    principals=allow or ("public",),
                    prune=prune,
                    metadata=told,
                    on_progress=follow,
                )
        except KeyboardInterrupt:
            note(f"{n_done} files are done and stay in the index; the same command does the rest")
            return INTERRUPTED
    if json:
        print_json(to_json(report))
    else:
        print_ingest(report, monotonic() - started)
    if not report.failures:
        return DONE
    note(f"error: {len(report.failures)} of the files could not be indexed; the others are")
    return FAILED


def _shown(show: Show) -> Callable[["IngestProgress"], None]:
    return lambda progress: show(progress.done, progress.total, _line(progress))


def _line(progress: "IngestProgress") -> str:
    """Return what stands beside the bar: the pace, the time left, and the file."""
    parts = [path_of(progress.uri)]
    if progress.passages_per_s is not None and progress.seconds_left is not None:
        left = timedelta(seconds=round(progress.seconds_left))
        parts = [f"{progress.passages_per_s:.0f} passages/s", f"{left} left", *parts]
    return "  ".join(parts)
