import json
import re
import sys
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answerable.index import PassageSpan
from answerable.index.documents import SplitConfig, split
from answerable.index.documents.media import FORMATS, Method

SMALL = SplitConfig(target_tokens=12, overlap_tokens=4, max_tokens=16, min_tokens=4)
MEDIUM = SplitConfig(target_tokens=40, overlap_tokens=8, max_tokens=60, min_tokens=6)
MEDIA_TYPES = [kind.media_type for kind in FORMATS if kind.method is Method.PLAIN]


def _tokens(text: str) -> list[tuple[int, int]]:
    """A tokenizer for tests: words, and every other visible character on its own."""
    return [match.span() for match in re.finditer(r"\w+|[^\w\s]", text)]


def _starts(text: str) -> list[int]:
    return [start for start, _ in _tokens(text)]


def _split(text: str, media_type: str, config: SplitConfig = SMALL) -> list[tuple[str, str]]:
    spans = split(text, media_type, _starts(text), config)
    return [(span.heading, text[span.start : span.end]) for span in spans]


def _sentence(name: str, n_words: int) -> str:
    return " ".join([name] * (n_words - 1)).capitalize() + " end."


@settings(max_examples=300)
@given(
    st.text(
        st.sampled_from('ab cA 漢字。.!?\n\r\t#=-|,"{}[]:*`~İ\u0301👩\u200dש\ufeff\x85\u3000'),
        max_size=400,
    ),
    st.sampled_from(MEDIA_TYPES),
    st.sampled_from([SMALL, SplitConfig(6, 0, 6, 3), SplitConfig(5, 4, 9, 0)]),
)
def test_passages_cover_the_text_within_the_limit(
    text: str, media_type: str, config: SplitConfig
) -> None:
    """Passages are ordered, trimmed, never too long, and leave only white space out."""
    tokens = _tokens(text)
    covered = [character.isspace() for character in text]
    previous = PassageSpan(-1, -1, "")
    for span in split(text, media_type, _starts(text), config):
        assert previous.start < span.start < span.end <= len(text) and previous.end < span.end
        assert text[span.start : span.end] == text[span.start : span.end].strip()
        assert sum(span.start <= start < span.end for start, _ in tokens) <= config.max_tokens
        covered[span.start : span.end] = [True] * (span.end - span.start)
        previous = span
    assert all(covered)


def test_white_text_has_no_passages() -> None:
    """Nothing visible, nothing to retrieve."""
    assert split(" \r\n\t\u3000", "text/plain", [], SMALL) == []


def test_overlap_is_whole_sentences() -> None:
    """The next passage begins with the last sentences that fit the overlap."""
    one, two, three, four = (_sentence(name, 3) for name in "abcd")
    config = SplitConfig(target_tokens=12, overlap_tokens=4, max_tokens=12, min_tokens=0)
    assert _split(f"{one} {two} {three} {four}", "text/plain", config) == [
        ("", f"{one} {two} {three}"),
        ("", f"{three} {four}"),
    ]


def test_passages_of_a_section_are_of_like_length() -> None:
    """A section somewhat longer than the target is halved, not cut into much and little."""
    text = " ".join(_sentence("w", 4) for _ in range(40))
    sizes = [
        len(_tokens(passage))
        for _, passage in _split(text, "text/plain", SplitConfig(160, 32, 220, 48))
    ]
    assert len(sizes) == 2 and max(sizes) - min(sizes) <= 10


def test_markdown_headings_begin_passages() -> None:
    """ATX and underlined headings nest; one inside a fence is program text."""
    body = _sentence("w", 6)
    text = (
        f"# A *b*\n\n{body}\n\n## [C](x)\n\n{body}\n\n```\n# not a heading\n```\n\n"
        f"Setext\n------\n\n{body}\n\nTop\n===\n\n{body}\n"
    )
    assert _split(text, "text/markdown", MEDIUM) == [
        ("A b", f"# A *b*\n\n{body}"),
        ("A b > C", f"## [C](x)\n\n{body}\n\n```\n# not a heading\n```"),
        ("A b > Setext", f"Setext\n------\n\n{body}"),
        ("Top", f"Top\n===\n\n{body}"),
    ]


