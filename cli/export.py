"""``answerable export``: the way out, a document a line."""

from . import options
from .exit_codes import DONE
from .output import print_line


def export(
    index: options.Index = None,
    principals: options.As = None,
    collection: options.Collection = None,
    json: options.Json = False,
) -> int:
    """Print all documents with their stored texts as JSON lines, with or without --json."""
    from answerable.api import Engine, exported

    with Engine.open(index) as engine:
        for document in exported(engine, principals=principals, collection=collection):
            print_line(document)
    return DONE
