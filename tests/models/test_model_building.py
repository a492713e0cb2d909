"""Export and quantization of tiny random models: what comes out, and what is refused."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnxruntime import InferenceSession
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertForQuestionAnswering, BertModel

from answerable.api.modeling import building
from answerable.api.modeling.building import build_model
from answerable.index import AnswerableError, ModelFolderInvalid, load_manifest
from answerable.reader import OnnxReader
from answerable.reader.conversion.quantization import QuantizationConfig, quantize_onnx
from answerable.reader.conversion.reader_export import export_reader
from answerable.retriever import OnnxEncoder
from answerable.retriever.export import encoder_settings, export_encoder
from tests.models.tiny import encoder_folder, write_json
from tests.reader.scripted import passage, word_tokenizer

pytestmark = pytest.mark.models

TEXTS = ("the office opens at nine", "annual leave", "leave the keys at the desk")
_build = partial(build_model, name="tiny", licence="Apache-2.0", origin="random weights")


def _config(**changes: object) -> BertConfig:
    return BertConfig(
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=128,
        max_position_embeddings=48,
        vocab_size=64,
        **changes,
    )


def _reader_folder(folder: Path, **changes: object) -> Path:
    """Write a question-answering model with random weights and its tokenizer."""
    torch.manual_seed(0)
    BertForQuestionAnswering(_config(**changes)).save_pretrained(folder)
    word_tokenizer(*TEXTS).save(str(folder / "tokenizer.json"))
    return folder


def _feeds(length: int = 12) -> dict[str, np.ndarray]:
    """Return two rows of tokens, the second padded in its last third."""
    ids = np.random.default_rng(1).integers(0, 64, (2, length), np.int64)
    mask = np.ones_like(ids)
    mask[1, -length // 3 :] = 0
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": (ids > 32).astype(np.int64)}


def _run(path: Path, feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
    return list(InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, feeds))


def _initializers(path: Path) -> set[int]:
    """Return the element types of a model's large weights."""
    large = [t for t in onnx.load(path).graph.initializer if np.prod(t.dims) >= 1000]
    return {tensor.data_type for tensor in large}


def test_a_built_encoder_runs(tmp_path: Path) -> None:
    """A Sentence Transformers folder becomes a folder that OnnxEncoder loads and runs."""
    built = _build(encoder_folder(tmp_path / "source"), tmp_path / "out")
    vectors = OnnxEncoder.load(tmp_path / "out").encode(TEXTS)
    assert built.manifest == load_manifest(tmp_path / "out", "encoder")
    assert built.manifest.settings == {
        "dimension": 64,
        "max_tokens": 32,
        "pooling": "mean",
        "normalize": True,
    }
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_built_reader_has_its_settings(tmp_path: Path) -> None:
    """A reader's manifest holds limits capped by the model's positions, and those given."""
    source = _reader_folder(tmp_path / "source")
    built = _build(source, tmp_path / "out", settings={"null_threshold": 0.5})
    assert built.manifest.settings == {
        "max_seq_tokens": 48,
        "max_question_tokens": 64,
        "null_threshold": 0.5,
    }
    assert load_manifest(tmp_path / "out", "reader") == built.manifest
    files = {"model.onnx", "tokenizer.json", "golden.json", "fallback.onnx"}
    assert built.manifest.files.keys() == files
    assert built.agreement > 0.95
    assert _initializers(tmp_path / "out" / "model.onnx") == {onnx.TensorProto.INT8}


def test_a_reader_of_another_architecture_is_built(tmp_path: Path) -> None:
    """What our own graph does not know goes through PyTorch's export, and is checked too."""
    source = _reader_folder(tmp_path / "source", hidden_act="relu")
    built = _build(source, tmp_path / "out")
    assert built.manifest.files.keys() == {"model.onnx", "tokenizer.json", "golden.json"}
    reader = OnnxReader.load(tmp_path / "out", threads=1)
    assert reader.read("the office", [passage(TEXTS[0])]).spans


@pytest.mark.parametrize("hidden_act", ["gelu", "relu"])
def test_a_reader_in_fp32(tmp_path: Path, hidden_act: str) -> None:
    """``--fp32`` gives a folder that runs and holds torch's logits."""
    source = _reader_folder(tmp_path / "source", hidden_act=hidden_act)
    built = _build(source, tmp_path / "out", fp32=True)
    assert built.manifest.files.keys() == {"model.onnx", "tokenizer.json"}
    path = tmp_path / "out" / "model.onnx"
    assert _initializers(path) == {onnx.TensorProto.FLOAT}
    names = {node.name for node in InferenceSession(path).get_inputs()}
    feeds = {name: value[:1] for name, value in _feeds().items()}
    model = BertForQuestionAnswering.from_pretrained(source).eval()
    with torch.no_grad():
        expected = model(**{k: torch.tensor(v) for k, v in feeds.items()})
    start, end = _run(path, {name: feeds[name] for name in names})
    np.testing.assert_allclose(start, expected.start_logits.numpy(), atol=1e-5)
    np.testing.assert_allclose(end, expected.end_logits.numpy(), atol=1e-5)


