"""Other systems' rules, measured on questions with their gold passages.

``evaluate_profile`` measures one of them, with its n-best lists and null odds; ``compare_profiles``
all of them beside our own rule, from one reading of each passage.
"""

from collections.abc import Callable, Mapping, Sequence

from ..onnx_reader import OnnxReader
from ..profiles import Profile, ProfileAnswer, ProfileDecision
from ..ranking import ScoredSpan, SpanLogits
from .scores import (
    FORCED,
    NO_SPAN_ODDS,
    SquadEvaluation,
    evaluation_of,
    evaluation_of_spans,
    gold_passage,
    read_all,
)
from .squad import SquadQuestion


def evaluate_profile(
    reader: OnnxReader,
    questions: Sequence[SquadQuestion],
    profile: Profile,
    on_progress: Callable[[int], None] = lambda done: None,
) -> SquadEvaluation:
    """Read each question's own context, and score what a profile's system would answer.

    Args:
        reader: the model.
        questions: with contexts and reference answers; at least one.
        profile: the rule and its settings.
        on_progress: called with the number of questions done.
    """

    def read(question: SquadQuestion) -> ProfileDecision:
        return reader.decide(question.question, [gold_passage(question)], profile)

    decided: dict[str, ProfileDecision] = {}
    for done, (question, decision) in enumerate(read_all(questions, read), start=1):
        decided[question.id] = decision
        on_progress(done)
    return _evaluation(questions, profile, decided)


def compare_profiles(
    reader: OnnxReader,
    questions: Sequence[SquadQuestion],
    profiles: Mapping[str, Profile],
    null_threshold: float,
    on_progress: Callable[[int], None] = lambda done: None,
) -> tuple[SquadEvaluation, dict[str, SquadEvaluation]]:
    """Score our own rule and those of other systems, each distinct window read once.

    Args:
        reader: the model.
        questions: with contexts and reference answers; at least one.
        profiles: rules and their settings, under names of the caller's.
        null_threshold: of our own rule, as of ``evaluate_squad``.
        on_progress: called with the number of questions done.

    Returns:
        Ours, and the others' by name.
    """
    settings = list(profiles.values())

    def read(question: SquadQuestion) -> tuple[list[ScoredSpan], list[ProfileDecision]]:
        passages = [gold_passage(question)]
        return reader.compare(question.question, passages, settings, n_best=1)

    ours: dict[str, tuple[ScoredSpan, ...]] = {}
    decided: dict[str, list[ProfileDecision]] = {}
    for done, (question, (spans, decisions)) in enumerate(read_all(questions, read), start=1):
        ours[question.id] = tuple(spans)
        decided[question.id] = decisions
        on_progress(done)
    others = {
        name: _evaluation(questions, profile, {id: d[place] for id, d in decided.items()})
        for place, (name, profile) in enumerate(profiles.items())
    }
    return evaluation_of_spans(questions, ours, null_threshold), others


def _evaluation(
    questions: Sequence[SquadQuestion],
    profile: Profile,
    decisions: Mapping[str, ProfileDecision],
) -> SquadEvaluation:
    """Return the record of one rule's decisions; a rule without null odds has none."""
    odds = {
        id: NO_SPAN_ODDS if decision.best is None else decision.null_odds
        for id, decision in decisions.items()
    }
    known = {id: value for id, value in odds.items() if value is not None}
    has_odds = any(decision.null_odds is not None for decision in decisions.values())
    return evaluation_of(
        questions,
        {id: decision.best.text if decision.best else "" for id, decision in decisions.items()},
        known if has_odds else None,
        profile.null_threshold if profile.may_abstain and has_odds else FORCED,
        {id: tuple(_spans(decision)) for id, decision in decisions.items()},
        {id: decision.n_best for id, decision in decisions.items()},
    )


def _spans(decision: ProfileDecision) -> list[ScoredSpan]:
    """Return the candidates that stand in the passage as spans of it, the best first."""
    null = next((entry for entry in decision.n_best if not entry.text), None)
    null_logits = (null.start_logit, null.end_logit) if null else (0.0, 0.0)
    found = [entry for entry in (decision.best, *decision.n_best) if entry and entry.text]
    return [
        _span(entry, *null_logits) for entry in dict.fromkeys(found) if entry.passage is not None
    ]


def _span(entry: ProfileAnswer, null_start: float, null_end: float) -> ScoredSpan:
    return ScoredSpan(
        passage_id=0,
        document_id=0,
        start=entry.start,
        end=entry.end,
        text=entry.text,
        score=entry.score,
        logits=SpanLogits(entry.start_logit, entry.end_logit, null_start, null_end),
    )
