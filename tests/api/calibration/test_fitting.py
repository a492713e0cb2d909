"""Calibrating an index on its user's questions, with a reader whose scores mean something."""

import errno
import json
from dataclasses import replace
from pathlib import Path

import pytest

from answerable.api import (
    CalibrationDamaged,
    CalibrationMismatch,
    CalibrationNeeded,
    Engine,
    LimitInvalid,
    MaxErrorUnsupported,
    OutputRefused,
    ResultUnwritten,
    Settings,
    SettingsInvalid,
    calibrate,
    evaluate_open,
    load_settings,
    to_json,
)
from answerable.api.calibration.figures import (
    MAX_ERRORS,
    smallest_error,
    thresholds,
)
from answerable.api.calibration.fitting import fit
from answerable.api.evaluation.asking import ask_all
from answerable.index import AnswerableError
from answerable.reader import (
    DatasetInvalid,
    Provenance,
    load_confidence,
    read_labelled,
    uncalibrated,
)
from tests.api.facts import FACTS, READER_SHA256, fact_engine, write_questions
from tests.fakes import HashEncoder
from tests.full_disk import full_disk_for


def test_calibration_is_stored_with_the_index_and_used(engine: Engine, tmp_path: Path) -> None:
    """From then on it gives the probabilities, in this process and the next; results name it."""
    before = engine.ask("What is fact 7?")
    assert (before.calibration, before.models.calibration) == (None, None)
    report = calibrate(engine, write_questions(tmp_path))
    assert report.path == str(tmp_path / "index" / "calibration.json")
    for opened in (engine, fact_engine(tmp_path / "index")):
        after = opened.ask("What is fact 7?")
        assert after.models.calibration == report.name
        assert report.name.startswith(f"questions.csv, {FACTS} questions, 20")
        assert opened.status().models.calibration == report.name
        assert after.candidates[0].probability != before.candidates[0].probability


def test_report_counts_and_measures(engine: Engine, tmp_path: Path) -> None:
    """A fifth of the answers is wrong by design, and a tenth of the questions has none."""
    asked: list[tuple[int, int]] = []
    report = calibrate(
        engine,
        write_questions(tmp_path),
        on_progress=lambda done, total: asked.append((done, total)),
    )
    assert asked == [(i, FACTS) for i in range(1, FACTS + 1)]
    assert (report.n_questions, report.n_answerable, report.n_fitted) == (60, 54, 60)
    assert (report.kind, report.n_conflicts) == ("recalibrated", 0)
    n_right = sum(1 for i in range(54) if i % 5)
    assert report.right.value == pytest.approx(n_right / 60)
    assert report.right.low < report.right.value < report.right.high
    assert report.calibration_error.low <= report.calibration_error.value < 0.3
    assert sum(row.n for row in report.reliability) == 60
    assert report.curve[-1].coverage == report.raw_curve[-1].coverage == 1.0
    assert report.curve[-1].error == pytest.approx(1 - n_right / 60)
    assert report.best_curve[0].error == 0.0
    assert all(spread.low < spread.probability < spread.high for spread in report.spread)
    json.dumps(to_json(report))


def test_wrong_answers_with_high_confidence_are_listed(engine: Engine, tmp_path: Path) -> None:
    """Each with what was expected, its sentence and source; the surest first."""
    report = calibrate(engine, write_questions(tmp_path))
    assert report.errors
    sure = [error.probability for error in report.errors]
    assert sure == sorted(sure, reverse=True) and min(sure) >= 0.5
    for error in report.errors:
        number = int(error.question.removeprefix("What is fact ").removesuffix("?"))
        assert number % 5 == 0 or number >= 54
        assert error.sentence[error.quote_start :].startswith(error.given)
        assert error.source.endswith("/facts.md")


def test_error_limit_is_kept_and_named(engine: Engine, tmp_path: Path) -> None:
    """A supported limit becomes a threshold; the result says which, and what it promises."""
    report = calibrate(engine, write_questions(tmp_path))
    supported = [row for row in report.thresholds if row.min_probability is not None]
    assert supported
    row = supported[-1]
    result = engine.ask("What is fact 7?", max_error=row.max_error)
    assert result.limit.min_probability == row.min_probability
    assert (result.limit.max_error, result.limit.confidence) == (row.max_error, 0.9)
    answered = sum(
        engine.ask(f"What is fact {n}?", max_error=row.max_error).answer is not None
        for n in range(FACTS)
    )
    assert answered == row.n_answered


