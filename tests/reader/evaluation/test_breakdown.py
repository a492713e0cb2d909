"""The breakdown adds up, and the worst errors are those to read first."""

from collections.abc import Sequence

from answerable.reader import (
    FORCED,
    GroupScore,
    break_down,
    evaluate_squad,
    score_predictions,
    worst_errors,
)
from answerable.reader.spans import Logits
from answerable.reader.windows import Window
from tests.reader.scripted import ScriptedScorer, scripted_reader, word_tokenizer
from tests.reader.squad_samples import question

LONG = f"{'word ' * 60}the duke was Ann Lee of Utrecht{' word' * 60}"
QUESTIONS = [
    question("right", "Who came?", "Ann Lee"),
    question("wrong", "Who was the duke?", "Ann Lee", context=LONG),
    question("missed", "When was it?", "1066"),
    question("invented", "How many came?", context="Tom had 40 sheep."),
    question("close", "What is it?", "the old red house"),
]
ANSWERS = {
    "right": "Ann Lee",
    "wrong": "Utrecht",
    "missed": "1066",
    "invented": "40",
    "close": "old red house today",
}
ODDS = {"right": -5.0, "wrong": -2.0, "missed": 3.0, "invented": -4.0, "close": -9.0}


def test_groups_of_every_dimension() -> None:
    """Groups come in a fixed order, without empty ones, and cover every question once."""
    groups = break_down(score_predictions(QUESTIONS, ANSWERS, ODDS, 1.0))
    assert groups["question_word"] == [
        GroupScore("what", 1, 0.0, 100 * 6 / 7, 100.0),
        GroupScore("who", 2, 50.0, 50.0, 100.0),
        GroupScore("when", 1, 0.0, 0.0, 0.0),
        GroupScore("how many", 1, 0.0, 0.0, 100.0),
    ]
    assert [(g.name, g.total) for g in groups["answer_type"]] == [
        *(("date", 1), ("person", 2), ("other phrase", 1), ("none", 1)),
    ]
    assert [(g.name, g.total) for g in groups["passage_length"]] == [
        *(("1 to 75 words", 4), ("126 to 200 words", 1)),
    ]


def test_worst_errors_are_the_surest_wrong_answers() -> None:
    """Wrong answers by their margin to the threshold, then missed ones; near hits are none."""
    errors = worst_errors(score_predictions(QUESTIONS, ANSWERS, ODDS, 1.0))
    assert [(e.outcome.question.id, e.kind, e.margin) for e in errors] == [
        ("invented", "answer to an unanswerable question", 5.0),
        ("wrong", "wrong answer", 3.0),
        ("missed", "missed answer", 2.0),
    ]
    assert worst_errors(score_predictions(QUESTIONS, ANSWERS, ODDS, 1.0), 1) == errors[:1]


def test_margin_of_a_forced_answer() -> None:
    """A forced answer is as sure as its odds; one that "no answer" beat is the least sure."""
    errors = worst_errors(score_predictions(QUESTIONS[1:4], ANSWERS, ODDS, FORCED))
    assert [(e.outcome.question.id, e.margin) for e in errors] == [
        ("invented", 4.0),
        ("wrong", 2.0),
    ]


def test_excerpt_shows_the_reference_in_its_context() -> None:
    """The context is cut between words around the reference answer."""
    error = worst_errors(score_predictions(QUESTIONS[1:2], ANSWERS))[0]
    assert error.quote == "Ann Lee"
    assert error.margin is None
    assert error.before.startswith("… word ") and error.before.endswith("the duke was ")
    assert error.after.startswith(" of Utrecht word") and error.after.endswith("word …")
    assert len(error.before) + len(error.after) < 340


def test_excerpt_of_an_invented_answer_shows_where_it_is_from() -> None:
    """Without a reference, the excerpt is around the prediction; the whole text if short."""
    error = worst_errors(score_predictions(QUESTIONS[3:4], ANSWERS))[0]
    assert (error.before, error.quote, error.after) == ("Tom had ", "40", " sheep.")


class _LastWordScorer(ScriptedScorer):
    """Prefers the last word of a window, whatever it is."""

    def logits(self, windows: Sequence[Window]) -> list[tuple[Logits, Logits]]:
        scored = super().logits(windows)
        for start_logits, end_logits in scored:
            start_logits[-2] = end_logits[-2] = 5.0
        return scored


def test_excerpt_takes_the_place_where_the_reader_found_the_answer() -> None:
    """Of two equal texts, the excerpt shows the one that was read."""
    context = "tom saw tom"
    tokenizer = word_tokenizer(context)
    reader = scripted_reader(_LastWordScorer(tokenizer, {}), tokenizer)
    result = evaluate_squad(reader, [question("1", "who", context=context)], FORCED)
    error = worst_errors(result)[0]
    assert (error.before, error.quote, error.after) == ("tom saw ", "tom", "")


def test_a_prediction_from_elsewhere_has_no_place() -> None:
    """A text that is not in the context has an excerpt without a quote."""
    error = worst_errors(score_predictions(QUESTIONS[3:4], {"invented": "ten"}))[0]
    assert (error.before, error.quote, error.after) == ("", "", "Tom had 40 sheep.")
