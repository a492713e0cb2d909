"""What the tests do with the page again and again."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Locator, Page, expect

BASE_TIMEOUT_MS = 60_000  # a machine that is busy with other things is no failure
PAGE_MARKS = [
    pytest.mark.loopback,
    pytest.mark.model,
    pytest.mark.slow,
    pytest.mark.timeout(300),
]
SERIOUS = ("serious", "critical")
PHONE = {"width": 360, "height": 740}

expect.set_options(timeout=BASE_TIMEOUT_MS)


@dataclass(slots=True)
class PageLog:
    """What a page asked for, and what went wrong in it."""

    urls: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def ask(page: Page, question: str) -> Locator:
    """Ask a question as one does; return what is shown of its answer."""
    page.get_by_label("Question", exact=True).fill(question)
    page.get_by_label("Question", exact=True).press("Enter")
    return result(page)


def result(page: Page) -> Locator:
    """Return the answer, or why there is none, once it is there."""
    shown = page.locator("#result")
    expect(shown).not_to_have_attribute("aria-busy", "true")
    expect(shown).not_to_be_empty()
    return shown


def check_accessible(page: Page) -> None:
    """Check that axe-core finds nothing serious in what is shown now, neither light nor dark."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert _axe_findings(page) == [], scheme
    page.emulate_media(color_scheme="light", reduced_motion="reduce")


def _axe_findings(page: Page) -> list[str]:
    page.evaluate(AXE_SCRIPT)
    found: dict[str, Any] = page.evaluate("axe.run()")
    assert len(found["passes"]) > 10  # it did look
    return [
        f"{violation['id']}: {node['html'][:200]} ({node['failureSummary']})"
        for violation in found["violations"]
        if violation["impact"] in SERIOUS
        for node in violation["nodes"]
    ]


def check_fits(page: Page) -> None:
    """Check that nothing sticks out of the window sideways."""
    beyond = page.evaluate(
        """() => [...document.querySelectorAll("body *")]
            .filter((one) => one.checkVisibility() && !one.closest(".visually-hidden, .skip"))
            .filter((one) => {
                const { left, right, width } = one.getBoundingClientRect();
                return width > 1 && (right > innerWidth + 1 || left < -1);
            })
            .map((one) => one.outerHTML.slice(0, 120))"""
    )
    assert beyond == []


def drag_over(page: Page, text: str) -> None:
    """Select the first occurrence of a text in the open document with the mouse."""
    box = page.evaluate(
        """(wanted) => {
            const walker = document.createTreeWalker(
                document.getElementById("document-text"), NodeFilter.SHOW_TEXT);
            for (let node = walker.nextNode(); node; node = walker.nextNode()) {
                const at = node.data.indexOf(wanted);
                if (at < 0) continue;
                const range = document.createRange();
                range.setStart(node, at);
                range.setEnd(node, at + wanted.length);
                node.parentElement.scrollIntoView({ block: "nearest" });
                const { left, right, top, bottom } = range.getBoundingClientRect();
                return { left, right, y: (top + bottom) / 2 };
            }
        }""",
        text,
    )
    page.mouse.move(box["left"] + 0.5, box["y"])
    page.mouse.down()
    page.mouse.move(box["right"] - 0.5, box["y"], steps=4)
    page.mouse.up()
