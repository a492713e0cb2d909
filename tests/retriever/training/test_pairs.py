"""Which texts a step sees: crops, batches, and passages that are no negatives."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.retriever.training import LabelledQuestion
from answerable.retriever.training.pairs import Passages, crop, question_batches, random_crop

PASSAGE = "On Monday the office opens at nine, and on Friday it closes at four."


def _question(answer: str, passage: str = PASSAGE) -> LabelledQuestion:
    return LabelledQuestion("q", "when?", passage, (answer,), passage.index(answer))


def test_passages_that_may_answer() -> None:
    """A question's own passage and those that hold an answer as whole words are no negatives."""
    first = _question("nine")
    others = ["Nine people came.", "Ninety came.", "It is at NINE, or so.", "Nobody came."]
    passages = Passages([first, *(_question("came" if "came" in t else "so", t) for t in others)])
    assert passages.may_answer(range(5), first) == [True, True, False, True, False]


def test_an_answer_without_words_matches_nothing() -> None:
    """A sign alone is no word that a passage could hold."""
    question = _question("€", "It costs 5 €.")
    passages = Passages([question, _question("Rome", "Rome is in Italy .")])
    assert passages.may_answer([0, 1], question) == [True, False]


@given(
    st.integers(1, 20), st.integers(0, 1000), st.sampled_from(["Monday", "nine", "closes at four."])
)
def test_a_crop_holds_the_answer(n_words: int, seed: int, answer: str) -> None:
    """A crop is a slice of that many words, and the answer is in it where it fits."""
    text = crop(_question(answer), n_words, random.Random(seed))
    assert text in PASSAGE
    assert len(text.split()) == min(n_words, len(PASSAGE.split()))
    if n_words >= len(answer.split()):
        assert answer in text


@given(st.text(), st.integers(1, 9), st.integers(0, 9))
def test_a_random_crop_of_any_text(text: str, n_words: int, seed: int) -> None:
    """Whatever the text, the crop is a part of it with at most that many words."""
    cut = random_crop(text, n_words, random.Random(seed))
    assert cut in text
    assert len(cut.split()) <= max(n_words, len(text.split()) if cut == text else 0)


def test_every_epoch_sees_every_question_once() -> None:
    """Epochs differ in order; what does not fill a batch is left out of its epoch."""
    batches = list(question_batches(10, 3, 6, seed=1))
    first, second = ([n for batch in half for n in batch] for half in (batches[:3], batches[3:]))
    assert len(set(first)) == len(set(second)) == 9
    assert first != second
    assert list(question_batches(10, 3, 6, seed=1)) == batches
    assert list(question_batches(10, 3, 6, seed=2)) != batches


def test_too_few_questions_for_a_batch() -> None:
    """A batch cannot be larger than the data."""
    with pytest.raises(ValueError, match="too few"):
        list(question_batches(2, 3, 1, seed=0))
