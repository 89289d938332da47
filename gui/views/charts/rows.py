# SPDX-License-Identifier: Apache-2.0
"""Charts with one row for each run or part: stacked bars, waterfall, tornado and intervals."""

from __future__ import annotations

from abc import abstractmethod
from typing import cast

import numpy as np
import pyqtgraph as pg
from PyQt6.QtCore import QPointF
from PyQt6.QtGui import QColor

from experiments.charts import Bars, Intervals, TornadoChart, Waterfall
from gui.views.charts.drawing import (
    BOTTOM,
    LEFT,
    ROW_FILL,
    Drawing,
    Hit,
    Spot,
    number,
    row_at,
    row_range,
    set_axis,
    set_rows,
)


class _Rows(Drawing):
    """Names at the left, from the top down."""

    @property
    @abstractmethod
    def labels(self) -> tuple[str, ...]:
        """Names of the rows."""

    def _axes(self, plot: pg.PlotWidget, axis_label: str, low: float, high: float) -> None:
        plot.getViewBox().invertY(True)
        set_axis(plot, LEFT, "", self.style)
        set_axis(plot, BOTTOM, axis_label, self.style).setStyle(hideOverlappingLabels=False)
        span = (high - low) or abs(high) or 1.0
        self._span = (low - 0.01 * span, high + 0.04 * span)
        self.fit(plot)

    def fit(self, plot: pg.PlotWidget) -> None:
        """Fit names and rows into the size of the plot."""
        current = [bool(self.is_current[i : i + 1].any()) for i in range(len(self.labels))]
        set_rows(plot, self.labels, self.style, current if self.shown.keys else ())
        plot.setRange(xRange=self._span, yRange=row_range(plot, len(self.labels)), padding=0)

    def _bars(self, plot: pg.PlotWidget, rows: object, start: object, width: object, color: QColor) -> None:
        pen = self.style.pen(self.style.theme.canvas, 0.5)
        plot.addItem(pg.BarGraphItem(x0=start, width=width, y=rows, height=ROW_FILL, brush=color, pen=pen))

    def _line(self, plot: pg.PlotWidget, x: float) -> None:
        plot.addItem(pg.InfiniteLine(x, angle=90, pen=self.style.pen(self.style.theme.faint_text, 1)))

    def _text(self, plot: pg.PlotWidget, x: float, row: float, text: str) -> None:
        item = pg.TextItem(text, color=self.style.theme.text, anchor=(0, 0.5))
        item.setFont(self.style.font)
        item.setPos(QPointF(x, row))
        plot.addItem(item, ignoreBounds=True)


class BarsDrawing(_Rows):
    """Stacked bars."""

    @property
    def chart(self) -> Bars:
        """The data."""
        return cast("Bars", self.shown.chart)

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the runs."""
        return self.chart.labels

    @property
    def _values(self) -> np.ndarray:  # type: ignore[type-arg]
        return np.array(self.chart.values, dtype=float).reshape(len(self.chart.labels), len(self.chart.categories))

    def draw(self, plot: pg.PlotWidget) -> None:
        """Draw one item per category, and the interval of each total."""
        chart, values = self.chart, self._values
        starts, rows = np.cumsum(values, axis=1) - values, np.arange(len(chart.labels))
        for i in range(len(chart.categories)):
            self._bars(plot, rows, starts[:, i], values[:, i], self.style.color(i))
        ends = values.sum(axis=1)
        low, high = (np.array([getattr(t, end) for t in chart.totals]) for end in ("low", "high"))
        if np.any(high > low):
            pen = self.style.pen(self.style.theme.text, 1)
            sides = {"left": np.maximum(ends - low, 0.0), "right": np.maximum(high - ends, 0.0)}
            plot.addItem(pg.ErrorBarItem(x=ends, y=rows.astype(float), beam=0.3, pen=pen, **sides))
        self._axes(plot, chart.axis_label, 0.0, float(max(ends.max(initial=0.0), high.max(initial=0.0))))

    def legend(self) -> list[tuple[QColor, str, str]]:
        """Return the categories."""
        return [(self.style.color(i), "■", name) for i, name in enumerate(self.chart.categories)]

    def hit(self, at: Spot) -> Hit | None:
        """Return run and category with value and unit."""
        row = row_at(at.y, len(self.labels))
        if row < 0:
            return None
        ends, total = np.cumsum(self._values[row]), self.chart.totals[row]
        category = int(np.searchsorted(ends, at.x, side="right"))
        unit = self.chart.axis_label.rpartition(", ")[2]
        if at.x < 0 or category >= len(ends):
            if not total.low <= at.x <= total.high:
                return None
            return Hit(f"{self.labels[row]}\ntotal {number(total.value)} {unit}{_interval(total)}", self.key(row))
        value, name = self._values[row, category], self.chart.categories[category]
        text = f"{self.labels[row]}\n{name}: {number(value)} of {number(ends[-1])} {unit}"
        return Hit(text, self.key(row))


def _interval(value: object) -> str:
    low, high = value.low, value.high  # type: ignore[attr-defined]
    return f" ({number(low)} to {number(high)})" if low < high else ""


class WaterfallDrawing(_Rows):
    """A link budget from the top down."""

    @property
    def chart(self) -> Waterfall:
        """The data."""
        return cast("Waterfall", self.shown.chart)

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the parts."""
        return ("power budget", *(step.part for step in self.chart.steps), "typical margin", "3σ margin")

    def fit(self, plot: pg.PlotWidget) -> None:
        """Fit names and rows; no row is a run."""
        set_rows(plot, self.labels, self.style)
        plot.setRange(xRange=self._span, yRange=row_range(plot, len(self.labels)), padding=0)

    @property
    def _parts(self) -> list[tuple[float, float, str, QColor]]:
        """Start, width, text and color of each row."""
        chart, theme = self.chart, self.style.theme
        end = theme.verdict(chart.verdict)
        return [
            (0.0, chart.budget_db, f"{chart.budget_db:.2f}", self.style.color(0)),
            *((s.left_db, s.loss_db, f"−{s.loss_db:.2f}", theme.categories[-1]) for s in chart.steps),
            *((0.0, m, f"{m:.2f}".replace("-", "−"), end) for m in (chart.typical_margin_db, chart.margin_3sigma_db)),
        ]

    def draw(self, plot: pg.PlotWidget) -> None:
        """Draw the parts with their values."""
        parts = self._parts
        for row, (start, width, text, color) in enumerate(parts):
            self._bars(plot, [row], [min(start, start + width)], [abs(width)], color)
            self._text(plot, max(start, start + width, 0.0), row, text)
        self._line(plot, 0.0)
        low = min(0.0, *(min(start, start + width) for start, width, *_ in parts))
        high = max(start + width for start, width, *_ in parts)
        self._axes(plot, "Optical power, dB", low, high + 0.2 * (high - low))

    def legend(self) -> list[tuple[QColor, str, str]]:
        """Return what the colors say."""
        theme, chart = self.style.theme, self.chart
        return [
            (self.style.color(0), "■", "budget between transmitter and receiver"),
            (theme.categories[-1], "■", "mean loss"),
            (theme.verdict(chart.verdict), "■", f"margin: {chart.verdict}"),
        ]

    def hit(self, at: Spot) -> Hit | None:
        """Return the part with its loss and what is left after it."""
        row = row_at(at.y, len(self.labels))
        if row < 0:
            return None
        if 0 < row <= len(self.chart.steps):
            step = self.chart.steps[row - 1]
            return Hit(f"{step.part}\nloses {step.loss_db:.2f} dB, leaves {step.left_db:.2f} dB", self.key(0))
        return Hit(f"{self.labels[row]}\n{self._parts[row][2]} dB", self.key(0))


