"""Killing the service's processes at random moments: is anything lost, or half there?

    python benchmarks/chaos_service.py [--kills 500] [--seed 1]

One client sends documents without end and notes what was acknowledged: a job that is done. At
random moments a worker or the ingesting process is killed with SIGKILL. After each kill the
service must answer again by itself, and every acknowledged document must be there whole; a
document that was not acknowledged is there whole or not at all. Writes
``results/chaos_service.json``.
"""

import argparse
import json
import os
import random
import signal
import sqlite3
import statistics
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from report import write_report
from running_service import children, patiently, running_service

from answerable.index import Filters, PassageStore

MODULES = ("answerable.api.http.web", "answerable.api.http.ingestion")


@dataclass
class Sent:
    """What the client sent: text by name, and which of it was acknowledged, with its id."""

    texts: dict[str, str] = field(default_factory=dict)
    acknowledged: dict[str, int] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)


def main() -> None:
    """Kill, look, and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    sent, ended = Sent(), threading.Event()
    killed = dict.fromkeys(MODULES, 0)
    back_s: list[float] = []
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / "index"
        with running_service(index, "--workers", "2") as (url, process):
            patiently(f"{url}/v1/documents", {"name": "first.txt", "text": "The first."})
            client = threading.Thread(target=_send, args=(url, sent, ended, chance.random()))
            client.start()
            while (number := sum(killed.values())) < arguments.kills:
                time.sleep(chance.uniform(0.05, 1.5))
                module = MODULES[chance.random() < 0.6]
                for victim in chance.sample(found := children(process, module), len(found))[:1]:
                    os.kill(victim, signal.SIGKILL)
                    killed[module] += 1
                started = time.monotonic()
                patiently(f"{url}/v1/search", {"query": "number", "mode": "lexical", "k": 1})
                back_s.append(time.monotonic() - started)
                wrong += _looked_at(url, sent, chance)
                if number % 50 == 0:
                    print(number, "kills,", len(sent.acknowledged), "stored", flush=True)
            ended.set()
            client.join()
        wrong += _checked(index, sent)
    figures = {
        "kills": killed,
        "documents": {"sent": len(sent.texts), "acknowledged": len(sent.acknowledged)},
        "wrong": wrong,
        "failed_jobs": sent.failed,
        "answers_again_after_s": {
            "median": round(statistics.median(back_s), 2),
            "slowest": round(max(back_s), 2),
        },
    }
    print(json.dumps(figures, indent=2))
    print(write_report("chaos_service", {"seed": arguments.seed, **figures}))
    raise SystemExit(bool(wrong or sent.failed))


def _send(url: str, sent: Sent, ended: threading.Event, seed: float) -> None:
    """Send documents of any length, one after another."""
    chance = random.Random(seed)
    number = 0
    while not ended.is_set():
        number += 1
        name = f"{number}.txt"
        text = "".join(
            f"Sentence {i} of number {number}. " for i in range(chance.choice((1, 20, 200)))
        ).strip()
        sent.texts[name] = text
        status, job = patiently(f"{url}/v1/documents", {"name": name, "text": text})
        assert status == 202, job
        while job["state"] not in ("done", "failed"):
            time.sleep(0.05)
            _, job = patiently(f"{url}/v1/jobs/{job['id']}")
        if job["state"] == "failed":
            sent.failed.append(json.dumps(job["documents"]))
        else:
            sent.acknowledged[name] = job["documents"][0]["document_id"]


def _looked_at(url: str, sent: Sent, chance: random.Random) -> list[str]:
    """Return what is wrong with one acknowledged document, as a client sees it."""
    if not sent.acknowledged:
        return []
    name = chance.choice(list(sent.acknowledged))
    status, found = patiently(f"{url}/v1/documents/{sent.acknowledged[name]}")
    is_whole = status == 200 and found["text"] == sent.texts[name]
    return [] if is_whole else [f"{name}: {status}"]


def _checked(index: Path, sent: Sent) -> list[str]:
    """Return what is wrong with the index once everything has ended."""
    wrong = []
    store = PassageStore(index / "index.sqlite3")
    stored = {
        info.uri.rpartition("/")[2]: (info, store.document(info.id, Filters()))
        for info in store.documents(Filters())
    }
    store.close()
    wrong += [f"{name} is lost" for name in sent.acknowledged if name not in stored]
    for name, (info, document) in stored.items():
        if name == "first.txt":
            continue
        if document is None or document.text != sent.texts[name] or not info.n_passages:
            wrong.append(f"{name} is not whole")
    for path in (index / "index.sqlite3", index / "service.sqlite3"):
        with sqlite3.connect(path) as db:
            (state,) = db.execute("PRAGMA integrity_check").fetchone()
            if state != "ok":
                wrong.append(f"{path.name}: {state}")
            if path.name == "index.sqlite3":
                (without,) = db.execute(
                    "SELECT count(*) FROM passages WHERE id NOT IN (SELECT passage_id FROM vectors)"
                ).fetchone()
                wrong += [f"{without} passages without a vector"] * bool(without)
        db.close()
    return wrong


if __name__ == "__main__":
    main()
