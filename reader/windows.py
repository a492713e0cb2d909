"""Windows: what the model sees of a question and a passage.

A window is ``[CLS] question [SEP] caption passage slice [SEP]``, with segment 1
from the caption on; ``token_layout`` knows other models' special tokens. The
caption, a passage's title and headings, tells what the passage is about; no
answer is taken from it. A passage longer than one window is read in overlapping
ones, so that every span of the longest answer lies whole in some window.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from tokenizers import Encoding, Tokenizer

from answerable.index import Passage, without_surrogates

from .spans import Logits
from .token_layout import continues_word, pair_layout, token_places

# Numbers such as 2.7.9 or 1,500 and names such as IGNORE_CASE: many tokens, one word. The
# look-behinds begin each run of characters once, which keeps the search linear.
_UNCUT = re.compile(r"(?<!\d)\d++(?:[.,:]\d++)+|(?<!\w)(?=\w*_)\w+")
# A JSON key names what its value answers: no answer is taken from it. It begins a line, or comes
# after a brace or a comma; in prose a colon may follow any quotation.
_JSON_KEY = re.compile(r'(?:^|[{,])[^\S\n]*+("[^"\n]{1,100}"\s{0,4}:)', re.MULTILINE)
_LONGEST_UNCUT = 100  # characters; WordPiece takes a longer word as one unknown token anyway


@dataclass(frozen=True, slots=True)
class WindowConfig:
    """Lengths of a window, in tokens.

    Half of every window is for the passage, however short the window and long the question.

    Attributes:
        max_seq_tokens: the whole window, special tokens included; at least 8.
        max_question_tokens: a longer question is cut at its end.
        max_caption_tokens: likewise a longer caption.
        window_overlap_tokens: passage tokens that neighbouring windows share, half of them at
            most; at least the longest answer, or an answer on a border is never seen whole.
    """

    max_seq_tokens: int = 384
    max_question_tokens: int = 64
    max_caption_tokens: int = 48
    window_overlap_tokens: int = 128


@dataclass(frozen=True, slots=True)
class Window:
    """One model input and the way back from its tokens to the passage.

    Attributes:
        passage: position of the passage in the list that was read.
        token_ids: (n_tokens,) int64.
        type_ids: (n_tokens,) int64; 1 from the caption on.
        context_start: position of the first token of the passage slice.
        context_offsets: code-point range in the passage of each context token.
        may_start: (n_context,) bool; an answer may begin at the token.
        may_end: (n_context,) bool; an answer may end with the token.
        n_padding: tokens at the end that only fill the window up, and are masked.
    """

    passage: int
    token_ids: npt.NDArray[np.int64]
    type_ids: npt.NDArray[np.int64]
    context_start: int
    context_offsets: tuple[tuple[int, int], ...]
    may_start: npt.NDArray[np.bool_]
    may_end: npt.NDArray[np.bool_]
    n_padding: int = 0


class WindowScorer(Protocol):
    """Scores windows: the ONNX session, or a script in tests."""

    def logits(self, windows: Sequence[Window]) -> list[tuple[Logits, Logits]]:
        """Return start and end logits, each (n_tokens,) float32, of every window in order."""
        ...


def caption_of(passage: Passage) -> str:
    """Say what a passage is about: its document's title and its headings, each once."""
    names = dict.fromkeys([passage.title, *passage.heading.split(" > ")])
    return " ".join(f"{name}." for name in names if name)


class WindowMaker:
    """Cuts windows with a model's own tokenizer."""

    def __init__(self, tokenizer: Tokenizer, config: WindowConfig) -> None:
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self._tokenizer = tokenizer
        self._config = config
        self._layout = pair_layout(tokenizer)

    @property
    def tokenizer(self) -> Tokenizer:
        """The model's own."""
        return self._tokenizer

    @property
    def config(self) -> WindowConfig:
        """Lengths of its windows."""
        return self._config

    @property
    def special_tokens(self) -> tuple[int, tuple[int, ...], int]:
        """Ids of the first token, of those between question and passage, and of the last."""
        return self._layout.first, self._layout.between, self._layout.last

    @property
    def padding_id(self) -> int:
        """Id of the token that fills windows up."""
        known = (self._tokenizer.token_to_id(token) for token in ("[PAD]", "<pad>"))
        return next((id_ for id_ in known if id_ is not None), 0)

    def windows(
        self, question: str, passages: Sequence[str], captions: Sequence[str] = ()
    ) -> list[Window]:
        """Return every window of every passage, in order; none for a passage without tokens.

        Args:
            question: what is asked.
            passages: the texts to read.
            captions: one for each passage, or none at all.
        """
        config = self._config
        n_special = len(self._layout.between) + 2
        spare = config.max_seq_tokens - n_special - config.max_seq_tokens // 2
        question_ids = self._encode([question])[0].ids[: min(config.max_question_tokens, spare)]
        n_caption = min(config.max_caption_tokens, spare - len(question_ids))
        caption_ids = [
            encoded.ids[:n_caption] for encoded in self._encode(captions or [""] * len(passages))
        ]
        return [
            window
            for position, passage in enumerate(self._encode(passages))
            for window in self._of_passage(
                [self._layout.first, *question_ids, *self._layout.between],
                caption_ids[position],
                position,
                passage,
                passages[position],
            )
        ]

    def _encode(self, texts: Sequence[str]) -> list[Encoding]:
        plain = [without_surrogates(text) for text in texts]
        encoded: list[Encoding] = self._tokenizer.encode_batch(plain, add_special_tokens=False)
        return encoded

    def _of_passage(
        self, asked: list[int], caption: list[int], position: int, passage: Encoding, text: str
    ) -> Iterator[Window]:
        head = [*asked, *caption]
        room = self._config.max_seq_tokens - len(head) - 1
        step = room - min(self._config.window_overlap_tokens, room // 2)
        places = token_places(self._tokenizer, passage, text)
        continues = continues_word(self._tokenizer, passage, places, text)
        may_start, may_end = _answer_edges(places, continues, text)
        for begin in range(0, len(passage.ids), step):
            end = min(begin + room, len(passage.ids))
            ids = [*head, *passage.ids[begin:end], self._layout.last]
            type_ids = np.zeros(len(ids), dtype=np.int64)
            type_ids[len(asked) :] = 1
            yield Window(
                passage=position,
                token_ids=np.array(ids, dtype=np.int64),
                type_ids=type_ids,
                context_start=len(head),
                context_offsets=tuple(places[begin:end]),
                may_start=may_start[begin:end],
                may_end=may_end[begin:end],
            )
            if end == len(passage.ids):
                return


def _answer_edges(
    places: Sequence[tuple[int, int]], continues: Sequence[bool], text: str
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Tell which tokens may begin and which may end an answer.

    None that would cut a word in two, none that is white space alone, and none of a JSON key.
    """
    inside = {
        at
        for match in _UNCUT.finditer(text)
        if match.end() - match.start() <= _LONGEST_UNCUT
        for at in range(match.start() + 1, match.end())
    }
    keys = {at for match in _JSON_KEY.finditer(text) for at in range(*match.span(1))}
    starts = [
        begin < end and not continued and begin not in inside and begin not in keys
        for continued, (begin, end) in zip(continues, places, strict=True)
    ]
    ends = [
        begin < end and not continued and end not in inside and begin not in keys
        for continued, (begin, end) in zip([*continues, False][1:], places, strict=True)
    ]
    return np.array(starts, dtype=np.bool_), np.array(ends, dtype=np.bool_)
