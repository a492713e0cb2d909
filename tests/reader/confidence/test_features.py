"""What an answer is described by, each number worked out by hand."""

import math
from dataclasses import replace

import pytest

from answerable.index import Passage
from answerable.reader import RetrievalEvidence
from answerable.reader.confidence import FEATURES, Reading, answer_features
from answerable.reader.ranking import ScoredSpan, SpanLogits, rank_spans
from tests.reader.scripted import passage

QUESTION = "Who led the northern expedition?"
TEXTS = (
    "The northern expedition was led by Ann Lee in winter.",
    "As all agree, Ann Lee was the leader of it.",
    "Tom Poe led nothing.",
)
EVIDENCE = (
    RetrievalEvidence(1, 1, 0.8, 1, 12.0),
    RetrievalEvidence(2, 2, 0.6, None, None),
    RetrievalEvidence(3, None, None, 2, 6.0),
)


def _span(place: int, text: str, score: float, prior: float = 0.0) -> ScoredSpan:
    start = TEXTS[place].index(text)
    return ScoredSpan(
        passage_id=place,
        document_id=place,
        start=start,
        end=start + len(text),
        text=text,
        score=score + prior,
        logits=SpanLogits(score, 1.0, 1.0, 0.0),
    )


def _passages(*texts: str) -> list[Passage]:
    return [passage(text, id=place, document_id=place) for place, text in enumerate(texts)]


SPANS = (
    _span(0, "Ann Lee", 5.0),
    _span(1, "Ann Lee", 4.0, prior=-1.0),
    _span(2, "Tom Poe", 2.0, prior=-1.5),
)

ALONE = {SPANS[0].place: 3.0, SPANS[1].place: -20.0}


def _reading(spans: tuple[ScoredSpan, ...] = SPANS) -> Reading:
    ranked = rank_spans(spans, 20)
    return Reading(QUESTION, _passages(*TEXTS), EVIDENCE, spans, ranked, ALONE)


def _named(reading: Reading, position: int = 0) -> dict[str, float]:
    described = answer_features(reading, position + 1)[position]
    return {feature.name: value for feature, value in zip(FEATURES, described, strict=True)}


def test_every_feature_of_an_answer() -> None:
    """Reader, retrieval, words and lengths, as the features say of themselves."""
    same = math.exp(5.0) + math.exp(3.0)
    assert _named(_reading()) == pytest.approx(
        {
            "score": 5.0,
            "prior": 0.0,
            "alone": 3.0,
            "peak": 8.0,
            "margin": 4.5,
            "mass": math.log(same / math.exp(0.5)),
            "agreement": math.log(2),
            "rivals": math.log(2),
            "rank": 0.0,
            "dense_lead": 0.1,
            "lexical_score": 4.0,
            "overlap": 1.0,
            "overlap_near": 1.0,
            "answer_words": math.log(2),
            "question_words": math.log(4),
            "passage_words": math.log(10),
            "n_passages": math.log(3),
        }
    )


def test_another_wording_takes_from_the_peak_only() -> None:
    """A longer wording of the answer is a rival of the exact span, not of the answer."""
    longer = _span(0, "by Ann Lee", 4.0)
    named = _named(_reading((*SPANS, longer)))
    assert named["peak"] == pytest.approx(1.0)
    assert named["mass"] == pytest.approx(
        math.log((math.exp(5.0) + math.exp(4.0) + math.exp(3.0)) / math.exp(0.5))
    )
    assert named["margin"] == 4.5


def test_the_second_answer_is_described_against_the_first() -> None:
    """A rival that is better makes a negative margin; one not found by words has no BM25."""
    tom = _named(_reading(), 2)
    assert (tom["margin"], tom["agreement"]) == (-4.5, 0.0)
    # Not among the nearest: as far as the farthest of them, 0.1 below the mean.
    assert tom["dense_lead"] == pytest.approx(-0.1)
    assert _named(_reading(), 1)["lexical_score"] == 0.0


def test_a_copy_is_no_second_witness() -> None:
    """The same sentence in another document does not count as agreement."""
    copied = _passages(TEXTS[0], TEXTS[0], TEXTS[2])
    twin = replace(SPANS[0], passage_id=1, document_id=1, score=4.0)
    spans = (SPANS[0], twin, SPANS[2])
    reading = Reading(QUESTION, copied, EVIDENCE, spans, rank_spans(spans, 20))
    assert _named(reading)["agreement"] == 0.0


@pytest.mark.parametrize(("one", "other"), [("28 days", "30 days"), ("1.5%", "15%")])
def test_another_number_is_another_answer(one: str, other: str) -> None:
    """It is no second witness and no other wording, but a rival, however alike the words are."""
    spans = tuple(
        replace(_span(place, "Ann Lee", 5.0 - place), text=text, start=6, end=6 + len(text))
        for place, text in enumerate((one, other))
    )
    passages = _passages(f"It is {one}.", f"It is {other}.")
    named = _named(Reading(QUESTION, passages, EVIDENCE, spans, rank_spans(spans, 20)))
    assert (named["agreement"], named["rivals"]) == (0.0, math.log(2))
    assert named["margin"] == pytest.approx(1.0)
    assert named["mass"] == pytest.approx(1.0)


def test_the_same_document_is_no_second_witness() -> None:
    """Two places of one document that say the same are one source."""
    again = replace(SPANS[1], document_id=0, start=100, end=107)
    passages = [replace(p, document_id=0) for p in _passages(*TEXTS)]
    passages[1] = replace(passages[1], start=100 - TEXTS[1].index("Ann"), end=200)
    spans = (SPANS[0], again)
    reading = Reading(QUESTION, passages, (), spans, rank_spans(spans, 20))
    assert len(reading.ranked) == 2
    assert _named(reading)["agreement"] == 0.0


def test_nothing_known_of_retrieval() -> None:
    """Without evidence the retrieval features are unknown, and the others as they were."""
    known = _named(_reading())
    unknown = _named(replace(_reading(), evidence=()))
    missing = {name for name, value in unknown.items() if math.isnan(value)}
    assert missing == {"rank", "dense_lead", "lexical_score"}
    assert all(unknown[name] == known[name] for name in known if name not in missing)


def test_the_only_answer_has_the_largest_margin() -> None:
    """Without a rival, margin and mass stand at their largest."""
    alone = _named(_reading(SPANS[:1]))
    assert (alone["margin"], alone["mass"], alone["rivals"]) == (8.0, 8.0, 0.0)


def test_only_found_by_words() -> None:
    """Where no passage has a cosine, it is unknown."""
    by_words = [replace(one, dense_rank=None, dense_score=None) for one in EVIDENCE]
    assert math.isnan(_named(replace(_reading(), evidence=by_words))["dense_lead"])


def test_what_was_not_read_again_keeps_its_score() -> None:
    """A second reading counts within ±10 logits; without one its passage speaks for a sentence."""
    assert _named(_reading(), 1)["alone"] == -10.0
    assert _named(_reading(), 2)["alone"] == _named(_reading(), 2)["score"] == 2.0
