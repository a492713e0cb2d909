"""Fit the confidence model on questions that were asked, and measure it.

    python benchmarks/ask_open.py DATA LINES.jsonl.gz --indexes FOLDER
    python benchmarks/confidence.py LINES.jsonl.gz
    python benchmarks/confidence.py LINES.jsonl.gz --write

Reports to ``results/confidence.json`` and, with ``--write``, keeps the fit on all questions of
the open set as ``confidence.json`` beside the reader, and the plot and the tables of
``docs/confidence.md``. What each figure is, is said in ``confidence_figures.py``.
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from asked import Asked, from_json, read_lines
from confidence_figures import (
    MAX_ERRORS,
    OURS,
    Judged,
    ece_of_chance,
    guarantee,
    half_known,
    judged_by,
    judged_by_others,
    outcome_of,
    over_either,
    quality,
    redrawn,
    shifted,
    weights_of,
)
from confidence_page import write_page
from question_sets import DOMAINS
from report import read_result, write_report

from answerable.reader import (
    FEATURES,
    CalibrationOutcome,
    ConfidenceModel,
    Provenance,
    default_reader_folder,
    false_answer_rate,
    fit_confidence,
    save_confidence,
)
from answerable.reader.confidence.pairs import PAIRS

# The laxest of the table that leaves 97% of unrelated questions unanswered.
# Below a half, since a quote shows its sentence, its source and its probability, so that a wrong
# one is soon seen.
MIN_PROBABILITY = 0.3


def main() -> None:
    """Fit, measure, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("lines", type=Path, nargs="+", help="of one run of ask_open.py, or more")
    parser.add_argument("--reader", type=Path, default=default_reader_folder())
    parser.add_argument("--write", action="store_true", help="keep the fit and the page")
    arguments = parser.parse_args()
    about, asked = _read(arguments.lines)
    calibration = over_either(
        [*asked["open"], *asked["more"]],
        [*asked["open_alone"], *asked["more_alone"]],
    )
    weights = weights_of(calibration, asked["open"])
    outcomes = [outcome_of(one, weights=weights) for one in calibration]
    model = _fit(about, outcomes)
    open_questions = judged_by_others(asked["open"], outcomes, {})
    alone = judged_by_others(asked["open_alone"], outcomes, {})
    calibration_questions = judged_by_others(calibration, outcomes, weights)
    figures: dict[str, Any] = {
        **about,
        "questions": {
            name: dict(sorted(Counter(one.kind for one in found).items()))
            for name, found in asked.items()
        },
        "open": _open(model, asked["open"], open_questions),
        "open_alone": _open(model, asked["open_alone"], alone),
        "by_min_probability": _by_min_probability(open_questions, asked["open"]),
        "domains": {
            **{name: _domain(model, asked[name]) for name in DOMAINS},
            "all three": _domain(model, [one for name in DOMAINS for one in asked[name]]),
        },
        "dial": _dial(model),
        "guarantee": guarantee(calibration_questions),
        "guarantee_redrawn": redrawn(calibration_questions),
        "guarantee_four_fifths": guarantee(calibration_questions, share=0.8),
        "guarantee_by_article": guarantee(calibration_questions, by_article=True),
        "half_known": half_known(
            {n.removeprefix("gold_"): a for n, a in asked.items() if n.startswith("gold_")},
            source="dev-a",
            # PolicyQA's references are whole clauses: hardly an exact match, whoever reads.
            headline=("amazon_reviews", "reddit"),
        ),
        "unrelated": _unrelated(model, asked.get("unrelated", [])),
        "weights_per_spread": _weights(model),
        "pairs": _pairs(model),
    }
    print(f"written to {write_report('confidence', figures)}")
    if arguments.write:
        save_confidence(arguments.reader, model)
        write_page(figures, open_questions)


def _read(paths: Sequence[Path]) -> tuple[dict[str, Any], dict[str, list[Asked]]]:
    about, lines = read_lines(paths[0])
    for path in paths[1:]:
        other, more = read_lines(path)
        if other != about:
            raise SystemExit(f"{path} is of other models or another index than {paths[0]}")
        lines += more
    asked: dict[str, list[Asked]] = {}
    for line in lines:
        one = from_json(line)
        if one.reading.ranked:
            asked.setdefault(one.set, []).append(one)
    return about, asked


