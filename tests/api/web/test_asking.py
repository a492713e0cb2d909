"""Asking on the page: quotes, their place, conflicts, and no answer."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.api.web.actions import PAGE_MARKS, ask, check_accessible, result
from tests.api.web.documents import CONFLICT, OWL, WHO
from tests.end_to_end.conftest import EXAMPLES

pytestmark = PAGE_MARKS

QUESTIONS = json.loads((EXAMPLES / "questions.json").read_text(encoding="utf-8"))
LEAVE = QUESTIONS[0]["question"]
UNANSWERED = QUESTIONS[-1]["question"]


def test_empty_page(page: Page) -> None:
    """Who comes sees a field that has the focus, and how much there is to ask."""
    expect(page.get_by_label("Question", exact=True)).to_be_focused()
    expect(page.locator("#holdings")).to_have_text("77 documents in 4 collections")
    check_accessible(page)


@pytest.mark.parametrize("example", QUESTIONS[:-1], ids=lambda example: example["source"])
def test_answer(page: Page, example: dict[str, str]) -> None:
    """Enter brings the quote, in its sentence, with its source and how sure it is."""
    shown = ask(page, example["question"])
    answer = shown.get_by_role("article", name="Answer")
    quote = answer.locator(".quote").inner_text()
    assert example["expected"] in quote
    expect(answer.locator("blockquote mark")).to_have_text(quote)
    assert len(answer.locator("blockquote").inner_text()) > len(quote)
    expect(answer.locator(".source")).to_contain_text(example["source"])
    expect(answer.locator(".certainty")).to_contain_text(
        re.compile(r"(sure|Unsure|right than wrong), (over )?\d+% likely to be right")
    )
    expect(page.locator("#announced")).to_contain_text(f"Answer: {quote}")


def test_answer_in_its_document(page: Page) -> None:
    """The source opens the stored text where the quote stands, marked and in sight."""
    shown = ask(page, LEAVE)
    quote = shown.locator(".answer .quote").inner_text()
    check_accessible(page)
    shown.locator(".answer .source button").click()
    document = page.get_by_role("dialog")
    expect(document.get_by_role("heading")).to_have_text("Leave policy")
    expect(document.locator("mark")).to_have_text(quote)
    expect(document.locator("mark")).to_be_in_viewport()
    sentence = "".join(document.locator("em, mark").all_text_contents())
    assert sentence == shown.locator(".answer blockquote").text_content()
    shown_text = document.locator("#document-text").text_content()
    stored = (EXAMPLES / "handbook" / "leave.md").read_text(encoding="utf-8")
    assert shown_text == stored
    check_accessible(page)
    page.keyboard.press("Escape")
    expect(document).to_be_hidden()
    expect(shown.locator(".answer .source button")).to_be_focused()


def test_paged_document(page: Page) -> None:
    """Pages of a PDF are shown, and are no part of its text."""
    shown = ask(page, QUESTIONS[2]["question"])
    expect(shown.locator(".answer .source")).to_contain_text("page ")
    shown.locator(".answer .source button").click()
    text = page.locator("#document-text")
    expect(text.locator("mark")).to_be_in_viewport()
    label = text.locator("[data-page]").first.evaluate(
        "(node) => getComputedStyle(node, '::before').content"
    )
    assert label == '"Page 1"'
    assert "Page 1" not in str(text.text_content())[:10]


def test_place_after_characters_of_two_units(page: Page) -> None:
    """Offsets are code points: the mark is right after characters that JavaScript counts twice."""
    shown = ask(page, WHO)
    quote = shown.locator(".answer .quote").inner_text()
    assert "Ottoline" in quote
    expect(shown.locator(".answer mark")).to_have_text(quote)
    shown.locator(".answer .source button").click()
    text = page.locator("#document-text")
    expect(text.locator("mark")).to_have_text(quote)
    assert str(text.text_content()).count(OWL) == 5


def test_other_candidates(page: Page) -> None:
    """Beside the answer stand the other candidates, each with its source and number."""
    shown = ask(page, LEAVE)
    others = shown.get_by_role("region", name="Other candidates").get_by_role("listitem")
    assert others.count() >= 1
    for other in others.all():
        expect(other.locator("mark")).not_to_be_empty()
        expect(other.locator(".source button")).not_to_be_empty()
        expect(other.locator(".source")).to_contain_text("%")


def test_no_answer(page: Page) -> None:
    """Where the documents hold none, the page says so, why, and shows the nearest evidence."""
    shown = ask(page, UNANSWERED)
    expect(shown.get_by_text("No answer", exact=True)).to_be_visible()
    expect(shown.get_by_role("heading", level=2)).to_be_visible()
    expect(shown.locator(".answer")).to_have_count(0)
    expect(page.locator("#announced")).to_contain_text("No answer.")
    check_accessible(page)
    passage = shown.locator(".passage").first
    expect(passage).to_be_visible()
    text = passage.text_content()
    passage.locator("..").locator(".source button").click()
    marked = page.locator("#document-text em")
    expect(marked).to_have_text(str(text), use_inner_text=False)
    expect(marked).to_be_in_viewport()


def test_conflict(page: Page) -> None:
    """Two documents that disagree are both shown, with source and date, and neither is the answer."""
    shown = ask(page, CONFLICT)
    expect(shown.get_by_role("heading", level=2)).to_have_text("The documents disagree")
    sides = shown.locator(".side")
    assert {side.split()[0] for side in sides.locator(".quote").all_inner_texts()} == {"25", "28"}
    sources = sorted(sides.locator(".source").all_inner_texts())
    assert ["old.md" in one for one in sources] == [True, False]
    assert "changed 5 Oct 2024" in sources[0]
    assert "changed 6 Oct 2024" in sources[1]
    check_accessible(page)


def test_collection_filter(page: Page) -> None:
    """A collection narrows what is asked, and stays chosen."""
    chosen = page.get_by_role("combobox", name="Collection")
    expect(page.locator("#ask-collection option")).to_have_text(
        ["All", "aviary", "default", "policies", "stock"]
    )
    shown = ask(page, WHO)
    expect(shown.locator(".answer")).to_have_count(1)
    chosen.select_option("default")
    expect(page.locator("#result .answer .quote", has_text="Ottoline")).to_have_count(0)
    assert "Ottoline" not in result(page).inner_text()
    expect(chosen).to_have_value("default")
    chosen.select_option("aviary")
    expect(page.locator("#result .answer .quote")).to_contain_text("Ottoline")


def test_address_is_the_state(page: Page, open_page: Callable[..., Page]) -> None:
    """The address can be shared, and Back goes to the question before."""
    ask(page, LEAVE)
    expect(page.locator(".answer .quote")).to_have_text("six")
    ask(page, WHO)
    expect(page.locator(".answer .quote")).to_contain_text("Ottoline")
    page.go_back()
    expect(page.locator(".answer .quote")).to_have_text("six")
    expect(page.get_by_label("Question", exact=True)).to_have_value(LEAVE)
    expect(page).to_have_title(f"{LEAVE} · Answerable")
    other = open_page("/" + page.url.split("/")[-1])
    expect(other.locator(".answer .quote")).to_have_text("six")


def test_service_out_of_reach(page: Page) -> None:
    """A service that is gone is said to be, and asked again when it is back."""
    page.context.set_offline(True)
    shown = ask(page, LEAVE)
    expect(shown.get_by_role("alert")).to_contain_text("cannot be reached")
    check_accessible(page)
    page.context.set_offline(False)
    shown.get_by_role("button", name="Try again").click()
    expect(page.locator(".answer .quote")).to_have_text("six")


def test_refused_question(page: Page) -> None:
    """What the service says against a question is shown in its words."""
    page.get_by_label("Question", exact=True).evaluate(
        "(field) => field.removeAttribute('maxlength')"
    )
    shown = ask(page, "x" * 2001)
    expect(shown.get_by_role("alert")).to_contain_text("2,000")
