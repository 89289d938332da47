# SPDX-License-Identifier: Apache-2.0
"""Charts of many runs at once: parallel coordinates and heat maps."""

from __future__ import annotations

from typing import cast

import numpy as np
import pyqtgraph as pg
from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QPen

from experiments.charts import HeatMap, Parallel
from experiments.plain_values import decimals_of, format_number
from gui.views.charts.drawing import BOTTOM, LEFT, NEAR_PX, Drawing, Hit, Spot, number, set_axis
from gui.views.widgets.palette import contrast

_MOST_LINES = 3000  # drawn of each group; more would cover each other
_MOST_WRITTEN = 160  # cells whose value is written into them


class ParallelDrawing(Drawing):
    """Runs over several metrics, each axis from its least value to its largest."""

    @property
    def chart(self) -> Parallel:
        """The data."""
        return cast("Parallel", self.shown.chart)

    def draw(self, plot: pg.PlotWidget) -> None:
        """Draw one item per group, so that thousands of runs are a dozen items."""
        chart, theme = self.chart, self.style.theme
        count = len(chart.axes)
        set_axis(plot, LEFT, "", self.style).setTicks([[]])
        plot.getAxis(LEFT).setWidth(34)
        plot.getAxis(LEFT).setPen(theme.canvas)
        for at in range(count):
            plot.addItem(pg.InfiniteLine(at, angle=90, pen=self.style.pen(theme.rule, 1.5)))
        chosen = self.is_selected
        faint = chosen.any() and not chosen.all()
        for i in range(len(chart.groups)):
            color = QColor(self.style.color(i))
            color.setAlpha(160 if faint else 200)
            self._lines(
                plot, np.flatnonzero((chart.group == i) & ~(chosen if faint else False)), self.style.pen(color, 1.1)
            )
        for i in range(len(chart.groups) if faint else 0):
            self._lines(plot, np.flatnonzero((chart.group == i) & chosen), self.style.pen(self.style.color(i), 2.4))
        for i in np.flatnonzero(self.is_current)[:1]:
            for pen in (self.style.halo, self.style.pen(self.style.color(int(chart.group[i])), 2.4)):
                self._lines(plot, np.array([i]), pen)
        for at in range(count):
            for end, value in ((0.0, self.chart.ends[0][at]), (1.0, self.chart.ends[1][at])):
                item = pg.TextItem(number(float(value)), color=theme.text, anchor=(0.5, 0.0 if end == 0 else 1.0))
                item.setFont(self.style.font)
                item.setPos(QPointF(at, end))
                plot.addItem(item, ignoreBounds=True)
        self.fit(plot)

    def _lines(self, plot: pg.PlotWidget, rows: object, pen: QPen) -> None:
        rows = np.asarray(rows)[:_MOST_LINES]
        if not len(rows):
            return
        count = self.chart.heights.shape[1]
        # a gap after every run keeps the lines of one item apart
        x = np.tile(np.append(np.arange(count, dtype=float), np.nan), len(rows))
        y = np.column_stack((self.chart.heights[rows], np.full(len(rows), np.nan))).ravel()
        plot.addItem(pg.PlotDataItem(x, y, pen=pen, connect="finite"))
        known = np.flatnonzero(np.isfinite(y))
        over = known[:-1][(np.diff(known) > 1) & (np.diff(known // (count + 1)) == 0)]
        if len(over):  # runs that lack a value in between: dashes to the next that they have
            ends = np.column_stack((over, known[np.searchsorted(known, over) + 1])).ravel()
            dashes = QPen(pen)
            dashes.setStyle(Qt.PenStyle.DashLine)
            plot.addItem(pg.PlotDataItem(x[ends], y[ends], pen=dashes, connect="pairs"))

    def fit(self, plot: pg.PlotWidget) -> None:
        """Fit the names of the axes, two or three lines each, into the width."""
        axis = set_axis(plot, BOTTOM, "", self.style)
        count = len(self.chart.axes)
        room = max((plot.width() - 54) / count - 6, 30.0)
        font = self._fitting(room)
        metrics = QFontMetricsF(font)
        ticks, lines = [], 1
        chart = self.chart
        for at, (name, high, log) in enumerate(zip(chart.axes, chart.better_high, chart.logarithmic, strict=True)):
            title, _, unit = name.rpartition(", ") if ", " in name else (name, "", "")
            words = [
                *_wrapped(title, metrics, room),
                unit,
                "↑ better" if high else "↓ better",
                "log scale" if log else "",
            ]
            words = list(filter(None, words))
            lines = max(lines, len(words))
            ticks.append((at, "\n".join(words)))
        axis.setTicks([ticks])
        axis.setStyle(hideOverlappingLabels=False, tickLength=0, tickFont=font)
        axis.setHeight(lines * metrics.height() + 12)
        plot.setRange(xRange=(-0.5, count - 0.5), yRange=(-0.09, 1.09), padding=0)

    def _fitting(self, room: float) -> QFont:
        """Return a font in which the longest word of the names fits, if one of four fifths of the usual size does."""
        metrics, font = QFontMetricsF(self.style.font), QFont(self.style.font)
        longest = max(metrics.horizontalAdvance(word) for name in self.chart.axes for word in name.split())
        font.setPointSizeF(font.pointSizeF() * min(1.0, max(0.8, room / longest)))
        return font

    def legend(self) -> list[tuple[QColor, str, str]]:
        """Return the groups."""
        entries = [(self.style.color(i), "━━", name) for i, name in enumerate(self.chart.groups)]
        if self.is_current.any():
            entries.append((self.style.theme.text, "━━", "edged: current run"))
        if self._has_gaps():
            entries.append((self.style.theme.text, "╍╍", "dashed: no value on the axis between"))
        return entries

    def _has_gaps(self) -> bool:
        """Whether a drawn run lacks a value between two that it has."""
        known = np.isfinite(self.chart.heights)
        before, after = np.logical_or.accumulate(known, axis=1), np.logical_or.accumulate(known[:, ::-1], axis=1)
        return bool((before & after[:, ::-1] & ~known).any())

    def hit(self, at: Spot) -> Hit | None:
        """Return the nearest run with all its values."""
        heights, count = self.chart.heights, self.chart.heights.shape[1]
        left = int(np.clip(np.floor(at.x), 0, count - 2)) if count > 1 else 0
        share = at.x - left
        there = heights[:, left] + share * (heights[:, min(left + 1, count - 1)] - heights[:, left])
        distance = np.abs(there - at.y) / at.y_px
        if not -0.3 <= at.x <= count - 0.7 or np.isnan(distance).all():
            return None
        i = int(np.nanargmin(distance))
        if distance[i] > NEAR_PX:
            return None
        values = self.chart.values[i]
        lines = [f"{name}: {number(v)}" for name, v in zip(self.chart.axes, values, strict=True) if not np.isnan(v)]
        return Hit("\n".join([self.chart.labels[i], *lines]), self.key(i))


def _wrapped(text: str, metrics: QFontMetricsF, room: float) -> list[str]:
    """Break a text at blanks and underscores into lines that fit, and words that are too long within."""
    lines = [""]
    words = text.replace("_", "_ ").split()
    for i, word in enumerate(words):
        if metrics.horizontalAdvance(word) > room:
            sizes = range(len(word) - 2, 3, -1)
            fits = next((n for n in sizes if metrics.horizontalAdvance(f"{word[:n]}-") <= room), 0)
            words[i : i + 1] = [f"{word[:fits]}-", word[fits:]] if fits else [word]
    for word in words:
        joined = lines[-1] + ("" if not lines[-1] or lines[-1].endswith("_") else " ") + word
        if lines[-1] and metrics.horizontalAdvance(joined) > room:
            lines.append(word)
        else:
            lines[-1] = joined
    return [metrics.elidedText(line, Qt.TextElideMode.ElideRight, room) for line in lines]


class HeatMapDrawing(Drawing):
    """A metric over two parameters."""

    @property
    def chart(self) -> HeatMap:
        """The data."""
        return cast("HeatMap", self.shown.chart)

    def draw(self, plot: pg.PlotWidget) -> None:
        """Draw the cells, with their values while there is room."""
        chart = self.chart
        known = np.isfinite(chart.values)
        colors = self.style.theme.colors(self.style.map_name)
        low, high = float(chart.values[known].min()), float(chart.values[known].max())
        share = np.where(known, (chart.values - low) / ((high - low) or 1.0), 0.0)
        place = np.clip((share * len(colors)).astype(int), 0, len(colors) - 1)
        rows, columns = np.nonzero(known)
        fills = [colors[each] for each in place[rows, columns]]
        # no picture of pixels, whose colors a PDF would change; edges of their own leave no seams
        pens = [self.style.pen(color, 1.0) for color in fills]
        cells = pg.BarGraphItem(x=columns, y0=rows - 0.5, width=1.0, height=1.0, brushes=fills, pens=pens)
        plot.addItem(cells)
        self._stress(plot)
        self._texts: list[tuple[pg.TextItem, str]] = []
        self._decimals = decimals_of(chart.values[known])
        if known.sum() <= _MOST_WRITTEN:
            for row, column in zip(*np.nonzero(known), strict=True):
                self._write(plot, int(row), int(column), colors[place[row, column]])
        set_axis(plot, BOTTOM, chart.x_label, self.style)
        set_axis(plot, LEFT, chart.y_label, self.style)
        self.fit(plot)

    def _write(self, plot: pg.PlotWidget, row: int, column: int, ground: QColor) -> None:
        item = pg.TextItem("", color=contrasting(ground), anchor=(0.5, 0.5))
        item.setFont(self.style.font)
        item.setPos(QPointF(column, row))
        plot.addItem(item, ignoreBounds=True)
        self._texts.append((item, format_number(float(self.chart.values[row, column]), self._decimals)))

    def _stress(self, plot: pg.PlotWidget) -> None:
        """Frame the cell of the current run."""
        cells = np.asarray(self.chart.cell)[self.is_current]
        for cell in cells[:1]:
            if cell >= 0:
                row, column = divmod(int(cell), len(self.chart.x_ticks))
                x = column + np.array([-0.5, 0.5, 0.5, -0.5, -0.5])
                y = row + np.array([-0.5, -0.5, 0.5, 0.5, -0.5])
                plot.addItem(pg.PlotDataItem(x, y, pen=self.style.pen(self.style.theme.highlight, 3)))

    def fit(self, plot: pg.PlotWidget) -> None:
        """Name the columns and rows that there is room for, and write values into cells that are wide enough."""
        metrics = QFontMetricsF(self.style.font)
        bottom, left = plot.getAxis(BOTTOM), plot.getAxis(LEFT)
        widest = max((metrics.horizontalAdvance(text) for text in self.chart.y_ticks), default=0.0)
        name_px = min(widest, 0.3 * plot.width())
        left.setWidth(name_px + metrics.height() + 22)
        cell_px = max(plot.width() - name_px - 60, 60.0) / max(len(self.chart.x_ticks), 1)
        row_px = max(plot.height() - 70, 60.0) / max(len(self.chart.y_ticks), 1)
        elide = Qt.TextElideMode.ElideMiddle
        rows = max(1, int(np.ceil(metrics.height() / row_px)))
        left.setTicks([[(i, metrics.elidedText(t, elide, name_px)) for i, t in _every(self.chart.y_ticks, rows)]])
        longest = max((metrics.horizontalAdvance(text) for text in self.chart.x_ticks), default=0.0)
        bottom.upright = longest + 8 > cell_px
        name_px = min(longest, 0.35 * plot.height() if bottom.upright else cell_px)
        bottom.setHeight((name_px if bottom.upright else metrics.height()) + metrics.height() + 12)
        step = max(1, int(np.ceil(metrics.height() / cell_px))) if bottom.upright else 1
        bottom.setTicks([[(i, metrics.elidedText(t, elide, name_px + 1)) for i, t in _every(self.chart.x_ticks, step)]])
        for axis in (bottom, left):
            axis.setStyle(tickLength=0, hideOverlappingLabels=False)
        fits = row_px > metrics.height()
        for item, text in self._texts:
            item.setText(text if fits and metrics.horizontalAdvance(text) + 8 < cell_px else "")
        n_y, n_x = self.chart.values.shape
        plot.setRange(xRange=(-0.5, n_x - 0.5), yRange=(-0.5, n_y - 0.5), padding=0)

    def legend(self) -> list[tuple[QColor, str, str]]:
        """Return the color bar: steps of the map from the least to the largest value."""
        known = self.chart.values[np.isfinite(self.chart.values)]
        colors = self.style.theme.colors(self.style.map_name)
        steps = [colors[round(share * (len(colors) - 1))] for share in np.linspace(0.0, 1.0, 12)]
        first = (steps[0], "", f"{self.chart.value_label}: {number(float(known.min()))}")
        return [first, *((color, "█", "") for color in steps), (steps[-1], "", number(float(known.max())))]

    def hit(self, at: Spot) -> Hit | None:
        """Return the cell with its parameters, value and range; a click takes its first run."""
        chart = self.chart
        column, row = round(at.x), round(at.y)
        if not (0 <= row < len(chart.y_ticks) and 0 <= column < len(chart.x_ticks) and chart.counts[row, column]):
            return None
        count = int(chart.counts[row, column])
        lines = [f"{chart.x_label}: {chart.x_ticks[column]}", f"{chart.y_label}: {chart.y_ticks[row]}"]
        lines.append(f"{chart.value_label}: {number(float(chart.values[row, column]))}")
        if count > 1:
            ends = (number(float(each[row, column])) for each in (chart.low, chart.high))
            lines.append(f"mean of {count:,} runs, {' to '.join(ends)}")
        first = int(np.flatnonzero(chart.cell == row * len(chart.x_ticks) + column)[0])
        return Hit("\n".join(lines), self.key(first))


def contrasting(ground: QColor) -> QColor:
    """Return the color of text that is read best on a ground, by the luminance of WCAG 2."""
    return max(QColor("black"), QColor("white"), key=lambda color: contrast(color, ground))  # at least 4.58


def _every(texts: tuple[str, ...], step: int) -> list[tuple[int, str]]:
    return [(i, texts[i]) for i in range(0, len(texts), step)]
