"""The shortcuts of word search against adding up everything."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answerable.index.bm25 import term_weight
from answerable.index.storage import lexical
from answerable.index.storage.lexical import Ranking, View, rank
from answerable.index.storage.segments import Mask, Segment
from answerable.index.storage.subsets import Ordinals, Subset
from answerable.index.storage.word_index import Part

# Shares of the passages that hold each term, from a stop word to a name.
SHARES = (0.9, 0.5, 0.2, 0.05, 0.01, 0.001, 0.0)
TERMS = tuple(range(1, len(SHARES) + 1))


def _segment(rng: np.random.Generator, n: int, first_id: int) -> Segment:
    lists = [np.flatnonzero(rng.random(n) < share).astype(np.uint32) for share in SHARES]
    held = [(term, ordinals) for term, ordinals in zip(TERMS, lists, strict=True) if len(ordinals)]
    ordinals = np.concatenate([np.empty(0, np.uint32), *(o for _, o in held)])
    return Segment(
        passage_ids=np.arange(first_id, first_id + n, dtype=np.int64),
        document_ids=np.arange(first_id, first_id + n, dtype=np.int64),
        terms=np.array([term for term, _ in held], np.uint64),
        starts=np.cumsum([0, *(len(o) for _, o in held)]),
        ordinals=ordinals,
        # Few levels, so that there are many equal totals.
        impacts=rng.integers(1, 4, len(ordinals)).astype(np.uint8) * np.uint8(60),
    )


def _mask(rng: np.random.Generator, n: int, share: float) -> Mask:
    mask: Mask = rng.random(n) < share
    return mask


def _added_up(views: Sequence[View], terms: Mapping[int, int], k: int) -> Ranking:
    """Return the ranking by the definition: every list, every passage, one sort."""
    n_seen = sum(view.seen.n for view in views)
    weights: dict[int, int] = {}
    totals: dict[int, int] = {}
    for term in terms:
        held = []
        n_with_term = 0
        for view in views:
            segment = view.part.segment
            for place in np.flatnonzero(segment.terms == term):
                part = slice(segment.starts[place], segment.starts[place + 1])
                held.append((view, segment.ordinals[part], segment.impacts[part]))
                n_with_term += int(np.isin(segment.ordinals[part], view.seen.members).sum())
        if n_with_term:
            weights[term] = term_weight(n_seen, n_with_term)
            for view, ordinals, impacts in held:
                wanted = set(view.wanted.members.tolist())
                for ordinal, impact in zip(ordinals.tolist(), impacts.tolist(), strict=True):
                    if ordinal in wanted:
                        id_ = int(view.part.segment.passage_ids[ordinal])
                        totals[id_] = totals.get(id_, 0) + impact * weights[term] * terms[term]
    best = sorted(totals.items(), key=lambda item: (-item[1], item[0]))
    return Ranking(weights, best[:k])


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    sizes=st.lists(st.sampled_from((0, 1, 300, 5_000)), min_size=1, max_size=3),
    terms=st.dictionaries(st.sampled_from(TERMS), st.integers(1, 3), max_size=5),
    k=st.sampled_from((1, 3, 10, 60)),
    seen=st.sampled_from((None, 1.0, 0.99, 0.5, 0.02)),
    wanted=st.sampled_from((None, 0.9, 0.3, 0.01, 0.0)),
    block=st.sampled_from((4, 256)),
)
def test_shortcuts_find_what_adding_up_everything_finds(
    seed: int,
    sizes: list[int],
    terms: dict[int, int],
    k: int,
    seen: float | None,
    wanted: float | None,
    block: int,
) -> None:
    """Whatever is visible and asked for, the best k and the weights are exact."""
    rng = np.random.default_rng(seed)
    views = []
    for number, size in enumerate(sizes):
        may_see = None if seen is None else _mask(rng, size, seen)
        asked = may_see
        if wanted is not None:
            asked = _mask(rng, size, wanted) & (True if may_see is None else may_see)
        part = Part(_segment(rng, size, 1 + 10_000 * number))
        views.append(View(part, Subset(size, may_see), Subset(size, asked)))
    with pytest.MonkeyPatch.context() as small:
        small.setattr(lexical, "BLOCK", block)
        assert rank(views, terms, k) == _added_up(views, terms, k)


def test_common_words_are_looked_up_for_the_best_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once no other passage can win, the list of a common word is not added as a whole."""
    looked_up = []
    look_up = lexical._look_up

    def noted(one: lexical._List, ordinals: Ordinals, totals: lexical.Totals) -> None:
        looked_up.append((len(one.ordinals), len(ordinals)))
        look_up(one, ordinals, totals)

    monkeypatch.setattr(lexical, "_look_up", noted)
    n, terms = 50_000, {1: 1, 4: 1, 5: 1}
    whole = Subset(n, None)
    views = [View(Part(_segment(np.random.default_rng(1), n, 1)), whole, whole)]
    assert rank(views, terms, 3) == _added_up(views, terms, 3)
    assert any(n_list > 40_000 and n_candidates < 1_000 for n_list, n_candidates in looked_up)
