"""The whole reader on scripted logits: offsets, verdicts, and its model folder."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.index import ModelFolderInvalid
from answerable.reader import OnnxReader, Prediction
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
    assert reader.read("Who?", []) == Prediction(None, "no_answer_in_passages", ())


def test_null_threshold_moves_the_decision() -> None:
    """A higher null threshold lets a span answer that "no answer" would have beaten."""
    tokenizer = word_tokenizer(TEXT)
    confidence = replace(IDENTITY_CONFIDENCE, null_threshold=3.0, min_probability=0.0)
    scorer = ScriptedScorer(tokenizer, {"ann": (-1.0, -1.0)})
    reader = scripted_reader(scorer, tokenizer, confidence=confidence)
    prediction = reader.read("Who?", [passage(TEXT)])
    assert prediction.answer is not None and prediction.answer.text == "Ann"


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
