"""Hard negatives: found by words and by meaning, never the answer."""

from pathlib import Path

import pytest

from answerable.retriever.training import LabelledQuestion, mining
from answerable.retriever.training.mining import mine
from answerable.retriever.training.options import NegativesSpec
from answerable.retriever.training.pairs import Passages
from tests.retriever.fakes import WordEncoder

TEXTS = (
    "the office in Rome opens at nine",
    "the office in Oslo opens at ten",
    "offices were opened in Rome at nine",
    "annual leave is long",
    "a cat sleeps",
)
SPEC = NegativesSpec(depth=4, keep=2)


def _questions() -> list[LabelledQuestion]:
    asked = [("when opens the office in Rome", "nine"), ("what sleeps", "cat")]
    return [
        LabelledQuestion(str(i), question, text, (answer,), text.index(answer))
        for i, ((question, answer), text) in enumerate(
            zip(asked, (TEXTS[0], TEXTS[4]), strict=True)
        )
    ]


def _passages() -> Passages:
    own = _questions()
    rest = [LabelledQuestion(t, t, t, (t,), 0) for t in TEXTS]
    passages = Passages(rest)
    assert [passages.number[q.passage] for q in own] == [0, 4]
    return passages


def test_what_holds_the_answer_is_no_negative(tmp_path: Path) -> None:
    """Passage 1 is the hardest; 0 is the question's own and 2 holds its answer."""
    found = mine(_questions(), _passages(), WordEncoder(), SPEC, tmp_path / "negatives.json")
    assert found[0][0] == 1
    assert not {0, 2} & set(found[0])
    assert 4 not in found[1]
    assert all(len(numbers) <= 2 for numbers in found)


def test_words_alone_and_meaning_alone_add_to_it(tmp_path: Path) -> None:
    """Inflected words are found by the word index only, unshared ones by the encoder only."""
    question = LabelledQuestion("q", "opening offices", TEXTS[3], ("annual leave",), 0)
    spec = NegativesSpec(depth=2, keep=4)
    (found,) = mine([question], _passages(), WordEncoder(), spec, tmp_path / "n.json")
    channels = (
        next(mining._by_meaning([question], TEXTS, WordEncoder(), 2)),
        next(mining._by_words([question], TEXTS, WordEncoder(), 2)),
    )
    assert set(found) == {number for channel in channels for number in channel} - {3}
    assert set(channels[1]) - set(channels[0])
    assert set(channels[0]) - set(channels[1]) - {3}


def test_the_result_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second call reads the file; another question, or a damaged file, searches again."""
    cache = tmp_path / "run" / "negatives.json"
    questions, passages = _questions(), _passages()
    found = mine(questions, passages, WordEncoder(), SPEC, cache)
    with monkeypatch.context() as patch:
        patch.setattr(mining, "_by_words", None)
        assert mine(questions, passages, WordEncoder(), SPEC, cache) == found
        with pytest.raises(TypeError):
            mine(questions[:1], passages, WordEncoder(), SPEC, cache)
    cache.write_text("[]")
    assert mine(questions, passages, WordEncoder(), SPEC, cache) == found
