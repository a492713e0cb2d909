"""How long a cold process takes: ``answerable --help`` and one ``answerable ask``.

    python benchmarks/startup.py train-v2.0.json.gz

Indexes the file's articles until there are 1,000 passages. Times whole
processes from start to exit, the two commands in turn and after them
``python -c pass`` as the floor, and writes ``results/startup.json``.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from report import write_report

from answerable.api import Engine
from answerable.reader import SquadQuestion, read_squad

ANSWERABLE = str(Path(sys.executable).parent / "answerable")
PASSAGES = 1000


def main() -> None:
    """Make the index, time each command in turn, and report median and spread."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="SQuAD-format file whose contexts to index")
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    questions = read_squad(arguments.data)
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / "index"
        passages = make_index(index, Path(folder), questions)
        ask = ["ask", "--index", str(index), questions[0].question]
        commands = {
            "help": [ANSWERABLE, "--help"],
            "ask": [ANSWERABLE, *ask],
            "python": [sys.executable, "-c", "pass"],
        }
        seconds = time_in_turn(commands, arguments.rounds)
    figures = {
        "passages": passages,
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


def make_index(index: Path, folder: Path, questions: list[SquadQuestion]) -> int:
    """Ingest one article after another until there are enough passages; return how many."""
    articles: dict[str, dict[str, None]] = {}
    for question in questions:
        articles.setdefault(question.title, {})[question.context] = None
    with Engine.open(index, create=True) as engine:
        passages = 0
        for number, contexts in enumerate(articles.values()):
            if passages >= PASSAGES:
                break
            article = folder / f"{number}.txt"
            article.write_text("\n\n".join(contexts), encoding="utf-8")
            passages += engine.ingest([article]).passages
        return passages


def time_in_turn(commands: dict[str, list[str]], rounds: int) -> dict[str, list[float]]:
    """Return the seconds of each run of each command, the first round left out."""
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for round_number in range(rounds + 1):
        for name, command in commands.items():
            started = time.perf_counter()
            subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
            if round_number:  # the first round warms the file cache
                seconds[name].append(time.perf_counter() - started)
    return seconds


if __name__ == "__main__":
    main()
