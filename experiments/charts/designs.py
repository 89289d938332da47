# SPDX-License-Identifier: Apache-2.0
"""Designs side by side: what power, cost and latency consist of, two of their metrics, and one with its interval."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

from experiments.charts.shapes import MOST_CATEGORIES, Bars, Interval, Intervals, Mark, Scatter
from experiments.columns import Column
from experiments.compare import Row, Table
from experiments.labels import label_of, readable
from optinet.results import Run

Group: TypeAlias = Literal["power", "cost", "place", "latency"]
Per: TypeAlias = Literal["all", "endpoint", "delivered"]

MEASURES: Mapping[tuple[Group, Per], tuple[str, float]] = {
    ("power", "all"): ("Network power, kW", 1e3),
    ("power", "endpoint"): ("Network power, W/endpoint", 1.0),
    ("power", "delivered"): ("Network energy, pJ per delivered bit", 1e-3),  # 1 W per Gb/s is 1000 pJ per bit
    ("cost", "all"): ("Cost of all parts, million USD", 1e6),
    ("cost", "endpoint"): ("Cost of all parts, USD/endpoint", 1.0),
    ("cost", "delivered"): ("Cost of all parts, USD per delivered Gb/s", 1.0),
    ("place", "all"): ("Cost by tier and link class, million USD", 1e6),
    ("place", "endpoint"): ("Cost by tier and link class, USD/endpoint", 1.0),
    ("place", "delivered"): ("Cost by tier and link class, USD per delivered Gb/s", 1.0),
    ("latency", "all"): ("Mean latency at zero load, ns", 1.0),
}
"""Axis of each breakdown, and what watts, dollars or nanoseconds are divided by besides."""
_TABLES: Mapping[Group, tuple[str, str, str, str]] = {  # of the run file, names and values in it, metric of the total
    "power": ("power", "category", "power_w", "network_kw"),
    "cost": ("cost", "category", "cost_usd", "cost_usd"),
    "place": ("bom", "where", "cost_usd", "cost_usd"),
    "latency": ("latency", "part", "part_ns", "latency_mean_ns"),
}

_OTHER = "other"


def scatter(table: Table, x: Column, y: Column, title: str) -> Scatter:
    """Return the designs of a comparison that have both metrics."""
    marks = [
        Mark(
            row.case,
            _topology(row.run),
            _interval(row, x.key),
            _interval(row, y.key),
            bool(row.on_front),
            row.closes,
        )
        for row in table.rows
        if row.values.get(x.key) is not None and row.values.get(y.key) is not None
    ]
    return Scatter(title, label_of(x.key), label_of(y.key), tuple(marks))


def breakdown(rows: Sequence[Row], group: Group, *, per: Per = "all", most: int) -> Bars:
    """Return the categories of a group of the run files for the first designs that have what they are divided by.

    Categories that are small in every design are one, "other"; what is saved, such as by shorter electrical lanes, is
    never among them.

    Parameters
    ----------
    rows
        Designs of a comparison.
    group
        "power" or "cost" by what it is of, "place" for cost by where it is, or "latency" by where the time goes.
    per
        Whether all of a design is shown, or what that is for each of its endpoints, or for what it delivers.
    most
        Designs shown; the chart says how many are not.
    """
    having = [row for row in rows if divisor(row.run, per) > 0]
    shown = having[:most]
    label, scale = MEASURES[group, per]
    parts = [_parts(row.run, group, scale * divisor(row.run, per)) for row in shown]
    shares: dict[str, float] = {}  # the largest that each has of a design
    for each in parts:
        whole = sum(map(abs, each.values())) or 1.0
        for name, value in each.items():
            shares[name] = max(shares.get(name, 0.0), 1.0 if value < 0 else value / whole)
    shares = {name: share for name, share in shares.items() if share} or shares  # a legend names what can be seen
    largest = sorted(shares, key=lambda name: shares[name], reverse=True)
    few = largest if len(largest) <= MOST_CATEGORIES else largest[: MOST_CATEGORIES - 1]
    kept = [name for name in shares if name in few]
    categories = kept if len(kept) == len(shares) else [*kept, _OTHER]
    values, totals = [], []
    for row, each in zip(shown, parts, strict=True):
        other = sum(value for name, value in each.items() if name not in kept)
        values.append(tuple(other if name == _OTHER else each.get(name, 0.0) for name in categories))
        totals.append(_total(row.run, group, sum(values[-1])))
    return Bars(
        label.rpartition(", ")[0],
        label,
        tuple(row.case for row in shown),
        tuple(map(readable, categories)),
        tuple(values),
        tuple(totals),
        len(having) - len(shown),
    )


def divisor(run: Run, per: Per) -> float:
    """Return what power or cost are divided by: 1, the endpoints, or what is delivered in Gb/s; NaN if not known."""
    if per == "all":
        return 1.0
    name, scale = {"endpoint": ("endpoints", 1.0), "delivered": ("delivered_tbps", 1e3)}[per]
    return scale * run.metrics[name].value if name in run.metrics else math.nan


def intervals(rows: Sequence[Row], name: str, label: str, *, most: int) -> Intervals:
    """Return a metric of the first designs that have it, each with its interval."""
    having = [row for row in rows if name in row.run.metrics and not math.isnan(row.run.metrics[name].value)]
    metrics = [row.run.metrics[name] for row in having[:most]]
    values = tuple(Interval.of(metric.value, metric.low, metric.high) for metric in metrics)
    return Intervals(label, label, tuple(r.case for r in having[:most]), values, max(0, len(having) - most))


def _parts(run: Run, group: Group, divided_by: float) -> dict[str, float]:
    table_name, key, value_name, _ = _TABLES[group]
    table = run.table(table_name)
    found: dict[str, float] = {}
    for name, value in zip(table.get(key, ()), map(float, table.get(value_name, ())), strict=True):
        if not math.isnan(value):  # what is in the price of something else
            found[name] = found.get(name, 0.0) + value / divided_by
    return found


def _total(run: Run, group: Group, total: float) -> Interval:
    metric = run.metrics.get(_TABLES[group][-1])
    if metric is None or not metric.value or math.isnan(metric.low):
        return Interval.of(total)
    return Interval.of(total, *(total * end / metric.value for end in (metric.low, metric.high)))


def _interval(row: Row, key: str) -> Interval:
    metric = row.run.metrics.get(key)
    value = float(row.values[key])
    return Interval.of(value, metric.low, metric.high) if metric is not None else Interval.of(value)


def _topology(run: Run) -> str:
    return str(run.scenario.get("topology", {}).get("name", ""))
