# SPDX-License-Identifier: Apache-2.0
"""What is written over the fabric: caption, color bar, legend of nodes, badge, tooltip."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QPointF, QRectF, QSizeF, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QLinearGradient, QPainter, QPen

from gui.state.colormap import ColorScale
from gui.state.columns import format_number
from gui.state.scene import KIND_NAMES, Quantity, Scene
from gui.views.palette import Theme

MARGIN = 14.0
BAR_WIDTH, BAR_MAX_HEIGHT = 14.0, 260.0
_ALIGN = Qt.AlignmentFlag


def _ground(painter: QPainter, theme: Theme, box: QRectF) -> None:
    """Cover what is drawn below a text, so that it can be read when zoomed in."""
    color = QColor(theme.canvas)
    color.setAlphaF(0.82)
    painter.fillRect(box.adjusted(-6, -4, 6, 4), color)


def paint_caption(painter: QPainter, theme: Theme, scene: Scene, width: float) -> None:
    """Write the run's name and what its fabric consists of at the top left."""
    bold = QFont(painter.font())
    bold.setBold(True)
    line = QFontMetricsF(bold).height()
    room = max(width - 2 * MARGIN - 120, 80.0)
    rows = ((scene.title, theme.text, bold), (scene.census(), theme.faint_text, painter.font()))
    widest = max(QFontMetricsF(font).horizontalAdvance(text) for text, _, font in rows)
    _ground(painter, theme, QRectF(MARGIN, MARGIN, min(widest, room), line * 2.15))
    for row, (text, color, font) in enumerate(rows):
        painter.save()
        painter.setFont(font)
        painter.setPen(color)
        shown = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(QRectF(MARGIN, MARGIN + row * line * 1.1, room, line * 1.2), _ALIGN.AlignLeft, shown)
        painter.restore()


def paint_color_bar(
    painter: QPainter, theme: Theme, map_name: str, scale: ColorScale, quantity: Quantity, size: QSizeF, locked: bool
) -> None:
    """Draw the color bar at the right: the map with ticks, and what it shows with its unit above it."""
    metrics = QFontMetricsF(painter.font())
    titles = [quantity.title, quantity.unit, *(["range locked"] if locked else [])]
    height = min(BAR_MAX_HEIGHT, size.height() - 2 * MARGIN - (len(titles) + 2) * metrics.height())
    if height < 40:
        return
    right = size.width() - MARGIN
    top = MARGIN
    widest = max(metrics.horizontalAdvance(title) for title in titles)
    _ground(painter, theme, QRectF(right - widest, top, widest, len(titles) * metrics.height()))
    for row, title in enumerate(titles):
        painter.setPen(theme.text if row == 0 else theme.faint_text)
        painter.drawText(QRectF(right - 200, top, 200, metrics.height()), _ALIGN.AlignRight, title)
        top += metrics.height()
    bar = QRectF(right - BAR_WIDTH, top + metrics.height() * 0.7, BAR_WIDTH, height)
    labels = [format_number(value) for value in scale.ticks()]
    widest = max(metrics.horizontalAdvance(label) for label in labels) + 10
    _ground(painter, theme, bar.adjusted(-widest, -metrics.height() / 2, 0, metrics.height() / 2))
    gradient = QLinearGradient(bar.bottomLeft(), bar.topLeft())
    colors = theme.colors(map_name)
    for index in range(0, len(colors), 7):
        gradient.setColorAt(index / (len(colors) - 1), colors[index])
    painter.setPen(QPen(theme.rule, 1))
    painter.setBrush(gradient)
    painter.drawRect(bar)
    for value, label in zip(scale.ticks(), labels, strict=True):
        y = bar.bottom() - scale.fraction(value) * bar.height()
        painter.setPen(QPen(theme.faint_text, 1))
        painter.drawLine(QPointF(bar.left() - 4, y), QPointF(bar.left(), y))
        place = QRectF(bar.left() - 100, y - metrics.height() / 2, 93, metrics.height())
        painter.setPen(theme.text)
        painter.drawText(place, _ALIGN.AlignRight | _ALIGN.AlignVCenter, label)


def paint_node_legend(painter: QPainter, theme: Theme, scene: Scene, size: QSizeF) -> None:
    """Say at the bottom left which mark is which kind of node."""
    metrics = QFontMetricsF(painter.font())
    x, y = MARGIN, size.height() - MARGIN - metrics.height()
    present = set(scene.node_kind.tolist())
    shown = [
        (kind, names[0], metrics.horizontalAdvance(names[0])) for kind, names in KIND_NAMES.items() if kind in present
    ]
    _ground(painter, theme, QRectF(x, y, sum(29 + width for *_, width in shown) - 16, metrics.height()))
    for kind, name, width in shown:
        painter.fillRect(QRectF(x, y + metrics.height() / 2 - 4, 8, 8), theme.nodes[kind])
        painter.setPen(theme.faint_text)
        painter.drawText(QPointF(x + 13, y + metrics.ascent()), name)
        x += 29 + width


def paint_badge(painter: QPainter, theme: Theme, text: str, size: QSizeF) -> None:
    """Say at the bottom right that less than everything is drawn."""
    metrics = QFontMetricsF(painter.font())
    width, height = metrics.horizontalAdvance(text) + 20, metrics.height() + 8
    box = QRectF(size.width() - MARGIN - width, size.height() - MARGIN - height, width, height)
    _box(painter, theme, box)
    painter.setPen(theme.text)
    painter.drawText(box, _ALIGN.AlignCenter, text)


def paint_message(painter: QPainter, theme: Theme, text: str, size: QSizeF) -> None:
    """Write a message in the middle of an empty view."""
    painter.setPen(theme.faint_text)
    room = QRectF(MARGIN, 0, size.width() - 2 * MARGIN, size.height())
    painter.drawText(room, int(_ALIGN.AlignCenter | Qt.TextFlag.TextWordWrap), text)


def paint_tooltip(painter: QPainter, theme: Theme, lines: Sequence[str], at: QPointF, size: QSizeF) -> None:
    """Write what is under the pointer beside it, inside the view."""
    bold = QFont(painter.font())
    bold.setBold(True)
    metrics = QFontMetricsF(bold)
    width = max(metrics.horizontalAdvance(line) for line in lines) + 20
    height = metrics.height() * len(lines) + 14
    x = at.x() + 16 if at.x() + 16 + width < size.width() else at.x() - 12 - width
    y = at.y() + 16 if at.y() + 16 + height < size.height() else at.y() - 12 - height
    box = QRectF(max(x, 2.0), max(y, 2.0), width, height)
    _box(painter, theme, box)
    plain = QFont(painter.font())
    for row, line in enumerate(lines):
        painter.setFont(plain if row else bold)
        painter.setPen(theme.faint_text if row == 1 else theme.text)
        painter.drawText(QPointF(box.x() + 10, box.y() + 7 + metrics.ascent() + row * metrics.height()), line)
    painter.setFont(plain)


def _box(painter: QPainter, theme: Theme, box: QRectF) -> None:
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.rule, 1))
    painter.setBrush(theme.box)
    painter.drawRoundedRect(box, 4, 4)
    painter.restore()
