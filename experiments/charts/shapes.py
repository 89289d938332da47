# SPDX-License-Identifier: Apache-2.0
"""What charts are made of: data with labels and units, free of how they are drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from experiments.charts.lines import Curves
from experiments.charts.waterfall import Waterfall
from experiments.columns import CLOSING

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
_SAME = 1e-9  # relative; less is rounding
_LOG_FROM = 1000.0  # largest over least value from which on an axis is logarithmic
MOST_CATEGORIES = 9
"""Parts of a stacked bar."""
_ALIKE = (
    ("switch",),
    ("module DSP", "module", "modules"),
    ("module laser", "fiber", "propagation"),
    ("module driver", "jumper", "PHY"),
    ("NIC", "endpoints"),
    ("OCS",),
    ("cable",),
    ("SerDes difference", "panel"),
    ("chip network", "chip"),
    ("external laser",),
    ("module TIA", "connector", "PM connector"),
    ("other",),
    ("module other", "shuffle", "circulator"),
)
"""Parts by their colors, so that one has the same in every chart.

Those of power have a color each; of those of cost the two last pairs share one, the second of which takes a free color
in a chart that has both.
"""
_PLACES = {name: place for place, names in enumerate(_ALIKE) for name in names}


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
    """One design in a scatter chart; `closes` tells whether its links do, with three sigma to spare."""

    label: str
    group: str
    x: Interval
    y: Interval
    on_front: bool
    closes: bool = True


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
        The label ends with a comma and the unit.
    labels, categories
        Of bars and of their parts.
    values
        One row for each bar, one entry for each category; what is saved is negative.
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

    @property
    def unit(self) -> str:
        """Unit of the values."""
        return self.axis_label.rpartition(", ")[2]

    @property
    def colors(self) -> tuple[int, ...]:
        """Place of the color of each category among those of a theme: of a known part always the same."""
        places: dict[int, str] = {}
        for name in self.categories:
            if name in _PLACES:
                places.setdefault(_PLACES[name], name)
        own = {name: place for place, name in places.items()}
        free = iter([place for place in range(len(_ALIKE)) if place not in places])
        return tuple(own[name] if name in own else next(free, 0) for name in self.categories)

    def stacks(self) -> tuple[Floats, Floats]:
        """Return where each part starts and how wide it is, both of shape (n_bars, n_categories).

        Parts follow each other to the right of nothing, those that are saved to the left of it.
        """
        values = np.array(self.values, dtype=np.float64).reshape(len(self.labels), len(self.categories))
        needed, saved = np.maximum(values, 0.0), np.minimum(values, 0.0)
        return np.where(values < 0, np.cumsum(saved, axis=1), np.cumsum(needed, axis=1) - needed), np.abs(values)


@dataclass(frozen=True)
class TornadoChart:
    """What moves a metric, the strongest first: (value, metric at its low end, metric at its high end)."""

    title: str
    axis_label: str
    center: float
    drivers: tuple[tuple[str, float, float], ...]


@dataclass(frozen=True, eq=False)
class Points:
    """Many runs by two values.

    Parameters
    ----------
    title, x_label, y_label
        With units.
    labels
        Of the runs.
    x, y
        Shape (n_runs,); a run without one of them is not here.
    groups, group
        Names of groups, and which of them each run belongs to; shape (n_runs,).
    verdicts
        Of the worst link of each run.
    on_front
        Whether no other run of the same workload is better in one of the goals and as good in the others; shape
        (n_runs,).
    goals
        What better means, in words, a goal each.
    lines
        Rows of `on_front` runs that a line goes through, one for each workload; none where goals are more than two.
    x_ends, y_ends
        Ends of the intervals, NaN where none is known; shape (n_runs, 2), or empty where nobody has asked.
    """

    title: str
    x_label: str
    y_label: str
    labels: tuple[str, ...]
    x: Floats
    y: Floats
    groups: tuple[str, ...]
    group: Ints
    verdicts: tuple[str, ...]
    on_front: NDArray[np.bool_]
    goals: tuple[str, ...] = ()
    lines: tuple[Ints, ...] = ()
    x_ends: Floats = field(default_factory=lambda: np.zeros((0, 2)))
    y_ends: Floats = field(default_factory=lambda: np.zeros((0, 2)))

    @property
    def closes(self) -> NDArray[np.bool_]:
        """Whether the links of each run close with three sigma to spare, or it has none; shape (n_runs,)."""
        return np.array([verdict in CLOSING for verdict in self.verdicts], dtype=bool)


@dataclass(frozen=True, eq=False)
class Parallel:
    """Many runs by several values, each on an axis of its own.

    Parameters
    ----------
    title
        Of the chart.
    axes
        Names with units.
    better_high
        Whether more is better, axis by axis.
    labels
        Of the runs.
    values
        Shape (n_runs, n_axes); NaN where a run has no such value.
    groups, group
        Names of groups, and which of them each run belongs to; shape (n_runs,).
    """

    title: str
    axes: tuple[str, ...]
    better_high: tuple[bool, ...]
    labels: tuple[str, ...]
    values: Floats
    groups: tuple[str, ...]
    group: Ints

    @cached_property
    def ends(self) -> tuple[Floats, Floats]:
        """Least and largest value of each axis; both of shape (n_axes,)."""
        return np.nanmin(self.values, axis=0), np.nanmax(self.values, axis=0)

    @cached_property
    def logarithmic(self) -> NDArray[np.bool_]:
        """Which axes span so many decades that all but the largest values would lie on their foot; shape (n_axes,)."""
        low, high = self.ends
        is_wide: NDArray[np.bool_] = (low > 0) & (high >= _LOG_FROM * low)
        return is_wide

    @cached_property
    def heights(self) -> Floats:
        """Where the values lie on their axes, 0 to 1, half way up where all are the same; shape as of the values."""
        places = [
            np.log10(each) if is_log else each for each, is_log in zip(self.values.T, self.logarithmic, strict=True)
        ]
        heights = np.array(places, dtype=np.float64).reshape(len(self.axes), len(self.labels)).T
        low, high = np.nanmin(heights, axis=0), np.nanmax(heights, axis=0)
        differs = high - low > _SAME * np.maximum(np.abs(high), np.abs(low))
        middle = np.where(np.isnan(heights), np.nan, 0.5)
        return np.where(differs, (heights - low) / np.where(differs, high - low, 1.0), middle)


@dataclass(frozen=True, eq=False)
class HeatMap:
    """A value over two parameters of a sweep.

    Parameters
    ----------
    title, x_label, y_label, value_label
        With units.
    x_ticks, y_ticks
        The values of the parameters as texts for people, in order.
    x_values, y_values
        The same at full precision.
    values
        Mean over the runs of each cell, shape (n_y, n_x); NaN where there is none.
    counts
        Runs of each cell; shape (n_y, n_x).
    low, high
        Least and largest value of each cell; shape (n_y, n_x).
    cell
        Cell of each run as row of the flattened values, -1 for none; shape (n_runs,).
    """

    title: str
    x_label: str
    y_label: str
    value_label: str
    x_ticks: tuple[str, ...]
    y_ticks: tuple[str, ...]
    x_values: tuple[str | float, ...]
    y_values: tuple[str | float, ...]
    values: Floats
    counts: Ints
    low: Floats
    high: Floats
    cell: Ints

    @property
    def varies_both_ways(self) -> bool:
        """Whether the value changes along both parameters; else a table of one line would say as much."""
        return _varies(self.values) and _varies(self.values.T)


def _varies(values: Floats) -> bool:
    """Whether a row of values holds different ones."""
    for row in values:
        known = row[np.isfinite(row)]
        if len(known) and np.ptp(known) > _SAME * np.abs(known).max():
            return True
    return False


@dataclass(frozen=True)
class Intervals:
    """One value of several designs, each with its interval."""

    title: str
    axis_label: str
    labels: tuple[str, ...]
    values: tuple[Interval, ...]
    left_out: int = 0


Chart: TypeAlias = Scatter | Bars | Waterfall | TornadoChart | Points | Curves | Parallel | HeatMap | Intervals
