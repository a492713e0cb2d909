"""Questions that were asked, line by line: fits and figures are made anew from them in seconds.

A line holds the question, what is right, the passages as they were retrieved, and the best spans
of every window with their logits; nothing in it depends on the confidence model.
"""

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from answerable.index import Passage
from answerable.reader import RetrievalEvidence, is_right_answer
from answerable.reader.answer_text import exact_match
from answerable.reader.confidence import Reading, answer_features, raw_score
from answerable.reader.ranking import ScoredSpan, SpanLogits, rank_spans

RANKED = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """One question and what came of it.

    Attributes:
        set: which collection of questions.
        kind: ``present``, ``removed``, ``unanswerable``, ``foreign``, or of the set's own.
        group: article or other text that it is about.
        answers: references, empty if nothing that is indexed answers it.
        gold_rank: of the first passage that holds an answer, from 1; None if none was read.
        features: of the top span, once it is read back; empty without one.
    """

    id: str
    set: str
    kind: str
    group: str
    answers: tuple[str, ...]
    gold_rank: int | None
    reading: Reading
    features: tuple[float, ...] = ()

    @property
    def answer(self) -> str:
        """The text of the top span; empty if there is none."""
        return self.reading.ranked[0].text if self.reading.ranked else ""

    @property
    def is_right(self) -> bool:
        """Whether the top span is a right answer: see ``is_right_answer``."""
        return is_right_answer(self.answer, self.answers)

    @property
    def is_exact(self) -> bool:
        """Whether the top span equals a reference, normalized."""
        return any(exact_match(self.answer, answer) for answer in self.answers)


def to_json(asked: Asked) -> dict[str, Any]:
    """Return a question as a JSON object."""
    reading = asked.reading
    places = {passage.id: place for place, passage in enumerate(reading.passages)}
    priors = _priors(reading)
    return {
        "id": asked.id,
        "set": asked.set,
        "kind": asked.kind,
        "group": asked.group,
        "question": reading.question,
        "answers": asked.answers,
        "gold_rank": asked.gold_rank,
        "passages": [
            {
                "document": passage.document_id,
                "start": passage.start,
                "title": passage.title,
                "heading": passage.heading,
                "text": passage.text,
                "prior": round(priors.get(passage.id, 0.0), 4),
            }
            for passage in reading.passages
        ],
        "evidence": [
            [e.rank, e.dense_rank, _short(e.dense_score), e.lexical_rank, _short(e.lexical_score)]
            for e in reading.evidence
        ],
        "spans": [
            [places[span.passage_id], span.start, span.end, *map(_short, _logits(span))]
            for span in reading.spans
        ],
        "alone": [[*place, round(score, 3)] for place, score in reading.alone.items()],
    }


def from_json(fields: dict[str, Any]) -> Asked:
    """Return the question of a JSON object."""
    passages = [
        Passage(
            id=place,
            document_id=p["document"],
            start=p["start"],
            end=p["start"] + len(p["text"]),
            text=p["text"],
            heading=p["heading"],
            page=None,
            title=p["title"],
        )
        for place, p in enumerate(fields["passages"])
    ]
    priors = [p["prior"] for p in fields["passages"]]
    spans = [_span(passages, priors, row) for row in fields["spans"]]
    reading = Reading(
        question=fields["question"],
        passages=passages,
        evidence=[RetrievalEvidence(*row) for row in fields["evidence"]],
        spans=spans,
        ranked=rank_spans(spans, RANKED),
        alone={(document, start, end): score for document, start, end, score in fields["alone"]},
    )
    return Asked(
        id=fields["id"],
        set=fields["set"],
        kind=fields["kind"],
        group=fields["group"],
        answers=tuple(fields["answers"]),
        gold_rank=fields["gold_rank"],
        reading=reading,
        features=answer_features(reading)[0] if reading.ranked else (),
    )


def read_lines(path: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return what a file says of itself, and its lines; a torn last line is left out."""
    lines = list(_lines(path))
    return lines[0]["about"], lines[1:]


def append_lines(path: Path, objects: Sequence[dict[str, Any]]) -> None:
    """Add lines to a file, whole or not at all but for a crash."""
    with gzip.open(path, "at", encoding="utf-8") as file:
        file.write("".join(json.dumps(line, ensure_ascii=True) + "\n" for line in objects))


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        try:
            for line in file:
                yield json.loads(line)
        except (EOFError, ValueError):
            return


def _priors(reading: Reading) -> dict[int, float]:
    return {span.passage_id: span.score - raw_score(span) for span in reading.spans}


def _logits(span: ScoredSpan) -> tuple[float, float, float, float]:
    assert span.logits is not None
    return span.logits.start, span.logits.end, span.logits.null_start, span.logits.null_end


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _span(passages: Sequence[Passage], priors: Sequence[float], row: Sequence[Any]) -> ScoredSpan:
    place, start, end, *logits = row
    passage = passages[place]
    span = ScoredSpan(
        passage_id=place,
        document_id=passage.document_id,
        start=start,
        end=end,
        text=passage.text[start - passage.start : end - passage.start],
        score=0.0,
        logits=SpanLogits(*logits),
    )
    return replace(span, score=raw_score(span) + priors[place])