def _fit(about: dict[str, Any], outcomes: Sequence[CalibrationOutcome]) -> ConfidenceModel:
    n = about["distractors"]
    return fit_confidence(
        outcomes,
        provenance=Provenance(
            fitted_on=f"SQuAD 2.0 dev questions, half among {n:,} Wikipedia paragraphs",
            n_questions=len(outcomes),
            date=datetime.now(UTC).date().isoformat(),
            reader_sha256=about["reader_sha256"],
            encoder_sha256=about["encoder_sha256"],
            splitter_version=about["splitter_version"],
        ),
        min_probability=MIN_PROBABILITY,
        null_threshold=_null_threshold(about),
        pairs=PAIRS,
    )


def _null_threshold(about: dict[str, Any]) -> float:
    """Return what ``null_threshold.py`` found for this reader."""
    found = read_result("null_threshold")
    if found["reader_sha256"] != about["reader_sha256"]:
        raise SystemExit("results/null_threshold.json is of another reader: run null_threshold.py")
    return float(found["balanced"]["threshold"])


def _open(model: ConfidenceModel, asked: Sequence[Asked], judged: Judged) -> dict[str, Any]:
    return {
        "right": round(float(judged.is_right.mean()), 4),
        "gold_passage_read": _gold_read(asked),
        "methods": quality(judged),
        "ece_of_chance": ece_of_chance(judged.probability[OURS]),
        "shifted": shifted(model, asked),
    }


def _gold_read(asked: Sequence[Asked]) -> float:
    present = [one for one in asked if one.kind == "present"]
    return round(sum(one.gold_rank is not None for one in present) / len(present), 4)


def _by_min_probability(judged: Judged, asked: Sequence[Asked]) -> list[dict[str, float]]:
    probability = judged.probability[OURS]
    is_answerable = np.array([bool(one.answers) for one in asked])
    rows = []
    for least in (0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9):
        answered = probability >= least
        n = max(1, int(answered.sum()))
        rows.append(
            {
                "min_probability": least,
                "answered": round(float(answered.mean()), 4),
                "right_of_answered": round(float((answered & judged.is_right).sum() / n), 4),
                "right_answers_given": round(
                    float((answered & judged.is_right).sum() / judged.is_right.sum()), 4
                ),
                "false_answers": round(false_answer_rate(probability, is_answerable, least), 4),
            }
        )
    return rows


def _domain(model: ConfidenceModel, asked: Sequence[Asked]) -> dict[str, Any]:
    judged = judged_by(model, asked)
    own = [one for one in asked if one.kind != "foreign"]
    return {
        "right": round(float(judged.is_right.mean()), 4),
        "methods": quality(judged),
        "ece_of_chance": ece_of_chance(judged.probability[OURS]),
        "mean_probability": round(float(judged.probability[OURS].mean()), 4),
        "shifted": shifted(model, own),
    }


def _dial(model: ConfidenceModel) -> dict[str, float | None]:
    """Return what the whole sample supports: the smallest limit, and the coverage at others."""
    assert model.sample is not None
    found = {f"{limit:g}": model.sample.find_threshold(limit) for limit in MAX_ERRORS}
    coverages = {limit: one and round(one.coverage, 4) for limit, one in found.items()}
    return {"smallest": model.sample.smallest_error(), **coverages}


def _unrelated(model: ConfidenceModel, asked: Sequence[Asked]) -> dict[str, Any]:
    probability = np.array([model.probability(outcome_of(one).features) for one in asked])
    return {
        "questions": len(asked),
        "abstained": {
            f"{least:g}": round(float((probability < least).mean()), 4)
            for least in (0.15, 0.2, 0.25, 0.3, 0.4)
        },
        "shifted": shifted(model, asked),
    }


def _weights(model: ConfidenceModel) -> dict[str, float]:
    assert model.shift is not None
    return {
        feature.name: round(weight * spread, 3)
        for feature, weight, spread in zip(FEATURES, model.weights, model.shift.spread, strict=True)
    }


def _pairs(model: ConfidenceModel) -> dict[str, float]:
    """Return the weights of pairs, largest first."""
    assert model.together is not None
    weights = zip(model.together.pairs, model.together.weights, strict=True)
    found = {pair.name: round(weight, 3) for pair, weight in weights}
    return dict(sorted(found.items(), key=lambda item: -abs(item[1])))


if __name__ == "__main__":
    main()
