"""``answerable chat``: question after question."""

import sys
from collections.abc import Iterator

from . import options
from .exit_codes import DONE
from .output import note, note_uncalibrated, print_answer, print_line

_PROMPT = "? "


def chat(
    index: options.Index = None,
    reader: options.Reader = None,
    encoder: options.Encoder = None,
    k: options.K = None,
    min_probability: options.MinProbability = None,
    max_error: options.MaxError = None,
    principals: options.As = None,
    collection: options.Collection = None,
    json: options.Json = False,
) -> int:
    """Answer questions from a prompt, each on its own; /quit or Ctrl-D ends it.

    Questions may also come from a pipe, one a line; --json prints one result a line.
    """
    from answerable.api import Engine, QuestionInvalid, checked_limits, load_settings, to_json

    options.check_one_limit(min_probability, max_error)
    with Engine.open(index, load_settings(reader=reader, encoder=encoder)) as engine:
        _, limit = checked_limits(min_probability, max_error, engine.settings)
        engine.reader.check_limit(limit)
        note_uncalibrated(engine.reader.model_names(), engine.settings)
        for question in _questions():
            try:
                result = engine.ask(
                    question,
                    k=k,
                    min_probability=min_probability,
                    max_error=max_error,
                    collection=collection,
                    principals=principals,
                )
            except QuestionInvalid as exc:
                note(f"error: {exc}")
                continue
            if json:
                print_line(to_json(result))
            else:
                print_answer(result)
                print(flush=True)
    return DONE


def _questions() -> Iterator[str]:
    """Yield what is typed or piped, line by line, until it ends or says /quit."""
    for line in _typed() if sys.stdin.isatty() else sys.stdin:
        question = line.strip()
        if question == "/quit":
            return
        if question:
            yield question


def _typed() -> Iterator[str]:
    """Yield lines from a prompt; arrow keys bring back earlier ones."""
    import readline  # noqa: F401  # importing it gives input() its history

    note("Ask, or leave with /quit or Ctrl-D.")
    while True:
        try:
            yield input(_PROMPT)
        except EOFError:
            print()
            return
