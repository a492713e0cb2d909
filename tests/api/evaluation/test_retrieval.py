"""Evaluating retrieval: documents against passages, an index that is kept, and what is refused."""

from pathlib import Path

import pytest

from answerable.api import AnswerableError, RetrievalOptions, evaluate_retrieval
from answerable.api.evaluation.retrieval import fill_index, ranked_documents
from answerable.index import Filters, IngestOptions, LocalIndex, ingest
from answerable.retriever import BeirFolder, HybridRetriever
from tests.fakes import HashEncoder
from tests.retriever.small_collection import CORPUS, write_collection


def _filled(folder: Path, collection: Path) -> LocalIndex:
    encoder = HashEncoder()
    index = LocalIndex.open(folder, encoder, create=True)
    fill_index(index, encoder, BeirFolder(collection), lambda done, total, name: None)
    return index


def test_documents_rank_where_their_best_passages_do(tmp_path: Path) -> None:
    """A document of many passages is listed once, and still n documents are found."""
    collection = write_collection(tmp_path)
    sentence = "The office of the porter is open. "
    with (collection / "corpus.jsonl").open("a") as file:
        file.write('{"_id": "long", "text": "' + sentence * 400 + '"}\n')
    with _filled(tmp_path / "index", collection) as index:
        assert index.stats().n_passages > 10 + len(CORPUS)
        retriever = HybridRetriever(index, HashEncoder())
        passages = retriever.search("Is the office open?", 5, Filters(), "dense")
        assert {hit.document.uri for hit in passages} == {"beir:long"}
        ranked = ranked_documents(retriever, "Is the office open?", 5, "dense")
    assert next(id_ for id_, _ in ranked) == "long"
    assert len({id_ for id_, _ in ranked}) == len(ranked) == 5
    assert [score for _, score in ranked] == sorted((s for _, s in ranked), reverse=True)


def test_a_title_stands_in_for_an_empty_text(tmp_path: Path) -> None:
    """A document without text is found by its title."""
    with _filled(tmp_path / "index", write_collection(tmp_path)) as index:
        ranked = ranked_documents(HybridRetriever(index, HashEncoder()), "car park", 3, "lexical")
    assert ranked[0][0] == "empty"


def test_a_kept_index_follows_the_collection(tmp_path: Path) -> None:
    """The next run encodes what is new or changed, and forgets what is gone."""
    collection = write_collection(tmp_path)
    with _filled(tmp_path / "index", collection) as index:
        before = {info.uri: info for info in index.documents(Filters())}
    lines = (collection / "corpus.jsonl").read_text().splitlines()
    changed = lines[1].replace("28 days", "30 days")
    new = '{"_id": "new", "text": "A new page."}'
    (collection / "corpus.jsonl").write_text("\n".join([lines[0], changed, *lines[3:], new]))
    with _filled(tmp_path / "index", collection) as index:
        after = {info.uri: info for info in index.documents(Filters())}
        assert "30 days" in index.document(after["beir:leave"].id, Filters()).text
    assert before.keys() - after.keys() == {"beir:keys"}
    assert after.keys() - before.keys() == {"beir:new"}
    assert after["beir:hours"] == before["beir:hours"]


def test_an_index_of_other_documents_is_left_alone(tmp_path: Path) -> None:
    """An index that people use does not become one of a test collection."""
    encoder = HashEncoder()
    (tmp_path / "note.txt").write_text("A note.")
    with LocalIndex.open(tmp_path / "index", encoder, create=True) as index:
        ingest(index, encoder, [tmp_path / "note.txt"], IngestOptions(), lambda progress: None)
    with pytest.raises(AnswerableError, match=r"holds other documents .*'default'"):
        _filled(tmp_path / "index", write_collection(tmp_path))


@pytest.mark.model
def test_the_shipped_encoder_on_a_small_collection(tmp_path: Path) -> None:
    """Figures follow from the rankings that are returned; progress is told; counts are right."""
    told = []
    evaluation = evaluate_retrieval(
        write_collection(tmp_path),
        RetrievalOptions(k=25),
        on_progress=lambda done, total, name: told.append((done, total, name)),
    )
    assert (evaluation.name, evaluation.documents, evaluation.queries) == ("office", 7, 3)
    assert (evaluation.unjudged_queries, evaluation.unknown_judgements) == (1, 1)
    assert told[6] == (7, 7, "documents") and told[-1] == (9, 9, "searches")
    assert list(evaluation.metrics) == ["hybrid", "dense", "lexical"]
    for mode, metrics in evaluation.metrics.items():
        first = [
            next(
                i
                for i, (id_, _) in enumerate(ranking.ranked)
                if id_ in {"hours", "leave", "travel"}
            )
            for ranking in evaluation.rankings
            if ranking.mode == mode
        ]
        assert metrics["mrr_at_10"] == pytest.approx(
            100 * sum(1 / (1 + i) for i in first) / 3, abs=0.01
        )
        assert "recall_at_25" in metrics
    assert evaluation.metrics["hybrid"]["recall_at_1"] == pytest.approx(
        100 * (0.5 + 1 + 1) / 3, abs=0.01
    )
