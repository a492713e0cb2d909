"""``answerable ask``: one question, one quote or an honest no."""

from typing import Annotated

import typer

from . import options
from .exit_codes import ABSTAINED, DONE
from .output import note_uncalibrated, print_answer, print_json


def ask(
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="In plain words, in quotes.")],
    index: options.Index = None,
    reader: options.Reader = None,
    encoder: options.Encoder = None,
    k: options.K = None,
    n_best: options.NBest = None,
    min_probability: options.MinProbability = None,
    max_error: options.MaxError = None,
    profile: options.Profile = None,
    principals: options.As = None,
    collections: options.Collections = None,
    documents: options.Documents = None,
    media_types: options.MediaTypes = None,
    since: options.Since = None,
    until: options.Until = None,
    where: options.Where = None,
    json: options.Json = False,
) -> int:
    """Answer a question with an exact quote and its source; exit code 3 for no answer."""
    from answerable.api import Engine, SearchFilters, load_settings, to_json, where_of

    options.check_one_limit(min_probability, max_error)
    filters = SearchFilters(
        collections, documents, media_types, since, until, where_of(where or ())
    )
    with Engine.open(index, load_settings(reader=reader, encoder=encoder)) as engine:
        result = engine.ask(
            question,
            k=k,
            n_best=n_best,
            min_probability=min_probability,
            max_error=max_error,
            profile=profile,
            filters=filters,
            principals=principals,
        )
        settings = engine.settings
    if json:
        print_json(to_json(result))
    else:
        print_answer(result)
    if not result.profile:
        note_uncalibrated(result.models, settings)
    return ABSTAINED if result.abstained else DONE
