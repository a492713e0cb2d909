"""Defects seen in other readers; each is a thing that ours must do right.

Named after the reader where the defect was seen.
"""

import pytest

from answerable.reader import SquadAnswer, SquadQuestion, evaluate_squad
from answerable.reader.windows import WindowConfig, WindowMaker
from tests.reader.scripted import ScriptedScorer, passage, scripted_reader, word_tokenizer

FILLER = " ".join(f"filler{n}" for n in range(300))
SHORT_WINDOWS = WindowConfig(max_seq_tokens=64, max_question_tokens=16, window_overlap_tokens=30)


def test_haystack_segment_ids_are_fed() -> None:
    """Every window marks the passage as segment 1; a BERT reader is lost without."""
    tokenizer = word_tokenizer("who ran ann")
    scorer = ScriptedScorer(tokenizer, {"ann": (3.0, 3.0)})
    scripted_reader(scorer, tokenizer).read("who", [passage("ann ran")])
    assert [window.type_ids.tolist() for window in scorer.windows] == [[0, 0, 0, 1, 1, 1]]


def test_haystack_answers_have_a_greatest_length() -> None:
    """Logits that want a 40-word answer give one of at most 30 tokens."""
    words = [f"n{i}" for i in range(40)]
    tokenizer = word_tokenizer(*words)
    script = {words[0]: (9.0, 0.0), words[-1]: (0.0, 9.0), words[20]: (0.0, 1.0)}
    reader = scripted_reader(ScriptedScorer(tokenizer, script), tokenizer)
    answer = reader.read("n0", [passage(" ".join(words))]).answer
    assert answer is not None and answer.text == " ".join(words[:21])


@pytest.mark.parametrize("logit", [-1.0, 2.0])
def test_haystack_no_answer_does_not_depend_on_the_number_of_candidates(logit: float) -> None:
    """Asking for 1 or for 20 candidates gives the same verdict and the same probability."""
    text = " ".join(f"name{i} ran." for i in range(20))
    tokenizer = word_tokenizer(text)
    script = {f"name{i}": (logit - i / 10, logit) for i in range(20)}
    reader = scripted_reader(ScriptedScorer(tokenizer, script), tokenizer)
    few, many = (reader.read("who", [passage(text)], n_best=n) for n in (1, 20))
    assert (few.answer, few.reason) == (many.answer, many.reason)
    assert few.spans == many.spans[:1]


def test_haystack_a_threshold_of_zero_is_honoured() -> None:
    """min_probability=0 means 0, not the default."""
    tokenizer = word_tokenizer("ann")
    scorer = ScriptedScorer(tokenizer, {"ann": (0.5, 0.0)}, null=(0.25, 0.25))
    reader = scripted_reader(scorer, tokenizer)
    assert reader.read("who", [passage("ann")], min_probability=0.0).answer is not None
    assert reader.read("who", [passage("ann")], min_probability=0.9).answer is None


def test_haystack_a_long_passage_never_cuts_the_question() -> None:
    """Every window of a long passage begins with the whole question."""
    question = "who signs the leave form today"
    tokenizer = word_tokenizer(question, FILLER)
    ids = tokenizer.encode(question, add_special_tokens=False).ids
    windows = WindowMaker(tokenizer, SHORT_WINDOWS).windows(question, [FILLER])
    assert len(windows) > 5
    assert all(window.token_ids[1 : 1 + len(ids)].tolist() == ids for window in windows)


def test_txtai_an_answer_at_the_end_of_a_long_passage_is_found() -> None:
    """Text past the first window is read too."""
    text = f"{FILLER} ann signs."
    tokenizer = word_tokenizer(text)
    scorer = ScriptedScorer(tokenizer, {"ann": (4.0, 4.0)})
    answer = scripted_reader(scorer, tokenizer, config=SHORT_WINDOWS).read("who", [passage(text)])
    assert answer.answer is not None and answer.answer.start == text.index("ann")


def test_txtai_the_end_never_comes_before_the_start() -> None:
    """When the best end stands before the best start, a valid pair wins, not a swap."""
    tokenizer = word_tokenizer("tom met ann")
    script = {"tom": (0.0, 9.0), "met": (0.0, 0.0), "ann": (8.0, 2.0)}
    reader = scripted_reader(ScriptedScorer(tokenizer, script), tokenizer)
    answer = reader.read("who", [passage("tom met ann")]).answer
    assert answer is not None and (answer.text, answer.score) == ("ann", 10.0)


def test_txtai_an_answer_never_runs_from_one_passage_into_the_next() -> None:
    """Passages are read apart: a start in one and an end in the next are no answer."""
    tokenizer = word_tokenizer("ann lee ran")
    scorer = ScriptedScorer(tokenizer, {"ann": (9.0, -20.0), "lee": (-20.0, 9.0)})
    passages = [passage("ran ann", id=1), passage("lee ran", id=2, start=8)]
    prediction = scripted_reader(scorer, tokenizer).read("who", passages)
    assert all(
        span.text in ("ran ann", "ran", "ann", "lee", "lee ran") for span in prediction.spans
    )


