"""The groups of the breakdown: each rule, and its limits."""

import pytest

from answerable.reader.evaluation.answer_types import (
    ANSWER_TYPES,
    QUESTION_WORDS,
    answer_type,
    passage_length,
    passage_lengths,
    question_word,
)
from tests.reader.squad_samples import question


@pytest.mark.parametrize(
    ("asked", "answer", "expected"),
    [
        ("When did it begin?", "4 August 1914", "date"),
        ("When did it begin?", "May 18, 1756", "date"),
        ("In what year?", "1066", "date"),
        ("When was it?", "between 1754 and 1763", "date"),
        ("When was it?", "early 11th century", "date"),
        ("When was it?", "the 1950s", "date"),
        ("When is it closed?", "Sunday", "date"),
        ("When is it?", "in March", "date"),
        ("How many were there?", "1066", "number"),
        ("What was its size?", "1066 people", "number"),
        ("How much?", "$5.5 million", "number"),
        ("How much?", "nearly £12", "number"),
        ("How many?", "about three hundred", "number"),
        ("What share?", "up to 60%", "number"),
        ("What did they use?", "nineteenth century maps", "other phrase"),
        ("Which flight was it?", "Apollo 11", "other entity"),
        ("Who may come?", "the May family", "person"),
        ("Who was he?", "William the Conqueror", "person"),
        ("Whose law is it?", "Newton", "person"),
        ("What is he called?", "William the Conqueror", "other entity"),
        ("Where is it?", "University of Chicago", "other entity"),
        ("Who came?", "poor farmers", "other phrase"),
        ("Why?", "to escape the war", "verb phrase"),
        ("What did he do?", "painted houses", "verb phrase"),
        ("What is it?", "randomized algorithms", "verb phrase"),
        ("What kind?", "electromagnetic", "adjective"),
        ("How did it grow?", "more slowly", "adjective"),
        ("What is it?", "rotational inertia of a planet", "other phrase"),
        ("Why?", "it was priced in dollars while real income decreased", "clause"),
        ("What?", "—", "other phrase"),
    ],
)
def test_answer_type(asked: str, answer: str, expected: str) -> None:
    """Each answer falls into the group that its first fitting rule names."""
    assert answer_type(question("1", asked, answer)) == expected
    assert expected in ANSWER_TYPES


def test_no_answer_has_its_own_type() -> None:
    """An unanswerable question is of the type none."""
    assert answer_type(question("1", "Who?")) == "none"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("In what year did who win?", "what"),
        ("By whom was it written?", "who"),
        ("How many days?", "how many"),
        ("How  much is it?", "how many"),
        ("How long is it?", "how"),
        ("Is it abstract or concrete?", "yes or no"),
        ("Do you share data?", "yes or no"),
        ("Name a larger car.", "other"),
        ("the somewhat odd show", "other"),
    ],
)
def test_question_word(asked: str, expected: str) -> None:
    """The first question word counts; whole words only."""
    assert question_word(asked) == expected
    assert expected in QUESTION_WORDS


def test_passage_lengths() -> None:
    """Every length has one group; the limits belong to the shorter one."""
    assert [passage_length("w " * n) for n in (0, 75, 76, 300, 301)] == [
        *("1 to 75 words", "1 to 75 words", "76 to 125 words"),
        *("201 to 300 words", "over 300 words"),
    ]
    assert len(set(passage_lengths())) == 5
