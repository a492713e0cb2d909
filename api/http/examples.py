"""An answer of each route, for the OpenAPI document; tests hold them to real answers."""

from typing import Any

_DOCUMENT = {
    "id": 3,
    "uri": "file:///handbook/remote-work.md",
    "title": "Remote work",
    "modified_at": "2026-02-02T09:00:00+00:00",
    "ingested_at": "2026-03-01T12:00:00+00:00",
}
_PASSAGE = "Employees may work from home up to three days per week."
_ANSWER = {
    "text": "three days per week",
    "sentence": _PASSAGE,
    "sentence_start": 58,
    "probability": 0.91,
    "score": 7.3,
    "document": _DOCUMENT,
    "passage_id": 12,
    "start": 93,
    "end": 112,
    "page": None,
    "line": 5,
}

_ASK_EXAMPLE: dict[str, Any] = {
    "question": "How many days may I work from home?",
    "answer": _ANSWER,
    "abstained": False,
    "reason": None,
    "candidates": [_ANSWER],
    "nearest": [{"passage_id": 12, "document": _DOCUMENT, "text": _PASSAGE, "score": 0.033}],
    "limit": {"min_probability": 0.62, "max_error": 0.1, "confidence": 0.9},
    "calibration": "matched",
    "timing_ms": {"retrieve": 9.1, "read": 142.7, "total": 152.4},
    "models": {
        "encoder": "all-MiniLM-L6-v2-int8@1f2e3d4c5b6a",
        "reader": "minilm-l6-squad2-int8@6a5b4c3d2e1f",
        "calibration": "questions.csv, 120 questions, 2026-03-02",
    },
    "profile": None,
}

_SEARCH_EXAMPLE: dict[str, Any] = {
    "query": "parental leave",
    "mode": "hybrid",
    "hits": [
        {
            "passage_id": 12,
            "document": _DOCUMENT,
            "text": _PASSAGE,
            "heading": "Remote work > Days",
            "start": 58,
            "end": 113,
            "page": None,
            "score": 0.033,
            "dense": {"rank": 1, "score": 0.74},
            "lexical": {"rank": 1, "score": 6.2},
        }
    ],
    "timing_ms": {"total": 9.4},
}

_STORED = {
    "id": 3,
    "uri": "upload:///travel.md",
    "title": "Travel",
    "collection": "default",
    "media_type": "text/markdown",
    "size_bytes": 49,
    "characters": 49,
    "passages": 1,
    "allow": ["public"],
    "modified_at": None,
    "ingested_at": "2026-01-31T12:00:00+00:00",
    "metadata": {},
}

_JOB: dict[str, Any] = {
    "id": "5f2b0c7e9a1d4e6f8a3b2c1d0e9f8a7b",
    "kind": "ingest",
    "state": "done",
    "done": 1,
    "total": 1,
    "created_at": "2026-01-31T12:00:00+00:00",
    "finished_at": "2026-01-31T12:00:01+00:00",
    "documents": [
        {
            "name": "travel.md",
            "uri": "upload:///travel.md",
            "state": "added",
            "document_id": 3,
            "passages_done": 1,
            "passages": 1,
            "reason": None,
        }
    ],
}

_FRANCE = "Paris is the [MASK] of France."
_DAY = "Today is a [MASK] day!"

SCORE_REQUESTS: dict[str, Any] = {
    "azure": {
        "summary": "Azure ML, the card's request",
        "value": {"input_data": [_FRANCE, _DAY]},
    },
    "azure-input-string": {
        "summary": "Azure ML, older samples",
        "value": {"inputs": {"input_string": [_FRANCE, _DAY]}},
    },
    "list": {
        "summary": "A list; several masks in a text",
        "value": {"inputs": ["[MASK] is the capital of [MASK]."]},
    },
    "hugging-face": {
        "summary": "Hugging Face's endpoints; with ?detail=1 their answer",
        "value": {"inputs": _FRANCE, "parameters": {"top_k": 5, "targets": ["capital", "city"]}},
    },
}
"""A request of ``/v1/score`` in each shape."""

_SCORED = ["capital", "beautiful"]

EXAMPLES: dict[tuple[str, str], tuple[str, Any]] = {
    ("post", "/v1/ask"): ("200", _ASK_EXAMPLE),
    ("post", "/v1/ask/batch"): ("200", {"results": [_ASK_EXAMPLE]}),
    ("post", "/v1/search"): ("200", _SEARCH_EXAMPLE),
    ("post", "/v1/score"): ("200", _SCORED),
    ("post", "/score"): ("200", _SCORED),
    ("get", "/v1/documents"): ("200", {"documents": [_STORED], "next": None}),
    ("get", "/v1/collections"): ("200", {"collections": [{"name": "hr", "documents": 12}]}),
    ("get", "/v1/documents/{document_id}"): (
        "200",
        {
            "document": _STORED,
            "text": "# Travel\n\nThe head of your team approves travel.\n",
            "pages": [],
        },
    ),
    ("post", "/v1/documents"): (
        "202",
        {
            **_JOB,
            "state": "waiting",
            "done": 0,
            "finished_at": None,
            "documents": [
                {
                    **_JOB["documents"][0],
                    "state": "waiting",
                    "document_id": None,
                    "passages_done": 0,
                    "passages": None,
                }
            ],
        },
    ),
    ("get", "/v1/jobs"): ("200", {"jobs": [_JOB]}),
    ("get", "/v1/jobs/{job_id}"): ("200", _JOB),
    ("post", "/v1/feedback"): ("201", {"id": 1}),
}
"""Method and path -> status and answer."""
