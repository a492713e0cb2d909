"""What HTTP requests may hold, with an example of each answer for ``/docs``.

Responses are the dataclasses of ``types.py`` themselves: one shape for Python,
the terminal and HTTP.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from answerable.retriever import SearchMode

from .filters import SearchFilters

_FILTERS = "only documents that pass all of these"


class _Request(BaseModel):
    """Strict: a field of another name or type is an error, never guessed at."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class FiltersRequest(_Request):
    """What the search is narrowed to; a document must pass all that is given."""

    collections: list[str] | None = Field(default=None, description="in one of these collections")
    documents: list[int] | None = Field(default=None, description="one of these document ids")
    media_types: list[str] | None = Field(default=None, description="of one of these media types")
    since: str | None = Field(default=None, description="changed on this day or later")
    until: str | None = Field(default=None, description="changed on this day or earlier")
    metadata: dict[str, str | int | float | bool | None] = Field(
        default_factory=dict, description="metadata path to value; all must hold"
    )

    def chosen(self) -> SearchFilters:
        """Return the same as the engine takes it."""
        return SearchFilters(**self.model_dump())


class AskRequest(_Request):
    """A question to the whole index."""

    question: str = Field(examples=["How many days may I work from home?"])
    k: int | None = Field(default=None, ge=1, le=100, description="passages read")
    n_best: int | None = Field(default=None, ge=1, le=20, description="candidates returned")
    min_probability: float | None = Field(
        default=None, ge=0, le=1, description="abstain below this probability"
    )
    max_error: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="answer so that at most this share of answers is wrong, on questions like "
        "the calibration's; instead of min_probability",
    )
    collection: str | None = Field(default=None, description="only this collection")
    filters: FiltersRequest | None = Field(default=None, description=_FILTERS)


class SearchRequest(_Request):
    """A query for passages."""

    query: str = Field(examples=["parental leave"])
    k: int | None = Field(default=None, ge=1, le=100, description="passages returned")
    mode: SearchMode = Field(default="hybrid", description="which channels rank")
    collection: str | None = Field(default=None, description="only this collection")
    filters: FiltersRequest | None = Field(default=None, description=_FILTERS)


class Health(BaseModel):
    """The service is well; when it is not, the answer is a problem document."""

    status: str = Field(examples=["ok"])


class Problem(BaseModel):
    """An RFC 9457 problem document."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["urn:answerable:problem:empty-question"])
    title: str = Field(examples=["The question is empty"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["the question is empty"])


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

EXAMPLES: dict[str, dict[str, Any]] = {
    "/v1/ask": _ASK_EXAMPLE,
    "/v1/search": _SEARCH_EXAMPLE,
}
"""An answer of each route."""
