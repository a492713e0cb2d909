"""The command that calibrates what is in use here, for errors and warnings that name it."""

import shlex
from pathlib import Path

from .settings import Settings


def calibrate_command(settings: Settings, what: str = "QUESTIONS") -> str:
    """Return ``answerable calibrate`` with index and reader where they are not the defaults.

    Args:
        settings: with the index and the reader in use.
        what: its argument, or ``--reset``.
    """
    is_default = settings.index == Settings.model_fields["index"].default
    return command_for(None if is_default else settings.index, settings.reader, what)


def command_for(index: Path | None, reader: Path | None, what: str = "QUESTIONS") -> str:
    """Return ``answerable calibrate`` for an index and a reader; None for the default one."""
    named = {"--index": index, "--reader": reader}
    options = "".join(f" {name} {shlex.quote(str(path))}" for name, path in named.items() if path)
    return f"answerable calibrate {what}{options}"
