# SPDX-License-Identifier: Apache-2.0
"""The data of charts as comma-separated text, numbers at full precision."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from functools import singledispatch
from typing import Any

import numpy as np

from experiments.charts.lines import Curves
from experiments.charts.shapes import (
    Bars,
    Chart,
    HeatMap,
    Intervals,
    Parallel,
    Points,
    Scatter,
    TornadoChart,
)
from experiments.charts.waterfall import Waterfall


def chart_csv(chart: Chart) -> str:
    """Return the data of a chart, with a line of headings that have units."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for row in _rows(chart):
        writer.writerow(["" if isinstance(item, float) and np.isnan(item) else item for item in row])
    return text.getvalue()


def _ends(label: str, ends: tuple[str, str] = ("low", "high")) -> tuple[str, ...]:
    """Return the headings of a value and the ends of its interval, each with the unit that the label ends with."""
    name, comma, unit = label.rpartition(", ")
    return (label, *(f"{name or unit} ({end}){comma}{unit if name else ''}" for end in ends))


@singledispatch
def _rows(chart: Chart) -> Iterable[Sequence[Any]]:
    raise TypeError(chart)


@_rows.register
def _scatter(chart: Scatter) -> Iterator[Sequence[Any]]:
    yield "design", "group", *_ends(chart.x_label), *_ends(chart.y_label), "closes", "on the front"
    for mark in chart.marks:
        ends = (mark.x.value, mark.x.low, mark.x.high, mark.y.value, mark.y.low, mark.y.high)
        yield mark.label, mark.group, *ends, mark.closes, mark.on_front


@_rows.register
def _points(chart: Points) -> Iterator[Sequence[Any]]:
    yield "run", "group", *_ends(chart.x_label), *_ends(chart.y_label), "worst link", "on the front"
    nothing = np.full((len(chart.x), 2), np.nan)
    ends = [each if len(each) else nothing for each in (chart.x_ends, chart.y_ends)]
    for i, label in enumerate(chart.labels):
        values = (float(chart.x[i]), *ends[0][i].tolist(), float(chart.y[i]), *ends[1][i].tolist())
        yield label, chart.groups[chart.group[i]], *values, chart.verdicts[i], bool(chart.on_front[i])


@_rows.register
def _bars(chart: Bars) -> Iterator[Sequence[Any]]:
    yield "run", *(f"{name}, {chart.unit}" for name in (*chart.categories, "total", "low", "high"))
    for label, values, total in zip(chart.labels, chart.values, chart.totals, strict=True):
        yield label, *values, total.value, total.low, total.high


@_rows.register
def _waterfall(chart: Waterfall) -> Iterator[Sequence[Any]]:
    yield "part", "mean loss, dB", "sigma, dB", "largest loss, dB", "left, dB"
    yield "power budget", "", "", "", chart.budget_db
    for step in chart.steps:
        yield step.part, step.loss_db, step.sigma_db, step.worst_db, step.left_db
    yield "typical margin", "", "", "", chart.typical_margin_db
    yield "3-sigma margin", "", "", "", chart.margin_3sigma_db
    yield "channel allowance of the standard", "", "", "", chart.allowance_db
    yield "worst-case margin", "", "", "", chart.worst_margin_db


@_rows.register
def _tornado(chart: TornadoChart) -> Iterator[Sequence[Any]]:
    yield "component value", f"{chart.axis_label} at its low end", f"{chart.axis_label} at its high end"
    yield from chart.drivers


@_rows.register
def _curves(chart: Curves) -> Iterator[Sequence[Any]]:
    marked = any(not np.isnan(curve.mark[0]) for curve in chart.curves)
    noted = any(curve.note for curve in chart.curves)
    yield "curve", chart.x_label, chart.y_label, *(("marked", "note") if noted else ("marked",) if marked else ())
    for curve in chart.curves:
        rest = ((False, curve.note) if noted else (False,)) if marked else ()
        points = [(x, y, *rest) for x, y in zip(curve.x.tolist(), curve.y.tolist(), strict=True)]
        if np.isfinite(curve.mark).all():
            points.append((*curve.mark, True, *rest[1:]))
        for point in points:
            yield curve.label, *point


@_rows.register
def _parallel(chart: Parallel) -> Iterator[Sequence[Any]]:
    yield "run", "group", *chart.axes
    for label, group, values in zip(chart.labels, chart.group.tolist(), chart.values.tolist(), strict=True):
        yield label, chart.groups[group], *values


@_rows.register
def _heat_map(chart: HeatMap) -> Iterator[Sequence[Any]]:
    yield chart.y_label, chart.x_label, *_ends(chart.value_label, ("least", "largest")), "runs"
    for i, y in enumerate(chart.y_values):
        for j, x in enumerate(chart.x_values):
            if chart.counts[i, j]:
                yield y, x, *(float(each[i, j]) for each in (chart.values, chart.low, chart.high)), chart.counts[i, j]


@_rows.register
def _intervals(chart: Intervals) -> Iterator[Sequence[Any]]:
    yield "run", *_ends(chart.axis_label)
    for label, value in zip(chart.labels, chart.values, strict=True):
        yield label, value.value, value.low, value.high
