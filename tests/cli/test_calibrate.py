"""``calibrate``, ``evaluate open`` and the error limit, as a user types them."""

import io
import json
import re
from pathlib import Path

import pytest

from answerable.api import Engine, Settings
from answerable.cli.main import main
from tests.api.facts import fact_engine, write_questions
from tests.cli.conftest import Run, RunCli
from tests.full_disk import full_disk_for


@pytest.fixture
def facts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> RunCli:
    """Run a command line over an index of sixty facts, in a folder with questions.csv."""
    fact_engine(tmp_path / "index").close()
    write_questions(tmp_path)

    def open_facts(
        path: Path | None = None, settings: Settings | None = None, *, create: bool = False
    ) -> Engine:
        engine = fact_engine((path or Path("index")).absolute())
        if settings:
            engine.settings = settings.model_copy(update={"index": engine.settings.index})
        return engine

    monkeypatch.setattr(Engine, "open", open_facts)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Run:
        code = main(list(arguments))
        captured = capsys.readouterr()
        return Run(code, captured.out, captured.err)

    return run


def test_calibrate_reports_stores_and_resets(facts: RunCli, tmp_path: Path) -> None:
    """The report says what was fitted and how wide the uncertainty is; a reset undoes it."""
    run = facts("calibrate", "questions.csv", "--report", "report.html")
    assert run.code == 0
    for said in (
        "questions           60 asked, 6 without an answer; 60 used, 0 with conflicting answers",
        "best quote right    72% (",
        "stored              index/calibration.json",
        "not supported",
        "These questions support error limits from 0.",
        " on (before: none).",
        " in 6 bins; ",
        " with the reader's own, ",
        "expected: no answer",
    ):
        assert said in run.out
    assert "warning: 60 questions leave room: a probability of 25% may be" in run.err
    assert "report: report.html" in run.err
    assert (tmp_path / "report.html").is_file()
    assert "calibration  questions.csv, 60 questions" in facts("status").out
    assert facts("calibrate", "--reset").out == "removed index/calibration.json\n"
    assert facts("calibrate", "--reset").out == "there was no calibration\n"
    assert "calibration  none, nothing was fitted" in facts("status").out
    assert json.loads(facts("calibrate", "--reset", "--json").out) == {"removed": None}


def test_calibrate_json_and_the_error_limit(facts: RunCli) -> None:
    """What calibrate says is supported, ask and chat and evaluate keep; else exit code 1."""
    report = json.loads(facts("calibrate", "questions.csv", "--json").out)
    smallest = report["smallest_error"]
    asked = facts("ask", "What is fact 7?", "--max-error", str(smallest), "--json")
    limit = json.loads(asked.out)["limit"]
    assert (limit["max_error"], limit["confidence"]) == (smallest, 0.9)
    refused = facts("ask", "What is fact 7?", "--max-error", str(smallest / 2))
    assert (refused.code, refused.out) == (1, "")
    assert f"they support limits from {smallest:g} on" in refused.err
    assert refused.err.count("\n") == 1
    evaluated = facts("evaluate", "open", "questions.csv", "--max-error", str(smallest), "--json")
    assert json.loads(evaluated.out)["limit"]["max_error"] == smallest


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("ask", "x", "--max-error", "0.1"), 1, "answerable calibrate"),
        (("ask", "x", "--max-error", "0.1", "--min-probability", "0.5"), 2, "not both"),
        (("chat", "--max-error", "0.1", "--min-probability", "0.5"), 2, "not both"),
        (("ask", "x", "--max-error", "1"), 2, "a share above 0 and below 1"),
        (("ask", "x", "--max-error", "10%"), 2, "'10%' is not a number: give a share such as 0.1"),
        (("ask", "x", "--max-error", "nan"), 2, "a share above 0 and below 1"),
        (("evaluate", "open", "questions.csv", "--max-error", "0"), 2, "a share above 0"),
        (("evaluate", "open", "nowhere.csv"), 1, "nowhere.csv"),
        (("calibrate",), 2, "give one of FILE, --reset and --template"),
        (("calibrate", "questions.csv", "--reset"), 2, "give one of"),
        (("calibrate", "nowhere.csv"), 1, "there is no file nowhere.csv"),
        (("calibrate", "index"), 1, "index is a folder: give a file"),
        (("calibrate", "questions.csv", "--collection", "x"), 1, "there is no collection 'x'"),
        (("calibrate", "questions.csv", "--report", "questions.csv"), 1, "name another file"),
        (("evaluate", "open", "questions.csv", "--collection", "x"), 1, "is no collection 'x'"),
        (("evaluate", "open", "questions.csv", "--output", "a" * 242), 1, "File name too long"),
    ],
)
def test_wrong_use_is_one_line(
    facts: RunCli, arguments: tuple[str, ...], code: int, message: str
) -> None:
    """What cannot be done is one clear line, and the exit code says whose fault it is."""
    run = facts(*arguments)
    assert (run.code, run.out) == (code, "")
    assert message in run.err
    assert run.err.count("\n") == 1


