# SPDX-License-Identifier: Apache-2.0
"""What every drawn chart has in common: axes in the colors of the theme, a legend, and what is under the pointer."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from experiments.plain_values import format_number, raised
from gui.state.charts.kinds import Shown
from gui.state.runs.keys import among
from gui.views.widgets.palette import Theme

NEAR_PX = 14.0  # how near the pointer must be to a point or line
LABEL_SHARE = 0.42  # of the width that names at the left may take
ROW_PX, ROW_FILL = 40.0, 0.72
_NAME_GAP = 0.3  # of a line, between names of several lines
LEAST_PX, AXIS_PX = 120, 56  # height of a plot, and of that its axis with numbers and label
SYMBOLS = ("o", "s", "t", "d", "p", "h", "star", "t1", "+", "x", "t2", "t3")
_UPRIGHT_PX = 4.0  # between an axis and names that stand below it
LEFT, BOTTOM, TOP = "left", "bottom", "top"
_TICK_GAP_PX = 12.0  # between the numbers of an even axis
_MOST_DECIMALS = 9


@dataclass(frozen=True)
class Hit:
    """What is under the pointer: its text with values and units, and the key of its run if it is one."""

    text: str
    key: str = ""


@dataclass(frozen=True)
class Spot:
    """A place in the coordinates of a plot, and the size of a pixel there."""

    x: float
    y: float
    x_px: float = 1.0
    y_px: float = 1.0


@dataclass(frozen=True, eq=False)
class Style:
    """What a chart is drawn with.

    Parameters
    ----------
    theme
        All colors.
    font
        Of axes and labels.
    selected, current
        Keys of the runs to stress; the current one alone, if there is one.
    map_name
        Color map of heat maps.
    pixel_ratio
        Dots of the screen for each pixel that sizes are given in.
    """

    theme: Theme
    font: QFont
    selected: Sequence[str] = ()
    current: Sequence[str] = ()
    map_name: str = "viridis"
    pixel_ratio: float = 1.0

    def color(self, index: int) -> QColor:
        """Return the color of a series."""
        return self.theme.categories[index % len(self.theme.categories)]

    @property
    def halo(self) -> QPen:
        """Return the pen of the edge around the line of the current run, whatever its color."""
        return self.pen(self.theme.text, 4.6)

    def pen(self, color: QColor, width: float, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
        """Return a pen that is as wide on every screen; pyqtgraph counts its widths in dots."""
        return pg.mkPen(color, width=width * self.pixel_ratio, style=style)


@dataclass(eq=False)
class Drawing(ABC):
    """One chart on one plot; a subclass draws one shape of data.

    Parameters
    ----------
    shown
        The chart and its runs.
    style
        Colors and font.
    """

    shown: Shown
    style: Style
    zooms: bool = field(default=False, init=False)

    @abstractmethod
    def draw(self, plot: pg.PlotWidget) -> None:
        """Put the items on an empty plot and set its axes."""

    def legend(self) -> list[tuple[QColor, str, str]]:
        """Return color, sign and name of each series."""
        return []

    @abstractmethod
    def hit(self, at: Spot) -> Hit | None:
        """Return what is at a place."""

    def fit(self, plot: pg.PlotWidget) -> None:  # noqa: B027 - most have nothing to fit
        """Fit what depends on the size of the plot."""

    @cached_property
    def is_selected(self) -> NDArray[np.bool_]:
        """Whether the run of each item is selected; shape (n_items,), as are the keys."""
        return among(self.shown.keys, self.style.selected)

    @cached_property
    def is_current(self) -> NDArray[np.bool_]:
        """Whether the run of each item is the current one."""
        return among(self.shown.keys, self.style.current)

    def key(self, index: int) -> str:
        """Return the run of an item."""
        return self.shown.keys[index] if index < len(self.shown.keys) else ""


class NumberAxis(pg.AxisItem):
    """An axis whose numbers are written as in the tables; on a logarithmic axis they are powers of ten.

    Below a plot they may stand upright, reading from below, where there is no room side by side; the numbers of an even
    axis keep a gap.
    """

    upright = False
    even = False

    def tickSpacing(self, low: float, high: float, size: float) -> list[tuple[float, float]]:
        """Return steps and offsets of the ticks; an even axis has one step, the least for which there is room."""
        span = high - low
        if not self.even or span <= 0 or size <= 0:
            return list(super().tickSpacing(low, high, size))
        metrics = QFontMetricsF(self.style["tickFont"] or QFont())
        first = math.floor(math.log10(span)) - 2
        for step in (digit * 10.0**power for power in range(first, first + 3) for digit in (1, 2, 5)):
            ends = [math.ceil(low / step) * step, math.floor(high / step) * step]
            widest = max(map(metrics.horizontalAdvance, self.tickStrings(ends, 1.0, step)))
            if step / span * size >= widest + _TICK_GAP_PX:
                break
        return [(step, 0.0)]

    def drawPicture(self, painter: QPainter, axis: object, ticks: object, texts: Any) -> None:
        """Draw axis, ticks and texts."""
        super().drawPicture(painter, axis, ticks, () if self.upright else texts)
        if not self.upright:
            return
        painter.setFont(self.style["tickFont"] or painter.font())
        painter.setPen(self.textPen())
        length = self.size().height()
        flags = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        for rect, _, text in texts:
            painter.save()
            painter.translate(rect.center().x(), rect.top() + _UPRIGHT_PX)
            painter.rotate(-90.0)
            painter.drawText(QRectF(-length, -rect.height() / 2, length, rect.height()), flags, text)
            painter.restore()

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        """Return the text of each tick."""
        if self.logMode:
            return [raised(round(value)) if value == round(value) else "" for value in values]
        steps = ((decimals, spacing * scale * 10**decimals) for decimals in range(_MOST_DECIMALS))
        decimals = next((d for d, step in steps if step > 0.99 and abs(step - round(step)) < 1e-6 * step), -1)
        return [format_number(value * scale, decimals) for value in values]

    def resizeEvent(self, ev: object = None) -> None:
        """Keep a label that is longer than the axis inside the picture: at its left, below the names, there is room."""
        super().resizeEvent(ev)
        label = self.label
        if self.orientation == BOTTOM and label is not None:
            label.setX(min(label.x(), self.size().width() - label.boundingRect().width()))


def set_axis(plot: pg.PlotWidget, side: str, label: str, style: Style, *, grid: bool = False) -> pg.AxisItem:
    """Give an axis its label and the colors of the theme, and numbers as its ticks."""
    axis = plot.getAxis(side)
    theme = style.theme
    axis.setLogMode(x=False, y=False)
    axis.upright = axis.even = False
    axis.setTicks(None)
    axis.enableAutoSIPrefix(False)
    axis.setStyle(tickLength=-4, tickFont=style.font, hideOverlappingLabels=side != LEFT, autoExpandTextSpace=True)
    axis.setPen(theme.rule)
    axis.setTextPen(theme.text)
    axis.setTickPen(theme.rule)
    axis.setWidth(None) if side == LEFT else axis.setHeight(None)
    axis.setLabel(label, color=theme.text.name(), **{"font-size": f"{style.font.pointSizeF():g}pt"})
    axis.showLabel(bool(label))
    axis.resizeEvent()  # it would leave the label where the one before stood
    axis.setGrid(60 if grid else False)
    return axis


def set_rows(plot: pg.PlotWidget, labels: Sequence[str], style: Style, marked: Sequence[bool] = ()) -> None:
    """Name the rows at the left, each line shortened to what there is room for; the marked ones get a triangle.

    The plot becomes as high as it takes for no two names to lie on each other.
    """
    axis = plot.getAxis(LEFT)
    metrics = QFontMetricsF(style.font)
    room = LABEL_SHARE * plot.width()
    parts = [_halved(label, metrics, room) for label in labels]
    lines = [[metrics.elidedText(line, Qt.TextElideMode.ElideMiddle, room) for line in each] for each in parts]
    marks = ["▸ " if mark else "" for mark in marked] or [""] * len(lines)
    axis.setTicks([[(row, mark + "\n".join(each)) for row, (mark, each) in enumerate(zip(marks, lines, strict=True))]])
    axis.setStyle(tickLength=0)
    halves = [len(each) / 2 for each in lines]  # what a name takes of the way to the next
    most = max((above + below for above, below in pairwise(halves)), default=1.0)
    pitch = (most if most <= 1 else most + _NAME_GAP) * metrics.height()
    plot.setMinimumHeight(max(LEAST_PX, round(len(lines) * pitch) + AXIS_PX))
    axis.setWidth(max((metrics.horizontalAdvance(line) for each in lines for line in each), default=0.0) + 28)


def _halved(label: str, metrics: QFontMetricsF, room: float) -> list[str]:
    """Break a name of one line that is too long before its brackets, or else so that the first line is long."""
    if "\n" in label or metrics.horizontalAdvance(label) <= room:
        return label.split("\n")
    words = label.split(" ")
    starts = (label.rpartition(" (")[0], *(" ".join(words[:i]) for i in range(len(words) - 1, 0, -1)))
    first = next((start for start in starts if start and metrics.horizontalAdvance(start) <= room), "")
    return [first, label.removeprefix(first).lstrip()] if first else [label]


def row_range(plot: pg.PlotWidget, count: int) -> tuple[float, float]:
    """Return the range of the rows: a few bars do not fill a tall window."""
    rows = max(count, plot.height() / ROW_PX - 2, 1.0)
    return -0.6, rows - 0.4


def row_at(y: float, count: int) -> int:
    """Return the row at a height; -1 between rows and beside them."""
    row = round(y)
    return row if 0 <= row < count and abs(y - row) <= ROW_FILL / 2 else -1


def number(value: float, decimals: int = -1) -> str:
    """Return a number as charts write it."""
    return format_number(value, decimals)
