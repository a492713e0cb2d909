"""Hard negatives: passages that our own search finds and that do not hold the answer.

Both channels are asked, over the training passages themselves: the encoder exactly, in memory,
and the word index of the product, in a temporary folder. Needs no torch.
"""

import hashlib
import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from itertools import chain, islice, zip_longest
from pathlib import Path

import numpy as np
from tqdm import tqdm

from answerable.index import CutPassage, Encoder, Filters, LocalIndex, NewDocument, Vectors

from ..lexical import question_terms
from .options import NegativesSpec
from .pairs import LabelledQuestion, Passages

_BLOCK = 256  # texts encoded, questions searched or passages written at once


def mine(
    questions: Sequence[LabelledQuestion],
    passages: Passages,
    encoder: Encoder,
    spec: NegativesSpec,
    cache: Path,
) -> list[list[int]]:
    """Return hard negatives of each question as numbers of passages, hardest first.

    Args:
        questions: those that will be trained on.
        passages: what is searched.
        encoder: of the dense channel.
        spec: how deep, and how many are kept.
        cache: file that keeps the result, so that a resumed run need not search again.
    """
    signature = _signature(questions, passages, encoder, spec)
    if (known := _cached(cache, signature)) is not None:
        return known
    found = [
        _negatives(question, channels, passages, spec.keep)
        for question, channels in zip(
            questions,
            zip(
                _by_meaning(questions, passages.texts, encoder, spec.depth),
                _by_words(questions, passages.texts, encoder, spec.depth),
                strict=True,
            ),
            strict=True,
        )
    ]
    cache.parent.mkdir(parents=True, exist_ok=True)
    temporary = cache.with_suffix(".tmp")
    temporary.write_text(json.dumps({"signature": signature, "passages": found}), encoding="utf-8")
    temporary.replace(cache)
    return found


def _negatives(
    question: LabelledQuestion, channels: Sequence[Sequence[int]], passages: Passages, keep: int
) -> list[int]:
    """Take from the channels in turn what cannot answer the question."""
    in_turn = chain.from_iterable(zip_longest(*channels))
    ranked = [number for number in dict.fromkeys(in_turn) if number is not None]
    may_answer = passages.may_answer(ranked, question)
    wrong = (number for number, may in zip(ranked, may_answer, strict=True) if not may)
    return list(islice(wrong, keep))


def _by_meaning(
    questions: Sequence[LabelledQuestion], texts: Sequence[str], encoder: Encoder, depth: int
) -> Iterator[list[int]]:
    """Yield the nearest passages of each question, best first."""
    vectors = _encoded(texts, encoder)
    for block in _blocks(questions):
        asked = encoder.encode_questions([question.question for question in block])
        scores = asked @ vectors.T  # (n_questions, n_passages)
        yield from np.argsort(-scores, axis=1, kind="stable")[:, :depth].tolist()


def _by_words(
    questions: Sequence[LabelledQuestion], texts: Sequence[str], encoder: Encoder, depth: int
) -> Iterator[list[int]]:
    """Yield the passages that share a question's words, best first."""
    with _word_index(texts, encoder) as index:
        for question in tqdm(questions, desc="mine", unit="q"):
            terms = question_terms(question.question)
            hits = index.lexical_search(terms, depth, Filters()) if terms else []
            yield [hit.passage_id - 1 for hit in hits]


@contextmanager
def _word_index(texts: Sequence[str], encoder: Encoder) -> Iterator[LocalIndex]:
    """Lend an index with a document for each passage; ids are numbers plus one."""
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalIndex.open(Path(folder) / "index", encoder, create=True) as index,
    ):
        with index.writing() as writer:
            for first in range(0, len(texts), _BLOCK):
                block = texts[first : first + _BLOCK]
                # Only words are searched for here, so the vectors may be anything.
                vectors = np.full((len(block), encoder.dimension), encoder.dimension**-0.5)
                documents = [_document(first + i, text) for i, text in enumerate(block)]
                writer.put(documents, vectors.astype(np.float32))
            index.publish(writer)
        yield index


def _document(number: int, text: str) -> NewDocument:
    return NewDocument(
        uri=str(number),
        title="",
        collection="default",
        media_type="text/plain",
        content_sha256="",
        size_bytes=0,
        text=text,
        pages=(),
        principals=("public",),
        modified_at=None,
        passages=(CutPassage(0, len(text), "", text, None),),
    )


def _encoded(texts: Sequence[str], encoder: Encoder) -> Vectors:
    blocks = range(0, len(texts), _BLOCK)
    bar = tqdm(blocks, desc="encode passages", unit=f"x{_BLOCK}")
    return np.concatenate([encoder.encode(texts[first : first + _BLOCK]) for first in bar])


def _blocks(questions: Sequence[LabelledQuestion]) -> Iterator[Sequence[LabelledQuestion]]:
    return (questions[first : first + _BLOCK] for first in range(0, len(questions), _BLOCK))


def _signature(
    questions: Sequence[LabelledQuestion],
    passages: Passages,
    encoder: Encoder,
    spec: NegativesSpec,
) -> str:
    """Identify all that the result depends on."""
    asked = [asdict(question) for question in questions]
    parts = [asked, passages.texts, encoder.sha256, spec.depth, spec.keep]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _cached(cache: Path, signature: str) -> list[list[int]] | None:
    """Return what an earlier sitting found; None where it searched for something else."""
    try:
        stored = json.loads(cache.read_text(encoding="utf-8"))
        known: list[list[int]] = stored["passages"]
        return known if stored["signature"] == signature else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
