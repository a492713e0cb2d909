"""The whole reader on scripted logits: offsets, verdicts, and its model folder."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.index import ModelFolderInvalid
from answerable.reader import FEATURES, PROFILES, OnnxReader, Prediction
from answerable.reader.confidence import unable_to_abstain
from tests.reader.scripted import (
    IDENTITY_CONFIDENCE,
    ScriptedScorer,
    passage,
    scripted_reader,
    word_tokenizer,
)

TEXT = "Leave is granted by Ann Lee. Tom signs."


def _read(words: dict[str, tuple[float, float]], **options: float) -> Prediction:
    tokenizer = word_tokenizer(TEXT)
    reader = scripted_reader(ScriptedScorer(tokenizer, words), tokenizer)
    return reader.read("Who?", [passage(TEXT, start=100)], **options)  # type: ignore[arg-type]


def test_answer_is_a_slice_of_the_document() -> None:
    """Offsets are the document's, and cut out the answer's own text."""
    prediction = _read({"ann": (5.0, 0.0), "lee": (0.0, 5.0)})
    assert prediction.answer is not None and prediction.reason is None
    assert prediction.answer.text == "Ann Lee"
    assert TEXT[prediction.answer.start - 100 : prediction.answer.end - 100] == "Ann Lee"


def test_abstains_when_null_wins() -> None:
    """Spans below "no answer" are still returned as candidates, but none is the answer."""
    prediction = _read({"ann": (-1.0, -1.0)})
    assert (prediction.answer, prediction.reason) == (None, "no_answer_in_passages")
    assert prediction.spans[0].text == "Ann"


def test_abstains_below_the_wanted_probability() -> None:
    """A span over the null but under min_probability is too unsure, and says so."""
    words = {"ann": (0.5, 0.5)}
    sure, unsure = _read(words, min_probability=0.7), _read(words, min_probability=0.75)
    assert sure.answer is not None and sure.answer.probability == pytest.approx(0.731, abs=1e-3)
    assert (unsure.answer, unsure.reason) == (None, "low_confidence")


def test_no_passages() -> None:
    """Nothing to read gives no spans and an abstention, not an error."""
    tokenizer = word_tokenizer(TEXT)
    reader = scripted_reader(ScriptedScorer(tokenizer, {}), tokenizer)
    expected = Prediction(None, "no_answer_in_passages", (), min_probability=0.5)
    assert reader.read("Who?", []) == expected


def test_null_threshold_tells_the_reason() -> None:
    """What abstains for lack of probability says whether "no answer" was likelier than it."""
    tokenizer = word_tokenizer(TEXT)
    scorer = ScriptedScorer(tokenizer, {"ann": (-1.0, -1.0)})
    for threshold, reason in ((3.0, "low_confidence"), (1.0, "no_answer_in_passages")):
        confidence = replace(IDENTITY_CONFIDENCE, null_threshold=threshold)
        reader = scripted_reader(scorer, tokenizer, confidence=confidence)
        assert reader.read("Who?", [passage(TEXT)]).reason == reason


def test_what_is_hardly_ever_right_is_no_candidate() -> None:
    """Over the null threshold, and still right one time in a hundred: it is not there."""
    tokenizer = word_tokenizer(TEXT)
    scorer = ScriptedScorer(tokenizer, {"ann": (1.0, 1.0)})
    for intercept, reason in ((-3.5, "low_confidence"), (-7.0, "no_answer_in_passages")):
        confidence = replace(IDENTITY_CONFIDENCE, intercept=intercept)
        reader = scripted_reader(scorer, tokenizer, confidence=confidence)
        assert reader.read("Who?", [passage(TEXT)]).reason == reason


def test_an_answer_that_only_a_stricter_limit_withholds_is_unsure() -> None:
    """What is given by default is in the passages, even where "no answer" was likelier."""
    tokenizer = word_tokenizer(TEXT)
    confidence = replace(IDENTITY_CONFIDENCE, min_probability=0.1, null_threshold=-3.0)
    scorer = ScriptedScorer(tokenizer, {"ann": (-0.5, -0.5)})
    reader = scripted_reader(scorer, tokenizer, confidence=confidence)
    assert reader.read("Who?", [passage(TEXT)]).answer is not None
    withheld = reader.read("Who?", [passage(TEXT)], min_probability=0.5)
    assert (withheld.answer, withheld.reason) == (None, "low_confidence")


@given(
    texts=st.lists(st.text(alphabet="ab İé👩\u0301東\r\n\t.", max_size=30), min_size=1, max_size=4),
    question=st.text(alphabet="ab ?", max_size=10),
)
def test_every_span_is_a_slice_of_its_passage(texts: list[str], question: str) -> None:
    """Whatever the text, each candidate's offsets cut exactly its text out of its document."""
    tokenizer = word_tokenizer(*texts, "a b")
    scorer = ScriptedScorer(tokenizer, {"a": (2.0, 1.0), "b": (1.0, 2.0)})
    passages = [passage(text, id=n, document_id=n, start=7 * n) for n, text in enumerate(texts)]
    prediction = scripted_reader(scorer, tokenizer).read(question, passages, n_best=20)
    for span in prediction.spans:
        source = passages[span.passage_id]
        assert source.text[span.start - source.start : span.end - source.start] == span.text


