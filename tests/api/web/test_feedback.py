"""What somebody says of answers on the page, as the service keeps it."""

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from answerable.api.http.database import ServiceDatabase
from answerable.api.http.feedback import Feedback, FeedbackStore
from tests.api.web.actions import PAGE_MARKS, ask, check_accessible, drag_over
from tests.api.web.documents import CONFLICT, NIGHT, OWL, WHO
from tests.end_to_end.conftest import HANDBOOK

pytestmark = PAGE_MARKS

LEAVE = "How many unused days of leave may I carry over into the next year?"
UNANSWERED = "Who founded Larkmoor Instruments?"
SPAN = "behind the green door"


def _newest(index_folder: Path) -> Feedback:
    database = ServiceDatabase(index_folder)
    try:
        return FeedbackStore(database).all()[-1]
    finally:
        database.close()


def _thanked(place: Page | Locator, text: str) -> None:
    expect(place.get_by_text(text)).to_be_visible()


@pytest.mark.parametrize("verdict", ["right", "wrong"])
def test_verdict_on_an_answer(page: Page, index_folder: Path, verdict: str) -> None:
    """The verdict is kept with the question and the very span."""
    shown = ask(page, LEAVE)
    shown.get_by_role("button", name=f"{verdict.title()}: six").click()
    _thanked(shown, f"Thank you. Noted as {verdict}.")
    check_accessible(page)
    kept = _newest(index_folder)
    assert (kept.question, kept.verdict, kept.answer) == (LEAVE, verdict, "six")
    text = (HANDBOOK / "leave.md").read_text(encoding="utf-8")
    start = kept.document_start + (kept.answer_start or 0)
    assert text[:start].endswith("a maximum of ")


@pytest.mark.parametrize(
    ("button", "verdict"), [("Right, there is none", "right"), ("Wrong, there is one", "wrong")]
)
def test_verdict_on_no_answer(page: Page, index_folder: Path, button: str, verdict: str) -> None:
    """Of an abstention one can say as well whether it is right."""
    shown = ask(page, UNANSWERED)
    shown.get_by_role("button", name=button).click()
    _thanked(shown, f"Thank you. Noted as {verdict}.")
    kept = _newest(index_folder)
    assert (kept.question, kept.verdict, kept.answer) == (UNANSWERED, verdict, None)


def test_candidate_is_the_answer(page: Page, index_folder: Path) -> None:
    """Another candidate can be said to be the answer."""
    shown = ask(page, LEAVE)
    other = shown.get_by_role("region", name="Other candidates").get_by_role("listitem").first
    quote = other.locator("mark").text_content()
    other.get_by_role("button", name="This is the answer").click()
    _thanked(other, "Thank you. Noted as the answer.")
    kept = _newest(index_folder)
    assert (kept.verdict, kept.answer) == ("here", quote)


def test_side_of_a_conflict(page: Page, index_folder: Path) -> None:
    """Which of two documents is right can be said at once."""
    shown = ask(page, CONFLICT)
    side = shown.locator(".side", has_text="new.md")
    side.get_by_role("button", name="Right").click()
    _thanked(side, "Thank you. Noted as right.")
    kept = _newest(index_folder)
    assert (kept.verdict, (kept.answer or "")[:2]) == ("right", "28")


def _choosing(page: Page) -> Locator:
    shown = ask(page, WHO)
    shown.get_by_role("button", name="Show where the answer is").click()
    footer = page.locator("#choosing")
    expect(footer).to_contain_text(WHO)
    expect(footer.locator("#chosen")).to_contain_text("“")
    return footer


def _check_kept(index_folder: Path) -> None:
    kept = _newest(index_folder)
    assert (kept.question, kept.verdict, kept.answer) == (WHO, "here", SPAN)
    start = kept.document_start + (kept.answer_start or 0)
    assert NIGHT[start : start + len(SPAN)] == SPAN
    assert NIGHT[:start].count(OWL) == 5


def test_here_with_the_mouse(page: Page, index_folder: Path) -> None:
    """A span that is dragged over is kept with its place in code points."""
    footer = _choosing(page)
    drag_over(page, SPAN)
    expect(footer.locator("#chosen")).to_have_text(f"“{SPAN}”")
    check_accessible(page)
    footer.get_by_role("button", name="This is the answer").click()
    _thanked(footer, "Thank you. Noted.")
    _check_kept(index_folder)


def test_here_with_the_keyboard(page: Page, index_folder: Path) -> None:
    """Arrow keys choose a word, with Shift several; Enter sends, Escape only stops choosing."""
    footer = _choosing(page)
    chosen = footer.locator("#chosen")
    expect(page.locator("#document-text")).to_be_focused()
    expect(chosen).to_contain_text("Ottoline")
    page.keyboard.press("Escape")
    expect(footer.get_by_role("button", name="The answer is here")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(chosen).to_have_text("“#”")
    page.keyboard.press("ArrowDown")
    for _ in range(30):
        if chosen.text_content() == "“behind”":
            break
        page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    expect(chosen).to_have_text(f"“{SPAN}”")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowLeft")
    expect(chosen).to_have_text(f"“{SPAN}”")
    page.keyboard.press("Enter")
    _thanked(footer, "Thank you. Noted.")
    _check_kept(index_folder)


def test_too_long_an_answer(page: Page, index_folder: Path) -> None:
    """More than the service takes cannot be sent, and the page says so."""
    ask(page, LEAVE).get_by_role("button", name="Show where the answer is").click()
    footer = page.locator("#choosing")
    expect(footer.locator("#chosen")).to_have_text("“six”")
    for _ in range(12):
        page.keyboard.press("Shift+ArrowDown")
    expect(footer.get_by_role("alert")).to_contain_text("an answer has at most 500")
    expect(footer.get_by_role("button", name="This is the answer")).to_be_disabled()
    before = _count(index_folder)
    page.keyboard.press("Enter")
    expect(footer.get_by_role("alert")).to_be_visible()
    assert _count(index_folder) == before


def _count(index_folder: Path) -> int:
    database = ServiceDatabase(index_folder)
    try:
        return len(FeedbackStore(database).all())
    finally:
        database.close()


def test_only_who_asked_can_say_where(page: Page) -> None:
    """Without a question there is nothing to choose an answer for."""
    page.goto("/#view=documents")
    page.locator("#documents button").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.locator("#document-text")).not_to_be_empty()
    expect(page.locator("#choosing")).to_be_hidden()
