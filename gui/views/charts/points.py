# SPDX-License-Identifier: Apache-2.0
"""Charts over two axes: points with a front, and curves."""

from __future__ import annotations

from functools import cached_property
from typing import cast

import numpy as np
import pyqtgraph as pg
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor

from experiments.charts import Curves, Points
from experiments.charts.shapes import Floats, Ints
from gui.views.charts.drawing import BOTTOM, LEFT, NEAR_PX, SYMBOLS, Drawing, Hit, Spot, number, set_axis

MOST_POINTS = 4000  # drawn; more would take longer than a frame and lie on each other anyway
# the gaps of a line let another be seen under it
_DASHES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)
_SIGNS = ("━━", "╍╍", "┅┅", "━┅")
_MARK_PX = (13, 10, 7)  # a mark upon another lets it be seen
_FAINT = 140  # of 255: intervals behind the points
_CELLS = 220  # along each axis, of which each keeps one point when points are thinned


class PointsDrawing(Drawing):
    """Runs by two metrics."""

    @property
    def chart(self) -> Points:
        """The data."""
        return cast("Points", self.shown.chart)

    @cached_property
    def drawn(self) -> Ints:
        """Which points are drawn: all, or of many those that can be told apart, with the front and the selection."""
        chart = self.chart
        if len(chart.x) <= MOST_POINTS:
            return np.arange(len(chart.x))
        cells = [_cells(values) for values in (chart.x, chart.y)]
        _, first = np.unique((cells[0] * _CELLS + cells[1]) * 16 + chart.group, return_index=True)
        if len(first) > MOST_POINTS:
            first = np.random.default_rng(0).choice(first, MOST_POINTS, replace=False)
        stressed = np.flatnonzero(chart.on_front)[:MOST_POINTS]
        return np.union1d(first, np.union1d(stressed, self._selected[:MOST_POINTS]))

    @cached_property
    def _selected(self) -> Ints:
        """The selected points; none where all are, which would tell nothing."""
        found = np.flatnonzero(self.is_selected)
        return found if len(found) < len(self.is_selected) else found[:0]

    def draw(self, plot: pg.PlotWidget) -> None:
        """Draw one item per group, the front, and rings around the selected runs."""
        self.zooms = True
        chart, theme, drawn = self.chart, self.style.theme, self.drawn
        set_axis(plot, BOTTOM, chart.x_label, self.style, grid=True)
        set_axis(plot, LEFT, chart.y_label, self.style, grid=True)
        for line in chart.lines:
            pen = self.style.pen(theme.faint_text, 1.2, style=Qt.PenStyle.DashLine)
            plot.addItem(pg.PlotDataItem(chart.x[line], chart.y[line], pen=pen))
        self._intervals(plot)
        for i in range(len(chart.groups)):
            rows, color = drawn[chart.group[drawn] == i], self.style.color(i)
            closes = chart.closes[rows]
            symbol = SYMBOLS[i % len(SYMBOLS)]
            pen = self.style.pen(theme.canvas, 0.6)
            self._scatter(plot, rows[closes], size=9, symbol=symbol, brush=color, pen=pen)
            self._scatter(plot, rows[~closes], size=9, symbol=symbol, brush=None, pen=self.style.pen(color, 1.3))
        front = np.flatnonzero(chart.on_front)
        self._scatter(plot, front[:MOST_POINTS], size=15, symbol="o", brush=None, pen=self.style.pen(theme.text, 1.2))
        ring = self.style.pen(theme.highlight, 2)
        self._scatter(plot, self._selected[:MOST_POINTS], size=19, symbol="o", brush=None, pen=ring)
        self._scatter(plot, np.flatnonzero(self.is_current), size=25, symbol="o", brush=None, pen=ring)
        across, up = (np.append(v, ends) for v, ends in ((chart.x, chart.x_ends), (chart.y, chart.y_ends)))
        plot.setRange(xRange=_padded(across), yRange=_padded(up), padding=0)

    def _intervals(self, plot: pg.PlotWidget) -> None:
        """Draw the intervals that are known, one item for each group and axis."""
        chart = self.chart
        for i in range(len(chart.groups) if len(chart.x_ends) else 0):
            color = QColor(self.style.color(i))
            color.setAlpha(_FAINT)
            rows, pen = np.flatnonzero(chart.group == i), self.style.pen(color, 1)
            x, y = chart.x[rows], chart.y[rows]
            wide, high = (
                np.nan_to_num(np.abs(ends[rows] - values[:, None]).T)
                for ends, values in ((chart.x_ends, x), (chart.y_ends, y))
            )
            plot.addItem(pg.ErrorBarItem(x=x, y=y, left=wide[0], right=wide[1], bottom=high[0], top=high[1], pen=pen))

    def _scatter(self, plot: pg.PlotWidget, rows: Ints, **style: object) -> None:
        if len(rows):
            plot.addItem(pg.ScatterPlotItem(x=self.chart.x[rows], y=self.chart.y[rows], **style))

    def legend(self) -> list[tuple[QColor, str, str]]:
        """Return the groups."""
        signs = {"o": "●", "s": "■", "t": "▼", "d": "◆", "p": "⬟", "h": "⬢", "star": "★", "t1": "▲", "+": "✚", "x": "✖"}
        entries = [
            (self.style.color(i), signs.get(SYMBOLS[i % len(SYMBOLS)], "●"), name)
            for i, name in enumerate(self.chart.groups)
        ]
        if not self.chart.closes.all():
            entries.append((self.style.theme.faint_text, "◇", "hollow: links do not close with 3σ to spare"))
        entries.append((self.style.theme.text, "○", "on the front"))
        if np.isfinite(self.chart.x_ends).any() or np.isfinite(self.chart.y_ends).any():
            entries.append((self.style.theme.faint_text, "├─┤", "5th to 95th percentile"))
        if len(self._selected) or self.is_current.any():
            name = "selected; the larger ring: current run" if len(self._selected) else "current run"
            entries.append((self.style.theme.highlight, "○", name))
        if len(self.drawn) < len(self.chart.x):
            note = f"drawing {len(self.drawn):,} of {len(self.chart.x):,} points"
            entries.append((self.style.theme.faint_text, "", note))
        return entries

    def hit(self, at: Spot) -> Hit | None:
        """Return the nearest point with both values."""
        chart = self.chart
        distance = np.hypot((chart.x[self.drawn] - at.x) / at.x_px, (chart.y[self.drawn] - at.y) / at.y_px)
        nearest = int(np.argmin(distance))
        if distance[nearest] > NEAR_PX:
            return None
        i = int(self.drawn[nearest])
        lines = [chart.labels[i]]
        for label, values, ends in ((chart.x_label, chart.x, chart.x_ends), (chart.y_label, chart.y, chart.y_ends)):
            known = len(ends) and ends[i][0] < ends[i][1]
            interval = f" ({number(ends[i][0])} to {number(ends[i][1])})" if known else ""
            lines.append(f"{label}: {number(values[i])}{interval}")
        verdict = "" if chart.closes[i] else f"links {chart.verdicts[i]}"
        told = (chart.groups[chart.group[i]], verdict, "on the front" if chart.on_front[i] else "")
        lines.append(", ".join(filter(None, told)))
        return Hit("\n".join(lines), self.key(i))


