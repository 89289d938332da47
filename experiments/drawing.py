# SPDX-License-Identifier: Apache-2.0
"""Charts drawn with matplotlib, as SVG to stand inside a page or as PNG."""

from __future__ import annotations

import io
import math
import re
import textwrap
from collections.abc import Iterable, Sequence
from functools import singledispatch
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from experiments.charts import (
    Bars,
    Chart,
    Curves,
    HeatMap,
    Intervals,
    Mark,
    Parallel,
    Points,
    Scatter,
    TornadoChart,
    Waterfall,
)
from experiments.plain_values import decimals_of, format_number

# color-blind safe, after M. Okabe and K. Ito, "Color Universal Design", 2008
COLORS = (
    *("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8c8c8c", "#b8a900", "#c3cad4"),
    *("#332288", "#882255", "#44aa99", "#663333"),  # after P. Tol, "Colour Schemes", SRON note, 2021
)
_VERDICT = {"closes": "#009e73", "at risk": "#e69f00", "infeasible": "#d55e00"}
_MARKS = "osD^vP*X"
_NAMED = 20  # designs on the front that are numbered
_FITS = 90  # letters on the axis below a heat map, beyond which they are slanted
_MOST_WRITTEN = 160  # cells of a heat map whose value is written into them
_LEGEND_COLUMNS, _LEGEND_LETTERS, _LEGEND_LINE = 3, 130, 0.17
_DASHES = ("-", "--", ":", "-.")  # let a line be seen under another
_STYLE: dict[Any, Any] = {
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
    if isinstance(chart, Scatter | Points):
        return 4.6
    if isinstance(chart, Curves):
        return 3.4 + _LEGEND_LINE * math.ceil(len(chart.lines) / _columns(line.label for line in chart.lines))
    if isinstance(chart, Parallel):
        return 3.9 + _LEGEND_LINE * math.ceil(len(chart.groups) / _columns(chart.groups))
    if isinstance(chart, HeatMap):
        return 1.7 + 0.3 * len(chart.y_ticks)
    if isinstance(chart, Intervals):
        return 1.3 + 0.28 * len(chart.labels)
    if isinstance(chart, Bars):
        return 1.7 + 0.24 * len(chart.labels)
    if isinstance(chart, Waterfall):
        return 1.4 + 0.24 * len(chart.rows)
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
        hollow = [mark for mark in marks if not mark.closes]
        x, y = [mark.x.value for mark in hollow], [mark.y.value for mark in hollow]
        axes.plot(x, y, symbol, mfc="white", mec=color, ms=5, zorder=3)
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
    starts, widths = chart.stacks()
    for i, (category, color) in enumerate(zip(chart.categories, chart.colors, strict=True)):
        axes.barh(rows, widths[:, i], left=starts[:, i], color=_color(color), label=category, height=0.72)
    if np.any(starts < 0):
        axes.axvline(0, color="black", linewidth=0.8)
    totals = chart.totals
    decimals = decimals_of([t.value for t in totals])
    ends = [[t.value - t.low for t in totals], [t.high - t.value for t in totals]]
    axes.errorbar([t.value for t in totals], rows, xerr=ends, fmt=".", color="black", linewidth=0.9, capsize=2)
    for row, right in enumerate(np.maximum((starts + widths).max(axis=1, initial=0.0), [t.high for t in totals])):
        axes.annotate(
            format_number(totals[row].value, decimals), (right, row), (4, -2.5), textcoords="offset points", fontsize=7
        )
    axes.set_yticks(list(rows), chart.labels, fontsize=7)
    axes.invert_yaxis()
    axes.set(title=chart.title, xlabel=chart.axis_label)
    axes.margins(y=0.01)
    axes.legend(fontsize=7, frameon=False, ncols=5, loc="upper left", bbox_to_anchor=(0, -0.55 / _height(chart)))


@_draw.register
def _waterfall(chart: Waterfall, axes: Axes) -> None:
    colors = {"budget": COLORS[0], "loss": COLORS[6], "margin": _VERDICT.get(chart.verdict, COLORS[8])}
    for place, row in enumerate(chart.rows):
        left, right = sorted((row.start_db, row.end_db))
        color = colors.get(row.kind, "none")
        axes.barh(place, right - left, left=left, height=0.7, color=color, edgecolor=colors.get(row.kind, COLORS[6]))
        axes.annotate(row.text, (max(right, 0.0), place), (3, -3), textcoords="offset points", fontsize=7)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_yticks(range(len(chart.rows)), [row.label for row in chart.rows], fontsize=7)
    axes.invert_yaxis()
    axes.set(title=f"{chart.title}: {chart.verdict}", xlabel="Optical power, dB")


@_draw.register
def _tornado(chart: TornadoChart, axes: Axes) -> None:
    for row, (_, low, high) in enumerate(chart.drivers):
        axes.barh(row, low - chart.center, left=chart.center, color=COLORS[4], height=0.7)
        axes.barh(row, high - chart.center, left=chart.center, color=COLORS[1], height=0.7)
    axes.axvline(chart.center, color="black", linewidth=0.8)
    axes.set_yticks(range(len(chart.drivers)), [name for name, *_ in chart.drivers], fontsize=7)
    axes.invert_yaxis()
    axes.set(title=chart.title, xlabel=chart.axis_label)
    ends = [Patch(color=COLORS[4], label="at its low end"), Patch(color=COLORS[1], label="at its high end")]
    axes.legend(handles=ends, fontsize=7, frameon=False, loc="lower right")


@_draw.register
def _points(chart: Points, axes: Axes) -> None:
    for i, name in enumerate(chart.groups):
        for closes, filled in ((True, "full"), (False, "none")):
            mine = (chart.group == i) & (chart.closes == closes)
            (marks,) = axes.plot(chart.x[mine], chart.y[mine], _MARKS[i % len(_MARKS)], color=_color(i), markersize=4)
            marks.set(fillstyle=filled, label=name if closes else "_")
    on = chart.on_front
    goals = ", ".join(chart.goals)
    axes.plot(chart.x[on], chart.y[on], "o", mfc="none", mec="black", ms=9, label=f"on the front: {goals}")
    axes.set(title=chart.title, xlabel=chart.x_label, ylabel=chart.y_label)
    axes.grid(alpha=0.25)
    _legend_below(axes, chart.groups, _height(chart))


@_draw.register
def _curves(chart: Curves, axes: Axes) -> None:
    for i, line in enumerate(chart.lines):
        curve, color = line.curve, _color(i)
        axes.plot(*chart.path(curve), _DASHES[i % len(_DASHES)], color=color, linewidth=1.4, label=line.label)
        if chart.is_dotted(curve):
            axes.plot(curve.x, curve.y, ".", color=color, markersize=4)
        if not math.isnan(curve.mark[0]):
            axes.plot(*curve.mark, "o", color=color, markersize=5, markeredgecolor="black", markeredgewidth=0.6)
    if chart.log_x:
        axes.set_xscale("log")
    if chart.x_range is not None:
        axes.update_datalim([(end, 0.0) for end in chart.x_range], updatey=False)
        axes.autoscale_view(scaley=False)
    if chart.y_range is not None:
        low, high = chart.y_range
        axes.set_ylim(low - 0.02 * (high - low), max(high, axes.get_ylim()[1]) + 0.02 * (high - low))
    more = f" ({chart.left_out} more are not shown)" if chart.left_out else ""
    axes.set(title=f"{chart.title}{more}", xlabel=chart.x_label, ylabel=chart.y_label)
    axes.grid(alpha=0.25)
    _legend_below(axes, [line.label for line in chart.lines], _height(chart))


@_draw.register
def _parallel(chart: Parallel, axes: Axes) -> None:
    (low, high), heights, places = chart.ends, chart.heights, np.arange(len(chart.axes))
    for place in places:
        axes.axvline(float(place), color="#c6cbd3", linewidth=1.0, zorder=0)
        for end, value, side in ((0.0, low[place], "top"), (1.0, high[place], "bottom")):
            axes.annotate(
                format_number(float(value)),
                (place, end),
                (0, 3 if end else -3),
                textcoords="offset points",
                ha="center",
                va=side,
                fontsize=7,
            )
    named: set[int] = set()
    for row, group in zip(heights, chart.group.tolist(), strict=True):
        name = "_" if group in named else chart.groups[group]
        named.add(group)
        axes.plot(places, row, color=_color(group), linewidth=1.1, marker=".", markersize=4, label=name)
    told = [
        f"{'more' if high else 'less'} is better{chr(10) + 'logarithmic' if is_log else ''}"
        for high, is_log in zip(chart.better_high, chart.logarithmic, strict=True)
    ]
    names = [
        f"{textwrap.fill(name, 14, break_long_words=False)}\n{words}"
        for name, words in zip(chart.axes, told, strict=True)
    ]
    axes.set_xticks(places, names, fontsize=6.5)
    axes.set_yticks([])
    axes.set_ylim(-0.09, 1.09)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.tick_params(length=0)
    axes.set(title=chart.title)
    _legend_below(axes, chart.groups, _height(chart), 0.62 + 0.12 * max(name.count("\n") for name in names))


@_draw.register
def _heat_map(chart: HeatMap, axes: Axes) -> None:
    image = axes.pcolormesh(np.ma.masked_invalid(chart.values), cmap="cividis", edgecolors="face")
    figure = axes.get_figure(root=True)
    assert figure is not None  # the axes are of one
    solids = figure.colorbar(image, ax=axes, label=chart.value_label).solids
    if solids is not None:
        solids.set(rasterized=False, edgecolor="face")  # a page holds no pictures of pixels
    axes.set_xticks(np.arange(len(chart.x_ticks)) + 0.5, chart.x_ticks, fontsize=7)
    axes.set_yticks(np.arange(len(chart.y_ticks)) + 0.5, chart.y_ticks, fontsize=7)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.tick_params(length=0)
    if max(map(len, chart.x_ticks), default=0) * len(chart.x_ticks) > _FITS:
        axes.tick_params(axis="x", rotation=45)
    if chart.values.size <= _MOST_WRITTEN:
        dark = np.ma.filled(image.norm(np.ma.masked_invalid(chart.values)), 1.0) < 0.5
        decimals = decimals_of(chart.values.ravel())
        for (row, column), value in np.ndenumerate(chart.values):
            if text := format_number(float(value), decimals):
                color = "white" if dark[row, column] else "black"
                axes.text(column + 0.5, row + 0.5, text, ha="center", va="center", fontsize=7, color=color)
    axes.set(title=chart.title, xlabel=chart.x_label, ylabel=chart.y_label)


@_draw.register
def _intervals(chart: Intervals, axes: Axes) -> None:
    rows = range(len(chart.labels))
    values = [each.value for each in chart.values]
    ends = [[v.value - v.low for v in chart.values], [v.high - v.value for v in chart.values]]
    axes.errorbar(values, rows, xerr=ends, fmt="o", color=COLORS[0], capsize=3, markersize=5)
    axes.set_yticks(list(rows), chart.labels, fontsize=7)
    axes.invert_yaxis()
    more = f" ({chart.left_out} more are not shown)" if chart.left_out else ""
    axes.set(title=f"{chart.title}{more}", xlabel=chart.axis_label)
    axes.margins(y=0.3 / len(chart.labels))
    axes.grid(axis="x", alpha=0.25)


def _color(i: int) -> str:
    return COLORS[i % len(COLORS)]


def _columns(names: Iterable[str]) -> int:
    """Return how many columns a legend has: as many as its longest name leaves room for."""
    longest = max(map(len, names), default=0)
    return max(1, min(_LEGEND_COLUMNS, _LEGEND_LETTERS // (longest + 6)))


def _legend_below(axes: Axes, names: Sequence[str], height: float, below: float = 0.5) -> None:
    """Write the legend below the axis, `below` inches under it."""
    place = (0, -below / (height - 1.2))
    axes.legend(fontsize=7, frameon=False, ncols=_columns(names), loc="upper left", bbox_to_anchor=place)
