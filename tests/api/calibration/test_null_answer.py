"""A reader without a trained "no answer", before its index is calibrated and after."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from answerable.api import Engine, Settings, calibrate
from answerable.index import LocalIndex
from answerable.reader import OnnxReader
from answerable.reader.confidence import unable_to_abstain
from answerable.reader.spans import Logits
from answerable.reader.windows import Window, WindowConfig, WindowMaker
from tests.fakes import HashEncoder
from tests.reader.scripted import word_tokenizer

N = 48
QUESTIONS = [f"What is fact {n} ?" for n in range(N)]
LETTERS = str.maketrans("0123456789", "abcdefghij")
VALUES = [[f"{name}{n}".translate(LETTERS) for n in range(N)] for name in ("ann", "tom")]
TEXTS = [[f"Fact {n} is {value} ." for n, value in enumerate(values)] for values in VALUES]


class _Scorer:
    """Finds both values of the fact that is asked for, twice as sure of every even number."""

    def __init__(self) -> None:
        self.tokenizer = word_tokenizer(*QUESTIONS, *TEXTS[0], *TEXTS[1])

    def logits(self, windows: Sequence[Window]) -> list[tuple[Logits, Logits]]:
        """Return 4 or 2 for the first value's logits, one less for the second's."""
        return [self._of(window) for window in windows]

    def _of(self, window: Window) -> tuple[Logits, Logits]:
        logits = np.full(len(window.token_ids), -10.0, dtype=np.float32)
        logits[0] = 0.0
        words = [str(self.tokenizer.id_to_token(int(token))) for token in window.token_ids]
        number = next(int(word) for word in words if word.isdigit())
        for less, values in enumerate(VALUES):
            if values[number] in words:
                logits[words.index(values[number])] = 4.0 - 2.0 * (number % 2) - less
        return logits, logits


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """An engine on two documents that contradict each other in everything."""
    scorer, encoder = _Scorer(), HashEncoder()
    reader = OnnxReader(
        scorer,
        WindowMaker(scorer.tokenizer, WindowConfig()),
        unable_to_abstain("ab" * 32),
        name="imported",
        sha256="ab" * 32,
        has_null_answer=False,
    )
    folder = tmp_path / "index"
    index = LocalIndex.open(folder, encoder, create=True)
    engine = Engine(index, encoder, lambda: reader, Settings(index=folder))
    for name, text in zip(("ann.txt", "tom.txt"), TEXTS, strict=True):
        (tmp_path / name).write_text("\n\n".join(text), encoding="utf-8")
        engine.ingest([tmp_path / name])
    return engine


def test_it_abstains_once_it_is_calibrated(engine: Engine, tmp_path: Path) -> None:
    """Before it answers every question; then none of those that it gets wrong. None conflicts."""
    with engine:
        before = [engine.ask(question) for question in QUESTIONS]
        assert [one.answer.text for one in before if one.answer] == VALUES[0]
        lines = [
            f"{question},{'' if n % 2 else VALUES[0][n]}" for n, question in enumerate(QUESTIONS)
        ]
        questions = tmp_path / "questions.csv"
        questions.write_text("\n".join(["question,answer", *lines]), encoding="utf-8")
        report = calibrate(engine, questions)
        assert (report.n_fitted, report.n_conflicts) == (N, 0)
        after = [engine.ask(question) for question in QUESTIONS]
        assert {one.limit.min_probability for one in after} == {0.5}
        assert [one.abstained for one in after] == [False, True] * (N // 2)
