"""Plots of an evaluation, PNG or SVG; needs the ``plots`` extra, and loads it when drawing.

The same scores give the same bytes: no date, no version, no random ids.
"""

import importlib.util
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from answerable.reader import OddsAnswer, precision_recall, threshold_scores

from ..errors import ExtraMissing
from .record import FileEvaluation

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PlotFormat = Literal["svg", "png"]
PLOTS = ("precision-recall", "f1-by-threshold")
"""The names of the plots, without their ending."""

_SIZE_INCHES = (6.4, 4.4)
_DPI = 150


def check_plots_extra() -> None:
    """Say what to install if there is nothing to draw with.

    Raises:
        ExtraMissing: matplotlib is not installed.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise ExtraMissing(
            "plots need the plots extra (matplotlib is missing): pip install '.[plots]' in the clone"
        )


def draw_plots(evaluation: FileEvaluation, plot_format: PlotFormat) -> dict[str, bytes]:
    """Return each plot by its file name; none where the null odds are unknown.

    Raises:
        ExtraMissing: matplotlib is not installed.
    """
    check_plots_extra()
    import matplotlib
    from matplotlib.figure import Figure

    answers = evaluation.result.ranked
    if not any(answer.is_answerable for answer in answers):
        return {}
    plots: dict[str, bytes] = {}
    # A user's own matplotlibrc would change the picture; its settings come back at the end.
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams["svg.hashsalt"] = "answerable"
        for name, draw in zip(PLOTS, (_precision_recall, _by_threshold), strict=True):
            figure = Figure(figsize=_SIZE_INCHES, dpi=_DPI, layout="constrained")
            axes = figure.add_subplot()
            draw(axes, evaluation, answers)
            axes.set_title(_printable(evaluation.name), parse_math=False)
            axes.grid(alpha=0.3)
            axes.legend()
            plots[f"{name}.{plot_format}"] = _rendered(figure, plot_format)
    return plots


def _precision_recall(
    axes: "Axes", evaluation: FileEvaluation, answers: Sequence[OddsAnswer]
) -> None:
    curves = {
        "oracle": precision_recall(answers, lambda answer: 1.0),
        "F1": precision_recall(answers, lambda answer: answer.f1),
        "exact": precision_recall(answers, lambda answer: answer.exact),
    }
    for label, curve in curves.items():
        shown = f"{label}, average {100 * curve.average:.1f}"
        axes.step(curve.recalls, curve.precisions, where="post", label=shown)
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.03))


def _by_threshold(axes: "Axes", evaluation: FileEvaluation, answers: Sequence[OddsAnswer]) -> None:
    points = threshold_scores(answers)
    thresholds = [point.threshold for point in points]
    best = max(points, key=lambda point: point.f1)
    axes.step(thresholds, [p.f1 for p in points], where="post", label="F1")
    axes.step(thresholds, [p.exact for p in points], where="post", label="exact")
    axes.plot([best.threshold], [best.f1], "o", label=f"best F1 {best.f1:.1f}")
    if evaluation.null_threshold is not None:
        label = f"threshold used, {evaluation.null_threshold:.2f}"
        axes.axvline(evaluation.null_threshold, color="grey", linestyle="--", label=label)
    # Questions without anything to read have odds far away from all others.
    inner = thresholds[len(thresholds) // 200 : len(thresholds) - len(thresholds) // 200]
    margin = 0.02 * (inner[-1] - inner[0]) or 1.0
    axes.set(
        xlabel="null threshold (logits): answered where the null odds are not above it",
        ylabel="score, %",
        xlim=(inner[0] - margin, inner[-1] + margin),
    )


def _rendered(figure: "Figure", plot_format: PlotFormat) -> bytes:
    buffer = io.BytesIO()
    # What matplotlib would add by itself: the date, and its own version.
    metadata = {"Date": None, "Creator": None} if plot_format == "svg" else {"Software": None}
    figure.savefig(buffer, format=plot_format, metadata=metadata)
    return buffer.getvalue()


def _printable(text: str) -> str:
    """Return text that any font and any XML file can hold."""
    return "".join(char if char.isascii() and char.isprintable() else "?" for char in text)
