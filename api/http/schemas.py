"""What HTTP requests may hold, and those responses that Python and the terminal do not have.

The others are the dataclasses of ``types.py`` themselves; examples are in ``examples.py``.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from answerable.reader import ProfileName
from answerable.retriever import SearchMode

from ..filters import SearchFilters
from ..types import AskResult

_FILTERS = "only documents that pass all of these"


# Said in the document, checked by the engine, whose errors say more.
_Question = Annotated[str, Field(json_schema_extra={"minLength": 1, "pattern": r"\S"})]


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

    question: _Question = Field(examples=["How many days may I work from home?"])
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
    profile: ProfileName | None = Field(
        default=None,
        description="another system whose rule decides, in place of ours and of every limit",
    )
    collection: str | None = Field(default=None, description="only this collection")
    filters: FiltersRequest | None = Field(default=None, description=_FILTERS)


class BatchRequest(_Request):
    """Questions that are answered one after another, as one piece of work."""

    questions: list[AskRequest] = Field(
        description="answered in this order; at most as many as the service allows",
        json_schema_extra={"minItems": 1},
        examples=[[{"question": "How many days may I work from home?"}]],
    )


class BatchResult(BaseModel):
    """The answers of a batch, in the order of its questions."""

    results: list[AskResult]


class TextUpload(_Request):
    """A document sent as text; files are sent as a form."""

    name: str = Field(
        description="what it is called; the same name means the same document",
        min_length=1,
        max_length=255,
        examples=["travel.md"],
    )
    text: str = Field(
        description="its text, stored unchanged",
        min_length=1,
        examples=["# Travel\n\nThe head of your team approves travel.\n"],
    )
    title: str | None = Field(
        default=None, max_length=200, description="its title; from the name if not given"
    )
    collection: str = Field(default="default", description="collection it belongs to")
    allow: list[str] | None = Field(
        default=None,
        max_length=100,
        description="who may see it, as user:ann or group:hr; whoever sends it, if not given",
    )
    metadata: dict[str, Any] = Field(
        default_factory=dict, description="a JSON object that it can be found by"
    )


class StoredDocumentInfo(BaseModel):
    """A stored document without its text.

    ``allow`` names only those of its principals that the asker speaks for, and the public.
    """

    id: int
    uri: str
    title: str
    collection: str
    media_type: str
    size_bytes: int
    characters: int
    passages: int
    allow: list[str]
    modified_at: str | None
    ingested_at: str
    metadata: dict[str, Any]


class DocumentPage(BaseModel):
    """Some documents, by id; ``next`` is the ``after`` of the next page, if there is one."""

    documents: list[StoredDocumentInfo]
    next: int | None


class CollectionSize(BaseModel):
    """A collection and how many of its documents the asker may see."""

    name: str
    documents: int


class CollectionList(BaseModel):
    """The collections of the documents that the asker may see, by name."""

    collections: list[CollectionSize]


class PageBounds(BaseModel):
    """One page of a paged document and the part of the text that it holds."""

    number: int
    start: int
    end: int


class StoredText(BaseModel):
    """A document with its text as stored, which ``start`` and ``end`` of answers count in."""

    document: StoredDocumentInfo
    text: str
    pages: list[PageBounds]


class FeedbackRequest(_Request):
    """What somebody says of an answer, or of there being none.

    - ``right``: the span is right; without a span, it is right that there is no answer.
    - ``wrong``: the span is wrong; without a span, there should have been an answer.
    - ``here``: the answer is this span.
    """

    question: _Question = Field(examples=["Who approves travel?"])
    verdict: Literal["right", "wrong", "here"]
    document_id: int | None = Field(default=None, ge=1, le=2**63 - 1, examples=[3])
    start: int | None = Field(
        default=None, ge=0, le=2**31, description="of the span, in the stored text", examples=[10]
    )
    end: int | None = Field(default=None, ge=1, le=2**31, examples=[35])
    comment: str | None = Field(default=None, max_length=2000)


class FeedbackKept(BaseModel):
    """Feedback was stored."""

    id: int


class JobDocumentState(BaseModel):
    """One document of a job."""

    name: str
    uri: str
    state: Literal["waiting", "added", "updated", "unchanged", "deleted", "failed"]
    document_id: int | None = Field(description="known once it is stored")
    passages_done: int
    passages: int | None = Field(description="known once it is cut")
    reason: str | None = Field(description="why it failed")


class JobProgress(BaseModel):
    """How far an accepted upload or deletion is."""

    id: str
    kind: Literal["ingest", "delete"]
    state: Literal["waiting", "running", "done", "failed"]
    done: int = Field(description="documents")
    total: int = Field(description="documents")
    created_at: str
    finished_at: str | None
    documents: list[JobDocumentState]


class JobList(BaseModel):
    """The newest jobs of whoever asks, newest first."""

    jobs: list[JobProgress]


class SearchRequest(_Request):
    """A query for passages."""

    query: _Question = Field(examples=["parental leave"])
    k: int | None = Field(default=None, ge=1, le=100, description="passages returned")
    mode: SearchMode = Field(default="hybrid", description="which channels rank")
    collection: str | None = Field(default=None, description="only this collection")
    filters: FiltersRequest | None = Field(default=None, description=_FILTERS)


class MaskedStrings(_Request):
    """The texts of an older Azure ML request."""

    input_string: list[str] = Field(min_length=1, description="texts with masks")


class ScoreParameters(_Request):
    """What a request of Hugging Face's endpoints may choose."""

    top_k: int | None = Field(default=None, ge=1, le=100, description="words for each mask (5)")
    targets: str | Annotated[list[str], Field(min_length=1, max_length=100)] | None = Field(
        default=None, description="choose among these words"
    )


class ScoreRequest(_Request):
    """Texts with masks, as Azure ML's and Hugging Face's endpoints take them: one of four shapes.

    ``input_data`` or ``inputs`` is given, not both; ``parameters`` go with either.
    """

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["input_data"]}, {"required": ["inputs"]}]}
    )

    input_data: Annotated[list[str], Field(min_length=1)] | None = Field(
        default=None,
        description="texts with masks",
        examples=[["Paris is the [MASK] of France.", "Today is a [MASK] day!"]],
    )
    inputs: str | Annotated[list[str], Field(min_length=1)] | MaskedStrings | None = Field(
        default=None, description="a text, texts, or an object that holds texts"
    )
    parameters: ScoreParameters | None = None

    @model_validator(mode="after")
    def _one_shape(self) -> Self:
        if (self.input_data is None) == (self.inputs is None):
            raise ValueError("give input_data or inputs, and not both")
        return self

    @property
    def texts(self) -> list[str]:
        """The texts, whatever the shape."""
        if isinstance(self.inputs, str):
            return [self.inputs]
        if isinstance(self.inputs, MaskedStrings):
            return self.inputs.input_string
        return self.inputs or self.input_data or []


class ScoredWord(BaseModel):
    """A word for one mask."""

    score: float = Field(description="its probability")
    token: int = Field(description="its id in the vocabulary")
    token_str: str
    sequence: str = Field(description="the text with this mask filled")


ScoredText = list[ScoredWord] | list[list[ScoredWord]]
ScoreResult = list[str] | ScoredText | list[ScoredText]


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
