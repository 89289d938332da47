# SPDX-License-Identifier: Apache-2.0
"""Designs side by side: their power and cost by category, two of their metrics, and one with its interval."""

from __future__ import annotations

import math
from collections.abc import Sequence

from experiments.charts.shapes import Bars, Interval, Intervals, Mark, Scatter
from experiments.columns import Column
from experiments.compare import Row, Table
from optinet.results import Run

_OTHER = "other"
_MOST_CATEGORIES = 8


def scatter(table: Table, x: Column, y: Column, title: str) -> Scatter:
    """Return the designs of a comparison that have both metrics."""
    marks = [
        Mark(row.case, _topology(row.run), _interval(row, x.key), _interval(row, y.key), bool(row.on_front))
        for row in table.rows
        if row.values.get(x.key) is not None and row.values.get(y.key) is not None
    ]
    return Scatter(title, _axis(x), _axis(y), tuple(marks))


def breakdown(rows: Sequence[Row], group: str, title: str, *, scale: float, unit: str, most: int) -> Bars:
    """Return the categories of a group of the run files, such as power, for the first designs.

    Parameters
    ----------
    rows
        Designs of a comparison.
    group
        "power" or "cost".
    title
        Of the chart.
    scale, unit
        Values are divided by the one and shown in the other.
    most
        Designs shown; the chart says how many are not.
    """
    value_name, total_name = {"power": ("power_w", "network_kw"), "cost": ("cost_usd", "cost_usd")}[group]
    parts = [_parts(row.run, group, value_name) for row in rows[:most]]
    sums: dict[str, float] = {}
    for each in parts:
        for name, value in each.items():
            sums[name] = sums.get(name, 0.0) + value
    largest = sorted(sums, key=lambda name: sums[name], reverse=True)
    kept = largest if len(largest) <= _MOST_CATEGORIES else largest[: _MOST_CATEGORIES - 1]
    kept = [name for name in sums if name in kept]
    categories = kept if len(kept) == len(sums) else [*kept, _OTHER]
    values, totals = [], []
    for row, each in zip(rows, parts, strict=False):
        other = sum(value for name, value in each.items() if name not in kept)
        values.append(tuple((other if name == _OTHER else each.get(name, 0.0)) / scale for name in categories))
        totals.append(_total(row.run, total_name, sum(values[-1])))
    labels = tuple(row.case for row in rows[:most])
    return Bars(title, unit, labels, tuple(categories), tuple(values), tuple(totals), max(0, len(rows) - most))


def intervals(rows: Sequence[Row], name: str, label: str, *, most: int) -> Intervals:
    """Return a metric of the first designs that have it, each with its interval."""
    having = [row for row in rows if name in row.run.metrics and not math.isnan(row.run.metrics[name].value)]
    metrics = [row.run.metrics[name] for row in having[:most]]
    values = tuple(Interval.of(metric.value, metric.low, metric.high) for metric in metrics)
    return Intervals(label, label, tuple(r.case for r in having[:most]), values, max(0, len(having) - most))


def _parts(run: Run, group: str, value_name: str) -> dict[str, float]:
    table = run.table(group)
    return dict(zip(table.get("category", ()), map(float, table.get(value_name, ())), strict=True))


def _total(run: Run, name: str, total: float) -> Interval:
    metric = run.metrics.get(name)
    if metric is None or not metric.value or math.isnan(metric.low):
        return Interval.of(total)
    return Interval.of(total, *(total * end / metric.value for end in (metric.low, metric.high)))


def _interval(row: Row, key: str) -> Interval:
    metric = row.run.metrics.get(key)
    value = float(row.values[key])
    return Interval.of(value, metric.low, metric.high) if metric is not None else Interval.of(value)


def _topology(run: Run) -> str:
    return str(run.scenario.get("topology", {}).get("name", ""))


def _axis(column: Column) -> str:
    *words, unit = column.heading
    text = " ".join(filter(None, words)).replace("_ ", "_").replace("- ", "")
    return f"{text}, {unit}" if unit else text