def test_limit_that_is_not_supported_names_the_smallest(engine: Engine, tmp_path: Path) -> None:
    """The error says what the questions do support, and that works."""
    report = calibrate(engine, write_questions(tmp_path))
    assert report.smallest_error is not None
    with pytest.raises(MaxErrorUnsupported, match=f"limits from {report.smallest_error:g} on"):
        engine.ask("What is fact 7?", max_error=report.smallest_error - 0.01)
    assert engine.ask("What is fact 7?", max_error=report.smallest_error).limit.max_error


def test_limits_exclude_each_other(engine: Engine) -> None:
    """Two limits, or one that is no share, are refused; without a calibration none is kept."""
    with pytest.raises(LimitInvalid, match="either max_error or min_probability"):
        engine.ask("What is fact 7?", max_error=0.1, min_probability=0.5)
    for wrong in (0.0, 1.0, -1.0, float("nan")):
        with pytest.raises(LimitInvalid, match="not a share"):
            engine.ask("What is fact 7?", max_error=wrong)
    with pytest.raises(CalibrationNeeded, match="answerable calibrate"):
        engine.ask("What is fact 7?", max_error=0.1)
    assert engine.ask("What is fact 7?", min_probability=0.9).limit.min_probability == 0.9


def test_settings_hold_one_limit_and_a_call_wins(tmp_path: Path) -> None:
    """ANSWERABLE_MAX_ERROR is a default; with both set the settings are refused."""
    with pytest.raises(SettingsInvalid, match="either max_error or min_probability"):
        load_settings(max_error=0.1, min_probability=0.5)
    engine = fact_engine(tmp_path / "index")
    calibrate(engine, write_questions(tmp_path))
    engine.settings = Settings(index=tmp_path / "index", max_error=0.4)
    assert engine.ask("What is fact 7?").limit.max_error == 0.4
    assert engine.ask("What is fact 7?", min_probability=0.1).limit.max_error is None


def test_calibration_for_other_models_is_refused(engine: Engine, tmp_path: Path) -> None:
    """Another reader, encoder, splitter or version: one line with the command that refits."""
    calibrate(engine, write_questions(tmp_path))
    path = tmp_path / "index" / "calibration.json"
    stored = path.read_text()
    provenance = load_confidence(path, READER_SHA256).provenance
    version = f'"splitter_version": {provenance.splitter_version}'
    for changed, said in (
        (
            stored.replace(READER_SHA256, "ab" * 32),
            "reader abababababab, and this one is fafafafaf",
        ),
        (
            stored.replace(HashEncoder().sha256, "cd" * 32),
            "encoder cdcdcdcdcdcd, and this index has",
        ),
        (stored.replace(version, '"splitter_version": 99'), "splitter 99, and this index has 1"),
        (stored.replace('"margin"', '"margins"'), "another version of Answerable"),
    ):
        assert changed != stored
        path.write_text(changed)
        with pytest.raises(CalibrationMismatch, match=said) as caught:
            fact_engine(tmp_path / "index").ask("What is fact 7?")
        folder = tmp_path / "index"
        assert f"answerable calibrate QUESTIONS --index {folder}`" in str(caught.value)
        assert f"answerable calibrate --reset --index {folder}`" in str(caught.value)
        refused = fact_engine(folder).status().models.calibration_refused
        assert refused == str(caught.value)
    calibrate(fact_engine(tmp_path / "index"), write_questions(tmp_path))
    assert fact_engine(tmp_path / "index").ask("What is fact 7?").calibration is not None
    assert fact_engine(tmp_path / "index").status().models.calibration_refused is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"provenance": {}}', "[" * 100_000])
def test_damaged_calibration_is_one_line(engine: Engine, tmp_path: Path, content: str) -> None:
    """It is named by ask and by status, and a reset mends it."""
    (tmp_path / "index" / "calibration.json").write_text(content)
    with pytest.raises(CalibrationDamaged, match=r"is damaged .*--reset"):
        engine.ask("What is fact 7?")
    assert engine.status().models.calibration == "damaged"
    assert "--reset" in (engine.status().models.calibration_refused or "")
    assert engine.reader.use(None) == tmp_path / "index" / "calibration.json"
    assert engine.reader.use(None) is None
    assert engine.ask("What is fact 7?").models.calibration is None
    assert engine.status().models.calibration is None


