"""``answerable serve``: the HTTP service."""

from pathlib import Path
from typing import Annotated

import typer

from . import options
from .exit_codes import DONE
from .output import note, print_line


def serve(
    index: options.Index = None,
    reader: options.Reader = None,
    encoder: options.Encoder = None,
    host: Annotated[
        str | None, typer.Option("--host", help="Address to listen on (127.0.0.1).")
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="Port (8080); 0 for any.")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", min=1, max=64, help="Processes that answer (1)."),
    ] = None,
    masked_model: Annotated[
        Path | None,
        typer.Option(
            "--masked-model", metavar="DIR", help="Masked-language model for POST /v1/score (none)."
        ),
    ] = None,
    insecure_open: Annotated[
        bool,
        typer.Option(
            "--insecure-open",
            help="Without keys, serve whoever can reach the address: they read, add and delete.",
        ),
    ] = False,
    access_log: Annotated[
        bool | None,
        typer.Option("--access-log/--no-access-log", help="A JSON line for each request."),
    ] = None,
    log_questions: Annotated[
        bool, typer.Option("--log-questions", help="With the questions in it.")
    ] = False,
    json: options.Json = False,
) -> int:
    """Answer, search and take in documents over HTTP; the reference is at /docs."""
    from answerable.api import load_settings
    from answerable.api.http.server import serve as run

    settings = load_settings(
        index=index,
        reader=reader,
        encoder=encoder,
        host=host,
        port=port,
        workers=workers,
        masked_model=masked_model,
        insecure_open=insecure_open or None,
        access_log=access_log,
        log_questions=log_questions or None,
    )

    def say(url: str) -> None:
        if json:
            print_line({"url": url})
        else:
            note(f"Answerable listens on {url}; its reference is {url}/docs. Ctrl-C ends it.")

    run(settings, on_listening=say)
    return DONE
