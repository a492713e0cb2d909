"""From the reader's spans and the retriever's hits to quotes with their source."""

from collections.abc import Mapping, Sequence

from answerable.index import Document, DocumentInfo, sentence_bounds
from answerable.reader import Prediction, Span
from answerable.retriever import Hit

from .types import (
    Answer,
    AnswerLimit,
    AskReason,
    AskResult,
    AskTiming,
    DocumentRef,
    ModelNames,
    NearestPassage,
    SearchHit,
)

_NEAREST = 3  # passages shown as evidence: what fits on one screen


def document_ref(info: DocumentInfo) -> DocumentRef:
    """Return the public reference to a stored document."""
    return DocumentRef(
        id=info.id,
        uri=info.uri,
        title=info.title,
        modified_at=info.modified_at,
        ingested_at=info.ingested_at,
    )


def quote(span: Span, documents: Mapping[int, Document]) -> Answer | None:
    """Return a span as a quote in its sentence, with its source.

    Args:
        span: from the reader.
        documents: by id, as stored now.

    Returns:
        None when the document was removed or changed after its passage was retrieved: an
        answer is never given that its document does not hold.
    """
    document = documents.get(span.document_id)
    if document is None or document.text[span.start : span.end] != span.text:
        return None
    sentence_start, sentence_end = sentence_bounds(document.text, span.start, span.end)
    return Answer(
        text=span.text,
        sentence=document.text[sentence_start:sentence_end],
        sentence_start=sentence_start,
        probability=span.probability,
        score=span.score,
        document=document_ref(document.info),
        passage_id=span.passage_id,
        start=span.start,
        end=span.end,
        page=page_number(document, span.start),
        line=None if document.pages else document.text.count("\n", 0, span.start) + 1,
    )


def ask_result(
    question: str,
    hits: Sequence[Hit],
    prediction: Prediction,
    quotes: Mapping[Span, Answer | None],
    *,
    limit: AnswerLimit,
    timing: AskTiming,
    models: ModelNames,
    is_shifted: bool,
) -> AskResult:
    """Return the verdict on a question as the public result.

    Args:
        hits: what was read.
        prediction: the reader's verdict.
        quotes: by span, as ``quote`` returns them.
        limit: how sure an answer had to be.
        timing: of the stages.
        models: what produced it.
        is_shifted: whether its probabilities are to be taken with care.
    """
    answer = quotes.get(prediction.answer) if prediction.answer else None
    return AskResult(
        question=question,
        answer=answer,
        abstained=answer is None,
        reason=None if answer else _reason(hits, prediction, quotes),
        candidates=tuple(candidate for candidate in quotes.values() if candidate),
        nearest=nearest_passages(hits),
        limit=limit,
        calibration=("shifted" if is_shifted else "matched") if models.calibration else None,
        timing_ms=timing,
        models=models,
    )


def _reason(
    hits: Sequence[Hit], prediction: Prediction, quotes: Mapping[Span, Answer | None]
) -> AskReason:
    """Say why there is no answer; one whose document has changed meanwhile is none."""
    if not hits:
        return "no_passages"
    if prediction.reason == "conflicting_answers" and not all(
        quotes.get(span) for span in prediction.spans[:2]
    ):
        return "low_confidence"
    return prediction.reason or "no_answer_in_passages"


def page_number(document: Document, offset: int) -> int | None:
    """Return the page that holds a code-point offset; None for documents without pages."""
    begun = [page.number for page in document.pages if page.start <= offset]
    return begun[-1] if begun else None


def nearest_passages(hits: Sequence[Hit]) -> tuple[NearestPassage, ...]:
    """Return the best hits as evidence."""
    return tuple(nearest_passage(hit) for hit in hits[:_NEAREST])


def nearest_passage(hit: Hit) -> NearestPassage:
    """Return a hit as evidence beside an answer or an abstention."""
    return NearestPassage(
        passage_id=hit.passage.id,
        document=document_ref(hit.document),
        text=hit.passage.text,
        score=hit.score,
    )


def search_hit(hit: Hit) -> SearchHit:
    """Return a hit as a search result."""
    return SearchHit(
        passage_id=hit.passage.id,
        document=document_ref(hit.document),
        text=hit.passage.text,
        heading=hit.passage.heading,
        start=hit.passage.start,
        end=hit.passage.end,
        page=hit.passage.page,
        score=hit.score,
        dense=hit.dense,
        lexical=hit.lexical,
    )
