"""Evaluation from the command line's side: files of labelled questions in, scores out.

``evaluate_files`` is the main path: check where the results go, read the data, run the reader
or take the predictions, and write.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from answerable.index import sha256_of_file
from answerable.reader import (
    FORCED,
    PROFILES,
    DatasetInvalid,
    OnnxReader,
    Profile,
    ProfileName,
    SquadEvaluation,
    SquadQuestion,
    evaluate_profile,
    evaluate_squad,
    load_reader,
    read_null_odds,
    read_predictions,
    read_squad,
    score_predictions,
)

from ..models import model_name
from ..owned_folder import OutputRefused, ResultUnwritten
from .output import EvaluationOutput
from .record import FileEvaluation

AnswerMode = Literal["auto", "forced", "threshold"]

_SPLITS = ("dev", "test", "train", "validation")  # every data set has files of these names


@dataclass(frozen=True, slots=True)
class EvaluationOptions:
    """How to evaluate.

    Attributes:
        answers: ``forced`` gives an answer to every question; ``threshold`` gives none where
            the null odds are above the threshold; ``auto`` is ``threshold`` for data with
            unanswerable questions and ``forced`` for other data.
        null_threshold: in logits; None for the reader's own.
        max_questions: read a sample of this size; None for all.
        seed: of the sample.
        n_best: candidates kept of each question.
        profile: the system whose rule decides, with its settings; None for our own.
    """

    answers: AnswerMode = "auto"
    null_threshold: float | None = None
    max_questions: int | None = None
    seed: int = 0
    n_best: int = 1
    profile: Profile | None = None


@dataclass(frozen=True, slots=True)
class ProfileOptions:
    """Settings of a profile that are not its system's own; None for those that are."""

    max_seq_tokens: int | None = None
    stride_tokens: int | None = None
    max_question_tokens: int | None = None
    max_answer_tokens: int | None = None
    n_best: int | None = None
    lower_case: bool | None = None


def profile_with(name: ProfileName, options: ProfileOptions = ProfileOptions()) -> Profile:
    """Return a profile under some settings of the caller's."""
    given = {key: value for key, value in asdict(options).items() if value is not None}
    return replace(PROFILES[name], **given)


@dataclass(frozen=True, slots=True)
class PredictionSource:
    """Answers that another run made: a file of texts, and one of null odds if there is one."""

    predictions: Path
    null_odds: Path | None = None


def evaluate_files(
    paths: Sequence[Path],
    source: PredictionSource | Path | None = None,
    options: EvaluationOptions = EvaluationOptions(),
    *,
    output: EvaluationOutput | None = None,
    threads: int | None = None,
    on_progress: Callable[[int, int, str], None] = lambda done, total, name: None,
) -> list[FileEvaluation]:
    """Score a reader, or its predictions, on SQuAD-format files.

    Args:
        paths: SQuAD 1.1 or 2.0 JSON, plain or gzip; at least one, and only one for predictions.
        source: a reader's folder, predictions, or None for the shipped reader.
        options: how.
        output: where results are written; None for nowhere.
        threads: windows read at the same time; None for one per core.
        on_progress: called with questions done, in all, and the name of their file.

    Raises:
        DatasetInvalid: a file cannot be read as what it should be.
        ModelFolderInvalid: the reader cannot be loaded.
        OutputRefused: a file in the way is not ours to replace.
        ResultUnwritten: in the end a file could not be written; ``result`` is the list.
        ExtraMissing: plots were asked for, and matplotlib is not installed.
    """
    names = _names(paths)
    if output:
        output.check(names)
    data = [read_data(path, name) for path, name in zip(paths, names, strict=True)]
    if isinstance(source, PredictionSource):
        evaluations = [_of_predictions(data[0], source, options)]
    else:
        reader = load_reader(source, threads=threads)
        evaluations = [_of_reader(one, reader, options, on_progress) for one in data]
    if output:
        try:
            output.write(evaluations)
        except OutputRefused as exc:
            raise ResultUnwritten(str(exc), evaluations) from exc
    return evaluations


