"""One scale over all passages: scores against each window's own null, repeats merged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.reader.ranking import ScoredSpan, different_spans, rank_spans
from tests.reader.scripted import ScriptedScorer, passage, scripted_reader, word_tokenizer


def _span(start: int, end: int, score: float, document_id: int = 1) -> ScoredSpan:
    return ScoredSpan(1, document_id, start, end, "x" * (end - start), score)


SPANS = st.builds(
    _span,
    start=st.integers(0, 20),
    end=st.integers(21, 40),
    score=st.integers(-9, 9).map(float),
    document_id=st.integers(1, 3),
)


@given(st.lists(SPANS, max_size=20), st.integers(1, 6))
def test_ranked_spans_are_best_first_and_never_overlap(
    spans: list[ScoredSpan], n_best: int
) -> None:
    """The best span is always first; no two of one document share a character."""
    ranked = rank_spans(spans, n_best)
    assert len(ranked) <= n_best
    assert [s.score for s in ranked] == sorted((s.score for s in ranked), reverse=True)
    assert not spans or ranked[0].score == max(s.score for s in spans)
    for i, a in enumerate(ranked):
        for b in ranked[:i]:
            assert a.document_id != b.document_id or a.end <= b.start or b.end <= a.start


@pytest.mark.parametrize("text", [" \n", ".", ");", "\N{EN DASH}", "\u200b"])
def test_what_says_nothing_is_no_answer(text: str) -> None:
    """A span of white space or punctuation alone is dropped, from either list."""
    spans = [ScoredSpan(1, 1, 0, len(text), text, 5.0)]
    assert (rank_spans(spans, 3), different_spans(spans, 3)) == ([], [])


def test_overlapping_passages_give_one_answer() -> None:
    """The same words found through two overlapping passages are one candidate."""
    text = "the leader is ann today"
    tokenizer = word_tokenizer(text)
    reader = scripted_reader(ScriptedScorer(tokenizer, {"ann": (4.0, 4.0)}), tokenizer)
    passages = [passage(text, id=1), passage(text[4:], id=2, start=4)]
    prediction = reader.read("leader", passages)
    assert [s for s in prediction.spans if s.text == "ann"] == [prediction.answer]
    assert prediction.answer is not None
    assert (prediction.answer.start, prediction.answer.end) == (14, 17)


def test_scores_are_measured_against_each_windows_own_null() -> None:
    """A span scores its start plus end logit less the null score of its window."""
    tokenizer = word_tokenizer("ann ran")
    scorer = ScriptedScorer(tokenizer, {"ann": (4.0, 3.0)}, null=(1.5, 2.0))
    prediction = scripted_reader(scorer, tokenizer).read("ran", [passage("ann ran")])
    assert prediction.spans[0].score == 4.0 + 3.0 - 3.5


@pytest.mark.parametrize("null", [(float("nan"), 0.0), (0.0, float("inf")), (-float("inf"), 0.0)])
def test_no_answer_is_measured_against_what_is_no_number(null: tuple[float, float]) -> None:
    """A window whose "no answer" has no finite score has no spans, and the reader abstains."""
    tokenizer = word_tokenizer("ann ran")
    scorer = ScriptedScorer(tokenizer, {"ann": (4.0, 3.0)}, null=null)
    prediction = scripted_reader(scorer, tokenizer).read("ran", [passage("ann ran")])
    assert (prediction.answer, prediction.spans) == (None, ())
    assert prediction.reason == "no_answer_in_passages"
