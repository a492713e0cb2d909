"""Models in NeMo's, Megatron-LM's and OpenVINO's own files against the libraries' forward pass."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from transformers import (
    BertConfig,
    BertForQuestionAnswering,
    MegatronBertConfig,
    MegatronBertForQuestionAnswering,
    PreTrainedModel,
)

from answerable.api.modeling.importing import ImportChoices, import_model
from answerable.cli.main import main
from answerable.index import ModelFolderInvalid
from answerable.reader import load_reader
from answerable.reader.openvino_session import OpenVinoSession
from answerable.reader.session import ReaderSession
from answerable.reader.windows import Window
from tests.reader.importing import nemo_archives

pytestmark = pytest.mark.models
openvino = pytest.importorskip("openvino")

_N_INPUTS = 30  # benchmarks/import_fidelity.py has 200 for each architecture
_WORDS = [*nemo_archives.WORDS, *(f"word{i}" for i in range(20))]
_SIZES: dict[str, Any] = {
    "vocab_size": len(_WORDS),
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 128,
    "max_position_embeddings": 64,
    "initializer_range": 0.2,
}


def _random(model: PreTrainedModel) -> PreTrainedModel:
    """Give every parameter a random value, biases and gains too."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, value in model.named_parameters():
            value.copy_(torch.randn(value.shape, generator=generator) * 0.2)
            if "LayerNorm.weight" in name or ".ln.weight" in name:
                value += 1
    return model.eval()


def _windows(longest: int) -> list[Window]:
    random = np.random.default_rng(0)
    windows = []
    for _ in range(_N_INPUTS):
        n_tokens = int(random.integers(4, longest + 1))
        ids = random.integers(0, len(_WORDS), n_tokens)
        types = (np.arange(n_tokens) > n_tokens // 3).astype(np.int64)
        windows.append(Window(0, ids, types, 0, (), np.ones(0, np.bool_), np.ones(0, np.bool_)))
    return windows


Scores = list[tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]]


def _of_library(model: PreTrainedModel, windows: list[Window]) -> Scores:
    scores = []
    with torch.no_grad():
        for window in windows:
            ids, types = torch.from_numpy(window.token_ids), torch.from_numpy(window.type_ids)
            output = model(input_ids=ids[None], token_type_ids=types[None])
            scores.append((output.start_logits[0].numpy(), output.end_logits[0].numpy()))
    return scores


def _assert_same(actual: Scores, expected: Scores) -> None:
    """Every logit is within 1e-4, and the best span is the same."""
    for (start, end), (start_expected, end_expected) in zip(actual, expected, strict=True):
        np.testing.assert_allclose(start, start_expected, atol=1e-4, rtol=0)
        np.testing.assert_allclose(end, end_expected, atol=1e-4, rtol=0)
        assert _best(start, end) == _best(start_expected, end_expected)


def _best(start: npt.NDArray[np.float32], end: npt.NDArray[np.float32]) -> int:
    return int(np.argmax(np.triu(start[:, None] + end) + np.tril(np.full(len(start), -1e9), -1)))


def _imported(source: Path, out: Path) -> ReaderSession:
    import_model(source, out)
    load_reader(out)
    return ReaderSession(out / "model.onnx", 1)


@pytest.mark.parametrize("is_gzip", [True, False])
def test_nemo(tmp_path: Path, *, is_gzip: bool) -> None:
    """A NeMo archive gives the logits of the encoder and the head that it was made of."""
    model = _random(BertForQuestionAnswering(BertConfig(**_SIZES)))
    tensors = {}
    for name, value in model.state_dict().items():
        theirs = name.replace("bert.", "bert_model.", 1).replace(
            "qa_outputs", "classifier.mlp.layer0"
        )
        tensors[theirs] = value.numpy()
    config = nemo_archives.settings()
    files = nemo_archives.archive_files(tmp_path, tensors, config)
    files["vocab.txt"] = "\n".join(_WORDS).encode()
    files["bert-base-uncased_encoder_config.json"] = model.config.to_json_string().encode()
    torch.save({k: torch.from_numpy(v) for k, v in tensors.items()}, tmp_path / "weights")
    files["model_weights.ckpt"] = (tmp_path / "weights").read_bytes()
    suffix = "nemo" if is_gzip else "tlt"
    source = nemo_archives.write_archive(tmp_path / f"m.{suffix}", files, is_gzip=is_gzip)
    windows = _windows(64)
    session = _imported(source, tmp_path / "out")
    _assert_same(session.logits(windows), _of_library(model, windows))
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["provenance"]["source_kind"] == "NeMo archive"
    assert manifest["settings"]["null_answer"] == "trained"


