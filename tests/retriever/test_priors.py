"""Passage priors: what rank and shared words say before anything is read."""

import math

import pytest

from answerable.index import DocumentInfo, Passage
from answerable.retriever import ChannelScore, Hit, PriorConfig, passage_priors

DOCUMENT = DocumentInfo(1, "file:///a", "A", "c", "text/plain", "0", 1, 1, 1, (), None, "")
CONFIG = PriorConfig(rank=1.0, lexical=4.0)


def _hit(bm25: float | None) -> Hit:
    lexical = None if bm25 is None else ChannelScore(1, bm25)
    return Hit(Passage(1, 1, 0, 1, "a", "", None), DOCUMENT, 0.5, lexical=lexical)


def test_rank_and_shared_words_add_up() -> None:
    """The first hit with the best BM25 has prior 0; rank and missing words lower the others."""
    assert passage_priors([_hit(8.0), _hit(4.0), _hit(None)], CONFIG) == [
        0.0,
        pytest.approx(-math.log(2) - 2.0),
        pytest.approx(-math.log(3) - 4.0),
    ]


def test_without_lexical_hits_the_rank_decides() -> None:
    """When no passage shares a word with the question, none is blamed for it."""
    assert passage_priors([_hit(None), _hit(None)], CONFIG) == [0.0, -math.log(2)]


def test_nothing_retrieved() -> None:
    """No hits, no priors."""
    assert passage_priors([]) == []
