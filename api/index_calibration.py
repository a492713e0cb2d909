"""The calibration of an index: a file in its folder, which wins over the reader's own.

The shipped reader's folder may be read-only and serves every index; what was fitted on the
questions to one index belongs to that.
"""

import json
import os
import secrets
from contextlib import suppress
from pathlib import Path

from answerable.index import SPLITTER_VERSION, AnswerableError, ModelFolderInvalid
from answerable.reader import (
    CalibrationMismatch,
    ConfidenceModel,
    load_confidence,
    save_confidence,
)

from .calibrate_command import command_for
from .errors import CalibrationDamaged

CALIBRATION_NAME = "calibration.json"


def calibration_state(folder: Path) -> tuple[int, int] | None:
    """Return what changes with the calibration of an index, which is replaced whole."""
    try:
        status = (folder / CALIBRATION_NAME).stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns


def load_calibration(
    folder: Path, reader_sha256: str, encoder_sha256: str, reader: Path | None = None
) -> ConfidenceModel | None:
    """Return the calibration of an index; None if it has none.

    Args:
        folder: of the index.
        reader_sha256: the reader that it must have been fitted for.
        encoder_sha256: the encoder of the index.
        reader: folder of the reader, for the remedy; None for the shipped one.

    Raises:
        CalibrationMismatch: it was fitted for other models, another splitter, or by another
            version of Answerable.
        CalibrationDamaged: it cannot be read, or holds a number that it cannot hold.
    """
    path = folder / CALIBRATION_NAME
    if not path.exists():
        return None
    try:
        model = load_confidence(path, reader_sha256)
        model.check(encoder_sha256=encoder_sha256, splitter_version=SPLITTER_VERSION)
    except CalibrationMismatch as exc:
        raise CalibrationMismatch(str(path), exc.difference, _remedy(folder, reader)) from exc
    except (ModelFolderInvalid, RecursionError) as exc:
        reason = exc.__cause__ or exc
        raise CalibrationDamaged(
            f"{path} is damaged ({reason}): {_remedy(folder, reader)}"
        ) from exc
    return model


def calibration_name(folder: Path) -> str | None:
    """Return the name of an index's calibration without checking it; None if it has none."""
    path = folder / CALIBRATION_NAME
    try:
        provenance = json.loads(path.read_text(encoding="utf-8"))["provenance"]
        return "{fitted_on}, {n_questions} questions, {date}".format(**provenance)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return "damaged"


def check_place(folder: Path) -> None:
    """Find out before the work whether a calibration could be written.

    Raises:
        AnswerableError: the folder takes none.
    """
    path = folder / CALIBRATION_NAME
    if path.is_dir():
        raise AnswerableError(f"cannot write {path}: it is a folder")
    temporary = _temporary(folder)
    try:
        temporary.touch(exist_ok=False)
    except OSError as exc:
        raise AnswerableError(f"cannot write {path}: {exc.strerror}") from exc
    finally:
        with suppress(OSError):
            temporary.unlink()


def save_calibration(folder: Path, model: ConfidenceModel) -> Path:
    """Write the calibration of an index; the file is whole or as it was before.

    Raises:
        AnswerableError: the folder cannot be written to.
    """
    path = folder / CALIBRATION_NAME
    temporary = _temporary(folder)
    try:
        save_confidence(temporary, model)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as exc:
        raise AnswerableError(f"cannot write {path}: {exc.strerror}") from exc
    finally:
        with suppress(OSError):
            temporary.unlink()
    return path


def remove_calibration(folder: Path) -> Path | None:
    """Remove the calibration of an index; return its path if there was one.

    Raises:
        AnswerableError: it cannot be removed.
    """
    path = folder / CALIBRATION_NAME
    if not os.path.lexists(path):  # a folder that is read-only refuses even that
        return None
    try:
        path.unlink()
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise AnswerableError(f"cannot remove {path}: {exc.strerror}") from exc
    return path


def _temporary(folder: Path) -> Path:
    return folder / f".{CALIBRATION_NAME}-{os.getpid()}-{secrets.token_hex(4)}"


def _remedy(folder: Path, reader: Path | None) -> str:
    return (
        f"fit it again with `{command_for(folder, reader)}`, or go back to the reader's own with "
        f"`{command_for(folder, reader, '--reset')}`"
    )
