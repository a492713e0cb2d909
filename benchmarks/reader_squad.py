"""The shipped reader on labelled gold passages, by the official scorer's rules.

    python benchmarks/reader_squad.py dev-a-v2.0.json.gz

Every question is read at the reader's own null threshold. Writes
``results/reader_squad.json``.
"""

import argparse
import time
from pathlib import Path

from report import sha256_of, write_report

from answerable.api import evaluate_squad_file
from answerable.reader import OnnxReader, default_reader_folder


def main() -> None:
    """Evaluate and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="SQuAD 2.0 file, never trained on")
    parser.add_argument("--reader", type=Path, default=default_reader_folder())
    arguments = parser.parse_args()
    started = time.monotonic()
    metrics = evaluate_squad_file(arguments.data, arguments.reader).metrics
    figures = {
        "data": {arguments.data.name: sha256_of(arguments.data)},
        "reader_sha256": OnnxReader.load(arguments.reader).sha256,
        "seconds": round(time.monotonic() - started, 1),
        "metrics": {name: round(value, 4) for name, value in metrics.items()},
    }
    print(figures)
    print(f"written to {write_report('reader_squad', figures)}")


if __name__ == "__main__":
    main()
