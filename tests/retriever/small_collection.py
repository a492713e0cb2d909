"""A test collection small enough to judge by eye, in BEIR layout."""

import json
from pathlib import Path

CORPUS = (
    ("hours", "Opening hours", "The office in Utrecht opens at nine and closes at 18:30."),
    ("leave", "Annual leave", "Employees have 28 days of annual leave, and may carry over six."),
    ("keys", "Keys", "Whoever closes the office leaves the keys with the porter."),
    ("travel", "Travel", "Journeys by train are paid back within two weeks."),
    ("canteen", "Canteen", "Soup is served from noon; the menu changes on Mondays."),
    ("empty", "Car park", ""),
    ("untitled", "", "Bicycles stand behind the building."),
)
QUERIES = (
    ("q1", "When does the office open?"),
    ("q2", "How many days of annual leave are there?"),
    ("q3", "Who pays for journeys by train?"),
    ("q4", "What is the meaning of life?"),
)
JUDGEMENTS = (
    "q1\thours\t2",
    "q1\tkeys\t1",
    "q2\tleave\t1",
    "q3\ttravel\t1",
    "q3\thours\t0",
    "q9\tleave\t1",
)


def write_collection(
    folder: Path, *, qrels: str = "qrels.tsv", titles: bool = True, name: str = "office"
) -> Path:
    """Write the collection into a folder of that one; return it."""
    target = folder / name
    target.mkdir()
    corpus = [
        {"_id": id_, "text": text} | ({"title": title} if title else {})
        for id_, title, text in CORPUS
    ]
    queries = [{"_id": id_, "text": text} for id_, text in QUERIES]
    (target / "corpus.jsonl").write_text("".join(json.dumps(d) + "\n" for d in corpus))
    (target / "queries.jsonl").write_text("".join(json.dumps(q) + "\n" for q in queries))
    (target / qrels).parent.mkdir(exist_ok=True)
    lines = (["query-id\tcorpus-id\tscore"] if titles else []) + list(JUDGEMENTS)
    (target / qrels).write_text("\n".join(lines) + "\n")
    return target
