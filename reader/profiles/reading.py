"""One reading for any number of rules: tokens, windows, and each distinct window scored once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from tokenizers import Tokenizer

from answerable.index import ModelFolderInvalid, without_surrogates

from ..spans import Logits
from ..windows import Window, WindowMaker
from .types import PassageTokens, Profile, ReadQuestion, ReadWindow


class Scorer(Protocol):
    """Scores windows: the session of a reader."""

    def logits(self, windows: Sequence[Window]) -> list[tuple[Logits, Logits]]:
        """Return start and end logits, each (n_tokens,) float32, of every window in order.

        Those of a model that has no mask are shorter by the padding.
        """
        ...


@dataclass(frozen=True, slots=True)
class CutWindow:
    """A window before it is scored; attributes as of ``ReadWindow``."""

    window: Window
    first_token: int
    sees_most: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class CutQuestion:
    """A question as a profile cuts it; attributes as of ``ReadQuestion``."""

    passages: tuple[PassageTokens, ...]
    windows: tuple[CutWindow, ...]
    is_lower_casing: bool

    def scored(self, scores: "WindowScores") -> ReadQuestion:
        """Return the same with the logits of its windows."""
        windows = tuple(
            ReadWindow(cut.window, cut.first_token, *scores.of(cut.window), cut.sees_most)
            for cut in self.windows
        )
        return ReadQuestion(self.passages, windows, self.is_lower_casing)


class WindowScores:
    """Logits of windows, each distinct one scored once.

    Two windows are one where their tokens and segments are, whatever they are filled up with:
    what stands behind the last token is masked, and changes no other logit but by rounding. It is
    run at the longest filling that anybody asks for.
    """

    def __init__(self, scorer: Scorer, windows: Sequence[Window]) -> None:
        """Score the windows.

        Args:
            scorer: the model.
            windows: of any number of profiles.
        """
        longest: dict[tuple[bytes, bytes], Window] = {}
        for window in windows:
            kept = longest.setdefault(_key(window), window)
            if window.n_padding > kept.n_padding:
                longest[_key(window)] = window
        scored = scorer.logits(list(longest.values()))
        self._logits = dict(zip(longest, scored, strict=True))

    def of(self, window: Window) -> tuple[Logits, Logits]:
        """Return start and end logits of a window, (n_tokens,) float32 each."""
        start_logits, end_logits = self._logits[_key(window)]
        n_tokens = len(window.token_ids)
        return start_logits[:n_tokens], end_logits[:n_tokens]

    def logits(self, windows: Sequence[Window]) -> list[tuple[Logits, Logits]]:
        """Return those of several windows, as a scorer does."""
        return [self.of(window) for window in windows]


def cut_question(
    maker: WindowMaker, question: str, passages: Sequence[str], profile: Profile
) -> CutQuestion:
    """Cut passages into windows as a profile's system does.

    Args:
        maker: of the model; its own longest window is a limit for the profile's.
        question: what is asked.
        passages: the texts to read.
        profile: whose windows.
    """
    longest = min(profile.max_seq_tokens, maker.config.max_seq_tokens)
    tokens = tuple(
        passage_tokens(maker.tokenizer, passage, is_lowered=profile.reads_lower_case)
        for passage in passages
    )
    asked = maker.tokenizer.encode(without_surrogates(question), add_special_tokens=False).ids
    asked = asked[: min(profile.max_question_tokens, longest // 2)]
    windows = tuple(
        cut
        for position, one in enumerate(tokens)
        for cut in _windows(maker, asked, position, one, replace(profile, max_seq_tokens=longest))
    )
    is_lower_casing = profile.lower_case
    if is_lower_casing is None:
        is_lower_casing = lower_cases(maker.tokenizer)
    return CutQuestion(tokens, windows, is_lower_casing)


def passage_tokens(tokenizer: Tokenizer, text: str, *, is_lowered: bool = False) -> PassageTokens:
    """Return the tokens of a passage.

    Args:
        tokenizer: the model's.
        text: as stored.
        is_lowered: lower-case the text first; the offsets are then those of the lower-cased
            text, as in the OpenVINO demo, and drift where that is longer.
    """
    read = without_surrogates(text)
    encoding = tokenizer.encode(read.lower() if is_lowered else read, add_special_tokens=False)
    return PassageTokens(
        text=text,
        ids=tuple(encoding.ids),
        pieces=tuple(encoding.tokens),
        offsets=tuple(encoding.offsets),
        words=tuple(encoding.word_ids),
    )


def slices(n_tokens: int, room: int, profile: Profile) -> list[range]:
    """Return which tokens of a passage each window holds.

    Args:
        n_tokens: of the passage.
        room: tokens of the passage that fit into one window.
        profile: whose stride.
    """
    if profile.stride_is == "half":
        return list(_by_halves(n_tokens, room))
    step = profile.stride_tokens if profile.stride_is == "step" else room - profile.stride_tokens
    step = max(1, min(step, room))
    found = []
    for begin in range(0, n_tokens, step):
        found.append(range(begin, min(begin + room, n_tokens)))
        if begin + room >= n_tokens:
            break
    return found


def _by_halves(n_tokens: int, room: int) -> Iterator[range]:
    """Yield windows as Model API's ContextWindow does: none for less than half a window.

    A passage shorter than that has none at all, and so no answer.
    """
    step = max(1, room // 2)
    begin, end = 0, min(room, n_tokens)
    while end - begin >= step:
        yield range(begin, end)
        begin = min(begin + step, n_tokens)
        end = min(begin + room, n_tokens)


def _windows(
    maker: WindowMaker,
    asked: Sequence[int],
    position: int,
    passage: PassageTokens,
    profile: Profile,
) -> Iterator[CutWindow]:
    first, between, last = maker.special_tokens
    head = [first, *asked, *between]
    room = max(1, profile.max_seq_tokens - len(head) - 1)
    held = slices(len(passage.ids), room, profile)
    best = _sees_most(held) if profile.keeps_best_context else {}
    for number, tokens in enumerate(held):
        ids = [*head, *passage.ids[tokens.start : tokens.stop], last]
        n_padding = max(0, profile.max_seq_tokens - len(ids)) if profile.is_padded else 0
        type_ids = np.zeros(len(ids) + n_padding, dtype=np.int64)
        if profile.has_segments:
            type_ids[len(head) : len(ids)] = 1
        everywhere = np.ones(len(tokens), dtype=np.bool_)
        window = Window(
            passage=position,
            token_ids=np.array([*ids, *[maker.padding_id] * n_padding], dtype=np.int64),
            type_ids=type_ids,
            context_start=len(head),
            context_offsets=passage.offsets[tokens.start : tokens.stop],
            may_start=everywhere,
            may_end=everywhere,
            n_padding=n_padding,
        )
        sees_most = tuple(best.get(token, number) == number for token in tokens)
        yield CutWindow(window, tokens.start, sees_most)


def _sees_most(held: Sequence[range]) -> dict[int, int]:
    """Return for each token the window that sees most around it; the earlier of equal ones.

    Source: run_squad.py: the least of the contexts to its left and right, and a hundredth of
        the window's length.
    """
    best: dict[int, tuple[float, int]] = {}
    for number, tokens in enumerate(held):
        for token in tokens:
            least = min(token - tokens.start, tokens.stop - 1 - token)
            score = least + 0.01 * len(tokens)
            if token not in best or score > best[token][0]:
                best[token] = (score, number)
    return {token: number for token, (_, number) in best.items()}


def check_case(profile: Profile, tokenizer: Tokenizer) -> None:
    """Refuse to take a cased model for an uncased one.

    Raises:
        ModelFolderInvalid: the profile lower-cases, and the tokenizer does not.
    """
    if profile.lower_case and not lower_cases(tokenizer):
        raise ModelFolderInvalid(
            "the model's tokenizer keeps upper case: leave do_lower_case out, or take an uncased model"
        )


def lower_cases(tokenizer: Tokenizer) -> bool:
    """Whether a tokenizer makes no difference between upper and lower case."""
    upper, lower = tokenizer.encode_batch(["ABC", "abc"], add_special_tokens=False)
    same: bool = upper.ids == lower.ids
    return same


def _key(window: Window) -> tuple[bytes, bytes]:
    n_tokens = len(window.token_ids) - window.n_padding
    return window.token_ids[:n_tokens].tobytes(), window.type_ids[:n_tokens].tobytes()