def test_opensearch_the_answer_is_the_documents_own_text() -> None:
    """Case, spacing and accents are the document's, not the tokenizer's."""
    text = "It was  É. Ann-Lee\tSMITH."
    tokenizer = word_tokenizer(text)
    scorer = ScriptedScorer(tokenizer, {"e": (5.0, 0.0), "smith": (0.0, 5.0)})
    answer = scripted_reader(scorer, tokenizer).read("who", [passage(text)]).answer
    assert answer is not None and answer.text == "É. Ann-Lee\tSMITH"


@pytest.mark.parametrize("name", ["Jose\u0301", "\u2764\ufe0f", "नमस्ते"])
def test_opensearch_an_answer_keeps_the_marks_of_its_last_letter(name: str) -> None:
    """An accent of its own code point and a variation selector are part of what is quoted."""
    text = f"Named {name}."
    tokenizer = word_tokenizer(text)
    word = tokenizer.encode(name, add_special_tokens=False).tokens[-1]
    scorer = ScriptedScorer(tokenizer, {word: (5.0, 5.0)})
    answer = scripted_reader(scorer, tokenizer).read("who", [passage(text)]).answer
    assert answer is not None and answer.text == name


def test_elasticsearch_scores_of_two_passages_are_comparable() -> None:
    """The surer passage wins; a softmax over each window would make both certain."""
    tokenizer = word_tokenizer("ann tom ran")
    scorer = ScriptedScorer(tokenizer, {"tom": (1.0, 1.0), "ann": (6.0, 6.0)})
    passages = [passage("tom", id=1), passage("ann", id=2, document_id=2)]
    prediction = scripted_reader(scorer, tokenizer).read("who", passages)
    assert [span.text for span in prediction.spans] == ["ann", "tom"]
    assert prediction.spans[0].probability > prediction.spans[1].probability


def test_elasticsearch_the_null_score_can_win() -> None:
    """A high null score abstains; it is not a span at the first token."""
    tokenizer = word_tokenizer("ann ran")
    scorer = ScriptedScorer(tokenizer, {"ann": (4.0, 4.0)}, null=(9.0, 9.0))
    prediction = scripted_reader(scorer, tokenizer).read("who", [passage("ann ran")])
    assert (prediction.answer, prediction.reason) == (None, "no_answer_in_passages")


@pytest.mark.parametrize("n_words", [1, 20, 185])
def test_openvino_demo_short_contexts_are_read(n_words: int) -> None:
    """A context shorter than half a window still has its window."""
    text = " ".join(["ann", *(f"w{i}" for i in range(n_words - 1))])
    windows = WindowMaker(word_tokenizer(text), WindowConfig()).windows("who", [text])
    assert [len(window.context_offsets) for window in windows] == [n_words]


def test_openvino_demo_offsets_do_not_drift_after_dotted_i() -> None:
    """Lower-casing "İ" makes it longer; the offsets after it stay those of the text."""
    text = "İİİ İstanbul'da Ann yürüdü"
    tokenizer = word_tokenizer(text)
    reader = scripted_reader(ScriptedScorer(tokenizer, {"ann": (5.0, 5.0)}), tokenizer)
    answer = reader.read("who", [passage(text)]).answer
    assert answer is not None and answer.text == "Ann" == text[answer.start : answer.end]


def test_openvino_demo_an_endless_question_is_cut_not_refused() -> None:
    """A question of 5,000 words is read up to the limit."""
    tokenizer = word_tokenizer("ann ran")
    reader = scripted_reader(ScriptedScorer(tokenizer, {"ann": (5.0, 5.0)}), tokenizer)
    assert reader.read("ran " * 5000, [passage("ann ran")]).answer is not None


def test_accuracy_checker_one_prediction_for_a_question_of_many_windows() -> None:
    """The window that the reader is surest of counts, not the one that fits the reference."""
    context = f"tom {FILLER} ann"
    tokenizer = word_tokenizer(context)
    scorer = ScriptedScorer(tokenizer, {"tom": (6.0, 6.0), "ann": (5.0, 5.0)})
    reader = scripted_reader(scorer, tokenizer, config=SHORT_WINDOWS)
    question = SquadQuestion("1", "t", context, "who", (SquadAnswer("ann", len(context) - 3),))
    assert evaluate_squad(reader, [question], 0.0).metrics["exact"] == 0.0


def test_nemo_every_question_is_predicted_and_the_plain_score_is_reported() -> None:
    """The last question has its prediction, and exact is not best_exact."""
    tokenizer = word_tokenizer("ann ran")
    reader = scripted_reader(ScriptedScorer(tokenizer, {"ann": (-1.0, 0.0)}), tokenizer)
    questions = [
        SquadQuestion(str(n), "t", "ann ran", "who", (SquadAnswer("ann", 0),)) for n in range(3)
    ]
    result = evaluate_squad(reader, questions, 0.0)
    assert list(result.predictions) == ["0", "1", "2"]
    assert (result.metrics["exact"], result.metrics["best_exact"]) == (0.0, 100.0)


def test_run_squad_null_odds_reach_the_scorer() -> None:
    """The best threshold is one of the reader's own score differences, not a constant 0."""
    tokenizer = word_tokenizer("ann ran")
    reader = scripted_reader(ScriptedScorer(tokenizer, {"ann": (-1.0, 0.0)}), tokenizer)
    question = SquadQuestion("1", "t", "ann ran", "who", (SquadAnswer("ann", 0),))
    result = evaluate_squad(reader, [question], 0.0)
    assert result.metrics["best_f1_thresh"] == result.null_odds["1"] == 1.0