def test_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    """A folder that is no model folder is one clear error."""
    with pytest.raises(ModelFolderInvalid, match="not a model folder"):
        OnnxReader.load(tmp_path)


def test_priors_move_the_order_and_the_verdict() -> None:
    """A passage's prior is added to its spans' scores: it can change which one wins, and if."""
    tokenizer = word_tokenizer("ann tom")
    scorer = ScriptedScorer(tokenizer, {"ann": (3.0, 3.0), "tom": (2.0, 2.0)})
    reader = scripted_reader(scorer, tokenizer)
    passages = [passage("ann", id=1), passage("tom", id=2, start=7)]
    for priors, answer, scores in (
        (None, "ann", [6.0, 4.0]),
        ([-3.0, 0.0], "tom", [4.0, 3.0]),
        ([-9.0, -8.0], None, [-3.0, -4.0]),
    ):
        prediction = reader.read("who", passages, priors=priors)
        assert (prediction.answer and prediction.answer.text) == answer
        assert [span.score for span in prediction.spans] == scores


def _reader_of(text: str, likely: str) -> OnnxReader:
    """Return a reader for which the tokens of ``likely`` begin and end answers, and no others do."""
    tokenizer = word_tokenizer(text)
    words = dict.fromkeys(likely.split(), (4.0, 4.0))
    return scripted_reader(ScriptedScorer(tokenizer, words | {"ann": (1.0, 1.0)}), tokenizer)


def test_punctuation_alone_is_no_candidate() -> None:
    """However sure the model is of it; with a word between, it is part of an answer."""
    text = "( Ann ) ; . , ! ? : \u2013 \u2014 ' * " + ". , " * 20
    found = _reader_of(text, ". , ; ( ) ! ? : \u2013 \u2014 '").read(
        "Who?", [passage(text)], n_best=20
    )
    assert found.answer is not None and found.answer.text == "( Ann )"
    assert all("Ann" in span.text or "*" in span.text for span in found.spans)


def test_punctuation_takes_no_candidates_place() -> None:
    """More of it than a window has candidates, each likelier than the word: the word remains."""
    text = "Ann said " + ". , " * 20
    reader = _reader_of(text, ". ,")
    assert reader.read("Who?", [passage(text)]).spans[0].text.startswith("Ann")
    assert reader.candidates("Who?", [passage(text)], 1)[0].text.startswith("Ann")


def test_punctuation_without_any_word_is_no_answer() -> None:
    """A passage of nothing else gives no candidate, and so no answer."""
    found = _reader_of("... , --", ". , -").read("Who?", [passage("... , --")])
    assert (found.spans, found.reason) == ((), "no_answer_in_passages")


@pytest.mark.parametrize("sign", ["+", "%", "\u20ac", "A"])
def test_a_sign_that_may_be_meant_is_an_answer(sign: str) -> None:
    """The sign of addition, the unit of the rate: the reader may give it alone."""
    text = f"The sign is {sign} ."
    found = _reader_of(text, sign.lower()).read("Which?", [passage(text)])
    assert found.answer is not None and found.answer.text == sign


def test_another_systems_rule_may_give_punctuation() -> None:
    """A profile answers what its system answers, a full stop if need be."""
    text = "Ann said ."
    decision = _reader_of(text, ".").decide("Who?", [passage(text)], PROFILES["run_squad"])
    assert decision.best is not None and decision.best.text == "."


def test_conflicting_documents_are_both_candidates() -> None:
    """Two confident answers of two documents: none is given, both come first, whatever n_best."""
    tokenizer = word_tokenizer("ann tom eve")
    scorer = ScriptedScorer(tokenizer, {"ann": (3.0, 3.0), "tom": (2.0, 2.0), "eve": (2.5, 2.5)})
    reader = scripted_reader(scorer, tokenizer)
    passages = [passage("ann eve", id=1), passage("tom", id=2, document_id=2)]
    for n_best, texts in ((1, ["ann", "tom"]), (20, ["ann", "tom", "eve"])):
        prediction = reader.read("who", passages, n_best=n_best)
        assert (prediction.answer, prediction.reason) == (None, "conflicting_answers")
        assert [span.text for span in prediction.spans][:3] == texts
        probabilities = [span.probability for span in prediction.spans]
        assert max(probabilities) == probabilities[0]
    assert reader.read("who", passages[:1]).reason is None


