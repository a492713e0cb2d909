"""Tiny Sentence Transformers folders: an ONNX file that looks tokens up in a table, no more.

The file is written by hand, field by field, since nothing at run time can write ONNX. Field
numbers are those of onnx.proto.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from tokenizers import processors

from answerable.index import Vectors
from tests.reader.scripted import word_tokenizer

TEXTS = ("the office opens at nine", "annual leave", "query passage : Leave KEYS")
WIDTH = 4
_FLOAT, _INT64 = 1, 7


def tiny_folder(
    folder: Path,
    *,
    pooling: Mapping[str, object] | None = None,
    prompts: Mapping[str, object] | None = None,
    settings: Mapping[str, object] | None = None,
    dense: tuple[Vectors, Vectors] | None = None,
    activation: str = "torch.nn.modules.activation.Tanh",
    modules: Sequence[str] | None = None,
    output: str = "last_hidden_state",
) -> Path:
    """Write a folder as the library lays it out; return it."""
    folder.mkdir()
    kinds = ["Transformer", "Pooling", *(["Dense"] if dense else []), "Normalize"]
    paths = [("" if i == 0 else f"{i}_{kind}") for i, kind in enumerate(modules or kinds)]
    write_json(
        folder / "modules.json",
        [
            {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
            for i, (kind, path) in enumerate(zip(modules or kinds, paths, strict=True))
        ],
    )
    write_json(folder / "config.json", {"hidden_size": WIDTH, "max_position_embeddings": 32})
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": 16, **(settings or {})})
    write_json(folder / "1_Pooling" / "config.json", pooling or {"pooling_mode_mean_tokens": True})
    write_json(folder / "config_sentence_transformers.json", {"prompts": prompts or {}})
    tokenizer = word_tokenizer(*TEXTS)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "model.onnx").write_bytes(lookup_onnx(table(), output))
    if dense is not None:
        n_out, n_in = dense[0].shape
        write_json(
            folder / "2_Dense" / "config.json",
            {"in_features": n_in, "out_features": n_out, "activation_function": activation},
        )
        tensors = {"linear.weight": dense[0], "linear.bias": dense[1]}
        (folder / "2_Dense" / "model.safetensors").write_bytes(safetensors(tensors))
    return folder


def table(n_tokens: int = 40) -> Vectors:
    """Return the vector of each token, (n_tokens, WIDTH) float32."""
    return np.random.default_rng(7).normal(size=(n_tokens, WIDTH)).astype(np.float32)


def write_json(path: Path, value: object) -> None:
    """Write a JSON file and its folder."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")


def safetensors(tensors: dict[str, Vectors]) -> bytes:
    """Return the bytes of a safetensors file."""
    header, body = {}, b""
    for name, tensor in tensors.items():
        data = tensor.astype("<f4").tobytes()
        place = [len(body), len(body) + len(data)]
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": place}
        body += data
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


def lookup_onnx(weights: Vectors, output: str) -> bytes:
    """Return an ONNX model: ``output = weights[input_ids]``."""
    node = _bytes(1, b"table") + _bytes(1, b"input_ids") + _bytes(2, output.encode())
    node += _bytes(4, b"Gather")
    rows, width = weights.shape
    tensor = _number(1, rows) + _number(1, width) + _number(2, _FLOAT) + _bytes(8, b"table")
    tensor += _bytes(9, weights.tobytes())
    graph = _bytes(1, node) + _bytes(2, b"g") + _bytes(5, tensor)
    graph += _bytes(11, _value("input_ids", _INT64, ["batch", "length"]))
    graph += _bytes(12, _value(output, _FLOAT, ["batch", "length", width]))
    return _number(1, 8) + _bytes(7, graph) + _bytes(8, _number(2, 13))


def _value(name: str, kind: int, shape: Sequence[str | int]) -> bytes:
    dimensions = b"".join(
        _bytes(1, _number(1, size) if isinstance(size, int) else _bytes(2, size.encode()))
        for size in shape
    )
    tensor = _number(1, kind) + _bytes(2, dimensions)
    return _bytes(1, name.encode()) + _bytes(2, _bytes(1, tensor))


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _varint(value: int) -> bytes:
    parts = []
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    return bytes([*parts, value])
