"""Test collections: both places of the judgements, plain or gzip, and what is wrong with a line."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from answerable.retriever import BeirFolder, TestCollectionInvalid, beir
from tests.retriever.small_collection import CORPUS, JUDGEMENTS, QUERIES, write_collection


def test_reading_a_collection(tmp_path: Path) -> None:
    """Queries with relevant documents come with their grades; the others are counted."""
    collection = BeirFolder(write_collection(tmp_path))
    assert [query.id for query in collection.queries] == ["q1", "q2", "q3"]
    assert collection.queries[0].text == "When does the office open?"
    assert collection.queries[0].grades == {"hours": 2, "keys": 1}
    assert (collection.n_unjudged, collection.n_unknown) == (1, 1)
    documents = list(collection.documents())
    assert len(documents) == len(CORPUS)
    assert (documents[0].id, documents[0].title) == ("hours", "Opening hours")
    assert documents[-1].title == ""


@pytest.mark.parametrize("qrels", ["qrels.tsv", "qrels/test.tsv"])
@pytest.mark.parametrize("packed", [False, True])
def test_layouts_are_the_same(tmp_path: Path, qrels: str, packed: bool) -> None:
    """Judgements in either place, files plain or gzip, with or without column titles."""
    folder = write_collection(tmp_path, qrels=qrels, titles=packed)
    if packed:
        for name in ("corpus.jsonl", "queries.jsonl", qrels):
            (folder / f"{name}.gz").write_bytes(gzip.compress((folder / name).read_bytes()))
            (folder / name).unlink()
    collection = BeirFolder(folder)
    assert [query.grades for query in collection.queries] == [
        {"hours": 2, "keys": 1},
        {"leave": 1},
        {"travel": 1, "hours": 0},
    ]


@pytest.mark.parametrize("name", ["corpus.jsonl", "queries.jsonl", "qrels.tsv"])
def test_missing_file(tmp_path: Path, name: str) -> None:
    """The file that is not there is named."""
    folder = write_collection(tmp_path)
    (folder / name).unlink()
    with pytest.raises(TestCollectionInvalid, match=f"has no {name}"):
        BeirFolder(folder)


@pytest.mark.parametrize(
    ("name", "line", "reason"),
    [
        ("corpus.jsonl", "{", "not JSON"),
        ("corpus.jsonl", "[1]", "not a JSON object"),
        ("corpus.jsonl", '{"_id": "x"}', "'text' must be there"),
        ("corpus.jsonl", '{"text": "x"}', "'_id' must be there"),
        ("corpus.jsonl", '{"_id": "x", "text": "x", "title": 3}', "'title' must be there"),
        ("corpus.jsonl", '{"_id": "x", "text": "\\ud800"}', "'text' is not valid Unicode"),
        ("corpus.jsonl", '{"_id": "hours", "text": "x"}', "the id 'hours' is there before"),
        ("corpus.jsonl", "[" * 100_000, "not JSON"),
        ("queries.jsonl", '{"_id": "q1", "text": "x"}', "the id 'q1' is there before"),
        ("qrels.tsv", "q1 hours 1", "separated by tabs"),
        ("qrels.tsv", "q1\thours\tmuch", "the grade 'much' is no whole number"),
        ("qrels.tsv", f"q1\thours\t{'9' * 5000}", "is no whole number"),
    ],
)
def test_malformed_line(tmp_path: Path, name: str, line: str, reason: str) -> None:
    """The error names the file, the line and what is wrong with it, on one line."""
    folder = write_collection(tmp_path)
    lines = (folder / name).read_text().splitlines()
    lines.insert(2, line)
    (folder / name).write_text("\n".join(lines))
    with pytest.raises(TestCollectionInvalid) as caught:
        list(BeirFolder(folder).documents())
    assert f"{name}:3: " in str(caught.value)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 500


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: gzip.compress(data)[:-20],
        lambda data: gzip.compress(data)[:15] + b"\0" * 40,
        lambda data: data[:40] + b"\xff\xff" + data[40:],
    ],
    ids=["cut off", "garbled", "not UTF-8"],
)
def test_unreadable_file(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    """A damaged file is one error that names it."""
    folder = write_collection(tmp_path)
    path = folder / "queries.jsonl"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(TestCollectionInvalid, match=r"queries.jsonl: cannot be read after line"):
        BeirFolder(folder)


def test_endless_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line is read up to a limit, whatever it unpacks to."""
    monkeypatch.setattr(beir, "MAX_LINE_CHARS", 2000)
    folder = write_collection(tmp_path)
    path = folder / "queries.jsonl"
    path.write_bytes(gzip.compress(path.read_bytes() + b" " * 10**7))
    with pytest.raises(TestCollectionInvalid, match=rf"{path.name}:5: the line is too long"):
        BeirFolder(folder)


def test_judgements_of_another_collection(tmp_path: Path) -> None:
    """Judgements that fit no query are an error, not a score of nothing."""
    folder = write_collection(tmp_path)
    (folder / "qrels.tsv").write_text("other\thours\t1\n")
    with pytest.raises(TestCollectionInvalid, match="are both of the same collection"):
        BeirFolder(folder)


def test_samples_are_what_the_files_hold(tmp_path: Path) -> None:
    """The sample has a query without judgements, and a judgement without a query."""
    write_collection(tmp_path)
    judged = {line.split("\t")[0] for line in JUDGEMENTS}
    assert judged - {id_ for id_, _ in QUERIES} == {"q9"}
