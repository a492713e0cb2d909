"""One step's texts: questions, the passages that answer them, and passages that do not."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .options import PassageSpec
from .pairs import LabelledQuestion, Passages, crop, question_batches, random_crop
from .spec import RetrieverTrainSpec


@dataclass(frozen=True, slots=True)
class Batch:
    """One step.

    Attributes:
        questions: n texts.
        passages: at least n texts; that of question i stands at place i, then the negatives.
        dropped: (n, n_passages) bool; True where a passage may answer a question that it does
            not belong to, and so teaches nothing.
    """

    questions: list[str]
    passages: list[str]
    dropped: Tensor


def run_batches(
    questions: Sequence[LabelledQuestion],
    negatives: Sequence[Sequence[int]] | None,
    passages: Passages,
    spec: RetrieverTrainSpec,
    skip: int,
) -> Iterator[Batch]:
    """Yield the run's remaining batches, ``skip`` already taken.

    Args:
        questions: all there are.
        negatives: numbers of passages for each question; None for those of the batch only.
        passages: the passages of all questions.
        spec: the run.
        skip: steps done.
    """
    optimizer = spec.optimizer
    chosen = question_batches(len(questions), optimizer.batch_size, optimizer.max_steps, spec.seed)
    for step, numbers in enumerate(chosen):
        if step < skip:
            continue
        rng = random.Random(f"{spec.seed}/{step}/texts")
        mined: list[int] = []
        if negatives is not None and spec.negatives:
            for number in numbers:
                found = negatives[number]
                mined += rng.sample(found, min(spec.negatives.per_question, len(found)))
        asked = [questions[number] for number in numbers]
        yield _batch(asked, mined, passages, spec.passages, rng)


def seen_questions(n_questions: int, spec: RetrieverTrainSpec) -> list[int]:
    """Return the numbers of the questions that a run will see, ascending."""
    optimizer = spec.optimizer
    chosen = question_batches(n_questions, optimizer.batch_size, optimizer.max_steps, spec.seed)
    return sorted({number for numbers in chosen for number in numbers})


def _batch(
    asked: Sequence[LabelledQuestion],
    mined: Sequence[int],
    passages: Passages,
    spec: PassageSpec,
    rng: random.Random,
) -> Batch:
    numbers = [*(passages.number[question.passage] for question in asked), *mined]
    dropped = torch.tensor([passages.may_answer(numbers, question) for question in asked])
    own = torch.arange(len(asked))
    dropped[own, own] = False
    is_cropped = [rng.random() < spec.crop_share for _ in numbers]
    shown = [
        crop(question, spec.crop_words, rng) if cropped else question.passage
        for question, cropped in zip(asked, is_cropped, strict=False)
    ]
    shown += [
        random_crop(passages.texts[number], spec.crop_words, rng)
        if cropped
        else passages.texts[number]
        for number, cropped in zip(mined, is_cropped[len(asked) :], strict=True)
    ]
    return Batch([question.question for question in asked], shown, dropped)
