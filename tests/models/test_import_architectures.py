"""Every architecture, imported: the original library's own forward pass on its own folder decides."""

from pathlib import Path

import numpy as np
import pytest
import torch
import transformers

from answerable.api.modeling.importing import ImportChoices, ImportedModel, import_model
from answerable.reader import OnnxReader
from answerable.reader.conversion.checking import onnx_run
from answerable.reader.feeds import Run
from answerable.reader.spans import best_token_spans
from tests.models.folders import CAFE, SIZES, encoder_folder, model_folder
from tests.reader.scripted import passage

pytestmark = pytest.mark.models

LENGTHS = (3, 17, 64, 150)
LOGITS = ("start_logits", "end_logits")


def _import(folder: Path, stem: str, task: str, *, quantize: bool = False) -> ImportedModel:
    source = model_folder(folder / "source", stem, task)
    choices = ImportChoices(quantize=quantize, null_answer="trained")
    return import_model(source, folder / "out", choices)


def _windows(stem: str) -> list[tuple[np.ndarray, np.ndarray]]:
    random = np.random.default_rng(7)
    has_types = stem not in {"Roberta", "DistilBert", "DebertaV2"}
    return [
        (random.integers(5, 90, n), (np.arange(n) > n // 3).astype(np.int64) * has_types)
        for n in LENGTHS
    ]


def _library(folder: Path, stem: str, task: str, outputs: tuple[str, ...]) -> Run:
    """Return the original library's forward pass on the source's own folder."""
    model = getattr(transformers, f"{stem}{task}").from_pretrained(folder).eval()

    def run(ids: np.ndarray, types: np.ndarray) -> list[np.ndarray]:
        feeds = {"input_ids": torch.tensor(ids[None])}
        if types.any():
            feeds["token_type_ids"] = torch.tensor(types[None])
        with torch.no_grad():
            given = model(**feeds)
        return [given[name][0].numpy() for name in outputs]

    return run


def _best(start: np.ndarray, end: np.ndarray) -> tuple[int, int]:
    allowed = np.ones(len(start), np.bool_)
    (span,) = best_token_spans(
        start,
        end,
        starts_allowed=allowed,
        ends_allowed=allowed,
        has_content=allowed,
        max_answer_tokens=30,
        n_best=1,
    )
    return span.start_token, span.end_token


@pytest.mark.parametrize("stem", SIZES)
def test_a_reader_gives_the_logits_of_its_library(tmp_path: Path, stem: str) -> None:
    """FP32: every logit within 1e-4 and the same best span; and the folder reads real text."""
    _import(tmp_path, stem, "ForQuestionAnswering")
    original = _library(tmp_path / "source", stem, "ForQuestionAnswering", LOGITS)
    imported = onnx_run(tmp_path / "out" / "model.onnx", LOGITS)
    for window in _windows(stem):
        expected, actual = original(*window), imported(*window)
        np.testing.assert_allclose(actual, expected, atol=1e-4)
        assert _best(*actual) == _best(*expected)
    reader = OnnxReader.load(tmp_path / "out", threads=1)
    spans = reader.read("What opened?", [passage(CAFE)], min_probability=0).spans
    assert spans and all(CAFE[s.start : s.end] == s.text for s in spans)


@pytest.mark.parametrize("stem", ["Bert", "Albert", "Roberta"])
def test_a_quantized_reader_checks_itself(tmp_path: Path, stem: str) -> None:
    """INT8 agrees with FP32, and its golden logits hold when it is loaded."""
    imported = _import(tmp_path, stem, "ForQuestionAnswering", quantize=True)
    assert imported.agreement > 0.95
    assert "golden.json" in imported.manifest.files
    reader = OnnxReader.load(tmp_path / "out", threads=1)
    assert reader.read("What opened?", [passage(CAFE)], min_probability=0).spans


@pytest.mark.parametrize("stem", SIZES)
def test_a_masked_language_model_gives_the_logits_of_its_library(tmp_path: Path, stem: str) -> None:
    """Logits over the whole vocabulary are within 1e-4, and the manifest names the mask."""
    manifest = _import(tmp_path, stem, "ForMaskedLM").manifest
    assert (manifest.kind, manifest.settings["mask_token"]) == ("masked-lm", "[MASK]")
    original = _library(tmp_path / "source", stem, "ForMaskedLM", ("logits",))
    imported = onnx_run(tmp_path / "out" / "model.onnx", ("logits",))
    for window in _windows(stem)[:3]:
        np.testing.assert_allclose(imported(*window), original(*window), atol=1e-4)


@pytest.mark.parametrize("stem", ["Bert", "Roberta", "DistilBert"])
def test_an_encoder_gives_the_vectors_of_its_library(tmp_path: Path, stem: str) -> None:
    """A Sentence Transformers folder becomes an encoder with the library's own vectors."""
    from sentence_transformers import SentenceTransformer

    from answerable.retriever import load_encoder

    source = encoder_folder(tmp_path / "source", stem)
    import_model(source, tmp_path / "out")
    texts = ["leave", CAFE, "The engineers dammed the upper Orle."]
    expected = SentenceTransformer(str(source), device="cpu").encode(
        texts, normalize_embeddings=True, show_progress_bar=False
    )
    actual = load_encoder(tmp_path / "out", 1).encode(texts)
    np.testing.assert_allclose((actual * expected).sum(axis=1), 1, atol=1e-4)
