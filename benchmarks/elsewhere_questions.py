"""Make unanswerable questions: each is put to another paragraph that shares its words.

    python benchmarks/elsewhere_questions.py train-v2.0.json.gz --out runs/elsewhere.json.gz

Over an index, nine of ten passages that are read are of this kind: found for the question's words,
and without its answer. The search is that of ``mine_negatives.py``, the output a SQuAD 2.0 file
for ``answerable train reader``.
"""

import argparse
import random
from pathlib import Path

from mine_negatives import build_search, distinct_paragraphs, matches
from rich.progress import track
from unanswerable_file import Unanswerable, write_unanswerable

from answerable.reader import read_squad
from answerable.reader.training.left_out import is_left_out

_SHARES = {True: 0.35, False: 0.15}  # of the questions with an answer, and of those without
_BEST_SHARE = 0.7  # that are put to the best match; the others to any of those searched
_SEARCHED = 5


def main() -> None:
    """Search, choose, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="a SQuAD 2.0 file")
    parser.add_argument("--out", type=Path, required=True, help="a .json.gz file")
    parser.add_argument("--left-out-share", type=float, default=0.0, help="as in the spec")
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    share = arguments.left_out_share
    questions = [q for q in read_squad(arguments.data) if not is_left_out(q.title, share)]
    paragraphs = distinct_paragraphs(questions)
    database = build_search(paragraphs)
    made: list[Unanswerable] = []
    for question in track(questions, "searching"):
        if rng.random() > _SHARES[question.is_answerable]:
            continue
        found = matches(database, paragraphs, question, _SEARCHED)
        if not found:
            continue
        chosen = found[0] if rng.random() < _BEST_SHARE else rng.choice(found)
        id_ = f"elsewhere-{question.id}"
        made.append(Unanswerable(id_, chosen.title, chosen.context, question.question))
    write_unanswerable(arguments.out, made)
    print(f"{len(made):,} questions, written to {arguments.out}")


if __name__ == "__main__":
    main()
