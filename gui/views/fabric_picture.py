# SPDX-License-Identifier: Apache-2.0
"""From the state of the fabric view to one picture: links by color, marks over them, nodes on top."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QSizeF, Qt
from PyQt6.QtGui import QColor

from gui.state.drawing import Drawing
from gui.state.fabric_view import FabricViewState
from gui.state.failed_parts import nodes_down
from gui.state.quantities import STATE
from gui.state.scene import Scene
from gui.views.painting import FAST_WIDTH, FEW, Lines, Picture, Points, picture_of
from gui.views.palette import Theme
from optinet.fabric import NodeKind

NODE_SIZE = {NodeKind.HOST: 0.75, NodeKind.CHIP: 1.0, NodeKind.SWITCH: 1.6}
NODE_COVER = 0.025  # share of the view that nodes may cover
MOVING_NODES = 5_000  # nodes of one kind drawn while moving
MOVING_MARKS = 1_500  # marked lines of one sort drawn while moving
MIN_NODE_PX, MAX_NODE_PX, GROUP_PX, SHUFFLE_PX, DEAD_PX = 1.6, 8.0, 11.0, 9.0, 5.0


def fabric_picture(
    state: FabricViewState, theme: Theme, size: QSizeF, xy: NDArray[np.float64], n_segments: int | None = None
) -> Picture:
    """Return the picture of the fabric as it is looked at now.

    Parameters
    ----------
    state, theme, size
        What to show, in which colors, how large.
    xy
        shape (n_points, 2): the projected points.
    n_segments
        Draw a fair sample of this many segments; None draws all.
    """
    scene, drawing = state.scene, state.drawing
    colors = value_colors(state, theme)
    if scene is None or drawing is None:
        nothing = np.zeros((0, 2), dtype=np.int64)
        return picture_of(xy, nothing, nothing[:, 0], colors, (), theme.canvas, size)
    drawn = state.segments[:n_segments]
    ends = drawing.segment_ends[drawn]
    moving = n_segments is not None
    dead = nodes_down(scene, state.parts) if state.failed_shown else np.zeros(0, dtype=np.int64)
    nodes = _nodes(scene, drawing, theme, xy, size, MOVING_NODES if moving else None, dead)
    marks = _marks(state, drawing, theme, xy, MOVING_MARKS if moving else None)
    return picture_of(xy, ends, state.color_bins(state.values[drawn]), colors, nodes, theme.canvas, size, marks)


def value_colors(state: FabricViewState, theme: Theme) -> tuple[QColor, ...]:
    """Return the color of a missing value, then those of the values, what stands out most last."""
    if state.scene is not None and state.scene.categories(state.quantity):
        return (theme.rule, *category_colors(state, theme))
    colors = theme.colors(state.map_name)
    return (theme.rule, *colors)


def category_colors(state: FabricViewState, theme: Theme) -> tuple[QColor, ...]:
    """Return the color of each category of the quantity shown."""
    if state.quantity == STATE:
        return (theme.rule, theme.categories[0], theme.categories[3], theme.bad)
    names = state.scene.categories(state.quantity) if state.scene is not None else ()
    return tuple(theme.categories[i % len(theme.categories)] for i in range(len(names)))


def _nodes(
    scene: Scene,
    drawing: Drawing,
    theme: Theme,
    xy: NDArray[np.float64],
    size: QSizeF,
    most: int | None,
    dead: NDArray[np.int64],
) -> tuple[Points, ...]:
    """Return the nodes in view by kind, at most so many of each: hosts small, switches large, smaller if many."""
    at = xy[: drawing.n_marks]
    seen = np.all((at >= -10) & (at <= [size.width() + 10, size.height() + 10]), axis=1)
    share = NODE_COVER * size.width() * size.height() / max(int(seen.sum()), 1)
    basic = float(np.clip(np.sqrt(share), MIN_NODE_PX, MAX_NODE_PX))
    is_node = drawing.point_node >= 0
    kinds = scene.node_kind[drawing.point_node]
    groups = []
    for kind, relative in NODE_SIZE.items():
        mine = at[seen & is_node & (kinds == kind)]
        if len(mine):
            step = 1 if most is None else -(-len(mine) // most)
            groups.append(Points(mine[::step], theme.nodes[kind], basic * relative))
    if not is_node.all():
        groups.append(Points(at[seen & ~is_node], theme.nodes[NodeKind.SWITCH], GROUP_PX))
    if len(dead):
        groups.append(Points(at[np.unique(drawing.node_point[dead])], theme.bad, max(basic * 1.6, DEAD_PX)))
    if len(drawing.shuffles):
        groups.append(Points(xy[drawing.shuffles], theme.categories[2], SHUFFLE_PX))
    return tuple(groups)


def _marks(
    state: FabricViewState, drawing: Drawing, theme: Theme, xy: NDArray[np.float64], most: int | None
) -> tuple[Lines, ...]:
    """Return what is drawn over the links: what limits, what is down, circuits that change, and traced paths."""
    scene = state.scene
    if scene is None:
        return ()
    style = Qt.PenStyle
    sorts = []
    if state.limit_shown:
        sorts.append((np.flatnonzero(scene.limiting), theme.highlight, 2.6, style.SolidLine))
    if state.failed_shown:
        sorts.append((state.failed, theme.bad, 2.2, style.DashLine))
    sorts.append((state.dark_links, theme.bad, 2.2, style.DotLine))
    if state.trace is not None:
        sorts.append((state.trace.links(state.path_shown), theme.highlight, 3.0, style.SolidLine))
    marks = []
    for links, color, width, dash in sorts:
        if len(links):
            segments = drawing.segments_of(links)[:most]
            width = width if len(links) <= FEW else FAST_WIDTH
            marks.append(Lines(xy[drawing.segment_ends[segments]].reshape(-1, 4), color, width, dash))
    if len(state.new_links):
        ends = drawing.node_point[state.new_links][:most]
        marks.append(Lines(xy[ends].reshape(-1, 4), theme.good, 2.2, style.SolidLine))
    return tuple(marks)
