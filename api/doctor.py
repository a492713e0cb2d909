"""Looking everything over that answers depend on: index, models, calibration, service."""

import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from answerable.index import (
    AnswerableError,
    CutPassage,
    Finding,
    PassageEmbedder,
    check_index,
    database_defects,
    stored_sample,
)
from answerable.reader import (
    CalibrationMismatch,
    OnnxReader,
    default_reader_folder,
    load_golden,
    own_confidence,
)

from .calibrate_command import calibrate_command
from .engine import Engine
from .index_calibration import calibration_name, load_calibration
from .models import LazyEncoder, model_name
from .settings import Settings, load_settings

SERVICE_DATABASE = "service.sqlite3"
# INT8 gives other vectors on another kind of processor: a mean cosine of 0.999 to FP32's own.
_SAME_VECTOR = 0.98
_SAMPLED = 8
_FILE_MODE = 0o600


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found, and what was mended.

    Attributes:
        findings: one for each check, after mending.
        mended: the names of the checks whose defects are gone.
    """

    findings: tuple[Finding, ...]
    mended: tuple[str, ...]

    @property
    def is_sound(self) -> bool:
        """Say whether nothing is wrong; warnings may be left."""
        return all(finding.level != "wrong" for finding in self.findings)


def diagnose(
    path: Path | None = None, settings: Settings | None = None, *, repair: bool = False
) -> Diagnosis:
    """Look over an index with its models, and mend what can be mended if told to.

    Args:
        path: of the index folder; None for the settings'.
        settings: None to read them from the environment.
        repair: make files anew that are derived from the database; it changes no document.

    Raises:
        IndexNotFound: there is no index.
        IndexLocked: another process is writing, which must end before a repair.
    """
    settings = settings or load_settings()
    folder = path or settings.index
    findings = tuple(_findings(folder, settings))
    defects = [one.check for one in findings if one.level != "sound" and one.can_be_mended]
    if not repair or not defects:
        return Diagnosis(findings, ())
    with Engine.open(folder, settings) as engine:
        engine.index.mend()
    after = tuple(_findings(folder, settings))
    left = {one.check for one in after if one.level != "sound"}
    return Diagnosis(after, tuple(check for check in defects if check not in left))


def _findings(folder: Path, settings: Settings) -> Iterator[Finding]:
    found = list(check_index(folder))
    yield from found
    yield from _service(folder)
    encoder = _encoder(settings)
    yield encoder if isinstance(encoder, Finding) else _fits(folder, encoder, found)
    reader = _reader(settings)
    yield reader if isinstance(reader, Finding) else _golden(settings, reader)
    if not isinstance(encoder, Finding) and not isinstance(reader, Finding):
        yield _calibration(folder, reader, encoder, settings)


def _service(folder: Path) -> Iterator[Finding]:
    path = folder / SERVICE_DATABASE
    if not path.exists():
        return
    try:
        defects = database_defects(path)
    except AnswerableError as exc:
        defects = [str(exc)]
    mode = stat.S_IMODE(path.stat().st_mode)
    if defects:
        text = f"{'; '.join(defects)}: restore {path.name}, or remove it and make new keys"
        yield Finding("service", "wrong", text)
    elif mode & ~_FILE_MODE:
        yield Finding("service", "warning", f"{path.name} has mode {mode:o}: chmod 600 on it")
    else:
        yield Finding("service", "sound", f"{path.name}: keys, jobs and feedback are in order")


def _encoder(settings: Settings) -> LazyEncoder | Finding:
    try:
        return LazyEncoder(settings.encoder, settings.threads)
    except AnswerableError as exc:
        return Finding("encoder", "wrong", str(exc))


def _reader(settings: Settings) -> OnnxReader | Finding:
    try:
        return OnnxReader.load(settings.reader, threads=settings.threads)
    except CalibrationMismatch:  # is told beside the calibration: the index may have its own
        return OnnxReader.load(settings.reader, threads=settings.threads, with_calibration=False)
    except AnswerableError as exc:
        return Finding("reader", "wrong", str(exc))


def _golden(settings: Settings, reader: OnnxReader) -> Finding:
    """Loading has compared the checksums and the golden logits already, where there are some."""
    name = model_name(reader.name, reader.sha256)
    if reader.is_fallback:
        text = f"{name}: this processor computes other 8-bit products, so it runs in FP32, slower"
        return Finding("reader", "warning", text)
    if load_golden(settings.reader or default_reader_folder()) is None:
        return Finding("reader", "warning", f"{name}: has no golden logits to compare")
    return Finding("reader", "sound", f"{name}: gives the logits that it was built with")


def _fits(folder: Path, encoder: LazyEncoder, found: list[Finding]) -> Finding:
    """Embed some stored passages anew: is it the encoder, on this machine, that made the index?"""
    if any(one.check == "database" and one.level == "wrong" for one in found):
        return Finding("encoder", "warning", "not compared with the index, which cannot be read")
    try:
        sample = stored_sample(folder, encoder, _SAMPLED)
        if not sample:
            return Finding("encoder", "sound", "nothing is embedded yet")
        cuts = [CutPassage(p.start, p.end, p.heading, p.text, p.page) for p, _ in sample]
        anew = PassageEmbedder(encoder).encode(cuts)
    except AnswerableError as exc:
        return Finding("encoder", "wrong", str(exc))
    cosines = (anew * np.stack([vector for _, vector in sample])).sum(axis=1)
    text = f"{model_name(encoder.name, encoder.sha256)}: {len(sample)} passages embedded anew, "
    text += f"least cosine to what is stored {float(cosines.min()):.4f}"
    if cosines.min() < _SAME_VECTOR:
        text += ": embed all again on this machine with `answerable ingest --rebuild`"
        return Finding("encoder", "wrong", text)
    return Finding("encoder", "sound", text)


def _calibration(
    folder: Path, reader: OnnxReader, encoder: LazyEncoder, settings: Settings
) -> Finding:
    try:
        found = load_calibration(folder, reader.sha256, encoder.sha256, settings.reader)
        own = None if found else own_confidence(settings.reader)
    except CalibrationMismatch as exc:
        command = calibrate_command(settings.model_copy(update={"index": folder}))
        text = f"{exc.subject} was fitted {exc.difference}: run `{command}`"
        return Finding("calibration", "wrong", text)
    except AnswerableError as exc:
        return Finding("calibration", "wrong", str(exc))
    if own:
        said = "the reader's own" if own.name else "none, nothing was fitted for the reader"
        return Finding("calibration", "sound", said)
    return Finding("calibration", "sound", str(calibration_name(folder)))
