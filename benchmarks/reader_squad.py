"""The shipped reader on labelled gold passages, by the official scorer's rules.

    python benchmarks/reader_squad.py dev-a-v2.0.json.gz amazon_reviews.json.gz reddit.json.gz

Data with unanswerable questions is read at the reader's own null threshold, with
other data an answer is forced. Writes ``results/reader_squad.json``.
"""

import argparse
import time
from pathlib import Path

from report import sha256_of, write_report
from rich.progress import Progress

from answerable.api import evaluate_files
from answerable.reader import OnnxReader, default_reader_folder


def main() -> None:
    """Evaluate and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="+", help="SQuAD files, never trained on")
    parser.add_argument("--reader", type=Path, default=default_reader_folder())
    arguments = parser.parse_args()
    started = time.monotonic()
    with Progress() as progress:
        task = progress.add_task("questions")
        evaluations = evaluate_files(
            arguments.data,
            arguments.reader,
            on_progress=lambda done, total, _: progress.update(task, completed=done, total=total),
        )
    figures = {
        "data": {path.name: sha256_of(path) for path in arguments.data},
        "reader_sha256": OnnxReader.load(arguments.reader).sha256,
        "seconds": round(time.monotonic() - started, 1),
        "metrics": {
            one.name: {name: round(value, 4) for name, value in one.result.metrics.items()}
            for one in evaluations
        },
    }
    print(figures)
    print(f"written to {write_report('reader_squad', figures)}")


if __name__ == "__main__":
    main()
