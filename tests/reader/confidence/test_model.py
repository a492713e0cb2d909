"""The confidence model and its file."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from answerable.index import ModelFolderInvalid
from answerable.reader import CalibrationMismatch, load_confidence, save_confidence
from answerable.reader.confidence.storage import CONFIDENCE_NAME
from tests.reader.scripted import IDENTITY_CONFIDENCE


def test_without_a_file_the_score_speaks_for_itself(tmp_path: Path) -> None:
    """A reader that nothing was fitted for gives the sigmoid of its log-odds, and says so."""
    model = load_confidence(tmp_path, "any")
    assert model.name is None
    n_other = len(model.weights) - 2
    assert model.probability((0.0, 0.0, *[3.0] * n_other)) == 0.5


@pytest.mark.parametrize("content", ["{", "{}", '{"weights": 3}', "[]"])
def test_bad_file(tmp_path: Path, content: str) -> None:
    """An odd file is one clear error."""
    (tmp_path / CONFIDENCE_NAME).write_text(content)
    with pytest.raises(ModelFolderInvalid, match="cannot read the confidence model"):
        load_confidence(tmp_path, "scripted")


def test_other_reader_is_refused(tmp_path: Path) -> None:
    """A calibration fitted for another reader is not used; the error names the command."""
    provenance = replace(IDENTITY_CONFIDENCE.provenance, reader_sha256="another")
    save_confidence(tmp_path, replace(IDENTITY_CONFIDENCE, provenance=provenance))
    with pytest.raises(CalibrationMismatch, match=r"another reader.*answerable calibrate"):
        load_confidence(tmp_path, "scripted")


def test_file_round_trip(tmp_path: Path) -> None:
    """What was saved is loaded, for the reader it was fitted for."""
    save_confidence(tmp_path, IDENTITY_CONFIDENCE)
    assert load_confidence(tmp_path, "scripted") == IDENTITY_CONFIDENCE


def test_coefficients_are_readable_json(tmp_path: Path) -> None:
    """The file is plain JSON that a person can read and compare."""
    save_confidence(tmp_path, IDENTITY_CONFIDENCE)
    assert json.loads((tmp_path / CONFIDENCE_NAME).read_text())["weights"]["score"] == 1.0
