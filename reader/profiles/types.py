"""What a decision rule takes and returns: tokens, windows with their logits, and a decision.

Offsets are half-open code-point offsets into the passage.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ..spans import Logits
from ..windows import Window

ProfileName = Literal[
    "openvino-demo", "nemo", "run_squad", "run_qa", "haystack1", "haystack2", "hf"
]
Stride = Literal["step", "overlap", "half"]


@dataclass(frozen=True, slots=True)
class Profile:
    """How one system reads and decides; its own defaults, any of which may be replaced.

    Attributes:
        max_seq_tokens: longest window, special tokens included; never above the model's own.
        max_question_tokens: a longer question is cut at its end.
        stride_tokens: how windows follow one another, by ``stride_is``.
        stride_is: ``step`` is the distance of two windows, ``overlap`` what they share; ``half``
            steps by half a window, and stops before a window of less than that.
        max_answer_tokens: None for a system that knows no longest answer.
        n_best: candidates kept; for some rules a part of the decision.
        null_threshold: what null odds must exceed to withhold the answer, on the rule's scale.
        may_abstain: whether "no answer" can win.
        abstains_by_data: the system is told whether it can, by what the data is.
        is_padded: windows are filled up to the longest; where a softmax runs over all positions,
            the filling takes its share of it.
        has_segments: the model is told which tokens are the passage's.
        reads_lower_case: the passage is lower-cased before its tokens are found.
        lower_case: whether texts are compared after lower-casing; None for as the tokenizer does.
        keeps_best_context: an answer counts only in the window that sees most around its start.
    """

    name: ProfileName
    max_seq_tokens: int
    max_question_tokens: int
    stride_tokens: int
    stride_is: Stride
    max_answer_tokens: int | None
    n_best: int
    null_threshold: float = 0.0
    may_abstain: bool = True
    abstains_by_data: bool = False
    is_padded: bool = False
    has_segments: bool = True
    reads_lower_case: bool = False
    lower_case: bool | None = None
    keeps_best_context: bool = False


@dataclass(frozen=True, slots=True)
class PassageTokens:
    """A passage and its tokens, without special ones.

    Attributes:
        text: as stored.
        pieces: the tokens as the vocabulary writes them.
        offsets: the range of each token.
        words: number of the word that each token belongs to, as the tokenizer splits words; None
            where it knows none.
    """

    text: str
    ids: tuple[int, ...]
    pieces: tuple[str, ...]
    offsets: tuple[tuple[int, int], ...]
    words: tuple[int | None, ...]

    def whole_words(self, start_token: int, end_token: int, seen: range) -> tuple[int, int]:
        """Return the range of a span widened to whole words, as far as ``seen`` shows them.

        Args:
            start_token: of the passage.
            end_token: inclusive.
            seen: the tokens that count.
        """
        first, last = start_token, end_token
        while first > seen.start and self._joins(first - 1, first):
            first -= 1
        while last + 1 < seen.stop and self._joins(last, last + 1):
            last += 1
        return self.offsets[first][0], self.offsets[last][1]

    def _joins(self, token: int, following: int) -> bool:
        word = self.words[token]
        return word is not None and word == self.words[following]


@dataclass(frozen=True, slots=True)
class ReadWindow:
    """A window with what the model said of it.

    Attributes:
        window: what the model saw.
        first_token: of the passage, the token that the window's slice begins with.
        start_logits: (n_tokens,) float32, padding included where the model can overlook it.
        end_logits: likewise.
        sees_most: whether this window sees most around the token, for each of its slice.
    """

    window: Window
    first_token: int
    start_logits: Logits
    end_logits: Logits
    sees_most: tuple[bool, ...]

    @property
    def context(self) -> slice:
        """The positions of the passage's tokens."""
        begin = self.window.context_start
        return slice(begin, begin + len(self.window.context_offsets))


@dataclass(frozen=True, slots=True)
class ReadQuestion:
    """All that a rule decides on: passages, and every window of theirs in order.

    Attributes:
        is_lower_casing: whether the model's tokenizer lower-cases.
    """

    passages: tuple[PassageTokens, ...]
    windows: tuple[ReadWindow, ...]
    is_lower_casing: bool


@dataclass(frozen=True, slots=True)
class ProfileAnswer:
    """One entry of a rule's n-best list.

    Attributes:
        text: as the system gives it; empty for "no answer".
        score: as the system reports it: the docs say what it is, and what not.
        passage: position of its passage; None for "no answer", and for a filler that stands in
            no passage.
        start: of the place in the passage that the text is from.
        end: likewise.
        start_logit: raw, of the first token; of "no answer" that of position 0.
        end_logit: raw, of the last token.
    """

    text: str
    score: float
    passage: int | None
    start: int
    end: int
    start_logit: float
    end_logit: float


@dataclass(frozen=True, slots=True)
class ProfileDecision:
    """What a system would have answered.

    Attributes:
        profile: the rule.
        best: the best answer, given or not; None where there was nothing to choose from.
        is_withheld: whether "no answer" won.
        score: of what was decided, as the system reports it.
        null_odds: higher for "no answer", on the rule's own scale; None for a rule without.
        n_best: best first, "no answer" among them where the system lists it.
    """

    profile: ProfileName
    best: ProfileAnswer | None
    is_withheld: bool
    score: float
    null_odds: float | None
    n_best: tuple[ProfileAnswer, ...]

    @property
    def answer(self) -> ProfileAnswer | None:
        """The answer given; None for "no answer"."""
        return None if self.is_withheld else self.best


Rule = Callable[[ReadQuestion, Profile], ProfileDecision]
