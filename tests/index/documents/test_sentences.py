import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.index.documents import sentence_bounds, sentence_spans

PROSE = st.text(
    st.sampled_from("aBç 漢。.!?…\n\r\t\"'”)（）-#|*12,:;\u0301İ👩\u200dש\ufeff"), max_size=300
)


def _sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text, 0, len(text))]


@pytest.mark.parametrize(
    "sentences",
    [
        ["Dr. Ito met Mr. J. R. Roy at 3.14 p.m. on Tuesday.", "He left."],
        ["Use tools, e.g. hammers, i.e. heavy ones.", "Then stop!"],
        ["She works in the U.S. Department of Energy.", "It is large."],
        ["They moved to the U.S.", "The move was costly."],
        ["Acme Inc. Products are sold.", "See Fig. 3 and pp. 4-5 of vol. 2."],
        ["It cost 5 EUR etc.", "The rest was free."],
        ["Wait... what is it?", "“Nothing.”", "He said (quietly.)", "Go."],
        ['"Is it?" she asked.', "Version 3.5.", "New line."],
        ["Das gilt z.B. für Ärzte.", "Es gilt immer."],
        ["**Note.**", "See [1].", "Done.[^2]", "End"],
        ["Born on 5 Jan. 1990 in St. Ives.", "No. 7 won."],
    ],
)
def test_sentences_on_one_line(sentences: list[str]) -> None:
    """Abbreviations, initials, decimals, quotes and brackets do not break or hide a stop."""
    assert _sentences(" ".join(sentences)) == sentences


@pytest.mark.parametrize(
    "sentences",
    [
        ["今天下雨。", "「真的吗？」", "是的！", "好。"],
        ["これは文です。", "次の文です。"],
    ],
)
def test_east_asian_stops_need_no_space(sentences: list[str]) -> None:
    """Full-width stops end a sentence, with the bracket that closes after them."""
    assert _sentences("".join(sentences)) == sentences


def test_wrapped_lines_are_one_sentence() -> None:
    """A line end inside a paragraph wrapped at a margin is only a space."""
    text = "The quick brown fox jumps over the lazy dog, and it\r\nJumps over it again until the\nevening."
    assert _sentences(text) == [text]


def test_lines_of_their_own_are_sentences() -> None:
    """Headings, items, rows, fields and short lines stand alone; an empty line always breaks."""
    lines = [
        "# Heading",
        "- first item",
        "- second item that goes on for rather more than one line of text in the file\n  and ends here",
        "1. numbered",
        "a | b | c",
        "Subject: Leave",
        "x,y,z",
        "Title",
        "=====",
        "Acme Ltd",
        "12 High Street",
    ]
    assert _sentences("\n".join(lines)) == lines
    assert _sentences("no stop here\n\nand none here") == ["no stop here", "and none here"]


@given(PROSE)
def test_sentences_cover_the_text(text: str) -> None:
    """Sentences are ordered, apart, trimmed, and leave nothing but white space out."""
    position, rest = 0, ""
    for start, end in sentence_spans(text, 0, len(text)):
        assert position <= start < end <= len(text)
        assert text[start:end] == text[start:end].strip()
        rest += text[position:start]
        position = end
    assert not (rest + text[position:]).strip()


@given(PROSE, st.data())
def test_bounds_are_the_sentences_around(text: str, data: st.DataObject) -> None:
    """The bounds begin and end with sentences of the whole text, and hold the answer."""
    spans = sentence_spans(text, 0, len(text))
    if not spans:
        return
    first, last = sorted(data.draw(st.lists(st.sampled_from(spans), min_size=2, max_size=2)))
    start = data.draw(st.integers(first[0], first[1] - 1))
    end = data.draw(st.integers(max(start, last[0]) + 1, last[1]))
    assert sentence_bounds(text, start, end) == (first[0], last[1])


def test_bounds_without_stops_are_capped_at_words() -> None:
    """In text without stops the context is cut to about 400 characters, between words."""
    text = "word " * 4_000_000
    start, end = sentence_bounds(text, 10_000_000, 10_000_004)
    assert text[start:end].split() == ["word"] * len(text[start:end].split())
    assert 390 <= end - start <= 410


def test_bounds_inside_one_long_word() -> None:
    """Where there is no space either, the cut is made all the same."""
    start, end = sentence_bounds("x" * 100_000, 50_000, 50_010)
    assert (start, end) == (49_800, 50_210)


def test_bounds_far_from_the_start_see_the_whole_sentence() -> None:
    """A sentence wrapped over lines is found whole in the middle of a long text."""
    filler = "Filler text goes here, and on, and on until the line is full.\n" * 500
    sentence = (
        "The allowance for hotels in the\nsecond zone is 150 euros a night,\nwithout breakfast."
    )
    text = filler + sentence + " " + filler
    at = text.index("150 euros")
    start, end = sentence_bounds(text, at, at + 9)
    assert text[start:end] == sentence
