"""Charts as inline SVG: no script, no font, nothing from elsewhere.

Colours and weights are classes, which the page's style sheet sets for light and dark. Every
mark says its figures in a ``title``, which browsers show and screen readers read.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _HEIGHT = 460.0, 360.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 20.0, 14.0, 46.0
_TICKS = 5


@dataclass(frozen=True, slots=True)
class Bar:
    """A measured share with its interval.

    Attributes:
        x: where it stands, 0 to 1.
        low: lower end of the interval of ``y``.
        label: what it says when pointed at.
    """

    x: float
    y: float
    low: float
    high: float
    label: str


@dataclass(frozen=True, slots=True)
class Line:
    """A curve of (x, y) points, x rising, and the class that gives it its colour."""

    name: str
    points: Sequence[tuple[float, float]]
    kind: str


def reliability_chart(bars: Sequence[Bar]) -> str:
    """Return the reliability diagram: said against true, with intervals, and the diagonal."""
    to_x, to_y = _scales(1.0)
    diagonal = (
        f'<line class="ideal" x1="{to_x(0):.1f}" y1="{to_y(0):.1f}" '
        f'x2="{to_x(1):.1f}" y2="{to_y(1):.1f}"/>'
    )
    marks = []
    for bar in bars:
        x = to_x(bar.x)
        marks.append(
            f'<g class="first" tabindex="0"><title>{escape(bar.label)}</title>'
            f'<line class="range" x1="{x:.1f}" y1="{to_y(bar.low):.1f}" '
            f'x2="{x:.1f}" y2="{to_y(bar.high):.1f}"/>'
            f'<circle cx="{x:.1f}" cy="{to_y(bar.y):.1f}" r="5"/></g>'
        )
    frame = _frame(1.0, "probability given", "share that was right")
    return _svg("Reliability diagram", frame + diagonal + "".join(marks))


def line_chart(title: str, lines: Sequence[Line], x_name: str, y_name: str) -> str:
    """Return curves in one frame; both axes are shares, the upright one cut above the curves.

    Args:
        title: for screen readers.
        lines: at least one.
        x_name: of the level axis.
        y_name: of the upright one.
    """
    highest = max((y for line in lines for _, y in line.points), default=1.0)
    top = next(top for top in (0.1, 0.25, 0.5, 1.0) if highest <= top or top == 1.0)
    to_x, to_y = _scales(top)
    drawn = "".join(_polyline(line, to_x, to_y) for line in lines)
    return _svg(title, _frame(top, x_name, y_name) + drawn)


def _polyline(line: Line, to_x: Callable[[float], float], to_y: Callable[[float], float]) -> str:
    points = " ".join(f"{to_x(x):.1f},{to_y(y):.1f}" for x, y in line.points)
    return (
        f'<g class="{escape(line.kind)}"><title>{escape(line.name)}</title>'
        f'<polyline points="{points}"/></g>'
    )


def _scales(top: float) -> tuple[Callable[[float], float], Callable[[float], float]]:
    """Return the functions from a share to pixels; ``top`` is the highest on the upright axis."""
    width, height = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
    return (
        lambda x: _LEFT + width * x,
        lambda y: _TOP + height * (1 - min(y, top) / top),
    )


def _frame(top: float, x_name: str, y_name: str) -> str:
    """Return grid lines with their figures, and the names of the axes."""
    to_x, to_y = _scales(top)
    parts = []
    for step in range(_TICKS + 1):
        share = step / _TICKS
        x, y = to_x(share), to_y(share * top)
        parts.append(
            f'<line class="grid" x1="{_LEFT:.1f}" y1="{y:.1f}" '
            f'x2="{_WIDTH - _RIGHT:.1f}" y2="{y:.1f}"/>'
            f'<text class="tick" x="{_LEFT - 8:.1f}" y="{y + 4:.1f}" text-anchor="end">'
            f"{share * top:.0%}</text>"
            f'<text class="tick" x="{x:.1f}" y="{_HEIGHT - _BOTTOM + 18:.1f}" '
            f'text-anchor="middle">{share:.0%}</text>'
        )
    middle_x, middle_y = to_x(0.5), to_y(top / 2)
    parts.append(
        f'<text class="axis" x="{middle_x:.1f}" y="{_HEIGHT - 6:.1f}" text-anchor="middle">'
        f"{escape(x_name)}</text>"
        f'<text class="axis" text-anchor="middle" '
        f'transform="translate(13 {middle_y:.1f}) rotate(-90)">{escape(y_name)}</text>'
    )
    return "".join(parts)


def _svg(title: str, content: str) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" role="img" aria-label="{escape(title)}">'
        f"{content}</svg>"
    )
