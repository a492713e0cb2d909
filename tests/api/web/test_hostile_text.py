"""Text from documents is text: whatever it says, nothing of it runs or becomes markup."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.api.web.actions import PAGE_MARKS, ask, check_accessible
from tests.api.web.documents import HOSTILE, HOSTILE_NAME, MARKUP, PASSWORD

pytestmark = PAGE_MARKS

COLLECTION = "<b>loud</b>"


def _check_nothing_ran(page: Page) -> None:
    """Check that no script ran, and that every image, script and style is the page's own."""
    assert page.evaluate("window.ran") is None
    own = page.evaluate(
        """[...document.querySelectorAll("img, script, style, svg, b, a[href^=javascript]")]
            .map((one) => one.getAttribute("src"))"""
    )
    assert own == ["page/theme.js", "page/app.js", "page/icon.svg"]


def test_hostile_document(page: Page, tmp_path: Path) -> None:
    """Its name, title, text and collection are shown literally wherever the page shows them."""
    path = tmp_path / HOSTILE_NAME
    path.write_text(HOSTILE, encoding="utf-8")
    page.get_by_role("link", name="Documents", exact=True).click()
    page.get_by_label("to the collection").fill(COLLECTION)
    page.get_by_label("Add files").set_input_files(path)
    row = page.locator("#uploads > li")
    expect(row.locator(".state")).to_have_text("Added")
    expect(row.locator(".file")).to_contain_text(HOSTILE_NAME)
    page.locator("#documents-collection").select_option(COLLECTION)
    listed = page.locator("#documents > li")
    expect(listed).to_have_count(1)
    expect(listed.locator(".collection")).to_have_text(COLLECTION)
    expect(listed.locator(".name")).to_contain_text(HOSTILE_NAME)
    title = str(listed.get_by_role("button").first.text_content())
    _check_nothing_ran(page)
    check_accessible(page)

    page.get_by_role("link", name="Ask", exact=True).click()
    shown = ask(page, PASSWORD)
    expect(shown.locator("blockquote").first).to_contain_text('<b onclick="window.ran=4">')
    _check_nothing_ran(page)
    for details in shown.locator("details:not([open]) summary").all():
        details.click()
    expect(shown.locator(".passage").first).to_contain_text(MARKUP)
    _check_nothing_ran(page)

    shown.locator(".source button").first.click()
    expect(page.locator("#document-text")).to_have_text(HOSTILE, use_inner_text=False)
    assert page.locator("#document-text").text_content() == HOSTILE
    expect(page.locator("#document-title")).to_have_text(title)
    _check_nothing_ran(page)
    page.keyboard.press("Escape")

    page.get_by_role("link", name="Documents", exact=True).click()
    listed.get_by_role("button", name="Delete").click()
    expect(page.locator("#delete-title")).to_have_text(title)
    _check_nothing_ran(page)


def test_hostile_question_in_an_address(page: Page) -> None:
    """A question that somebody sends as a link is text too."""
    page.goto("/#q=%3Cimg%20src%3Dx%20onerror%3Dwindow.ran%3D9%3E&in=%3Cb%3E")
    expect(page.get_by_label("Question", exact=True)).to_have_value(
        "<img src=x onerror=window.ran=9>"
    )
    expect(page.locator("#result")).not_to_be_empty()
    _check_nothing_ran(page)


@pytest.mark.parametrize(
    "attempt",
    [
        "document.body.innerHTML = '<b>loud</b>'",
        "document.body.insertAdjacentHTML('beforeend', '<b>loud</b>')",
        "new DOMParser().parseFromString('<b>loud</b>', 'text/html')",
        "document.createElement('script').textContent = 'window.ran=7'",
        "setTimeout('window.ran=8')",
    ],
)
def test_browser_refuses_to_parse_text(browser: Browser, address: str, attempt: str) -> None:
    """Even code of the page's own could not make markup or scripts of text: the policy forbids it."""
    with browser.new_page(base_url=address) as page:
        page.goto("/")
        refused = page.evaluate(
            f"() => {{ try {{ {attempt}; return 'done' }} catch (error) {{ return error.name }} }}"
        )
        assert refused in ("TypeError", "EvalError")
        assert page.evaluate("[window.ran, document.querySelectorAll('b').length]") == [None, 0]
