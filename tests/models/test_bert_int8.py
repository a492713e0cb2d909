"""A BERT reader in a graph of our own: the same function in FP32, nearly so in INT8."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnxruntime import InferenceSession
from transformers import BertForQuestionAnswering

from answerable.index import AnswerableError, ModelFolderInvalid
from answerable.reader.conversion.bert_graph import Form, write_graph
from answerable.reader.conversion.bert_int8 import to_int8
from answerable.reader.conversion.bert_model import Bert, Codes, Product, from_state
from answerable.reader.conversion.bert_weights import bert_state
from answerable.reader.conversion.quantization import BertQuantization
from answerable.reader.conversion.sample_texts import SAMPLES, sample_windows
from answerable.reader.session import ReaderSession
from answerable.reader.windows import Window, WindowConfig
from tests.models.tiny import tiny_model
from tests.reader.scripted import word_tokenizer

pytestmark = pytest.mark.models

TOKENIZER = word_tokenizer(*(text for pair in SAMPLES for text in pair))
WITHOUT_TABLES = BertQuantization(embeddings=False, correct_biases=False)


@pytest.fixture(scope="module")
def model() -> BertForQuestionAnswering:
    """A random reader with one neuron and one channel far larger than the others, as real ones."""
    model = tiny_model(TOKENIZER.get_vocab_size()).eval()
    with torch.no_grad():
        for layer in model.bert.encoder.layer:
            layer.intermediate.dense.bias[5] = 20
            layer.attention.output.LayerNorm.weight[3] = 15
            layer.attention.self.value.bias.uniform_(-1, 1)
    return model


@pytest.fixture(scope="module")
def reader(model: BertForQuestionAnswering) -> Bert:
    """The same reader as arrays."""
    state = {name: value.numpy() for name, value in model.state_dict().items()}
    return from_state(state, model.config.to_dict())


@pytest.fixture(scope="module")
def windows() -> list[Window]:
    """Samples in windows that the tiny model can take."""
    return sample_windows(TOKENIZER, WindowConfig(max_seq_tokens=64))


def _logits(reader: Bert, folder: Path, form: Form, windows: list[Window]) -> list[np.ndarray]:
    write_graph(reader, folder / f"{form}.onnx", form)
    return _run(folder / f"{form}.onnx", windows)


def _run(path: Path, windows: list[Window]) -> list[np.ndarray]:
    return [np.array(logits) for logits in ReaderSession(path, threads=1).logits(windows)]


def _error(actual: list[np.ndarray], expected: list[np.ndarray]) -> float:
    pairs = zip(actual, expected, strict=True)
    return float(np.sqrt(np.mean([np.square(a - b).mean() for a, b in pairs])))


def test_the_fp32_graph_is_the_torch_model(
    model: BertForQuestionAnswering, reader: Bert, tmp_path: Path
) -> None:
    """Logits are torch's, for a batch and for another length."""
    write_graph(reader, tmp_path / "fp32.onnx", "fp32")
    session = InferenceSession(tmp_path / "fp32.onnx", providers=["CPUExecutionProvider"])
    for shape in ((3, 20), (1, 64)):
        ids = np.random.default_rng(0).integers(0, TOKENIZER.get_vocab_size(), shape, np.int64)
        types = (ids > 20).astype(np.int64)
        with torch.no_grad():
            expected = model(input_ids=torch.tensor(ids), token_type_ids=torch.tensor(types))
        start, end = session.run(None, {"input_ids": ids, "token_type_ids": types})
        np.testing.assert_allclose(start, expected.start_logits.numpy(), atol=2e-5)
        np.testing.assert_allclose(end, expected.end_logits.numpy(), atol=2e-5)


def test_rewriting_keeps_the_function(reader: Bert, windows: list[Window], tmp_path: Path) -> None:
    """Leveled inputs, evened values and neurons apart compute what the reader computed."""
    rewritten = to_int8(reader, windows, tmp_path, WITHOUT_TABLES)
    assert all(layer.apart is not None for layer in rewritten.layers)
    assert any(product.input_scale is not None for product in rewritten.products())
    actual = _logits(rewritten, tmp_path, "fp32", windows)
    for a, b in zip(actual, _logits(reader, tmp_path, "fp32", windows), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)


def test_the_largest_neuron_goes_apart(reader: Bert, windows: list[Window], tmp_path: Path) -> None:
    """Of each layer the neuron whose output is by far the largest is among those in FP32."""
    config = replace(WITHOUT_TABLES, neurons_apart=1)
    for layer in to_int8(reader, windows, tmp_path, config).layers:
        assert layer.apart is not None and layer.apart.positions.tolist() == [5]


