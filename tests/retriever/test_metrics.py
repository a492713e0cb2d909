"""Metrics of rankings against values worked out by hand, and against a plain second writing."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.retriever import mean_scores, score_ranking
from answerable.retriever.metrics import ndcg, recall_at, reciprocal_rank

GRADES = {"a": 1, "b": 2, "c": 0, "d": 1}


def test_values_worked_out_by_hand() -> None:
    """Three relevant documents, of which the second and the fourth place hold one each."""
    ranked = ["c", "b", "x", "a", "y"]
    # gains 0 2 0 1: 2 / log2(3) + 1 / log2(5); best possible 2 1 1: 2 + 1 / log2(3) + 1 / 2
    expected = (2 / 1.5849625 + 1 / 2.3219281) / (2 + 1 / 1.5849625 + 0.5)
    assert ndcg(ranked, GRADES) == pytest.approx(expected)
    assert [recall_at(ranked, GRADES, k) for k in (1, 2, 4, 20)] == pytest.approx(
        [0, 1 / 3, 2 / 3, 2 / 3]
    )
    assert reciprocal_rank(ranked, GRADES) == 0.5


def test_what_is_below_the_depth_counts_nothing() -> None:
    """A first relevant document at rank 11 gives recall at 20 alone."""
    scores = score_ranking([f"x{i}" for i in range(10)] + ["a"], {"a": 1})
    assert scores == {
        "recall_at_1": 0,
        "recall_at_5": 0,
        "recall_at_10": 0,
        "recall_at_20": 1,
        "mrr_at_10": 0,
        "ndcg_at_10": 0,
    }


def test_nothing_found_and_all_in_order() -> None:
    """An empty ranking scores 0 throughout; the ideal one 1 but for recall at too small a cutoff."""
    assert set(score_ranking([], GRADES).values()) == {0}
    best = score_ranking(["b", "a", "d", "c"], GRADES)
    assert (best["ndcg_at_10"], best["mrr_at_10"], best["recall_at_5"]) == (1, 1, 1)
    assert best["recall_at_1"] == pytest.approx(1 / 3)


@given(
    ranked=st.lists(st.sampled_from("abcdefghijklmnopqrst"), unique=True),
    grades=st.dictionaries(st.sampled_from("abcdefghijklmnopqrst"), st.integers(-1, 3)).filter(
        lambda grades: max(grades.values(), default=0) > 0
    ),
)
def test_against_a_plain_second_writing(ranked: list[str], grades: dict[str, int]) -> None:
    """Loops over ranks, written from the definitions, give the same figures."""
    gain = dict.fromkeys("abcdefghijklmnopqrst", 0) | {i: max(g, 0) for i, g in grades.items()}
    best_order = sorted(gain, key=lambda id_: -gain[id_])
    dcg, ideal, first, found = 0.0, 0.0, 0, 0
    for place in range(min(10, len(ranked))):
        dcg += gain[ranked[place]] / math.log2(place + 2)
        found += gain[ranked[place]] > 0
        if gain[ranked[place]] and not first:
            first = place + 1
    for place in range(10):
        ideal += gain[best_order[place]] / math.log2(place + 2)
    scores = score_ranking(ranked, grades)
    assert scores["ndcg_at_10"] == pytest.approx(dcg / ideal)
    assert scores["mrr_at_10"] == pytest.approx(1 / first if first else 0)
    assert scores["recall_at_10"] == pytest.approx(found / sum(g > 0 for g in gain.values()))


def test_means_are_in_per_cent() -> None:
    """The mean over questions, rounded to hundredths of a point."""
    assert mean_scores([{"x": 1.0}, {"x": 0.0}, {"x": 0.0}]) == {"x": 33.33}
