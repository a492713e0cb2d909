"""Training from the command line's side: a spec file in, a report out.

The training code needs torch, which the plain install leaves out; it is
imported here when it is asked for.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from answerable.index import sha256_of_file
from answerable.reader import read_squad

from ..errors import ExtraMissing

if TYPE_CHECKING:  # needs torch
    from answerable.reader.training.finished import TrainReport
    from answerable.retriever.training.finished import RetrieverTrainReport
    from answerable.retriever.training.loop import TrainingData
    from answerable.retriever.training.spec import RetrieverTrainSpec


def train_reader(spec: Path, overrides: list[str], *, resume: bool) -> "TrainReport":
    """Run a reader's training spec to its end.

    Args:
        spec: YAML file.
        overrides: ``key.sub=value``, later ones winning.
        resume: continue from the last checkpoint.

    Raises:
        ExtraMissing: the ``models`` extra is not installed.
        TrainSpecInvalid: the spec or an override cannot be used.
        DatasetInvalid: a data file cannot be read.
        ModelFolderInvalid: the base model cannot be read.
    """
    from answerable.reader.training import load_spec

    loaded = load_spec(spec, overrides)
    try:
        from answerable.reader.training import loop
    except ModuleNotFoundError as exc:
        raise _extra_missing(exc) from exc
    return loop.train_reader(loaded, resume=resume)


def train_retriever(spec: Path, overrides: list[str], *, resume: bool) -> "RetrieverTrainReport":
    """Run a retriever's training spec to its end.

    Args:
        spec: YAML file.
        overrides: ``key.sub=value``, later ones winning.
        resume: continue from the last checkpoint.

    Raises:
        ExtraMissing: the ``models`` extra is not installed.
        RetrieverSpecInvalid: the spec or an override cannot be used.
        DatasetInvalid: a data file cannot be read.
        ModelFolderInvalid: the base model, or the encoder that searches, cannot be read.
    """
    from answerable.retriever.training import load_spec

    loaded = load_spec(spec, overrides)
    try:
        from answerable.retriever.training import loop
    except ModuleNotFoundError as exc:
        raise _extra_missing(exc) from exc
    return loop.train_retriever(loaded, _labelled_questions(loaded), resume=resume)


def _labelled_questions(spec: "RetrieverTrainSpec") -> "TrainingData":
    """Read a retriever's data files; the reader knows their format, and which articles it left out.

    Both models leave out the same articles, so that nothing chosen on these was seen by either.
    """
    from answerable.reader.training.left_out import is_left_out
    from answerable.retriever.training import LabelledQuestion
    from answerable.retriever.training.loop import TrainingData

    kept: list[LabelledQuestion] = []
    left_out: list[LabelledQuestion] = []
    titles: dict[str, list[str]] = {}
    for file in spec.data:
        names = set()
        for question in read_squad(file.path):
            if not question.is_answerable:
                continue
            is_out = is_left_out(question.title, spec.left_out_share)
            if is_out:
                names.add(question.title)
            (left_out if is_out else kept).append(
                LabelledQuestion(
                    question.id,
                    question.question,
                    question.context,
                    tuple(dict.fromkeys(answer.text for answer in question.answers)),
                    question.answers[0].start,
                )
            )
        titles[file.path.name] = sorted(names)
    sha256 = {file.path.name: sha256_of_file(file.path) for file in spec.data}
    return TrainingData(kept, left_out, titles, sha256)


def _extra_missing(exc: ModuleNotFoundError) -> ExtraMissing:
    return ExtraMissing(
        f"training needs the models extra ({exc.name} is missing): pip install '.[models]' in the clone"
    )
