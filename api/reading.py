"""What one question was answered from: more than its asker is told, for those who measure."""

from dataclasses import dataclass

from answerable.reader import Prediction, RetrievalEvidence
from answerable.retriever import Hit

from .types import AskResult

GUARANTEE_CONFIDENCE = 0.9
"""With which an error limit is kept: the reader's own choice, named in results."""


@dataclass(frozen=True, slots=True)
class Examined:
    """One question, answered.

    Attributes:
        result: as the asker gets it.
        hits: every passage that was read, best first.
        prediction: the reader's verdict, with the features of its best span.
    """

    result: AskResult
    hits: tuple[Hit, ...]
    prediction: Prediction


def retrieval_evidence(rank: int, hit: Hit) -> RetrievalEvidence:
    """Return how a passage was found, as the reader takes it.

    Args:
        rank: of the hit, from 1.
        hit: from the retriever.
    """
    return RetrievalEvidence(
        rank=rank,
        dense_rank=hit.dense.rank if hit.dense else None,
        dense_score=hit.dense.score if hit.dense else None,
        lexical_rank=hit.lexical.rank if hit.lexical else None,
        lexical_score=hit.lexical.score if hit.lexical else None,
    )
