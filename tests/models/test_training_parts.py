"""The parts of training against what they stand for: attention, weights, rounding."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from transformers import BertForQuestionAnswering

from answerable.index import ModelFolderInvalid
from answerable.reader.conversion.bert_graph import write_graph
from answerable.reader.conversion.bert_int8 import to_int8
from answerable.reader.conversion.bert_model import load_bert_reader
from answerable.reader.conversion.quantization import (
    BertQuantization,
    QuantizationConfig,
    quantize_onnx,
)
from answerable.reader.conversion.reader_export import export_reader
from answerable.reader.training import attention
from answerable.reader.training.base_model import (
    average_models,
    load_base_model,
    reinitialize_top,
)
from answerable.reader.training.master_weights import MasterWeights
from answerable.reader.training.options import OptimizerSpec, QuantizationAwareSpec
from answerable.reader.training.quantization_aware import make_quantization_aware
from answerable.reader.windows import Window
from tests.models.tiny import tiny_model

pytestmark = pytest.mark.models

LENGTHS = (12, 9, 5)
# Weights rounded where they stand.
UNMOVED = BertQuantization(weight_bits=7, level_inputs=False, neurons_apart=0, correct_biases=False)


def _folder(path: Path, seed: int = 0, layers: int = 2) -> Path:
    """Save a random reader, no two of its weights alike."""
    model = tiny_model(seed=seed, layers=layers)
    with torch.no_grad():
        for weight in model.parameters():
            weight += 0.05 * torch.randn_like(weight)
    model.save_pretrained(path)
    return path


def _inputs(*, padded: bool) -> dict[str, torch.Tensor]:
    lengths = torch.tensor(LENGTHS if padded else [12, 12, 12])
    mask = (torch.arange(12) < lengths[:, None]).long()
    ids = torch.randint(0, 40, (3, 12), generator=torch.Generator().manual_seed(3))
    segments = (torch.arange(12) > 4).long().expand(3, 12)
    return {"input_ids": ids * mask, "attention_mask": mask, "token_type_ids": segments * mask}


@pytest.mark.parametrize("padded", [False, True])
def test_explicit_attention_is_that_of_transformers(tmp_path: Path, padded: bool) -> None:
    """Logits and every gradient are those of its eager attention, padding or not."""
    folder, inputs = _folder(tmp_path), _inputs(padded=padded)
    ours = load_base_model(folder).train()
    theirs = BertForQuestionAnswering.from_pretrained(
        folder,
        attn_implementation="eager",
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    ).train()
    assert ours.config._attn_implementation == attention.NAME
    seen = inputs["attention_mask"]
    for model in (ours, theirs):
        output = model(**inputs)
        ((output.start_logits.sin() + output.end_logits.cos()) * seen).sum().backward()
        model.logits = output.start_logits.detach() * seen
    torch.testing.assert_close(ours.logits, theirs.logits, atol=1e-5, rtol=1e-4)
    expected = {name: weight.grad for name, weight in theirs.named_parameters()}
    for name, weight in ours.named_parameters():
        torch.testing.assert_close(weight.grad, expected[name], atol=1e-4, rtol=1e-3, msg=name)


def test_an_exported_int8_reader_can_be_trained_on(tmp_path: Path) -> None:
    """Its weights come back within half a step, in every layer, and the shape with them."""
    folder = _folder(tmp_path / "model")
    export_reader(folder, tmp_path / "fp32.onnx")
    (tmp_path / "int8").mkdir()
    config = QuantizationConfig(contractions_in_blocks=False)
    quantize_onnx(tmp_path / "fp32.onnx", tmp_path / "int8" / "model.onnx", config)
    original, restored = load_base_model(folder), load_base_model(tmp_path / "int8")
    assert restored.config.num_attention_heads == original.config.num_attention_heads
    others = restored.state_dict()
    for name, weight in original.state_dict().items():
        if weight.ndim == 1:
            torch.testing.assert_close(others[name], weight, msg=name)
            continue
        step = weight.abs().amax(dim=1, keepdim=True) / 64  # a row is coded by its largest
        if "embeddings" in name:
            step = (weight.max() - weight.min()) / 255
        assert bool(((others[name] - weight).abs() <= step / 2 * 1.001).all()), name


@pytest.mark.parametrize("config", [BertQuantization(neurons_apart=3), UNMOVED], ids=["all", "7"])
def test_a_bert_int8_reader_can_be_trained_on(tmp_path: Path, config: BertQuantization) -> None:
    """However its weights were rearranged, the function comes back."""
    folder = _folder(tmp_path / "model")
    _write_int8(folder, tmp_path / "int8", config)
    original, restored = load_base_model(folder).eval(), load_base_model(tmp_path / "int8").eval()
    assert restored.config.num_attention_heads == original.config.num_attention_heads
    inputs = _inputs(padded=False)
    with torch.no_grad():
        expected, actual = (model(**inputs).start_logits for model in (original, restored))
    assert float((expected - actual).std() / expected.std()) < 0.05


def test_a_damaged_base_model_is_one_clear_error(tmp_path: Path) -> None:
    """An ONNX file that is none, and one that is no reader of ours, name the folder."""
    (tmp_path / "model.onnx").write_bytes(b"\xff" * 100)
    with pytest.raises(ModelFolderInvalid, match="cannot read the base model"):
        load_base_model(tmp_path)
    with pytest.raises(ModelFolderInvalid, match="cannot read the base model"):
        load_base_model(tmp_path / "none")


def test_models_of_other_shapes_are_no_soup(tmp_path: Path) -> None:
    """Two layers and three cannot be averaged."""
    folders = [_folder(tmp_path / str(layers), layers=layers) for layers in (2, 3)]
    with pytest.raises(ModelFolderInvalid, match="differs in shape"):
        average_models(folders)


def test_upper_layers_start_anew(tmp_path: Path) -> None:
    """The top layer and the head change, everything below stays; more than all is an error."""
    model = load_base_model(_folder(tmp_path))
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    reinitialize_top(model, 1)
    changed = {
        name for name, weight in model.state_dict().items() if not torch.equal(weight, before[name])
    }
    assert changed == {name for name in before if ".layer.1." in name or "qa_outputs" in name}
    with pytest.raises(ModelFolderInvalid, match="2 layers, not 3"):
        reinitialize_top(model, 3)


def _write_int8(folder: Path, target: Path, config: BertQuantization) -> None:
    """Write a reader's INT8 graph, its ranges taken from the very inputs of the tests."""
    target.mkdir()
    ids, segments = (
        _inputs(padded=False)[name].numpy() for name in ("input_ids", "token_type_ids")
    )
    none = np.ones(0, dtype=np.bool_)
    windows = [
        Window(0, *row, context_start=5, context_offsets=(), may_start=none, may_end=none)
        for row in zip(ids, segments, strict=True)
    ]
    coded = to_int8(load_bert_reader(folder), windows, target, config)
    write_graph(coded, target / "model.onnx", "int8")


