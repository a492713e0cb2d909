"""The figures of confidence, each from questions that were asked before."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
from asked import Asked
from baselines import confidences
from question_sets import is_for_large_index, plain_id

from answerable.reader import (
    CalibrationOutcome,
    CalibrationSample,
    ConfidenceModel,
    Provenance,
    area_under_risk_coverage,
    calibration_error_by_chance,
    coverage_at_accuracy,
    expected_calibration_error,
    fit_confidence,
)
from answerable.reader.confidence.fit import fit_coefficients
from answerable.reader.confidence.guarantee import DECIMALS
from answerable.reader.confidence.pairs import PAIRS
from answerable.reader.confidence.shift import batch_p_value

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ids = npt.NDArray[np.intp]
OURS = "Answerable"
N_RESPLITS = 200
MAX_ERRORS = (0.05, 0.1, 0.2)
PROMISED = 0.9


@dataclass(frozen=True, slots=True)
class Judged:
    """Questions with the confidence of every method in the same top answers.

    Attributes:
        weight: how often such a question is asked, for each time that it is here.
        question: the same where one question is asked in several ways.
    """

    is_right: Flags
    groups: tuple[str, ...]
    weight: Numbers
    question: Ids
    probability: Mapping[str, Numbers]


def outcome_of(
    asked: Asked, *, exact: bool = False, weights: Mapping[str, float] = MappingProxyType({})
) -> CalibrationOutcome:
    """Return a question as the fit takes it; right if it is exact, or by ``is_right_answer``.

    Args:
        weights: of kinds of questions, if they are here more often than they are asked.
    """
    return CalibrationOutcome(
        group=asked.group,
        features=asked.features,
        is_right=asked.is_exact if exact else asked.is_right,
        is_answerable=bool(asked.answers),
        weight=weights.get(asked.kind, 1.0),
        question=plain_id(asked.id),
    )


def over_either(large: Sequence[Asked], small: Sequence[Asked]) -> list[Asked]:
    """Take each question once, from one of two indexes, about half from each.

    What probabilities are fitted on: people ask ten documents and a hundred thousand.
    """
    return [one for one in large if is_for_large_index(one.id)] + [
        one for one in small if not is_for_large_index(one.id)
    ]


def weights_of(calibration: Sequence[Asked], open_questions: Sequence[Asked]) -> dict[str, float]:
    """Return by kind how often the open set asks it, for each time that it calibrates."""
    there = Counter(one.kind for one in open_questions)
    return {kind: there[kind] / n for kind, n in Counter(a.kind for a in calibration).items()}


def judged_by_others(
    asked: Sequence[Asked], fitted_on: Sequence[CalibrationOutcome], weights: Mapping[str, float]
) -> Judged:
    """Judge questions, each by a fit to the questions of ``fitted_on`` of other articles."""
    outcomes = [outcome_of(one, weights=weights) for one in asked]
    features = np.array([outcome.features for outcome in outcomes])
    groups = np.array([outcome.group for outcome in outcomes])
    ours = np.empty(len(outcomes))
    for group in np.unique(groups):
        kept = [outcome for outcome in fitted_on if outcome.group != group]
        fitted = fit_coefficients(
            np.array([outcome.features for outcome in kept]),
            np.array([outcome.is_right for outcome in kept]),
            weight=np.array([outcome.weight for outcome in kept]),
            pairs=PAIRS,
        )
        ours[groups == group] = fitted.probability(features[groups == group])
    return _judged(asked, outcomes, ours)


def judged_by(model: ConfidenceModel, asked: Sequence[Asked]) -> Judged:
    """Judge questions by a model that was fitted before."""
    outcomes = [outcome_of(one) for one in asked]
    ours = np.array([model.probability(outcome.features) for outcome in outcomes])
    return _judged(asked, outcomes, ours)


def _judged(
    asked: Sequence[Asked], outcomes: Sequence[CalibrationOutcome], ours: Numbers
) -> Judged:
    return Judged(
        is_right=np.array([outcome.is_right for outcome in outcomes]),
        groups=tuple(outcome.group for outcome in outcomes),
        weight=np.array([outcome.weight for outcome in outcomes]),
        question=np.unique([outcome.question for outcome in outcomes], return_inverse=True)[1],
        probability={OURS: ours, **confidences(list(asked))},
    )


def quality(judged: Judged) -> dict[str, dict[str, float]]:
    """Return calibration and selection of each method."""
    return {
        name: _quality(probability, judged.is_right)
        for name, probability in judged.probability.items()
    }


def _quality(probability: Numbers, is_right: Flags) -> dict[str, float]:
    return {
        "ece": round(expected_calibration_error(probability, is_right), 4),
        "area_under_risk_coverage": round(area_under_risk_coverage(probability, is_right), 4),
        "coverage_at_80": round(coverage_at_accuracy(probability, is_right, 0.8), 4),
        "coverage_at_90": round(coverage_at_accuracy(probability, is_right, 0.9), 4),
    }


def ece_of_chance(probability: Numbers) -> float:
    """Return the mean ECE of questions that are right exactly as often as is said."""
    return round(calibration_error_by_chance(probability), 4)


def shifted(model: ConfidenceModel, asked: Sequence[Asked]) -> dict[str, Any]:
    """Return how many questions are named as shifted."""
    flags = [model.is_shifted(one.features) for one in asked]
    p_value = batch_p_value(sum(flags), len(flags))
    return {"share": round(float(np.mean(flags)), 4), "p_value": float(f"{p_value:.2g}")}


def guarantee(judged: Judged, *, share: float = 0.5, by_article: bool = False) -> dict[str, Any]:
    """Resplit questions into calibration and test, and see what is promised kept.

    ``broken_in_test``: resplits where the error of the test part is above the limit; it errs by
    chance as well, so an exact promise is broken here more often than it says. What one of two
    halves has too few of, the other has too many of: a promise that is broken in one of ten
    draws from an endless law is broken in up to 18 of 100 of them (normal approximation).
    ``broken``: where the error of all questions is, from which the calibration part was drawn.
    ``hindsight``: coverage of the laxest threshold that the test part allows, looking at it.
    ``hindsight_fixed``: coverage of the laxest single threshold with an error above the limit
    in at most one of ten test parts: the best that could have kept the promise.

    What one question gives when it is asked in several ways is never split.

    Args:
        share: of the questions, or articles, that calibrates.
    """
    halves = list(_parts(judged.groups if by_article else judged.question, share))
    return {
        f"{max_error:g}": {
            name: _kept(probability, judged, max_error, halves)
            for name, probability in judged.probability.items()
        }
        for max_error in MAX_ERRORS
    }


def redrawn(judged: Judged, share: float = 0.5) -> dict[str, dict[str, float]]:
    """Draw calibrations from these questions with replacement, and see what is promised kept.

    As if the questions were the law: a draw tells nothing of what is left out, unlike one of two
    halves, and the error of the threshold under the law is known. An exact promise is ``broken``
    in at most 1 - ``PROMISED`` of the draws.

    Args:
        share: how many questions are drawn, of as many as there are.
    """
    rng = np.random.default_rng(0)
    places = np.argsort(judged.question, kind="stable")
    members = np.split(places, np.cumsum(np.bincount(judged.question))[:-1])
    drawn = [rng.integers(0, len(members), int(share * len(members))) for _ in range(N_RESPLITS)]
    samples = [_drawn_sample(judged, [members[number] for number in draw]) for draw in drawn]
    return {f"{limit:g}": _kept_under_law(judged, samples, limit) for limit in MAX_ERRORS}


def _drawn_sample(judged: Judged, members: Sequence[Ids]) -> CalibrationSample:
    of = np.concatenate(members)
    question = np.repeat(np.arange(len(members)), [len(member) for member in members])
    return CalibrationSample.of(
        judged.probability[OURS][of], judged.is_right[of], judged.weight[of], question
    )


def _kept_under_law(
    judged: Judged, samples: Sequence[CalibrationSample], max_error: float
) -> dict[str, float]:
    probability = np.round(judged.probability[OURS], DECIMALS)
    found = [sample.find_threshold(max_error, PROMISED) for sample in samples]
    errors = [
        _error(probability >= one.min_probability, judged.is_right, judged.weight)
        for one in found
        if one
    ]
    return {
        "broken": round(sum(error > max_error for error in errors) / len(samples), 3),
        "unsupported": round(sum(one is None for one in found) / len(samples), 3),
    }


def _parts(names: Sequence[str] | Ids, share: float) -> Iterator[Flags]:
    """Yield which questions calibrate: a share of the names, drawn anew each time."""
    rng = np.random.default_rng(0)
    different, number = np.unique(names, return_inverse=True)
    for _ in range(N_RESPLITS):
        drawn = rng.permutation(len(different)) < int(share * len(different))
        yield drawn[number]


def _kept(
    probability: Numbers, judged: Judged, max_error: float, halves: Sequence[Flags]
) -> dict[str, float]:
    is_right, weight = judged.is_right, judged.weight
    errors, coverages, everywhere, hindsight = [], [], [], []
    for calibration in halves:
        test = ~calibration
        sample = CalibrationSample.of(
            *(of[calibration] for of in (probability, is_right, weight, judged.question))
        )
        found = sample.find_threshold(max_error, PROMISED)
        answered = probability >= (found.min_probability if found else np.inf)
        errors.append(_error(answered & test, is_right, weight))
        coverages.append(weight[answered & test].sum() / weight[test].sum())
        everywhere.append(_error(answered, is_right, weight))
        hindsight.append(
            coverage_at_accuracy(probability[test], is_right[test], 1 - max_error, weight[test])
        )
    best = _best_fixed(probability, is_right, weight, max_error, halves)
    return {
        "broken": round(float(np.mean(np.array(everywhere) > max_error)), 3),
        "broken_in_test": round(float(np.mean(np.array(errors) > max_error)), 3),
        "unsupported": round(float(np.mean(np.array(coverages) == 0)), 3),
        "coverage": round(float(np.mean(coverages)), 4),
        "hindsight": round(float(np.mean(hindsight)), 4),
        "hindsight_fixed": round(best, 4),
    }


def _best_fixed(
    probability: Numbers,
    is_right: Flags,
    weight: Numbers,
    max_error: float,
    halves: Sequence[Flags],
) -> float:
    """Return the coverage of the laxest threshold that breaks the limit in 1 - PROMISED."""
    order = np.argsort(-probability, kind="stable")
    passing = np.cumsum(weight[order])
    counted = np.array([np.where(half, 0.0, weight)[order] for half in halves])
    wrong = np.cumsum(counted * ~is_right[order], axis=1)
    broken = (wrong > max_error * np.cumsum(counted, axis=1)).mean(axis=0)
    kept = np.flatnonzero(broken <= 1 - PROMISED)
    return float(passing[kept[-1]] / passing[-1]) if len(kept) else 0.0


def _error(answered: Flags, is_right: Flags, weight: Numbers) -> float:
    """Return the share of wrong answers among those given, by weight."""
    total = weight[answered].sum()
    return float(weight[answered & ~is_right].sum() / total) if total else 0.0


def half_known(
    gold: Mapping[str, Sequence[Asked]], source: str, headline: Sequence[str]
) -> dict[str, Any]:
    """Half known domain, half unseen: fitted with another domain, measured by exact match.

    For each ordered pair of other domains, a model is fitted on half of the source's articles
    and as many questions of the first domain, and tested on the source's other half and as many
    of the second; then the halves change places. ``mean`` is over all with an unseen domain of
    ``headline``.

    Source: Kamath, Jia and Liang 2020, "Selective question answering under domain shift".
    """
    others = [name for name in gold if name != source]
    titles = sorted({one.group for one in gold[source]})
    rows: dict[str, list[tuple[str, dict[str, float]]]] = {}
    for known, unseen in permutations(others, 2):
        for side in (0, 1):
            fit_on = [a for a in gold[source] if titles.index(a.group) % 2 == side]
            test_on = [a for a in gold[source] if titles.index(a.group) % 2 != side]
            fit_on += gold[known][: len(fit_on)]
            test_on += gold[unseen][: len(test_on)]
            model = fit_confidence(
                [outcome_of(one, exact=True) for one in fit_on],
                provenance=Provenance("half known", len(fit_on), "", ""),
            )
            judged = judged_by(model, test_on)
            exact = np.array([one.is_exact for one in test_on])
            for name, probability in judged.probability.items():
                figures = {"accuracy": float(exact.mean()), **_quality(probability, exact)}
                rows.setdefault(name, []).append((unseen, figures))
    return {
        "mean": {
            name: _mean([f for where, f in found if where in headline])
            for name, found in rows.items()
        },
        "by_unseen": {
            unseen: {
                name: _mean([f for where, f in found if where == unseen])
                for name, found in rows.items()
            }
            for unseen in others
        },
    }


def _mean(figures: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {name: round(float(np.mean([f[name] for f in figures])), 4) for name in figures[0]}
