"""Word search: how good it is, beside bm25s, and how fast at a million passages.

    python benchmarks/lexical_search.py --data FOLDER [--distractors N]
    python benchmarks/lexical_search.py --data FOLDER --index FOLDER

The folder of data holds ``squad/``, ``wiki/`` and ``retrieval/`` in the layouts of their publishers. Quality:
the questions of dev-a over their paragraphs and N of Wikipedia's, Cranfield, CISI. Every system
gets the same title and text. bm25s is measured when it is installed, with and without Snowball's
English stemmer, at its own settings. Speed: ``--index`` names where the index of a million
passages is, or will be made (``wiki_index.py``); only that is measured then, warm, with the time
of each case's first search beside it.
"""

import argparse
import gzip
import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from report import sha256_of, write_report
from retrieval_collections import Collection, read_beir
from wiki_index import PlaceholderEncoder, open_wiki_index, paragraphs

from answerable.index import CutPassage, Encoder, Filters, LocalIndex, NewDocument
from answerable.retriever import question_terms

DEPTH = 10
QUESTIONS_TIMED = 500
CANDIDATES = 50  # as many as the retriever takes from the channel

Search = Callable[[str], Sequence[int]]


def main() -> None:
    """Measure what was asked for and write it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--distractors", type=int, default=100_000, help="Wikipedia paragraphs")
    parser.add_argument("--index", type=Path, help="folder of the index of a million passages")
    parser.add_argument("--passages", type=int, default=1_000_000, help="in that index")
    arguments = parser.parse_args()
    data: Path = arguments.data
    dev = data / "squad" / "dev-a-v2.0.json.gz"
    dev_a = read_squad_paragraphs(dev, data, 0 if arguments.index else arguments.distractors)
    if arguments.index:
        with open_wiki_index(arguments.index, data, arguments.passages) as index:
            files = (arguments.index / "words").glob("*.words")
            figures: dict[str, Any] = {
                "passages": index.stats().n_passages,
                "documents": index.stats().n_documents,
                "milliseconds": speed(index, dev_a.questions),
                "word_file_bytes": max(file.stat().st_size for file in files),
            }
        print(write_report("lexical_speed", figures).read_text(encoding="utf-8"))
        return
    collections = {
        "dev_a_and_wiki": dev_a,
        "cranfield": read_beir(data / "retrieval" / "cranfield"),
        "cisi": read_beir(data / "retrieval" / "cisi"),
    }
    figures = {
        "data": {"dev_a": sha256_of(dev), "distractors": arguments.distractors},
        "collections": {name: quality(collection) for name, collection in collections.items()},
    }
    print(write_report("lexical_search", figures).read_text(encoding="utf-8"))


def read_squad_paragraphs(path: Path, data: Path, n_distractors: int) -> Collection:
    """Return answerable questions over their paragraphs, and some of Wikipedia's among them."""
    documents: list[tuple[str, str]] = []
    questions, relevant = [], []
    with gzip.open(path, "rt", encoding="utf-8") as file:
        articles = json.load(file)["data"]
    for article in articles:
        for paragraph in article["paragraphs"]:
            documents.append((article["title"].replace("_", " "), paragraph["context"]))
            for question in paragraph["qas"]:
                if not question["is_impossible"]:
                    questions.append(question["question"])
                    relevant.append(frozenset({len(documents) - 1}))
    everything = list(paragraphs(data))
    documents += random.Random(1).sample(everything, min(n_distractors, len(everything)))
    return Collection(documents, questions, relevant)


def quality(collection: Collection) -> dict[str, Any]:
    """Return the figures of each system on one collection."""
    figures: dict[str, Any] = {
        "documents": len(collection.documents),
        "questions": len(collection.questions),
    }
    with (
        tempfile.TemporaryDirectory() as folder,
        indexed(Path(folder) / "index", collection.documents, PlaceholderEncoder()) as index,
    ):
        figures["answerable"] = _measured(_our_search(index), collection)
    figures.update(
        {
            name: _measured(search, collection)
            for name, search in bm25s_searches(collection.documents, DEPTH)
        }
    )
    return figures


