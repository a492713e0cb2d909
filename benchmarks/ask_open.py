"""Ask the questions that confidence is fitted on and measured with; keep all that came of it.

    python benchmarks/ask_open.py DATA LINES.jsonl.gz --indexes FOLDER
    python benchmarks/ask_open.py DATA LINES.jsonl.gz --indexes FOLDER --vectors VECTORS

DATA holds ``squad/``, ``squadshifts/``, ``policyqa/``, ``retrieval/``, ``wiki/`` and ``documents/``.
Indexes are made in FOLDER, or reused. ``--vectors`` are those of ``paragraph_vectors.py``, which
saves encoding the distractors. A run that was stopped goes on where it was. ``confidence.py``
makes fits and figures of the lines. When the numbers that confidence is computed from have
changed, the reader's ``confidence.json`` is of another version: take it away before.
"""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from asked import Asked, append_lines, read_lines, to_json
from open_index import HidingIndex, evidence_of, index_of, stored_vectors, wiki_distractors
from question_sets import (
    DEV_A,
    DOMAINS,
    QuestionSet,
    ToAsk,
    domain_set,
    gold_set,
    more_set,
    open_set,
    unrelated_set,
)
from report import sha256_of
from rich.progress import track

from answerable.api import Engine, Settings
from answerable.index import SPLITTER_VERSION, Filters, LocalIndex, Passage
from answerable.reader import OnnxReader, default_reader_folder
from answerable.retriever import HybridRetriever, OnnxEncoder, passage_priors

PASSAGES_READ = 10
BATCH = 20


def main() -> None:
    """Make the indexes and ask."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("lines", type=Path, help="written, or gone on with")
    parser.add_argument("--indexes", type=Path, required=True)
    parser.add_argument("--reader", type=Path, default=default_reader_folder())
    parser.add_argument("--questions", type=int, default=4364, help="in the open set")
    parser.add_argument("--other-questions", type=int, default=1200, help="in each other domain")
    parser.add_argument("--gold-questions", type=int, default=1000, help="in each gold set")
    parser.add_argument("--unrelated-questions", type=int, default=500)
    parser.add_argument("--distractors", type=int, default=5000, help="Wikipedia paragraphs")
    parser.add_argument("--vectors", type=Path, help="of the distractors")
    parser.add_argument("--sets", nargs="*", help="only these")
    arguments = parser.parse_args()
    reader, encoder = OnnxReader.load(arguments.reader), OnnxEncoder.load()
    data: Path = arguments.data
    about = {
        "data": {Path(DEV_A).name: sha256_of(data / DEV_A)},
        "reader_sha256": reader.sha256,
        "encoder_sha256": encoder.sha256,
        "splitter_version": SPLITTER_VERSION,
        "passages_read": PASSAGES_READ,
        "distractors": arguments.distractors,
    }
    if not arguments.lines.exists():
        append_lines(arguments.lines, [{"about": about}])
    known, lines = read_lines(arguments.lines)
    if known != about:
        raise SystemExit(f"{arguments.lines} is of other models or another index: {known}")
    run = Run(arguments.lines, reader, encoder, {(line["set"], line["id"]) for line in lines})
    for name in ("gold_dev-a", *(f"gold_{domain}" for domain in DOMAINS)):
        if not arguments.sets or name in arguments.sets:
            run.ask_gold(gold_set(data, name.removeprefix("gold_"), arguments.gold_questions))
    for n, ending in ((arguments.distractors, ""), (0, "_alone")):
        sets = [
            open_set(data, arguments.questions),
            more_set(data, arguments.questions, is_large=n > 0),
        ]
        named = [replace(one, name=one.name + ending) for one in sets]
        wanted = [one for one in named if not arguments.sets or one.name in arguments.sets]
        if not wanted:
            continue
        articles = sets[0].articles
        n_before = sum(len(article.contexts) for article in articles)
        vectors = arguments.vectors and stored_vectors(arguments.vectors, n_before, n)
        distractors = wiki_distractors(data, n)
        folder = arguments.indexes / f"open-{n}"
        with index_of(folder, encoder, articles, distractors, vectors) as index:
            for questions in wanted:
                run.ask(questions, index)
    for name in DOMAINS:
        if not arguments.sets or name in arguments.sets:
            questions = domain_set(data, name, arguments.other_questions, 400)
            with index_of(arguments.indexes / name, encoder, questions.articles) as index:
                run.ask(questions, index)
    if not arguments.sets or "unrelated" in arguments.sets:
        folder = arguments.indexes / "documents"
        if not folder.exists():
            with Engine.open(folder, Settings(), create=True) as engine:
                engine.ingest([data / "documents"])
        with LocalIndex.open(folder, encoder) as index:
            run.ask(unrelated_set(data, arguments.unrelated_questions), index)


class Run:
    """Asks sets of questions, leaving out those that were asked before."""

    def __init__(
        self,
        lines: Path,
        reader: OnnxReader,
        encoder: OnnxEncoder,
        done: set[tuple[str, str]],
    ) -> None:
        self._lines = lines
        self._reader = reader
        self._encoder = encoder
        self._done = done

    def ask_gold(self, questions: QuestionSet) -> None:
        """Read each question's own paragraph."""
        self._keep(questions, (self._read_gold(questions.name, q) for q in self._left(questions)))

    def ask(self, questions: QuestionSet, index: LocalIndex) -> None:
        """Ask every question to an index."""
        places = _Places(questions, index)
        self._keep(
            questions,
            (self._ask(questions.name, q, index, places) for q in self._left(questions)),
        )

    def _left(self, questions: QuestionSet) -> list[ToAsk]:
        return [q for q in questions.questions if (questions.name, q.id) not in self._done]

    def _keep(self, questions: QuestionSet, asked: Iterator[Asked]) -> None:
        batch: list[Asked] = []
        for one in track(asked, description=questions.name, total=len(self._left(questions))):
            batch.append(one)
            if len(batch) == BATCH:
                append_lines(self._lines, [to_json(each) for each in batch])
                batch = []
        append_lines(self._lines, [to_json(each) for each in batch])

    def _read_gold(self, name: str, question: ToAsk) -> Asked:
        passage = Passage(
            id=0,
            document_id=0,
            start=0,
            end=len(question.context),
            text=question.context,
            heading="",
            page=None,
        )
        reading = self._reader.reading(question.question, [passage])
        return Asked(question.id, name, question.kind, question.group, question.answers, 1, reading)

    def _ask(self, name: str, question: ToAsk, index: LocalIndex, places: "_Places") -> Asked:
        gold = places.gold(question)
        hidden = places.hidden(question)
        retriever = HybridRetriever(HidingIndex(index, hidden), self._encoder)
        hits = retriever.search(question.question, PASSAGES_READ, Filters())
        passages = [hit.passage for hit in hits]
        reading = self._reader.reading(
            question.question, passages, passage_priors(hits), evidence_of(hits)
        )
        ranks = [rank for rank, passage in enumerate(passages, start=1) if passage.id in gold]
        return Asked(
            id=question.id,
            set=name,
            kind=question.kind,
            group=question.group,
            answers=question.answers,
            gold_rank=min(ranks, default=None),
            reading=reading,
        )


