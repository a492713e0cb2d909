"""A progress bar on standard error, where that is a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .terminal import has_style

Show = Callable[[int, int, str], None]
"""Called with the number done, the number in all, and what was just done."""


@contextmanager
def progress_bar() -> Iterator[Show]:
    """Lend a function that shows how far the work is; the bar goes when the block ends."""
    if not has_style(sys.stderr):
        yield lambda done, total, name: None
        return
    # Imported here: rich costs a tenth of a second that --help does not need.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}", markup=False)
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)

        def show(done: int, total: int, name: str) -> None:
            bar.update(task, total=total, completed=done, description=name)

        yield show
