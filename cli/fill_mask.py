"""``answerable fill-mask``: words for the masks of a text."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from . import options
from .exit_codes import DONE
from .output import print_filled, print_json

_MAX_FILE_BYTES = 16 << 20


def fill_mask(
    texts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TEXT...",
            help="With one mask or several, as [MASK]; - or none reads lines of standard input.",
        ),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(
            "--model",
            metavar="DIR",
            help="Folder that import-model made; ANSWERABLE_MASKED_MODEL if not given.",
        ),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", metavar="FILE", help="Read the texts from here, one a line."),
    ] = None,
    top_k: Annotated[
        int, typer.Option("--top-k", min=1, max=100, help="Words shown for each mask.")
    ] = 5,
    targets: Annotated[
        list[str] | None,
        typer.Option("--targets", metavar="WORD", help="Choose among these words; repeatable."),
    ] = None,
    json: options.Json = False,
) -> int:
    """Guess masked words; each mask for itself, as Transformers' fill-mask does."""
    from answerable.api import (
        FillOptions,
        fill_masks,
        filled_record,
        load_settings,
        open_masked_model,
    )

    settings = load_settings(masked_model=model)
    lines = _texts(texts or [], file)
    opened = open_masked_model(settings)
    chosen = FillOptions(top_k, tuple(targets) if targets else None)
    filled = fill_masks(opened, lines, chosen, max_chars=settings.max_question_chars)
    if json:
        print_json({"model": opened.name, "results": [filled_record(each) for each in filled]})
    else:
        print_filled(filled)
    return DONE


def _texts(given: list[str], file: Path | None) -> list[str]:
    if file is not None and given:
        raise typer.BadParameter("give TEXT or --file, not both")
    if given and given != ["-"]:
        return given
    if file is None and not given and sys.stdin.isatty():
        raise typer.BadParameter('give TEXT, --file, or lines on standard input ("-")')
    content = _read(file)
    lines = [line for line in content.splitlines() if line.strip()]
    if not lines:
        raise typer.BadParameter(f"{file or 'standard input'} holds no text")
    return lines


def _read(file: Path | None) -> str:
    if file is None:
        return sys.stdin.read(_MAX_FILE_BYTES)
    if file.stat().st_size > _MAX_FILE_BYTES:
        raise typer.BadParameter(f"{file} is larger than {_MAX_FILE_BYTES >> 20} MiB: split it")
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as exc:
        raise typer.BadParameter(f"{file} is not UTF-8 text") from exc
