"""Evaluation from the command line's side: a file of labelled questions in, metrics out."""

from collections.abc import Callable
from pathlib import Path

from answerable.reader import OnnxReader, SquadEvaluation, evaluate_squad, read_squad


def evaluate_squad_file(
    path: Path,
    model: Path | None = None,
    *,
    threads: int | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> SquadEvaluation:
    """Measure a reader on the gold passages of a SQuAD-format file.

    Args:
        path: SQuAD 1.1 or 2.0 JSON, plain or gzip.
        model: the reader's folder; None for the shipped one.
        threads: CPU threads; None for every core.
        on_progress: called with questions done and in all.

    Raises:
        DatasetInvalid: the file cannot be read as SQuAD.
        ModelFolderInvalid: the reader cannot be loaded.
    """
    questions = read_squad(path)
    reader = OnnxReader.load(model, threads=threads)
    return evaluate_squad(
        reader,
        questions,
        reader.confidence.null_threshold,
        lambda done: on_progress(done, len(questions)),
    )
