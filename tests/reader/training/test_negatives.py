"""Hard negatives: read from a file, hung on questions, cut into groups of windows."""

import random
from pathlib import Path

import pytest

from answerable.reader.errors import DatasetInvalid
from answerable.reader.evaluation.squad import SquadAnswer, SquadQuestion
from answerable.reader.training.encoding import add_negatives, contexts_by_key, encode_questions
from answerable.reader.training.negatives import read_negatives
from answerable.reader.training.options import NegativesSpec, WindowSpec
from answerable.reader.training.windows import (
    EncodedQuestion,
    TrainingWindow,
    context_key,
    make_group,
)
from tests.reader.scripted import word_tokenizer

CONTEXTS = ("rome fell to the goths", "gaul fell to rome", "the goths went to gaul")
SPEC = WindowSpec(off_answer_share=0.0)


def _encoded(keys: list[str]) -> EncodedQuestion:
    """Return a question on the first context, with the negatives that were mined for it."""
    questions = [
        SquadQuestion(str(i), "t", context, "what fell", (SquadAnswer("fell", 5),) * (i < 2))
        for i, context in enumerate(CONTEXTS)
    ]
    tokens = list(encode_questions(questions, word_tokenizer(*CONTEXTS, "what"), 8))
    contexts = contexts_by_key(questions, tokens)
    return add_negatives(questions, tokens, {"0": keys}, contexts)[0]


def _group(
    encoded: EncodedQuestion, negatives: NegativesSpec | None, seed: int = 0
) -> tuple[TrainingWindow, ...]:
    rngs = random.Random(seed), random.Random(seed + 1)
    return make_group(encoded, SPEC, negatives, rngs, (2, 3, 3))


def test_a_group_is_the_own_window_and_those_of_negatives() -> None:
    """The own window comes first, with its answer; the others hold none."""
    encoded = _encoded([context_key(CONTEXTS[1]), context_key(CONTEXTS[2])])
    group = _group(encoded, NegativesSpec(file=Path("x"), per_question=5))
    assert [window.source.context_ids for window in group[1:]] in (
        list(encoded.negatives),
        list(reversed(encoded.negatives)),
    )
    assert [window.targets == ((0, 0),) for window in group] == [False, True, True]
    assert {window.token_ids[:4] for window in group} == {group[0].token_ids[:4]}


def test_a_passage_that_is_not_trained_on_is_nobodys_negative() -> None:
    """A key that no training context has, as a left-out article's, is passed over."""
    encoded = _encoded([context_key("left out"), context_key(CONTEXTS[2])])
    assert len(encoded.negatives) == 1


def test_own_windows_are_the_same_with_and_without_negatives() -> None:
    """What negatives draw at random does not disturb the crops of the gold passages."""
    encoded = _encoded([context_key(CONTEXTS[1])])
    spec = NegativesSpec(file=Path("x"), share=0.5)
    for seed in range(20):
        assert _group(encoded, spec, seed)[0] == _group(encoded, None, seed)[0]


def test_share_is_that_of_questions_with_negatives() -> None:
    """About a quarter of many draws are groups."""
    encoded = _encoded([context_key(CONTEXTS[1])])
    spec = NegativesSpec(file=Path("x"), share=0.25)
    groups = [_group(encoded, spec, seed) for seed in range(400)]
    assert 60 < sum(len(group) > 1 for group in groups) < 140


def test_negatives_are_read(tmp_path: Path) -> None:
    """One line is one question."""
    path = tmp_path / "negatives.jsonl"
    path.write_text('{"id": "a", "passages": ["x", "y"]}\n{"id": 7, "passages": []}\n')
    assert read_negatives(path) == {"a": ("x", "y"), "7": ()}


@pytest.mark.parametrize("text", ["{", "[]", '{"id": 1}', '{"id": 1, "passages": 3}', "\xff"])
def test_bad_negatives(tmp_path: Path, text: str) -> None:
    """Whatever is wrong is one clear error."""
    path = tmp_path / "negatives.jsonl"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(DatasetInvalid, match=r"negatives\.jsonl"):
        read_negatives(path)
    with pytest.raises(DatasetInvalid, match="cannot read the negatives"):
        read_negatives(tmp_path / "none")
