"""Training windows: one question and a slice of its context, with all places of the answer.

A crop around the answer costs a third of a full paragraph and still shows the
model where the answer stands; a share of full-length windows keeps long
contexts familiar. Depends on ``tokenizers`` and numpy only.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tokenizers import Tokenizer

from ..squad import SquadAnswer, SquadQuestion
from .spec import WindowSpec

Offsets = Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class TrainingWindow:
    """Token ids of ``[CLS] question [SEP] context slice [SEP]`` and the answer's places.

    Attributes:
        token_ids: the whole window.
        context_start: position of the first context token; segment 1 begins here.
        targets: inclusive (start_token, end_token) pairs, every occurrence of the
            answer; ``((0, 0),)`` when the slice holds none.
    """

    token_ids: tuple[int, ...]
    context_start: int
    targets: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class EncodedQuestion:
    """A question and its context as tokens, with the answer's token spans in the context."""

    question_ids: tuple[int, ...]
    context_ids: tuple[int, ...]
    annotated: tuple[int, int] | None
    occurrences: tuple[tuple[int, int], ...]


def encode_questions(
    questions: Sequence[SquadQuestion], tokenizer: Tokenizer, max_question_tokens: int
) -> Iterator[EncodedQuestion]:
    """Tokenize questions in order, each context once per run of questions on it."""
    context, encoding = None, None
    for question in questions:
        if encoding is None or question.context != context:
            context = question.context
            encoding = tokenizer.encode(context, add_special_tokens=False)
        question_ids = tokenizer.encode(question.question, add_special_tokens=False).ids
        annotated, occurrences = _answer_tokens(question, encoding.offsets)
        yield EncodedQuestion(
            question_ids=tuple(question_ids[:max_question_tokens]),
            context_ids=tuple(encoding.ids),
            annotated=annotated,
            occurrences=occurrences,
        )


def _answer_tokens(
    question: SquadQuestion, offsets: Offsets
) -> tuple[tuple[int, int] | None, tuple[tuple[int, int], ...]]:
    """Find the annotated answer's tokens and every whole-token occurrence of its text."""
    if not question.answers:
        return None, ()
    answer = question.answers[0]
    annotated = _covering_tokens(answer, offsets)
    starts = {begin: token for token, (begin, _) in enumerate(offsets)}
    ends = {end: token for token, (_, end) in enumerate(offsets)}
    found = {annotated} if annotated else set()
    at = question.context.find(answer.text)
    while at >= 0 and answer.text:
        if at in starts and at + len(answer.text) in ends:
            found.add((starts[at], ends[at + len(answer.text)]))
        at = question.context.find(answer.text, at + 1)
    return annotated, tuple(sorted(found))


def _covering_tokens(answer: SquadAnswer, offsets: Offsets) -> tuple[int, int] | None:
    """Return the tokens that touch the answer's characters, or None if none does."""
    stop = answer.start + len(answer.text)
    inside = [i for i, (begin, end) in enumerate(offsets) if begin < stop and end > answer.start]
    return (inside[0], inside[-1]) if inside else None


def make_window(
    encoded: EncodedQuestion,
    spec: WindowSpec,
    rng: random.Random,
    special: tuple[int, int],
) -> TrainingWindow:
    """Cut one window from an encoded question.

    Args:
        encoded: the question, its context and its answer's places.
        spec: lengths and shares.
        rng: decides crop or not, and where.
        special: ids of ``[CLS]`` and ``[SEP]``.
    """
    cls_id, sep_id = special
    room = spec.max_seq_tokens - len(encoded.question_ids) - 3
    if rng.random() < spec.crop_share:
        room = min(room, spec.crop_context_tokens)
    begin = _slice_start(encoded, room, spec.off_answer_share, rng)
    end = min(begin + room, len(encoded.context_ids))
    shift = len(encoded.question_ids) + 2 - begin
    targets = tuple(
        (start + shift, stop + shift)
        for start, stop in encoded.occurrences
        if begin <= start and stop < end
    )
    ids = (
        cls_id,
        *encoded.question_ids,
        sep_id,
        *encoded.context_ids[begin:end],
        sep_id,
    )
    return TrainingWindow(ids, len(encoded.question_ids) + 2, targets or ((0, 0),))


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
