"""The page without a mouse: everything is reached, seen and left again."""

import pytest
from playwright.sync_api import Page, expect

from tests.api.web.actions import PAGE_MARKS, result

pytestmark = PAGE_MARKS

LEAVE = "How many unused days of leave may I carry over into the next year?"


def _focused(page: Page) -> str:
    """Return the name of what has the focus, and check that one can see that it has."""
    name, is_visible = page.evaluate(
        """() => {
            const one = document.activeElement;
            const seen = one.matches("#question") ? one.closest(".field")
                : one.matches("#files") ? one.closest(".file-button") : one;
            const { outlineStyle, outlineWidth } = getComputedStyle(seen);
            const { width, height } = seen.getBoundingClientRect();
            const isOutlined = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
            const name = one.getAttribute("aria-label") || one.labels?.[0]?.textContent
                || one.textContent;
            return [name.trim(), isOutlined && width > 0 && height > 0];
        }"""
    )
    assert is_visible, name
    return str(name)


def _tab_to(page: Page, name: str) -> None:
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            continue
        if _focused(page).startswith(name):
            return
    pytest.fail(f"Tab does not lead to {name}")


def test_whole_way_with_the_keyboard(page: Page) -> None:
    """Ask, open the document, read it, come back, say that it is right, switch to the documents."""
    expect(page.get_by_label("Question", exact=True)).to_be_focused()
    page.keyboard.type(LEAVE)
    page.keyboard.press("Enter")
    expect(result(page).locator(".answer .quote")).to_have_text("six")
    _tab_to(page, "Leave policy")
    page.keyboard.press("Enter")
    text = page.locator("#document-text")
    expect(text).to_be_focused()
    expect(text.locator("mark")).to_be_in_viewport()
    before = text.evaluate("(one) => one.scrollTop")
    page.keyboard.press("PageDown")
    text.evaluate(
        """async (one, before) => {
            while (one.scrollTop <= before) await new Promise(requestAnimationFrame);
        }""",
        before,
    )
    _tab_to(page, "Close")
    page.keyboard.press("Enter")
    assert _focused(page) == "Leave policy"
    _tab_to(page, "Right: six")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Thank you. Noted as right.")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    assert _focused(page) == "Leave policy"
    for _ in range(4):
        page.keyboard.press("Shift+Tab")
    _tab_to(page, "Passages that were read")
    page.keyboard.press("Enter")
    expect(page.locator(".passage").first).to_be_visible()


def test_skip_link(page: Page) -> None:
    """The first stop of Tab leads past the head of the page, and changes no address."""
    for _ in ("Dark", "Documents", "Ask", "Answerable", "Skip"):
        page.keyboard.press("Shift+Tab")
    assert _focused(page) == "Skip to the content"
    expect(page.locator("#skip")).to_be_in_viewport()
    address = page.url
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    assert page.url == address
    page.keyboard.press("Tab")
    expect(page.get_by_label("Question", exact=True)).to_be_focused()


def test_views_take_the_focus(page: Page) -> None:
    """Who goes to the documents is at their heading, and back at the question."""
    link = page.get_by_role("link", name="Documents", exact=True)
    link.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Documents", level=1)).to_be_focused()
    expect(link).to_have_attribute("aria-current", "page")
    expect(page.locator("#add")).to_be_visible()
    _tab_to(page, "Add files")
    page.get_by_role("link", name="Ask", exact=True).press("Enter")
    expect(page.get_by_label("Question", exact=True)).to_be_focused()


def test_landmarks(page: Page) -> None:
    """Those who do not see the page find its parts by their roles."""
    for role in ("banner", "navigation", "main", "search", "contentinfo"):
        expect(page.get_by_role(role)).to_have_count(1)
    assert page.locator("html").get_attribute("lang") == "en"
