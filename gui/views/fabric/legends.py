# SPDX-License-Identifier: Apache-2.0
"""What colors and marks of the fabric mean: color bar, categories, the kinds of points and strokes in the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, QSizeF, Qt
from PyQt6.QtGui import QColor, QFontMetricsF, QLinearGradient, QPainter, QPen

from experiments.labels import counted
from experiments.plain_values import format_number
from gui.state.fabric.colormap import N_COLORS, ColorScale
from gui.state.fabric.failed_parts import nodes_down
from gui.state.fabric.scene import KIND_NAMES
from gui.state.fabric.view import FabricViewState
from gui.views.fabric.marks import Mark, marks_of
from gui.views.fabric.picture import beside_group, category_colors
from gui.views.widgets.palette import Theme
from optinet.fabric import NodeKind

MARGIN = 14.0
BAR_WIDTH, BAR_MAX_HEIGHT = 14.0, 260.0
STROKE, KEY_GAP = 24.0, 18.0  # length of a stroke in the legend, and what is between two keys
_ALIGN = Qt.AlignmentFlag


def ground(painter: QPainter, theme: Theme, box: QRectF) -> None:
    """Cover what is drawn below a text, so that it can be read when zoomed in."""
    color = QColor(theme.canvas)
    color.setAlphaF(0.82)
    painter.fillRect(box.adjusted(-6, -4, 6, 4), color)


def scale_titles(state: FabricViewState) -> list[str]:
    """Return what stands above the color bar, line by line."""
    on = (("logarithmic", state.scale.log), ("range locked", state.scale_locked))
    shared = state.common_scale is not None and not state.scale_locked
    return [
        state.quantity.title,
        state.quantity.unit,
        *(state.scene.remarks(state.quantity) if state.scene is not None else ()),
        *(word for word, is_so in (*on, ("common range", shared)) if is_so),
    ]


def paint_color_bar(painter: QPainter, theme: Theme, state: FabricViewState, size: QSizeF) -> None:
    """Draw the color bar at the right: the map with ticks, and what it shows with its unit above it."""
    metrics = QFontMetricsF(painter.font())
    scale, quantity, titles = state.scale, state.quantity, scale_titles(state)
    has_missing = bool(np.isnan(state.values[state.segments]).any())
    height = min(BAR_MAX_HEIGHT, size.height() - 2 * MARGIN - (len(titles) + 3 + 2 * has_missing) * metrics.height())
    if height < 40:
        return
    right = size.width() - MARGIN
    top = _paint_titles(painter, theme, titles, right)
    bar = QRectF(right - BAR_WIDTH, top + metrics.height() * 1.1, BAR_WIDTH, height)
    ticks = _ticks(scale, quantity.threshold, height / metrics.height())
    labels = [format_number(value if quantity.decimals is None else round(value, quantity.decimals)) for value in ticks]
    if quantity.threshold in ticks:
        labels[ticks.index(quantity.threshold)] = f"{quantity.threshold_text} {format_number(quantity.threshold)}"
    widest = max((metrics.horizontalAdvance(label) for label in labels), default=0.0) + 10
    ground(painter, theme, bar.adjusted(-widest, -metrics.height() / 2, 0, metrics.height() / 2))
    gradient = QLinearGradient(bar.bottomLeft(), bar.topLeft())
    colors = theme.colors(state.map_name)
    for index in range(0, N_COLORS, 7):
        gradient.setColorAt(index / (N_COLORS - 1), colors[N_COLORS - 1 - index if quantity.low_stands_out else index])
    painter.setPen(QPen(theme.rule, 1))
    painter.setBrush(gradient)
    painter.drawRect(bar)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for value, label in zip(ticks, labels, strict=True):
        y = bar.bottom() - scale.fraction(value) * bar.height()
        painter.setPen(QPen(theme.faint_text, 1))
        painter.drawLine(QPointF(bar.left() - 4, y), QPointF(bar.left(), y))
        place = QRectF(bar.left() - 100, y - metrics.height() / 2, 93, metrics.height())
        painter.setPen(theme.text)
        painter.drawText(place, _ALIGN.AlignRight | _ALIGN.AlignVCenter, label)
        if value == quantity.threshold:
            _paint_threshold(painter, theme, bar, y)
    if has_missing:
        _paint_key(painter, theme, theme.rule, "no value", right, bar.bottom() + metrics.height())


def _paint_threshold(painter: QPainter, theme: Theme, bar: QRectF, y: float) -> None:
    """Draw a line across a color bar that is seen on each of its colors."""
    ends = QPointF(bar.left() - 5, y), QPointF(bar.right() + 5, y)
    for color, width in ((theme.canvas, 4.0), (theme.text, 1.6)):
        painter.setPen(QPen(color, width, cap=Qt.PenCapStyle.FlatCap))
        painter.drawLine(*ends)


def _ticks(scale: ColorScale, threshold: float | None, lines: float) -> list[float]:
    """Return round values and both ends of a color bar that is so many lines high, and a threshold that it holds.

    Of what would lie on each other the threshold is kept, then the ends.
    """
    ticks = [] if threshold is None or not scale.low <= threshold <= scale.high else [threshold]
    for value in (scale.low, scale.high, *scale.ticks()):
        if all(abs(scale.fraction(value) - scale.fraction(other)) > 1.2 / lines for other in ticks):
            ticks.append(value)
    return sorted(ticks)


def paint_categories(painter: QPainter, theme: Theme, state: FabricViewState, size: QSizeF) -> None:
    """Say at the right which color is which link class or state, and how many links it has."""
    scene = state.scene
    if scene is None:
        return
    metrics = QFontMetricsF(painter.font())
    names, values = scene.categories(state.quantity), scene.link_values[state.quantity.id]
    counts = np.bincount(np.nan_to_num(values).astype(np.int64), minlength=len(names))
    right, top = size.width() - MARGIN, _paint_titles(painter, theme, [state.quantity.title], size.width() - MARGIN)
    for name, color, count in zip(names, category_colors(state, theme), counts.tolist(), strict=True):
        if count:
            top += metrics.height() + 8.0  # their grounds reach 4 above and below
            _paint_key(painter, theme, color, f"{name}, {counted(count, 'link')}", right, top - metrics.height() * 0.6)


def _paint_titles(painter: QPainter, theme: Theme, titles: Sequence[str], right: float) -> float:
    """Write lines at the top right and return where they end."""
    metrics = QFontMetricsF(painter.font())
    widest = max(metrics.horizontalAdvance(title) for title in titles)
    ground(painter, theme, QRectF(right - widest, MARGIN, widest, len(titles) * metrics.height()))
    top = MARGIN
    for row, title in enumerate(titles):
        painter.setPen(theme.text if row == 0 else theme.faint_text)
        painter.drawText(QRectF(right - widest - 4, top, widest + 4, metrics.height()), _ALIGN.AlignRight, title)
        top += metrics.height()
    return top


def _paint_key(painter: QPainter, theme: Theme, color: QColor, text: str, right: float, top: float) -> None:
    """Write a line of a legend, its color at the right end."""
    metrics = QFontMetricsF(painter.font())
    width = metrics.horizontalAdvance(text)
    ground(painter, theme, QRectF(right - width - 20, top, width + 20, metrics.height()))
    painter.fillRect(QRectF(right - 14, top + metrics.height() / 2 - 2, 14, 5), color)
    painter.setPen(theme.text)
    painter.drawText(QPointF(right - 20 - width, top + metrics.ascent()), text)


@dataclass(frozen=True)
class Key:
    """A kind of point, a square of `side`; or a kind of stroke where it has a `mark`."""

    name: str
    color: QColor
    side: float = 8.0
    mark: Mark | None = None

    @property
    def wide(self) -> float:
        """Width of what is painted, pixels."""
        return self.side if self.mark is None else STROKE

    def paint(self, painter: QPainter, x: float, y: float) -> None:
        """Paint it with its left end at a place."""
        if self.mark is None:
            painter.fillRect(QRectF(x, y - self.side / 2, self.side, self.side), self.color)
            return
        for color, width, style in self.mark.strokes(self.mark.width):
            painter.setPen(QPen(color, width, style, Qt.PenCapStyle.FlatCap))
            painter.drawLine(QPointF(x, y), QPointF(x + STROKE, y))


def paint_keys(painter: QPainter, theme: Theme, state: FabricViewState, size: QSizeF) -> None:
    """Say at the bottom left what the points and strokes in the picture are, as many lines up as it takes."""
    metrics = QFontMetricsF(painter.font())
    rows: list[list[tuple[Key, float]]] = [[]]
    x = MARGIN
    for key in keys(state, theme):
        wide = key.wide + 5 + metrics.horizontalAdvance(key.name)
        if rows[-1] and x + wide > size.width() - MARGIN:
            rows.append([])
            x = MARGIN
        rows[-1].append((key, x))
        x += wide + KEY_GAP
    line = metrics.height() + 4
    for up, row in enumerate(reversed(rows)):
        if not row:
            continue
        y = size.height() - MARGIN - metrics.height() - up * line
        last, at = row[-1]
        right = at + last.wide + 5 + metrics.horizontalAdvance(last.name)
        ground(painter, theme, QRectF(MARGIN, y, right - MARGIN, metrics.height()))
        for key, left in row:
            key.paint(painter, left, y + metrics.height() / 2)
            painter.setPen(theme.faint_text)
            painter.drawText(QPointF(left + key.wide + 5, y + metrics.ascent()), key.name)


def keys(state: FabricViewState, theme: Theme) -> list[Key]:
    """Return the points and strokes that are in the picture."""
    scene, drawing = state.scene, state.drawing
    if scene is None or drawing is None:
        return []
    nodes = drawing.point_node if state.drawn_points is None else drawing.point_node[state.drawn_points]
    drawn = nodes[nodes >= 0]
    beside = beside_group(state)[drawn]
    present = set(scene.node_kind[drawn[~beside]].tolist())
    found = [Key(names[0], theme.nodes[kind]) for kind, names in KIND_NAMES.items() if kind in present]
    if beside.any():
        found.append(Key(f"beside {state.link_filter.group}", theme.rule))
    if (nodes < 0).any():
        found.append(Key("folded group", theme.nodes[NodeKind.SWITCH], 11.0))
    if len(state.shuffles):
        found.append(Key("shuffle", theme.categories[2], 9.0))
    if state.failed_shown and len(nodes_down(scene, state.parts)):
        found.append(Key("failed node", theme.bad))
    return [*found, *(Key(mark.name, mark.color, mark=mark) for mark in marks_of(state, theme))]
