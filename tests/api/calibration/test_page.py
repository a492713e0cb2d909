"""The report page: well-formed, self-contained, and safe whatever documents hold."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from answerable.api import CalibrationReport, calibrate, calibration_page, errors_in_words
from answerable.api.calibration.report import QuestionsNeeded
from tests.api.facts import fact_engine, write_questions

VOID = {"meta", "line", "circle", "polyline", "br"}
HOSTILE = '<script>alert(1)</script>"\x1b[31m\u202e\ud800&amp;'


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> CalibrationReport:
    """A report on the facts."""
    folder = tmp_path_factory.mktemp("report")
    with fact_engine(folder / "index") as engine:
        return calibrate(engine, write_questions(folder))


class _Page(HTMLParser):
    """Checks that tags close in order; keeps the tags and the text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_page_is_whole_and_needs_nothing_from_elsewhere(report: CalibrationReport) -> None:
    """Both charts and the table are there; no script, no link, no address to load."""
    page = calibration_page(report)
    parsed = _Page(page)
    assert parsed.open == []
    assert parsed.tags.count("svg") == 2
    assert parsed.tags.count("tr") == 1 + len(report.thresholds)
    assert parsed.tags.count("polyline") == 3
    assert parsed.tags.count("circle") == len(report.reliability)
    assert not {"script", "link", "img", "iframe"} & set(parsed.tags)
    assert re.findall(r"(?:https?:)?//|url\(|@import|\bon\w+=", page) == []
    assert "prefers-color-scheme: dark" in page


def test_page_says_what_the_report_says(report: CalibrationReport) -> None:
    """Counts, intervals, thresholds and the surest error are in the text."""
    text = _Page(calibration_page(report)).text
    row = next(row for row in report.thresholds if row.min_probability is not None)
    error = report.errors[0]
    for said in (
        "60 questions were asked, 54 of them with an answer",
        f"{report.calibration_error.value:.3f}",
        f"{row.min_probability:.1%}",
        f"{row.coverage:.0%} ({row.n_answered} of 60)",
        "not supported",
        error.question,
        f"{error.probability:.0%} sure",
        "facts.md, line ",
    ):
        assert said in text


def test_marks_stay_inside_their_charts(report: CalibrationReport) -> None:
    """Every point of every curve is between the axes."""
    page = calibration_page(report)
    for points in re.findall(r'points="([^"]+)"', page):
        for point in points.split():
            x, y = map(float, point.split(","))
            assert 52 <= x <= 440 and 14 <= y <= 314


def test_hostile_text_is_shown_not_run(report: CalibrationReport) -> None:
    """Markup, controls and half surrogates of documents and questions stay text."""
    error = replace(
        report.errors[0],
        question=HOSTILE,
        given=HOSTILE,
        sentence=HOSTILE,
        quote_start=0,
        expected=(HOSTILE,),
        source=f"file:///{HOSTILE}",
    )
    page = calibration_page(replace(report, errors=(error,), file=HOSTILE, name=HOSTILE))
    parsed = _Page(page)
    assert "script" not in parsed.tags
    assert "<script>alert(1)</script>" in parsed.text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff]", page)
    page.encode("utf-8")


def test_page_without_errors_or_limits(report: CalibrationReport) -> None:
    """Nothing wrong, nothing supported, conflicts: the page says so."""
    rows = tuple(replace(row, min_probability=None) for row in report.thresholds)
    bare = replace(report, errors=(), thresholds=rows, smallest_error=None, n_conflicts=3)
    text = _Page(calibration_page(bare)).text
    assert "None." in text and text.count("not supported") == len(rows)
    assert "For 3 of them two documents give different answers, so that neither is given." in text


def test_errors_that_are_not_listed_are_counted(report: CalibrationReport) -> None:
    """The number is that of all; the list holds the surest."""
    n = len(report.errors)
    listed = _Page(calibration_page(report)).text
    assert f"{n} wrong with more than even confidence, the surest first." in listed
    more = replace(report, n_errors=n + 2)
    said = f"{n + 2} wrong with more than even confidence, the {n} surest of them"
    assert errors_in_words(more) == said
    assert f"{said}." in _Page(calibration_page(more)).text


def test_page_says_what_became_of_the_limits(report: CalibrationReport) -> None:
    """Limits now and before, the way back, what more would take, and the warnings."""
    changed = replace(
        report,
        smallest_error=0.31,
        smallest_error_before=0.09,
        smallest_error_own=0.09,
        questions_needed=(QuestionsNeeded(0.1, None), QuestionsNeeded(0.2, 1400)),
        n_repeated=3,
        path="my index/calibration.json",
        warnings=("every question of the file has an answer",),
    )
    text = _Page(calibration_page(changed)).text
    for said in (
        "These questions support error limits from 0.31 on (before: from 0.09); ",
        "`answerable calibrate --reset --index 'my index'` goes back to the reader's own (from 0.09).",
        "For a limit of 0.1 the answers are too often wrong.",
        "A limit of 0.2 would take about 1,400 questions, were the answers right as often.",
        "60 questions were asked (3 repeated ones left out)",
        " Every question of the file has an answer.",
        f"{report.risk_coverage.value:.1%}",
        f"in {report.calibration_bins} bins; {report.calibration_error_own:.3f} with the reader's own",
    ):
        assert said in text
    assert "--reset" not in _Page(calibration_page(replace(changed, smallest_error=0.05))).text


def test_report_of_the_page_is_on_disk_as_made(tmp_path: Path) -> None:
    """What is written is what ``calibration_page`` returns."""
    with fact_engine(tmp_path / "index") as engine:
        path = tmp_path / "report.html"
        made = calibrate(engine, write_questions(tmp_path), page=path)
    assert path.read_text(encoding="utf-8") == calibration_page(made)
