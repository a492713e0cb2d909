"""A service that wants a key: the page asks for it, keeps it in the tab, and says what is missing."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.api.web.actions import PAGE_MARKS, ask, check_accessible
from tests.end_to_end.conftest import COMMAND

pytestmark = PAGE_MARKS

LEAVE = "How many unused days of leave may I carry over into the next year?"


def _key(index_folder: Path, scope: str) -> str:
    command = [COMMAND, "keys", "create", "--name", "page", "--scope", "ask", "--json"]
    command += ["--scope", scope, "--index", str(index_folder)]
    return str(json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["key"])


@pytest.fixture(scope="module")
def key(index_folder: Path) -> str:
    """A key that may do everything the page does."""
    return _key(index_folder, "ingest")


def _enter(page: Page, key: str) -> None:
    dialog = page.get_by_role("dialog", name="Key")
    dialog.get_by_label("Your key").fill(key)
    dialog.get_by_role("button", name="Use this key").click()


def test_key_is_asked_for(key: str, page: Page) -> None:
    """The page loads without a key, asks for one, refuses a wrong one, and goes on with a right one."""
    dialog = page.get_by_role("dialog", name="Key")
    expect(dialog).to_contain_text("answers only with a key")
    expect(dialog.get_by_label("Your key")).to_be_focused()
    expect(page.locator("#holdings")).to_be_empty()
    check_accessible(page)
    for wrong, said in (
        ("", "Enter the key"),
        ("a key with blanks", "holds characters that no key has"),
        ("ключ", "holds characters that no key has"),
    ):
        _enter(page, wrong)
        expect(dialog.get_by_role("alert")).to_contain_text(said)
    _enter(page, "0123456789ab.wrong")
    expect(dialog).to_contain_text("unknown, revoked or expired")
    _enter(page, key)
    expect(dialog).to_be_hidden()
    expect(page.locator("#holdings")).to_contain_text("77 documents")
    expect(ask(page, LEAVE).locator(".answer .quote")).to_have_text("six")


def test_key_stays_in_the_tab(
    key: str, page: Page, open_page: Callable[..., Page], index_folder: Path
) -> None:
    """It is in the tab's own storage only: not in addresses, cookies or anything that stays."""
    _enter(page, key)
    expect(ask(page, LEAVE).locator(".answer .quote")).to_have_text("six")
    assert key not in page.url
    kept = page.evaluate("[JSON.stringify(localStorage), document.cookie]")
    assert key not in "".join(kept)
    assert page.context.cookies() == []
    assert key not in page.content()
    page.reload()
    expect(page.locator(".answer .quote")).to_have_text("six")
    other = page.context.new_page()
    other.goto("/")
    expect(other.get_by_role("dialog", name="Key")).to_be_visible()
    page.get_by_role("button", name="Key", exact=True).click()
    page.get_by_role("button", name="Forget the key").click()
    expect(page.get_by_role("dialog", name="Key")).to_contain_text("answers only with a key")
    assert page.evaluate("sessionStorage.length") == 0


def test_without_a_key(key: str, page: Page) -> None:
    """Who has none is told what is missing, and can give it later."""
    dialog = page.get_by_role("dialog", name="Key")
    dialog.get_by_role("button", name="Cancel").click()
    page.get_by_label("Question", exact=True).fill(LEAVE)
    page.get_by_label("Question", exact=True).press("Enter")
    dialog.get_by_role("button", name="Cancel").click()
    alert = page.locator("#result").get_by_role("alert")
    expect(alert).to_contain_text("only with a key")
    check_accessible(page)
    alert.get_by_role("button", name="Try again").click()
    _enter(page, key)
    expect(page.locator(".answer .quote")).to_have_text("six")


def test_key_that_may_only_ask(index_folder: Path, page: Page) -> None:
    """It sees documents, but no way to add or delete them, and is told why."""
    _enter(page, _key(index_folder, "ask"))
    expect(page.locator("#holdings")).to_contain_text("77 documents")
    page.get_by_role("link", name="Documents", exact=True).click()
    expect(page.locator("#documents > li").first).to_be_visible()
    expect(page.get_by_text("Your key may ask and read, but not add or delete.")).to_be_visible()
    expect(page.locator("#add")).to_be_hidden()
    expect(page.get_by_role("button", name="Delete")).to_have_count(0)
    check_accessible(page)


def test_key_that_may_add(key: str, page: Page, tmp_path: Path) -> None:
    """Uploads and deletions carry the key."""
    _enter(page, key)
    page.get_by_role("link", name="Documents", exact=True).click()
    path = tmp_path / "orchard.txt"
    path.write_text("The orchard has 40 pear trees.\n", encoding="utf-8")
    page.get_by_label("to the collection").fill("orchard")
    page.get_by_label("Add files").set_input_files(path)
    expect(page.locator("#uploads .state")).to_have_text("Added")
    page.locator("#documents-collection").select_option("orchard")
    page.get_by_role("button", name="Delete orchard").click()
    page.locator("#confirm-delete").click()
    expect(page.locator("#documents > li")).to_have_count(0)