class _Places:
    """Where the paragraphs of a set's articles are in the index."""

    def __init__(self, questions: QuestionSet, index: LocalIndex) -> None:
        self._articles = {article.title: article for article in questions.articles}
        infos = {info.uri.removeprefix("article:"): info for info in index.documents(Filters())}
        titles = {infos[title].id: title for title in self._articles}
        # Articles are put in before the distractors, and passage ids are given in order.
        n = sum(infos[title].n_passages for title in self._articles)
        self._passages: dict[str, list[Passage]] = {title: [] for title in self._articles}
        for passage in index.passages(range(1, n + 1), Filters()):
            self._passages[titles[passage.document_id]].append(passage)

    def gold(self, question: ToAsk) -> frozenset[int]:
        """Return the passages that hold a reference answer in the question's paragraph."""
        if question.title not in self._articles or not question.answers:
            return frozenset()
        return frozenset(
            passage.id
            for passage in self._of_paragraph(question)
            if any(answer in passage.text for answer in question.answers)
        )

    def hidden(self, question: ToAsk) -> frozenset[int]:
        """Return the passages that the question must not find."""
        if not question.hides:
            return frozenset()
        if question.hides == "article":
            return frozenset(passage.id for passage in self._passages[question.title])
        return frozenset(passage.id for passage in self._of_paragraph(question))

    def _of_paragraph(self, question: ToAsk) -> list[Passage]:
        start, end = self._articles[question.title].place(question.context)
        return [p for p in self._passages[question.title] if p.start < end and start < p.end]


if __name__ == "__main__":
    main()
