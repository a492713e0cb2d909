"""The rules that score spans by probabilities: hf, openvino-demo, haystack1, haystack2."""

import math
from math import exp

import pytest

from tests.reader.profiles.deciding import decide

ANN = {"ann": (2.0, 1.0), "met": (0.0, 0.0), "tom": (1.0, 2.0)}
SUM = exp(2) + exp(1) + 1 + 1  # over ann, met, tom and position 0, for starts as for ends


def test_hf_score_is_the_product_of_two_softmaxes() -> None:
    """Over the passage and position 0, by hand; "no answer" is not asked for, and cannot win."""
    decision = decide("hf", ["ann met tom"], ANN)
    assert decision.answer is not None
    assert (decision.answer.text, decision.answer.start, decision.answer.end) == (
        "ann met tom",
        0,
        11,
    )
    assert decision.score == pytest.approx((exp(2) / SUM) ** 2)
    assert decision.null_odds == pytest.approx((1 / SUM) ** 2 - (exp(2) / SUM) ** 2)


def test_hf_no_answer_wins_only_if_asked_for() -> None:
    """``handle_impossible_answer``: the product at position 0 against the best span's."""
    assert decide("hf", ["ann met tom"], ANN, null=(9.0, 9.0)).answer is not None
    decision = decide("hf", ["ann met tom"], ANN, null=(9.0, 9.0), may_abstain=True)
    rest = exp(2) + exp(1) + 1
    assert decision.answer is None
    assert decision.score == pytest.approx((exp(9) / (exp(9) + rest)) ** 2)


def test_hf_takes_the_least_null_of_all_windows() -> None:
    """One window that sees an answer is enough, however sure the others are of none."""
    passages = ["tom", "ann"]
    script = {"ann": (5.0, 5.0), "tom": (-9.0, -9.0)}
    decision = decide("hf", passages, script, may_abstain=True)
    assert decision.answer is not None and decision.answer.text == "ann"
    assert decision.null_odds == pytest.approx(
        (1 / (1 + exp(5))) ** 2 - (exp(5) / (1 + exp(5))) ** 2
    )


def test_hf_windows_are_not_comparable() -> None:
    """The defect: a window with nothing better makes a poor span as sure as a good one."""
    decision = decide(
        "hf",
        ["tom", "ann lee"],
        {"tom": (-5.0, -5.0), "ann": (6.0, 6.0), "lee": (5.9, 5.9)},
        null=(-30.0, -30.0),
    )
    assert decision.answer is not None and decision.answer.text == "tom"
    assert decision.score == pytest.approx(1.0)


def test_hf_answers_are_widened_to_whole_words_and_at_most_15_tokens() -> None:
    """A span that begins or ends inside a word takes the word."""
    script = {"week": (5.0, 5.0), "##s": (1.0, 1.0)}
    decision = decide("hf", ["two weeks pass"], script, vocabulary=["two week pass"])
    assert decision.answer is not None and decision.answer.text == "weeks"
    decision = decide(
        "openvino-demo", ["two weeks pass"], script, vocabulary=["two week pass"], max_seq_tokens=12
    )
    assert decision.answer is not None and decision.answer.text == "weeks"
    words = [f"n{i}" for i in range(30)]
    script = {
        words[0]: (9.0, 0.0),
        words[29]: (0.0, 9.0),
        words[14]: (0.0, 3.0),
        words[15]: (0.0, 4.0),
    }
    decision = decide("hf", [" ".join(words)], script)
    assert decision.answer is not None and decision.answer.text == " ".join(words[:15])


def test_openvino_demo_softmax_runs_over_the_padded_window() -> None:
    """Question, special tokens and padding take their share, by hand; the null score is not looked at."""
    decision = decide("openvino-demo", ["ann met tom now"], ANN, null=(9.0, 9.0), max_seq_tokens=12)
    # [CLS] who [SEP] ann met tom now [SEP], and four of padding: seven times -10.
    total = exp(9) + exp(2) + 1 + exp(1) + 8 * exp(-10)
    assert decision.answer is not None and decision.answer.text == "ann met tom"
    assert decision.score == pytest.approx((exp(2) / total) ** 2)
    assert decision.null_odds is None


def test_openvino_demo_for_squad_2_scales_the_score_and_still_answers() -> None:
    """One less the product at position 0 is a factor, not a choice."""
    plain = decide("openvino-demo", ["ann met tom now"], ANN, null=(1.0, 1.0), max_seq_tokens=12)
    scaled = decide(
        "openvino-demo",
        ["ann met tom now"],
        ANN,
        null=(1.0, 1.0),
        max_seq_tokens=12,
        may_abstain=True,
    )
    total = exp(1) + exp(2) + 1 + exp(1) + 8 * exp(-10)
    assert scaled.answer is not None
    assert scaled.score == pytest.approx(plain.score * (1 - (exp(1) / total) ** 2))


def test_openvino_demo_short_passages_have_no_window() -> None:
    """The defect: fewer tokens than half a window are not read at all."""
    assert decide("openvino-demo", ["ann met tom"], ANN, max_seq_tokens=12).answer is None
    assert decide("openvino-demo", ["ann met tom now"], ANN, max_seq_tokens=12).answer is not None


def test_openvino_demo_offsets_drift_behind_a_dotted_i() -> None:
    """The defect: offsets are those of the lower-cased text, which "İ" makes longer."""
    decision = decide("openvino-demo", ["İ İ ann now"], {"ann": (5.0, 5.0)}, max_seq_tokens=12)
    assert decision.answer is not None and decision.answer.text == "n n"


