"""What is known of a question once its passages are read: the ground of a probability."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from answerable.index import Passage

from ..ranking import Place, ScoredSpan


@dataclass(frozen=True, slots=True)
class RetrievalEvidence:
    """How one passage was found; plain numbers, whatever retriever they come from.

    No feature is made of the ranks of the two channels: benchmarks keep them in their records.

    Attributes:
        rank: in the fused ranking, from 1.
        dense_rank: in the dense ranking, from 1; None if that did not find the passage.
        dense_score: cosine with the question, if found.
        lexical_rank: in the lexical ranking, from 1; None if that did not find it.
        lexical_score: BM25, if found.
    """

    rank: int
    dense_rank: int | None = None
    dense_score: float | None = None
    lexical_rank: int | None = None
    lexical_score: float | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A question, what was read for it, and every span that was found.

    Attributes:
        evidence: one for each passage, or empty if nothing is known of retrieval.
        spans: the best spans of every window, in any order.
        ranked: the same, best first, each place at most once.
        alone: by place, the log-odds against "no answer" of spans whose sentence was read without
            the rest of its passage.
    """

    question: str
    passages: Sequence[Passage]
    evidence: Sequence[RetrievalEvidence]
    spans: Sequence[ScoredSpan]
    ranked: Sequence[ScoredSpan]
    alone: Mapping[Place, float] = field(default_factory=dict)