class TornadoDrawing(_Rows):
    """What each component value does to a metric."""

    @property
    def chart(self) -> TornadoChart:
        """The data."""
        return cast("TornadoChart", self.shown.chart)

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the component values, below each its range."""
        return tuple(name.replace("  ", "\n", 1) for name, *_ in self.chart.drivers)

    def draw(self, plot: pg.PlotWidget) -> None:
        """Draw from the value as listed to both ends."""
        chart = self.chart
        low, high = (np.array([driver[i] for driver in chart.drivers]) for i in (1, 2))
        rows = np.arange(len(chart.drivers))
        for ends, color in ((low, self.style.color(0)), (high, self.style.color(10))):
            self._bars(plot, rows, np.minimum(ends, chart.center), np.abs(ends - chart.center), color)
        self._line(plot, chart.center)
        self._axes(plot, chart.axis_label, float(min(low.min(), high.min())), float(max(low.max(), high.max())))

    def legend(self) -> list[tuple[QColor, str, str]]:
        """Return the ends."""
        return [
            (self.style.color(0), "■", "component value at its low end"),
            (self.style.color(10), "■", "at its high end"),
            (self.style.theme.faint_text, "│", f"all as listed: {number(self.chart.center)}"),
        ]

    def hit(self, at: Spot) -> Hit | None:
        """Return the component value and the metric at both its ends."""
        row = row_at(at.y, len(self.labels))
        if row < 0:
            return None
        name, low, high = self.chart.drivers[row]
        return Hit(f"{name}\n{self.chart.axis_label}: {number(low)} at its low end, {number(high)} at its high end")


class IntervalsDrawing(_Rows):
    """A metric of several runs with its interval."""

    @property
    def chart(self) -> Intervals:
        """The data."""
        return cast("Intervals", self.shown.chart)

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the runs."""
        return self.chart.labels

    def draw(self, plot: pg.PlotWidget) -> None:
        """Draw a dot and a bar per run."""
        values = self.chart.values
        x, low, high = (np.array([getattr(v, name) for v in values]) for name in ("value", "low", "high"))
        rows = np.arange(len(values), dtype=float)
        pen = self.style.pen(self.style.color(0), 2)
        plot.addItem(pg.ErrorBarItem(x=x, y=rows, left=x - low, right=high - x, beam=0.35, pen=pen))
        plot.addItem(pg.ScatterPlotItem(x=x, y=rows, size=9, brush=self.style.color(0), pen=None))
        self._axes(plot, self.chart.axis_label, float(low.min()), float(high.max()))

    def legend(self) -> list[tuple[QColor, str, str]]:
        """Return what dot and bar are."""
        return [(self.style.color(0), "●", "as listed"), (self.style.color(0), "├─┤", "5th to 95th percentile")]

    def hit(self, at: Spot) -> Hit | None:
        """Return the run with value and interval."""
        row = row_at(at.y, len(self.labels))
        if row < 0:
            return None
        value, unit = self.chart.values[row], self.chart.axis_label
        return Hit(f"{self.labels[row]}\n{unit}: {number(value.value)}{_interval(value)}", self.key(row))
