"""A real service on the example handbook, and a real Chromium that sees nothing else."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from tests.api.web.actions import BASE_TIMEOUT_MS, PageLog
from tests.api.web.documents import write_documents
from tests.end_to_end.conftest import COMMAND, HANDBOOK, answerable

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    # Whatever is not this machine is not there.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--disable-component-update",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for the tests of a file: the system's own, none is downloaded.

    No longer than that: its event loop would be in the way of other tests'.
    """
    executable = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if executable is None:
        pytest.skip("no Chromium on this machine: the page is not tested")
    # Chromium's own fence around a page needs rights that root may not have in a container.
    fence = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=executable, args=[*OPTIONS, *fence])
        yield launched
        launched.close()


@pytest.fixture(scope="package")
def made_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The index of the handbook and of what ``write_documents`` writes."""
    folder = tmp_path_factory.mktemp("page")
    assert answerable("ingest", HANDBOOK, "--index", "index", cwd=folder).code == 0
    for collection, source in write_documents(folder).items():
        run = answerable(
            "ingest", "--collection", collection, source, "--index", "index", cwd=folder
        )
        assert run.code == 0, run.err
    return folder / "index"


@pytest.fixture(scope="module")
def index_folder(made_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the index, for the service of one test file."""
    return Path(shutil.copytree(made_index, tmp_path_factory.mktemp("served") / "index"))


@pytest.fixture(scope="module")
def address(index_folder: Path) -> Iterator[str]:
    """Where the service of this test file listens."""
    with served(index_folder) as url:
        yield url


@contextmanager
def served(index_folder: Path) -> Iterator[str]:
    """Run ``answerable serve`` over an index; yield its address. It must end well."""
    command = [COMMAND, "serve", "--port", "0", "--json", "--no-access-log"]
    command += ["--index", str(index_folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield str(json.loads(process.stdout.readline())["url"])
        finally:
            process.terminate()
        assert process.wait(timeout=60) == 0


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Open the page in a context of its own.

    After the test: it asked nobody but the service, no script failed, and the policy of the page
    had nothing to refuse.
    """
    contexts = []
    log = PageLog()

    def opened(path: str = "/", **options: Any) -> Page:
        context = browser.new_context(base_url=address, **options)
        contexts.append(context)
        context.set_default_timeout(BASE_TIMEOUT_MS)
        context.on("request", lambda request: _note_request(log, request))
        context.on("weberror", lambda error: log.errors.append(str(error.error)))
        context.on("console", lambda message: _note_message(log, message))
        context.on("dialog", lambda dialog: log.errors.append(f"dialog: {dialog.message}"))
        page = context.new_page()
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()
    elsewhere = [url for url in log.urls if not url.startswith(f"{address}/")]
    assert (elsewhere, log.errors) == ([], [])


def _note_request(log: PageLog, request: Request) -> None:
    log.urls.append(request.url)


def _note_message(log: PageLog, message: ConsoleMessage) -> None:
    # A status that says no is part of some tests; the browser calls it an error.
    if message.type == "error" and not message.text.startswith("Failed to load resource"):
        log.errors.append(message.text)


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """The page as somebody sees it who has just come."""
    return open_page()
