import math
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from answerable.index import ScoredPassage
from answerable.retriever import fuse

RANKINGS = st.lists(st.lists(st.integers(0, 30), unique=True, max_size=12), max_size=4)


def test_scores_are_sums_of_reciprocal_ranks() -> None:
    """A passage's score adds 1 / (60 + rank) over the rankings that hold it."""
    fused = fuse([[7, 8], [8, 9]])
    assert fused == [
        ScoredPassage(8, 1 / 62 + 1 / 61),
        ScoredPassage(7, 1 / 61),
        ScoredPassage(9, 1 / 62),
    ]


def test_agreement_beats_one_high_rank() -> None:
    """Third in both channels comes before first in only one."""
    fused = fuse([[1, 2, 3], [4, 5, 3]])
    assert [f.passage_id for f in fused] == [3, 1, 4, 2, 5]


def test_ties_go_to_the_smaller_id() -> None:
    """Passages of equal score and equal best rank are ordered by id."""
    assert [f.passage_id for f in fuse([[9, 2], [2, 9]])] == [2, 9]


def test_ties_go_to_the_better_single_rank_first() -> None:
    """Of equal sums the one with the better best rank wins, whatever its id."""
    # 1/(0+1) = 1/(0+2) + 1/(0+2): passage 5 is first once, passage 1 second twice.
    fused = fuse([[5], [8, 1], [9, 1]], rank_constant=0)
    assert [f.passage_id for f in fused if f.passage_id in {1, 5}] == [5, 1]


def test_rank_constant_flattens_ranks() -> None:
    """A higher constant brings the scores of neighbours closer together."""
    sharp, flat = fuse([[1, 2]], rank_constant=1), fuse([[1, 2]], rank_constant=1000)
    assert sharp[1].score / sharp[0].score < flat[1].score / flat[0].score


def test_nothing_gives_nothing() -> None:
    """No rankings and empty rankings fuse to an empty ranking."""
    assert fuse([]) == fuse([[], []]) == []


@given(RANKINGS)
def test_every_passage_appears_once_best_first(rankings: list[list[int]]) -> None:
    """The result holds each ranked passage once, scores never rising, as brute force says."""
    fused = fuse(rankings)
    ids = [f.passage_id for f in fused]
    assert sorted(ids) == sorted({i for ranking in rankings for i in ranking})
    assert all(a.score >= b.score for a, b in pairwise(fused))
    for found in fused:
        expected = sum(
            1 / (61 + r.index(found.passage_id)) for r in rankings if found.passage_id in r
        )
        assert math.isclose(found.score, expected)


@given(RANKINGS)
def test_order_of_the_channels_does_not_matter(rankings: list[list[int]]) -> None:
    """Fusing the same rankings in another order gives the very same result."""
    assert fuse(rankings[::-1]) == fuse(rankings)


@given(st.lists(st.integers(0, 30), unique=True))
def test_one_ranking_keeps_its_order(ranking: list[int]) -> None:
    """A single channel comes out as it went in."""
    assert [f.passage_id for f in fuse([ranking])] == ranking
