"""An ingest that takes its time, to be killed: ``python -m tests.index.slow_ingest DOCS INDEX``.

Prints a line for each file that is done, then the report.
"""

import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from answerable.index import IngestProgress, LocalIndex, Vectors, ingest, loading
from tests.fakes import HashEncoder


class SlowEncoder(HashEncoder):
    """Takes two thousandths of a second a text."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return unit vectors, (n_texts, dimension) float32."""
        time.sleep(0.002 * len(texts))
        return super().encode(texts)


def main(docs: Path, index_folder: Path) -> None:
    """Ingest in small batches."""
    # What starts in the background ignores Ctrl-C otherwise.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    loading.BATCH_FILES = 5
    with LocalIndex.open(index_folder, SlowEncoder(), create=True) as index:
        report = ingest(index, SlowEncoder(), [docs], loading.IngestOptions(), _told)
    print("report", report.added, report.unchanged, report.updated, flush=True)


def _told(progress: IngestProgress) -> None:
    print("done", progress.done, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
