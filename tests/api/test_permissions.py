"""A forbidden document changes nothing: results are those of an index that never held it."""

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answerable.api import Engine, SearchFilters, Settings, to_json
from answerable.index import Filters, LocalIndex, MemoryIndex, NewDocument
from tests.api.fakes import ScriptedReader
from tests.fakes import HashEncoder
from tests.index.samples import new_document
from tests.index.strategies import COLLECTIONS, PRINCIPALS, batches

QUESTIONS = ("cat notice", "pay the leave", "Büro of 2024", "parental leave", "the of")


def _engine(folder: Path, documents: Sequence[NewDocument]) -> Engine:
    encoder = HashEncoder()
    index = LocalIndex.open(folder, encoder, create=True)
    for document in documents:
        texts = [passage.text for passage in document.passages]
        index.add([document], encoder.encode(texts))
    return Engine(index, encoder, ScriptedReader, Settings(index=folder))


def _may_see(document: NewDocument, asker: Sequence[str]) -> bool:
    return not {"public", *asker}.isdisjoint(document.principals)


def _without_ids(value: Any) -> Any:
    """Return a result without what two indexes number and time differently."""
    if isinstance(value, dict):
        left_out = {"id", "passage_id", "timing_ms", "ingested_at"}
        return {key: _without_ids(v) for key, v in value.items() if key not in left_out}
    if isinstance(value, list | tuple):
        return [_without_ids(inner) for inner in value]
    return value


@pytest.mark.timeout(180)
@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(
    documents=batches.flatmap(lambda first: batches.map(lambda second: [*first, *second])),
    asker=st.lists(st.sampled_from(PRINCIPALS[1:]), max_size=2),
    question=st.sampled_from(QUESTIONS),
    collection=st.none() | st.sampled_from(COLLECTIONS),
)
def test_results_are_those_of_an_index_without_the_forbidden(
    tmp_path_factory: pytest.TempPathFactory,
    documents: list[NewDocument],
    asker: list[str],
    question: str,
    collection: str | None,
) -> None:
    """Every field of every answer and hit is the same, scores to the last digit."""
    # One address once: replacing a forbidden version by a permitted one is a change, not a leak.
    unique = list({(d.collection, d.uri): d for d in documents}.values())
    folder = tmp_path_factory.mktemp("permissions")
    full = _engine(folder / "full", unique)
    bare = _engine(folder / "bare", [d for d in unique if _may_see(d, asker)])
    with full, bare:
        for mode in ("hybrid", "dense", "lexical"):
            found, expected = (
                _without_ids(
                    to_json(
                        engine.search(
                            question,
                            k=3,
                            mode=mode,
                            principals=asker,
                            filters=SearchFilters([collection]) if collection else None,
                        )
                    )
                )
                for engine in (full, bare)
            )
            assert found == expected
        answers = [
            _without_ids(to_json(engine.ask(question, principals=asker))) for engine in (full, bare)
        ]
        assert answers[0] == answers[1]


def test_withdrawn_permission_counts_at_once(tmp_path: Path) -> None:
    """A cached view is never older than the permissions: the next search does without."""
    secret = new_document("secret", ["the merger is in May"], principals=("group:board",))
    public = new_document("public", ["the merger was denied"])
    with _engine(tmp_path / "full", [secret, public]) as engine:
        board = ["group:board"]
        first = engine.search("merger May", mode="lexical", principals=board)
        assert [hit.document.uri for hit in first.hits] == ["secret", "public"]
        with engine._index.writing() as writer:
            writer.set_principals(1, ["group:audit"])
        second = _without_ids(to_json(engine.search("merger May", principals=board)))
    with _engine(tmp_path / "bare", [public]) as engine:
        assert second == _without_ids(to_json(engine.search("merger May", principals=board)))


def test_nothing_forbidden_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """No line at INFO or above holds words, names or addresses of what the asker may not see."""
    secret = new_document(
        "file:///xyzzy", ["plugh frobnicates"], title="Quux", principals=("user:ann",)
    )
    with caplog.at_level(logging.INFO), _engine(tmp_path, [secret]) as engine:
        result = engine.ask("Who frobnicates plugh?", principals=[])
        assert (result.answer, result.reason, result.nearest) == (None, "no_passages", ())
        assert engine.search("plugh", principals=["user:bob"]).hits == ()
    logged = " ".join(record.getMessage() for record in caplog.records)
    assert not any(word in logged + json.dumps(to_json(result)) for word in ("xyzzy", "Quux"))
    assert "plugh" not in logged


def test_the_oracle_forbids_too() -> None:
    """The index in memory, which others are measured by, gives a stranger nothing."""
    memory = MemoryIndex()
    document = new_document("a", ["cat"], principals=("user:ann",))
    memory.add([document], HashEncoder().encode(["cat"]))
    assert memory.lexical_search(["cat"], 1, Filters(principals=("user:bob",))) == []
    assert len(memory.lexical_search(["cat"], 1, Filters(principals=("user:ann",)))) == 1
