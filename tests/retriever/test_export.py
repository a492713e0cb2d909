"""What of a Sentence Transformers folder can be exported: read without torch, and never trusted."""

from pathlib import Path

import pytest

from answerable.index import ModelFolderInvalid
from answerable.retriever.export import EncoderSettings, encoder_settings
from tests.retriever.folders.tiny import WIDTH, tiny_folder, write_json


def test_a_sound_folder(tmp_path: Path) -> None:
    """Width, length and pooling are the folder's own; a length that it leaves out is the usual."""
    folder = tiny_folder(tmp_path / "f")
    assert encoder_settings(folder) == EncoderSettings(WIDTH, 16, "mean")
    write_json(folder / "sentence_bert_config.json", {})
    write_json(folder / "config.json", {"hidden_size": WIDTH})
    assert encoder_settings(folder).max_tokens == 512


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("modules.json", [{"type": "x.Transformer", "path": "../other"}], "leads out"),
        ("modules.json", [1], "no type"),
        ("modules.json", {}, "list of modules"),
        ("modules.json", [{"type": "x.Transformer", "path": ""}], "without pooling"),
        ("config.json", [], "JSON object"),
        ("config.json", {"hidden_size": WIDTH, "max_position_embeddings": [1]}, "max_position"),
        ("1_Pooling/config.json", [], "JSON object"),
        ("1_Pooling/config.json", {"pooling_mode": "lasttoken"}, "pooling lasttoken"),
        ("sentence_bert_config.json", [], "JSON object"),
        ("tokenizer_config.json", {"model_max_length": "long"}, "model_max_length"),
    ],
)
def test_a_folder_that_is_broken_or_cannot_be_exported(
    tmp_path: Path, name: str, value: object, message: str
) -> None:
    """A value of another type, a path that leads out, another way to pool: one clear error."""
    folder = tiny_folder(tmp_path / "f")
    write_json(folder / name, value)
    with pytest.raises(ModelFolderInvalid, match=message):
        encoder_settings(folder)
