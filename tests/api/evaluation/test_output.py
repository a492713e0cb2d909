"""What an evaluation writes, and the report and plots in it."""

import json
import sys
from pathlib import Path

import pytest

from answerable.api import (
    EvaluationOutput,
    ExtraMissing,
    FileEvaluation,
    OutputRefused,
    group_tables,
    score_table,
)
from answerable.api.evaluation.plots import PLOTS
from answerable.api.evaluation.report import markdown_report
from answerable.reader import FORCED, SquadQuestion, evaluate_squad, score_predictions
from tests.reader.scripted import ScriptedScorer, scripted_reader, word_tokenizer
from tests.reader.squad_samples import question

CONTEXT = "ann and tom ran home"
QUESTIONS = [
    question("1", "who", "ann", context=CONTEXT),
    question("2", "when", context=CONTEXT),
    question("3", "who", "tom", context=CONTEXT),
]
WRITTEN = [
    "forced_predictions.json",
    "metrics.json",
    "nbest_predictions.json",
    "null_odds.json",
    "predictions.json",
    "questions.jsonl",
    "report.md",
]


def _evaluation(name: str = "dev", questions: list[SquadQuestion] = QUESTIONS) -> FileEvaluation:
    tokenizer = word_tokenizer(CONTEXT)
    scorer = ScriptedScorer(tokenizer, {"ann": (3.0, 3.0)}, null=(1.0, 1.0))
    result = evaluate_squad(scripted_reader(scorer, tokenizer), questions, -4.5, n_best=20)
    return FileEvaluation(name, f"{name}.json", "0" * 64, 3, "scripted@1", result)


def _names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_one_file_is_written_into_the_folder_itself(tmp_path: Path) -> None:
    """All files, each of them what its name says; nothing is left beside them."""
    output = EvaluationOutput(tmp_path / "out")
    output.check(["dev"])
    output.write([_evaluation()])
    assert _names(tmp_path / "out") == WRITTEN
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert list(metrics)[:3] == ["exact", "f1", "total"]
    assert (metrics["answers"], metrics["null_score_diff_threshold"]) == ("threshold", -4.5)
    lines = (tmp_path / "out" / "questions.jsonl").read_text().splitlines()
    assert json.loads(lines[0]) == {
        "id": "1",
        "title": "T",
        "question": "who",
        "prediction": "",
        "answers": ["ann"],
        "em": 0.0,
        "f1": 0.0,
        "null_odds": -4.0,
        "answer_type": "other phrase",
        "question_word": "who",
        "passage_length": "1 to 75 words",
        "best_answer": {"text": "ann", "start": 0, "end": 3, "em": 1.0, "f1": 1.0},
    }
    assert len(lines) == 3


def test_several_files_have_a_folder_each(tmp_path: Path) -> None:
    """Below the folder one for each file, and above them the comparison."""
    output = EvaluationOutput(tmp_path, layout="run_squad")
    output.check(["a", "b"])
    output.write([_evaluation("a"), _evaluation("b")])
    assert {"a/predictions_.json", "b/predictions_.json", "metrics.json", "report.md"} <= set(
        _names(tmp_path)
    )
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert [one["data"]["name"] for one in metrics["sets"]] == ["a", "b"]
    assert "| f1 | " in (tmp_path / "report.md").read_text()


def test_another_layout_takes_the_place_of_the_first(tmp_path: Path) -> None:
    """The folder holds one run: files of the layout before are gone."""
    EvaluationOutput(tmp_path).write([_evaluation()])
    EvaluationOutput(tmp_path, layout="run_squad").write([_evaluation()])
    assert _names(tmp_path) == [
        *("forced_predictions_.json", "metrics.json", "nbest_predictions_.json"),
        *("null_odds_.json", "predictions_.json", "questions.jsonl", "report.md"),
    ]


@pytest.mark.parametrize(
    "taken", ["predictions.json", "a/report.md", "b/null_odds.json", "report.md", "metrics.json"]
)
def test_a_taken_name_is_found_before_the_work(tmp_path: Path, taken: str) -> None:
    """Whichever file is in the way, the check names it; a name that is not written is no matter."""
    path = tmp_path / taken
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine")
    output = EvaluationOutput(tmp_path)
    if taken == "predictions.json":
        output.check(["a", "b"])
    else:
        with pytest.raises(OutputRefused, match=Path(taken).name):
            output.check(["a", "b"])


