"""``answerable doctor``: look the index and the models over, and mend what can be mended."""

from typing import Annotated

import typer

from . import options
from .exit_codes import DONE, FAILED
from .output import note, print_json
from .terminal import safe_line


def doctor(
    repair: Annotated[
        bool,
        typer.Option(
            "--repair",
            help="Make files anew that are derived from the database, and close folders.",
        ),
    ] = False,
    index: options.Index = None,
    json: options.Json = False,
) -> int:
    """Check database, files, models and calibration; exit code 1 if anything is wrong."""
    from dataclasses import asdict

    from answerable.api import diagnose

    found = diagnose(index, repair=repair)
    if json:
        print_json({**asdict(found), "is_sound": found.is_sound})
    else:
        for finding in found.findings:
            print(f"{finding.level:<8} {finding.check:<12} {safe_line(finding.text)}")
        for check in found.mended:
            print(f"mended   {check}")
    if not repair and any(one.can_be_mended and one.level != "sound" for one in found.findings):
        note("answerable doctor --repair mends some of this")
    return DONE if found.is_sound else FAILED
