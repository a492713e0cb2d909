"""How results look in a terminal: text for people, JSON for programs.

Results go to standard output; what is said about the work goes to standard
error. All text from documents passes through ``terminal``.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .terminal import bold, dim, marked, safe_json, safe_line

if TYPE_CHECKING:  # imported by the commands when they run: they would slow down --help
    from answerable.api import (
        Answer,
        AskResult,
        DocumentRef,
        IngestReport,
        ModelNames,
        RemoveReport,
        SearchResult,
        Settings,
        Status,
    )
    from answerable.api.modeling.building import BuiltModel
    from answerable.api.modeling.importing import ImportedModel
    from answerable.reader.masked import FilledText

_SNIPPET_CHARS = 200

_REASONS = {
    "no_passages": "nothing in the index is close to the question.",
    "no_answer_in_passages": "the closest passages do not answer the question.",
    "low_confidence": "no candidate is certain enough.",
    "conflicting_answers": "the documents disagree.",
}


def print_json(value: Mapping[str, Any]) -> None:
    """Print one JSON object."""
    print(safe_json(value))


def print_line(value: Mapping[str, Any]) -> None:
    """Print one JSON object on one line, at once: a program may be waiting for it."""
    print(safe_json(value, indent=None), flush=True)


def note(text: str) -> None:
    """Say something about the work on standard error."""
    print(safe_line(text), file=sys.stderr)


def print_answer(result: "AskResult") -> None:
    """Print the quote in its sentence with its source, or why there is none."""
    if result.answer is None:
        _print_abstention(result)
        return
    print(bold(safe_line(result.answer.text)))
    print(f"\n  {_marked_sentence(result.answer)}")
    shifted = ", unlike the calibration's questions" if result.calibration == "shifted" else ""
    fitted = "" if result.models.calibration else ", not calibrated"
    sure = f"{_sure(result.answer)}{shifted}{fitted}"
    if result.profile:
        sure = f"decided as {result.profile.name}, score {result.profile.score:.3g}"
    print(dim(f"  {_place(result.answer)}, {sure}"))


def print_search(result: "SearchResult") -> None:
    """Print ranked passages, a snippet of each."""
    if not result.hits:
        print("Nothing found.")
    for rank, hit in enumerate(result.hits, start=1):
        page = f", page {hit.page}" if hit.page else ""
        heading = f" > {safe_line(hit.heading)}" if hit.heading else ""
        print(f"{rank:>3}. {bold(source(hit.document))}{page}{heading}  {hit.score:.3f}")
        print(f"     {_snippet(hit.text)}")


def print_ingest(report: "IngestReport", seconds: float) -> None:
    """Print what an ingest did; the files it could not take go to standard error."""
    for skipped in report.skipped:
        note(f"skipped {path_of(skipped.uri)}: {skipped.reason}")
    for failure in report.failures:
        note(f"failed {path_of(failure.uri)}: {failure.reason}")
    print(
        f"{report.added} added, {report.updated} updated, {report.unchanged} unchanged, "
        f"{report.removed} removed; {report.passages} new passages in {seconds:.1f} s"
    )


def print_status(status: "Status") -> None:
    """Print what an index holds, one fact a line."""
    facts = {
        "index": status.index,
        "documents": f"{status.documents:,}",
        "passages": f"{status.passages:,}",
        "collections": ", ".join(status.collections) or "none",
        "size": f"{status.size_bytes / 1e6:.1f} MB",
        "encoder": status.encoder,
        "calibration": _calibration(status),
    }
    for name, value in facts.items():
        print(f"{name:<12} {safe_line(value)}")


def _calibration(status: "Status") -> str:
    models = status.models
    if models.calibration_refused:
        return f"refused: {models.calibration_refused}"
    if models.calibration:
        return models.calibration
    return "the reader's own" if models.own_calibration else "none, nothing was fitted"


def print_removed(report: "RemoveReport") -> None:
    """Print the documents taken out; targets that matched nothing go to standard error."""
    for document in report.removed:
        print(f"removed {source(document)}")
    for target in report.not_found:
        note(f"not in the index: {target}")


def note_uncalibrated(models: "ModelNames", settings: "Settings") -> None:
    """Say on standard error that nothing was fitted for the reader, and what follows from it."""
    if models.calibration is not None:
        return
    from answerable.api import calibrate_command

    follows = (
        "its confidence is a guess"
        if models.null_answer == "trained"
        else 'it was not trained to say "no answer" either, and answers every question'
    )
    note(
        f"warning: nothing was fitted for the reader {models.reader}: {follows}; "
        f"fit its probabilities with {calibrate_command(settings)}"
    )


def print_built(built: "BuiltModel | ImportedModel") -> None:
    """Print where a new model folder is and how far it strays from the original."""
    print(
        f"{built.folder}: {built.manifest.kind} {built.manifest.name}, "
        f"{built.size_bytes / 1e6:.1f} MB, cosine to FP32 at least {built.agreement:.4f}"
    )


def print_filled(texts: "Sequence[FilledText]") -> None:
    """Print the words for each mask with their probabilities."""
    for place, filled in enumerate(texts):
        if place:
            print()
        if len(texts) > 1:
            print(safe_line(filled.text))
        for number, predictions in enumerate(filled.masks, start=1):
            if len(filled.masks) > 1:
                print(f"mask {number}:")
            for each in predictions:
                word = bold(f"{safe_line(each.token_str):<14}")
                print(f"{each.score:7.2%}  {word}  {dim(safe_line(each.sequence))}")


def source(document: "DocumentRef") -> str:
    """Return where a document came from: a path when it is a file, else its URI."""
    return path_of(document.uri)


def path_of(uri: str) -> str:
    """Return a file URI as a path, relative below the working directory; others as they are."""
    if urlsplit(uri).scheme != "file":
        return safe_line(uri)
    from answerable.index import path_of as file_of

    path, here = file_of(uri), Path.cwd()
    return safe_line(str(path.relative_to(here) if path.is_relative_to(here) else path))


def _print_abstention(result: "AskResult") -> None:
    print(f"No answer: {_REASONS[result.reason or 'no_answer_in_passages']}")
    if result.reason == "conflicting_answers":
        _print_sides(result.candidates[:2])
        return
    if result.nearest:
        print("\nNearest passages:")
    for passage in result.nearest:
        print(f"  {bold(source(passage.document))}")
        print(f"    {_snippet(passage.text)}")


def _print_sides(sides: "Sequence[Answer]") -> None:
    """Print conflicting answers, each with its source and the date that may decide."""
    for answer in sides:
        document = answer.document
        if document.modified_at:
            dated = f"changed {document.modified_at[:10]}"
        else:
            dated = f"ingested {document.ingested_at[:10]}"
        print(f"\n{bold(safe_line(answer.text))}")
        print(f"  {_marked_sentence(answer)}")
        print(dim(f"  {_place(answer)}, {dated}, {_sure(answer)}"))


def _sure(answer: "Answer") -> str:
    return f"confidence {answer.probability or 0.0:.0%}"


def _marked_sentence(answer: "Answer") -> str:
    """Return the sentence as one line, the quote standing out where it was found."""
    start = answer.start - answer.sentence_start
    end = start + len(answer.text)
    before, after = answer.sentence[:start], answer.sentence[end:]
    return (
        safe_line(before)
        + (" " if before[-1:].isspace() else "")
        + marked(safe_line(answer.text))
        + (" " if after[:1].isspace() else "")
        + safe_line(after)
    )


def _place(answer: "Answer") -> str:
    """Return the source with its page or line."""
    at = f"page {answer.page}" if answer.page is not None else f"line {answer.line}"
    return f"{source(answer.document)}, {at}"


def _snippet(text: str) -> str:
    line = safe_line(text)
    return line if len(line) <= _SNIPPET_CHARS else line[: _SNIPPET_CHARS - 1].rstrip() + "…"
