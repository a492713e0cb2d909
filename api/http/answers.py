"""Answers remembered while nothing that they depend on has changed.

The key of an answer is the question as checked, every option, the asker's principals, the models,
the calibration and the index's counters; so an answer is never given to anybody who sees other
documents, nor after any change of the index.
"""

import json
from collections.abc import Hashable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from answerable.index import LimitedCache, cache_key

from ..engine import Engine
from ..error_limit import limit_of_the_settings
from ..filters import SearchFilters
from ..index_calibration import calibration_state
from ..types import AskResult, to_json


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with all that its answer depends on, but the index and the models.

    Attributes:
        principals: as whom it is asked; None for the owner of the index, who sees everything.
        options: further arguments of ``Engine.ask``, those given.
    """

    question: str
    principals: tuple[str, ...] | None
    filters: SearchFilters | None
    options: tuple[tuple[str, Any], ...]

    @property
    def key(self) -> bytes:
        """Return what is equal for questions that have the same answer, and short for them all."""
        narrowed = None if self.filters is None else json.dumps(to_json(self.filters), default=str)
        who = None if self.principals is None else sorted(set(self.principals))
        return cache_key(self.question, who, narrowed, self.options)

    def ask(self, engine: Engine) -> AskResult:
        """Return the engine's answer.

        Raises:
            LimitUnsupported: the settings' error limit cannot be kept; one of its own is as in
                ``Engine.ask``.
        """
        options = dict(self.options)
        with nullcontext() if "max_error" in options else limit_of_the_settings():
            return engine.ask(
                self.question, filters=self.filters, principals=self.principals, **options
            )


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer as it is sent, and what is counted of it.

    Attributes:
        stages_ms: time of each stage; empty for one from memory.
    """

    body: bytes
    outcome: str
    stages_ms: tuple[tuple[str, float], ...]
    is_remembered: bool = False


class Answers:
    """Asks an engine, and remembers what it said up to a number of bytes."""

    def __init__(self, max_bytes: int) -> None:
        """Remember nothing yet."""
        self._cache: LimitedCache[Answered] = LimitedCache(max_bytes)
        self._held_for: Hashable = None  # the state that the remembered answers are of

    @property
    def n_bytes(self) -> int:
        """What the remembered answers take."""
        return self._cache.n_bytes

    def remembered(self, engine: Engine, asked: Sequence[Asked]) -> list[Answered | None]:
        """Return the answers that still hold, None for the others; needs no model."""
        state = self._present(engine)
        found = (self._cache.get(cache_key(asked_.key, state)) for asked_ in asked)
        return [answer and _remembered(answer) for answer in found]

    def ask(self, engine: Engine, asked: Asked) -> Answered:
        """Return the engine's answer, and remember it if the index stood still meanwhile."""
        before = self._present(engine)
        key = cache_key(asked.key, before)
        known = self._cache.get(key)
        if known is not None:  # whoever was before us in the queue asked the same
            return _remembered(known)
        result = asked.ask(engine)
        answer = Answered(
            body=json.dumps(to_json(result), ensure_ascii=False, allow_nan=False).encode(),
            outcome="answered" if result.answer else result.reason or "abstained",
            stages_ms=tuple(to_json(result.timing_ms).items()),
        )
        if _state(engine) == before:
            self._cache.put(key, answer, len(answer.body))
        return answer

    def _present(self, engine: Engine) -> Hashable:
        """Return the state of an engine, and forget what was said in another one.

        What was remembered under another state is never asked for again. In a change of it two
        threads may each forget what the other just put: that costs an answer, not its truth.
        """
        state = _state(engine)
        if state != self._held_for:
            self._cache.clear()
            self._held_for = state
        return state


def _remembered(answer: Answered) -> Answered:
    return Answered(answer.body, answer.outcome, (), is_remembered=True)


def _state(engine: Engine) -> Hashable:
    """Return what is equal as long as no answer of this engine can change."""
    index = engine.index
    return index.version(), index.manifest.encoder_sha256, calibration_state(index.folder)
