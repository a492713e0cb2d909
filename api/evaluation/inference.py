"""Questions on their own passages, answered without labels: what others call inference."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from answerable.index import sentence_bounds, sha256_of_file
from answerable.reader import (
    FORCED,
    LAYOUTS,
    DatasetInvalid,
    LayoutName,
    Outcome,
    SquadEvaluation,
    evaluate_squad,
    load_reader,
    prediction_files,
    read_squad,
)

from ..models import model_name
from ..owned_folder import OwnedFolder

_RECORD = "inference.json"
_KINDS = ("predictions", "nbest_predictions", "null_odds", "forced_predictions")


@dataclass(frozen=True, slots=True)
class InferenceOptions:
    """How questions are answered, and how that is written.

    Attributes:
        layout: of the files.
        n_best: entries of an n-best list.
        null_threshold: in logits; None for the reader's own.
        max_questions: the first of the file; None for all.
        full_sentences: the predictions are the sentences that the answers stand in; n-best
            lists keep the answers.
    """

    layout: LayoutName = "run_qa"
    n_best: int = 20
    null_threshold: float | None = None
    max_questions: int | None = None
    full_sentences: bool = False


def answer_file(
    path: Path,
    out: Path,
    model: Path | None = None,
    options: InferenceOptions = InferenceOptions(),
    *,
    threads: int | None = None,
) -> dict[str, str]:
    """Answer the questions of a SQuAD-format file, and write the answers in a system's layout.

    Args:
        path: SQuAD 1.1 or 2.0 JSON, plain or gzip, with ``answers`` or without.
        out: folder for the files; others in it are left alone.
        model: the reader's folder; None for the shipped one.
        options: how.
        threads: windows read at the same time; None for one per core.

    Returns:
        The answers by question id; empty for "no answer".

    Raises:
        DatasetInvalid: the file cannot be read as SQuAD, or holds no questions.
        ModelFolderInvalid: the reader cannot be loaded.
        OutputRefused: a file in the way is not ours to replace, or one cannot be written.
    """
    layout = LAYOUTS[options.layout]
    folder = OwnedFolder(out, _RECORD)
    folder.check([layout.file_name(kind) for kind in _KINDS])
    questions = read_squad(path, is_labelled=False)[: options.max_questions]
    if not questions:
        raise DatasetInvalid(f"{path} holds no questions")
    reader = load_reader(model, threads=threads)
    threshold = options.null_threshold
    if threshold is None:
        threshold = reader.confidence.null_threshold if reader.has_null_answer else FORCED
    result = evaluate_squad(reader, questions, threshold, n_best=options.n_best)
    if options.full_sentences:
        result = in_sentences(result)
    files = prediction_files(result, layout, options.n_best)
    record: Mapping[str, Any] = {
        "data": {"file": path.name, "sha256": sha256_of_file(path), "questions": len(questions)},
        "system": model_name(reader.name, reader.sha256),
        "full_sentences": options.full_sentences,
    }
    folder.write({name: text.encode() for name, text in files.items()}, record)
    return result.predictions


def in_sentences(result: SquadEvaluation) -> SquadEvaluation:
    """Return the same with each answer widened to the sentence, or sentences, it stands in."""
    return replace(result, outcomes=tuple(map(_in_sentence, result.outcomes)))


def _in_sentence(outcome: Outcome) -> Outcome:
    spans: Sequence[Any] = outcome.candidates
    if not spans:
        return outcome
    context = outcome.question.context
    start, end = sentence_bounds(context, spans[0].start, spans[0].end)
    return replace(outcome, answer=context[start:end].strip())
