"""Training windows: one question and a slice of a context, with all places of the answer.

A crop around the answer costs a third of a full paragraph and still shows the
model where the answer stands; a share of full-length windows keeps long
contexts familiar. Depends on nothing but the standard library.
"""

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass

from .options import NegativesSpec, WindowSpec

Tokens = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class EncodedQuestion:
    """A question and its context as tokens, with the answer's token spans in the context.

    Attributes:
        question_ids: at most ``max_question_tokens``.
        context_ids: the whole context.
        annotated: inclusive token pair of the annotated answer; None without an answer.
        occurrences: every whole-token occurrence of its text.
        negatives: contexts that lexical search found for the question and that do not
            hold its answer.
    """

    question_ids: Tokens
    context_ids: Tokens
    annotated: tuple[int, int] | None
    occurrences: tuple[tuple[int, int], ...]
    negatives: tuple[Tokens, ...] = ()


@dataclass(frozen=True, slots=True)
class TrainingWindow:
    """``[CLS] question [SEP] context slice [SEP]`` and the answer's places in it.

    RoBERTa has two tokens between question and context.

    Attributes:
        source: what it was cut from; windows share its tokens until they are put in a batch.
        begin: first context token of the slice.
        end: past its last one.
        special: ids of the token before the question, of those after it, and of the last one.
    """

    source: EncodedQuestion
    begin: int
    end: int
    special: tuple[int, ...]

    @property
    def n_tokens(self) -> int:
        """The length of the whole window."""
        return self.context_start + self.end - self.begin + 1

    @property
    def token_ids(self) -> Tokens:
        """The whole window."""
        first, *between, last = self.special
        context_ids = self.source.context_ids[self.begin : self.end]
        return (first, *self.source.question_ids, *between, *context_ids, last)

    @property
    def context_start(self) -> int:
        """Position of the first context token; segment 1 begins here."""
        return len(self.source.question_ids) + len(self.special) - 1

    @property
    def targets(self) -> tuple[tuple[int, int], ...]:
        """Inclusive (start_token, end_token) pairs; ``((0, 0),)`` when the slice holds none."""
        shift = self.context_start - self.begin
        inside = tuple(
            (start + shift, stop + shift)
            for start, stop in self.source.occurrences
            if self.begin <= start and stop < self.end
        )
        return inside or ((0, 0),)


def make_group(
    encoded: EncodedQuestion,
    spec: WindowSpec,
    negatives: NegativesSpec | None,
    rngs: tuple[random.Random, random.Random],
    special: tuple[int, ...],
) -> tuple[TrainingWindow, ...]:
    """Cut a question's windows: one of its context, then those of its negatives.

    Args:
        encoded: the question.
        spec: lengths and shares.
        negatives: how many; None for none.
        rngs: one for the question's own window, one for all that negatives need, so that a
            run with negatives sees the very same own windows as one without.
        special: as in ``TrainingWindow``.
    """
    own, extra = rngs
    window = make_window(encoded, spec, own, special)
    if negatives is None or not encoded.negatives or extra.random() >= negatives.share:
        return (window,)
    n_chosen = min(negatives.per_question, len(encoded.negatives))
    others = [
        EncodedQuestion(encoded.question_ids, context_ids, None, ())
        for context_ids in extra.sample(encoded.negatives, n_chosen)
    ]
    return (window, *(make_window(other, spec, extra, special) for other in others))


def make_window(
    encoded: EncodedQuestion,
    spec: WindowSpec,
    rng: random.Random,
    special: tuple[int, ...],
) -> TrainingWindow:
    """Cut one window from an encoded question.

    Args:
        encoded: the question, its context and its answer's places.
        spec: lengths and shares.
        rng: decides crop or not, and where.
        special: as in ``TrainingWindow``.
    """
    room = spec.max_seq_tokens - len(encoded.question_ids) - len(special)
    if rng.random() < spec.crop_share:
        room = min(room, spec.crop_context_tokens)
    begin = _slice_start(encoded, room, spec.off_answer_share, rng)
    end = min(begin + room, len(encoded.context_ids))
    return TrainingWindow(encoded, begin, end, special)


def _slice_start(
    encoded: EncodedQuestion, room: int, off_answer_share: float, rng: random.Random
) -> int:
    """Choose where the slice begins: anywhere that keeps the whole answer, if there is one."""
    last = max(0, len(encoded.context_ids) - room)
    if encoded.annotated is None or rng.random() < off_answer_share:
        return rng.randint(0, last)
    start, stop = encoded.annotated
    lowest = max(0, min(stop - room + 1, last))
    return rng.randint(lowest, max(lowest, min(start, last)))


def context_key(context: str) -> str:
    """Return the name of a context in a file of negatives: half of its SHA-256, in hex."""
    return hashlib.sha256(context.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def longest(group: Sequence[TrainingWindow]) -> int:
    """Return the number of tokens of the longest window of a group."""
    return max(window.n_tokens for window in group)
