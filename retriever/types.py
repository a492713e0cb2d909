"""What retrieval returns."""

from dataclasses import dataclass
from typing import Literal, Protocol

from answerable.index import DocumentInfo, Filters, Passage

SearchMode = Literal["hybrid", "dense", "lexical"]


@dataclass(frozen=True, slots=True)
class ChannelScore:
    """Where one channel ranked a passage (1 is best) and with what score."""

    rank: int
    score: float


@dataclass(frozen=True, slots=True)
class Hit:
    """A retrieved passage, its document, and its score; higher is better.

    Attributes:
        score: of the mode asked for: fused, cosine, or BM25.
        dense: rank and cosine in the dense channel; None if the passage is not among the
            channel's candidates. Its cosine is then at most that of the last of them.
        lexical: rank and BM25 in the lexical channel; None likewise, or if the passage shares
            no word with the question.
    """

    passage: Passage
    document: DocumentInfo
    score: float
    dense: ChannelScore | None = None
    lexical: ChannelScore | None = None


class Retriever(Protocol):
    """Turns a question into ranked passages."""

    def search(
        self, question: str, k: int, filters: Filters, mode: SearchMode = "hybrid"
    ) -> list[Hit]:
        """Return at most k hits, best first, that the filters permit."""
        ...
