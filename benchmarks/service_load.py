"""The service under load: many clients at once, with an ingest beside them.

    python benchmarks/service_load.py PARAGRAPHS.jsonl.gz QUESTIONS.json.gz [--seconds 300]

Indexes paragraphs until there are 10,000 passages, asks questions of the SQuAD-format file one at a
time for reference, then lets 16 clients ask them while paragraphs are sent as documents. The index
of the questions is a collection of its own, so that what is sent meanwhile must not change an
answer. Writes ``results/service_load.json``.
"""

import argparse
import gzip
import json
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from report import sha256_of, write_report
from running_service import call, children, memory_mib, running_service

from answerable.api import Engine
from answerable.reader import read_squad

ASKED = "asked"
ARTICLE = 50  # paragraphs of one document


@dataclass
class Tally:
    """What the clients saw."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    different: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def main() -> None:
    """Make the index, load the service, and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paragraphs", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--passages", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--distinct", type=int, default=200, help="questions")
    parser.add_argument("--index", type=Path, help="keep the index here for the next run")
    arguments = parser.parse_args()
    questions = [one.question for one in read_squad(arguments.questions)[:: 6078 // 200]]
    questions = questions[: arguments.distinct]
    with tempfile.TemporaryDirectory() as folder:
        index = arguments.index or Path(folder) / "index"
        n_passages = _filled(index, Path(folder), arguments.paragraphs, arguments.passages)
        options = ("--workers", str(arguments.workers))
        with running_service(index, *options) as (url, process):
            tally, memory, stored, seconds = _load(url, process, questions, arguments)
    figures = {
        "passages": n_passages,
        "clients": arguments.clients,
        "workers": arguments.workers,
        "seconds": round(seconds),
        "statuses": dict(tally.statuses),
        "errors": tally.errors[:10],
        "answers_unlike_the_quiet_ones": len(tally.different),
        "questions_per_s": round(tally.statuses[200] / seconds, 2),
        "ms": {
            name: _percentile(tally.seconds, share) for name, share in (("p50", 50), ("p99", 99))
        },
        "documents_stored_meanwhile": stored,
        "worker_memory_mib": memory,
        "paragraphs": sha256_of(arguments.paragraphs),
        "questions": sha256_of(arguments.questions),
    }
    print(json.dumps(figures, indent=2))
    print(write_report("service_load", figures))


def _filled(index: Path, folder: Path, paragraphs: Path, least: int) -> int:
    """Ingest paragraphs until there are enough passages; return how many there are."""
    with Engine.open(index, create=True) as engine:
        numbers = count()
        with gzip.open(paragraphs, "rt", encoding="utf-8") as lines:
            while engine.status().passages < least:
                files = []
                for _ in range(20):
                    files.append(folder / f"{next(numbers)}.txt")
                    texts = [json.loads(next(lines))["text"] for _ in range(ARTICLE)]
                    files[-1].write_text("\n\n".join(texts), encoding="utf-8")
                engine.ingest(files, collection=ASKED)
        return engine.status().passages


def _load(
    url: str, process: Any, questions: list[str], arguments: argparse.Namespace
) -> tuple[Tally, list[float], int, float]:
    """Return what the clients saw, a worker's memory each ten seconds, and what was stored."""
    while call(f"{url}/health/ready")[0] != 200:
        time.sleep(0.2)
    # The memory of answers would hide the reader: each client asks its own n_best.
    quiet = {question: _verdict(_ask(url, question, 1)[1]) for question in questions}
    tally, ended, stored = Tally(), threading.Event(), [0]
    started = time.monotonic()

    def client(number: int) -> None:
        for i in count(number * 7):
            if ended.is_set():
                return
            question = questions[i % len(questions)]
            before = time.monotonic()
            try:
                status, answer = _ask(url, question, 1 + (i // len(questions) + number) % 20)
            except OSError as exc:
                tally.errors.append(repr(exc))
                continue
            tally.statuses[status] += 1
            if status == 200:
                tally.seconds.append(time.monotonic() - before)
                if _verdict(answer) != quiet[question]:
                    tally.different.append(question)
            else:
                time.sleep(0.2)

    def writer() -> None:
        with gzip.open(arguments.paragraphs, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines):
                if ended.is_set():
                    return
                body = {"name": f"{number}.txt", "text": json.loads(line)["text"]}
                status, job = call(f"{url}/v1/documents", {**body, "collection": "beside"})
                while status == 202 and job["state"] != "done" and not ended.is_set():
                    time.sleep(0.2)
                    _, job = call(f"{url}/v1/jobs/{job['id']}")
                stored[0] += status == 202

    threads = [threading.Thread(target=client, args=(i,)) for i in range(arguments.clients)]
    threads.append(threading.Thread(target=writer))
    for thread in threads:
        thread.start()
    memory = []
    while time.monotonic() - started < arguments.seconds:
        time.sleep(min(10, arguments.seconds))
        workers = children(process, "answerable.api.http.web")
        memory.append(round(max(map(memory_mib, workers), default=0.0)))
    ended.set()
    seconds = time.monotonic() - started
    for thread in threads:
        thread.join()
    return tally, memory, stored[0], seconds


def _ask(url: str, question: str, n_best: int) -> tuple[int, Any]:
    body = {"question": question, "collection": ASKED, "n_best": n_best}
    return call(f"{url}/v1/ask", body, timeout_s=120)


def _verdict(answer: Any) -> Any:
    """Return what must not change: the quote and its place, or why there is none."""
    found = answer["answer"]
    return found and (found["text"], found["start"], found["document"]["id"]), answer["reason"]


def _percentile(values: list[float], share: int) -> int | None:
    if not values:
        return None
    return round(sorted(values)[min(len(values) - 1, len(values) * share // 100)] * 1000)


if __name__ == "__main__":
    main()
