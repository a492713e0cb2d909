"""The page's own modules, called in the browser and compared with Python."""

import random
from typing import Any

from playwright.sync_api import Page

from tests.api.web.actions import PAGE_MARKS

pytestmark = PAGE_MARKS

SIGNS = [
    "a",
    "a long line of prose that somebody broke for the width of a window\n",
    "é",
    " ",
    "\n",
    "\r\n",
    "\N{OWL}",
    "\N{MUSICAL SYMBOL G CLEF}",
    "e\u0301",
    "\u200d",
    "中",
    ".",
]


def _texts() -> list[str]:
    chance = random.Random(5)
    texts = ["", "\N{OWL}", "a\N{OWL}", "plain"]
    return texts + ["".join(chance.choices(SIGNS, k=chance.randint(1, 60))) for _ in range(60)]


def _call(page: Page, module: str, body: str, argument: Any) -> Any:
    """Run ``body`` in the page, with one of its modules as ``module`` and the argument as ``value``."""
    return page.evaluate(
        f"async (value) => {{ const module = await import('/page/{module}.js'); {body} }}", argument
    )


def test_code_points_and_units(page: Page) -> None:
    """Every place of a text is converted there and back as Python counts it."""
    texts = _texts()
    found = _call(
        page,
        "codepoints",
        """return value.map((text) => {
            const places = new module.CodePoints(text);
            const n = [...text].length;
            return [...Array(n + 1).keys()].map((i) => [places.toUnits(i), places.fromUnits(places.toUnits(i))]);
        });""",
        texts,
    )
    expected = [
        [[len(text[:i].encode("utf-16-le")) // 2, i] for i in range(len(text) + 1)]
        for text in texts
    ]
    assert found == expected


def test_place_inside_a_character(page: Page) -> None:
    """Half of a character counts as its beginning."""
    body = "return new module.CodePoints(value).fromUnits(2);"
    assert _call(page, "codepoints", body, "a\N{OWL}b") == 1


def test_stored_text_is_shown_whole(page: Page) -> None:
    """Whatever the text, pages and marks: what is shown is the text, and every span is found again."""
    chance = random.Random(6)
    samples = []
    for n_signs in [1, 30, 300, 9_000, 60_000]:
        for signs in (SIGNS, ["a", "\N{OWL}"], ["word "]):
            text = "".join(chance.choices(signs, k=n_signs))
            units = len(text.encode("utf-16-le")) // 2
            bounds = sorted(chance.sample(range(units + 1), min(4, units + 1)))
            pages = [{"start": 0, "number": 1}, {"start": units // 2, "number": 2}]
            samples.append({"text": text, "bounds": bounds, "pages": pages})
    found = _call(
        page,
        "stored_text",
        """return value.map(({ text, bounds, pages }) => {
            const element = document.createElement("div");
            document.body.append(element);
            const [a, b, c = b, d = c] = bounds;
            const marks = [{ start: a, end: b, tag: "em" }, { start: c, end: d, tag: "mark" }];
            const stored = new module.StoredText(element, text, pages, marks, true);
            const marked = [...element.querySelectorAll("em")].map((one) => one.textContent).join("");
            stored.select({ start: a, end: d });
            const chosen = stored.selected();
            const result = [element.textContent === text, marked === text.slice(a, b),
                chosen.text === text.slice(a, d).trim() && text.slice(chosen.start, chosen.end) === chosen.text];
            element.remove();
            return result;
        });""",
        [sample for sample in samples if len(sample["bounds"]) > 1],
    )
    assert found == [[True, True, True]] * len(found)
    assert len(found) >= 12


def test_word_steps(page: Page) -> None:
    """Steps to the right and to the left meet the same words."""
    text = "Don't pay \N{OWL} 14,000 pounds,\n\nbut at 09:30 (sharp)."
    words = [
        "Don't",
        "pay",
        "\N{OWL}",
        "14,000",
        "pounds",
        ",",
        "but",
        "at",
        "09:30",
        "(",
        "sharp",
        ")",
        ".",
    ]
    body = """
        const walk = (step, from, next) => {
            const words = [];
            for (let word = step(value, from); word; word = step(value, next(word))) {
                words.push(value.slice(word.start, word.end));
            }
            return words;
        };
        const forward = walk(module.nextWord, 0, (word) => word.end);
        const back = walk(module.previousWord, value.length, (word) => word.start).reverse();
        const line = module.nextLine(value, 3);
        const above = module.previousLine(value, line.start);
        return [forward, back, value.slice(line.start, line.end), above.start];
    """
    assert _call(page, "word_steps", body, text) == [words, words, "but", 0]