def test_status_says_that_a_calibration_is_refused(facts: RunCli, tmp_path: Path) -> None:
    """One for another splitter is not shown as if it held; --json says why, too."""
    facts("calibrate", "questions.csv")
    path = tmp_path / "index" / "calibration.json"
    path.write_text(path.read_text().replace('"splitter_version": 1', '"splitter_version": 2'))
    said = (
        "was fitted for splitter 2, and this index has 1: fit it again with `answerable calibrate"
    )
    assert re.search(f"^calibration  refused: .*{said}", facts("status").out, re.MULTILINE)
    models = json.loads(facts("status", "--json").out)["models"]
    assert (
        models["calibration"].startswith("questions.csv") and said in models["calibration_refused"]
    )


def test_chat_checks_its_limit_before_a_question_comes(
    facts: RunCli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is refused at once, with the command for this index; without a fit a warning says so."""
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    run = facts("chat", "--max-error", "0.1", "--index", "index")
    assert (run.code, run.out) == (1, "")
    assert re.search(r"; here: answerable calibrate QUESTIONS --index \S*index$", run.err.strip())
    run = facts("chat")
    assert run.code == 0
    assert run.err.startswith("warning: nothing was fitted for the reader facts@fafafafafafa")
    facts("calibrate", "questions.csv")
    assert facts("chat").err == ""


def test_template_can_be_calibrated_on(facts: RunCli, tmp_path: Path) -> None:
    """The printed example is a file that calibrate reads; it only holds too few questions."""
    (tmp_path / "mine.csv").write_text(facts("calibrate", "--template").out)
    (tmp_path / "mine.jsonl").write_text(facts("calibrate", "--template", "--json").out)
    for name in ("mine.csv", "mine.jsonl"):
        run = facts("calibrate", name)
        assert (run.code, "holds 3 questions: at least 30" in run.err) == (1, True)
    first, *_ = (tmp_path / "mine.jsonl").read_text().splitlines()
    assert json.loads(first)["answer"] == ["28 days"]


@pytest.mark.parametrize(
    ("variable", "value", "name"),
    [("MIN_PROBABILITY", "0.99", "min_probability"), ("MAX_ERROR", "0.5", "max_error")],
)
def test_evaluate_open_asks_under_the_limits_that_ask_has(
    facts: RunCli, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, name: str
) -> None:
    """Those of the environment, too; calibrate looks at every answer whatever they say."""
    report = json.loads(facts("calibrate", "questions.csv", "--json").out)
    monkeypatch.setenv(f"ANSWERABLE_{variable}", value)
    asked = json.loads(facts("ask", "What is fact 7?", "--json").out)
    evaluated = json.loads(facts("evaluate", "open", "questions.csv", "--json").out)
    assert evaluated["limit"] == asked["limit"]
    assert evaluated["limit"][name] == float(value)
    again = json.loads(facts("calibrate", "questions.csv", "--json").out)
    assert again["thresholds"] == report["thresholds"]


@pytest.mark.parametrize(
    ("command", "full", "said"),
    [
        (("evaluate", "open", "questions.csv", "--output", "out.jsonl"), "out.jsonl", "out.jsonl"),
        (("calibrate", "questions.csv", "--report", "out.html"), "out.html", "out.html"),
        (("calibrate", "questions.csv"), "calibration.json", "not stored"),
    ],
)
def test_figures_are_printed_though_the_disk_is_full(
    facts: RunCli,
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
    full: str,
    said: str,
) -> None:
    """As they are without the file; then one line that names it, and exit code 1."""
    expected = facts(*command, "--json")
    assert expected.code == 0
    facts("calibrate", "--reset")
    full_disk_for(monkeypatch, full)
    run = facts(*command, "--json")
    assert run.code == 1
    assert json.loads(run.out).keys() == json.loads(expected.out).keys()
    assert run.err.startswith("error: ") and run.err.count("\n") == 1
    assert said in run.err and "No space left on device" in run.err
    assert f"{full}: No space left on device" in run.err
    run = facts(*command)
    assert run.code == 1 and run.out.startswith(("total ", "calibration "))
    assert run.err.splitlines()[-1].startswith("error: ")


def test_evaluate_open_prints_a_figure_a_line(facts: RunCli, tmp_path: Path) -> None:
    """Figures on standard output, the lines of every question in a file."""
    run = facts("evaluate", "open", "questions.csv", "--output", "answers.jsonl", "--k", "3")
    assert run.code == 0
    figures = dict(line.split() for line in run.out.splitlines() if len(line.split()) == 2)
    assert figures["total"] == "60"
    assert float(figures["HasAns_exact"]) > 50
    assert "answer_recall_at_3" in figures
    assert run.err == "written to answers.jsonl\n"
    assert len((tmp_path / "answers.jsonl").read_text().splitlines()) == 60
