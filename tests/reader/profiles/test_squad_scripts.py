"""The rule of run_squad, nemo and run_qa: logits against the null score."""

from math import exp

import pytest

from answerable.reader import ProfileName
from tests.reader.profiles.deciding import decide

SCRIPTS: tuple[ProfileName, ...] = ("run_squad", "nemo", "run_qa")
ANN = {"ann": (2.0, 1.0), "met": (0.0, 0.0), "tom": (1.0, 2.0)}


@pytest.mark.parametrize("name", SCRIPTS)
def test_null_odds_and_the_share_of_the_list(name: ProfileName) -> None:
    """By hand: every pair of the three words in order, and "no answer"."""
    decision = decide(name, ["ann met tom"], ANN, null=(0.5, 1.0))
    assert decision.answer is not None and decision.answer.text == "ann met tom"
    assert decision.null_odds == pytest.approx(1.5 - 4.0)
    # ann tom 4, ann 3, tom 3, ann met 2, met tom 2, null 1.5, met 0
    total = exp(4) + 2 * exp(3) + 2 * exp(2) + exp(1.5) + 1
    assert decision.score == pytest.approx(exp(4) / total)
    texts = [entry.text for entry in decision.n_best]
    assert texts == ["ann met tom", "ann", "tom", "ann met", "met tom", "", "met"]


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_answer_needs_more_than_the_threshold(name: ProfileName) -> None:
    """The threshold itself still answers."""
    even = decide(name, ["ann"], {"ann": (1.0, 1.0)}, null=(1.0, 1.0))
    assert even.answer is not None and even.null_odds == 0.0
    assert decide(name, ["ann"], {"ann": (1.0, 1.0)}, null=(1.0, 1.5)).answer is None
    strict = decide(name, ["ann"], {"ann": (1.0, 1.0)}, null=(1.0, 1.5), null_threshold=0.5)
    assert strict.answer is not None
    never = decide(name, ["ann"], {"ann": (1.0, 1.0)}, null=(9.0, 9.0), may_abstain=False)
    assert never.answer is not None and [e.text for e in never.n_best] == ["ann"]


@pytest.mark.parametrize("name", SCRIPTS)
def test_filling_takes_places_among_the_20_best(name: ProfileName) -> None:
    """The defect: where question and padding have the 20 best starts, the answer is "empty"."""
    decision = decide(name, ["ann"], {"ann": (-11.0, -11.0)}, null=(5.0, 5.0), max_seq_tokens=64)
    assert decision.best is not None
    assert (decision.best.text, decision.best.passage) == ("empty", None)
    assert decision.answer is None and decision.null_odds == pytest.approx(10.0)


def test_the_least_null_score_of_all_windows_counts() -> None:
    """Over windows of a passage and over passages alike."""
    decision = decide("run_squad", ["ann", "tom"], {"ann": (1.0, 1.0), "tom": (0.0, 0.0)})
    assert decision.null_odds == pytest.approx(-2.0)
    assert [entry.text for entry in decision.n_best] == ["ann", "tom", ""]


def test_run_squad_counts_an_answer_where_most_is_seen() -> None:
    """With windows of 8 that step by 3, each start counts once; run_qa lists it again and again."""
    text = "a b c d ann f g h i j k l"
    script = {"ann": (5.0, 5.0)}
    squad = decide(
        "run_squad", [text], script, max_answer_tokens=1, max_seq_tokens=12, stride_tokens=3
    )
    qa = decide("run_qa", [text], script, max_answer_tokens=1, max_seq_tokens=12, stride_tokens=5)
    assert [entry.text for entry in squad.n_best].count("ann") == 1
    assert [entry.text for entry in qa.n_best].count("ann") > 1
    assert squad.answer is not None and squad.answer.text == "ann"


def test_equal_texts_are_one_candidate_for_run_squad() -> None:
    """Two places, one text: run_qa lists both."""
    squad = decide("run_squad", ["ann or ann"], {"ann": (3.0, 3.0)}, max_answer_tokens=1)
    qa = decide("run_qa", ["ann or ann"], {"ann": (3.0, 3.0)}, max_answer_tokens=1)
    assert [entry.text for entry in squad.n_best] == ["ann", "", "or"]
    assert [entry.text for entry in qa.n_best] == ["ann", "ann", "", "or"]


def test_texts_are_words_with_single_spaces_for_run_squad_and_slices_for_run_qa() -> None:
    """White space inside an answer is the passage's own only for run_qa; the place is the same."""
    script = {"ann": (5.0, 0.0), "lee": (0.0, 5.0)}
    squad = decide("run_squad", ["(Ann \n Lee's) met"], script).best
    qa = decide("run_qa", ["(Ann \n Lee's) met"], script).best
    assert squad is not None and (squad.text, squad.start, squad.end) == ("Ann Lee", 1, 10)
    assert qa is not None and (qa.text, qa.start, qa.end) == ("Ann \n Lee", 1, 10)


def test_where_the_spelling_is_not_found_whole_words_stay() -> None:
    """The defect: a span inside a word, which NeMo cuts out; and one behind a changed length."""
    script = {"##s": (5.0, 5.0), "lee": (0.0, 0.0)}
    assert _text("run_squad", "lees met", script) == "lees"
    assert _text("nemo", "lees met", script) == "s"
    assert _text("run_qa", "lees met", script) == "s"
    # A soft hyphen has no token: as many characters are no longer there on both sides.
    assert _text("run_squad", "(lee\u00ad) met", {"lee": (5.0, 5.0)}) == "(lee\u00ad)"


def test_nothing_to_read_is_no_answer() -> None:
    """The null score of no window is above everything."""
    decision = decide("run_squad", [""], {})
    assert decision.answer is None and decision.null_odds == 1e6


def _text(name: ProfileName, passage: str, script: dict[str, tuple[float, float]]) -> str:
    best = decide(name, [passage], script, vocabulary=["( lee ) met"]).best
    assert best is not None
    return best.text
