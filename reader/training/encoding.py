"""Questions to tokens: contexts, answers' places, and the passages that only look right."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from tokenizers import Tokenizer

from ..evaluation.squad import SquadAnswer, SquadQuestion
from ..token_layout import token_places
from .windows import EncodedQuestion, Tokens, context_key

Offsets = Sequence[tuple[int, int]]


def encode_questions(
    questions: Sequence[SquadQuestion], tokenizer: Tokenizer, max_question_tokens: int
) -> Iterator[EncodedQuestion]:
    """Tokenize questions in order, each context once per run of questions on it."""
    context: str | None = None
    context_ids: Tokens = ()
    offsets: Offsets = ()
    for question in questions:
        if question.context != context:
            context = question.context
            encoding = tokenizer.encode(context, add_special_tokens=False)
            context_ids = tuple(encoding.ids)
            offsets = token_places(tokenizer, encoding, context)
        question_ids = tokenizer.encode(question.question, add_special_tokens=False).ids
        annotated, occurrences = _answer_tokens(question, offsets)
        yield EncodedQuestion(
            question_ids=tuple(question_ids[:max_question_tokens]),
            context_ids=context_ids,
            annotated=annotated,
            occurrences=occurrences,
        )


def add_negatives(
    questions: Sequence[SquadQuestion],
    encoded: Sequence[EncodedQuestion],
    negatives: Mapping[str, Sequence[str]],
    contexts: Mapping[str, Tokens],
) -> list[EncodedQuestion]:
    """Hang on every question the contexts that were mined for it.

    Args:
        questions: the questions.
        encoded: the same, as tokens.
        negatives: keys of contexts by question id.
        contexts: tokens by key, of everything that may be trained on; a passage of an
            article that is left out is not here, and so in no batch.
    """
    return [
        replace(
            tokens,
            negatives=tuple(contexts[k] for k in negatives.get(question.id, ()) if k in contexts),
        )
        for question, tokens in zip(questions, encoded, strict=True)
    ]


def contexts_by_key(
    questions: Sequence[SquadQuestion], encoded: Sequence[EncodedQuestion]
) -> dict[str, Tokens]:
    """Return the tokens of every context by its key."""
    by_text = {
        question.context: tokens.context_ids
        for question, tokens in zip(questions, encoded, strict=True)
    }
    return {context_key(context): ids for context, ids in by_text.items()}


def _answer_tokens(
    question: SquadQuestion, offsets: Offsets
) -> tuple[tuple[int, int] | None, tuple[tuple[int, int], ...]]:
    """Find the annotated answer's tokens and every whole-token occurrence of its text."""
    if not question.answers:
        return None, ()
    answer = question.answers[0]
    annotated = _covering_tokens(answer, offsets)
    # Several tokens may be parts of one character: an answer has them all.
    whole = [(token, begin, end) for token, (begin, end) in enumerate(offsets) if begin < end]
    starts = {begin: token for token, begin, _ in reversed(whole)}
    ends = {end: token for token, _, end in whole}
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
