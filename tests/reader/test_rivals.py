"""Two documents that disagree, and all that only looks like it."""

import pytest

from answerable.index import Passage
from answerable.reader.confidence import FEATURES, Reading
from answerable.reader.ranking import ScoredSpan, rank_spans
from answerable.reader.rivals import find_rival

NAMES = [feature.name for feature in FEATURES]
SCORE, MARGIN = NAMES.index("score"), NAMES.index("margin")


def _span(document_id: int, text: str, score: float, start: int = 0) -> ScoredSpan:
    return ScoredSpan(
        passage_id=document_id,
        document_id=document_id,
        start=start,
        end=start + len(text),
        text=text,
        score=score,
    )


def _reading(*spans: ScoredSpan) -> Reading:
    documents = {span.document_id for span in spans}
    passages = [
        Passage(id=id, document_id=id, start=0, end=100, text="x" * 100, heading="", page=None)
        for id in documents
    ]
    return Reading("How many?", passages, (), spans, rank_spans(spans, 20))


def _sure(features: tuple[float, ...]) -> float:
    """The probability of a span grows with its score and its margin."""
    return 0.9 if features[SCORE] > 2 and features[MARGIN] > 2 else 0.3


def test_two_documents_with_different_numbers() -> None:
    """Each alone would be believed, so they conflict, though neither has a margin."""
    rival = find_rival(_reading(_span(1, "28 days", 5.0), _span(2, "30 days", 4.8)))
    assert rival is not None
    assert (rival.span.text, rival.is_believable(_sure)) == ("30 days", True)
    assert (_sure(rival.features), _sure(rival.answer_features)) == (0.9, 0.9)


def test_a_shared_word_is_not_the_same_answer() -> None:
    """Both documents name what is asked about, and say opposite things of it."""
    spans = (
        _span(1, "Smoking is allowed", 5.0),
        _span(2, "forbidden", 4.8),
        _span(2, "Smoking", 4.0, 50),
    )
    rival = find_rival(_reading(*spans))
    assert rival is not None and rival.span.text == "forbidden"


def test_weak_rival_is_not_believed() -> None:
    """What would not be an answer by itself does not contradict one."""
    rival = find_rival(_reading(_span(1, "28 days", 5.0), _span(2, "30 days", 1.0)))
    assert rival is not None
    assert not rival.is_believable(_sure)


def test_answer_that_others_blur_is_not_believed_either() -> None:
    """Both sides must stand alone: one that a third answer rivals does not."""
    spans = (_span(1, "28 days", 5.0), _span(1, "a fortnight", 4.0, 50), _span(2, "30 days", 4.8))
    rival = find_rival(_reading(*spans))
    assert rival is not None
    assert (_sure(rival.answer_features), rival.is_believable(_sure)) == (0.3, False)


@pytest.mark.parametrize(
    "spans",
    [
        (),
        (_span(1, "28 days", 5.0),),
        (_span(1, "28 days", 5.0), _span(1, "30 days", 4.8, 50)),
        (_span(1, "28 days", 5.0), _span(2, "twenty-eight days", 4.8)),
        (_span(1, "28 days", 5.0), _span(2, "28", 4.9), _span(2, "30 days", 4.8, 50)),
        (_span(1, "28 days", 5.0), _span(2, "the head of people", 4.8)),
    ],
    ids=["nothing", "alone", "one document", "same number", "says both", "other kind"],
)
def test_no_rival(spans: tuple[ScoredSpan, ...]) -> None:
    """One document, agreement, a document that says both, and other kinds are no conflict."""
    assert find_rival(_reading(*spans)) is None
