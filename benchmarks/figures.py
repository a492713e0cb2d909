"""Write the README's table of figures from ``results/``, or check that it is theirs.

python benchmarks/figures.py            # rewrite the table
python benchmarks/figures.py --check    # fail if the README says something else
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from report import read_result

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- figures -->", "<!-- /figures -->"


def table() -> str:
    """Return the Markdown table of what was measured."""
    squad, amazon, reddit = (
        read_result("reader_squad")["metrics"][name]
        for name in ("dev-a-v2.0", "amazon_reviews", "reddit")
    )
    quantization = read_result("quantization")
    int8 = {part: quantization[part]["variants"]["int8"] for part in ("quality", "speed")}
    confidence = read_result("confidence")
    other_errors = [
        _calibration_error(found)
        for name, found in confidence["domains"].items()
        if name != "all three"
    ]
    encoder = read_result("encoder_fidelity")
    cranfield = encoder["cranfield"]
    documents = read_result("real_documents")["questions"]
    of_documents = [row for row in documents if row["file"]]
    startup = read_result("startup")
    seconds = startup["seconds"]
    vectors = read_result("vector_search")["search"]
    hybrid = read_result("hybrid_search")["collections"]["dev_a_and_wiki"]
    page = read_result("page_speed")["enter_to_answer_ms"]
    ingest = read_result("ingest_speed")
    whole = read_result("whole_search")["milliseconds"]["owner"]["whole"]
    rows = [
        (
            (
                f"{len(of_documents)} questions that real files answer: right, wrong, unanswered; "
                f"{len(documents) - len(of_documents)} that they do not: rightly unanswered"
            ),
            (
                f"{sum(row['right'] for row in of_documents)}, "
                f"{sum(not row['right'] and row['reason'] is None for row in of_documents)}, "
                f"{sum(row['reason'] is not None for row in of_documents)}; "
                f"{sum(row['right'] for row in documents if not row['file'])}"
            ),
            "`real_documents.py`",
        ),
        (
            (
                "calibration error on other articles of the same kind, among 100,646 paragraphs, among 646; "
                "in three other domains"
            ),
            (
                f"{_calibration_error(confidence['open']):.3f}, "
                f"{_calibration_error(confidence['open_alone']):.3f}; "
                f"{min(other_errors):.3f} to {max(other_errors):.3f}"
            ),
            "`confidence.py`",
        ),
        (
            (
                "questions answered with `--max-error` 0.1, 0.2, of which "
                f"{confidence['open']['right']:.0%} have a right first answer"
            ),
            f"{confidence['dial']['0.1']:.0%}, {confidence['dial']['0.2']:.0%}",
            "`confidence.py`",
        ),
        (
            "reader, INT8, 16 articles of SQuAD 2.0 dev: F1, exact match",
            f"{squad['f1']:.1f}, {squad['exact']:.1f}",
            "`reader_squad.py`",
        ),
        (
            "the same reader on SQuADShifts, an answer forced: F1 on Amazon reviews, on Reddit",
            f"{amazon['f1']:.1f}, {reddit['f1']:.1f}",
            "`reader_squad.py`",
        ),
        (
            "the same reader against its FP32 weights: F1 lost, times as fast",
            f"{int8['quality']['lost']['mean']:.2f}, {int8['speed']['times_as_fast']['median']:.1f}",
            "`quantization.py`",
        ),
        (
            "encoder, INT8 to FP32, 1,000 paragraphs: mean cosine",
            f"{encoder['cosine']['mean']:.4f}",
            "`encoder_fidelity.py`",
        ),
        (
            "encoder, Cranfield nDCG@10: FP32, INT8",
            f"{cranfield['fp32']['ndcg_at_10']:.1f}, {cranfield['int8']['ndcg_at_10']:.1f}",
            "`encoder_fidelity.py`",
        ),
        (
            "recall@10 among 100,646 paragraphs: both channels together, the better of bm25s and vectors",
            (
                f"{hybrid['systems']['ours_hybrid']['recall_at_10']:.1f}, "
                f"{hybrid['systems'][hybrid['margin']['over']]['recall_at_10']:.1f}"
            ),
            "`hybrid_search.py`",
        ),
        (
            "vector search of 1,000,000, one thread: times as fast as FAISS Flat, recall@10",
            f"{vectors['times_faster']:.1f}, {vectors['recall_at_10']:.3f}",
            "`vector_search.py`",
        ),
        (
            "whole `search` of 1,000,000 passages, quiet: median, 99th percentile (ms)",
            f"{whole['p50']:.1f}, {whole['p99']:.1f}",
            "`whole_search.py`",
        ),
        (
            f"ingest of {ingest['paragraphs']:,} paragraphs: paragraphs a second; times as fast as sentence-transformers encodes them",
            (
                f"{ingest['results']['answerable']['paragraphs_per_s'][0]:.0f}, "
                f"{ingest['times_as_fast']['sentence-transformers'][0]:.1f}"
            ),
            "`ingest_speed.py`",
        ),
        (
            f"cold process on {startup['passages']:,} passages: `--help`, `ask` (median, s)",
            f"{seconds['help']['median']:.2f}, {seconds['ask']['median']:.2f}",
            "`startup.py`",
        ),
        (
            "the page on the example handbook, Enter to the answer on the screen: median, 90th (ms)",
            f"{page['median']}, {page['p90']}",
            "`page_speed.py`",
        ),
    ]
    lines = ["| what | figure | script |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def _calibration_error(figures: Mapping[str, Any]) -> float:
    return float(figures["methods"]["Answerable"]["ece"])


def main() -> int:
    """Rewrite the README's table, or with ``--check`` compare it."""
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    expected = f"{before}{BEGIN}\n{table()}\n{END}{after}"
    if "--check" in sys.argv[1:]:
        if text != expected:
            print("README.md: the figures differ from benchmarks/results", file=sys.stderr)
        return int(text != expected)
    readme.write_text(expected, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
