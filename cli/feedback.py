"""``answerable feedback``: what people said of answers, for training and calibrating."""

from pathlib import Path
from typing import Annotated

import typer

from . import options
from .exit_codes import DONE
from .output import note, print_json

feedback = typer.Typer(
    help="Take out what people said of answers.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@feedback.callback()
def _group() -> None:
    """Keep ``export`` a command of its own, though it is the only one yet."""


@feedback.command(epilog="Example: answerable feedback export feedback.json")
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="To write.")],
    index: options.Index = None,
    json: options.Json = False,
) -> int:
    """Write feedback as SQuAD 2.0 JSON, which train and calibrate read."""
    from answerable.api import load_settings, to_json
    from answerable.api.http.database import ServiceDatabase
    from answerable.api.http.feedback import FeedbackStore
    from answerable.api.http.feedback_export import export_feedback

    store = FeedbackStore(ServiceDatabase(load_settings(index=index).index))
    done = export_feedback(store.all(), file)
    if json:
        print_json(to_json(done))
    else:
        print(
            f"{done.answerable} questions with an answer, {done.unanswerable} without; "
            f"{done.rejected} of which only a wrong answer is known"
        )
        if done.left_out:
            note(f"{done.left_out} verdicts left out: a later one on the same question counts")
    if done.rejected:
        note(
            f"{done.rejected} questions are in the file for calibrate alone, which counts whatever "
            "is found for them as wrong; train does not see them"
        )
    return DONE
