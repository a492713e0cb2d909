"""Dense and lexical search over one index, fused: the retriever of the product."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from answerable.index import Encoder, Filters, ScoredPassage, SearchableIndex

from .fusion import RANK_CONSTANT, fuse, fuse_scores
from .lexical import question_terms
from .types import ChannelScore, Hit, SearchMode


@dataclass(frozen=True, slots=True)
class RetrievalConfig:
    """How deep each channel is searched and how the two are fused.

    Attributes:
        candidates: passages taken from each channel; more when more hits are asked for.
        fusion: by scores, or by reciprocal ranks.
        dense_weight: of the dense channel, 0 to 1, in fusion by scores; the lexical channel has
            the rest. ``benchmarks/fusion.py`` chose it on training questions.
        rank_constant: of reciprocal rank fusion; higher flattens the ranks.
    """

    candidates: int = 50
    fusion: Literal["scores", "ranks"] = "scores"
    dense_weight: float = 0.55
    rank_constant: int = RANK_CONSTANT


class HybridRetriever:
    """Searches by meaning and by words, and fuses what both find."""

    def __init__(
        self,
        index: SearchableIndex,
        encoder: Encoder,
        config: RetrievalConfig = RetrievalConfig(),
    ) -> None:
        """Search ``index``, whose vectors must come from the same ``encoder``."""
        self._index = index
        self._encoder = encoder
        self._config = config

    def search(
        self, question: str, k: int, filters: Filters, mode: SearchMode = "hybrid"
    ) -> list[Hit]:
        """Return at most k hits, best first, that the filters permit."""
        depth = max(k, self._config.candidates) if mode == "hybrid" else k
        # 1. Ask the channels.
        dense = self._dense(question, depth, filters) if mode != "lexical" else []
        lexical = self._lexical(question, depth, filters) if mode != "dense" else []
        # 2. One ranking out of both; a single channel keeps its own scores.
        ranked = self._fuse(dense, lexical, depth) if mode == "hybrid" else [*dense, *lexical]
        # 3. Fetch the passages and their documents; what was deleted meanwhile drops out.
        return self._hits(ranked[:k], _by_passage(dense), _by_passage(lexical), filters)

    def _dense(self, question: str, k: int, filters: Filters) -> list[ScoredPassage]:
        return self._index.dense_search(self._encoder.encode_questions([question])[0], k, filters)

    def _lexical(self, question: str, k: int, filters: Filters) -> list[ScoredPassage]:
        terms = question_terms(question)
        return self._index.lexical_search(terms, k, filters) if terms else []

    def _fuse(
        self, dense: Sequence[ScoredPassage], lexical: Sequence[ScoredPassage], depth: int
    ) -> list[ScoredPassage]:
        config = self._config
        if config.fusion == "scores":
            weights = (config.dense_weight, 1 - config.dense_weight)
            return fuse_scores((dense, lexical), weights, depth)
        rankings = [[found.passage_id for found in channel] for channel in (dense, lexical)]
        return fuse(rankings, config.rank_constant)

    def _hits(
        self,
        ranked: Sequence[ScoredPassage],
        dense: dict[int, ChannelScore],
        lexical: dict[int, ChannelScore],
        filters: Filters,
    ) -> list[Hit]:
        scores = {found.passage_id: found.score for found in ranked}
        passages = self._index.passages(list(scores), filters)
        document_ids = list(dict.fromkeys(passage.document_id for passage in passages))
        documents = {d.id: d for d in self._index.document_infos(document_ids, filters)}
        return [
            Hit(
                passage=passage,
                document=documents[passage.document_id],
                score=scores[passage.id],
                dense=dense.get(passage.id),
                lexical=lexical.get(passage.id),
            )
            for passage in passages
            if passage.document_id in documents
        ]


def _by_passage(channel: Sequence[ScoredPassage]) -> dict[int, ChannelScore]:
    return {
        found.passage_id: ChannelScore(rank, found.score)
        for rank, found in enumerate(channel, start=1)
    }