def test_rounding_in_training_is_that_of_the_int8_reader(tmp_path: Path) -> None:
    """The forward pass gives the INT8 session's logits, which are not the FP32 model's."""
    folder = _folder(tmp_path / "model")
    _write_int8(folder, tmp_path / "int8", UNMOVED)
    session = onnxruntime.InferenceSession(str(tmp_path / "int8" / "model.onnx"))
    inputs = _inputs(padded=True)
    rows = [
        session.run(
            ["start_logits"],
            {
                node.name: inputs[node.name][row : row + 1, :length].numpy()
                for node in session.get_inputs()
            },
        )[0][0]
        for row, length in enumerate(LENGTHS)  # alone, and without padding
    ]
    expected = np.concatenate(rows)
    exact, rounded = load_base_model(folder).eval(), load_base_model(folder).eval()
    make_quantization_aware(rounded, QuantizationAwareSpec(weight_bits=7))
    seen = inputs["attention_mask"].bool()
    with torch.no_grad():
        far, near = (m(**inputs).start_logits[seen].numpy() for m in (exact, rounded))
    np.testing.assert_allclose(near, expected, atol=1e-5)
    assert np.abs(far - expected).mean() > 1e-3


def test_rounding_passes_gradients_straight_through(tmp_path: Path) -> None:
    """Gradients are those of the unrounded model, but for the difference in its activations."""
    folder, inputs = _folder(tmp_path), _inputs(padded=False)
    gradients = []
    for is_rounded in (False, True):
        model = load_base_model(folder).train()
        if is_rounded:
            make_quantization_aware(model, QuantizationAwareSpec())
        model(**inputs).start_logits.sin().sum().backward()
        gradients.append(torch.cat([w.grad.flatten() for w in model.parameters() if w.ndim > 1]))
    assert float(torch.cosine_similarity(*gradients, dim=0)) > 0.98


def test_master_weights_keep_what_bfloat16_loses(tmp_path: Path) -> None:
    """Steps too small for bfloat16 add up in FP32; biases are not decayed; low layers lag."""
    model = load_base_model(_folder(tmp_path))
    spec = OptimizerSpec(max_steps=1, learning_rate=1e-6, weight_decay=0.5, layer_decay=0.5)
    master = MasterWeights(model, spec, torch.bfloat16)
    before = {name: weight.detach().clone() for name, weight in master.weights.items()}
    for _ in range(10):
        for weight in model.parameters():
            weight.grad = torch.ones_like(weight)
        master.step(spec.learning_rate)
    now = {name: weight.detach() for name, weight in master.weights.items()}
    moved = {name: float((before[name] - now[name]).abs().mean()) for name in now}
    bias = "bert.encoder.layer.{}.output.dense.bias"
    assert moved["qa_outputs.bias"] == pytest.approx(1e-5, rel=0.01)
    assert moved[bias.format(1)] == pytest.approx(0.5e-5, rel=0.01)
    assert moved[bias.format(0)] == pytest.approx(0.25e-5, rel=0.01)
    assert {weight.dtype for weight in model.parameters()} == {torch.bfloat16}
    assert all(weight.grad is None for weight in model.parameters())
