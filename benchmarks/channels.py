"""What both channels find on a collection: what two benchmarks of retrieval share.

The dense channel is searched exactly, the lexical one through the word index of the product.
Vectors are kept in a folder if one is given, since encoding is most of the time.
"""

import gzip
import hashlib
import json
import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from lexical_search import indexed, read_squad_paragraphs
from retrieval_collections import Collection, read_beir
from wiki_index import PlaceholderEncoder

from answerable.index import Encoder, Filters, ScoredPassage, Vectors
from answerable.retriever import question_terms

DEPTH = 10
METRICS = ("recall_at_1", "recall_at_5", "recall_at_10", "mrr_at_10", "ndcg_at_10")


@dataclass(frozen=True, slots=True)
class Found:
    """What the channels found for one question, best first, and what is right.

    Attributes:
        relevant: positions of documents, as the passage ids are.
    """

    dense: list[ScoredPassage]
    lexical: list[ScoredPassage]
    relevant: frozenset[int]


def held_out_collections(data: Path) -> dict[str, Collection]:
    """Read dev-a with its own paragraphs, Cranfield and CISI: nothing is chosen on them."""
    dev = data / "squad" / "dev-a-v2.0.json.gz"
    return {
        "dev_a": read_squad_paragraphs(dev, data, 0),
        "cranfield": read_beir(data / "retrieval" / "cranfield"),
        "cisi": read_beir(data / "retrieval" / "cisi"),
    }


def training_collection(data: Path, n_articles: int, n_questions: int) -> Collection:
    """Draw articles and answerable questions of SQuAD's training set, the same ones each time."""
    path = data / "squad" / "train-v2.0.json.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        articles = random.Random(3).sample(json.load(file)["data"], n_articles)
    documents: list[tuple[str, str]] = []
    asked: list[tuple[str, frozenset[int]]] = []
    for article in articles:
        for paragraph in article["paragraphs"]:
            documents.append((article["title"].replace("_", " "), paragraph["context"]))
            asked += [
                (question["question"], frozenset({len(documents) - 1}))
                for question in paragraph["qas"]
                if not question.get("is_impossible")
            ]
    places = random.Random(4).sample(range(len(asked)), min(n_questions, len(asked)))
    return Collection(documents, [asked[i][0] for i in places], [asked[i][1] for i in places])


def search_both(
    collection: Collection, encoder: Encoder, depth: int, vectors: Path | None
) -> list[Found]:
    """Ask both channels every question.

    Args:
        collection: documents and questions; a document is a passage.
        encoder: of the dense channel, which sees texts without titles, as the product's does.
        depth: passages taken from each.
        vectors: folder that keeps them; None to encode anew.
    """
    documents = _vectors([text for _, text in collection.documents], "encode", encoder, vectors)
    questions = _vectors(collection.questions, "encode_questions", encoder, vectors)
    lexical = _lexical(collection, depth)
    found = []
    for vector, words, relevant in zip(questions, lexical, collection.relevant, strict=True):
        scores = documents @ vector
        best = np.argsort(-scores, kind="stable")[:depth]
        dense = [ScoredPassage(int(i), float(scores[i])) for i in best]
        found.append(Found(dense, words, relevant))
    return found


def scores_of(rankings: Sequence[Sequence[int]], found: Sequence[Found]) -> npt.NDArray[np.float64]:
    """Return each question's ``METRICS``, (n_questions, 5), for rankings of passage ids.

    Source: nDCG with binary gains, Järvelin, Kekäläinen 2002.
    """
    discounts = 1 / np.log2(np.arange(2, DEPTH + 2))
    rows = []
    for ranking, one in zip(rankings, found, strict=True):
        gains = np.zeros(DEPTH)
        for rank, id_ in enumerate(ranking[:DEPTH]):
            gains[rank] = id_ in one.relevant
        n, first = len(one.relevant), np.flatnonzero(gains)
        rows.append(
            (
                gains[0] / n,
                gains[:5].sum() / n,
                gains.sum() / n,
                1 / (1 + first[0]) if len(first) else 0.0,
                (gains * discounts).sum() / discounts[:n].sum(),
            )
        )
    return np.array(rows)


def figures(scores: npt.NDArray[np.float64]) -> dict[str, float]:
    """Return the mean of each metric, in percent."""
    means = 100 * scores.mean(axis=0)
    return {name: round(float(mean), 2) for name, mean in zip(METRICS, means, strict=True)}


def gain(new: npt.NDArray[np.float64], old: npt.NDArray[np.float64]) -> dict[str, list[float]]:
    """Return how much better ``new`` is on the same questions, in points, and its standard error."""
    difference = 100 * (new - old)
    errors = difference.std(axis=0) / len(difference) ** 0.5
    return {
        name: [round(float(mean), 2), round(float(error), 2)]
        for name, mean, error in zip(METRICS, difference.mean(axis=0), errors, strict=True)
    }


def ids(ranking: Sequence[ScoredPassage]) -> list[int]:
    """Return the passage ids of a ranking."""
    return [found.passage_id for found in ranking]


def _lexical(collection: Collection, depth: int) -> list[list[ScoredPassage]]:
    with (
        tempfile.TemporaryDirectory() as folder,
        indexed(Path(folder) / "index", collection.documents, PlaceholderEncoder()) as index,
    ):
        rankings = []
        for question in collection.questions:
            terms = question_terms(question)
            hits = index.lexical_search(terms, depth, Filters()) if terms else []
            rankings.append([ScoredPassage(hit.passage_id - 1, hit.score) for hit in hits])
    return rankings


def _vectors(texts: Sequence[str], method: str, encoder: Encoder, folder: Path | None) -> Vectors:
    key = hashlib.sha256(json.dumps([encoder.sha256, method, list(texts)]).encode()).hexdigest()
    path = None if folder is None else folder / f"{key[:24]}.npy"
    if path is not None and path.exists():
        kept: Vectors = np.load(path, allow_pickle=False)
        return kept
    encoded: Vectors = getattr(encoder, method)(texts)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, encoded)
    return encoded
