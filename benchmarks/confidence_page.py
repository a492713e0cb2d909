"""The tables and the plot of ``docs/confidence.md``."""

from pathlib import Path
from typing import Any

import numpy as np
from confidence_figures import N_RESPLITS, OURS, Judged

from answerable.reader import reliability_table, risk_coverage_curve

PAGE = Path(__file__).resolve().parent.parent / "docs" / "confidence.md"
PLOT = PAGE.with_suffix(".svg")
BEGIN, END = "<!-- figures -->", "<!-- /figures -->"
_COLOURS = ("#1f5fbf", "#b8541a", "#5a8f29", "#7b4fa3", "#8a8a8a")


def write_page(figures: dict[str, Any], judged: Judged) -> None:
    """Write the tables between the page's markers, and the plot beside it."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    tables = "\n\n".join(_tables(figures))
    PAGE.write_text(f"{before}{BEGIN}\n{tables}\n{END}{after}", encoding="utf-8")
    _plot(judged)


def _tables(figures: dict[str, Any]) -> list[str]:
    n = sum(figures["questions"]["open"].values())
    found, alone = figures["open"], figures["open_alone"]
    unrelated = figures["unrelated"]
    about_open = (
        f"**Open questions**: {n:,} questions over dev-a among {figures['distractors']:,} Wikipedia "
        f"paragraphs, {found['right']:.1%} of the top answers right, each question judged by a fit "
        f"to the other articles. ECE of chance alone: {found['ece_of_chance']:.3f}."
    )
    about_alone = (
        "**The same questions over dev-a's articles alone**, "
        f"{alone['right']:.1%} right. ECE of chance alone: {alone['ece_of_chance']:.3f}."
    )
    about_domains = (
        "**Other domains, no refit**: calibration error, that of chance alone, and how many "
        "questions of their own are named as shifted (of the calibration's, one in a hundred), "
        "with how likely so many are by chance. What is asked in the same words about several texts "
        'of an index has the answers of all of them: "Who do you share my information with?" does '
        "not say whose policy is meant."
    )
    about_guarantee = (
        f"**The guarantee**: {N_RESPLITS} random halves for calibration and test, 90% confidence, "
        "each question over one of the two indexes, each kind by its weight; what one question gives "
        "with its text and without is never split. "
        "*Broken* is the share of halves where the error over all questions was above the limit, "
        "*in test* where that of the test half was, which errs by chance as well (what one half "
        "lacks the other has: up to 18% would do for the promise); *coverage* is "
        "the mean over the test halves. *Best fixed* is the laxest threshold that would have kept "
        "the limit in nine of ten test halves, *best in hindsight* that of each test half."
    )
    dial = dict(figures["dial"])
    smallest = dial.pop("smallest")
    answers = " and ".join(f"{share:.1%} at {float(of):.0%}" for of, share in dial.items() if share)
    about_dial = (
        "**The dial as shipped**, all of these questions calibrating: limits from "
        f"{smallest:.0%} on; it answers {answers}."
    )
    about_unrelated = (
        f"**Nothing to do with the index**: {unrelated['questions']} questions of SQuAD asked to "
        "an index of the real documents; share abstained, by `min_probability`."
    )
    broken = figures["guarantee_redrawn"]
    about_redrawn = (
        f"**Redrawn**: {N_RESPLITS} calibrations of as many questions as a half, drawn from all of them "
        "with replacement, so that an exact promise is broken in at most 10%. The error over all "
        "questions was above the limit in "
        + ", ".join(f"{of['broken']:.1%} at {float(limit):.0%}" for limit, of in broken.items())
        + " of the draws; no threshold was found in "
        + ", ".join(f"{of['unsupported']:.1%}" for of in broken.values())
        + "."
    )
    by_article = figures["guarantee_by_article"]["0.2"][OURS]["broken_in_test"]
    about_articles = (
        f"Halves again, articles never split between them. At 0.2 the limit is passed in {by_article:.0%} "
        "of the test halves of unseen articles, where 18% would do: on new texts expect to pass it more "
        "often than one time in ten."
    )
    clauses = figures["half_known"]["by_unseen"]["policyqa"]
    about_half_known = (
        "**Half known domain, half unseen** (gold passages, exact match; mean of Amazon reviews and of "
        "Reddit as the unseen one). PolicyQA is left out of the mean, since its references are whole "
        f"clauses; with it unseen: {_in_words(OURS, clauses)}; "
        f"{_in_words('maximum probability', clauses)}."
    )
    return [
        about_open,
        _methods(found["methods"]),
        about_alone,
        _methods(alone["methods"]),
        about_domains,
        _domains(figures["domains"]),
        about_dial,
        about_guarantee,
        _guarantee(figures["guarantee"]),
        about_redrawn,
        (
            "The same, four fifths of the questions for calibration, a fifth for the test. With so few "
            "to test *in test* is mostly chance, and *broken* says little, since most of the questions "
            "that it counts also calibrated: the halves are the fair test."
        ),
        _guarantee(figures["guarantee_four_fifths"], only=OURS),
        about_articles,
        _guarantee(figures["guarantee_by_article"], only=OURS),
        about_half_known,
        _methods(figures["half_known"]["mean"], first="accuracy"),
        about_unrelated,
        _row_table(unrelated["abstained"]),
        "**Thresholds**, on the open questions:",
        _rows(figures["by_min_probability"]),
    ]


def _in_words(method: str, methods: dict[str, dict[str, float]]) -> str:
    found = methods[method]
    return (
        f"{method} calibration error {found['ece']:.3f}, area {found['area_under_risk_coverage']:.3f}, "
        f"coverage at 80% {found['coverage_at_80']:.3f}, at 90% {found['coverage_at_90']:.3f}"
    )


def _methods(methods: dict[str, dict[str, float]], first: str | None = None) -> str:
    columns = ["ece", "area_under_risk_coverage", "coverage_at_80", "coverage_at_90"]
    heads = ["calibration error", "area under risk-coverage", "coverage at 80%", "at 90%"]
    if first:
        columns, heads = [first, *columns], [first, *heads]
    rows = [
        [name, *(f"{found[column]:.3f}" for column in columns)] for name, found in methods.items()
    ]
    return _table(["method", *heads], rows)


def _domains(domains: dict[str, Any]) -> str:
    rows = [
        [
            name,
            f"{found['right']:.1%}",
            *(f"{of['ece']:.3f}" for of in found["methods"].values()),
            f"{found['ece_of_chance']:.3f}",
            f"{found['shifted']['share']:.1%}",
            f"{found['shifted']['p_value']:.1g}",
        ]
        for name, found in domains.items()
    ]
    methods = list(next(iter(domains.values()))["methods"])
    return _table(["passages", "right", *methods, "chance", "shifted", "p"], rows)


def _guarantee(found: dict[str, Any], only: str | None = None) -> str:
    names = ["broken", "broken_in_test", "unsupported", "coverage", "hindsight_fixed", "hindsight"]
    rows = [
        [limit, method, *(f"{of[name]:.3f}" for name in names)]
        for limit, methods in found.items()
        for method, of in methods.items()
        if only in (None, method)
    ]
    heads = ["broken", "in test", "refused", "coverage", "best fixed", "best in hindsight"]
    return _table(["limit", "method", *heads], rows)


def _row_table(found: dict[str, float]) -> str:
    return _table(list(found), [[f"{value:.1%}" for value in found.values()]])


def _rows(found: list[dict[str, float]]) -> str:
    heads = [name.replace("_", " ") for name in found[0]]
    return _table(heads, [[f"{value:.3g}" for value in row.values()] for row in found])


def _table(heads: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def _plot(judged: Judged) -> None:
    import matplotlib as mpl

    mpl.use("svg")
    import matplotlib.pyplot as plt

    plt.rcParams.update({"svg.hashsalt": "answerable", "font.size": 9})
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
    left.plot([0, 1], [0, 1], color="#bbbbbb", linewidth=1)
    for (name, probability), colour in zip(judged.probability.items(), _COLOURS, strict=True):
        width = 2.0 if name == OURS else 1.0
        bins = reliability_table(probability, judged.is_right)
        left.plot(
            [b.probability for b in bins],
            [b.accuracy for b in bins],
            color=colour,
            linewidth=width,
            marker="o",
            markersize=3,
        )
        curve = risk_coverage_curve(probability, judged.is_right)
        enough = curve.coverage >= 0.01  # before that a single answer moves it
        right.plot(
            curve.coverage[enough], curve.risk[enough], color=colour, linewidth=width, label=name
        )
    left.set(xlabel="confidence", ylabel="right answers", title="Reliability (15 bins)")
    left.set(xlim=(0, 1), ylim=(0, 1))
    right.set(xlabel="questions answered", ylabel="wrong answers among them", title="Risk-coverage")
    right.set(xlim=(0, 1), ylim=(0, float(np.ceil(10 * (1 - judged.is_right.mean())) / 10)))
    right.legend(frameon=False)
    figure.savefig(PLOT, metadata={"Date": None})
    plt.close(figure)