def _megatron_rows(value: torch.Tensor, version: float, heads: int) -> torch.Tensor:
    """Order rows of queries, keys and values as a version of Megatron-LM's checkpoints does.

    Source: Megatron-LM's transformer.py by version: (3 heads width), (heads width 3),
    (heads 3 width).
    """
    rest = value.shape[1:]
    split = value.reshape(3, heads, -1, *rest)
    if version == 1.0:
        split = torch.stack([split[0], split[1], split[2]], dim=2)
    elif version >= 2.0:
        split = torch.stack([split[0], split[1], split[2]], dim=1)
    return split.reshape(value.shape)


def _megatron_model(model: PreTrainedModel, version: float, layers: str) -> dict[str, Any]:
    """Return a reader's weights as Megatron-LM nests and names them."""
    state: Mapping[str, torch.Tensor] = model.state_dict()
    body: dict[str, torch.Tensor] = {}
    attention = "self_attention" if layers == "encoder" else "attention"
    for i in range(_SIZES["num_hidden_layers"]):
        ours, theirs = f"bert.encoder.layer.{i}", f"layers.{i}"
        for kind in ("weight", "bias"):
            parts = [state[f"{ours}.attention.self.{n}.{kind}"] for n in ("query", "key", "value")]
            rows = _megatron_rows(torch.cat(parts), version, _SIZES["num_attention_heads"])
            body[f"{theirs}.{attention}.query_key_value.{kind}"] = rows
            for name, own in {
                f"{attention}.dense": "attention.output.dense",
                "input_layernorm": "attention.ln",
                "mlp.dense_4h_to_h": "output.dense",
                "mlp.dense_h_to_4h": "intermediate.dense",
                "post_attention_layernorm": "ln",
            }.items():
                body[f"{theirs}.{name}.{kind}"] = state[f"{ours}.{own}.{kind}"]
    body |= {
        f"final_layernorm.{kind}": state[f"bert.encoder.ln.{kind}"] for kind in ("weight", "bias")
    }
    tables = {"word": "word", "position": "position", "tokentype": "token_type"}
    embedding = {
        f"{name}_embeddings": {"weight": state[f"bert.embeddings.{own}_embeddings.weight"]}
        for name, own in tables.items()
    }
    return {"embedding": embedding, layers: body}


def _megatron(**more: Any) -> PreTrainedModel:
    sizes = {**_SIZES, "layer_norm_eps": 1e-5, **more}
    return _random(MegatronBertForQuestionAnswering(MegatronBertConfig(**sizes)))


@pytest.mark.parametrize(
    ("version", "layers", "gelu"),
    [(0.0, "transformer", "gelu"), (1.0, "transformer", "gelu"), (3.0, "encoder", "gelu_new")],
)
def test_megatron(tmp_path: Path, version: float, layers: str, gelu: str) -> None:
    """A checkpoint of any version gives the logits of transformers' MegatronBert."""
    import argparse

    model = _megatron(hidden_act=gelu)
    head = {kind: model.state_dict()[f"qa_outputs.{kind}"] for kind in ("weight", "bias")}
    checkpoint = {
        "args": argparse.Namespace(
            num_attention_heads=2,
            tokenizer_type="BertWordPieceLowerCase",
            bias_gelu_fusion=gelu == "gelu_new",
            params_dtype=torch.float32,
        ),
        "checkpoint_version": version,
        "iteration": 7,
        "model": {"language_model": _megatron_model(model, version, layers), "qa_outputs": head},
        "rng_state": [torch.get_rng_state(), np.random.get_state()],
    }
    folder = tmp_path / "source" / "mp_rank_00"
    folder.mkdir(parents=True)
    torch.save(checkpoint, folder / "model_optim_rng.pt")
    (tmp_path / "source" / "vocab.txt").write_text("\n".join(_WORDS))
    windows = _windows(64)
    session = _imported(tmp_path / "source", tmp_path / "out")
    _assert_same(session.logits(windows), _of_library(model, windows))


def test_nemo_with_megatron(tmp_path: Path) -> None:
    """TAO's Megatron reader: a NeMo archive whose encoder is Megatron-LM's."""
    model = _megatron(hidden_act="gelu_new")
    nested = _megatron_model(model, 2.0, "encoder")
    tensors = {f"bert_model.language_model.encoder.{k}": v for k, v in nested["encoder"].items()}
    for name, table in nested["embedding"].items():
        tensors[f"bert_model.language_model.embedding.{name}.weight"] = table["weight"]
    for kind in ("weight", "bias"):
        tensors[f"classifier.mlp.layer0.{kind}"] = model.state_dict()[f"qa_outputs.{kind}"]
    torch.save(tensors, tmp_path / "weights")
    config = nemo_archives.settings()
    config["language_model"] |= {
        "pretrained_model_name": "megatron-bert-345m-uncased",
        "config_file": None,
        "config": {"num_attention_heads": 2, "hidden_size": 64},
    }
    files = nemo_archives.archive_files(tmp_path, nemo_archives.weights(), config)
    files["vocab.txt"] = "\n".join(_WORDS).encode()
    files["model_weights.ckpt"] = (tmp_path / "weights").read_bytes()
    del files["bert-base-uncased_encoder_config.json"]
    version = {"checkpoint_version": 2.0}
    files["megatron_checkpoint_version.json"] = json.dumps(version).encode()
    windows = _windows(64)
    session = _imported(nemo_archives.write_archive(tmp_path / "m.nemo", files), tmp_path / "out")
    _assert_same(session.logits(windows), _of_library(model, windows))


