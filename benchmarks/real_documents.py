"""Ask the 40 questions of ``questions/real_documents.json`` to an index of real files.

    python benchmarks/real_documents.py DOCUMENTS

Ingests the folder into a new index, asks every question at the default
settings, prints the misses and writes ``results/real_documents.json``. What
counts as right is stated in ``questions/README.md``.
"""

import argparse
import json
import resource
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from report import write_report

from answerable.api import AskResult, Engine
from answerable.reader import is_right_answer
from answerable.reader.answer_text import normalize_answer

QUESTIONS = Path(__file__).parent / "questions" / "real_documents.json"


@dataclass(frozen=True, slots=True)
class Labelled:
    """A question, the quotes that answer it, and the only file that holds them."""

    id: str
    question: str
    answers: tuple[str, ...]
    file: str | None


def is_right(result: AskResult, labelled: Labelled) -> bool:
    """Whether the first answer is an accepted quote from the named file, or rightly absent."""
    if labelled.file is None or result.answer is None:
        return labelled.file is None and result.answer is None
    if not unquote(result.answer.document.uri).endswith("/" + labelled.file):
        return False
    return any(_matches(result.answer.text, quote) for quote in labelled.answers)


def _matches(given: str, quote: str) -> bool:
    a, b = normalize_answer(given), normalize_answer(quote)
    return bool(a) and (a in b or b in a) and is_right_answer(given, [quote])


def main() -> None:
    """Ingest, ask, count, and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("documents", type=Path, help="folder with the real documents")
    parser.add_argument("--index", type=Path, help="reuse or make the index here")
    arguments = parser.parse_args()
    questions = [
        Labelled(q["id"], q["question"], tuple(q["answers"]), q["file"])
        for q in json.loads(QUESTIONS.read_text(encoding="utf-8"))
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.index or Path(folder) / "index"
        with Engine.open(path, create=True) as engine:
            started = time.monotonic()
            report = engine.ingest([arguments.documents])
            seconds = time.monotonic() - started
            results = [engine.ask(labelled.question) for labelled in questions]
    rows = [_row(labelled, result) for labelled, result in zip(questions, results, strict=True)]
    answerable = [row["right"] for row in rows if row["file"]]
    unanswerable = [row["right"] for row in rows if not row["file"]]
    for row in rows:
        if not row["right"]:
            print(json.dumps(row, ensure_ascii=False))
    peak_kib = [
        resource.getrusage(who).ru_maxrss
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    ]
    figures = {
        "answerable_right": f"{sum(answerable)} of {len(answerable)}",
        "unanswerable_abstained": f"{sum(unanswerable)} of {len(unanswerable)}",
        "documents_indexed": report.added + report.unchanged,
        "documents_failed": [f"{Path(f.uri).name}: {f.reason}" for f in report.failures],
        "documents_skipped": [f"{Path(f.uri).name}: {f.reason}" for f in report.skipped],
        "passages": report.passages,
        "ingest_seconds": round(seconds, 1),
        "peak_memory_mib": {
            "process": peak_kib[0] // 1024,
            "largest_child": peak_kib[1] // 1024,
        },
        "questions": rows,
    }
    print(json.dumps({k: v for k, v in figures.items() if k != "questions"}, indent=2))
    print(f"written to {write_report('real_documents', figures)}")


def _row(labelled: Labelled, result: AskResult) -> dict[str, object]:
    best = result.candidates[0] if result.candidates else None
    return {
        "id": labelled.id,
        "question": labelled.question,
        "file": labelled.file,
        "expected": list(labelled.answers),
        "right": is_right(result, labelled),
        "reason": result.reason,
        "best": best and best.text,
        "best_file": best and Path(unquote(best.document.uri)).name,
        "probability": best and round(best.probability, 3),
        "score": best and round(best.score, 2),
    }


if __name__ == "__main__":
    main()
