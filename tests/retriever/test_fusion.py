import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.index import ScoredPassage
from answerable.retriever import fuse, fuse_scores

CHANNEL = st.dictionaries(st.integers(0, 30), st.floats(-1, 50), max_size=12).map(
    lambda scores: [ScoredPassage(*item) for item in sorted(scores.items(), key=lambda i: -i[1])]
)
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


def _channel(**scores: float) -> list[ScoredPassage]:
    return [ScoredPassage(int(name.removeprefix("p")), score) for name, score in scores.items()]


def test_weights_of_rankings() -> None:
    """A channel of twice the weight counts twice."""
    assert fuse([[1], [2]], 60, (2.0, 1.0)) == [ScoredPassage(1, 2 / 61), ScoredPassage(2, 1 / 61)]


def test_scores_are_shares_of_the_best() -> None:
    """What a full channel did not find counts as its last passage."""
    dense, lexical = _channel(p7=0.8, p8=0.6), _channel(p8=20.0, p9=5.0)
    fused = {f.passage_id: f.score for f in fuse_scores((dense, lexical), (0.6, 0.4), depth=2)}
    assert fused == {
        8: pytest.approx(0.6 * 0.75 + 0.4 * 1.0),
        7: pytest.approx(0.6 * 1.0 + 0.4 * 0.25),
        9: pytest.approx(0.6 * 0.75 + 0.4 * 0.25),
    }


def test_what_shares_no_word_counts_nothing() -> None:
    """A channel that found less than it was asked for has no more: its only hit stands out."""
    dense = _channel(p1=0.50, p2=0.49, p3=0.48)
    fused = fuse_scores((dense, _channel(p3=9.0)), (0.5, 0.5), depth=3)
    assert [f.passage_id for f in fused] == [3, 1, 2]
    assert fused[0].score == pytest.approx(0.5 * 0.96 + 0.5)


def test_a_silent_channel_leaves_the_other_as_it_is() -> None:
    """Without a word in common, or with cosines below 0, the other channel's order stays."""
    lexical = _channel(p5=3.0, p4=2.0)
    assert [f.passage_id for f in fuse_scores(([], lexical), (0.5, 0.5), 9)] == [5, 4]
    below = _channel(p4=-0.1, p5=-0.2)
    assert [f.passage_id for f in fuse_scores((below, lexical), (0.5, 0.5), 2)] == [5, 4]
    assert [f.passage_id for f in fuse_scores((below, []), (0.5, 0.5), 2)] == [4, 5]
    assert fuse_scores(([], []), (0.5, 0.5), 9) == []


@given(CHANNEL, CHANNEL, st.floats(0, 1), st.integers(1, 12))
def test_fused_scores_hold_every_passage_once(
    dense: list[ScoredPassage], lexical: list[ScoredPassage], weight: float, depth: int
) -> None:
    """Whatever the scores, each passage appears once, best first, in either order of channels."""
    fused = fuse_scores((dense, lexical), (weight, 1 - weight), depth)
    ids = [f.passage_id for f in fused]
    assert sorted(ids) == sorted({f.passage_id for f in (*dense, *lexical)})
    assert all(a.score >= b.score for a, b in pairwise(fused))
    assert all(math.isfinite(f.score) and f.score <= 1 + 1e-9 for f in fused)
    assert fuse_scores((lexical, dense), (1 - weight, weight), depth) == fused


@given(CHANNEL, st.integers(1, 12))
def test_better_in_both_channels_is_better(channel: list[ScoredPassage], depth: int) -> None:
    """Channels that agree on an order keep it where scores are above 0."""
    above = [f for f in channel if f.score > 0]
    doubled = [ScoredPassage(f.passage_id, 2 * f.score) for f in above]
    fused = fuse_scores((above, doubled), (0.5, 0.5), depth)
    assert [f.score for f in fused] == pytest.approx([f.score / above[0].score for f in above])
