"""Make the pictures of the page for the documents: ``python tools/picture_page.py docs/images``.

Indexes the example handbook, runs the service over it, and takes the pictures in Chromium.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
QUESTION = "How many unused days of leave may I carry over into the next year?"
WIDE = {"width": 1080, "height": 720}
PHONE = {"width": 390, "height": 780}


def main(target: Path) -> None:
    """Take each picture in a window of its own."""
    target.mkdir(parents=True, exist_ok=True)
    answerable = [sys.executable, "-m", "answerable.cli"]
    with tempfile.TemporaryDirectory() as folder:
        index = f"{folder}/index"
        subprocess.run(
            [*answerable, "ingest", "--index", index, "examples/handbook"], cwd=ROOT, check=True
        )
        serve = [*answerable, "serve", "--port", "0", "--json", "--index", index, "--no-access-log"]
        with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True) as service:
            assert service.stdout is not None
            try:
                take_all(json.loads(service.stdout.readline())["url"], target)
            finally:
                service.terminate()


def take_all(url: str, target: Path) -> None:
    """Take the pictures of a service on the handbook."""
    with sync_playwright() as playwright:
        fence = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=fence)
        for name, scheme, size in (("answer", "light", WIDE), ("phone", "dark", PHONE)):
            page = browser.new_page(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
            page.goto(url)
            ask(page)
            page.screenshot(path=target / f"page-{name}.png")
            if name == "answer":
                page.locator(".answer .source button").click()
                page.locator("#document-text mark").wait_for()
                page.screenshot(path=target / "page-document.png")
        browser.close()


def ask(page: Page) -> None:
    """Ask the question and wait for its answer."""
    page.get_by_label("Question", exact=True).fill(QUESTION)
    page.get_by_label("Question", exact=True).press("Enter")
    page.locator(".answer .quote").wait_for()
    page.mouse.move(0, 0)
    page.wait_for_timeout(400)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
