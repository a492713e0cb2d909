"""docs/calibrate.md, run as it stands: the example handbook, its questions, the shipped models."""

import json
import re
import shlex
from pathlib import Path

import pytest

from tests.end_to_end.conftest import EXAMPLES, Run, answerable

pytestmark = [pytest.mark.model, pytest.mark.source, pytest.mark.slow, pytest.mark.timeout(600)]

QUESTIONS = 66


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory, source_root: Path) -> tuple[Path, list[Run]]:
    """The folder in which the page's first example ran, and what each command did."""
    folder = tmp_path_factory.mktemp("calibrate")
    (folder / "examples").symlink_to(EXAMPLES)
    page = (source_root / "docs" / "calibrate.md").read_text(encoding="utf-8")
    commands = re.findall(r"^\$ answerable (.+)$", page, re.MULTILINE)
    return folder, [answerable(*shlex.split(command), cwd=folder) for command in commands]


def test_every_command_of_the_page_runs(example: tuple[Path, list[Run]]) -> None:
    """Ingest, calibrate, ask with an error limit, evaluate, status, reset: none fails."""
    _, runs = example
    assert [(run.code, run.err) for run in runs if run.code not in (0, 3)] == []
    ingest, calibrate, ask, evaluate, status, reset = runs
    assert ingest.out.startswith("14 added")
    assert f"{QUESTIONS} asked, 16 without an answer" in calibrate.out
    assert "leave room: a probability of 25% may be" in calibrate.err
    assert "18" in ask.out
    assert re.search(r"^document_recall_at_5 +\d", evaluate.out, re.MULTILINE)
    assert "handbook-questions.csv" in status.out
    assert reset.out == "removed .answerable/calibration.json\n"


def test_calibration_helps_on_the_handbook(example: tuple[Path, list[Run]]) -> None:
    """Most answers are right, the error limit of the page is supported, probabilities are closer."""
    _, runs = example
    printed = runs[1].out
    (right,) = re.findall(r"best quote right +(\d+)%", printed)
    assert int(right) >= 65
    (smallest,) = re.findall(r"questions support error limits from (0\.\d+) on", printed)
    assert float(smallest) <= 0.2
    ((after, own),) = re.findall(
        r"calibration error +([\d.]+) \([\d. to]+\) in 6 bins; ([\d.]+) with the reader's own",
        printed,
    )
    assert float(after) < float(own) + 0.05


def test_page_and_lines_are_written(example: tuple[Path, list[Run]]) -> None:
    """The report is a page of two charts; the evaluation a line for each question."""
    folder, _ = example
    page = (folder / "calibration.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 2
    records = [json.loads(line) for line in (folder / "answers.jsonl").read_text().splitlines()]
    assert len(records) == QUESTIONS
    assert {record["calibration"] for record in records} <= {"matched", "shifted"}
