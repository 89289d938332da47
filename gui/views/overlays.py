# SPDX-License-Identifier: Apache-2.0
"""What is written over the fabric: caption, color bar, legends, names, badge, tooltip."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRectF, QSizeF, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QLinearGradient, QPainter, QPen

from gui.state.colormap import N_COLORS, ColorScale
from gui.state.columns import format_number
from gui.state.fabric_view import FabricViewState
from gui.state.failed_parts import links_down, named, nodes_down
from gui.state.quantities import LOAD, UTILIZATION
from gui.state.scene import KIND_NAMES, Scene
from gui.views.fabric_picture import category_colors
from gui.views.palette import Theme
from optinet.fabric import NodeKind

MARGIN = 14.0
CORNER = 0.28  # of the room for a caption, before it reaches the top of a cube
BAR_WIDTH, BAR_MAX_HEIGHT = 14.0, 260.0
OVERLOADED = 100.5  # % of capacity that is more than rounding
MOST_NAMES, MOST_RINGS = 200, 300  # names of a sort and rings about found nodes that are drawn
MOST_SIDES = 3  # of a point where its name is tried
DOT = 4.0  # half of what a point takes from the room for names
# where a name can be of its point, and how far from it
_SIDES = np.array([(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1)], dtype=np.float64)
_UNIT_SIDES = _SIDES / np.linalg.norm(_SIDES, axis=1, keepdims=True)
_GAP = np.array([9.0, 7.0])
_ALIGN = Qt.AlignmentFlag


def _ground(painter: QPainter, theme: Theme, box: QRectF) -> None:
    """Cover what is drawn below a text, so that it can be read when zoomed in."""
    color = QColor(theme.canvas)
    color.setAlphaF(0.82)
    painter.fillRect(box.adjusted(-6, -4, 6, 4), color)


def paint_caption(painter: QPainter, theme: Theme, scene: Scene, remarks: Sequence[str], room: float) -> None:
    """Write the run's name, what its fabric consists of and what is special about the view at the top left."""
    bold = QFont(painter.font())
    bold.setBold(True)
    line = QFontMetricsF(bold).height()
    plain = QFont(painter.font())
    rows = [(scene.title, theme.text, bold), (scene.census(), theme.faint_text, plain)]
    narrow = min(room, max(CORNER * room, 200.0))  # what is long grows down the corner, beside the fabric
    rows += [(part, theme.text, plain) for remark in remarks for part in _broken(remark, QFontMetricsF(plain), narrow)]
    widest = max(QFontMetricsF(font).horizontalAdvance(text) for text, _, font in rows)
    _ground(painter, theme, QRectF(MARGIN, MARGIN, min(widest, room), line * (0.05 + 1.1 * len(rows))))
    for row, (text, color, font) in enumerate(rows):
        painter.save()
        painter.setFont(font)
        painter.setPen(color)
        shown = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(QRectF(MARGIN, MARGIN + row * line * 1.1, room, line * 1.2), _ALIGN.AlignLeft, shown)
        painter.restore()


def _broken(text: str, metrics: QFontMetricsF, room: float) -> list[str]:
    """Break a text between words into lines that fit."""
    lines: list[str] = []
    for word in text.split():
        if lines and metrics.horizontalAdvance(f"{lines[-1]} {word}") <= room:
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
    if names:
        _paint_places(painter, state, theme, size)
    titles = _scale_titles(state)
    has_categories = bool(state.scene.categories(state.quantity))
    beside = 160.0 if has_categories else max(map(QFontMetricsF(painter.font()).horizontalAdvance, titles))
    paint_caption(painter, theme, state.scene, _remarks(state), max(size.width() - 4 * MARGIN - beside, 80.0))
    if has_categories:
        paint_categories(painter, theme, state, size)
    else:
        paint_color_bar(painter, theme, state, size)
    paint_node_legend(painter, theme, state, size)


