"""``evaluate squad`` from the command line: what it prints, writes and refuses."""

import json
import sys
from pathlib import Path

import pytest

from answerable.cli.main import main
from tests.full_disk import full_disk_for
from tests.reader.squad_samples import question, write_squad

OFFICE = "The office in Utrecht closes at 18:30, said Ann Lee."
QUESTIONS = [
    question("1", "When does the office in Utrecht close?", "18:30", context=OFFICE),
    question("2", "Who said when the office closes?", "Ann Lee", context=OFFICE),
    question("3", "Who painted the Mona Lisa?", context=OFFICE),
    question("4", "Where is the office?", "Utrecht", context=f"{OFFICE} \x1b[31mred\x1b[0m"),
]
TEXTS = {"1": "18:30", "2": "Utrecht", "3": "", "4": "the \x1b[31mred\x1b[0m"}
ODDS = {"1": -5.0, "2": -4.0, "3": 9.0, "4": -1.0}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with data, predictions and null odds."""
    monkeypatch.chdir(tmp_path)
    write_squad(tmp_path / "dev.json", *QUESTIONS)
    (tmp_path / "predictions.json").write_text(json.dumps(TEXTS))
    (tmp_path / "null_odds.json").write_text(json.dumps(ODDS))
    return tmp_path


SCORE = ("evaluate", "squad", "dev.json", "--predictions", "predictions.json")
WITH_ODDS = (*SCORE, "--null-odds", "null_odds.json")


@pytest.mark.usefixtures("folder")
def test_predictions_are_printed_as_tables(capsys: pytest.CaptureFixture[str]) -> None:
    """Scores, breakdown and worst errors; what the data holds controls no terminal."""
    assert main([*WITH_ODDS]) == 0
    out, err = capsys.readouterr()
    lines = [line.rstrip() for line in out.splitlines()]
    assert lines[0].strip() == "dev"
    assert "exact                 50.00" in lines
    assert "total                     4" in lines
    assert any(line.startswith("pr_oracle_ap") for line in lines)
    assert any(line.startswith("question word") for line in lines)
    assert "1. wrong answer, F1 0.00, margin 4.00" in lines
    assert "references  Ann Lee" in out
    assert "said **Ann Lee**." in out
    assert "\x1b" not in out and "\\x1b[31mred" in out
    assert err == ""


@pytest.mark.usefixtures("folder")
def test_json_is_the_record(capsys: pytest.CaptureFixture[str]) -> None:
    """--json: official keys at the top; --worst bounds the errors; a threshold withholds."""
    assert main([*WITH_ODDS, "--json", "--worst", "1"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["exact"], record["answers"]) == (50.0, "given")
    assert len(record["worst_errors"]) == 1
    assert main([*WITH_ODDS, "--null-score-diff-threshold=-4.5", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["exact"], record["null_score_diff_threshold"]) == (50.0, -4.5)
    assert record["HasAns_exact"] == pytest.approx(100 / 3)


def test_written_files_are_named_and_protected(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The folder is named on standard error; a user's file in it stops the run, in one line."""
    assert main([*WITH_ODDS, "--output-dir", "out", "--layout", "run_squad", "--json"]) == 0
    assert capsys.readouterr().err == "written to out\n"
    assert (folder / "out" / "predictions_.json").exists()
    (folder / "out" / "predictions_.json").write_text("{}")
    assert main([*WITH_ODDS, "--output-dir", "out", "--layout", "run_squad"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "predictions_.json is there already" in err and err.count("\n") == 1


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_figures_are_printed_though_the_disk_is_full(
    form: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As they are without files; then one line that names the file, and exit code 1."""
    assert main([*WITH_ODDS, *form]) == 0
    expected = capsys.readouterr().out
    full_disk_for(monkeypatch, "report.md")
    assert main([*WITH_ODDS, *form, "--output-dir", "out"]) == 1
    out, err = capsys.readouterr()
    assert out == expected
    assert err == "error: cannot write out/report.md: No space left on device\n"


def test_plots_by_the_command(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """--plots draws SVG, --plot-format chooses; without matplotlib nothing is measured."""
    pytest.importorskip("matplotlib")
    assert main([*WITH_ODDS, "--plots", "plots"]) == 0
    assert main([*WITH_ODDS, "--output-dir", "out", "--plot-format", "png"]) == 0
    assert (folder / "plots" / "precision-recall.svg").exists()
    assert (folder / "out" / "f1-by-threshold.png").exists()
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert main([*WITH_ODDS, "--plots", "plots"]) == 1


@pytest.mark.usefixtures("folder")
def test_plots_without_the_extra_are_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line says what to install."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert main([*WITH_ODDS, "--plots", "plots"]) == 1
    err = capsys.readouterr().err
    assert "pip install '.[plots]'" in err and err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("evaluate", "squad", "dev.json", "--null-odds", "null_odds.json"),
        (*SCORE, "dev.json"),
        (*SCORE, "--model", "reader"),
        (*SCORE, "--answers", "forced"),
        (*SCORE, "--null-score-diff-threshold", "1"),
        ("evaluate", "squad", "dev.json", "--plot-format", "png"),
        (
            "evaluate",
            "squad",
            "dev.json",
            "--answers",
            "forced",
            "--null-score-diff-threshold",
            "1",
        ),
        ("evaluate", "squad", "dev.json", "--null-score-diff-threshold", "nan"),
        ("evaluate", "squad", "dev.json", "--layout", "squad"),
        ("evaluate", "squad"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_options_that_do_not_go_together(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """An option that would be ignored is wrong usage, not a surprise."""
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("missing", ["dev.json", "predictions.json", "null_odds.json"])
def test_a_missing_file_is_named(missing: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1 and one line, whichever file it is."""
    Path(missing).unlink()
    assert main([*WITH_ODDS]) == 1
    err = capsys.readouterr().err
    assert missing in err and err.count("\n") == 1


@pytest.mark.model
def test_shipped_reader_end_to_end(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The reader answers what the text answers, and its files score as it did."""
    arguments = ["evaluate", "squad", "dev.json", "--output-dir", "out", "--json"]
    assert main(arguments) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["NoAns_exact"], record["answers"]) == (100.0, "threshold")
    assert record["best_f1"] > 60
    predictions = json.loads((folder / "out" / "predictions.json").read_text())
    assert predictions["1"] == "18:30"
    entries = json.loads((folder / "out" / "nbest_predictions.json").read_text())["3"]
    assert entries[0]["text"] == "" and len(entries) == 20
    assert len((folder / "out" / "questions.jsonl").read_text().splitlines()) == 4
    threshold = f"--null-score-diff-threshold={record['null_score_diff_threshold']}"
    forced = ("--predictions", "out/forced_predictions.json", "--null-odds", "out/null_odds.json")
    assert main(["evaluate", "squad", "dev.json", *forced, threshold, "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    keys = list(record)[: list(record).index("data")]
    assert len(keys) == 16
    assert {key: again[key] for key in keys} == {key: record[key] for key in keys}
    written = {path.name: path.read_bytes() for path in (folder / "out").iterdir()}
    assert main(arguments) == 0
    assert written == {path.name: path.read_bytes() for path in (folder / "out").iterdir()}


@pytest.mark.model
def test_several_files_are_one_table(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One column a file: the threshold decides where it must, and an answer is forced elsewhere."""
    write_squad(folder / "shifts.json", *QUESTIONS[:2])
    assert main(["evaluate", "squad", "dev.json", "shifts.json", "--max-questions", "2"]) == 0
    out, err = capsys.readouterr()
    lines = [line.split() for line in out.splitlines()]
    assert lines[0] == [f"{folder.name}-dev", "shifts"]
    assert lines[1][:2] == ["answers", "threshold"] and lines[1][-1] == "forced"
    assert ["questions", "in", "file", "4", "2"] in lines
    assert ["total", "2", "2"] in lines
    assert "worst errors" in err
