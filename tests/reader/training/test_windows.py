"""Training windows: the answer's tokens are marked wherever the answer stands."""

import random

import pytest
from tokenizers import Tokenizer

from answerable.reader.evaluation.squad import SquadAnswer, SquadQuestion
from answerable.reader.training.encoding import encode_questions
from answerable.reader.training.options import WindowSpec
from answerable.reader.training.windows import TrainingWindow, make_window
from tests.reader.scripted import word_tokenizer

CONTEXT = "rome fell. " + " ".join(f"w{n}" for n in range(60)) + " and rome rose; romes art."
FULL = WindowSpec(max_seq_tokens=256, crop_share=0.0, off_answer_share=0.0)
CROPPED = WindowSpec(crop_share=1.0, crop_context_tokens=16, off_answer_share=0.0)


def _question(start: int | None) -> SquadQuestion:
    answers = () if start is None else (SquadAnswer("rome", start),)
    return SquadQuestion("1", "t", CONTEXT, "what fell", answers)


def _window(
    question: SquadQuestion, spec: WindowSpec, seed: int = 0
) -> tuple[TrainingWindow, Tokenizer]:
    tokenizer = word_tokenizer(CONTEXT, "what", "romes")
    (encoded,) = encode_questions([question], tokenizer, spec.max_question_tokens)
    return make_window(encoded, spec, random.Random(seed), (2, 3, 3)), tokenizer


def test_every_whole_occurrence_is_a_target() -> None:
    """Both "rome" are marked; the one inside "romes" is not."""
    window, tokenizer = _window(_question(0), FULL)
    marked = [window.token_ids[start : end + 1] for start, end in window.targets]
    assert marked == [(tokenizer.token_to_id("rome"),)] * 2


def test_unanswerable_question_targets_position_zero() -> None:
    """No answer means the null span, whatever words the context shares."""
    assert _window(_question(None), FULL)[0].targets == ((0, 0),)


@pytest.mark.parametrize("seed", range(20))
def test_crop_keeps_the_annotated_answer(seed: int) -> None:
    """Wherever the crop falls, the annotated occurrence is in it and marked."""
    question = _question(CONTEXT.index("rome rose"))
    window, tokenizer = _window(question, CROPPED, seed)
    assert len(window.token_ids) == 1 + 2 + 1 + 16 + 1
    start, end = window.targets[-1]
    assert start >= window.context_start
    assert window.token_ids[start : end + 1] == (tokenizer.token_to_id("rome"),)


def test_crop_off_the_answer_teaches_not_here() -> None:
    """With off_answer_share 1 some crops miss the answer, and then the target is null."""
    spec = CROPPED.model_copy(update={"off_answer_share": 1.0})
    targets = {_window(_question(0), spec, seed)[0].targets for seed in range(30)}
    assert ((0, 0),) in targets


def test_long_question_leaves_room_for_the_context() -> None:
    """A question over the limit is cut at its end."""
    question = SquadQuestion("1", "t", CONTEXT, "w1 " * 100, ())
    spec = WindowSpec(max_question_tokens=8, max_seq_tokens=32, crop_share=0.0)
    window, _ = _window(question, spec)
    assert (window.context_start, len(window.token_ids)) == (10, 32)
