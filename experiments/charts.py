# SPDX-License-Identifier: Apache-2.0
"""Charts as data: what is drawn, free of how. `experiments.drawing` renders them with matplotlib."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from experiments.compare import Column, Row, Table
from optinet.results import Run

_OTHER = "other"
_MOST_CATEGORIES = 8


@dataclass(frozen=True)
class Interval:
    """A value with the ends of its interval; they equal the value where none is known."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, value: float, low: float = math.nan, high: float = math.nan) -> Interval:
        """Return an interval that holds its value, whatever is missing."""
        ends = [end for end in (low, high) if not math.isnan(end)]
        return cls(value, min([value, *ends]), max([value, *ends]))


@dataclass(frozen=True)
class Mark:
    """One design in a scatter chart."""

    label: str
    group: str
    x: Interval
    y: Interval
    on_front: bool


@dataclass(frozen=True)
class Scatter:
    """Designs by two metrics.

    Parameters
    ----------
    title, x_label, y_label
        With units.
    marks
        The designs; `on_front` ones are labelled.
    """

    title: str
    x_label: str
    y_label: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Bars:
    """Stacked bars, one for each design.

    Parameters
    ----------
    title, axis_label
        With unit.
    labels, categories
        Of bars and of their parts.
    values
        One row for each bar, one entry for each category, all >= 0.
    totals
        The whole of each bar with its interval.
    left_out
        Designs that are not shown.
    """

    title: str
    axis_label: str
    labels: tuple[str, ...]
    categories: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]
    totals: tuple[Interval, ...]
    left_out: int = 0


@dataclass(frozen=True)
class Step:
    """One part of a link in a waterfall: what it loses, and the budget that is left after it."""

    part: str
    loss_db: float
    left_db: float


@dataclass(frozen=True)
class Waterfall:
    """A link budget from the power budget down to the margin.

    Parameters
    ----------
    title
        Link class, and the parts at its ends.
    budget_db
        Power budget between transmitter and receiver.
    steps
        Part by part; parts without loss are left out.
    typical_margin_db, margin_3sigma_db
        What is left, typically and less three sigma.
    verdict
        closes, at risk or infeasible.
    designs
        Designs whose links these are.
    """

    title: str
    budget_db: float
    steps: tuple[Step, ...]
    typical_margin_db: float
    margin_3sigma_db: float
    verdict: str
    designs: tuple[str, ...]


@dataclass(frozen=True)
class TornadoChart:
    """What moves a metric, the strongest first: (value, metric at its low end, metric at its high end)."""

    title: str
    axis_label: str
    center: float
    drivers: tuple[tuple[str, float, float], ...]


Chart: TypeAlias = Scatter | Bars | Waterfall | TornadoChart


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


def waterfalls(rows: Iterable[Row]) -> list[Waterfall]:
    """Return the different link budgets of some designs, those with the least margin first."""
    found: dict[tuple[Any, ...], tuple[dict[str, Any], list[str]]] = {}
    for row in rows:
        for budget in row.run.budgets:
            key = (budget["transmitter"], budget["receiver"], *budget["component"], *budget["cumulative_loss_db"])
            _, designs = found.setdefault(key, (budget, []))
            if row.case not in designs:
                designs.append(row.case)
    made = [_waterfall(budget, tuple(designs)) for budget, designs in found.values()]
    return sorted(made, key=lambda each: each.margin_3sigma_db)


def _waterfall(budget: dict[str, Any], designs: tuple[str, ...]) -> Waterfall:
    ends = budget["transmitter"], budget["receiver"]
    title = f"{budget['link_class']}: {ends[0]}" + ("" if ends[0] == ends[1] else f" to {ends[1]}")
    steps = []
    left_db = float(budget["power_budget_db"])
    for part, component, loss_db in zip(budget["part"], budget["component"], budget["mean_loss_db"], strict=True):
        if loss_db > 0:
            left_db -= float(loss_db)
            steps.append(Step(part if component in ends else f"{part} ({component})", float(loss_db), left_db))
    return Waterfall(
        title=title,
        budget_db=float(budget["power_budget_db"]),
        steps=tuple(steps),
        typical_margin_db=float(budget["typical_margin_db"]),
        margin_3sigma_db=float(budget["margin_3sigma_db"]),
        verdict=budget["verdict"],
        designs=designs,
    )


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
