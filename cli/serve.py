"""``answerable serve``: the HTTP service."""

from typing import Annotated

import typer

from . import options
from .exit_codes import DONE
from .output import note, print_line


def serve(
    index: options.Index = None,
    host: Annotated[
        str | None, typer.Option("--host", help="Address to listen on (127.0.0.1).")
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="Port (8080); 0 for any.")
    ] = None,
    allow_open: Annotated[
        bool, typer.Option("--allow-open", help="Serve whoever can reach the address.")
    ] = False,
    json: options.Json = False,
) -> int:
    """Serve POST /v1/ask and /v1/search, health, and /docs over HTTP."""
    from answerable.api import load_settings
    from answerable.api.server import serve as run

    settings = load_settings(index=index, host=host, port=port, allow_open=allow_open or None)

    def say(url: str) -> None:
        if json:
            print_line({"url": url})
        else:
            note(f"Answerable listens on {url}; its reference is {url}/docs. Ctrl-C ends it.")

    run(settings, on_listening=say)
    return DONE
