"""Write the README's figures from ``results/``, or check that they are theirs.

python benchmarks/figures.py            # rewrite them
python benchmarks/figures.py --check    # fail if the README says something else
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from report import read_result

ROOT = Path(__file__).resolve().parent.parent
DOMAINS = ("amazon_reviews", "reddit", "policyqa")


Row = tuple[str, str, str]
"""What was measured, the figure, and by which script."""


def headline() -> str:
    """Return in words how often it answers and is right, and how true its probabilities are."""
    found = read_result("confidence")
    usual, strict = _at(found, 0.3), _at(found, 0.7)
    alike = [_calibration_error(found[name]) for name in ("open", "open_alone")]
    unlike = [_calibration_error(found["domains"][name]) for name in DOMAINS]
    return (
        f"How good it is: of {_n_open(found):,} test questions, half of them without an answer in the "
        f"documents, it answers {usual['answered']:.0%},\nand {usual['right_of_answered']:.0%} of "
        f"these answers are right; with `--min-probability 0.7` it answers {strict['answered']:.0%}, and "
        f"{strict['right_of_answered']:.0%} are right. What it\nsays of its own certainty is off by "
        f"{_points(alike)} points on text of the kind it was fitted on, by {_points(unlike)} on other "
        "kinds\n([all figures](#measured))."
    )


def _points(errors: Sequence[float]) -> str:
    return f"{100 * min(errors):.0f} to {100 * max(errors):.0f}"


def tables() -> str:
    """Return the Markdown tables of what was measured."""
    groups = {"Answers": _answers(), "Search": _search(), "Speed": _speed()}
    return "\n\n".join(_group(name, rows) for name, rows in groups.items())


def _group(name: str, rows: list[Row]) -> str:
    lines = [f"| {name} | figure | script |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {what} | {figure} | `{by}` |" for what, figure, by in rows)])


def _answers() -> list[Row]:
    return [*_answers_over_an_index(), *_answers_in_real_documents(), *_probabilities(), *_reader()]


def _answers_over_an_index() -> list[Row]:
    found = read_result("confidence")
    usual, strict = _at(found, 0.3), _at(found, 0.7)
    return [
        (
            (
                f"{_n_open(found):,} questions to 100,646 paragraphs, half of them with an answer there, at the default "
                "limit of 0.3: answered; right of these; of those without an answer, answered all the same"
            ),
            f"{usual['answered']:.0%}; {usual['right_of_answered']:.0%}; {usual['false_answers']:.0%}",
            "confidence.py",
        ),
        (
            "the same with `--min-probability 0.7`",
            f"{strict['answered']:.0%}; {strict['right_of_answered']:.0%}; {strict['false_answers']:.0%}",
            "confidence.py",
        ),
        (
            (
                "share answered with `--max-error` 0.1; 0.2, the limit set on one half of the questions, "
                f"counted on the other ({found['open']['right']:.0%} of all first answers are right)"
            ),
            "; ".join(
                f"{found['guarantee'][limit]['Answerable']['coverage']:.0%}"
                for limit in ("0.1", "0.2")
            ),
            "confidence.py",
        ),
    ]


def _answers_in_real_documents() -> list[Row]:
    questions = read_result("real_documents")["questions"]
    asked = [row for row in questions if row["file"]]
    others = [row for row in questions if not row["file"]]
    return [
        (
            (
                f"{len(questions)} questions by one author to real files (none to PDF, DOCX, XLSX or HTML; two "
                f"rules were made after reading misses): of {len(asked)} with an answer right; wrong; "
                f"unanswered; of {len(others)} without, rightly unanswered"
            ),
            (
                f"{sum(row['right'] for row in asked)}; "
                f"{sum(not row['right'] and row['reason'] is None for row in asked)}; "
                f"{sum(row['reason'] is not None for row in asked)}; "
                f"{sum(row['right'] for row in others)}"
            ),
            "real_documents.py",
        )
    ]


def _probabilities() -> list[Row]:
    found = read_result("confidence")
    return [
        (
            "calibration error, other articles of the same kind: among 100,646 paragraphs; among 646",
            "; ".join(f"{_calibration_error(found[name]):.3f}" for name in ("open", "open_alone")),
            "confidence.py",
        ),
        (
            "calibration error, other kinds of text: Amazon reviews; Reddit; privacy policies",
            "; ".join(f"{_calibration_error(found['domains'][name]):.3f}" for name in DOMAINS),
            "confidence.py",
        ),
    ]


def _reader() -> list[Row]:
    metrics = read_result("reader_squad")["metrics"]
    squad = metrics["dev-a-v2.0"]
    others = [metrics[name]["f1"] for name in ("amazon_reviews", "reddit", "policyqa-dev")]
    return [
        (
            "reader on 16 articles of SQuAD 2.0 dev: F1; exact match",
            f"{squad['f1']:.1f}; {squad['exact']:.1f}",
            "reader_squad.py",
        ),
        (
            (
                "the same reader, an answer forced: F1 on Amazon reviews; Reddit; privacy policies, whose "
                "references are whole clauses"
            ),
            "; ".join(f"{f1:.1f}" for f1 in others),
            "reader_squad.py",
        ),
    ]


def _search() -> list[Row]:
    hybrid = read_result("hybrid_search")["collections"]["dev_a_and_wiki"]
    vectors = read_result("vector_search")["search"]
    by_the_clock = vectors["flat_ms"]["median"] / vectors["ours_ms"]["median"]
    return [
        (
            (
                "the right passage is among the first ten of 100,646: ours; the better of word search by "
                "bm25s and vectors alone"
            ),
            (
                f"{hybrid['systems']['ours_hybrid']['recall_at_10']:.1f}%; "
                f"{hybrid['systems'][hybrid['margin']['over']]['recall_at_10']:.1f}%"
            ),
            "hybrid_search.py",
        ),
        (
            (
                "vector search of 1,000,000 vectors grown from 30,646 real passages, one thread: times as "
                "fast as exact search (FAISS Flat) in processor time; by the clock; share of the true first ten found"
            ),
            f"{vectors['times_faster']:.1f}; {by_the_clock:.1f}; {vectors['recall_at_10']:.1%}",
            "vector_search.py",
        ),
    ]


def _speed() -> list[Row]:
    quantization = read_result("quantization")
    int8 = {part: quantization[part]["variants"]["int8"] for part in ("quality", "speed")}
    whole = read_result("whole_search")["milliseconds"]["owner"]["whole"]
    ingest = read_result("ingest_speed")
    startup = read_result("startup")
    page = read_result("page_speed")["enter_to_answer_ms"]
    return [
        (
            f"cold process on {startup['passages']:,} passages: `--help`; `ask` (median, s)",
            "; ".join(f"{startup['seconds'][name]['median']:.2f}" for name in ("help", "ask")),
            "startup.py",
        ),
        (
            "the page on the example handbook, Enter to the answer on the screen: median; 90th of 100 (ms)",
            f"{page['median']}; {page['p90']}",
            "page_speed.py",
        ),
        (
            "whole `search` of 1,000,000 passages with such vectors, quiet: median; 99th of 100 (ms)",
            f"{whole['p50']:.1f}; {whole['p99']:.1f}",
            "whole_search.py",
        ),
        (
            (
                f"ingest of {ingest['paragraphs']:,} paragraphs, reading and storing included: paragraphs a "
                "second; times as fast as sentence-transformers (torch, FP32) only encodes them"
            ),
            (
                f"{ingest['results']['answerable']['paragraphs_per_s'][0]:.0f}; "
                f"{ingest['times_as_fast']['sentence-transformers'][0]:.1f}"
            ),
            "ingest_speed.py",
        ),
        (
            "the reader in INT8 against its FP32 weights: times as fast; F1 lost",
            f"{int8['speed']['times_as_fast']['median']:.1f}; {int8['quality']['lost']['mean']:.2f}",
            "quantization.py",
        ),
    ]


def _at(found: Mapping[str, Any], min_probability: float) -> Mapping[str, float]:
    """Return what ``confidence.py`` counted at a threshold."""
    rows = found["by_min_probability"]
    return next(row for row in rows if row["min_probability"] == min_probability)


def _n_open(found: Mapping[str, Any]) -> int:
    return sum(found["questions"]["open"].values())


def _calibration_error(figures: Mapping[str, Any]) -> float:
    return float(figures["methods"]["Answerable"]["ece"])


def _with(text: str, name: str, figures: str) -> str:
    """Return a text with what stands between two of its comments replaced."""
    before, begin, rest = text.partition(f"<!-- {name} -->\n")
    _, end, after = rest.partition(f"\n<!-- /{name} -->")
    return f"{before}{begin}{figures}{end}{after}"


def main() -> int:
    """Rewrite the README's figures, or with ``--check`` compare them."""
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    expected = _with(_with(text, "headline", headline()), "figures", tables())
    if "--check" in sys.argv[1:]:
        if text != expected:
            print("README.md: the figures differ from benchmarks/results", file=sys.stderr)
        return int(text != expected)
    readme.write_text(expected, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