def test_rst_heading_levels_are_by_appearance() -> None:
    """In reST the first underline style met is the outermost."""
    body = _sentence("w", 6)
    text = f"~~~~~\nTitle\n~~~~~\n{body}\n\nPart\n====\n{body}\n\nSub\n---\n{body}\n\nNext\n====\n{body}\n"
    headings = [heading for heading, _ in _split(text, "text/x-rst", MEDIUM)]
    assert headings == ["Title", "Title > Part", "Title > Part > Sub", "Title > Next"]


def test_short_sections_are_joined() -> None:
    """Sections too short to read alone share a passage, under the headings they share."""
    text = "# A\n\n## B\n\nOne.\n\n## C\n\nTwo.\n\n## D\n\nThree.\n"
    config = SplitConfig(target_tokens=60, overlap_tokens=8, max_tokens=80, min_tokens=40)
    assert _split(text, "text/markdown", config) == [("A", text.strip())]


def test_json_keys_are_headings() -> None:
    """A passage of a JSON file stands under the keys that lead to it."""
    text = json.dumps(
        {"Geography": {"Area": {"total": _sentence("w", 6)}}, "People": {"x": _sentence("v", 6)}},
        indent=1,
    )
    headings = [heading for heading, _ in _split(text, "application/json", MEDIUM)]
    assert headings == ["Geography > Area", "People"]


def test_csv_header_is_the_heading_of_every_group_of_rows() -> None:
    """Rows stay whole and each passage names the columns."""
    text = "City,Rate\r\n" + "".join(f"Town{n},{n}\r\n" for n in range(12))
    passages = _split(text, "text/csv")
    assert {heading for heading, _ in passages} == {"City, Rate"}
    for _, passage in passages:
        assert all(line.count(",") == 1 for line in passage.split("\r\n"))


@pytest.mark.parametrize("word", ["x" * 5_000, "漢" * 5_000, "a.b" * 2_000, "👩\u200d" * 2_000])
def test_giant_word_is_cut(word: str) -> None:
    """A word of any length is cut so that no passage is long in tokens or in characters."""
    for _, passage in _split(f"Before. {word} After.", "text/plain"):
        assert 0 < len(_tokens(passage)) <= 16 and len(passage) <= 16 * 16


def test_long_sentence_is_cut_between_words() -> None:
    """A sentence longer than a passage is cut at spaces, and the pieces overlap."""
    words = [f"word{n}" for n in range(100)]
    passages = [passage.split() for _, passage in _split(" ".join(words), "text/plain")]
    assert {word for passage in passages for word in passage} == set(words)
    assert all(set(one) & set(two) for one, two in pairwise(passages))


def test_five_megabytes_split_in_linear_time() -> None:
    """The work grows with the text, not with its square: 16 times the text, few calls more each.

    Counted in calls, not seconds, so that a slow machine does not fail it.
    """

    def calls(n: int) -> int:
        text = "# Heading\n\nSome words in a row, and a stop. Another one follows.\n\n" * n
        starts = _starts(text)
        count = 0

        def count_calls(frame: object, event: str, argument: object) -> None:
            nonlocal count
            count += 1

        sys.setprofile(count_calls)
        try:
            split(text, "text/markdown", starts, SplitConfig())
        finally:
            sys.setprofile(None)
        return count

    assert calls(1_600) < 17 * calls(100)


@pytest.mark.timeout(30)
@pytest.mark.parametrize("piece", [".", ". ", '"', '"\\', "[", "# <", "# a\n", "===\n", "a,", "\n"])
def test_hostile_repetition_ends(piece: str) -> None:
    """No run of one thing makes a rule search the rest of the text again and again."""
    text = piece * (200_000 // len(piece))
    for media_type in ("text/markdown", "text/x-rst", "application/json"):
        split(text, media_type, [], SplitConfig())


def test_config_refuses_impossible_lengths() -> None:
    """An overlap as long as a passage would never end."""
    with pytest.raises(ValueError, match="overlap_tokens < target_tokens"):
        SplitConfig(target_tokens=10, overlap_tokens=10)
