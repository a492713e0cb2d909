"""``answerable search``: ranked passages."""

from typing import Annotated, Literal

import typer

from . import options
from .exit_codes import DONE
from .output import print_json, print_search

Mode = Literal["hybrid", "dense", "lexical"]


def search(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="A question or a few words.")],
    index: options.Index = None,
    encoder: options.Encoder = None,
    mode: Annotated[
        Mode, typer.Option("--mode", help="By meaning (dense), by words (lexical), or by both.")
    ] = "hybrid",
    k: options.K = None,
    principals: options.As = None,
    collections: options.Collections = None,
    documents: options.Documents = None,
    media_types: options.MediaTypes = None,
    since: options.Since = None,
    until: options.Until = None,
    where: options.Where = None,
    json: options.Json = False,
) -> int:
    """List the passages nearest to a query, best first."""
    from answerable.api import Engine, SearchFilters, load_settings, to_json, where_of

    filters = SearchFilters(
        collections, documents, media_types, since, until, where_of(where or ())
    )
    with Engine.open(index, load_settings(encoder=encoder)) as engine:
        result = engine.search(query, k=k, mode=mode, filters=filters, principals=principals)
    if json:
        print_json(to_json(result))
    else:
        print_search(result)
    return DONE
