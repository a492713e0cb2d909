"""A BERT encoder in the graph of our own: torch's vectors in FP32, nearly so in INT8."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import onnx
import pytest
import torch
from onnxruntime import InferenceSession
from transformers import BertModel

from answerable.api.modeling.building import build_model
from answerable.index import AnswerableError, ModelFolderInvalid, Vectors
from answerable.reader.conversion.bert_graph import write_graph
from answerable.reader.conversion.bert_model import Pooling, load_bert_encoder
from answerable.reader.conversion.encoder_export import is_known_encoder, text_samples
from answerable.retriever import OnnxEncoder
from tests.models.tiny import encoder_folder

pytestmark = pytest.mark.models

TEXTS = ("the office opens at nine", "leave", "annual leave leave the keys at the desk the office")
_build = partial(build_model, name="tiny", licence="Apache-2.0", origin="random weights")


def _torch_vectors(
    source: Path, ids: np.ndarray, types: np.ndarray, mode: Literal["mean", "cls"]
) -> Vectors:
    model = BertModel.from_pretrained(source).eval()
    with torch.no_grad():
        output = model(input_ids=torch.tensor(ids), token_type_ids=torch.tensor(types))
    hidden = output.last_hidden_state.numpy()
    pooled = hidden.mean(axis=1) if mode == "mean" else hidden[:, 0]
    rows: Vectors = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
    return rows


@pytest.mark.parametrize("mode", ["mean", "cls"])
def test_the_fp32_graph_is_the_torch_model(tmp_path: Path, mode: Literal["mean", "cls"]) -> None:
    """The embedding is torch's, for a batch of equally long texts and for a single token."""
    source = encoder_folder(tmp_path / "source")
    path = tmp_path / "fp32.onnx"
    write_graph(load_bert_encoder(source, Pooling(mode)), path, "fp32")
    session = InferenceSession(path, providers=["CPUExecutionProvider"])
    for shape in ((3, 20), (1, 1)):
        ids = np.random.default_rng(0).integers(0, 64, shape, np.int64)
        types = (ids > 20).astype(np.int64)
        (actual,) = session.run(["embedding"], {"input_ids": ids, "token_type_ids": types})
        np.testing.assert_allclose(actual, _torch_vectors(source, ids, types, mode), atol=1e-5)


def test_int8_and_fp32_folders_agree(tmp_path: Path) -> None:
    """Both folders load; INT8 multiplies codes, and its vectors are near FP32's."""
    source = encoder_folder(tmp_path / "source")
    _build(source, tmp_path / "fp32", fp32=True)
    built = _build(source, tmp_path / "int8")
    assert built.agreement > 0.99
    fp32, int8 = (OnnxEncoder.load(tmp_path / n).encode(TEXTS) for n in ("fp32", "int8"))
    assert (fp32 * int8).sum(axis=1).min() > 0.99
    operators = {n.op_type for n in onnx.load(tmp_path / "int8" / "model.onnx").graph.node}
    assert {"QAttention", "DynamicQuantizeMatMul"} <= operators
    assert "MatMulIntegerToFloat" not in operators


def test_company_does_not_change_a_vector(tmp_path: Path) -> None:
    """A text has the very same vector alone and among others, in every order."""
    _build(encoder_folder(tmp_path / "source"), tmp_path / "out")
    encoder = OnnxEncoder.load(tmp_path / "out", threads=2)
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    np.testing.assert_array_equal(encoder.encode(TEXTS), alone)
    np.testing.assert_array_equal(encoder.encode(TEXTS[::-1]), alone[::-1])


def test_choices_reach_the_weights(tmp_path: Path) -> None:
    """Seven bits stay within seven, a kept product is in FP32, a wrong pattern is refused."""
    source = encoder_folder(tmp_path / "source")
    _build(source, tmp_path / "out", weight_bits=7, keep_fp32=["encoder.layer.0.*"])
    model = onnx.load(tmp_path / "out" / "model.onnx")
    arrays = {t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer}
    assert arrays["encoder.layer.0.output.dense.weight"].dtype == np.float32
    codes = arrays["encoder.layer.1.output.dense.codes"].astype(np.int16)
    assert np.abs(codes).max() <= 64
    with pytest.raises(AnswerableError, match="'nothing'; names are such as"):
        _build(source, tmp_path / "other", keep_fp32=["nothing"])


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"architectures": ["BertModel"], "hidden_act": "gelu"}, True),
        ({"architectures": ["BertModel"], "hidden_act": "relu"}, False),
        ({"architectures": ["MPNetModel"], "hidden_act": "gelu"}, False),
        ({"architectures": ["BertForQuestionAnswering"], "hidden_act": "gelu"}, False),
    ],
)
def test_which_encoders_are_known(config: dict[str, Sequence[str]], expected: bool) -> None:
    """Only a BERT backbone with the usual activation takes our own graph."""
    assert is_known_encoder(config) is expected


def test_an_encoder_of_another_activation_is_built(tmp_path: Path) -> None:
    """What our graph does not know goes through PyTorch's export."""
    _build(encoder_folder(tmp_path / "source", hidden_act="relu"), tmp_path / "out")
    operators = {n.op_type for n in onnx.load(tmp_path / "out" / "model.onnx").graph.node}
    assert "QAttention" not in operators
    vectors = OnnxEncoder.load(tmp_path / "out").encode(TEXTS)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_samples_are_cut_and_errors_are_ours(tmp_path: Path) -> None:
    """No sample is longer than the encoder takes; a broken tokenizer is one clear error."""
    source = encoder_folder(tmp_path / "source")
    samples = text_samples(source / "tokenizer.json", 8)
    assert max(len(sample.token_ids) for sample in samples) == 8
    (source / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelFolderInvalid, match="cannot read the tokenizer"):
        text_samples(source / "tokenizer.json", 8)
