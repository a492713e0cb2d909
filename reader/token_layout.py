"""How a model's tokenizer joins two texts, and where its tokens begin and end words.

BERT and its kin write ``[CLS] a [SEP] b [SEP]``, RoBERTa and its kin ``<s> a </s></s> b </s>``.
Word pieces say themselves that they continue a word; pieces of other tokenizers carry the white
space before them, which is no part of an answer. Marks that a tokenizer drops, as accents written
apart from their letters, belong to the token that they stand on.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from tokenizers import Encoding, Tokenizer, models

from answerable.index import ModelFolderInvalid

_LAYOUTS = (("[CLS]", "[SEP]", 1), ("<s>", "</s>", 2))
_WORD_PIECE_CONTINUES = "##"
_JOINER = "\N{ZERO WIDTH JOINER}"  # makes one sign of two, and is no letter either
# Scripts whose words stand without white space between them: a token may begin anywhere.
_UNSPACED = ((0x0E00, 0x0FFF), (0x3040, 0x30FF), (0x3400, 0x9FFF), (0xF900, 0xFAFF))


@dataclass(frozen=True, slots=True)
class PairLayout:
    """The special tokens around a question and what follows it.

    Attributes:
        first: id of the token that begins a window.
        between: ids between question and passage.
        last: id of the token that ends a window.
    """

    first: int
    between: tuple[int, ...]
    last: int


def pair_layout(tokenizer: Tokenizer) -> PairLayout:
    """Return how a tokenizer's model wants a question and a passage joined.

    Raises:
        ModelFolderInvalid: it has the special tokens of neither kind.
    """
    for first, separator, n_between in _LAYOUTS:
        first_id, separator_id = tokenizer.token_to_id(first), tokenizer.token_to_id(separator)
        if first_id is not None and separator_id is not None:
            return PairLayout(first_id, (separator_id,) * n_between, separator_id)
    raise ModelFolderInvalid(
        "the tokenizer has neither [CLS] and [SEP] nor <s> and </s>: it is of no known reader"
    )


def token_places(tokenizer: Tokenizer, encoding: Encoding, text: str) -> list[tuple[int, int]]:
    """Return the code-point range of each token.

    Without the white space that it carries, and with the marks after it that the tokenizer drops.
    """
    places: list[tuple[int, int]] = encoding.offsets
    if not isinstance(tokenizer.model, models.WordPiece):
        places = [_trimmed(text, begin, end) for begin, end in places]
    return places if text.isascii() else _with_marks(text, places)


def continues_word(
    tokenizer: Tokenizer, encoding: Encoding, places: Sequence[tuple[int, int]], text: str
) -> list[bool]:
    """Tell of each token whether a word that began in the token before it goes on in it."""
    if isinstance(tokenizer.model, models.WordPiece):
        return [token.startswith(_WORD_PIECE_CONTINUES) for token in encoding.tokens]
    before = [0, *(end for _, end in places)]
    return [
        begin < previous or (begin > 0 and _is_joined(text[begin - 1], text[begin : begin + 1]))
        for (begin, _), previous in zip(places, before, strict=False)
    ]


def _trimmed(text: str, begin: int, end: int) -> tuple[int, int]:
    while begin < end and text[begin].isspace():
        begin += 1
    return begin, end


def _with_marks(text: str, places: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Let each token have the marks that follow it, as far as the next token begins."""
    limits = [*(begin for begin, _ in places[1:]), len(text)]
    return [
        (begin, _end_of_marks(text, end, limit) if begin < end else end)
        for (begin, end), limit in zip(places, limits, strict=False)
    ]


def _end_of_marks(text: str, end: int, limit: int) -> int:
    while end < limit and _is_mark(text[end]):
        end += 1
    return end


def _is_mark(character: str) -> bool:
    return character == _JOINER or unicodedata.category(character).startswith("M")


def _is_joined(left: str, right: str) -> bool:
    return left.isalnum() and right.isalnum() and not (_is_unspaced(left) or _is_unspaced(right))


def _is_unspaced(character: str) -> bool:
    return any(low <= ord(character) <= high for low, high in _UNSPACED)
