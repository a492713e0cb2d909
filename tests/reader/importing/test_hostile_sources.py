"""Sources that mean harm, or are damaged: one line each, before anything of them is used."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from answerable.index import ModelFolderInvalid
from answerable.reader.importing import load_source_model, prepare_source
from answerable.reader.importing.configuration import read_model_config
from answerable.reader.importing.weights import safetensors_header, source_tensors
from tests.reader.importing.files import write_config, write_raw_safetensors, write_safetensors

ONE = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"hidden_size": 10**12}, "hidden_size"),
        ({"num_hidden_layers": 10**9}, "num_hidden_layers"),
        ({"vocab_size": -1}, "vocab_size"),
        ({"vocab_size": True}, "vocab_size"),
        ({"vocab_size": 1e9}, "vocab_size"),
        ({"max_position_embeddings": "many"}, "max_position_embeddings"),
        ({"hidden_size": 9}, "multiple of the number of heads"),
        ({"hidden_act": "os.system"}, "hidden_act"),
        ({"layer_norm_eps": 1e400}, "layer_norm_eps"),
        ({"model_type": "gpt2"}, "model_type 'gpt2' is not among"),
        ({"model_type": ["bert"]}, "is not among"),
        ({"architectures": ["BertForSequenceClassification"]}, "neither a reader"),
        ({"architectures": {"a": 1}}, "no list of names"),
        ({"is_decoder": True}, "a decoder"),
        ({"quantization_config": {"quant_method": "gptq"}}, "quantized by another tool"),
        ({"position_embedding_type": "relative_key"}, "relative positions"),
    ],
)
def test_an_impossible_configuration_is_refused(
    tmp_path: Path, changes: dict[str, Any], match: str
) -> None:
    """Absurd sizes and what cannot be computed are named, and nothing is allocated for them."""
    write_config(tmp_path, **changes)
    with pytest.raises(ModelFolderInvalid, match=match) as caught:
        read_model_config(tmp_path)
    assert "\n" not in str(caught.value)


def test_keys_that_name_code_are_not_kept(tmp_path: Path) -> None:
    """What would make a library load code or other files never reaches it."""
    keys = {
        "auto_map": {"AutoModel": "evil.Model"},
        "trust_remote_code": True,
        "attn_implementation": "somebody/kernels",
        "custom_pipelines": {"x": {"impl": "evil.Pipe"}},
    }
    write_config(tmp_path, **keys)
    assert not set(read_model_config(tmp_path).values) & set(keys)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'"bert"', b"[" * 100_000, b"\xff\xfe", b" " * (2 << 20)]
)
def test_a_configuration_that_is_none(tmp_path: Path, content: bytes) -> None:
    """What is no JSON object of sane size is one line."""
    (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(ModelFolderInvalid, match=r"config\.json"):
        read_model_config(tmp_path)


@pytest.mark.parametrize(
    ("header", "data", "match"),
    [
        ({"a": ONE}, b"1234", "does not fit"),
        ({"a": {**ONE, "shape": [3]}}, b"12345678", "does not fit"),
        ({"a": {**ONE, "shape": [-2, -1]}}, b"12345678", "impossible shape"),
        ({"a": {**ONE, "shape": [2**62, 2**62]}}, b"12345678", "does not fit"),
        ({"a": {**ONE, "data_offsets": [8, 0]}}, b"12345678", "does not fit"),
        ({"a": {**ONE, "data_offsets": [-8, 0]}}, b"12345678", "impossible shape"),
        ({"a": {**ONE, "dtype": "PICKLE"}}, b"12345678", "unknown type"),
        ({"a": ["F32"]}, b"", "no safetensors file"),
        ({"a": {**ONE, "shape": "xx"}}, b"12345678", "impossible shape"),
        ([], b"", "no JSON object"),
        ({f"t{i}": ONE for i in range(1000)}, b"12345678", "share"),
    ],
)
def test_a_header_that_does_not_fit_its_file(
    tmp_path: Path, header: object, data: bytes, match: str
) -> None:
    """Every place in the header is inside the file, once, before it is read."""
    path = write_raw_safetensors(tmp_path / "model.safetensors", header, data)
    with pytest.raises(ModelFolderInvalid, match=match):
        safetensors_header(path)


@pytest.mark.parametrize(
    "content", [b"", b"\x01", b"\xff" * 8, b"\x02\0\0\0\0\0\0\0{", b"\x05\0\0\0\0\0\0\0hello"]
)
def test_a_file_that_is_cut_off(tmp_path: Path, content: bytes) -> None:
    """A header longer than its file is refused before memory is taken for it."""
    (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(ModelFolderInvalid, match="no safetensors file"):
        safetensors_header(tmp_path / "model.safetensors")


def _index(name: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        text = json.dumps({"weight_map": {"a": name}})
        (folder / "model.safetensors.index.json").write_text(text)

    return write


def _link(folder: Path) -> None:
    (folder / "model.safetensors").symlink_to("/etc/hostname")


def _device(folder: Path) -> None:
    (folder / "model.safetensors").symlink_to("/dev/zero")


def _pickle(folder: Path) -> None:
    (folder / "pytorch_model.bin").write_bytes(b"cposix\nsystem\n(S'touch evil'\ntR.")


@pytest.mark.parametrize(
    "write",
    [_index("../../etc/passwd"), _index("/etc/passwd"), _index("gone.safetensors"), _link, _device],
)
def test_weights_elsewhere_are_not_read(tmp_path: Path, write: Callable[[Path], None]) -> None:
    """Shards and links that lead out of the folder are refused."""
    write_config(tmp_path)
    write(tmp_path)
    with pytest.raises(ModelFolderInvalid):
        source_tensors(tmp_path)


def test_a_pickle_does_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A torch file whose pickle calls a shell is refused, and the shell is not called."""
    monkeypatch.chdir(tmp_path)
    write_config(tmp_path)
    _pickle(tmp_path)
    with pytest.raises(ModelFolderInvalid):
        load_source_model(tmp_path)
    assert not (tmp_path / "evil").exists()


def test_a_hub_cache_is_read_through_its_links(tmp_path: Path) -> None:
    """Hugging Face's own cache links from snapshots to blobs: such links are followed."""
    blobs, folder = tmp_path / "blobs", tmp_path / "snapshots" / "abc"
    blobs.mkdir()
    folder.mkdir(parents=True)
    write_safetensors(blobs / "123", {"a": np.ones((2, 3))})
    (folder / "model.safetensors").symlink_to("../../blobs/123")
    (tensor,) = source_tensors(folder).values()
    np.testing.assert_array_equal(tensor.read(), np.ones((2, 3)))


def test_brain_floats_are_read(tmp_path: Path) -> None:
    """bfloat16 is the upper half of a float32."""
    data = (np.array([1.5, -2.0], np.float32).view(np.uint32) >> 16).astype("<u2").tobytes()
    header = {"a": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}
    path = write_raw_safetensors(tmp_path / "model.safetensors", header, data)
    assert safetensors_header(path)["a"].read().tolist() == [1.5, -2.0]


@pytest.mark.parametrize("name", ["nothing", "empty", "readme.txt", "model.tlt"])
def test_what_is_no_source_is_refused(tmp_path: Path, name: str) -> None:
    """A path that is nothing we know is one line that says what is known."""
    if name == "empty":
        (tmp_path / name).mkdir()
    elif name != "nothing":
        (tmp_path / name).write_bytes(b"hello")
    with pytest.raises(ModelFolderInvalid):
        prepare_source(tmp_path / name, tmp_path)
