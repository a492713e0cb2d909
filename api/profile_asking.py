"""A question answered by another system's rule: its decision as quotes and as the public result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from answerable.reader import PROFILES, Profile, ProfileAnswer, ProfileDecision, ProfileName, Span
from answerable.retriever import Hit

from .errors import LimitInvalid, ProfileUnknown
from .quotes import nearest_passages
from .types import Answer, AnswerLimit, AskResult, AskTiming, ModelNames, ProfileVerdict


@dataclass(frozen=True, slots=True)
class ProfileReading:
    """What a profile decided on the passages that were found.

    Attributes:
        hits: the passages, best first.
        n_best: candidates to return.
    """

    question: str
    hits: Sequence[Hit]
    decision: ProfileDecision
    n_best: int

    @property
    def spans(self) -> tuple[Span, ...]:
        """The answers as spans of documents, best first, each place once."""
        entries = (self.decision.best, *self.decision.n_best)
        spans = [span for entry in entries if entry and (span := _span(entry, self.hits))]
        places: dict[tuple[int, int, int], Span] = {}
        for span in spans:
            places.setdefault((span.document_id, span.start, span.end), span)
        return tuple(places.values())[: self.n_best]


def checked_profile(
    profile: ProfileName | Profile, min_probability: float | None, max_error: float | None
) -> Profile:
    """Return a profile with its settings.

    Args:
        profile: its name, or one with settings of the caller's.
        min_probability: must be None: only our own probabilities have limits.
        max_error: likewise.

    Raises:
        ProfileUnknown: no profile has the name.
        LimitInvalid: a limit is given.
    """
    if isinstance(profile, str):
        if profile not in PROFILES:
            raise ProfileUnknown(
                f"there is no profile {profile!r}: take one of {', '.join(PROFILES)}"
            )
        profile = PROFILES[profile]
    if min_probability is not None or max_error is not None:
        raise LimitInvalid(
            f"the rule of {profile.name} decides by its own score, which is no probability: "
            "leave min_probability and max_error out"
        )
    return profile


def profile_result(
    reading: ProfileReading,
    quotes: Mapping[Span, Answer | None],
    timing: AskTiming,
    models: ModelNames,
) -> AskResult:
    """Return a profile's decision as the public result.

    Args:
        reading: what was decided.
        quotes: by span; None for those whose document has changed meanwhile.
        timing: of the stages.
        models: what was read with; no calibration has a say.
    """
    decision = reading.decision
    quoted = [quotes.get(span) for span in reading.spans]
    # The rule's scores are no probabilities, and ours say nothing of its answers.
    answers = [replace(answer, probability=None) for answer in quoted if answer]
    is_given = decision.answer is not None and decision.answer.passage is not None
    answer = answers[0] if is_given and quoted and quoted[0] else None
    return AskResult(
        question=reading.question,
        answer=answer,
        abstained=answer is None,
        reason=None if answer else "no_answer_in_passages" if reading.hits else "no_passages",
        candidates=tuple(answers),
        nearest=nearest_passages(reading.hits),
        limit=AnswerLimit(0.0, None, None),
        calibration=None,
        timing_ms=timing,
        models=replace(models, calibration=None),
        profile=ProfileVerdict(
            name=decision.profile,
            score=decision.score,
            null_odds=decision.null_odds,
            text=decision.answer.text if answer and decision.answer else None,
        ),
    )


def _span(entry: ProfileAnswer, hits: Sequence[Hit]) -> Span | None:
    """Return an entry as a span of its document; None for one that stands nowhere."""
    if entry.passage is None or entry.start >= entry.end:
        return None
    passage = hits[entry.passage].passage
    return Span(
        passage_id=passage.id,
        document_id=passage.document_id,
        start=passage.start + entry.start,
        end=passage.start + entry.end,
        text=passage.text[entry.start : entry.end],
        score=entry.score,
        probability=0.0,
    )
