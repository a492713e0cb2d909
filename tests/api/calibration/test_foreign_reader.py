"""A reader whose own calibration is another reader's, and commands that name what is in use."""

from pathlib import Path

import pytest

from answerable.api import (
    CalibrationMismatch,
    CalibrationNeeded,
    Engine,
    Settings,
    calibrate,
    calibrate_command,
)
from answerable.api.index_reader import ReaderSource
from answerable.reader import ConfidenceModel, Reader
from tests.api.facts import FactReader, write_questions


def _refuse() -> Reader:
    raise CalibrationMismatch("r2/confidence.json", "for reader ab, and this one is fa")


def _refuse_confidence() -> ConfidenceModel:
    raise CalibrationMismatch("r2/confidence.json", "for reader ab, and this one is fa")


@pytest.fixture
def foreign(engine: Engine) -> Engine:
    """An engine whose reader comes with a calibration for another one."""
    source = ReaderSource(_refuse, FactReader, _refuse_confidence, Path("r2"))
    settings = engine.settings.model_copy(update={"reader": Path("r2")})
    return Engine(engine._index, engine._encoder, source, settings)


def test_calibrate_mends_what_it_is_told_to_mend(foreign: Engine, tmp_path: Path) -> None:
    """The reader is refused with the command that fits one for it, which works, until a reset."""
    command = f"answerable calibrate QUESTIONS --index {tmp_path / 'index'} --reader r2"
    with pytest.raises(CalibrationMismatch) as caught:
        foreign.ask("What is fact 7?")
    assert str(caught.value).endswith(f"fit one for this index with `{command}`")
    models = foreign.status().models
    assert (models.calibration, models.own_calibration) == (None, None)
    assert models.calibration_refused == str(caught.value)
    report = calibrate(foreign, write_questions(tmp_path))
    assert (report.smallest_error_before, report.smallest_error_own) == (None, None)
    assert foreign.ask("What is fact 7?").models.calibration == report.name
    assert foreign.status().models.calibration_refused is None
    foreign.reader.use(None)
    with pytest.raises(CalibrationMismatch):
        foreign.ask("What is fact 7?")


def test_refused_calibration_of_the_index_names_the_reader_too(
    foreign: Engine, tmp_path: Path
) -> None:
    """Else the command would fit one for the shipped reader, and change nothing."""
    calibrate(foreign, write_questions(tmp_path))
    path = tmp_path / "index" / "calibration.json"
    path.write_text(path.read_text().replace("fa" * 32, "ab" * 32))
    with pytest.raises(CalibrationMismatch) as caught:
        foreign.ask("What is fact 7?")
    for what in ("QUESTIONS", "--reset"):
        command = f"answerable calibrate {what} --index {tmp_path / 'index'} --reader r2`"
        assert command in str(caught.value)


def test_limit_that_cannot_be_kept_carries_the_command(engine: Engine, tmp_path: Path) -> None:
    """As a note, not in the message: clients of a service are not told of its folders."""
    with pytest.raises(CalibrationNeeded) as caught:
        engine.ask("What is fact 7?", max_error=0.1)
    assert str(tmp_path) not in str(caught.value)
    assert caught.value.__notes__ == [calibrate_command(engine.settings)]


def test_command_names_what_is_not_the_default() -> None:
    """Index and reader, quoted for a shell."""
    assert calibrate_command(Settings()) == "answerable calibrate QUESTIONS"
    settings = Settings(index=Path("my index"), reader=Path("r2"))
    assert calibrate_command(settings, "--reset") == (
        "answerable calibrate --reset --index 'my index' --reader r2"
    )