@pytest.mark.parametrize("hidden_act", ["gelu", "relu"])
def test_choices_reach_the_weights(tmp_path: Path, hidden_act: str) -> None:
    """Seven bits stay within seven bits, and a module kept in FP32 has its weights there."""
    source = _reader_folder(tmp_path / "source", hidden_act=hidden_act)
    _build(source, tmp_path / "out", weight_bits=7, keep_fp32=["*layer.0*"])
    model = onnx.load(tmp_path / "out" / "model.onnx")
    large = [onnx.numpy_helper.to_array(t) for t in model.graph.initializer if len(t.dims) == 2]
    products = [array for array in large if 64 in array.shape[:1] and array.shape[1] >= 64]
    assert any(array.dtype == np.float32 for array in products)
    codes = [array for array in products if array.dtype == np.int8]
    assert codes and all(np.abs(array.astype(np.int16)).max() <= 127 for array in codes)
    assert min(np.abs(array.astype(np.int16)).max() for array in codes) <= 64


def test_a_pattern_that_names_nothing_is_refused(tmp_path: Path) -> None:
    """A misspelt module is an error on both ways, and nothing is left."""
    for act in ("gelu", "relu"):
        source = _reader_folder(tmp_path / act, hidden_act=act)
        with pytest.raises(AnswerableError, match="'nothing'; names are such as"):
            _build(source, tmp_path / "out", keep_fp32=["nothing"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gelu", "relu"]


def test_a_broken_tokenizer_is_refused(tmp_path: Path) -> None:
    """A tokenizer that cannot be read is one clear error."""
    source = _reader_folder(tmp_path / "source")
    (source / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelFolderInvalid, match="cannot read the tokenizer"):
        _build(source, tmp_path / "out")


def test_building_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    """A build depends on its source alone, not on time, place or order."""
    source = _reader_folder(tmp_path / "source")
    first, second = (_build(source, tmp_path / out) for out in ("a", "b/c"))
    assert first.manifest == second.manifest


@pytest.mark.parametrize("pooling", ["mean_tokens", "cls_token"])
def test_exported_encoder_is_the_torch_model(tmp_path: Path, pooling: str) -> None:
    """The ONNX embedding is the pooled, normalized output of torch, padding left out."""
    source = encoder_folder(tmp_path / "source", pooling)
    export_encoder(source, tmp_path / "fp32.onnx", encoder_settings(source))
    feeds = _feeds()
    model = BertModel.from_pretrained(source).eval()
    with torch.no_grad():
        hidden = model(**{k: torch.tensor(v) for k, v in feeds.items()}).last_hidden_state.numpy()
    weights = feeds["attention_mask"][:, :, None]
    pooled = hidden[:, 0] if pooling == "cls_token" else (hidden * weights).sum(1) / weights.sum(1)
    expected = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
    np.testing.assert_allclose(_run(tmp_path / "fp32.onnx", feeds)[0], expected, atol=1e-5)


def test_export_that_differs_from_the_library_is_refused(tmp_path: Path) -> None:
    """A graph that pools otherwise than Sentence Transformers does is never written as done."""
    source = encoder_folder(tmp_path / "source", "mean_tokens")
    wrong = replace(encoder_settings(source), pooling="cls")
    with pytest.raises(ModelFolderInvalid, match="differs from Sentence Transformers"):
        export_encoder(source, tmp_path / "fp32.onnx", wrong)


def test_exported_reader_is_the_torch_model(tmp_path: Path) -> None:
    """The ONNX logits are torch's, at another batch size and length than it was traced with."""
    source = _reader_folder(tmp_path / "source")
    export_reader(source, tmp_path / "fp32.onnx")
    feeds = _feeds(length=30)
    model = BertForQuestionAnswering.from_pretrained(source).eval()
    with torch.no_grad():
        expected = model(**{k: torch.tensor(v) for k, v in feeds.items()})
    start, end = _run(tmp_path / "fp32.onnx", feeds)
    np.testing.assert_allclose(start, expected.start_logits.numpy(), atol=1e-5)
    np.testing.assert_allclose(end, expected.end_logits.numpy(), atol=1e-5)


@pytest.mark.parametrize("in_blocks", [True, False])
def test_quantized_weights_are_8_bit_and_close(tmp_path: Path, in_blocks: bool) -> None:
    """No large weight stays in floating point, and the outputs stay close."""
    source = _reader_folder(tmp_path / "source")
    export_reader(source, tmp_path / "fp32.onnx")
    config = QuantizationConfig(contractions_in_blocks=in_blocks)
    quantize_onnx(tmp_path / "fp32.onnx", tmp_path / "int8.onnx", config)
    assert _initializers(tmp_path / "int8.onnx") <= {onnx.TensorProto.INT8, onnx.TensorProto.UINT8}
    operators = {node.op_type for node in onnx.load(tmp_path / "int8.onnx").graph.node}
    assert ("MatMulNBits" in operators) is in_blocks
    feeds = _feeds()
    for fp32, int8 in zip(
        _run(tmp_path / "fp32.onnx", feeds), _run(tmp_path / "int8.onnx", feeds), strict=True
    ):
        assert np.corrcoef(fp32.ravel(), int8.ravel())[0, 1] > 0.98


def test_a_quantized_file_does_not_say_where_it_was_made(tmp_path: Path) -> None:
    """The file holds no path of the machine it was built on and no tool's notes."""
    source = _reader_folder(tmp_path / "source")
    _build(source, tmp_path / "out")
    content = (tmp_path / "out" / "model.onnx").read_bytes()
    assert str(tmp_path).encode() not in content
    assert b"site-packages" not in content
    assert not onnx.load(tmp_path / "out" / "model.onnx").producer_name


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_an_incomplete_source_is_refused(tmp_path: Path, name: str) -> None:
    """A source without one of its files is refused by that file's name, and nothing is left."""
    source = _reader_folder(tmp_path / "source")
    (source / name).unlink()
    with pytest.raises(ModelFolderInvalid, match=name):
        _build(source, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


def test_an_existing_target_is_left_alone(tmp_path: Path) -> None:
    """A folder that holds something is never overwritten."""
    source = _reader_folder(tmp_path / "source")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("keep")
    with pytest.raises(ModelFolderInvalid, match="exists already"):
        _build(source, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_broken_weights_are_refused(tmp_path: Path) -> None:
    """Weights that do not fit the configuration raise our error and leave nothing behind."""
    source = _reader_folder(tmp_path / "source")
    weights = load_file(source / "model.safetensors")
    save_file(
        {name: tensor[:1].clone() for name, tensor in weights.items()}, source / "model.safetensors"
    )
    with pytest.raises(ModelFolderInvalid, match="cannot be loaded"):
        _build(source, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


def test_a_model_that_quantization_ruins_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An INT8 model that disagrees with its FP32 self is not kept."""
    monkeypatch.setattr(building, "_MIN_AGREEMENT", 1.1)
    with pytest.raises(ModelFolderInvalid, match="changes the model too much"):
        _build(_reader_folder(tmp_path / "source"), tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


def test_without_torch_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the extra is missing, one line says how to get it."""
    monkeypatch.setattr(building, "_EXTRA_MODULES", ("answerable_no_such_module",))
    with pytest.raises(AnswerableError, match=r"pip install '\.\[models\]'"):
        _build(tmp_path, tmp_path / "out")


@pytest.mark.parametrize(
    "pooling", [{"pooling_mode_max_tokens": True}, {"pooling_mode": "lasttoken"}]
)
def test_an_unknown_way_of_pooling_is_refused(tmp_path: Path, pooling: dict[str, object]) -> None:
    """Pooling modes that an exported model has not are refused by name."""
    source = encoder_folder(tmp_path / "source")
    write_json(source / "1_Pooling" / "config.json", pooling)
    with pytest.raises(ModelFolderInvalid, match=r"pooling (max|lasttoken), which"):
        encoder_settings(source)


def test_settings_of_newer_folders_are_read(tmp_path: Path) -> None:
    """Sentence Transformers 6 names the pooling mode and leaves the length to the tokenizer."""
    source = encoder_folder(tmp_path / "source")
    write_json(source / "1_Pooling" / "config.json", {"pooling_mode": "cls"})
    write_json(source / "sentence_bert_config.json", {})
    write_json(source / "tokenizer_config.json", {"model_max_length": 40})
    settings = encoder_settings(source)
    assert (settings.pooling, settings.max_tokens) == ("cls", 40)
