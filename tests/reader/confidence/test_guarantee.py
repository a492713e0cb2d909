"""Error limits: exact where it can be computed, kept where it is promised."""

import math

import numpy as np
import pytest

from answerable.reader import CalibrationSample, MaxErrorUnsupported
from answerable.reader.confidence.guarantee import _Passing, binomial_cdf


def _sample(n: int, seed: int) -> CalibrationSample:
    """Draw n questions that are right as often as their probability says."""
    rng = np.random.default_rng(seed)
    probability = rng.beta(0.8, 0.8, n)
    return CalibrationSample.of(probability, rng.random(n) < probability)


@pytest.mark.parametrize(("k", "n", "p"), [(0, 5, 0.1), (2, 7, 0.3), (6, 7, 0.9), (7, 7, 0.2)])
def test_binomial_cdf(k: int, n: int, p: float) -> None:
    """The sum of the binomial formula."""
    expected = sum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k + 1))
    assert binomial_cdf(k, n, p) == pytest.approx(expected)


def test_the_limit_is_kept_as_often_as_promised() -> None:
    """Over 300 samples of a law that is known, the true error is above the limit in 1 of 10."""
    limit, broken, refused = 0.2, 0, 0
    probability = np.random.default_rng(1_000_000).beta(0.8, 0.8, 200_000)
    for seed in range(300):
        try:
            threshold = _sample(400, seed).threshold_for(limit).min_probability
            broken += float(1 - probability[probability >= threshold].mean()) > limit
        except MaxErrorUnsupported:
            refused += 1
    # 30 expected at most; 46 is three standard errors above. Bad luck may also refuse a few.
    assert broken <= 46
    assert refused <= 15


def test_nothing_is_promised_below_the_least_sure_question() -> None:
    """Thirty right answers of 0.6 and more say nothing of an answer of 0.02."""
    sample = CalibrationSample.of(np.linspace(0.6, 0.99, 30), np.ones(30, dtype=bool))
    for max_error in (0.3, 0.5):
        found = sample.threshold_for(max_error)
        assert found.min_probability == pytest.approx(0.6)
        assert found.n_answered == 30


def _stratified(n: int, times: int, rng: np.random.Generator) -> CalibrationSample:
    """Draw n questions, a third of them without an answer, these ``times`` as often as asked.

    A question with an answer is right as often as its probability says; half of the others are
    believed to have one.
    """
    probability = rng.beta(3.0, 0.6, n)
    is_right = rng.random(n) < probability
    n_without = n * times // 2
    without = rng.beta(1.5, 3.0, n_without)
    return CalibrationSample.of(
        np.concatenate([probability, without]),
        np.concatenate([is_right, np.zeros(n_without, dtype=bool)]),
        np.concatenate([np.ones(n), np.full(n_without, 1 / times)]),
    )


def test_the_limit_is_kept_by_weighted_questions() -> None:
    """Unanswerable questions in the sample four times as often: kept as often, refused less."""
    limit = 0.1
    law = _stratified(400_000, 1, np.random.default_rng(7))
    error = np.cumsum(~law.is_right) / np.arange(1, len(law.is_right) + 1)
    broken, coverage = {}, {}
    for times in (1, 4):
        rng = np.random.default_rng(times)
        found = [_stratified(300, times, rng).find_threshold(limit) for _ in range(300)]
        places = [
            int(np.searchsorted(-law.probability, -one.min_probability, side="right")) if one else 0
            for one in found
        ]
        broken[times] = sum(bool(place) and error[place - 1] > limit for place in places)
        coverage[times] = sum(places)
    assert max(broken.values()) <= 46
    assert coverage[4] > coverage[1]


def test_equal_weights_are_none() -> None:
    """Whatever all questions weigh, thresholds are those of the exact test."""
    sample = _sample(500, 3)
    weighted = CalibrationSample.of(sample.probability, sample.is_right, np.full(500, 0.37))
    for limit in (0.1, 0.2, 0.3):
        one, other = sample.find_threshold(limit), weighted.find_threshold(limit)
        assert one is not None and other is not None
        assert (one.min_probability, one.n_answered) == (other.min_probability, other.n_answered)
        assert one.observed_error == pytest.approx(other.observed_error)
        assert one.coverage == pytest.approx(other.coverage)


def test_one_question_asked_twice_is_one_question() -> None:
    """Two halves of a question that go together have the variance of it alone, apart half of it."""
    alone = _sample(500, 3)
    twice = CalibrationSample.of(
        np.repeat(alone.probability, 2),
        np.repeat(alone.is_right, 2),
        np.full(1000, 0.5),
        np.repeat(np.arange(500), 2),
    )
    apart = CalibrationSample.of(twice.probability, twice.is_right, twice.weight)
    sums = [_Passing.of(sample).wrong for sample in (alone, twice, apart)]
    assert sums[1].weight == pytest.approx(sums[0].weight)
    assert sums[1].squared == pytest.approx(sums[0].squared)
    assert sums[2].squared == pytest.approx(sums[0].squared / 2)


