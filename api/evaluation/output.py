"""What an evaluation writes: predictions, scores, a report and plots, in one folder a file."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from answerable.reader import LAYOUTS, LayoutName, prediction_files, unit_metrics

from ..owned_folder import OwnedFolder
from .plots import PLOTS, PlotFormat, check_plots_extra, draw_plots
from .record import FileEvaluation, metrics_record, question_record
from .report import markdown_report

_METRICS, _REPORT, _QUESTIONS = "metrics.json", "report.md", "questions.jsonl"
_PLOTS_LIST = "plots.json"
_ACCURACY = "accuracy.json"
_KINDS = ("predictions", "nbest_predictions", "null_odds", "forced_predictions")


@dataclass(frozen=True, slots=True)
class EvaluationOutput:
    """Where an evaluation is written, and in which forms.

    Attributes:
        folder: for everything; with several data files, each has a folder of its own in it.
            None for plots alone.
        layout: of the prediction files.
        n_best: entries of an n-best list; "no answer" comes on top where it is not among them.
        worst: errors in the report.
        plot_format: None for no plots.
        plots: folder of the plots; None for that of the other files.
    """

    folder: Path | None = None
    layout: LayoutName = "run_qa"
    n_best: int = 20
    worst: int = 20
    plot_format: PlotFormat | None = None
    plots: Path | None = None

    def check(self, names: Sequence[str]) -> None:
        """Find out before the work whether its results could be written.

        Args:
            names: of the data files.

        Raises:
            OutputRefused: a file in the way is not ours to replace.
            ExtraMissing: plots were asked for, and matplotlib is not installed.
        """
        if self.plot_format:
            check_plots_extra()
        plots = [f"{plot}.{self.plot_format}" for plot in PLOTS] if self.plot_format else []
        predictions = [LAYOUTS[self.layout].file_name(kind) for kind in _KINDS]
        predictions += [_ACCURACY] if self.layout == "openvino" else []
        for folder in _folders(self.folder, names, _METRICS):
            folder.check([*predictions, _QUESTIONS, _REPORT, *([] if self._apart else plots)])
        if self.folder and len(names) > 1:
            OwnedFolder(self.folder, _METRICS).check([_REPORT])
        if self._apart:
            for folder in _folders(self.plots, names, _PLOTS_LIST):
                folder.check(plots)

    def write(self, evaluations: Sequence[FileEvaluation]) -> None:
        """Write every file.

        Raises:
            OutputRefused: a file in the way is not ours to replace, or one cannot be written.
        """
        names = [evaluation.name for evaluation in evaluations]
        plots = [self._plots(evaluation) for evaluation in evaluations]
        if self._apart:
            folders = _folders(self.plots, names, _PLOTS_LIST)
            for folder, drawn in zip(folders, plots, strict=True):
                folder.write(drawn, {})
        if self.folder is None:
            return
        folders = _folders(self.folder, names, _METRICS)
        for folder, evaluation, drawn in zip(folders, evaluations, plots, strict=True):
            files = self._files(evaluation) | ({} if self._apart else drawn)
            folder.write(files, metrics_record(evaluation))
        if len(evaluations) > 1:
            report = markdown_report(evaluations, self.worst).encode()
            record: dict[str, Any] = {"sets": [metrics_record(e) for e in evaluations]}
            OwnedFolder(self.folder, _METRICS).write({_REPORT: report}, record)

    @property
    def _apart(self) -> bool:
        """Whether the plots have a folder of their own."""
        if self.plots is None or self.folder is None:
            return self.plots is not None
        return self.plots.resolve() != self.folder.resolve()

    def _plots(self, evaluation: FileEvaluation) -> dict[str, bytes]:
        return draw_plots(evaluation, self.plot_format) if self.plot_format else {}

    def _files(self, evaluation: FileEvaluation) -> dict[str, bytes]:
        files = prediction_files(evaluation.result, LAYOUTS[self.layout], self.n_best)
        files[_QUESTIONS] = "".join(_question_lines(evaluation))
        if self.layout == "openvino":
            files[_ACCURACY] = json.dumps(unit_metrics(evaluation.result), indent=4) + "\n"
        files[_REPORT] = markdown_report([evaluation], self.worst)
        return {name: text.encode() for name, text in files.items()}


def _folders(folder: Path | None, names: Sequence[str], record_name: str) -> list[OwnedFolder]:
    """Return the folder of each data file below ``folder``; none if that is None."""
    if folder is None:
        return []
    if len(names) == 1:
        return [OwnedFolder(folder, record_name)]
    return [OwnedFolder(folder / name, record_name) for name in names]


def _question_lines(evaluation: FileEvaluation) -> Iterator[str]:
    for outcome in evaluation.result.outcomes:
        yield json.dumps(question_record(outcome)) + "\n"
