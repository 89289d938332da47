# SPDX-License-Identifier: Apache-2.0
"""What is written over the fabric: caption, color bar, legends, names, badge, tooltip."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRectF, QSizeF, Qt
from PyQt6.QtGui import QFont, QFontMetricsF, QPainter, QPen

from experiments.labels import counted
from gui.state.fabric.failed_parts import links_down, named, nodes_down
from gui.state.fabric.failure import DECIMALS
from gui.state.fabric.quantities import LOAD, UTILIZATION
from gui.state.fabric.scene import Scene
from gui.state.fabric.view import FabricViewState
from gui.views.fabric.legends import MARGIN, ground, paint_categories, paint_color_bar, paint_keys, scale_titles
from gui.views.fabric.names import middle, paint_names, paint_places
from gui.views.widgets.palette import Theme

CORNER = 0.28  # of the room for a caption, before it reaches the top of a cube
SPILL = 1.3  # times that room for what then needs no second line
MOST_RINGS = 300  # rings about found nodes that are drawn
_ALIGN = Qt.AlignmentFlag


def paint_caption(painter: QPainter, theme: Theme, scene: Scene, remarks: Sequence[str], room: float) -> QRectF:
    """Write the run's name, what its fabric consists of and what is special about it at the top left; return where."""
    bold = QFont(painter.font())
    bold.setBold(True)
    line = QFontMetricsF(bold).height()
    plain = QFont(painter.font())
    rows = [(scene.title, theme.text, bold), (scene.census(), theme.faint_text, plain)]
    narrow = min(room, max(CORNER * room, 200.0))  # what is long grows down the corner, beside the fabric
    parts = (part for remark in remarks for part in _broken(remark, QFontMetricsF(plain), narrow, room))
    rows += [(part, theme.text, plain) for part in parts]
    widest = max(QFontMetricsF(font).horizontalAdvance(text) for text, _, font in rows)
    box = QRectF(MARGIN, MARGIN, min(widest, room), line * (0.05 + 1.1 * len(rows)))
    for row, (text, _, font) in enumerate(rows):  # before all texts, whose tails a ground would cut
        wide = min(QFontMetricsF(font).horizontalAdvance(text), room)
        ground(painter, theme, QRectF(MARGIN, MARGIN + row * line * 1.1, wide, line))
    for row, (text, color, font) in enumerate(rows):
        painter.save()
        painter.setFont(font)
        painter.setPen(color)
        shown = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(QRectF(MARGIN, MARGIN + row * line * 1.1, room, line * 1.2), _ALIGN.AlignLeft, shown)
        painter.restore()
    return box


def _broken(text: str, metrics: QFontMetricsF, narrow: float, room: float) -> list[str]:
    """Break a text between words into narrow lines, unless it is hardly longer than one."""
    if metrics.horizontalAdvance(text) <= min(SPILL * narrow, room):
        return [text]
    lines: list[str] = []
    for word in text.split():
        if lines and metrics.horizontalAdvance(f"{lines[-1]} {word}") <= narrow:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def paint_annotations(
    painter: QPainter, state: FabricViewState, theme: Theme, size: QSizeF, *, names: bool = True
) -> None:
    """Write caption, color bar, legend, rings about chosen nodes and, at rest, names of groups over a picture."""
    if state.scene is None:
        return
    _paint_rings(painter, state, theme, size)
    titles = scale_titles(state)
    has_categories = bool(state.scene.categories(state.quantity))
    beside = 160.0 if has_categories else max(map(QFontMetricsF(painter.font()).horizontalAdvance, titles))
    room = max(size.width() - 4 * MARGIN - beside, 80.0)
    caption = paint_caption(painter, theme, state.scene, _remarks(state), room)
    if names:
        paint_places(painter, state, theme, size, caption)
    if has_categories:
        paint_categories(painter, theme, state, size)
    else:
        paint_color_bar(painter, theme, state, size)
    paint_keys(painter, theme, state, size)


def _remarks(state: FabricViewState) -> list[str]:
    scene = state.scene
    if scene is None:
        return []
    remarks = []
    if state.drawn_links is not None:
        which = state.link_filter.words(state.quantity)
        remarks.append(f"{state.n_links_shown:,} of {scene.n_links:,} links drawn: {which}")
    fullest = float(np.nanmax(scene.link_values[UTILIZATION.id], initial=0.0))
    throughput = round(100 / max(fullest, 100.0), DECIMALS)  # as the table of runs writes it
    if throughput < 1 and state.quantity in (UTILIZATION, LOAD):
        remarks.append(f"{1e4 / fullest:.3g} % of the demand fits")
    if scene.layout.remark:
        remarks.append(scene.layout.remark)
    if state.folded:
        names = [scene.folds.names[group] for group in sorted(state.folded)]
        words = sorted({name.split()[0] for name in names}, reverse=True)
        many = f"{len(names):,} {scene.folds.word if len(words) == 1 else 'groups'} folded"
        remarks.append(f"{names[0]} folded" if len(names) == 1 else many)
    if state.limit_shown:
        remarks.append(scene.limit_text)
    failed = len(state.failed)
    if failed and state.failed_shown:
        remarks.append(f"{counted(failed, 'link')} down (dashed)")
    if scene.after is not None and scene.after.parts:
        remarks += [f"without {named(scene.after.parts)}", *scene.after.brief()]
    elif scene.after is not None and scene.own_parts:
        remarks += ["everything works", *scene.after.brief()]
    elif scene.own_parts:
        remarks.append(f"without {named(scene.own_parts)}")
    if len(state.dark_links) or len(state.new_links):
        remarks.append(f"{counted(len(state.dark_links), 'circuit')} dark (dotted), {len(state.new_links):,} new")
    return remarks


def _paint_rings(painter: QPainter, state: FabricViewState, theme: Theme, size: QSizeF) -> None:
    if state.drawing is None or not (state.chosen or state.found):
        return
    xy = state.projected()
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for nodes, radius in ((state.found[:MOST_RINGS], 8.0), (state.chosen, 6.0)):
        painter.setPen(QPen(theme.highlight, 2))
        for node in nodes:
            painter.drawEllipse(QPointF(*xy[state.drawing.node_point[node]]), radius, radius)
    painter.restore()
    names = [*state.chosen, *state.found[:1]]
    paint_names(
        painter,
        theme,
        [(QPointF(*xy[state.drawing.node_point[n]]), state.scene.node_names[n]) for n in names if state.scene],
        size,
        middle(xy),
    )


def paint_pointed(painter: QPainter, state: FabricViewState, theme: Theme, xy: NDArray[np.float64]) -> None:
    """Mark the failed parts that are pointed at in their list: rings about nodes, lines over links."""
    scene, drawing = state.scene, state.drawing
    if scene is None or drawing is None or not state.pointed or len(xy) != len(drawing.xyz):
        return
    by_themselves = tuple(part for part in state.pointed if part.kind in ("links", "ocs"))
    segments = drawing.segments_of(links_down(scene, by_themselves))[:MOST_RINGS]
    points = np.unique(drawing.node_point[nodes_down(scene, state.pointed)])[:MOST_RINGS]
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(theme.highlight, 3))
    for a, b in drawing.segment_ends[segments]:
        painter.drawLine(QPointF(*xy[a]), QPointF(*xy[b]))
    for point in points:
        painter.drawEllipse(QPointF(*xy[point]), 8.0, 8.0)
    painter.restore()


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
