"""``answerable status`` and ``remove``: look at the index, and take documents out."""

from typing import Annotated

import typer

from . import options
from .exit_codes import DONE, FAILED
from .output import note, print_json, print_removed, print_status


def status(index: options.Index = None, json: options.Json = False) -> int:
    """Say what the index holds."""
    from answerable.api import Engine, to_json

    with Engine.open(index) as engine:
        found = engine.status()
    if json:
        print_json(to_json(found))
    else:
        print_status(found)
    return DONE


def remove(
    targets: Annotated[
        list[str],
        typer.Argument(metavar="TARGET...", help="Files, folders, URIs, or document ids."),
    ],
    index: options.Index = None,
    json: options.Json = False,
) -> int:
    """Remove documents from the index; the files themselves are left alone."""
    from answerable.api import Engine, to_json

    with Engine.open(index) as engine:
        report = engine.remove(targets)
    if json:
        print_json(to_json(report))
    else:
        print_removed(report)
    if report.removed:
        return DONE
    note("error: nothing was removed")
    return FAILED
