"""Span search against brute force over all pairs."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from answerable.reader.spans import TokenSpan, best_token_spans

Case = tuple[list[float], list[float], list[bool], list[bool], list[bool]]

QUARTERS = st.integers(-40, 40).map(lambda n: n / 4)  # exact in float32, and ties happen


@st.composite
def _cases(
    draw: st.DrawFn,
) -> Case:
    n = draw(st.integers(1, 14))
    return (
        draw(st.lists(QUARTERS, min_size=n, max_size=n)),
        draw(st.lists(QUARTERS, min_size=n, max_size=n)),
        draw(st.lists(st.booleans(), min_size=n, max_size=n)),
        draw(st.lists(st.booleans(), min_size=n, max_size=n)),
        draw(st.lists(st.booleans(), min_size=n, max_size=n)),
    )


@given(case=_cases(), longest=st.integers(1, 16), n_best=st.integers(1, 20))
def test_equals_brute_force(
    case: Case,
    longest: int,
    n_best: int,
) -> None:
    """Every valid pair is considered and the best are returned in order, ties included."""
    starts, ends, starts_allowed, ends_allowed, has_content = case
    every = [
        TokenSpan(i, j, starts[i] + ends[j])
        for i in range(len(starts))
        for j in range(i, min(i + longest, len(ends)))
        if starts_allowed[i] and ends_allowed[j] and any(has_content[i : j + 1])
    ]
    every.sort(key=lambda span: (-span.score, span.start_token, span.end_token))
    found = best_token_spans(
        np.array(starts, dtype=np.float32),
        np.array(ends, dtype=np.float32),
        starts_allowed=np.array(starts_allowed),
        ends_allowed=np.array(ends_allowed),
        has_content=np.array(has_content),
        max_answer_tokens=longest,
        n_best=n_best,
    )
    assert found == every[:n_best]


def test_nothing_to_search() -> None:
    """No tokens, or no spans wanted, give no spans."""
    none, some = np.zeros(0, dtype=np.float32), np.zeros(3, dtype=np.float32)
    allowed = np.ones(3, dtype=np.bool_)
    for logits, mask, n_best in ((none, allowed[:0], 5), (some, allowed, 0)):
        assert (
            best_token_spans(
                logits,
                logits,
                starts_allowed=mask,
                ends_allowed=mask,
                has_content=mask,
                max_answer_tokens=5,
                n_best=n_best,
            )
            == []
        )


@given(
    case=_cases(),
    odd=st.dictionaries(st.integers(0, 13), st.sampled_from([np.nan, np.inf, -np.inf]), min_size=1),
)
def test_what_is_no_number_hides_nothing_else(case: Case, odd: dict[int, float]) -> None:
    """A token whose logits are no finite numbers is as one that is not allowed."""
    starts, ends, starts_allowed, ends_allowed, has_content = (np.array(one) for one in case)
    starts, ends = starts.astype(np.float32), ends.astype(np.float32)
    is_odd = np.array([place in odd for place in range(len(starts))])
    values = np.array([odd.get(place, 0.0) for place in range(len(starts))], dtype=np.float32)
    given_odd, without = (
        best_token_spans(
            np.where(is_odd, value, starts),
            np.where(is_odd, value, ends),
            starts_allowed=starts_allowed & allowed,
            ends_allowed=ends_allowed & allowed,
            has_content=has_content,
            max_answer_tokens=8,
            n_best=5,
        )
        for value, allowed in ((values, np.ones_like(is_odd)), (np.zeros_like(values), ~is_odd))
    )
    assert given_odd == without
