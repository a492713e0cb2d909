"""Windows: lengths, segments, and offsets that lead back to the very characters."""

from itertools import pairwise
from unicodedata import category

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.reader.windows import WindowConfig, WindowMaker
from tests.reader.scripted import word_tokenizer

SMALL = WindowConfig(max_seq_tokens=16, max_question_tokens=4, window_overlap_tokens=4)
WORDS = " ".join(f"w{n}" for n in range(40))


def test_layout() -> None:
    """A window is [CLS] question [SEP] context [SEP] with segment 1 on context and its [SEP]."""
    tokenizer = word_tokenizer("who ran", "Ann ran.")
    (window,) = WindowMaker(tokenizer, WindowConfig()).windows("Who ran", ["Ann ran."])
    tokens = [tokenizer.id_to_token(int(i)) for i in window.token_ids]
    assert tokens == ["[CLS]", "who", "ran", "[SEP]", "ann", "ran", ".", "[SEP]"]
    assert window.type_ids.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    assert window.context_offsets == ((0, 3), (4, 7), (7, 8))


def test_long_passage_is_covered_with_overlap() -> None:
    """Every token is in some window, and neighbours share the configured overlap."""
    windows = WindowMaker(word_tokenizer(WORDS), SMALL).windows("w1", [WORDS])
    covered = [set(window.context_offsets) for window in windows]
    assert len(set().union(*covered)) == 40
    assert all(len(window.token_ids) <= SMALL.max_seq_tokens for window in windows)
    assert [len(a & b) for a, b in pairwise(covered)] == [4] * (len(windows) - 1)


def test_long_question_is_cut_not_the_passage() -> None:
    """A question over the limit loses its end and leaves room for the passage."""
    windows = WindowMaker(word_tokenizer(WORDS), SMALL).windows(WORDS, ["w1 w2"])
    assert [len(window.token_ids) for window in windows] == [1 + 4 + 1 + 2 + 1]