class CurvesDrawing(Drawing):
    """Lines over one axis."""

    @property
    def chart(self) -> Curves:
        """The data."""
        return cast("Curves", self.shown.chart)

    def draw(self, plot: pg.PlotWidget) -> None:
        """Draw one item per curve, the current run's thicker."""
        self.zooms = True
        chart = self.chart
        axis = set_axis(plot, BOTTOM, chart.x_label, self.style, grid=True)
        axis.setLogMode(x=chart.log_x, y=False)
        set_axis(plot, LEFT, chart.y_label, self.style, grid=True)
        for i in sorted(range(len(self._paths)), key=lambda i: i not in self._stressed):
            (x, y), color = self._paths[i], self.style.color(i)
            if i in self._stressed:  # below all others, for it is the widest
                plot.addItem(pg.PlotCurveItem(x, y, pen=self.style.halo, connect="finite"))
            pen = self.style.pen(color, 1.8, style=_DASHES[i % len(_DASHES)])
            plot.addItem(pg.PlotCurveItem(x, y, pen=pen, connect="finite"))
        for i, line in enumerate(chart.lines):
            curve, brush = line.curve, self.style.color(i)
            if chart.is_dotted(curve):
                dots = {"size": 5, "brush": brush, "pen": None}
                plot.addItem(pg.ScatterPlotItem(x=chart.along(curve.x), y=curve.y, symbol="o", **dots))
            at = chart.along(np.array(curve.mark[:1]))
            if np.isfinite(at).all():
                pen, size = self.style.pen(self.style.theme.text, 1), _MARK_PX[i % len(_MARK_PX)]
                plot.addItem(pg.ScatterPlotItem(x=at, y=[curve.mark[1]], size=size, brush=brush, pen=pen))
        every = np.concatenate([chart.x_range or (), *(x for x, _ in self._paths)]) if chart.curves else np.zeros(1)
        heights = np.concatenate([curve.y for curve in chart.curves]) if chart.curves else np.zeros(1)
        low, high = chart.y_range or (float(np.nanmin(heights)), float(np.nanmax(heights)))
        room = 0.03 * (high - low)
        plot.setRange(xRange=_padded(every), yRange=(low - room, high + room), padding=0)

    @cached_property
    def _paths(self) -> list[tuple[Floats, Floats]]:
        """The points of each line as drawn."""
        paths = (self.chart.path(line.curve) for line in self.chart.lines)
        return [(self.chart.along(x), y) for x, y in paths]

    @cached_property
    def _stressed(self) -> set[int]:
        """The lines of the current run, if there are others."""
        lines = self.chart.lines
        current = set(np.flatnonzero(self.is_current).tolist())
        found = {i for i, line in enumerate(lines) if current.intersection(line.rows)}
        return found if len(found) < len(lines) else set()

    def legend(self) -> list[tuple[QColor, str, str]]:
        """Return the lines."""
        entries = [(self.style.color(i), _SIGNS[i % len(_SIGNS)], c.label) for i, c in enumerate(self.chart.lines)]
        if self._stressed:
            entries.append((self.style.theme.text, "━━", "edged: current run"))
        return entries

    def hit(self, at: Spot) -> Hit | None:
        """Return the line that is nearest with its value there; a click takes the current run if it is one of it."""
        best, found = NEAR_PX, None
        for i, (line_x, line_y) in enumerate(self._paths):
            distance, place = _nearest(line_x, line_y, at)
            if distance < best:
                best, found = distance, (i, place)
        if found is None:
            return None
        i, (at_x, at_y) = found
        line = self.chart.lines[i]
        value = 10**at_x if self.chart.log_x else at_x
        lines = [line.label, f"{self.chart.x_label}: {number(value)}"]
        row = next((row for row in line.rows if self.is_current[row : row + 1].any()), line.rows[0])
        return Hit("\n".join([*lines, f"{self.chart.y_label}: {number(at_y)}"]), self.key(row))


