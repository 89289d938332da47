# SPDX-License-Identifier: Apache-2.0
"""Many runs at once, from columns of their values: a front, parallel axes, and a heat map."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from experiments.charts.shapes import Floats, HeatMap, Ints, Parallel, Points
from experiments.columns import CLOSING
from experiments.labels import label_of
from experiments.pareto import Goal, front_of
from experiments.plain_values import format_number, powered
from optinet.metric import higher_is_better

_MOST_GROUPS = 11  # as many as there are colors, with one for the rest
_OTHERS = "others"
MOST_VALUES = 60  # distinct values of a parameter, beyond which a map of it cannot be read
_DECADES = 1e5  # largest over least value of a parameter from which on it is written in powers of ten
_MOST_TRIED = 14  # parameters whose pairs are looked at for a map
PARALLEL_AXES = (
    "delivered_gbps_per_endpoint",
    "latency_mean_ns",
    "latency_p99_ns",
    "network_kw",
    "energy_pj_per_bit",
    "cost_per_endpoint_usd",
    "worst_link_3sigma_margin_db",
    "reconfiguration_ms",
    "failures_per_day",
)
"""Metrics that tell designs apart, in the order in which they are read."""


@dataclass(frozen=True)
class Runs:
    """What a chart of many runs says of each; all of shape (n_runs,).

    Parameters
    ----------
    labels, groups
        Names of the runs, and what colors tell apart.
    workloads
        A run is beaten by runs of its own workload alone.
    verdicts
        Of the worst links; a run whose links do not close is shown, but beats nobody.
    """

    labels: Sequence[str]
    groups: Sequence[str]
    workloads: Sequence[str]
    verdicts: Sequence[str]


def points(
    axes: tuple[str, str], x: Floats, y: Floats, runs: Runs, also: Mapping[str, Floats] | None = None
) -> tuple[Points, Ints]:
    """Return the runs that have both values, and which of the given ones they are.

    Parameters
    ----------
    axes
        Names of the two metrics, which say which way is better.
    x, y
        Values of each run.
    runs
        What else there is of them.
    also
        More metrics, by name, in which a run may be better than those that surpass it on both axes.
    """
    rows: Ints = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    found = dict(zip(axes, (x, y), strict=True)) | dict(also or {})
    goals = [Goal(name, higher_is_better(name)) for name in found]
    costs = np.column_stack([(-v if g.higher else v)[rows] for g, v in zip(goals, found.values(), strict=True)])
    group_names, group = grouped([runs.groups[row] for row in rows])
    verdicts = tuple(runs.verdicts[row] for row in rows)
    costs[[verdict not in CLOSING for verdict in verdicts]] = np.nan
    on_front, fronts = _fronts(costs, [runs.workloads[row] for row in rows])
    order = np.lexsort((y[rows], x[rows]))
    lines = tuple(order[np.isin(order, front)] for front in fronts) if len(found) == len(axes) else ()
    x_label, y_label = map(label_of, axes)
    chart = Points(
        f"{y_label} against {x_label}",
        x_label,
        y_label,
        tuple(runs.labels[row] for row in rows),
        x[rows],
        y[rows],
        group_names,
        group,
        verdicts,
        on_front,
        tuple(map(str, goals)),
        lines,
    )
    return chart, rows


def _fronts(costs: Floats, workloads: Sequence[str]) -> tuple[NDArray[np.bool_], list[Ints]]:
    """Return which rows no other row of their workload beats, and those rows workload by workload."""
    order = {name: i for i, name in enumerate(dict.fromkeys(workloads))}
    place = np.array([order[name] for name in workloads], dtype=np.int64)
    on_front, fronts = np.zeros(len(costs), dtype=bool), []
    for i in range(len(order)):
        mine = np.flatnonzero(place == i)
        fronts.append(mine[front_of(costs[mine])])
        on_front[fronts[-1]] = True
    return on_front, fronts


def grouped(texts: Sequence[str]) -> tuple[tuple[str, ...], Ints]:
    """Return the distinct texts, the most frequent first and the rare ones as one, and the place of each."""
    names, place, counts = np.unique(np.array(texts or [""], dtype=object), return_inverse=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    found = [str(names[i]) or "none" for i in order]
    if len(found) > _MOST_GROUPS:
        found = [*found[: _MOST_GROUPS - 1], _OTHERS]
    group = np.minimum(rank[place], len(found) - 1)[: len(texts)]
    return tuple(found if texts else ()), group


def parallel(
    names: Sequence[str], axis_labels: Sequence[str], labels: Sequence[str], values: Floats, groups: Sequence[str]
) -> tuple[Parallel, Ints]:
    """Return the runs that have at least two of the values, and which of the given ones they are.

    An axis on which no run has a value is left out.
    """
    used = [i for i in range(len(names)) if np.isfinite(values[:, i]).any()]
    known = np.where(np.isfinite(values[:, used]), values[:, used], np.nan)
    rows: Ints = np.flatnonzero((~np.isnan(known)).sum(axis=1) >= 2)
    group_names, group = grouped([groups[row] for row in rows])
    chart = Parallel(
        "Designs over several metrics",
        tuple(axis_labels[i] for i in used),
        tuple(higher_is_better(names[i]) for i in used),
        tuple(labels[row] for row in rows),
        known[rows],
        group_names,
        group,
    )
    return chart, rows


def heat_map(
    x_label: str, y_label: str, value_label: str, x: Sequence[str | float], y: Sequence[str | float], values: Floats
) -> HeatMap:
    """Return the mean of a value over the runs of each pair of parameters.

    Parameters
    ----------
    x_label, y_label, value_label
        With units.
    x, y
        The parameters of each run: texts, or numbers with NaN for a run that does not have it.
    values
        The value of each run; shape (n_runs,).
    """
    (x_values, column), (y_values, row) = _distinct(x), _distinct(y)
    x_ticks, y_ticks = _ticks(x_values), _ticks(y_values)
    known = np.isfinite(values) & (column >= 0) & (row >= 0)
    shape = (len(y_ticks), len(x_ticks))
    size = shape[0] * shape[1]
    cell = np.where(known, row * shape[1] + column, -1)
    inside, found = cell[known], values[known]
    counts = np.bincount(inside, minlength=size)
    sums = np.bincount(inside, found, minlength=size)
    low, high = np.full(size, np.inf), np.full(size, -np.inf)
    np.minimum.at(low, inside, found)
    np.maximum.at(high, inside, found)
    empty = counts == 0
    mean, low, high = (np.where(empty, np.nan, each) for each in (sums / np.maximum(counts, 1), low, high))
    return HeatMap(
        "{} over {} and {}".format(*(label.rpartition(", ")[0] or label for label in (value_label, x_label, y_label))),
        x_label,
        y_label,
        value_label,
        x_ticks,
        y_ticks,
        x_values,
        y_values,
        mean.reshape(shape),
        counts.reshape(shape),
        low.reshape(shape),
        high.reshape(shape),
        cell,
    )


def parameters(columns: Mapping[str, Sequence[str | float]]) -> list[str]:
    """Return which columns have several values, few enough to be read: those that people name first, then numbers.

    Parameters
    ----------
    columns
        A value of each run by name, texts or numbers; names with a dot are keys of scenarios.
    """
    found = []
    for name, column in columns.items():
        values = {value for value in column if value != "" and value == value}
        if 2 <= len(values) <= MOST_VALUES:
            found.append((name, isinstance(next(iter(values)), str), len(values)))
    return [name for name, *_ in sorted(found, key=lambda item: ("." in item[0], item[1], -item[2]))]


def fullest_pair(columns: Mapping[str, Sequence[str | float]]) -> tuple[str, str]:
    """Return the two columns whose map has the most cells with runs and the fewest without; long names go up."""
    places = {}
    for name, values in list(columns.items())[:_MOST_TRIED]:
        order = {value: i for i, value in enumerate(dict.fromkeys(values))}
        places[name] = np.array([order[value] for value in values]), len(order)

    def filled(pair: tuple[str, str]) -> float:
        (one, n_one), (other, n_other) = (places[name] for name in pair)
        cells = len(np.unique(one * n_other + other))
        return cells * cells / (n_one * n_other)

    one, other = max(combinations(places, 2), key=filled)
    longest = [max(len(str(value)) for value in columns[name]) for name in (one, other)]
    return (one, other) if longest[0] <= longest[1] else (other, one)


def telling(names: Iterable[str], make: Callable[[str], HeatMap]) -> tuple[str, HeatMap] | None:
    """Return the first metric whose map changes along both parameters, and its map; None if none does.

    Parameters
    ----------
    names
        Metrics, those that are wanted most first.
    make
        Returns the map of one.
    """
    maps = ((name, make(name)) for name in names)
    return next(((name, chart) for name, chart in maps if chart.varies_both_ways), None)


def _distinct(values: Sequence[str | float]) -> tuple[tuple[str | float, ...], Ints]:
    """Return the distinct values in order, and the place of each; -1 for a missing one."""
    known = [value for value in values if value != "" and not (isinstance(value, float) and math.isnan(value))]
    numeric = all(not isinstance(value, str) for value in known)
    ordered = tuple(sorted(set(known), key=float if numeric else str))
    place = {value: i for i, value in enumerate(ordered)}
    return ordered, np.array([place.get(value, -1) for value in values], dtype=np.int64)


def _ticks(values: Sequence[str | float]) -> tuple[str, ...]:
    """Return values as texts, no two numbers by the same one; of many decades as powers of ten."""
    numbers = [value for value in values if not isinstance(value, str)]
    if len(numbers) < len(values):
        return tuple(map(str, values))
    sizes = [abs(value) for value in numbers if value]
    if sizes and max(sizes) >= _DECADES * min(sizes):
        return tuple(map(_powered, numbers))
    texts = tuple(map(format_number, numbers))
    return texts if len(set(texts)) == len(texts) else tuple(f"{value:,.9g}" for value in numbers)


def _powered(value: float) -> str:
    """Return a number such as 3×10⁻⁶; digits and power of those near one are written out."""
    if value == 0 or 1e-2 <= abs(value) < 1e4:
        return format_number(value)
    return powered(value)
