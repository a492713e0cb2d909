"""Other systems' rules beside our own on one file: what a model answers depends on who decides."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from answerable.index import sha256_of_file
from answerable.reader import (
    FORCED,
    PROFILES,
    Profile,
    ProfileName,
    SquadEvaluation,
    compare_profiles,
    load_reader,
)

from ..models import model_name
from .files import EvaluationOptions, read_data
from .tables import Table

OURS = "answerable"
# Two systems say "no answer" only if they are asked to; both ways are shown.
_ABSTAINING: Mapping[ProfileName, str] = {
    "haystack1": "return_no_answer",
    "hf": "handle_impossible_answer",
}


@dataclass(frozen=True, slots=True)
class ComparedRule:
    """What one rule made of a file; shares of questions, in per cent.

    Attributes:
        name: ours, the profile's, or that with the option that lets it say "no answer".
        abstained: share of all questions without an answer.
        false_answers: share of the unanswerable questions that were answered; None without any.
    """

    name: str
    exact: float
    f1: float
    abstained: float
    false_answers: float | None


@dataclass(frozen=True, slots=True)
class ProfileComparison:
    """Every rule on one file.

    Attributes:
        file: its name, without folders.
        sha256: of the file.
        questions: how many were read.
        model: the reader.
    """

    file: str
    sha256: str
    questions: int
    model: str
    rules: tuple[ComparedRule, ...]


def compare_profiles_on(
    path: Path,
    model: Path | None = None,
    *,
    max_questions: int | None = None,
    seed: int = 0,
    threads: int | None = None,
    on_progress: Callable[[int, int, str], None] = lambda done, total, name: None,
) -> ProfileComparison:
    """Let every rule decide on one reader's logits for a SQuAD-format file.

    Args:
        path: SQuAD 1.1 or 2.0 JSON, plain or gzip.
        model: the reader's folder; None for the shipped one.
        max_questions: read a sample of this size; None for all.
        seed: of the sample.
        threads: windows read at the same time; None for one per core.
        on_progress: called with questions done, in all, and the name of the file.

    Raises:
        DatasetInvalid: the file cannot be read as SQuAD.
        ModelFolderInvalid: the reader cannot be loaded.
    """
    data = read_data(path, path.name)
    reader = load_reader(model, threads=threads)
    questions = data.sample(EvaluationOptions(max_questions=max_questions, seed=seed))
    profiles: dict[str, Profile] = {
        name: replace(
            profile,
            may_abstain=profile.may_abstain
            and (data.has_unanswerable or not profile.abstains_by_data),
        )
        for name, profile in PROFILES.items()
    }
    profiles |= {
        f"{name} ({option})": replace(PROFILES[name], may_abstain=True)
        for name, option in _ABSTAINING.items()
    }

    def show(done: int) -> None:
        on_progress(done, len(questions), data.name)

    threshold = reader.confidence.null_threshold if data.has_unanswerable else FORCED
    ours, others = compare_profiles(reader, questions, profiles, threshold, show)
    return ProfileComparison(
        file=path.name,
        sha256=sha256_of_file(path),
        questions=len(questions),
        model=model_name(reader.name, reader.sha256),
        rules=tuple(_compared(name, found) for name, found in ({OURS: ours} | others).items()),
    )


def comparison_record(comparison: ProfileComparison) -> dict[str, Any]:
    """Return a comparison as JSON-ready values."""
    return asdict(comparison)


def comparison_table(comparison: ProfileComparison) -> Table:
    """Return a comparison as text cells, one rule a row."""
    head = ("decided as by", "exact", "F1", "no answer", "false answers")
    rows = (
        (
            rule.name,
            f"{rule.exact:.1f}",
            f"{rule.f1:.1f}",
            f"{rule.abstained:.1f}%",
            "-" if rule.false_answers is None else f"{rule.false_answers:.1f}%",
        )
        for rule in comparison.rules
    )
    return Table(head, tuple(rows))


def _compared(name: str, evaluation: SquadEvaluation) -> ComparedRule:
    answered = [bool(outcome.prediction) for outcome in evaluation.outcomes]
    falsely = [
        bool(outcome.prediction)
        for outcome in evaluation.outcomes
        if not outcome.question.is_answerable
    ]
    return ComparedRule(
        name=name,
        exact=evaluation.metrics["exact"],
        f1=evaluation.metrics["f1"],
        abstained=100.0 * answered.count(False) / len(answered),
        false_answers=100.0 * sum(falsely) / len(falsely) if falsely else None,
    )