def test_rewriting_lowers_the_error(reader: Bert, windows: list[Window], tmp_path: Path) -> None:
    """INT8 is near FP32, and nearer with the rewritings than without."""
    bare = BertQuantization(level_inputs=False, neurons_apart=0, correct_biases=False)
    expected = _logits(reader, tmp_path, "fp32", windows)
    errors = [
        _error(
            _logits(to_int8(reader, windows, tmp_path, config), tmp_path, "int8", windows), expected
        )
        for config in (BertQuantization(), bare)
    ]
    spread = float(np.std(np.concatenate([each.ravel() for each in expected])))
    assert errors[0] < 0.05 * spread
    assert errors[0] < 0.7 * errors[1]


def _decoded(codes: Codes | None) -> np.ndarray:
    assert codes is not None
    return codes.values()


def test_the_decoded_graph_shares_the_codes(
    reader: Bert, windows: list[Window], tmp_path: Path
) -> None:
    """The fallback computes with the codes' values, and finds them in the INT8 file."""
    coded = to_int8(reader, windows, tmp_path, WITHOUT_TABLES)
    write_graph(coded, tmp_path / "model.onnx", "int8")
    write_graph(coded, tmp_path / "fallback.onnx", "decoded", codes_in=tmp_path / "model.onnx")

    def decoded(product: Product) -> Product:
        return replace(product, weight=_decoded(product.codes), codes=None)

    plain = replace(
        coded,
        layers=tuple(
            replace(
                layer,
                qkv=decoded(layer.qkv),
                attended=decoded(layer.attended),
                wide=decoded(layer.wide),
                narrow=decoded(layer.narrow),
            )
            for layer in coded.layers
        ),
    )
    expected = _logits(plain, tmp_path, "fp32", windows)
    for a, b in zip(_run(tmp_path / "fallback.onnx", windows), expected, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)
    outside = [
        tensor.name
        for tensor in onnx.load(
            tmp_path / "fallback.onnx", load_external_data=False
        ).graph.initializer
        if tensor.data_location == onnx.TensorProto.EXTERNAL
    ]
    assert sorted(outside) == sorted(f"{product.name}.codes" for product in coded.products())


def test_patterns_keep_products_in_fp32(
    reader: Bert, windows: list[Window], tmp_path: Path
) -> None:
    """What a pattern names is not quantized; the rest is."""
    config = BertQuantization(keep_fp32=("encoder.layer.0.*", "*.intermediate.dense"))
    coded = to_int8(reader, windows, tmp_path, config)
    kept = [product.name for product in coded.products() if product.codes is None]
    assert kept == [
        "encoder.layer.0.attention.self",
        "encoder.layer.0.attention.output.dense",
        "encoder.layer.0.intermediate.dense",
        "encoder.layer.0.output.dense",
        "encoder.layer.1.intermediate.dense",
    ]
    _logits(coded, tmp_path, "int8", windows)  # runs


def test_a_pattern_that_names_nothing_is_refused(
    reader: Bert, windows: list[Window], tmp_path: Path
) -> None:
    """A misspelt name is an error that shows what names look like."""
    with pytest.raises(AnswerableError, match=r"'layer_0'; names are such as encoder\.layer\.0"):
        to_int8(reader, windows, tmp_path, BertQuantization(keep_fp32=("layer_0",)))


@pytest.mark.parametrize(
    "config", [BertQuantization(), BertQuantization(keep_fp32=("*.dense",), embeddings=False)]
)
def test_weights_come_back(
    model: BertForQuestionAnswering,
    reader: Bert,
    windows: list[Window],
    tmp_path: Path,
    config: BertQuantization,
) -> None:
    """The weights read back from an INT8 file compute what its fallback computes."""
    path = tmp_path / "model.onnx"
    coded = to_int8(reader, windows, tmp_path, config)
    write_graph(coded, path, "int8")
    write_graph(coded, tmp_path / "fallback.onnx", "decoded", codes_in=path)
    state = bert_state(path)
    assert state.keys() == model.state_dict().keys()
    back = from_state(state, model.config.to_dict())
    expected = _run(tmp_path / "fallback.onnx", windows)
    for a, b in zip(_logits(back, tmp_path, "fp32", windows), expected, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)


def test_weights_of_other_files_are_refused(reader: Bert, tmp_path: Path) -> None:
    """A file that is no ONNX, or not ours, is one clear error."""
    (tmp_path / "no.onnx").write_bytes(b"nothing of the kind")
    with pytest.raises(ModelFolderInvalid, match="cannot read the reader"):
        bert_state(tmp_path / "no.onnx")
    write_graph(reader, tmp_path / "own.onnx", "fp32")
    model = onnx.load(tmp_path / "own.onnx")
    del model.graph.initializer[:]
    onnx.save(model, tmp_path / "empty.onnx")
    with pytest.raises(ModelFolderInvalid, match="not a reader that this version wrote"):
        bert_state(tmp_path / "empty.onnx")