def test_conflict_is_found_by_the_readers_own_calibration() -> None:
    """A calibration fitted without conflicts must not let any of them through, nor find others."""
    tokenizer = word_tokenizer("ann tom eve")
    scorer = ScriptedScorer(tokenizer, {"ann": (3.0, 3.0), "tom": (2.0, 2.0)})
    reader = scripted_reader(scorer, tokenizer)
    passages = [passage("ann eve", id=1), passage("tom", id=2, document_id=2)]
    for intercept in (-20.0, 20.0):
        moved = reader.with_confidence(replace(IDENTITY_CONFIDENCE, intercept=intercept))
        assert moved.read("who", passages).reason == "conflicting_answers"
    cautious = scripted_reader(
        scorer, tokenizer, confidence=replace(IDENTITY_CONFIDENCE, intercept=-20.0)
    )
    sure = cautious.with_confidence(IDENTITY_CONFIDENCE)
    assert sure.read("who", passages).reason is None


def test_a_reader_that_cannot_doubt_finds_no_conflict() -> None:
    """To it both sides are always believable: it answers, calibrated for an index or not."""
    tokenizer = word_tokenizer("ann tom")
    scorer = ScriptedScorer(tokenizer, {"ann": (3.0, 3.0), "tom": (2.0, 2.0)})
    passages = [passage("ann", id=1), passage("tom", id=2, document_id=2)]
    never = scripted_reader(
        scorer, tokenizer, confidence=unable_to_abstain("scripted"), has_null_answer=False
    )
    for reader in (never, never.with_confidence(IDENTITY_CONFIDENCE)):
        prediction = reader.read("who", passages)
        assert prediction.answer is not None and prediction.reason is None
    fitted = scripted_reader(scorer, tokenizer, has_null_answer=False)
    assert fitted.read("who", passages).reason == "conflicting_answers"


def test_both_sides_of_a_conflict_are_as_sure_as_each_is_alone() -> None:
    """Neither side's probability is what the other leaves of it."""
    tokenizer = word_tokenizer("ann tom")
    scorer = ScriptedScorer(tokenizer, {"ann": (3.0, 3.0), "tom": (2.0, 2.0)})
    weights = tuple(float(feature.name in ("score", "margin")) for feature in FEATURES)
    confidence = replace(IDENTITY_CONFIDENCE, weights=weights)
    reader = scripted_reader(scorer, tokenizer, confidence=confidence)
    passages = [passage("ann", id=1), passage("tom", id=2, document_id=2)]
    sides = reader.read("who", passages).spans
    alone = [reader.read("who", [one]).spans[0] for one in passages]
    assert [side.text for side in sides] == [side.text for side in alone]
    assert [side.probability for side in sides] == pytest.approx(
        [side.probability for side in alone]
    )


def test_the_second_side_of_a_conflict_may_be_the_surer_one() -> None:
    """The order is that of the scores; what others make of the first is not the second's matter."""
    tokenizer = word_tokenizer("ann tom eve")
    scorer = ScriptedScorer(tokenizer, {"ann": (3.0, 3.0), "tom": (2.9, 2.9), "eve": (1.5, 1.5)})
    weights = tuple(float(feature.name == "margin") for feature in FEATURES)
    confidence = replace(IDENTITY_CONFIDENCE, weights=weights)
    reader = scripted_reader(scorer, tokenizer, confidence=confidence)
    passages = [passage("ann eve", id=1), passage("tom", id=2, document_id=2)]
    prediction = reader.read("who", passages)
    first, second, *others = prediction.spans
    assert (prediction.reason, first.text, second.text) == ("conflicting_answers", "ann", "tom")
    assert second.probability > first.probability >= max(span.probability for span in others)


def test_the_reader_sees_title_and_headings() -> None:
    """Title and headings, each once, stand before the passage in the window."""
    tokenizer = word_tokenizer("guide. leave. pay. ann")
    scorer = ScriptedScorer(tokenizer, {})
    titled = replace(passage("ann"), title="Guide", heading="Guide > Leave > Pay")
    scripted_reader(scorer, tokenizer).read("ann", [titled])
    (window,) = scorer.windows
    tokens = [tokenizer.id_to_token(int(i)) for i in window.token_ids]
    assert tokens[3:-1] == ["guide", ".", "leave", ".", "pay", ".", "ann"]
