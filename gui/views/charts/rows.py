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
from experiments.plain_values import decimals_of
from gui.views.charts.drawing import (
    BOTTOM,
    LEFT,
    ROW_FILL,
    TOP,
    Drawing,
    Hit,
    Spot,
    number,
    row_at,
    row_range,
    set_axis,
    set_rows,
)
from gui.views.widgets.palette import GRAY

_MANY = 14  # rows, with which a chart may have to scroll
_NUMBER_SHARE = 0.2  # of the width, for the number behind the longest bar


class _Rows(Drawing):
    """Names at the left, from the top down."""

    @property
    @abstractmethod
    def labels(self) -> tuple[str, ...]:
        """Names of the rows."""

    def _axes(self, plot: pg.PlotWidget, axis_label: str, low: float, high: float) -> None:
        plot.getViewBox().invertY(True)
        set_axis(plot, LEFT, "", self.style)
        for side in (BOTTOM, TOP):
            axis = set_axis(plot, side, axis_label, self.style)
            axis.setStyle(hideOverlappingLabels=False)
            axis.even = True
        plot.showAxis(TOP, len(self.labels) >= _MANY)  # of so many the axis below may be out of sight
        span = (high - low) or abs(high) or 1.0
        self._span = (low - 0.01 * span, high + 0.04 * span)
        self.fit(plot)

    def fit(self, plot: pg.PlotWidget) -> None:
        """Fit names and rows into the size of the plot."""
        current = [bool(self.is_current[i : i + 1].any()) for i in range(len(self.labels))]
        set_rows(plot, self.labels, self.style, current if self.shown.keys else ())
        plot.setRange(xRange=self._span, yRange=row_range(plot, len(self.labels)), padding=0)

    def _bars(
        self, plot: pg.PlotWidget, rows: object, start: object, width: object, color: QColor, edge: QColor | None = None
    ) -> None:
        pen = self.style.pen(self.style.theme.canvas, 0.5) if edge is None else self.style.pen(edge, 1)
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

    def draw(self, plot: pg.PlotWidget) -> None:
        """Draw one item per category, and each total with its interval and its number."""
        chart = self.chart
        starts, widths = chart.stacks()
        rows = np.arange(len(chart.labels), dtype=float)
        for i, color in enumerate(chart.colors):
            self._bars(plot, rows, starts[:, i], widths[:, i], self.style.color(color))
        totals, low, high = (np.array([getattr(t, name) for t in chart.totals]) for name in ("value", "low", "high"))
        ends = np.maximum((starts + widths).max(axis=1, initial=0.0), high)
        theme = self.style.theme
        edge = self.style.pen(theme.canvas, 1)  # whiskers and marks stand on dark colors as well as on the ground
        if np.any(high > low):
            for pen in (self.style.pen(theme.canvas, 3), self.style.pen(theme.text, 1)):
                bars = {"left": totals - low, "right": high - totals, "beam": 0.3}
                plot.addItem(pg.ErrorBarItem(x=totals, y=rows, pen=pen, **bars))
        plot.addItem(pg.ScatterPlotItem(x=totals, y=rows, size=8, symbol="d", brush=theme.text, pen=edge))
        least, most = float(starts.min(initial=0.0)), float(ends.max(initial=0.0))
        if least < 0:
            self._line(plot, 0.0)
        decimals = decimals_of(totals)
        for row, end in enumerate(ends):
            self._text(plot, float(end), row, number(totals[row], decimals))
        self._axes(plot, chart.axis_label, least, most + _NUMBER_SHARE * (most - least))

    def legend(self) -> list[tuple[QColor, str, str]]:
        """Return the categories."""
        named = zip(self.chart.colors, self.chart.categories, strict=True)
        entries = [(self.style.color(color), "■", name) for color, name in named]
        drawn = any(total.low < total.high for total in self.chart.totals)
        return [*entries, (self.style.theme.text, "◆", "total" + ", 5th to 95th percentile" * drawn)]

    def hit(self, at: Spot) -> Hit | None:
        """Return run and category with value and unit."""
        chart, row = self.chart, row_at(at.y, len(self.labels))
        if row < 0:
            return None
        starts, widths = (each[row] for each in chart.stacks())
        whole = f"total {number(chart.totals[row].value)} {chart.unit}{_interval(chart.totals[row])}"
        inside = np.flatnonzero((starts <= at.x) & (at.x < starts + widths))
        if len(inside):
            i = int(inside[0])
            value = f"{chart.categories[i]}: {number(chart.values[row][i])} {chart.unit}"
            return Hit(f"{self.labels[row]}\n{value}\n{whole}", self.key(row))
        if not chart.totals[row].low <= at.x <= chart.totals[row].high:
            return None
        return Hit(f"{self.labels[row]}\n{whole}", self.key(row))


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
        return tuple(row.label for row in self.chart.rows)

    def fit(self, plot: pg.PlotWidget) -> None:
        """Fit names and rows; no row is a run."""
        set_rows(plot, self.labels, self.style)
        plot.setRange(xRange=self._span, yRange=row_range(plot, len(self.labels)), padding=0)

    @property
    def _colors(self) -> dict[str, QColor]:
        theme = self.style.theme
        margin = theme.verdict(self.chart.verdict)
        return {"budget": self.style.color(0), "loss": self.style.color(GRAY), "margin": margin, "worst": theme.rule}

    def draw(self, plot: pg.PlotWidget) -> None:
        """Draw the parts with their values."""
        rows, colors = self.chart.rows, self._colors
        for place, row in enumerate(rows):
            left, right = sorted((row.start_db, row.end_db))
            color = colors[row.kind]
            self._bars(plot, [place], [left], [right - left], color, color)  # the edge lets the least loss be seen
            self._text(plot, max(right, 0.0), place, row.text)
        self._line(plot, 0.0)
        low = min(0.0, *(min(row.start_db, row.end_db) for row in rows))
        high = max(max(row.start_db, row.end_db) for row in rows)
        self._axes(plot, "Optical power, dB", low, high + 0.2 * (high - low))

    def legend(self) -> list[tuple[QColor, str, str]]:
        """Return what the colors say."""
        named = {
            "budget": "budget between transmitter and receiver",
            "loss": "loss: mean of each part, 3 sigma of all",
            "margin": f"margin: {self.chart.verdict}",
            "worst": "worst-case margin",
        }
        kinds = {row.kind for row in self.chart.rows}
        return [(self._colors[kind], "■", name) for kind, name in named.items() if kind in kinds]

    def hit(self, at: Spot) -> Hit | None:
        """Return the part with its loss, how that varies, and what is left after it."""
        place = row_at(at.y, len(self.labels))
        if place < 0:
            return None
        row = self.chart.rows[place]
        losing = [step for step in self.chart.steps if step.loss_db > 0]
        if not 0 < place <= len(losing):
            return Hit(f"{row.label}\n{row.text} dB", self.key(0))
        step = losing[place - 1]
        worst = "" if np.isnan(step.worst_db) else f", at most {step.worst_db:.2f} dB"
        spread = f"sigma {step.sigma_db:.3f} dB{worst}"
        return Hit(f"{step.part}\nloses {step.loss_db:.2f} dB, leaves {step.left_db:.2f} dB\n{spread}", self.key(0))


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
