from collections.abc import Sequence

import pytest

from answerable.index import Filters, Passage, ScoredPassage, Vectors
from answerable.retriever import (
    ChannelScore,
    Hit,
    HybridRetriever,
    RetrievalConfig,
    Retriever,
    SearchMode,
    fuse,
    fuse_scores,
)
from tests.retriever.fakes import FakeIndex, WordEncoder

TEXTS = (
    "the office opens at nine",
    "annual leave is 28 days",
    "sick leave needs a note",
    "leave the office keys at the desk",
)
OWNER = Filters()
MODES: tuple[SearchMode, ...] = ("dense", "lexical")


def _retriever(index: FakeIndex, config: RetrievalConfig = RetrievalConfig()) -> Retriever:
    return HybridRetriever(index, WordEncoder(), config)


def _ids(hits: list[Hit]) -> list[int]:
    return [hit.passage.id for hit in hits]


def test_a_hybrid_hit_says_where_both_channels_found_it() -> None:
    """A hit is the whole record: passage, document, fused score, each channel's rank and score."""
    index = FakeIndex(TEXTS)
    question = "annual leave"
    best = _retriever(index).search(question, 1, OWNER)[0]
    cosine = index.dense_search(WordEncoder().encode([question])[0], 1, OWNER)[0].score
    assert best == Hit(
        passage=Passage(1, 101, 0, len(TEXTS[1]), TEXTS[1], heading="", page=None),
        document=index.documents[1],
        score=best.score,
        dense=ChannelScore(rank=1, score=cosine),
        lexical=ChannelScore(rank=1, score=2.0),
    )
    assert best.score == pytest.approx(1.0)


def test_hybrid_ranks_as_fusion_does() -> None:
    """Hits come in the order of the fused channels, with the fused scores, by either fusion."""
    index = FakeIndex(TEXTS)
    channels = [
        [
            ScoredPassage(hit.passage.id, hit.score)
            for hit in _retriever(index).search("leave the office", 4, OWNER, mode)
        ]
        for mode in MODES
    ]
    hits = _retriever(index, RetrievalConfig(dense_weight=0.3)).search("leave the office", 4, OWNER)
    by_scores = fuse_scores(channels, (0.3, 0.7), 50)
    assert [(hit.passage.id, hit.score) for hit in hits] == _pairs(by_scores)
    hits = _retriever(index, RetrievalConfig(fusion="ranks")).search("leave the office", 4, OWNER)
    by_ranks = fuse([[found.passage_id for found in channel] for channel in channels])
    assert [(hit.passage.id, hit.score) for hit in hits] == _pairs(by_ranks)


def test_a_question_is_encoded_as_a_question() -> None:
    """Models that want other words before a question get them."""

    class Asked(WordEncoder):
        def encode_questions(self, questions: Sequence[str]) -> Vectors:
            return self.encode(["annual leave" for _ in questions])

    hits = HybridRetriever(FakeIndex(TEXTS), Asked()).search("?", 1, OWNER, "dense")
    assert _ids(hits) == [1]


def _pairs(fused: Sequence[ScoredPassage]) -> list[tuple[int, float]]:
    return [(found.passage_id, found.score) for found in fused]


@pytest.mark.parametrize(
    ("mode", "searches"), [("dense", ["dense_search"]), ("lexical", ["lexical_search"])]
)
def test_one_channel_asks_only_its_own_search(mode: SearchMode, searches: list[str]) -> None:
    """Dense and lexical mode search once and fetch passages and documents once each."""
    index = FakeIndex(TEXTS)
    _retriever(index).search("annual leave", 3, OWNER, mode)
    assert index.calls == [*searches, "passages", "document_infos"]


@pytest.mark.parametrize("mode", ["dense", "lexical"])
def test_one_channel_keeps_its_own_score(mode: SearchMode) -> None:
    """In a single-channel mode the score is the channel's, and the other channel is empty."""
    hits = _retriever(FakeIndex(TEXTS)).search("annual leave", 3, OWNER, mode)
    own = [hit.dense if mode == "dense" else hit.lexical for hit in hits]
    other = [hit.lexical if mode == "dense" else hit.dense for hit in hits]
    assert own == [ChannelScore(rank, hit.score) for rank, hit in enumerate(hits, start=1)]
    assert other == [None] * len(hits)


def test_hybrid_looks_deeper_than_it_returns() -> None:
    """A passage low in both channels can win, because more candidates are taken than hits."""
    texts = ["a b", "a b x", "c d e f", "c d e f g"]
    deep = _retriever(FakeIndex(texts), RetrievalConfig(candidates=4)).search("a c d", 1, OWNER)
    assert deep[0].dense is not None
    assert deep[0].lexical is not None


def test_asking_for_more_than_the_candidates_deepens_the_search() -> None:
    """Asking for more hits than candidates still returns as many as asked for."""
    index = FakeIndex([f"leave {i}" for i in range(20)])
    hits = _retriever(index, RetrievalConfig(candidates=2)).search("leave", 15, OWNER)
    assert len(hits) == 15


def test_forbidden_passages_take_no_place() -> None:
    """What the asker may not see is neither returned nor counted in the ranks."""
    index = FakeIndex(TEXTS, principals=["public", "user:ann", "public", "public"])
    hits = _retriever(index).search("annual leave", 4, Filters(principals=("user:bob",)))
    assert _ids(hits)[0] == 2
    assert 1 not in _ids(hits)
    assert hits[0].lexical == ChannelScore(rank=1, score=1.0)


def test_a_passage_deleted_during_the_search_drops_out() -> None:
    """A passage that is gone when it is fetched is left out; the rest stay in order."""

    class Shrinking(FakeIndex):
        def passages(self, passage_ids, filters):  # type: ignore[no-untyped-def]
            return [p for p in super().passages(passage_ids, filters) if p.id != 1]

    hits = _retriever(Shrinking(TEXTS)).search("annual leave", 4, OWNER, "lexical")
    assert _ids(hits) == [2, 3]


def test_a_document_deleted_during_the_search_drops_out() -> None:
    """A hit whose document is gone is left out."""

    class Shrinking(FakeIndex):
        def document_infos(self, document_ids, filters):  # type: ignore[no-untyped-def]
            return [d for d in super().document_infos(document_ids, filters) if d.id != 101]

    hits = _retriever(Shrinking(TEXTS)).search("annual leave", 4, OWNER, "lexical")
    assert _ids(hits) == [2, 3]


def test_no_terms_leave_the_dense_channel() -> None:
    """A question without words asks no lexical search and still gets dense hits."""
    index = FakeIndex(TEXTS)
    hits = _retriever(index).search("?!", 2, OWNER)
    assert len(hits) == 2
    assert "lexical_search" not in index.calls


@pytest.mark.parametrize("mode", ["hybrid", "dense", "lexical"])
def test_an_empty_index_has_no_hits(mode: SearchMode) -> None:
    """Nothing ingested, nothing found, no error."""
    assert _retriever(FakeIndex([])).search("annual leave", 5, OWNER, mode) == []
