"""The best answer read again, in its sentence alone."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from tokenizers import Tokenizer

from answerable.reader import FEATURES
from answerable.reader.confidence import uncalibrated
from answerable.reader.spans import Logits
from answerable.reader.windows import Window, WindowConfig
from tests.reader.scripted import (
    IDENTITY_CONFIDENCE,
    ScriptedScorer,
    passage,
    scripted_reader,
    word_tokenizer,
)

TEXT = "Nothing is known of bob. The leader is ann today. She came back in may."
SENTENCE = "the leader is ann today ."
ALONE = [feature.name for feature in FEATURES].index("alone")


class CautiousScorer(ScriptedScorer):
    """Finds "no answer" likelier, by 3 logits, in a window with little text that holds a word."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        words: Mapping[str, tuple[float, float]],
        doubted: str,
        by: float = 3.0,
    ) -> None:
        super().__init__(tokenizer, words)
        self._by = by
        self._doubted = tokenizer.token_to_id(doubted)

    def logits(self, windows: Sequence[Window]) -> list[tuple[Logits, Logits]]:
        """Return the scripted logits, those of "no answer" raised in short windows."""
        found = super().logits(windows)
        for window, (start_logits, _) in zip(windows, found, strict=True):
            is_short = len(window.context_offsets) < 10
            start_logits[0] += self._by if is_short and self._doubted in window.token_ids else 0.0
        return found


def _words(scorer: ScriptedScorer, tokenizer: Tokenizer) -> list[str]:
    window = scorer.windows[-1]
    ids = window.token_ids[window.context_start : -1]
    return [str(tokenizer.id_to_token(int(token))) for token in ids]


def test_answer_is_scored_again_in_its_sentence() -> None:
    """The same span by another context: here a more doubtful one."""
    tokenizer = word_tokenizer(TEXT)
    scorer = CautiousScorer(tokenizer, {"ann": (4.0, 4.0)}, doubted="ann")
    reading = scripted_reader(scorer, tokenizer).reading("leader", [passage(TEXT, start=100)])
    best = reading.ranked[0]
    assert (best.text, best.score) == ("ann", 8.0)
    assert reading.alone[best.place] == pytest.approx(5.0)
    assert list(reading.alone) == [best.place]


def test_nothing_but_the_sentence_is_read() -> None:
    """Sentences before and after are left out; a passage that is one sentence is not read twice."""
    tokenizer = word_tokenizer(TEXT)
    scorer = ScriptedScorer(tokenizer, {"ann": (4.0, 4.0)})
    reader = scripted_reader(scorer, tokenizer)
    reader.reading("leader", [passage(TEXT)])
    assert len(scorer.windows) == 2
    assert " ".join(_words(scorer, tokenizer)) == SENTENCE
    reader.reading("leader", [passage("The leader is ann today.")])
    assert len(scorer.windows) == 3


def test_features_carry_the_second_score() -> None:
    """It is among what the probability is computed from."""
    tokenizer = word_tokenizer(TEXT)
    scorer = CautiousScorer(tokenizer, {"ann": (4.0, 4.0)}, doubted="ann")
    weights = tuple(float(place == ALONE) for place in range(len(FEATURES)))
    doubtful = replace(uncalibrated("scripted"), weights=weights)
    prediction = scripted_reader(scorer, tokenizer, confidence=doubtful).read(
        "leader", [passage(TEXT)]
    )
    assert prediction.features[ALONE] == pytest.approx(5.0)
    assert prediction.spans[0].probability == pytest.approx(1 / (1 + 2.718281828**-5.0))
    surer = scripted_reader(scorer, tokenizer, confidence=IDENTITY_CONFIDENCE)
    assert surer.read("leader", [passage(TEXT)]).spans[0].probability > 0.999


def test_contradiction_is_read_again_before_it_is_believed() -> None:
    """Two documents say otherwise; it is no conflict if the second's sentence alone is unsure."""
    texts = ("It is old. They are 28 days of leave.", "It is new. They are 30 days of leave.")
    tokenizer = word_tokenizer(*texts)
    words = {"28": (1.5, -10.0), "30": (1.4, -10.0), "days": (-10.0, 1.4)}
    passages = [passage(text, id=i, document_id=i) for i, text in enumerate(texts, start=1)]
    weights = tuple(float(place == ALONE) for place in range(len(FEATURES)))
    model = replace(uncalibrated("scripted"), weights=weights)
    reasons = []
    for doubted in ("[PAD]", "30"):
        scorer = CautiousScorer(tokenizer, words, doubted)
        reader = scripted_reader(scorer, tokenizer, confidence=model)
        reasons.append(reader.read("leave", passages).reason)
        assert len(scorer.windows) == 4
    assert reasons == ["conflicting_answers", None]


def test_sentence_longer_than_a_window() -> None:
    """Of the windows of a long sentence, the one that likes the answer best counts."""
    text = "before " * 60 + "ann " + "after " * 60
    tokenizer = word_tokenizer(text)
    scorer = ScriptedScorer(tokenizer, {"ann": (4.0, 4.0)})
    config = WindowConfig(max_seq_tokens=40, max_question_tokens=8, window_overlap_tokens=32)
    reading = scripted_reader(scorer, tokenizer, config=config).reading("who", [passage(text)])
    best = reading.ranked[0]
    assert best.text == "ann"
    assert reading.alone[best.place] == pytest.approx(8.0)


def test_a_second_score_that_is_no_number_is_none() -> None:
    """The answer then stands as if its sentence had not been read."""
    tokenizer = word_tokenizer(TEXT)
    scorer = CautiousScorer(tokenizer, {"ann": (4.0, 4.0)}, doubted="ann", by=float("nan"))
    reading = scripted_reader(scorer, tokenizer).reading("leader", [passage(TEXT)])
    assert (reading.ranked[0].text, dict(reading.alone)) == ("ann", {})


def test_nothing_read_is_not_read_again() -> None:
    """No passages, no sentences."""
    tokenizer = word_tokenizer(TEXT)
    scorer = ScriptedScorer(tokenizer, {})
    assert scripted_reader(scorer, tokenizer).reading("leader", []).alone == {}
    assert scorer.windows == []