@pytest.mark.parametrize("plot_format", ["svg", "png"])
def test_plots_are_the_same_bytes_every_time(tmp_path: Path, plot_format: str) -> None:
    """Two pictures of the format asked for, in the output folder, without date or version."""
    matplotlib = pytest.importorskip("matplotlib")
    kinds = {"svg": b"<?xml", "png": b"\x89PNG"}
    for folder in ("one", "two"):
        output = EvaluationOutput(tmp_path / folder, plot_format=plot_format)  # type: ignore[arg-type]
        output.check(["dev"])
        output.write([_evaluation()])
    for plot in PLOTS:
        first, second = (
            (tmp_path / f / f"{plot}.{plot_format}").read_bytes() for f in ("one", "two")
        )
        assert first.startswith(kinds[plot_format])
        assert first == second
        assert b"date" not in first[:2000].lower()
        assert matplotlib.__version__.encode() not in first


def test_plots_in_a_folder_of_their_own(tmp_path: Path) -> None:
    """--plots alone writes nothing but plots and their list; the same folder twice is one."""
    pytest.importorskip("matplotlib")
    EvaluationOutput(plot_format="svg", plots=tmp_path / "p").write([_evaluation()])
    drawn = ["f1-by-threshold.svg", "precision-recall.svg"]
    assert _names(tmp_path / "p") == sorted([*drawn, "plots.json"])
    output = EvaluationOutput(tmp_path / "q", plot_format="svg", plots=tmp_path / "q")
    output.check(["dev"])
    output.write([_evaluation()])
    assert _names(tmp_path / "q") == sorted([*WRITTEN, *drawn])


def test_plots_need_null_odds_and_answerable_questions(tmp_path: Path) -> None:
    """Where there is no curve there is no file; a set of one question can be drawn."""
    pytest.importorskip("matplotlib")
    result = score_predictions(QUESTIONS, {"1": "ann", "2": "", "3": "x"})
    without_odds = FileEvaluation("dev", "dev.json", "0" * 64, 3, "file", result)
    nothing, one = tmp_path / "nothing", tmp_path / "one"
    EvaluationOutput(plot_format="png", plots=nothing).write([without_odds])
    EvaluationOutput(plot_format="png", plots=one).write([_evaluation(questions=QUESTIONS[1:2])])
    assert _names(nothing) == _names(one) == ["plots.json"]
    EvaluationOutput(plot_format="png", plots=one).write([_evaluation(questions=QUESTIONS[:1])])
    assert len(_names(one)) == 3


def test_plots_without_their_extra_say_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check before the work is one line with the command that mends it."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ExtraMissing, match=r"pip install '\.\[plots\]'"):
        EvaluationOutput(plot_format="svg", plots=tmp_path).check(["dev"])
    EvaluationOutput(tmp_path).check(["dev"])


def test_tables_of_one_file_and_of_several() -> None:
    """One file shows every score of a group, several the F1 side by side; gaps are empty."""
    both = [_evaluation("a"), _evaluation("b", QUESTIONS[:1])]
    words = group_tables(both[:1])[1]
    assert words.head == ("question word", "questions", "exact", "f1", "answered %")
    assert words.rows == (
        ("who", "2", "0.00", "0.00", "0.0"),
        ("when", "1", "100.00", "100.00", "0.0"),
    )
    assert group_tables(both)[1].rows == (
        ("who", "0.0 (2)", "0.0 (1)"),
        ("when", "100.0 (1)", ""),
    )
    scores = score_table(both)
    assert scores.head == ("", "a", "b")
    assert {row[0]: row[1:] for row in scores.rows}["NoAns_total"] == ("1", "")
    keys = [row[0] for row in scores.rows]
    assert keys[:2] == ["answers", "questions in file"]
    assert keys[2:] == list(both[0].result.metrics)


def test_report_cannot_be_broken_by_the_data() -> None:
    """Markup, line ends and control characters of a data set are shown, not obeyed."""
    context = "See <script>|x|\n# head `a` [b](c) *d* \x1b[31m \u202e and __all__ there."
    hostile = question("1|\n2", "who\n| is?", "<script>|x|", context=context)
    result = score_predictions([hostile], {"1|\n2": "a\\b"}, {"1|\n2": 1.0}, FORCED)
    report = markdown_report([FileEvaluation("a|b", "f", "0", 1, "s_1", result)], 20)
    assert "\x1b" not in report and "\u202e" not in report
    assert "\\<script\\>\\|x\\|" in report
    assert "\n\\# head" not in report and "\\# head \\`a\\` \\[b\\](c) \\*d\\*" in report
    assert "a\\\\b" in report
    tables = [line for line in report.splitlines() if line.startswith("| ")]
    assert {line.replace("\\|", "").count("|") for line in tables[:3]} == {3}


def test_report_ends_with_the_errors() -> None:
    """Each error has its question, both answers and the marked context; 0 asks for none."""
    report = markdown_report([_evaluation()], 1)
    assert report.endswith(
        "1. missed answer, F1 0.00, margin 0.50 (1)\n"
        "    - question: who\n"
        "    - prediction: (no answer)\n"
        "    - references: ann\n"
        "    - context: **ann** and tom ran home\n"
    )
    assert "Worst errors" not in markdown_report([_evaluation()], 0)
