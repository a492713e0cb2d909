"""The calibration report as one HTML page that needs nothing from elsewhere.

No script and no link to another server; light or dark as the reader's system is. Whatever
comes from questions and documents is escaped.
"""

import re
from html import escape
from urllib.parse import unquote

from .charts import Bar, Line, line_chart, reliability_chart
from .report import CalibrationReport, ConfidentError, Estimate, ThresholdRow
from .wording import errors_in_words, limits_in_words

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Calibration: {file}</title>
<style>
:root {{ color-scheme: light dark; --page: #fcfcfb; --ink: #191918; --soft: #5c5b57;
  --rule: #e2e1dd; --first: #2a6fc9; --second: #c2571a; --mark: #fbe9a8; }}
@media (prefers-color-scheme: dark) {{ :root {{ --page: #191918; --ink: #f2f1ee; --soft: #a9a8a2;
  --rule: #383835; --first: #5b9bea; --second: #e07b3f; --mark: #5b4a12; }} }}
body {{ font: 16px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--page);
  max-width: 62rem; margin: 2rem auto; padding: 0 1.25rem; overflow-wrap: break-word; }}
h1 {{ font-size: 1.6rem; line-height: 1.25; margin-bottom: .25rem; }}
h2 {{ font-size: 1.15rem; margin: 2.25rem 0 .25rem; }}
p, figcaption {{ max-width: 46rem; }}
.soft, figcaption {{ color: var(--soft); font-size: .9rem; }}
.figures {{ display: flex; flex-wrap: wrap; gap: .75rem 2.25rem; margin: 1.5rem 0; padding: 0; }}
.figures div {{ min-width: 9rem; }}
.figures dt {{ color: var(--soft); font-size: .85rem; }}
.figures dd {{ margin: 0; font-size: 1.6rem; line-height: 1.3; }}
.figures dd small {{ display: block; font-size: .85rem; color: var(--soft); }}
.charts {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 2rem; }}
figure {{ margin: 0; }}
svg {{ width: 100%; height: auto; display: block; }}
.grid {{ stroke: var(--rule); }}
.ideal {{ stroke: var(--soft); stroke-dasharray: 4 4; }}
.tick, .axis {{ fill: var(--soft); font: 12px system-ui, sans-serif; }}
.range {{ stroke: var(--first); stroke-width: 2; opacity: .45; }}
.first circle {{ fill: var(--first); stroke: var(--page); stroke-width: 2; }}
polyline {{ fill: none; stroke-width: 2; stroke-linejoin: round; }}
.first polyline {{ stroke: var(--first); }}
.second polyline {{ stroke: var(--second); }}
.best polyline {{ stroke: var(--soft); stroke-dasharray: 4 4; }}
.legend {{ display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; font-size: .9rem; margin: .5rem 0; }}
.legend span::before {{ content: ""; display: inline-block; width: 1.1rem; vertical-align: .25em;
  margin-right: .4rem; border-top: 2px solid var(--first); }}
.legend .second::before {{ border-color: var(--second); }}
.legend .best::before {{ border-top: 2px dashed var(--soft); }}
.table {{ overflow-x: auto; }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; margin: .75rem 0; }}
th, td {{ text-align: right; padding: .35rem 1.25rem .35rem 0; border-bottom: 1px solid var(--rule); }}
th {{ color: var(--soft); font-weight: 500; font-size: .9rem; vertical-align: bottom; }}
th:first-child, td:first-child {{ text-align: left; }}
ol {{ padding-left: 1.5rem; }}
li {{ margin-bottom: 1.1rem; }}
li p {{ margin: .15rem 0; }}
blockquote {{ margin: .35rem 0; padding-left: .8rem; border-left: 3px solid var(--rule); }}
mark {{ background: var(--mark); color: inherit; padding: 0 .1em; }}
</style>
</head>
<body>
<h1>How far the answers can be trusted</h1>
<p class="soft">{name}</p>
<p>{said}</p>
<dl class="figures">{figures}</dl>
<div class="charts">
<figure><h2>Does it keep its word?</h2>{reliability}
<figcaption>Each point is a group of questions of about equal probability: how sure the answers
were, against how many were right. On the dashed line both agree. The bars hold the true share
with 90% confidence.</figcaption></figure>
<figure><h2>Fewer answers, fewer errors</h2>{curve}
<div class="legend"><span>by probability</span><span class="second">by the reader's raw score</span>
<span class="best">if all right answers came first</span></div>
<figcaption>The share of wrong answers when only the surest are given. Lower is better.</figcaption>
</figure>
</div>
<h2>Error limits</h2>
<p>{limits}</p>
<p class="soft">With <code>--max-error</code> an answer is given from the threshold on. On questions
like these the limit is then kept, with 90% confidence over the choice of questions.</p>
<div class="table"><table><thead><tr><th>at most wrong</th><th>answer from probability</th>
<th>wrong among answered</th><th>questions answered</th></tr></thead>
<tbody>{thresholds}</tbody></table></div>
<h2>Wrong with high confidence</h2>
{errors}
</body>
</html>
"""

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def calibration_page(report: CalibrationReport) -> str:
    """Return the report as an HTML page."""
    return _PAGE.format(
        file=_plain(report.file),
        name=_plain(report.name),
        said=_said(report),
        figures=_figures(report),
        reliability=_reliability(report),
        curve=_curves(report),
        limits=_plain(" ".join(limits_in_words(report))),
        thresholds="".join(_threshold_row(row, report.n_questions) for row in report.thresholds),
        errors=_errors(report),
    )


def _said(report: CalibrationReport) -> str:
    """Say in words what was fitted, and how wide the uncertainty is."""
    kind = (
        "The reader's own probabilities were shifted and stretched to fit them"
        if report.kind == "recalibrated"
        else "Every coefficient of the confidence model was fitted to them"
    )
    repeated = f" ({report.n_repeated:,} repeated ones left out)" if report.n_repeated else ""
    conflicts = (
        f" For {report.n_conflicts:,} of them two documents give different answers, so that "
        "neither is given."
        if report.n_conflicts
        else ""
    )
    warned = "".join(f" {warning[0].upper()}{warning[1:]}." for warning in report.warnings)
    spread = " ".join(
        f"{s.probability:.0%} may be {s.low:.0%} to {s.high:.0%};" for s in report.spread
    ).removesuffix(";")
    return (
        f"{report.n_questions:,} questions were asked{repeated}, {report.n_answerable:,} of them "
        f"with an answer in the documents.{conflicts}{warned} {kind}. Figures and charts "
        f"show each question under a fit that had not seen it. So many questions leave this room: {spread}."
    )


def _figures(report: CalibrationReport) -> str:
    raw = f"{report.risk_coverage_raw:.1%} by the raw score"
    others = (
        f"{report.calibration_bins} bins; {report.calibration_error_own:.3f} with the reader's "
        f"own, {report.calibration_error_by_chance:.3f} by chance alone"
    )
    smallest = "none" if report.smallest_error is None else f"{report.smallest_error:.0%}"
    tiles = (
        ("best quote is right", _percent(report.right), _interval(report.right, percent=True)),
        (
            "calibration error",
            f"{report.calibration_error.value:.3f}",
            f"{_interval(report.calibration_error)} in {others}",
        ),
        (
            "area under risk-coverage",
            f"{report.risk_coverage.value:.1%}",
            f"{report.risk_coverage.low:.1%} to {report.risk_coverage.high:.1%}, {raw}",
        ),
        ("least error limit", smallest, "from there on these questions support all"),
    )
    return "".join(
        f"<div><dt>{name}</dt><dd>{value}<small>{more}</small></dd></div>"
        for name, value, more in tiles
    )


def _percent(estimate: Estimate) -> str:
    return f"{estimate.value:.0%}"


def _interval(estimate: Estimate, *, percent: bool = False) -> str:
    if percent:
        return f"{estimate.low:.0%} to {estimate.high:.0%}"
    return f"{estimate.low:.3f} to {estimate.high:.3f}"


def _reliability(report: CalibrationReport) -> str:
    return reliability_chart(
        [
            Bar(
                x=row.probability,
                y=row.right.value,
                low=row.right.low,
                high=row.right.high,
                label=f"{row.n} questions: probability {row.probability:.0%}, right "
                f"{row.right.value:.0%} ({_interval(row.right, percent=True)})",
            )
            for row in report.reliability
        ]
    )


def _curves(report: CalibrationReport) -> str:
    lines = (
        ("if all right answers came first", report.best_curve, "best"),
        ("by the reader's raw score", report.raw_curve, "second"),
        ("by probability", report.curve, "first"),
    )
    return line_chart(
        "Risk-coverage curve",
        [Line(name, [(p.coverage, p.error) for p in curve], kind) for name, curve, kind in lines],
        "questions answered",
        "wrong among answered",
    )


def _threshold_row(row: ThresholdRow, n_questions: int) -> str:
    if row.min_probability is None:
        return f'<tr><td>{row.max_error:.0%}</td><td colspan="3">not supported</td></tr>'
    observed = "" if row.observed_error is None else f"{row.observed_error:.1%}"
    return (
        f"<tr><td>{row.max_error:.0%}</td><td>{row.min_probability:.1%}</td><td>{observed}</td>"
        f"<td>{row.coverage:.0%} ({row.n_answered:,} of {n_questions:,})</td></tr>"
    )


def _errors(report: CalibrationReport) -> str:
    if not report.errors:
        return "<p>None.</p>"
    items = "".join(_error(error) for error in report.errors)
    return (
        f'<p class="soft">{errors_in_words(report)}. Look here for wrong labels, too: an answer may be right '
        f"in words that the file does not list.</p><ol>{items}</ol>"
    )


def _error(error: ConfidentError) -> str:
    end = error.quote_start + len(error.given)
    before, after = error.sentence[: error.quote_start], error.sentence[end:]
    expected = _plain(error.expectation)
    place = f"page {error.page}" if error.page is not None else f"line {error.line}"
    source = unquote(error.source.removeprefix("file://"))
    dated = f", {error.modified_at[:10]}" if error.modified_at else ""
    return (
        f"<li><p><strong>{_plain(error.question)}</strong></p>"
        f"<p>{_plain(error.given)}, {error.probability:.0%} sure; expected: {expected}</p>"
        f"<blockquote>{_plain(before)}<mark>{_plain(error.given)}</mark>{_plain(after)}"
        f'</blockquote><p class="soft">{_plain(source)}, {place}{_plain(dated)}</p></li>'
    )


def _plain(text: str) -> str:
    """Return text as HTML that shows it, whatever it holds; any file can carry the result."""
    shown = _LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)
    return escape(_CONTROLS.sub("\N{REPLACEMENT CHARACTER}", shown))
