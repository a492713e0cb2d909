"""Folders that Sentence Transformers itself wrote: on ONNX Runtime and through the library."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from transformers import BertModel

from answerable.api.modeling.building import build_model
from answerable.index import Encoder, ModelFolderInvalid
from answerable.retriever import OnnxEncoder, load_encoder
from answerable.retriever.folders.library_encoder import LibraryEncoder
from tests.models.tiny_encoder import TEXTS, tiny_encoder

pytestmark = pytest.mark.models

QUESTIONS = ("annual leave", "who signs the form")
MODES = ("cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken")


def _export(folder: Path) -> None:
    """Write the transformer's ONNX file as the library's export does: vectors of tokens."""

    class Tokens(torch.nn.Module):  # type: ignore[misc]  # torch is Any here
        def __init__(self) -> None:
            super().__init__()
            self.bert = BertModel.from_pretrained(folder, attn_implementation="eager")

        def forward(self, *inputs: torch.Tensor) -> Any:
            ids, mask, types = inputs
            return self.bert(
                input_ids=ids, attention_mask=mask, token_type_ids=types
            ).last_hidden_state

    names = ["input_ids", "attention_mask", "token_type_ids"]
    axes = {0: "batch", 1: "length"}
    (folder / "onnx").mkdir()
    torch.onnx.export(
        Tokens().eval(),
        (torch.ones((2, 6), dtype=torch.int64),) * 3,
        str(folder / "onnx" / "model.onnx"),
        input_names=names,
        output_names=["last_hidden_state"],
        dynamic_axes=dict.fromkeys([*names, "last_hidden_state"], axes),
        dynamo=False,
    )


def _expected(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return what the library gives for passages and for questions."""
    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    return (
        model.encode_document(list(TEXTS), normalize_embeddings=True),
        model.encode_query(list(QUESTIONS), normalize_embeddings=True),
    )


def _check(encoder: Encoder, folder: Path) -> None:
    passages, questions = _expected(folder)
    np.testing.assert_allclose(encoder.encode(TEXTS), passages, atol=1e-4)
    np.testing.assert_allclose(encoder.encode_questions(QUESTIONS), questions, atol=1e-4)
    assert encoder.dimension == passages.shape[1]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "options",
    [
        *({"modes": mode} for mode in MODES),
        {"modes": ("mean", "max")},
        {"prompts": {"query": "who signs ", "document": "the form "}},
        {"prompts": {"query": "who signs "}, "includes_prompt": False},
        {"prompts": {"query": "who "}, "modes": "weightedmean", "includes_prompt": False},
        {"dense": torch.nn.Tanh()},
        {"dense": torch.nn.GELU()},
        {"dense": None, "has_dense": True},
        {"max_tokens": 8},
        {"normalizes": False},
    ],
    ids=str,
)
def test_onnx_and_library_agree(tmp_path: Path, options: dict[str, Any]) -> None:
    """The same folder, without its ONNX file and with it, gives the library's own vectors."""
    folder = tiny_encoder(tmp_path / "model", **options)
    through_library = load_encoder(folder, 1)
    assert isinstance(through_library, LibraryEncoder)
    _check(through_library, folder)
    _export(folder)
    on_runtime = load_encoder(folder, 1)
    assert not isinstance(on_runtime, LibraryEncoder)
    _check(on_runtime, folder)
    assert on_runtime.token_offsets(TEXTS[0]) == through_library.token_offsets(TEXTS[0])
    assert on_runtime.max_tokens == through_library.max_tokens


def test_an_old_passage_prompt_is_used(tmp_path: Path) -> None:
    """Version 6 no longer looks at a prompt named ``passage``; folders that have one mean it."""
    folder = tiny_encoder(tmp_path / "model", prompts={"passage": "the form "})
    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    expected = model.encode(list(TEXTS), prompt="the form ", normalize_embeddings=True)
    np.testing.assert_allclose(load_encoder(folder, 1).encode(TEXTS), expected, atol=1e-4)


def test_any_text_is_taken(tmp_path: Path) -> None:
    """Lone surrogates, NULs and the empty text go through the library, too."""
    encoder = load_encoder(tiny_encoder(tmp_path / "model"), 1)
    texts = ["", "\x00", "a\ud800b", "x" * 5000]
    assert np.isfinite(encoder.encode(texts)).all()
    assert encoder.encode([]).shape == (0, encoder.dimension)
    assert encoder.token_offsets("the \ud800 form")[-1] == (6, 10)
    assert encoder.token_offsets("\ud83d\ude00 form")[-1] == (3, 7)


def test_weights_in_a_pickle_are_refused(tmp_path: Path) -> None:
    """A folder with ``pytorch_model.bin`` alone is not loaded: a pickle can run code."""
    folder = tiny_encoder(tmp_path / "model")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ModelFolderInvalid, match="cannot be loaded as an encoder"):
        load_encoder(folder, 1)


def test_a_folder_that_says_the_wrong_length(tmp_path: Path) -> None:
    """The library's vectors are measured before they reach an index."""
    folder = tiny_encoder(tmp_path / "model")
    config = folder / "1_Pooling" / "config.json"
    config.write_text(config.read_text().replace("64", "32"))
    with pytest.raises(ModelFolderInvalid, match="another length"):
        load_encoder(folder, 1)


def test_a_saved_folder_becomes_int8(tmp_path: Path) -> None:
    """What the library saved is quantized into one of our own folders, near to the original."""
    folder = tiny_encoder(tmp_path / "model")
    build_model(folder, tmp_path / "int8", name="tiny", licence="MIT", origin="random")
    small = load_encoder(tmp_path / "int8", 1)
    assert isinstance(small, OnnxEncoder)
    expected, _ = _expected(folder)
    assert (small.encode(TEXTS) * expected).sum(axis=1).min() > 0.95


def test_a_folder_with_prompts_is_not_quantized(tmp_path: Path) -> None:
    """Its vectors would be others without them, and nothing would say so."""
    folder = tiny_encoder(tmp_path / "model", prompts={"query": "who signs "})
    with pytest.raises(ModelFolderInvalid, match="prompts before its texts"):
        build_model(folder, tmp_path / "int8", name="tiny", licence="MIT", origin="random")
