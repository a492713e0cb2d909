"""``answerable mcp``: the tools ask and search over the Model Context Protocol."""

from typing import Annotated

import typer

from . import options
from .exit_codes import DONE
from .output import note, print_line


def mcp(
    index: options.Index = None,
    http: Annotated[
        bool, typer.Option("--http", help="Over HTTP at /mcp, not over standard input and output.")
    ] = False,
    host: Annotated[
        str | None, typer.Option("--host", help="Address to listen on (127.0.0.1), with --http.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", min=0, max=65535, help="Port (8081), with --http; 0 for any."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", min=1, max=64, help="Processes that answer (1), with --http."),
    ] = None,
    insecure_open: Annotated[
        bool,
        typer.Option("--insecure-open", help="Without keys, answer whoever can reach the address."),
    ] = False,
    access_log: Annotated[
        bool | None,
        typer.Option("--access-log/--no-access-log", help="A JSON line for each HTTP request."),
    ] = None,
    principals: options.As = None,
    collection: options.Collection = None,
    k: options.K = None,
    min_probability: options.MinProbability = None,
    max_error: options.MaxError = None,
    json: options.Json = False,
) -> int:
    """Give the tools ask and search, and the documents, to a client of the MCP."""
    from answerable.api import checked_filters
    from answerable.api.mcp.running import serve_http, serve_stdio
    from answerable.api.mcp.settings import load_mcp_settings

    options.check_one_limit(min_probability, max_error)
    if not http and (host, port, workers, access_log) != (None, None, None, None):
        raise typer.BadParameter("--host, --port, --workers and --access-log go with --http")
    settings = load_mcp_settings(
        index=index,
        host=host,
        port=port,
        workers=workers,
        insecure_open=insecure_open or None,
        access_log=access_log,
        principals=tuple(principals) if principals else None,
        collection=collection,
        k=k,
        min_probability=min_probability,
        max_error=max_error,
    )
    checked_filters(None, settings.collection, settings.principals)
    if not http:
        serve_stdio(settings)
        return DONE

    def say(url: str) -> None:
        if json:
            print_line({"url": url})
        else:
            note(f"Answerable speaks MCP on {url}. Ctrl-C ends it.")

    serve_http(settings, say)
    return DONE