def indexed(folder: Path, documents: Sequence[tuple[str, str]], encoder: Encoder) -> LocalIndex:
    """Open an index with a passage for each document; make it first if it is not there.

    Passage ids are positions plus one.
    """
    index = LocalIndex.open(folder, encoder, create=True)
    if index.stats().n_passages == len(documents):
        return index
    numbered = enumerate(documents)
    with index.writing() as writer:
        while batch := list(islice(numbered, 2000)):
            new = [_new_document(position, *document) for position, document in batch]
            writer.put(new, encoder.encode([document.text for document in new]))
        index.publish(writer)
    return index


def _new_document(position: int, title: str, text: str) -> NewDocument:
    return NewDocument(
        uri=str(position),
        title=title,
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


def _our_search(index: LocalIndex) -> Search:
    def search(question: str) -> list[int]:
        hits = index.lexical_search(question_terms(question), DEPTH, Filters())
        return [hit.passage_id - 1 for hit in hits]

    return search


def bm25s_searches(
    documents: Sequence[tuple[str, str]], depth: int
) -> Iterator[tuple[str, Search]]:
    """Yield bm25s at its own settings, without and with a stemmer, where it is installed."""
    try:
        import bm25s
        import Stemmer
    except ImportError:
        return
    texts = [f"{title}\n{text}" for title, text in documents]
    for name, stemmer in (("bm25s", None), ("bm25s_stemmed", Stemmer.Stemmer("english"))):
        model = bm25s.BM25()
        model.index(
            bm25s.tokenize(texts, stopwords="en", stemmer=stemmer, show_progress=False),
            show_progress=False,
        )

        def search(question: str, model: Any = model, stemmer: Any = stemmer) -> list[int]:
            tokens = bm25s.tokenize(
                [question], stopwords="en", stemmer=stemmer, show_progress=False
            )
            found, _ = model.retrieve(tokens, k=depth, show_progress=False)
            return [int(position) for position in found[0]]

        yield name, search


def _measured(search: Search, collection: Collection) -> dict[str, float]:
    """Return recall at 1 and 10, MRR and nDCG at 10, in percent.

    Source: nDCG with binary gains, Järvelin, Kekäläinen 2002.
    """
    discounts = 1 / np.log2(np.arange(2, DEPTH + 2))
    rows = []
    for question, relevant in zip(collection.questions, collection.relevant, strict=True):
        gains = np.zeros(DEPTH)
        for rank, position in enumerate(search(question)):
            gains[rank] = position in relevant
        first = np.flatnonzero(gains)
        rows.append(
            (
                gains[0] / len(relevant),
                gains.sum() / len(relevant),
                1 / (1 + first[0]) if len(first) else 0.0,
                (gains * discounts).sum() / discounts[: len(relevant)].sum(),
            )
        )
    names = ("recall_at_1", f"recall_at_{DEPTH}", f"mrr_at_{DEPTH}", f"ndcg_at_{DEPTH}")
    means = np.mean(rows, axis=0)
    return {name: round(100 * float(mean), 2) for name, mean in zip(names, means, strict=True)}


def speed(index: LocalIndex, questions: Sequence[str]) -> dict[str, Any]:
    """Return times of a search for each kind of asker and filter, each run once before."""
    asked = [question_terms(q) for q in random.Random(0).sample(list(questions), QUESTIONS_TIMED)]
    cases = {
        "owner": Filters(),
        "public": Filters(principals=()),
        **{f"group_{n}": Filters(principals=(f"group:{n}",)) for n in ("half", "2000th")},
        **{
            f"collection_{name}": Filters(collections=(name,))
            for name in ("half", "twentieth", "200th", "2000th")
        },
    }
    return {name: _timed(index, asked, filters) for name, filters in cases.items()}


def _timed(index: LocalIndex, asked: Sequence[Sequence[str]], filters: Filters) -> dict[str, float]:
    times = []
    for terms in (asked[0], *asked):
        started = time.perf_counter()
        index.lexical_search(terms, CANDIDATES, filters)
        times.append(1000 * (time.perf_counter() - started))
    p50, p99 = np.percentile(times[1:], [50, 99])
    return {"first": round(times[0], 1), "p50": round(p50, 2), "p99": round(p99, 2)}


if __name__ == "__main__":
    main()