def evaluate_squad_file(
    path: Path,
    model: Path | None = None,
    *,
    threads: int | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> SquadEvaluation:
    """Measure a reader on the gold passages of one SQuAD-format file.

    Args:
        path: SQuAD 1.1 or 2.0 JSON, plain or gzip.
        model: the reader's folder; None for the shipped one.
        threads: windows read at the same time; None for one per core.
        on_progress: called with questions done and in all.

    Raises:
        DatasetInvalid: the file cannot be read as SQuAD.
        ModelFolderInvalid: the reader cannot be loaded.
    """
    evaluations = evaluate_files(
        [path], model, threads=threads, on_progress=lambda done, total, _: on_progress(done, total)
    )
    return evaluations[0].result


@dataclass(frozen=True, slots=True)
class SquadData:
    """A file of questions."""

    path: Path
    name: str
    questions: list[SquadQuestion]

    @property
    def has_unanswerable(self) -> bool:
        """Whether some of its questions have no answer."""
        return any(not question.is_answerable for question in self.questions)

    def sample(self, options: EvaluationOptions) -> list[SquadQuestion]:
        """Return the questions to read, in the data's order."""
        most = options.max_questions
        if most is None or most >= len(self.questions):
            return self.questions
        chosen = random.Random(options.seed).sample(range(len(self.questions)), most)
        return [self.questions[i] for i in sorted(chosen)]


def read_data(path: Path, name: str) -> SquadData:
    """Read the questions of a SQuAD-format file; each needs an id of its own."""
    questions = read_squad(path)
    if not questions:
        raise DatasetInvalid(f"{path} holds no questions")
    if len({question.id for question in questions}) < len(questions):
        raise DatasetInvalid(f"{path} holds several questions of one id: predictions need one each")
    return SquadData(path, name, questions)


def _of_reader(
    data: SquadData,
    reader: OnnxReader,
    options: EvaluationOptions,
    on_progress: Callable[[int, int, str], None],
) -> FileEvaluation:
    questions = data.sample(options)
    name = model_name(reader.name, reader.sha256)
    if options.profile:
        profile = settled_profile(options.profile, options, data.has_unanswerable)
        result = evaluate_profile(
            reader,
            questions,
            profile,
            lambda done: on_progress(done, len(questions), data.name),
        )
        return _evaluation(data, f"{name}, decided as {profile.name}", result)
    is_forced = options.answers == "forced"
    if is_forced or (options.answers == "auto" and not data.has_unanswerable):
        threshold = FORCED
    elif options.null_threshold is not None:
        threshold = options.null_threshold
    else:
        threshold = reader.confidence.null_threshold
    result = evaluate_squad(
        reader,
        questions,
        threshold,
        lambda done: on_progress(done, len(questions), data.name),
        n_best=options.n_best,
    )
    return _evaluation(data, name, result)


def settled_profile(
    profile: Profile, options: EvaluationOptions, has_unanswerable: bool
) -> Profile:
    """Return a profile with its threshold, and with what ``answers`` says of abstaining.

    Args:
        profile: the system and its settings.
        options: ``auto`` leaves it to the system; one that is told by its data is told.
        has_unanswerable: whether the data holds unanswerable questions.
    """
    may_abstain = profile.may_abstain and (has_unanswerable or not profile.abstains_by_data)
    if options.answers != "auto":
        may_abstain = options.answers == "threshold"
    threshold = options.null_threshold
    return replace(
        profile,
        may_abstain=may_abstain,
        null_threshold=profile.null_threshold if threshold is None else threshold,
    )


def _of_predictions(
    data: SquadData, source: PredictionSource, options: EvaluationOptions
) -> FileEvaluation:
    answers = read_predictions(source.predictions)
    null_odds = read_null_odds(source.null_odds) if source.null_odds else None
    result = score_predictions(data.sample(options), answers, null_odds, options.null_threshold)
    return _evaluation(data, source.predictions.name, result)


def _evaluation(data: SquadData, system: str, result: SquadEvaluation) -> FileEvaluation:
    return FileEvaluation(
        name=data.name,
        file=data.path.name,
        sha256=sha256_of_file(data.path),
        questions_in_file=len(data.questions),
        system=system,
        result=result,
    )


def _names(paths: Sequence[Path]) -> list[str]:
    """Name each file without its endings, and with its folder where that says too little."""
    stems = [_stem(path) for path in paths]
    names = [
        f"{path.resolve().parent.name}-{stem}"
        if stems.count(stem) > 1 or (len(paths) > 1 and stem in _SPLITS)
        else stem
        for path, stem in zip(paths, stems, strict=True)
    ]
    if len(set(names)) < len(names):
        raise DatasetInvalid(
            "two of the files would have the same name in the results: rename one, "
            "or evaluate them one by one"
        )
    return names


def _stem(path: Path) -> str:
    return path.name.removesuffix(".gz").removesuffix(".json") or path.name