def _remarks(state: FabricViewState) -> list[str]:
    scene = state.scene
    if scene is None:
        return []
    remarks = []
    if state.drawn_links is not None:
        which = state.link_filter.words(state.quantity)
        remarks.append(f"{state.n_links_shown:,} of {scene.n_links:,} links drawn: {which}")
    fullest = float(np.nanmax(scene.link_values[UTILIZATION.id], initial=0.0))
    if fullest > OVERLOADED and state.quantity in (UTILIZATION, LOAD):
        remarks.append(f"{1e4 / fullest:.3g} % of the demand fits")
    if state.folded:
        names = [scene.folds.names[group] for group in sorted(state.folded)]
        words = sorted({name.split()[0] for name in names}, reverse=True)
        many = f"{len(names):,} {scene.folds.word if len(words) == 1 else 'groups'} folded"
        remarks.append(f"{names[0]} folded" if len(names) == 1 else many)
    if state.limit_shown:
        remarks.append(scene.limit_text)
    failed = len(state.failed)
    if failed and state.failed_shown:
        remarks.append(f"{failed:,} link{'s' * (failed != 1)} down (dashed)")
    if scene.after is not None and scene.after.parts:
        remarks.append(f"without {named(scene.after.parts)}: {scene.after.brief()}")
    elif scene.after is not None and scene.own_parts:
        remarks.append(f"everything works: {scene.after.brief()}")
    elif scene.own_parts:
        remarks.append(f"without {named(scene.own_parts)}")
    if len(state.dark_links) or len(state.new_links):
        remarks.append(f"{len(state.dark_links):,} circuits dark (dotted), {len(state.new_links):,} new")
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
    _paint_names(
        painter,
        theme,
        [(QPointF(*xy[state.drawing.node_point[n]]), state.scene.node_names[n]) for n in names if state.scene],
        size,
        _middle(xy),
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


def _paint_places(painter: QPainter, state: FabricViewState, theme: Theme, size: QSizeF) -> None:
    """Write what stands where: slices, folded groups, and if asked for the other groups and the nodes but hosts.

    Of each sort either all in view are named, as far as they do not lie on each other, or none if they are too many.
    """
    drawing, scene = state.drawing, state.scene
    if drawing is None or scene is None:
        return
    xy, view = state.projected(), (size.width(), size.height())
    labels, folded = scene.layout.labels, np.flatnonzero(drawing.point_group >= 0)
    sorts: list[tuple[NDArray[np.float64], Callable[[int], str]]] = [
        (state.camera.project(np.array([at for _, at in labels]).reshape(-1, 3), *view), lambda i: labels[i][0]),
        (xy[folded], lambda i: scene.folds.names[drawing.point_group[folded[i]]]),
    ]
    if state.names_shown:
        whole = sorted(scene.folds.everything - state.folded)
        kind = scene.node_kind[drawing.point_node]
        nodes = np.flatnonzero((drawing.point_node >= 0) & (kind != NodeKind.HOST))
        sorts += [
            (state.camera.project(scene.boxes[0][whole].mean(axis=1), *view), lambda i: scene.folds.names[whole[i]]),
            (xy[nodes], lambda i: scene.node_names[drawing.point_node[nodes[i]]]),
        ]
    named = []
    for at, name in sorts:
        inside = np.flatnonzero(np.all((at >= 0) & (at <= view), axis=1))
        if len(inside) <= MOST_NAMES:
            named += [(QPointF(*at[i]), name(i)) for i in inside.tolist()]
    if named:
        _paint_names(painter, theme, named, size, _middle(xy))


def _middle(xy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the middle of what is drawn."""
    return np.asarray((xy.min(axis=0) + xy.max(axis=0)) / 2)


def _paint_names(
    painter: QPainter,
    theme: Theme,
    names: Sequence[tuple[QPointF, str]],
    size: QSizeF,
    middle: NDArray[np.float64],
) -> None:
    """Write names beside their points, away from the middle of what is drawn, leaving out those without room."""
    metrics = QFontMetricsF(painter.font())
    points = np.array([(at.x(), at.y()) for at, _ in names]).reshape(-1, 2)
    outward = points - middle
    sides = np.argsort(-(outward @ _UNIT_SIDES.T), axis=1, kind="stable")[:, :MOST_SIDES]
    taken = np.column_stack([points - DOT, points + DOT])  # left, top, right, bottom; no name lies on a point
    ground = QColor(theme.canvas)
    ground.setAlphaF(0.7)
    painter.setPen(theme.text)
    for (x, y), tried, (_, name) in zip(points.tolist(), sides.tolist(), names, strict=True):
        wide, high = metrics.horizontalAdvance(name), metrics.height()
        for side in tried:
            dx, dy = _SIDES[side] * (_GAP + np.array([wide / 2, high / 2]))
            left, top = x + dx - wide / 2, y + dy - high / 2
            room = np.array([left - 4, top - 2, left + wide + 4, top + high + 2])  # names that touch read as one
            inside = room[0] >= 0 and room[1] >= 0 and room[2] <= size.width() and room[3] <= size.height()
            if inside and not ((taken[:, :2] < room[2:]) & (room[:2] < taken[:, 2:])).all(axis=1).any():
                box = QRectF(left, top, wide, high)
                painter.fillRect(box.adjusted(-2, 0, 2, 0), ground)
                painter.drawText(box, _ALIGN.AlignLeft | _ALIGN.AlignVCenter, name)
                taken = np.vstack([taken, room])
                break


def _scale_titles(state: FabricViewState) -> list[str]:
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
    scale, quantity, titles = state.scale, state.quantity, _scale_titles(state)
    has_missing = bool(np.isnan(state.values[state.segments]).any())
    height = min(BAR_MAX_HEIGHT, size.height() - 2 * MARGIN - (len(titles) + 3 + 2 * has_missing) * metrics.height())
    if height < 40:
        return
    right = size.width() - MARGIN
    top = _paint_titles(painter, theme, titles, right)
    bar = QRectF(right - BAR_WIDTH, top + metrics.height() * 1.1, BAR_WIDTH, height)
    ticks = _ticks(scale, height / metrics.height())
    labels = [format_number(value) for value in ticks]
    widest = max((metrics.horizontalAdvance(label) for label in labels), default=0.0) + 10
    _ground(painter, theme, bar.adjusted(-widest, -metrics.height() / 2, 0, metrics.height() / 2))
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
    if has_missing:
        _paint_key(painter, theme, theme.rule, "no value", right, bar.bottom() + metrics.height())


def _ticks(scale: ColorScale, lines: float) -> list[float]:
    """Return round values and both ends of a color bar that is so many lines high; ends take the place of neighbors."""
    ends = [scale.low, scale.high]
    apart = 1.2 / lines
    inner = [v for v in scale.ticks() if min(abs(scale.fraction(v) - scale.fraction(end)) for end in ends) > apart]
    return [ends[0], *inner, ends[1]]


def paint_categories(painter: QPainter, theme: Theme, state: FabricViewState, size: QSizeF) -> None:
    """Say at the right which color is which link class or state, and how many links it has."""
    scene = state.scene
    if scene is None:
        return
    metrics = QFontMetricsF(painter.font())
    names, values = scene.categories(state.quantity), scene.link_values[state.quantity.id]
    counts = np.bincount(np.nan_to_num(values).astype(np.int64), minlength=len(names))
    right, top = size.width() - MARGIN, _paint_titles(painter, theme, [state.quantity.title], size.width() - MARGIN)
    for name, color, count in zip(names, category_colors(state, theme), counts, strict=True):
        if count:
            top += metrics.height() + 8.0  # their grounds reach 4 above and below
            _paint_key(painter, theme, color, f"{name}, {count:,} links", right, top - metrics.height() * 0.6)


def _paint_titles(painter: QPainter, theme: Theme, titles: Sequence[str], right: float) -> float:
    """Write lines at the top right and return where they end."""
    metrics = QFontMetricsF(painter.font())
    widest = max(metrics.horizontalAdvance(title) for title in titles)
    _ground(painter, theme, QRectF(right - widest, MARGIN, widest, len(titles) * metrics.height()))
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
    _ground(painter, theme, QRectF(right - width - 20, top, width + 20, metrics.height()))
    painter.fillRect(QRectF(right - 14, top + metrics.height() / 2 - 2, 14, 5), color)
    painter.setPen(theme.text)
    painter.drawText(QPointF(right - 20 - width, top + metrics.ascent()), text)


def paint_node_legend(painter: QPainter, theme: Theme, state: FabricViewState, size: QSizeF) -> None:
    """Say at the bottom left which mark is which kind of node."""
    scene, drawing = state.scene, state.drawing
    if scene is None or drawing is None:
        return
    metrics = QFontMetricsF(painter.font())
    x, y = MARGIN, size.height() - MARGIN - metrics.height()
    present = set(scene.node_kind[drawing.point_node[drawing.point_node >= 0]].tolist())
    keys = [(theme.nodes[kind], names[0], 8.0) for kind, names in KIND_NAMES.items() if kind in present]
    if state.folded:
        keys.append((theme.nodes[NodeKind.SWITCH], "folded group", 11.0))
    if len(drawing.shuffles):
        keys.append((theme.categories[2], "shuffle", 9.0))
    shown = [(*key, metrics.horizontalAdvance(key[1])) for key in keys]
    _ground(painter, theme, QRectF(x, y, sum(32 + width for *_, width in shown) - 16, metrics.height()))
    for color, name, side, width in shown:
        painter.fillRect(QRectF(x, y + metrics.height() / 2 - side / 2, side, side), color)
        painter.setPen(theme.faint_text)
        painter.drawText(QPointF(x + side + 5, y + metrics.ascent()), name)
        x += 24 + side + width


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