def test_openvino_demo_counts_a_place_once() -> None:
    """Windows overlap by half: the same span in two of them is one answer, at its best."""
    text = "a b c d ann f g h i j"
    decision = decide("openvino-demo", [text], {"ann": (5.0, 5.0)}, max_seq_tokens=12)
    assert [entry.text for entry in decision.n_best].count("ann") == 1


def test_haystack2_score_is_the_sigmoid_of_a_tenth() -> None:
    """By hand, for the best and for "no answer", which is what the answers leave."""
    decision = decide("haystack2", ["ann"], {"ann": (3.0, 4.0)}, null=(99.0, 99.0))
    ann = 1 / (1 + exp(-0.7))
    assert decision.answer is not None and decision.score == pytest.approx(ann)
    assert decision.null_odds == pytest.approx((1 - ann) - ann)


def test_haystack2_no_answer_falls_with_every_candidate() -> None:
    """The defect of FORMATS: 4 candidates of -10 leave 0.29, 20 of them 0.0019."""
    for n, left in ((4, 0.29), (20, 0.0019)):
        words = [f"n{i}" for i in range(n)]
        script = dict.fromkeys(words, (-5.0, -5.0))
        decision = decide("haystack2", words, script)
        null = next(entry for entry in decision.n_best if not entry.text)
        assert null.score == pytest.approx((1 - 1 / (1 + exp(1))) ** n)
        assert null.score == pytest.approx(left, rel=0.02)


def test_haystack2_knows_no_longest_answer_and_no_overlaps() -> None:
    """40 words are an answer; what overlaps it is not listed beside it."""
    words = [f"n{i}" for i in range(40)]
    decision = decide("haystack2", [" ".join(words)], {words[0]: (9.0, 0.0), words[39]: (0.0, 9.0)})
    assert decision.answer is not None and decision.answer.text == " ".join(words)
    assert [entry.text for entry in decision.n_best if entry.text] == [" ".join(words)]


def test_haystack2_feeds_no_segments() -> None:
    """The defect: all tokens are of segment 0; every other rule marks the passage."""
    from answerable.reader import PROFILES
    from tests.reader.scripted import ScriptedScorer, passage, scripted_reader, word_tokenizer

    tokenizer = word_tokenizer("who ann ran")
    for name, profile in PROFILES.items():
        scorer = ScriptedScorer(tokenizer, ANN)
        scripted_reader(scorer, tokenizer).decide("who", [passage("ann ran " * 200)], profile)
        marked = any(window.type_ids.any() for window in scorer.windows)
        assert scorer.windows and marked is (name != "haystack2")


def test_haystack1_confidence_is_the_mean_of_start_and_end() -> None:
    """Over the whole padded window, by hand; the best span is that of the greatest sum."""
    decision = decide("haystack1", ["ann met tom"], ANN, max_seq_tokens=12)
    total = SUM + 8 * exp(-10)
    assert decision.answer is not None and decision.answer.text == "ann met tom"
    assert decision.score == pytest.approx(exp(2) / total)


def test_haystack1_passages_compare_by_confidence_not_by_score() -> None:
    """The defect: the surer start and end win, whatever the sums of logits say."""
    script = {"ann": (8.0, 8.0), "lee": (7.9, 7.9), "tom": (1.0, 1.0)}
    decision = decide("haystack1", ["ann lee", "tom"], script, null=(-9.0, -9.0))
    assert decision.answer is not None and decision.answer.text == "tom"


def test_haystack1_no_answer_is_an_eighth_of_the_lead() -> None:
    """By hand: the best sum, less the greatest lead over a null score, through a sigmoid."""
    decision = decide(
        "haystack1",
        ["ann", "tom"],
        {"ann": (2.0, 2.0), "tom": (-1.0, -1.0)},
        null=(3.0, 3.0),
        may_abstain=True,
    )
    # Leads are 4 - 6 and -2 - 6: the best sum of 4, less -2, is 6.
    null = 1 / (1 + exp(-6 / 8))
    ann = exp(2) / (exp(2) + exp(3) + 254 * exp(-10))
    assert decision.answer is None and decision.score == pytest.approx(null)
    assert decision.null_odds == pytest.approx(null - ann, abs=1e-4)


def test_haystack1_negative_sums_count_as_zero_for_no_answer() -> None:
    """The defect: the best sum starts at 0."""
    decision = decide(
        "haystack1", ["ann"], {"ann": (-4.0, -4.0)}, null=(-5.0, -5.0), may_abstain=True
    )
    null = next(entry for entry in decision.n_best if not entry.text)
    assert null.score == pytest.approx(1 / (1 + exp(2 / 8)))


def test_haystack1_texts_run_up_to_the_next_token() -> None:
    """What no token covers goes with the answer; white space around it does not."""
    decision = decide("haystack1", ["ann\u0301  met"], {"ann": (5.0, 5.0)})
    assert decision.answer is not None and decision.answer.text == "ann\u0301"


def test_nothing_to_read_is_no_answer() -> None:
    """Without a token there is no window, and no rule that fails."""
    for name in ("hf", "openvino-demo", "haystack1", "haystack2"):
        decision = decide(name, ["", " "], {})
        assert (decision.best, decision.answer) == (None, None)
        assert math.isfinite(decision.score)
