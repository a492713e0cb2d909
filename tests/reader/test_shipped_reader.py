"""The reader in the package: whole, sound, and giving the spans it was measured with."""

import shutil
from pathlib import Path

import pytest

from answerable.index import ModelFolderInvalid
from answerable.reader import OnnxReader, default_reader_folder
from tests.reader.scripted import passage

pytestmark = pytest.mark.model

TEXT = (
    "Notice of leave. Employees ask their team lead, Dr. Ann Lee, for leave at least 14 days "
    "ahead. The office in Utrecht closes at 18:30."
)


@pytest.fixture(scope="module")
def reader() -> OnnxReader:
    """The shipped reader."""
    return OnnxReader.load(threads=1)


@pytest.mark.parametrize(
    ("question", "text", "score"),
    [
        ("Who do employees ask for leave?", "their team lead, Dr. Ann Lee", 6.36),
        ("How many days ahead must leave be asked for?", "14", 2.64),
        ("When does the office in Utrecht close?", "18:30", 10.49),
        ("Who painted the Mona Lisa?", "Dr. Ann Lee", -8.58),
    ],
)
def test_recorded_spans(reader: OnnxReader, question: str, text: str, score: float) -> None:
    """The recorded best span comes back, near its recorded score on any processor."""
    best = reader.read(question, [passage(TEXT)]).spans[0]
    assert best.text == text
    assert best.score == pytest.approx(score, abs=1.0)


def test_verdicts(reader: OnnxReader) -> None:
    """What the passage answers is answered; what it does not is not, and a calibration is named."""
    answered = reader.read("When does the office in Utrecht close?", [passage(TEXT)])
    refused = reader.read("Who painted the Mona Lisa?", [passage(TEXT)])
    assert answered.answer is not None and answered.answer.probability > 0.5
    assert (refused.answer, refused.reason) == (None, "no_answer_in_passages")
    assert reader.calibration is not None


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_changed_byte_is_noticed(tmp_path: Path, name: str) -> None:
    """A model folder with one flipped bit is refused, never run."""
    folder = tmp_path / "reader"
    shutil.copytree(default_reader_folder(), folder)
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)
    with pytest.raises(ModelFolderInvalid, match="damaged"):
        OnnxReader.load(folder)


def test_a_missing_setting_is_named(tmp_path: Path) -> None:
    """A manifest without the reader's lengths is one clear error."""
    folder = tmp_path / "reader"
    shutil.copytree(default_reader_folder(), folder)
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace("max_seq_tokens", "other"))
    with pytest.raises(ModelFolderInvalid, match="max_seq_tokens"):
        OnnxReader.load(folder)
