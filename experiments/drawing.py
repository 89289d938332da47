# SPDX-License-Identifier: Apache-2.0
"""Charts drawn with matplotlib, as SVG to stand inside a page or as PNG."""

from __future__ import annotations

import io
import re
import textwrap
from functools import singledispatch

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.charts import Bars, Chart, Mark, Scatter, TornadoChart, Waterfall

# color-blind safe, after M. Okabe and K. Ito, "Color Universal Design", 2008
COLORS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8c8c8c", "#b8a900", "#000000")
_VERDICT = {"closes": "#009e73", "at risk": "#e69f00", "infeasible": "#d55e00"}
_MARKS = "osD^vP*X"
_NAMED = 20  # designs on the front that are numbered
_STYLE = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titleweight": "bold",
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
}


def svg(chart: Chart, number: int = 0) -> str:
    """Return a chart as an SVG element; `number` tells apart the charts of one page."""
    with mpl.rc_context({**_STYLE, "svg.hashsalt": f"chart {number}", "svg.id": f"chart-{number}"}):
        stream = io.StringIO()
        _figure(chart).savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    text = stream.getvalue()
    text = text[text.index("<svg") :]
    # ids are global in a page: those of two charts must not meet
    text = re.sub(r'(id="|href="#|url\(#)', rf"\g<1>c{number}-", text)
    return re.sub(r'<svg ([^>]*?)height="[^"]*" ([^>]*?)width="[^"]*"', r"<svg \1\2", text, count=1)


def png(chart: Chart) -> bytes:
    """Return a chart as PNG."""
    with mpl.rc_context(_STYLE):
        stream = io.BytesIO()
        _figure(chart).savefig(stream, format="png", dpi=130, metadata={"Software": None})
    return stream.getvalue()


def _figure(chart: Chart) -> Figure:
    figure = Figure(figsize=(7.6, _height(chart)), layout="constrained")
    _draw(chart, figure.add_subplot())
    return figure


def _height(chart: Chart) -> float:
    if isinstance(chart, Scatter):
        return 4.6
    if isinstance(chart, Bars):
        return 1.7 + 0.24 * len(chart.labels)
    if isinstance(chart, Waterfall):
        return 1.4 + 0.24 * (len(chart.steps) + 3)
    return 1.3 + 0.28 * len(chart.drivers)


@singledispatch
def _draw(chart: Chart, axes: Axes) -> None:  # noqa: ARG001 - the functions below draw
    raise TypeError(chart)


@_draw.register
def _scatter(chart: Scatter, axes: Axes) -> None:
    groups: dict[str, list[Mark]] = {}
    for mark in chart.marks:
        groups.setdefault(mark.group, []).append(mark)
    for i, (group, marks) in enumerate(groups.items()):
        color, symbol = COLORS[i % len(COLORS)], _MARKS[i % len(_MARKS)]
        axes.errorbar(
            [mark.x.value for mark in marks],
            [mark.y.value for mark in marks],
            xerr=list(zip(*((m.x.value - m.x.low, m.x.high - m.x.value) for m in marks), strict=True)),
            yerr=list(zip(*((m.y.value - m.y.low, m.y.high - m.y.value) for m in marks), strict=True)),
            fmt=symbol,
            color=color,
            ecolor=mpl.colors.to_rgba(color, 0.35),
            markersize=5,
            linewidth=0.8,
            label=group,
        )
    front = sorted((mark for mark in chart.marks if mark.on_front), key=lambda mark: mark.x.value)
    axes.plot(
        [m.x.value for m in front],
        [m.y.value for m in front],
        "o",
        mfc="none",
        mec="black",
        ms=10,
        label="on the front",
    )
    named = front[:_NAMED]
    for number, mark in enumerate(named, 1):
        axes.annotate(str(number), (mark.x.value, mark.y.value), (5, 5), textcoords="offset points", fontsize=7)
    names = [f"{number}  {textwrap.shorten(mark.label, 34)}" for number, mark in enumerate(named, 1)]
    axes.text(1.02, 1.0, "\n".join(names), transform=axes.transAxes, fontsize=7, va="top", linespacing=1.5)
    axes.set(title=chart.title, xlabel=chart.x_label, ylabel=chart.y_label)
    axes.grid(alpha=0.25)
    axes.legend(fontsize=7, frameon=False, ncols=4, loc="upper left", bbox_to_anchor=(0, -0.13))


@_draw.register
def _bars(chart: Bars, axes: Axes) -> None:
    rows = range(len(chart.labels))
    start = [0.0] * len(chart.labels)
    for i, category in enumerate(chart.categories):
        width = [values[i] for values in chart.values]
        axes.barh(rows, width, left=start, color=COLORS[i % len(COLORS)], label=category, height=0.72)
        start = [a + b for a, b in zip(start, width, strict=True)]
    low = [total.value - total.low for total in chart.totals]
    high = [total.high - total.value for total in chart.totals]
    axes.errorbar(start, rows, xerr=[low, high], fmt="none", ecolor="black", linewidth=0.9, capsize=2)
    axes.set_yticks(list(rows), chart.labels, fontsize=7)
    axes.invert_yaxis()
    axes.set(title=chart.title, xlabel=chart.axis_label)
    axes.margins(y=0.01)
    axes.legend(fontsize=7, frameon=False, ncols=5, loc="upper left", bbox_to_anchor=(0, -0.55 / _height(chart)))


@_draw.register
def _waterfall(chart: Waterfall, axes: Axes) -> None:
    labels = ["power budget", *(step.part for step in chart.steps), "typical margin", "3-sigma margin"]
    axes.barh(0, chart.budget_db, color=COLORS[0], height=0.7)
    for row, step in enumerate(chart.steps, 1):
        axes.barh(row, step.loss_db, left=step.left_db, color=COLORS[6], height=0.7)
        axes.annotate(
            f"-{step.loss_db:.2f}", (step.left_db + step.loss_db, row), (3, -3), textcoords="offset points", fontsize=7
        )
    for offset, margin_db in enumerate((chart.typical_margin_db, chart.margin_3sigma_db), len(chart.steps) + 1):
        axes.barh(offset, margin_db, color=_VERDICT.get(chart.verdict, COLORS[8]), height=0.7)
        axes.annotate(
            f"{margin_db:.2f}", (max(margin_db, 0.0), offset), (3, -3), textcoords="offset points", fontsize=7
        )
    axes.annotate(f"{chart.budget_db:.2f}", (chart.budget_db, 0), (3, -3), textcoords="offset points", fontsize=7)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_yticks(range(len(labels)), labels, fontsize=7)
    axes.invert_yaxis()
    axes.set(title=f"{chart.title}: {chart.verdict}", xlabel="dB")


@_draw.register
def _tornado(chart: TornadoChart, axes: Axes) -> None:
    for row, (_, low, high) in enumerate(chart.drivers):
        axes.barh(row, low - chart.center, left=chart.center, color=COLORS[4], height=0.7)
        axes.barh(row, high - chart.center, left=chart.center, color=COLORS[1], height=0.7)
    axes.axvline(chart.center, color="black", linewidth=0.8)
    axes.set_yticks(range(len(chart.drivers)), [name for name, *_ in chart.drivers], fontsize=7)
    axes.invert_yaxis()
    axes.set(title=chart.title, xlabel=chart.axis_label)
