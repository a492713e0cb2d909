"""Light and dark, wide and narrow."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.api.web.actions import PAGE_MARKS, PHONE, ask, check_accessible, check_fits
from tests.api.web.documents import CONFLICT

pytestmark = PAGE_MARKS

LEAVE = "How many unused days of leave may I carry over into the next year?"
UNANSWERED = "Who founded Larkmoor Instruments?"


def _lightness(page: Page) -> float:
    """Return how light the paper is: 0 to 1."""
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    parts = [float(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(",")]
    return sum(parts) / 3 / 255


def test_colours_follow_the_system(open_page: Callable[..., Page]) -> None:
    """Light and dark are the system's, also when it changes its mind."""
    page = open_page(color_scheme="dark")
    assert _lightness(page) < 0.2
    expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
    page.emulate_media(color_scheme="light")
    expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "false")
    assert _lightness(page) > 0.9


def test_switch_is_remembered(open_page: Callable[..., Page]) -> None:
    """The switch goes before the system's choice, and is remembered."""
    page = open_page(color_scheme="light")
    page.get_by_role("button", name="Dark").click()
    expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
    assert _lightness(page) < 0.2
    page.reload()
    assert _lightness(page) < 0.2
    page.get_by_role("button", name="Dark").click()
    assert _lightness(page) > 0.9


def test_phone(open_page: Callable[..., Page], tmp_path: Path) -> None:
    """On a narrow screen everything is there, and nothing sticks out."""
    page = open_page(viewport=PHONE, has_touch=True)
    check_fits(page)
    shown = ask(page, LEAVE)
    expect(shown.locator(".answer .quote")).to_be_in_viewport()
    check_fits(page)
    check_accessible(page)
    shown.locator(".answer .source button").click()
    expect(page.locator("#document-text mark")).to_be_in_viewport()
    check_fits(page)
    page.locator("#start-choosing").click()
    check_fits(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Close").click()
    for question in (UNANSWERED, CONFLICT):
        ask(page, question)
        check_fits(page)
    page.get_by_role("link", name="Documents", exact=True).click()
    expect(page.locator("#documents > li").first).to_be_visible()
    path = tmp_path / f"{'long-' * 12}name.txt"
    path.write_text("The mill stands by the brook.\n", encoding="utf-8")
    page.get_by_label("Add files").set_input_files(path)
    expect(page.locator("#uploads .state")).to_have_text("Added")
    check_fits(page)
    check_accessible(page)
    page.locator("#documents button", has_text="Delete").first.click()
    check_fits(page)
