"""What holds of every rule, whatever the logits."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answerable.reader import PROFILES, ProfileName
from answerable.reader.profiles import RULES, CutQuestion, ReadQuestion, WindowScores, cut_question
from answerable.reader.profiles import slices as token_slices
from answerable.reader.spans import Logits
from answerable.reader.windows import Window, WindowConfig, WindowMaker
from tests.reader.scripted import word_tokenizer

TEXTS = ("Ann met (Tom)  Lee,\nnow.", "Tom was 27 days there", "a b c d e f g h i j k l m n o p")
MAKER = WindowMaker(word_tokenizer("who", *TEXTS), WindowConfig(max_seq_tokens=20))
names = pytest.mark.parametrize("name", list(PROFILES))


class _Random:
    """Logits from a seed, some of them moved by a constant."""

    def __init__(self, seed: int, shift: float = 0.0) -> None:
        self.seed = seed
        self.shift = shift

    def logits(self, windows: list[Window]) -> list[tuple[Logits, Logits]]:
        """Return the same for the same window."""
        return [self._of(window) for window in windows]

    def _of(self, window: Window) -> tuple[Logits, Logits]:
        rng = np.random.default_rng([self.seed, *map(int, window.token_ids)])
        both = rng.normal(0, 4, (2, len(window.token_ids))).astype(np.float32)
        return both[0] + np.float32(self.shift), both[1] + np.float32(self.shift)


def _cut(name: ProfileName) -> CutQuestion:
    return cut_question(MAKER, "who", TEXTS, PROFILES[name])


def _read(cut: CutQuestion, scorer: _Random) -> ReadQuestion:
    return cut.scored(WindowScores(scorer, [one.window for one in cut.windows]))  # type: ignore[arg-type]  # a list is given


@names
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6), may_abstain=st.booleans())
def test_an_answer_is_a_place_of_its_passage(
    name: ProfileName, seed: int, may_abstain: bool
) -> None:
    """Its range lies in the passage, its text is that range's but for white space, shares are shares."""
    profile = replace(PROFILES[name], may_abstain=may_abstain)
    decision = RULES[name](_read(_cut(name), _Random(seed)), profile)
    assert decision.best is not None and 0 <= decision.score <= 1
    assert decision.is_withheld <= may_abstain
    for entry in decision.n_best:
        assert 0 <= entry.score <= 1
        if entry.passage is not None:
            there = TEXTS[entry.passage][entry.start : entry.end]
            assert entry.text.split() == there.split() and entry.text
    scores = [entry.score for entry in decision.n_best]
    if name not in ("run_squad", "nemo", "run_qa"):
        assert scores == sorted(scores, reverse=True)
    else:
        assert sum(scores) == pytest.approx(1.0)
        assert sum(not entry.text for entry in decision.n_best) == may_abstain


@names
@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 10**6), shift=st.floats(-8, 8, width=16))
def test_a_constant_changes_only_the_rules_that_look_at_raw_logits(
    name: ProfileName, seed: int, shift: float
) -> None:
    """Softmaxes and differences do not feel what is added to all logits; Haystack's rules do."""
    profile = replace(PROFILES[name], may_abstain=True)
    cut = _cut(name)
    plain = RULES[name](_read(cut, _Random(seed)), profile)
    moved = RULES[name](_read(cut, _Random(seed, shift)), profile)
    assert plain.best is not None and moved.best is not None
    if name in ("hf", "openvino-demo", "run_squad", "nemo", "run_qa"):
        assert moved.best.text == plain.best.text or moved.best.score == pytest.approx(
            plain.best.score, abs=1e-3
        )
        assert moved.score == pytest.approx(plain.score, abs=1e-3)
    elif name == "haystack2" and abs(shift) > 1:
        assert (moved.best.score > plain.best.score) is (shift > 0)


@names
@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_the_best_is_that_of_all_pairs(name: ProfileName, seed: int) -> None:
    """Looking at every pair of every window finds none with a greater score."""
    profile = PROFILES[name]
    question = _read(_cut(name), _Random(seed))
    best = RULES[name](question, profile).best
    assert best is not None
    longest = profile.max_answer_tokens or 1000
    sums = [
        float(read.start_logits[i]) + float(read.end_logits[j])
        for read in question.windows
        for i in range(read.context.start, read.context.stop)
        for j in range(i, min(read.context.stop, i + longest))
        if not profile.keeps_best_context or read.sees_most[i - read.context.start]
    ]
    found = best.start_logit + best.end_logit
    if name in ("haystack2", "run_qa", "run_squad", "nemo"):
        assert found == pytest.approx(max(sums), abs=1e-4)
    else:
        assert found <= max(sums) + 1e-4


@given(n_tokens=st.integers(1, 60), room=st.integers(2, 20), stride=st.integers(1, 25))
def test_windows_cover_a_passage(n_tokens: int, room: int, stride: int) -> None:
    """Every token is in some window, and none is longer than the room; halves may miss short ones."""
    for kind in ("step", "overlap", "half"):
        profile = replace(PROFILES["run_qa"], stride_is=kind, stride_tokens=stride)
        held = token_slices(n_tokens, room, profile)
        assert all(0 < len(tokens) <= room for tokens in held)
        covered = {token for tokens in held for token in tokens}
        if kind != "half" or n_tokens >= room // 2:
            assert covered == set(range(n_tokens))
        else:
            assert covered == set()


def test_each_distinct_window_is_scored_once() -> None:
    """All rules together need no more than the distinct windows, whatever filling they ask for."""
    scored: list[Window] = []

    class Counting(_Random):
        def logits(self, windows: list[Window]) -> list[tuple[Logits, Logits]]:
            scored.extend(windows)
            return super().logits(windows)

    cuts = [cut_question(MAKER, "who", ["Ann met Tom"], one) for one in PROFILES.values()]
    windows = [one.window for cut in cuts for one in cut.windows]
    scores = WindowScores(Counting(1), windows)  # type: ignore[arg-type]  # a list is given
    # One with segments, at the longest filling, and one without for Haystack 2.
    assert len(scored) == 2
    assert max(len(window.token_ids) for window in scored) == 20
    assert all(len(scores.of(window)[0]) == len(window.token_ids) for window in windows)