def test_the_same_question_counts_once(engine: Engine, tmp_path: Path) -> None:
    """Sixty lines of one question are one; repeats are told, whatever answers they have."""
    questions = write_questions(tmp_path)
    header, *rows = questions.read_text().splitlines()
    questions.write_text("\n".join([header, *[rows[1]] * 60]))
    with pytest.raises(DatasetInvalid, match="holds 1 question, not counting 59 that are repeated"):
        calibrate(engine, questions)
    again = [row.upper().replace("?", " ?") for row in rows[:40]]
    questions.write_text("\n".join([header, *rows, *again, "What is fact 7?,value-8"]))
    report = calibrate(engine, questions)
    assert (report.n_questions, report.n_repeated) == (60, 41)


def test_questions_that_all_have_an_answer_are_warned_of(engine: Engine, tmp_path: Path) -> None:
    """Limits then say nothing of what the documents do not answer."""
    assert calibrate(engine, write_questions(tmp_path)).warnings == ()
    questions = write_questions(tmp_path)
    text = questions.read_text()
    questions.write_text("".join(line for line in text.splitlines(True) if "no answer" not in line))
    (warning,) = calibrate(engine, questions).warnings
    assert "the limits say nothing of questions that the documents do not answer" in warning


def test_report_compares_limits_with_those_before(engine: Engine, tmp_path: Path) -> None:
    """Of the calibration that held, of the reader's own, and what lacks for the usual ones."""
    questions = write_questions(tmp_path)
    first = calibrate(engine, questions)
    assert (first.smallest_error_before, first.smallest_error_own) == (None, None)
    assert first.smallest_error is not None
    assert first.smallest_error in [row.max_error for row in first.thresholds]
    assert first.smallest_error not in MAX_ERRORS
    fewer = calibrate(engine, write_questions(tmp_path, 30))
    assert fewer.smallest_error_before == first.smallest_error
    assert fewer.smallest_error_own is None
    (tmp_path / "index" / "calibration.json").write_text("{")
    assert calibrate(engine, write_questions(tmp_path)).smallest_error_before is None


def test_shares_are_of_all_questions_asked(engine: Engine, tmp_path: Path) -> None:
    """A threshold answers as large a share as ``evaluate open`` finds, and as many are right."""
    questions = write_questions(tmp_path)
    report = calibrate(engine, questions)
    for row in report.thresholds:
        assert row.coverage == row.n_answered / 60
    metrics = evaluate_open(engine, questions).metrics()
    assert metrics["best_quote_right"] == pytest.approx(100 * report.right.value)
    assert metrics["calibration_bins"] == report.calibration_bins


def test_report_page_never_replaces_another_file(engine: Engine, tmp_path: Path) -> None:
    """The page is written, replaced by the next one, and refused in place of anything else."""
    questions, page = write_questions(tmp_path), tmp_path / "report.html"
    calibrate(engine, questions, page=page)
    assert page.read_text().startswith("<!doctype html>")
    calibrate(engine, questions, page=page)
    thesis = tmp_path / "thesis.html"
    thesis.write_text("<!doctype html><title>Thesis</title>")
    for refused in (thesis, tmp_path, tmp_path / "nowhere" / "report.html"):
        with pytest.raises(OutputRefused):
            calibrate(engine, questions, page=refused)
    assert "Thesis" in thesis.read_text()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_paths_may_be_text(engine: Engine, tmp_path: Path) -> None:
    """As for ``Engine.open``."""
    questions = str(write_questions(tmp_path))
    page, lines = tmp_path / "report.html", tmp_path / "lines.jsonl"
    assert calibrate(engine, questions, page=str(page)).file == "questions.csv"
    assert evaluate_open(engine, questions, output=str(lines)).file == "questions.csv"
    assert page.is_file() and lines.is_file()


def test_page_that_cannot_be_written_is_found_out_first(engine: Engine, tmp_path: Path) -> None:
    """Nothing is asked or stored for a name that is too long."""
    questions, stored = write_questions(tmp_path), tmp_path / "index" / "calibration.json"
    with pytest.raises(OutputRefused, match="File name too long"):
        calibrate(engine, questions, page=tmp_path / f"{'a' * 236}.html")
    assert not stored.exists()


