"""Iterators in threads: order, bounds, errors, and an end at any time."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answerable.index import AnswerableError
from answerable.index.pipeline import Budget, Pipeline, Stopped


@settings(deadline=None, max_examples=30)  # threads wait for their turn on a busy machine
@given(items=st.lists(st.integers(), max_size=30), most=st.integers(1, 4))
def test_two_stages_keep_the_order(items: list[int], most: int) -> None:
    """What comes out is what went in, through as many stages as there are."""
    with Pipeline() as pipeline:
        doubled = (2 * item for item in pipeline.ahead(items, most))
        assert list(pipeline.ahead(doubled, most)) == [2 * item for item in items]


def test_a_stage_is_no_further_ahead_than_it_may() -> None:
    """With room for three, the fourth is made, and waits until one is taken."""
    made: list[int] = []
    is_full = threading.Event()

    def numbers() -> Iterator[int]:
        for number in count():
            made.append(number)
            if number == 4:
                is_full.set()
            yield number

    with Pipeline() as pipeline:
        items = pipeline.ahead(numbers(), 3)
        assert next(items) == 0
        assert is_full.wait(10)
    assert made == [0, 1, 2, 3, 4]


def test_an_error_comes_after_what_was_made_before_it() -> None:
    """The error of a stage is raised, itself, where its items are taken."""

    def failing() -> Iterator[int]:
        yield 1
        raise AnswerableError("the second")

    with Pipeline() as pipeline:
        items = pipeline.ahead((2 * item for item in pipeline.ahead(failing(), 2)), 2)
        assert next(items) == 2
        with pytest.raises(AnswerableError, match="the second"):
            next(items)


def test_leaving_ends_every_stage() -> None:
    """Threads that wait for room end, and so do those that wait for items or a result."""
    stuck: Future[int] = Future()
    before = threading.active_count()
    with Pipeline() as pipeline:
        endless = pipeline.ahead(count(), 1)
        waiting = pipeline.ahead((pipeline.result_of(stuck) for _ in range(2)), 1)
        never = pipeline.ahead(waiting, 1)
        assert next(endless) == 0
    assert threading.active_count() == before
    with pytest.raises(Stopped):
        next(never)


def test_a_result_that_is_late() -> None:
    """After the deadline the wait is over; a future's own timeout error is its result."""
    late, failed = Future[int](), Future[int]()
    failed.set_exception(TimeoutError("its own"))
    with Pipeline() as pipeline:
        with pytest.raises(TimeoutError):
            pipeline.result_of(late, deadline=0)
        late.set_result(7)
        assert pipeline.result_of(late, deadline=0) == 7
        with pytest.raises(TimeoutError, match="its own"):
            pipeline.result_of(failed)


@settings(deadline=None, max_examples=30)
@given(amounts=st.lists(st.integers(0, 25), max_size=40))
def test_a_budget_is_kept(amounts: list[int]) -> None:
    """No more than the limit is out at once, but for one item that is larger by itself."""
    with Pipeline() as pipeline:
        budget, out = Budget(10, pipeline), list[int]()

        def taken() -> Iterator[int]:
            for amount in amounts:
                budget.take(amount)
                out.append(amount)
                assert sum(out) <= 10 or sum(map(bool, out)) == 1
                yield amount

        for amount in pipeline.ahead(taken(), 100):
            out.remove(amount)
            budget.give(amount)
    assert not out


def test_whoever_waits_for_room_ends_too() -> None:
    """A thread that waits for its share ends with the pipeline."""
    with Pipeline() as pipeline:
        budget = Budget(1, pipeline)
        budget.take(1)
        assert not budget.has_room(1)

        def taking() -> Iterator[int]:
            budget.take(1)
            yield 1

        never = pipeline.ahead(taking(), 1)
    with pytest.raises(Stopped):
        next(never)
