"""Hostile and damaged Hugging Face folders: one line each, no folder written, nothing run."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from answerable.api.modeling.importing import ImportChoices, import_model
from answerable.index import AnswerableError, ModelFolderInvalid
from tests.models.folders import model_folder

pytestmark = pytest.mark.models

WORDS = "bert.embeddings.word_embeddings.weight"
HEAD = "qa_outputs.weight"
Spoil = Callable[[Path], None]


def _tensors(change: Callable[[dict[str, np.ndarray]], None]) -> Spoil:
    def spoil(folder: Path) -> None:
        tensors = load_file(folder / "model.safetensors")
        change(tensors)
        save_file(tensors, folder / "model.safetensors")

    return spoil


def _config(**changes: Any) -> Spoil:
    def spoil(folder: Path) -> None:
        path = folder / "config.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))

    return spoil


def _cut(name: str) -> Spoil:
    def spoil(folder: Path) -> None:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: len(content) // 2])

    return spoil


def _set(name: str, value: float) -> Spoil:
    def change(tensors: dict[str, np.ndarray]) -> None:
        tensors[name][0, 0] = value

    return _tensors(change)


def _code(folder: Path) -> None:
    """Name a module of the folder's own as the model's class; then break the head."""
    _config(auto_map={"AutoModelForQuestionAnswering": "evil.Model"})(folder)
    (folder / "evil.py").write_text(f"open({str(folder.parent / 'ran')!r}, 'w').close()\n")
    _tensors(lambda tensors: tensors.__delitem__(HEAD))(folder)


def _pickle(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    call = f"cposix\nsystem\n(S'touch {folder.parent / 'ran'}'\ntR."
    (folder / "pytorch_model.bin").write_bytes(call.encode())


def _tie(tensors: dict[str, np.ndarray]) -> None:
    tensors["bert.embeddings.LayerNorm.gamma"] = tensors["bert.embeddings.LayerNorm.weight"].copy()


SPOILED = {
    "a tensor is missing": (_tensors(lambda t: t.__delitem__(HEAD)), "lack qa_outputs.weight"),
    "a tensor is transposed": (
        _tensors(lambda t: t.update({HEAD: np.ascontiguousarray(t[HEAD].T)})),
        r"qa_outputs.weight is \[64, 2\] and should be \[2, 64\]",
    ),
    "a table is too short": (
        _tensors(lambda t: t.update({WORDS: t[WORDS][:-1].copy()})),
        "word_embeddings",
    ),
    "layers are missing": (_config(num_hidden_layers=3), r"lack bert\.encoder\.layer\.2"),
    "layers are too many": (_config(num_hidden_layers=1), "has no place for"),
    "a value is no number": (_set(WORDS, float("nan")), "no numbers"),
    "a value is infinite": (_set(HEAD, float("inf")), "no numbers"),
    "a name is there twice": (_tensors(_tie), "old and its new name"),
    "sizes that fill memory": (
        _config(hidden_size=16_384, intermediate_size=65_536, num_hidden_layers=256),
        "do not fit its config|lack",
    ),
    "a vocabulary of another size": (_config(vocab_size=4_000_000), "word_embeddings"),
    "another architecture": (_config(model_type="albert"), "neither a reader|do not fit|lack"),
    "weights are cut off": (_cut("model.safetensors"), "no safetensors file"),
    "configuration is cut off": (_cut("config.json"), "cannot be read"),
    "vocabulary is of another model": (
        lambda folder: (folder / "vocab.txt").write_text(
            "\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *(f"w{i}" for i in range(9999))])
        ),
        "not of one model",
    ),
    "no vocabulary": (lambda folder: (folder / "vocab.txt").unlink(), "has no tokenizer"),
    "code beside it": (_code, "lack qa_outputs.weight"),
    "a pickle that calls out": (_pickle, "pytorch_model.bin"),
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound folder, copied and spoiled by each test."""
    return model_folder(tmp_path_factory.mktemp("sound") / "source", "Bert")


@pytest.mark.parametrize("name", SPOILED)
def test_a_spoiled_folder_leaves_nothing(tmp_path: Path, sound: Path, name: str) -> None:
    """Each is refused with one line that names what is wrong; no OUT, no code run."""
    spoil, match = SPOILED[name]
    source = tmp_path / "source"
    source.mkdir()
    for file in sound.iterdir():
        (source / file.name).write_bytes(file.read_bytes())
    spoil(source)
    with pytest.raises(ModelFolderInvalid, match=match) as caught:
        import_model(source, tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


def test_code_beside_a_sound_model_does_not_run(tmp_path: Path, sound: Path) -> None:
    """A folder that names classes of its own is imported as what its weights are."""
    source = tmp_path / "source"
    source.mkdir()
    for file in sound.iterdir():
        (source / file.name).write_bytes(file.read_bytes())
    _config(auto_map={"AutoModelForQuestionAnswering": "evil.Model"})(source)
    (source / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\n")
    import_model(source, tmp_path / "out", ImportChoices(null_answer="trained"))
    assert not (tmp_path / "ran").exists()


def test_an_existing_folder_is_left_alone(tmp_path: Path, sound: Path) -> None:
    """OUT that holds something, or is a link, is refused before anything is read."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("keep")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for out in ("out", "link"):
        with pytest.raises(ModelFolderInvalid, match="exists already"):
            import_model(sound, tmp_path / out)
    assert (tmp_path / "out" / "mine").read_text() == "keep"
    assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize("max_seq_tokens", [8, 10_000])
def test_windows_that_cannot_be(tmp_path: Path, sound: Path, max_seq_tokens: int) -> None:
    """A window longer than the model's positions is refused with both numbers."""
    with pytest.raises(AnswerableError, match="the model takes 16 to 160"):
        import_model(sound, tmp_path / "out", ImportChoices(max_seq_tokens=max_seq_tokens))
