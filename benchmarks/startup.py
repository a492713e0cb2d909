"""How long a cold process takes: ``answerable --help`` and one ``answerable ask``.

    answerable ingest --index /tmp/index SOME_DOCUMENTS
    python benchmarks/startup.py /tmp/index "A question about them"

Times whole processes from start to exit, the two commands in turn and after
them ``python -c pass`` as the floor, and writes ``results/startup.json``.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from report import write_report

ANSWERABLE = str(Path(sys.executable).parent / "answerable")


def main() -> None:
    """Time each command in turn, several rounds, and report median and spread."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("index", type=Path)
    parser.add_argument("question")
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    index = ["--index", str(arguments.index)]
    commands = {
        "help": [ANSWERABLE, "--help"],
        "ask": [ANSWERABLE, "ask", *index, arguments.question],
        "python": [sys.executable, "-c", "pass"],
    }
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for round_number in range(arguments.rounds + 1):
        for name, command in commands.items():
            started = time.perf_counter()
            subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
            if round_number:  # the first round warms the file cache
                seconds[name].append(time.perf_counter() - started)
    status = [ANSWERABLE, "status", *index, "--json"]
    passages = json.loads(subprocess.run(status, capture_output=True, check=True).stdout)
    figures = {
        "passages": passages["passages"],
        "rounds": arguments.rounds,
        "seconds": {
            name: {
                "median": round(statistics.median(values), 3),
                "fastest": round(min(values), 3),
                "slowest": round(max(values), 3),
            }
            for name, values in seconds.items()
        },
    }
    print(json.dumps(figures, indent=2))
    print(f"written to {write_report('startup', figures)}")


if __name__ == "__main__":
    main()
