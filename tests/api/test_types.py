"""The JSON of the public contract: exactly its keys."""

import json

from answerable.api import Engine, to_json

DOCUMENT_KEYS = {"id", "uri", "title", "modified_at", "ingested_at"}
ANSWER_KEYS = {
    "text", "sentence", "sentence_start", "probability", "score", "document", "passage_id",
    "start", "end", "page", "line",
}  # fmt: skip
ASK_KEYS = {
    "question", "answer", "abstained", "reason", "candidates", "nearest", "limit",
    "calibration", "timing_ms", "models",
}  # fmt: skip
HIT_KEYS = {
    "passage_id", "document", "text", "heading", "start", "end", "page", "score", "dense",
    "lexical",
}  # fmt: skip


def test_answer_has_the_keys_of_the_contract(engine: Engine) -> None:
    """An answered question is JSON with the documented keys, at every depth."""
    value = json.loads(json.dumps(to_json(engine.ask("Days at home?"))))
    assert set(value) == ASK_KEYS
    assert set(value["answer"]) == ANSWER_KEYS
    assert value["candidates"][0] == value["answer"]
    assert set(value["answer"]["document"]) == DOCUMENT_KEYS
    assert set(value["nearest"][0]) == {"passage_id", "document", "text", "score"}
    assert set(value["timing_ms"]) == {"retrieve", "read", "total"}
    assert set(value["models"]) == {"encoder", "reader", "calibration", "null_answer"}
    assert (value["abstained"], value["reason"]) == (False, None)


def test_abstention_has_the_same_keys(engine: Engine) -> None:
    """Without an answer the keys are the same, and the answer is null."""
    value = to_json(engine.ask("What is the capital of Mongolia?"))
    assert set(value) == ASK_KEYS
    assert (value["answer"], value["abstained"]) == (None, True)


def test_search_has_its_keys(engine: Engine) -> None:
    """A search is JSON with query, mode, hits and timing."""
    value = to_json(engine.search("parental leave"))
    assert set(value) == {"query", "mode", "hits", "timing_ms"}
    assert set(value["hits"][0]) == HIT_KEYS