def test_a_heavy_question_far_below_says_nothing_of_those_above() -> None:
    """What may be wrong next weighs as much as the heaviest answer that passes, not more."""
    light = CalibrationSample.of(np.full(100, 0.9), np.ones(100, dtype=bool), np.full(100, 0.2))
    both = CalibrationSample.of(
        np.append(light.probability, 0.1),
        np.append(light.is_right, False),
        np.append(light.weight, 5.0),
    )
    one, other = light.find_threshold(0.03), both.find_threshold(0.03)
    assert one is not None and other is not None
    assert one.min_probability == other.min_probability


def test_a_looser_limit_answers_more() -> None:
    """Coverage grows with the error allowed, and falls with the confidence asked for."""
    sample = _sample(5000, 1)
    coverages = [sample.threshold_for(limit).coverage for limit in (0.05, 0.1, 0.2, 0.3)]
    assert coverages == sorted(coverages) and coverages[0] < coverages[-1]
    assert sample.threshold_for(0.1, 0.99).coverage <= sample.threshold_for(0.1, 0.5).coverage


def test_threshold_says_what_was_observed() -> None:
    """Coverage, error and count are those of the sample at the threshold."""
    sample = _sample(1000, 2)
    threshold = sample.threshold_for(0.1)
    passing = sample.probability >= threshold.min_probability
    assert threshold.n_answered == passing.sum()
    assert threshold.coverage == passing.mean()
    assert threshold.observed_error == pytest.approx(1 - sample.is_right[passing].mean())
    assert threshold.observed_error < 0.1


def test_a_small_sample_names_what_it_supports() -> None:
    """Thirty right answers cannot promise 5% at 90%, since 0.95^30 is 0.21; 8% they can."""
    sample = CalibrationSample.of(np.full(30, 0.9), np.ones(30, dtype=bool))
    with pytest.raises(MaxErrorUnsupported, match=r"limits from 0\.08 on, .* use a") as caught:
        sample.threshold_for(0.05)
    assert str(caught.value).endswith("labelled questions (answerable calibrate QUESTIONS)")
    assert caught.value.smallest == 0.08
    assert sample.threshold_for(0.08).coverage == 1.0


def test_every_whole_per_cent_from_the_smallest_on_is_supported() -> None:
    """In 40 small samples; some support a stricter one, too, with a gap in between."""
    n_gaps = 0
    for seed in range(40):
        sample = _sample(30 + seed, seed)
        smallest = sample.smallest_error()
        assert smallest is not None
        first = round(100 * smallest)
        every = 1 if seed < 5 else 10
        for percent in (*range(first, first + 5), *range(first, 100, every)):
            assert sample.find_threshold(percent / 100)
        assert not sample.find_threshold((first - 1) / 100)
        n_gaps += any(sample.find_threshold((first - n) / 100) for n in (2, 3, 4))
    assert n_gaps > 3


def test_probabilities_are_those_of_the_file() -> None:
    """Five decimals: 0.4999999 passes a threshold of 0.5 in memory as it does when loaded."""
    sample = CalibrationSample.of(np.array([0.4999999, 0.123456]), np.array([True, False]))
    assert sample.probability.tolist() == [0.5, 0.12346]


def test_a_sample_that_is_all_wrong_supports_nothing() -> None:
    """No limit below 100% can be kept by answers that are never right."""
    sample = CalibrationSample.of(np.full(30, 0.9), np.zeros(30, dtype=bool))
    with pytest.raises(
        MaxErrorUnsupported, match="no other limit either, too few answers were right"
    ) as caught:
        sample.threshold_for(0.5)
    assert caught.value.smallest is None


@pytest.mark.parametrize(
    ("n", "right", "documented"),
    [
        (50, 0.8, 0.2),
        (100, 0.8, 0.14),
        (200, 0.8, 0.11),
        (50, 0.9, 0.11),
        (100, 0.9, 0.08),
        (200, 0.9, 0.05),
    ],
)
def test_what_so_many_questions_support(n: int, right: float, documented: float) -> None:
    """The medians of docs/calibrate.md, of samples drawn with true probabilities."""
    rng = np.random.default_rng(0)
    smallest = []
    for _ in range(60):
        probability = rng.beta(5 * right, 5 * (1 - right), n)
        sample = CalibrationSample.of(probability, rng.random(n) < probability)
        smallest.append(sample.smallest_error() or 1.0)
    assert np.median(smallest) == pytest.approx(documented, abs=0.02)
