"""``answerable compare-profiles``: one model under the rules of seven systems, and under ours."""

from pathlib import Path
from typing import Annotated

import typer

from . import options
from .evaluation_tables import print_table
from .exit_codes import DONE
from .output import note, print_json
from .progress import progress_bar


def compare_profiles(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="SQuAD 1.1 or 2.0 JSON, or .gz.")],
    model: Annotated[
        Path | None,
        typer.Option(
            "--model", metavar="DIR", help="Reader folder; that of the settings if unset."
        ),
    ] = None,
    max_questions: Annotated[
        int | None,
        typer.Option("--max-questions", min=1, metavar="N", help="Only a random sample of N."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of the sample.")] = 0,
    json: options.Json = False,
) -> int:
    """Let every system's rule decide on the same logits: EM, F1, abstentions, false answers."""
    from answerable.api import (
        compare_profiles_on,
        comparison_record,
        comparison_table,
        load_settings,
    )

    with progress_bar() as show:
        comparison = compare_profiles_on(
            file,
            model or load_settings().reader,
            max_questions=max_questions,
            seed=seed,
            on_progress=show,
        )
    if json:
        print_json(comparison_record(comparison))
        return DONE
    print_table(comparison_table(comparison))
    note(
        f"{comparison.questions:,} questions of {comparison.file}, read by {comparison.model}; "
        "false answers: of the unanswerable questions, those answered"
    )
    return DONE