@pytest.mark.parametrize("length", [8, 16, 32, 192, 384, 512])
def test_half_of_a_window_is_for_the_passage(length: int) -> None:
    """A long question and caption are cut, no window is too long, and few cover a passage."""
    tokenizer = word_tokenizer(*WORDS.split())
    maker = WindowMaker(tokenizer, WindowConfig(max_seq_tokens=length))
    windows = maker.windows(f"{WORDS} {WORDS}", [" ".join([WORDS] * 30)], [f"{WORDS} {WORDS}"])
    assert {len(window.token_ids) for window in windows[:-1]} == {length}
    assert len(windows[-1].token_ids) <= length
    assert min(len(window.context_offsets) for window in windows[:-1]) >= length // 2
    assert len(windows) <= 1_200 / (length // 4)
    assert len({place for window in windows for place in window.context_offsets}) == 1_200


def test_windows_of_the_usual_length_are_what_the_shipped_reader_was_measured_with() -> None:
    """At 384 tokens the longest question and caption leave 269, of which 128 are shared."""
    windows = WindowMaker(word_tokenizer(*WORDS.split()), WindowConfig()).windows(
        f"{WORDS} {WORDS}", [" ".join([WORDS] * 30)], [f"{WORDS} {WORDS}"]
    )
    covered = [len(window.context_offsets) for window in windows]
    assert covered[:-1] == [384 - 3 - 64 - 48] * (len(windows) - 1)
    shared = [set(a.context_offsets) & set(b.context_offsets) for a, b in pairwise(windows)]
    assert {len(places) for places in shared} == {128}


@pytest.mark.parametrize("text", ["", " \n\t", "\u200b"])
def test_passage_without_tokens_has_no_window(text: str) -> None:
    """White space alone gives nothing to read, and no error."""
    assert WindowMaker(word_tokenizer("a"), SMALL).windows("a", [text]) == []


def _edges(text: str) -> tuple[list[bool], list[bool]]:
    (window,) = WindowMaker(word_tokenizer("cat", text), WindowConfig()).windows("cat", [text])
    return window.may_start.tolist(), window.may_end.tolist()


def test_word_pieces_never_cut_a_word() -> None:
    """An answer may begin at "cat" of "cats" but not end there."""
    tokenizer = word_tokenizer("cat dog")
    (window,) = WindowMaker(tokenizer, WindowConfig()).windows("dog", ["cats dog"])
    assert window.may_start.tolist() == [True, False, True]
    assert window.may_end.tolist() == [False, True, True]


@pytest.mark.parametrize("text", ["2.7.9", "1,500", "10:06:11", "IGNORE_CASE", "_x_1"])
def test_numbers_and_identifiers_are_never_cut(text: str) -> None:
    """Tokens of one number or one name are an answer together or not at all."""
    starts, ends = _edges(text)
    assert starts == [True] + [False] * (len(starts) - 1)
    assert ends == [False] * (len(ends) - 1) + [True]


def test_punctuation_around_words_may_be_left_out() -> None:
    """A full stop, a bracket or a hyphen ends a word: an answer need not take it along."""
    assert _edges("(cat-flap 7.)") == ([True] * 7, [True] * 7)


@pytest.mark.parametrize(
    "text",
    [
        "İstanbul ve İzmir",
        "cafe\u0301 cre\u0300me",
        "हिन्दी में दिल्ली।",
        "ที่นี่",
        "தமிழ் நாடு",
        "مُحَمَّدٌ رَسُول",
        "ശ്രീ അവന്\u200d വന്നു",
        "I \u2764\ufe0f \u2764\ufe0f\u200d\U0001f525 it",
        "a👩‍👩‍👧‍👦b c",
        "東京は大きい。",
        "שלום עולם",
        "one\r\ntwo\tthree",
        "\ufeffstart here",
        "\ud800 lone surrogate",
        "\ud83d\ude00 abc",
        "nul\x00byte",
    ],
)
def test_offsets_on_hard_text(text: str) -> None:
    """Each token's offsets cut its own characters, marks too, out of the original text, in order."""
    windows = WindowMaker(word_tokenizer("a"), WindowConfig()).windows("a", [text])
    offsets = [pair for window in windows for pair in window.context_offsets]
    assert all(0 <= begin < end <= len(text) for begin, end in offsets)
    assert all(a[1] <= b[0] for a, b in pairwise(offsets))
    lost = set(range(len(text))) - {i for begin, end in offsets for i in range(begin, end)}
    assert not any(text[i].isalnum() or category(text[i]).startswith("M") for i in lost)
    assert not any(text[i] == "\u200d" for i in lost)


def test_marks_belong_to_the_letter_before() -> None:
    """Also where a tokenizer drops them, as far as the next token; one without a letter to none."""
    tokenizer = word_tokenizer("cat")
    (window,) = WindowMaker(tokenizer, WindowConfig()).windows(
        "cat", ["\u0301cat\u0301\u0323s cat \u0301cat\u200d"]
    )
    assert window.context_offsets == ((1, 6), (6, 7), (8, 11), (13, 17))
    assert window.may_end.tolist() == [False, True, True, True]


@given(st.text(max_size=60))
def test_any_text_can_be_read(text: str) -> None:
    """No text, as question or as passage, makes windows fail or run past the text."""
    for window in WindowMaker(word_tokenizer("a"), SMALL).windows(text, [text, "a"]):
        limit = len([text, "a"][window.passage])
        assert all(begin <= end <= limit for begin, end in window.context_offsets)
        assert len(window.token_ids) <= SMALL.max_seq_tokens
        assert window.token_ids.dtype == np.int64


def test_a_giant_word_is_read_in_linear_time() -> None:
    """Two million letters or digits in a row are one unknown token, at once."""
    for text in ("a" * 2_000_000, "1" * 2_000_000):
        (window,) = WindowMaker(word_tokenizer("b"), SMALL).windows("b", [text])
        assert window.context_offsets == ((0, 2_000_000),)


def test_a_caption_is_seen_and_never_answered_from() -> None:
    """The caption stands before the passage in segment 1, outside the tokens of answers."""
    tokenizer = word_tokenizer("who leave policy ann")
    maker = WindowMaker(tokenizer, WindowConfig(max_caption_tokens=2))
    (window,) = maker.windows("who", ["ann"], ["leave policy leave"])
    tokens = [tokenizer.id_to_token(int(i)) for i in window.token_ids]
    assert tokens == ["[CLS]", "who", "[SEP]", "leave", "policy", "ann", "[SEP]"]
    assert window.type_ids.tolist() == [0, 0, 0, 1, 1, 1, 1]
    assert (window.context_start, window.context_offsets) == (5, ((0, 3),))


def test_a_json_key_is_no_answer() -> None:
    """Of a key and its value only the value may be an answer; a colon in prose is no key."""
    assert _edges('"peak": "ararat"') == ([False] * 4 + [True] * 3, [False] * 4 + [True] * 3)
    for prose in ("peak: ararat", 'The word is "peak": tell nobody.', 'one\n"two" "cat": three'):
        starts, ends = _edges(prose)
        assert all(starts) and all(ends)


@pytest.mark.parametrize(
    "text", ['{"a": 1, "b": 2}', '"a": 1, "b": 2', '{\r\n\t"a" : 1,\r\n\t"b": 2\r\n}']
)
def test_every_key_of_an_object_is_known(text: str) -> None:
    """On one line or on several, white space before it or not."""
    (window,) = WindowMaker(word_tokenizer(text), WindowConfig()).windows("a", [text])
    starting = [
        text[begin:end]
        for (begin, end), may in zip(window.context_offsets, window.may_start, strict=True)
        if may
    ]
    assert [word for word in starting if word.isalnum()] == ["1", "2"]


def test_keys_are_sought_in_linear_time() -> None:
    """A million blank lines, blanks, commas or quotation marks hold no key, at once."""
    maker = WindowMaker(word_tokenizer("b"), SMALL)
    for text in ("\n" * 1_000_000, " " * 1_000_000, "{" + "\n \t" * 300_000):
        assert len(maker.windows("b", [f"{text}b"])) == 1