_NAMES = ("input_ids", "attention_mask", "token_type_ids", "position_ids")


class _InOrder(torch.nn.Module):  # type: ignore[misc]  # torch is seen as Any
    """A reader whose inputs come in any order, as those of an IR may."""

    def __init__(self, model: PreTrainedModel, names: tuple[str, ...]) -> None:
        super().__init__()
        self.model, self.names = model, names

    def forward(self, *values: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return end before start."""
        output = self.model(**dict(zip(self.names, values, strict=True)))
        return output.end_logits, output.start_logits


def _write_ir(
    model: PreTrainedModel, folder: Path, names: tuple[str, ...], kind: torch.dtype, *, fixed: bool
) -> Path:
    folder.mkdir()
    # Zeros: a mask of ones alone would be left out of the traced graph.
    values = tuple(torch.zeros(1, 64, dtype=kind) for _ in names)
    onnx = folder.parent / "m.onnx"
    torch.onnx.export(
        _InOrder(model, names).eval(),
        values,
        onnx,
        input_names=list(names),
        output_names=["output_e", "output_s"],
        dynamic_axes=None if fixed else {name: {1: "length"} for name in names},
        dynamo=False,
    )
    ir = openvino.Core().read_model(onnx)
    openvino.save_model(ir, folder / "reader.xml", compress_to_fp16=False)
    (folder / "vocab.txt").write_text("\n".join(_WORDS))
    return folder


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("order", "kind", "fixed"),
    [
        ((0, 1, 2), torch.int32, True),
        ((2, 0, 1), torch.int64, True),
        ((3, 1, 2, 0), torch.int32, True),
        ((1, 2, 0), torch.int64, False),
    ],
)
def test_openvino(
    tmp_path: Path, order: tuple[int, ...], kind: torch.dtype, *, fixed: bool
) -> None:
    """An IR gives what the library's own forward pass gives, and what torch gives."""
    model = _random(BertForQuestionAnswering(BertConfig(**_SIZES)))
    names = tuple(_NAMES[i] for i in order)
    source = _write_ir(model, tmp_path / "ir", names, kind, fixed=fixed)
    imported = import_model(source, tmp_path / "out", ImportChoices(max_seq_tokens=64))
    assert any("answers every question" in note for note in imported.notes)
    windows = _windows(64)
    actual = OpenVinoSession(tmp_path / "out" / "model.xml", 2).logits(windows)
    _assert_same(actual, _of_library(model, windows))
    _assert_same(actual, _of_openvino(source / "reader.xml", windows, fixed=fixed))


def _of_openvino(xml: Path, windows: list[Window], *, fixed: bool) -> Scores:
    compiled = openvino.compile_model(xml, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    scores = []
    for window in windows:
        n_tokens = len(window.token_ids)
        length = 64 if fixed else n_tokens
        values = {name: np.zeros((1, length), np.int64) for name in _NAMES}
        values["input_ids"][0, :n_tokens] = window.token_ids
        values["attention_mask"][0, :n_tokens] = 1
        values["token_type_ids"][0, :n_tokens] = window.type_ids
        values["position_ids"][0] = np.arange(length)
        feeds = {
            port.get_any_name(): values[port.get_any_name()].astype(
                port.get_element_type().to_dtype()
            )
            for port in compiled.inputs
        }
        result = compiled(feeds)
        scores.append((result["output_s"][0, :n_tokens], result["output_e"][0, :n_tokens]))
    return scores


@pytest.mark.parametrize("suffix", [".tlt", ".eonnx", ".riva"])
def test_sealed(tmp_path: Path, suffix: str) -> None:
    """An encrypted archive is refused with what to bring instead."""
    path = tmp_path / f"model{suffix}"
    path.write_bytes(np.random.default_rng(0).bytes(4000))
    with pytest.raises(ModelFolderInvalid, match=r"encrypted.*bring the \.nemo"):
        import_model(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("case", ["climbs", "calls"])
def test_hostile_archives_by_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    """``import-model`` ends with one line, and leaves nothing behind."""
    canary, source, out = tmp_path / "canary", tmp_path / "m.nemo", tmp_path / "out"
    files = nemo_archives.archive_files(tmp_path, nemo_archives.weights(), nemo_archives.settings())
    if case == "climbs":
        files["../canary"] = b""
    else:
        files["model_weights.ckpt"] = f"cposix\nsystem\n(Vtouch {canary}\ntR.".encode()
    nemo_archives.write_archive(source, files)
    assert main(["import-model", str(source), str(out)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: cannot") and error.count("\n") == 1
    assert list(tmp_path.iterdir()) == [source]
