# SPDX-License-Identifier: Apache-2.0
"""From the state of the fabric view to one picture: links by color, marks over them, nodes on top."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QSizeF
from PyQt6.QtGui import QColor

from gui.state.fabric.failed_parts import nodes_down
from gui.state.fabric.quantities import STATE
from gui.state.fabric.view import FabricViewState
from gui.views.fabric.marks import frame_lines, mark_lines
from gui.views.fabric.painting import Picture, Points, picture_of
from gui.views.widgets.palette import Theme
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
    nodes = _nodes(state, theme, xy, size, MOVING_NODES if moving else None)
    most = MOVING_MARKS if moving else None
    frames = frame_lines(state, theme, (size.width(), size.height()), most)
    marks = (*frames, *mark_lines(state, drawing, theme, xy, colors, most))
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
        return (theme.rule, theme.categories[0], theme.warning, theme.bad)
    names = state.scene.categories(state.quantity) if state.scene is not None else ()
    return tuple(theme.categories[i % len(theme.categories)] for i in range(len(names)))


def beside_group(state: FabricViewState) -> NDArray[np.bool_]:
    """Return whether each node is no part of the group that is drawn alone; shape (n_nodes,)."""
    scene = state.scene
    if scene is None:
        return np.zeros(0, dtype=bool)
    inside = scene.folds.inside(state.link_filter.group)
    return np.zeros(scene.n_nodes, dtype=bool) if inside is None else ~inside


def _nodes(
    state: FabricViewState, theme: Theme, xy: NDArray[np.float64], size: QSizeF, most: int | None
) -> tuple[Points, ...]:
    """Return the nodes in view by kind, at most so many of each: hosts small, switches large, smaller if many."""
    scene, drawing, drawn = state.scene, state.drawing, state.drawn_points
    if scene is None or drawing is None:
        return ()
    at = xy[: drawing.n_marks]
    seen = np.all((at >= -10) & (at <= [size.width() + 10, size.height() + 10]), axis=1)
    if drawn is not None:
        seen &= drawn
    share = NODE_COVER * size.width() * size.height() / max(int(seen.sum()), 1)
    basic = float(np.clip(np.sqrt(share), MIN_NODE_PX, MAX_NODE_PX))
    is_node = drawing.point_node >= 0
    kinds, beside = scene.node_kind[drawing.point_node], beside_group(state)[drawing.point_node]
    groups = []
    for kind, relative in NODE_SIZE.items():
        of_kind = seen & is_node & (kinds == kind)
        for which, color in ((of_kind & beside, theme.rule), (of_kind & ~beside, theme.nodes[kind])):
            mine = at[which]
            if len(mine):
                step = 1 if most is None else -(-len(mine) // most)
                groups.append(Points(mine[::step], color, basic * relative))
    if (seen & ~is_node).any():
        groups.append(Points(at[seen & ~is_node], theme.nodes[NodeKind.SWITCH], GROUP_PX))
    dead = drawing.node_point[nodes_down(scene, state.parts)] if state.failed_shown else np.zeros(0, dtype=np.int64)
    if (of_dead := np.unique(dead[seen[dead]])).size:
        groups.append(Points(at[of_dead], theme.bad, max(basic * 1.6, DEAD_PX)))
    if len(state.shuffles):
        groups.append(Points(xy[state.shuffles], theme.categories[2], SHUFFLE_PX))
    return tuple(groups)