def _nearest(line_x: Floats, line_y: Floats, to: Spot) -> tuple[float, tuple[float, float]]:
    """Return the distance in pixels from a place to a line, and where on the line that is."""
    if len(line_x) < 2:
        return np.inf, (to.x, to.y)
    ax, ay = (line_x - to.x) / to.x_px, (line_y - to.y) / to.y_px
    dx, dy = np.diff(ax), np.diff(ay)
    length = dx**2 + dy**2
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.clip(-(ax[:-1] * dx + ay[:-1] * dy) / np.where(length > 0, length, np.nan), 0.0, 1.0)
    share = np.nan_to_num(share)
    distance = np.hypot(ax[:-1] + share * dx, ay[:-1] + share * dy)
    if np.isnan(distance).all():
        return np.inf, (to.x, to.y)
    i = int(np.nanargmin(distance))
    at = (line_x[i] + share[i] * (line_x[i + 1] - line_x[i]), line_y[i] + share[i] * (line_y[i + 1] - line_y[i]))
    return float(distance[i]), (float(at[0]), float(at[1]))


def _cells(values: Floats) -> Ints:
    low, high = float(values.min()), float(values.max())
    return ((values - low) / ((high - low) or 1.0) * (_CELLS - 1)).astype(np.int64)


def _padded(values: Floats) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    if not len(known):
        return 0.0, 1.0
    low, high = float(known.min()), float(known.max())
    room = 0.06 * (high - low) or 0.05 * abs(high) or 1.0
    return low - room, high + room
