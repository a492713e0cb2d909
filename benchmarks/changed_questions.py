"""Make unanswerable questions: one word of an answerable one is changed, its passage stays.

    python benchmarks/changed_questions.py train-v2.0.json.gz --out runs/changed.json.gz

A name gives way to another of the passage, a number to another number, a word to its opposite or
to what people changed it to, two names change places, or the question is negated. Readers of this
size take such questions for the ones that they were made of. Some of them have an answer after
all; most have none. The output is a SQuAD 2.0 file for ``answerable train reader``. Sources: Zhu
and others 2019, "Learning to ask unanswerable questions for machine reading comprehension";
Rajpurkar and others 2018, who describe how people do it.
"""

import argparse
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from question_edits import Edits, edited, edits_of
from unanswerable_file import Unanswerable, write_unanswerable

from answerable.reader import SquadQuestion, read_squad
from answerable.reader.training.left_out import is_left_out

_NAME = re.compile(
    r"(?<![.?!]\s)(?<!^)\b[A-Z][\w'’-]+(?:\s+(?:of\s+|the\s+)?[A-Z][\w'’-]+)*"  # no first word
)
_SERIES = re.compile(r"\b(and|or|both)\b|^[\s,]*$")  # between names whose order says nothing
_NUMBER = re.compile(r"\b\d[\d,.]*\d\b|\b\d\b")
_WORD = re.compile(r"\b[a-z]+\b")
_NEGATABLE = re.compile(r"\b(did|does|do|was|were|is|are|can|could|has|have|will|would)\b(?! not)")
_NEGATED_SHARE = 0.25
_YEARS_OFF = (-30, -11, -7, -3, -2, -1, 1, 2, 3, 8, 12, 40)
_PAIRS = """
before/after first/last more/less more/fewer most/least stronger/weaker largest/smallest
larger/smaller highest/lowest higher/lower increase/decrease increased/decreased north/south
northern/southern east/west eastern/western above/below oldest/youngest older/younger early/late
earlier/later inside/outside internal/external positive/negative win/lose won/lost join/leave
joined/left public/private modern/ancient maximum/minimum longest/shortest best/worst major/minor
hot/cold local/global success/failure support/oppose supported/opposed allow/forbid
allowed/forbidden easy/difficult buy/sell bought/sold male/female began/ended begin/end start/end
started/ended accepted/rejected legal/illegal same/different rich/poor
""".split()

KINDS = ("name", "number", "turned", "edit", "opposite", "negation")

Change = tuple[str, str]
"""What kind of word was changed, and the question that came of it."""


def main() -> None:
    """Read, change, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="a SQuAD 2.0 file")
    parser.add_argument("--out", type=Path, required=True, help="a .json.gz file")
    parser.add_argument("--left-out-share", type=float, default=0.0, help="as in the spec")
    parser.add_argument("--kinds", nargs="*", choices=KINDS, default=KINDS, help="of changes")
    parser.add_argument("--seed", type=int, default=5)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    kinds: Counter[str] = Counter()
    made: list[Unanswerable] = []
    share = arguments.left_out_share
    questions = [q for q in read_squad(arguments.data) if not is_left_out(q.title, share)]
    edits = edits_of(questions) if "edit" in arguments.kinds else {}
    for question in questions:
        changes = list(changed(question, edits, rng)) if question.is_answerable else []
        changes = [change for change in changes if change[0] in arguments.kinds]
        if not changes:
            continue
        kind = rng.choice(sorted({kind for kind, _ in changes}))
        text = rng.choice([text for of, text in changes if of == kind])
        kinds[kind] += 1
        id_ = f"changed-{question.id}"
        made.append(Unanswerable(id_, question.title, question.context, text))
    write_unanswerable(arguments.out, made)
    print(f"{kinds.total():,} questions, {dict(kinds)}, written to {arguments.out}")


def changed(question: SquadQuestion, edits: Edits, rng: random.Random) -> Iterator[Change]:
    """Yield the ways to change one place of a question, or two names."""
    text, context = question.question, question.context
    answers = " ".join(_plain(answer.text) for answer in question.answers)
    yield from _other_names(text, context, answers, rng)
    yield from _other_numbers(text, context, answers, rng)
    yield from _turned(text, context)
    yield from (("edit", new) for new in edited(text, context, edits, rng))
    for match in _WORD.finditer(text):
        if match.group() in _OPPOSITES:
            yield "opposite", _replaced(text, match, rng.choice(_OPPOSITES[match.group()]))
    verb = _NEGATABLE.search(text)
    if verb and rng.random() < _NEGATED_SHARE:
        yield "negation", _replaced(text, verb, f"{verb.group()} not")


def _other_names(text: str, context: str, answers: str, rng: random.Random) -> Iterator[Change]:
    names = dict.fromkeys(match.group() for match in _NAME.finditer(context))
    for match in _NAME.finditer(text):
        name = match.group()
        if _plain(name) not in _plain(context):
            continue
        others = [other for other in names if _may_replace(other, name, text, answers)]
        if others:
            yield "name", _replaced(text, match, rng.choice(others))


def _turned(text: str, context: str) -> Iterator[Change]:
    """Yield a question of two names in which they have changed places."""
    names = [m for m in _NAME.finditer(text) if _plain(m.group()) in _plain(context)]
    if len(names) == 2:
        one, other = names
        between = text[one.end() : other.start()]
        if not _SERIES.search(between):
            turned = f"{other.group()}{between}{one.group()}"
            yield "turned", text[: one.start()] + turned + text[other.end() :]


def _may_replace(other: str, name: str, text: str, answers: str) -> bool:
    plain = _plain(other)
    is_new = bool(plain) and plain not in _plain(text) and plain not in answers
    is_like = abs(len(other.split()) - len(name.split())) <= 1
    return is_new and is_like and _plain(name) not in plain


def _other_numbers(text: str, context: str, answers: str, rng: random.Random) -> Iterator[Change]:
    numbers = [match.group() for match in _NUMBER.finditer(context)]
    for match in _NUMBER.finditer(text):
        number = match.group()
        others = [
            other
            for other in numbers
            if other != number and other not in answers and len(other) == len(number)
        ]
        if len(number) == 4 and number.isdigit():
            others.append(str(int(number) + rng.choice(_YEARS_OFF)))
        if others:
            yield "number", _replaced(text, match, rng.choice(others))


def _replaced(text: str, match: re.Match[str], word: str) -> str:
    return text[: match.start()] + word + text[match.end() :]


def _plain(text: str) -> str:
    return re.sub(r"\W+", " ", text.lower()).strip()


def _opposites(pairs: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for pair in pairs:
        one, other = pair.split("/")
        found[one].append(other)
        found[other].append(one)
    return dict(found)


_OPPOSITES = _opposites(_PAIRS)

if __name__ == "__main__":
    main()
