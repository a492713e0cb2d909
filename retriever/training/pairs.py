"""Questions with the passage that answers them: what is learnt, and in which order.

Which questions a step sees follows from seed and step alone, so a run can resume, and hard
negatives are mined only for questions that will be seen. Needs no torch.
"""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..lexical import plain_words


@dataclass(frozen=True, slots=True)
class LabelledQuestion:
    """A question, the passage that answers it, and its answers.

    Attributes:
        answers: texts, at least one.
        answer_start: of the first answer in the passage, in code points.
    """

    id: str
    question: str
    passage: str
    answers: tuple[str, ...]
    answer_start: int


class Passages:
    """The distinct passages of some questions, and which of them may answer which question."""

    def __init__(self, questions: Sequence[LabelledQuestion]) -> None:
        """Number the passages in their order."""
        self.texts = list(dict.fromkeys(question.passage for question in questions))
        self.number = {text: number for number, text in enumerate(self.texts)}
        self._words = [as_words(text) for text in self.texts]

    def may_answer(self, numbers: Sequence[int], question: LabelledQuestion) -> list[bool]:
        """Say of passages whether each is the question's own, or holds one of its answers.

        Such a passage is no negative: it may answer the question as well.
        """
        own = self.number[question.passage]
        answers = [as_words(answer) for answer in question.answers]
        return [
            number == own or any(answer in self._words[number] for answer in answers)
            for number in numbers
        ]


def as_words(text: str) -> str:
    """Return the words of a text between single spaces, so that a part is found whole."""
    return f" {' '.join(plain_words(text.lower()))} "


def question_batches(
    n_questions: int, batch_size: int, max_steps: int, seed: int
) -> Iterator[list[int]]:
    """Yield the questions of each step by number; every epoch in another order.

    Raises:
        ValueError: there are fewer questions than a batch holds.
    """
    if n_questions < batch_size:
        raise ValueError(f"{n_questions} questions are too few for batches of {batch_size}")
    per_epoch = n_questions // batch_size
    for step in range(max_steps):
        epoch, place = divmod(step, per_epoch)
        if place == 0:
            order = list(range(n_questions))
            random.Random(f"{seed}/{epoch}").shuffle(order)
        yield order[place * batch_size : (place + 1) * batch_size]


def crop(question: LabelledQuestion, n_words: int, rng: random.Random) -> str:
    """Return ``n_words`` words of the question's passage, its first answer among them."""
    text, answer = question.passage, question.answers[0]
    words = _words(text)
    if len(words) <= n_words:
        return text
    end = question.answer_start + len(answer)
    first = max(0, sum(start <= question.answer_start for start, _ in words) - 1)
    last = max(first, sum(start < end for start, _ in words) - 1)
    latest = len(words) - n_words
    lowest, highest = max(0, min(last - n_words + 1, latest)), min(first, latest)
    return _slice(text, words, rng.randint(lowest, max(lowest, highest)), n_words)


def random_crop(text: str, n_words: int, rng: random.Random) -> str:
    """Return ``n_words`` words of a text, anywhere; all of it if it has no more."""
    words = _words(text)
    if len(words) <= n_words:
        return text
    return _slice(text, words, rng.randint(0, len(words) - n_words), n_words)


def _words(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(r"\S+", text)]


def _slice(text: str, words: Sequence[tuple[int, int]], first: int, n_words: int) -> str:
    return text[words[first][0] : words[first + n_words - 1][1]]
