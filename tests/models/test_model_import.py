"""Import of Hugging Face readers: what comes out runs without torch, and is the source's model."""

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import BertForQuestionAnswering

from answerable.api.modeling.importing import ImportChoices, import_model
from answerable.index import load_manifest, sha256_of_file
from answerable.reader import OnnxReader
from answerable.reader.conversion.checking import onnx_run
from tests.models.folders import model_folder
from tests.reader.scripted import passage

pytestmark = pytest.mark.models

QUESTION = "Which river did the engineers dam?"
TEXT = "The engineers dammed the upper Orle at a narrow gorge."


def test_an_imported_reader_reads(tmp_path: Path) -> None:
    """A Hugging Face folder becomes a reader whose quotes are slices of the passage."""
    source = model_folder(tmp_path / "source", "Bert")
    imported = import_model(source, tmp_path / "out", ImportChoices(null_answer="trained"))
    assert imported.manifest == load_manifest(tmp_path / "out", "reader")
    assert imported.notes == ()
    reader = OnnxReader.load(tmp_path / "out", threads=1)
    spans = reader.read(QUESTION, [passage(TEXT)], n_best=3, min_probability=0).spans
    assert spans
    assert [TEXT[span.start : span.end] for span in spans] == [span.text for span in spans]


def test_the_manifest_tells_where_it_is_from(tmp_path: Path) -> None:
    """Source, its checksums, architecture, tokenizer, limits and licence are in the manifest."""
    source = model_folder(tmp_path / "source", "Bert")
    choices = ImportChoices(licence="MIT", null_answer="none", max_seq_tokens=128)
    manifest = import_model(source, tmp_path / "out", choices).manifest
    names = {"config.json", "model.safetensors", "vocab.txt"}
    provenance = dict(manifest.provenance)
    assert provenance["source_files"] == {n: sha256_of_file(source / n) for n in names}
    assert (provenance["architecture"], provenance["task"]) == ("bert", "reader")
    assert provenance["tokenizer"]["lower_case"] is True
    assert manifest.licence == "MIT"
    assert manifest.settings == {
        "max_seq_tokens": 128,
        "max_question_tokens": 64,
        "null_answer": "none",
    }


def test_the_logits_are_those_of_the_source(tmp_path: Path) -> None:
    """The folder's ONNX file gives what transformers gives of the source's own folder."""
    source = model_folder(tmp_path / "source", "Bert")
    import_model(source, tmp_path / "out")
    model = BertForQuestionAnswering.from_pretrained(source).eval()
    ids = np.random.default_rng(3).integers(5, 100, 90)
    types = (np.arange(90) > 20).astype(np.int64)
    with torch.no_grad():
        expected = model(
            input_ids=torch.tensor(ids[None]), token_type_ids=torch.tensor(types[None])
        )
    start, end = onnx_run(tmp_path / "out" / "model.onnx", ["start_logits", "end_logits"])(
        ids, types
    )
    np.testing.assert_allclose(start, expected.start_logits[0].numpy(), atol=1e-4)
    np.testing.assert_allclose(end, expected.end_logits[0].numpy(), atol=1e-4)
