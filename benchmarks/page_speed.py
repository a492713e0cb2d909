"""How long somebody waits on the page: from Enter to the answer on the screen.

    python benchmarks/page_speed.py examples/handbook examples/handbook-questions.csv

Indexes the folder, runs ``answerable serve`` over it, and asks the questions that the file holds
in Chromium, each once, so that none is answered from memory. A time begins with the press of
Enter as the browser stamped it, and ends with the second frame after the answer is in the page.
The very first question to the service is typed as fast typists do, and told by itself.
Writes ``results/page_speed.json``.
"""

import argparse
import csv
import json
import os
import shutil
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from report import sha256_of, write_report
from running_service import running_service

from answerable.api import Engine

TYPING_MS = 100  # for each character: 120 words a minute

WATCH = """() => {
    let pressed = 0;
    addEventListener("keydown", (event) => event.key === "Enter" && (pressed = event.timeStamp), true);
    const result = document.getElementById("result");
    new MutationObserver(() => {
        if (!result.querySelector(".quote, .no-answer") || result.dataset.seen) return;
        result.dataset.seen = "yes";
        requestAnimationFrame(() => requestAnimationFrame((now) => window.tell(now - pressed)));
    }).observe(result, { childList: true });
}"""
FORGET = """() => {
    const result = document.getElementById("result");
    result.replaceChildren();
    delete result.dataset.seen;
    window.shown = new Promise((resolve) => (window.tell = resolve));
}"""


def main() -> None:
    """Ask the questions one after another and report median and spread."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("documents", type=Path, help="folder to index")
    parser.add_argument("questions", type=Path, help="CSV file with a column 'question'")
    parser.add_argument("--repeats", type=int, default=30, help="questions asked")
    parser.add_argument("--chromium", default=shutil.which("chromium"), help="the browser")
    arguments = parser.parse_args()
    with arguments.questions.open(encoding="utf-8", newline="") as lines:
        questions = list(dict.fromkeys(row["question"] for row in csv.DictReader(lines)))
    questions = questions[: arguments.repeats + 1]
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / "index"
        with Engine.open(index, create=True) as engine:
            passages = engine.ingest([arguments.documents]).passages
        with running_service(index) as (url, _service), sync_playwright() as playwright:
            fence = ["--no-sandbox"] if os.geteuid() == 0 else []
            browser = playwright.chromium.launch(executable_path=arguments.chromium, args=fence)
            first, *times = ask_all(browser, url, questions)
            version = browser.version
            browser.close()
    figures = {
        "chromium": version,
        "passages": passages,
        "questions_sha256": sha256_of(arguments.questions),
        "repeats": len(times),
        "first_of_a_fresh_service_typed_ms": round(first),
        "enter_to_answer_ms": {
            "median": round(statistics.median(times)),
            "p90": round(statistics.quantiles(times, n=10)[-1]),
            "fastest": round(min(times)),
            "slowest": round(max(times)),
            "standard_deviation": round(statistics.stdev(times)),
        },
    }
    print(json.dumps(figures, indent=2))
    print(f"written to {write_report('page_speed', figures)}")


def ask_all(browser: Browser, url: str, questions: list[str]) -> list[float]:
    """Return how long each question took, in milliseconds, in a page opened for all of them."""
    page = browser.new_page()
    page.goto(url)
    page.evaluate(WATCH)
    return [
        ask(page, question, None if number else TYPING_MS)
        for number, question in enumerate(questions)
    ]


def ask(page: Page, question: str, typing_ms: float | None) -> float:
    """Put a question in, press Enter, and return when its answer was to be seen.

    Args:
        page: the page.
        question: what to ask.
        typing_ms: for each character; None to put it in at once.
    """
    page.evaluate(FORGET)
    field = page.get_by_label("Question", exact=True)
    if typing_ms is None:
        field.fill(question)
    else:
        field.press_sequentially(question, delay=typing_ms)
    field.press("Enter")
    return float(page.evaluate("window.shown"))


if __name__ == "__main__":
    main()
