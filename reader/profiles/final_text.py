"""The text that run_squad and NeMo give for a span: words of the passage, cut by a heuristic.

Both split the passage at white space, and know of a token only which word it is in. From the words
of a span they cut what its tokens do not cover, by comparing characters. Where that fails the
whole words stay: "Lee's" where only "Lee" was meant.

Source: squad_metrics.py, get_final_text, described there in words.
"""

from collections.abc import Sequence

from tokenizers import decoders, normalizers, pre_tokenizers

from .types import PassageTokens

_WHITE = frozenset(" \t\r\n\u202f")
_SENTENCE_PIECE_SPACE, _BYTE_LEVEL_SPACE = "\u2581", "\u0120"


class WordTexts:
    """Gives the texts of spans in one passage."""

    def __init__(self, passage: PassageTokens, *, is_lower_casing: bool, drops_marks: bool) -> None:
        """Split the passage into words.

        Args:
            passage: with its tokens.
            is_lower_casing: whether words are compared after lower-casing.
            drops_marks: whether a span that begins inside a word is spelled without the mark that
                its first token has for it.
        """
        self._passage = passage
        self._words = _words(passage.text)
        self._word_at = _word_numbers(passage.text)
        self._basic = _BasicTokens(is_lower_casing=is_lower_casing)
        firsts = {piece[0] for piece in passage.pieces if piece}
        self._is_sentence_piece = _SENTENCE_PIECE_SPACE in firsts
        self._drops_marks = drops_marks
        self._is_byte_level = _BYTE_LEVEL_SPACE in firsts

    def of(self, start_token: int, end_token: int) -> tuple[str, int, int]:
        """Return the text of a span of tokens, and the range of the passage that it is from.

        Args:
            start_token: of the passage.
            end_token: inclusive.
        """
        first, last = self._word_of(start_token), self._word_of(end_token)
        words = self._words[first : last + 1]
        text = self._passage.text
        whole = " ".join(text[begin:end] for begin, end in words)
        wanted = self._spelled(self._passage.pieces[start_token : end_token + 1])
        begin, end = self._basic.find(wanted, whole)
        places = [at for word in words for at in [*range(*word), word[1]]]
        return whole[begin:end], places[begin], places[end - 1] + 1

    def _word_of(self, token: int) -> int:
        # A token of a sentence piece may begin with the white space before its word.
        following = self._word_at[self._passage.offsets[token][0] :]
        return next((word for word in following if word is not None), len(self._words) - 1)

    def _spelled(self, pieces: Sequence[str]) -> str:
        """Return tokens as running text."""
        if self._is_sentence_piece:
            text = "".join(pieces).replace(_SENTENCE_PIECE_SPACE, " ")
        elif self._is_byte_level:
            text = decoders.ByteLevel().decode(list(pieces))
        else:
            text = " ".join(pieces).replace(" ##", "")
            text = text.replace("##", "") if self._drops_marks else text
        return " ".join(text.split())


class _BasicTokens:
    """BERT's first step: punctuation apart, and lower case without accents if so wanted."""

    def __init__(self, *, is_lower_casing: bool) -> None:
        self._normalizer = normalizers.BertNormalizer(
            clean_text=True, handle_chinese_chars=True, lowercase=is_lower_casing
        )
        self._splitter = pre_tokenizers.BertPreTokenizer()

    def find(self, wanted: str, whole: str) -> tuple[int, int]:
        """Return the range of ``whole`` that spells ``wanted``; all of it where none is found."""
        split = self._splitter.pre_tokenize_str(self._normalizer.normalize_str(whole))
        spelled = " ".join(token for token, _ in split)
        at = spelled.find(wanted)
        seen, places = _without_spaces(spelled), _without_spaces(whole)
        if at < 0 or not wanted or len(seen) != len(places):
            return 0, len(whole)
        number = {place: number for number, place in enumerate(seen)}
        first, last = number.get(at), number.get(at + len(wanted) - 1)
        if first is None or last is None:
            return 0, len(whole)
        return places[first], places[last] + 1


def _words(text: str) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    begin = None
    for at, character in enumerate(text + " "):
        if character in _WHITE:
            if begin is not None:
                found.append((begin, at))
            begin = None
        elif begin is None:
            begin = at
    return found


def _word_numbers(text: str) -> list[int | None]:
    """Return for each character the number of its word, None for white space."""
    numbers: list[int | None] = [None] * len(text)
    for number, (begin, end) in enumerate(_words(text)):
        numbers[begin:end] = [number] * (end - begin)
    return numbers


def _without_spaces(text: str) -> list[int]:
    """Return the places of the characters that are no spaces."""
    return [at for at, character in enumerate(text) if character != " "]