_FULL = "No space left on device"
_NOT_STORED = (
    f"the calibration is not stored, and what held before does: cannot write {{stored}}: {_FULL}"
)
_NO_PAGE = f"the calibration is stored in {{stored}}, but its report is not: cannot write {{page}}: {_FULL}"
_NEITHER = f"{_NOT_STORED}; nor is its report written: cannot write {{page}}: {_FULL}"


@pytest.mark.parametrize(
    ("full", "said"),
    [
        (("report.html",), _NO_PAGE),
        (("calibration.json",), _NOT_STORED),
        (("calibration.json", "report.html"), _NEITHER),
    ],
)
def test_disk_that_fills_meanwhile_costs_no_figures(
    engine: Engine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    full: tuple[str, ...],
    said: str,
) -> None:
    """The error says what is stored and written, carries the report, and the rest is done."""
    questions, page = write_questions(tmp_path), tmp_path / "report.html"
    stored = tmp_path / "index" / "calibration.json"
    full_disk_for(monkeypatch, *full)
    with pytest.raises(ResultUnwritten) as caught:
        calibrate(engine, questions, page=page)
    assert str(caught.value) == said.format(stored=stored, page=page)
    assert caught.value.result.n_questions == 60
    assert (caught.value.result.path is None) == ("calibration.json" in full)
    assert [stored.exists(), page.exists()] == [
        name not in full for name in ("calibration.json", "report.html")
    ]


def test_thresholds_of_the_report_are_those_loaded(engine: Engine, tmp_path: Path) -> None:
    """The sample in memory is that of the file, so that no question changes sides."""
    report = calibrate(engine, write_questions(tmp_path))
    model = load_confidence(tmp_path / "index" / "calibration.json", READER_SHA256)
    assert report.thresholds == thresholds(model, report.n_questions)
    assert report.smallest_error == smallest_error(model)


@pytest.mark.parametrize(
    ("n", "n_groups", "kind"),
    [(200, 5, "refitted"), (200, 4, "recalibrated"), (199, 5, "recalibrated")],
)
def test_every_coefficient_moves_from_200_questions_of_five_groups(
    engine: Engine, tmp_path: Path, n: int, n_groups: int, kind: str
) -> None:
    """Fewer questions, or fewer texts, correct level and slope."""
    asked = ask_all(engine, read_labelled(write_questions(tmp_path)))
    many = [
        replace(one, question=replace(one.question, group=str(i % n_groups)))
        for i, one in enumerate((asked * 4)[:n])
    ]
    provenance = Provenance("drawn", n, "2026-01-01", READER_SHA256, HashEncoder().sha256, 1)
    assert fit(many, uncalibrated(READER_SHA256), provenance).kind == kind


def test_folder_that_cannot_be_written_is_found_out_first(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder in the file's place, or a read-only one, stops the command before it asks."""
    asked: list[int] = []

    def note(done: int, total: int) -> None:
        asked.append(done)

    questions, path = write_questions(tmp_path), tmp_path / "index" / "calibration.json"
    path.mkdir()
    with pytest.raises(AnswerableError, match=r"calibration\.json: it is a folder"):
        calibrate(engine, questions, on_progress=note)
    path.rmdir()

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    for name in ("touch", "unlink"):
        monkeypatch.setattr(Path, name, refuse)
    with pytest.raises(AnswerableError, match=r"calibration\.json: Read-only file system"):
        calibrate(engine, questions, on_progress=note)
    assert asked == []
    assert engine.reader.use(None) is None


def test_foreign_encoder_keeps_probabilities_but_promises_nothing(tmp_path: Path) -> None:
    """The reader's own calibration, fitted behind another encoder, is marked as shifted."""
    engine = fact_engine(tmp_path / "index")
    calibrate(engine, write_questions(tmp_path))
    model = load_confidence(tmp_path / "index" / "calibration.json", READER_SHA256)
    other = replace(model, provenance=replace(model.provenance, encoder_sha256="ab" * 32))
    engine.reader.use(None)
    plain = engine.reader.get().with_confidence(other)
    foreign = Engine(engine._index, HashEncoder(), lambda: plain, engine.settings)
    assert foreign.ask("What is fact 7?").calibration == "shifted"
    with pytest.raises(CalibrationMismatch, match="answerable calibrate"):
        foreign.ask("What is fact 7?", max_error=0.4)
