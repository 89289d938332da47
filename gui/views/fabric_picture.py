# SPDX-License-Identifier: Apache-2.0
"""From the state of the fabric view to pictures: whole ones, sampled ones, and those for files."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QSizeF
from PyQt6.QtGui import QFont, QPainter

from gui.state.fabric_view import FabricViewState
from gui.state.scene import Scene
from gui.views import overlays
from gui.views.painting import Picture, Points, paint, picture_of
from gui.views.palette import Theme
from optinet.fabric import NodeKind

NODE_SIZE = {NodeKind.HOST: 0.75, NodeKind.CHIP: 1.0, NodeKind.SWITCH: 1.6}
NODE_COVER = 0.025  # share of the view that nodes may cover
MOVING_NODES = 5_000  # nodes of one kind drawn while moving
MIN_NODE_PX, MAX_NODE_PX = 1.6, 8.0


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
    scene = state.scene
    colors = theme.colors(state.map_name)
    if scene is None:
        nothing = np.zeros((0, 2), dtype=np.int64)
        return picture_of(xy, nothing, nothing[:, 0], colors, (), theme.canvas, size)
    drawn = state.segments[:n_segments]
    bins = state.scale.bins(state.values[drawn])
    most = None if n_segments is None else MOVING_NODES
    ends = scene.layout.segment_ends[drawn]
    return picture_of(xy, ends, bins, colors, _nodes(scene, theme, xy, size, most), theme.canvas, size)


def _nodes(scene: Scene, theme: Theme, xy: NDArray[np.float64], size: QSizeF, most: int | None) -> tuple[Points, ...]:
    """Return the nodes in view by kind, at most so many of each: hosts small, switches large, smaller if many."""
    at = xy[: scene.n_nodes]
    seen = np.all((at >= -10) & (at <= [size.width() + 10, size.height() + 10]), axis=1)
    share = NODE_COVER * size.width() * size.height() / max(int(seen.sum()), 1)
    basic = float(np.clip(np.sqrt(share), MIN_NODE_PX, MAX_NODE_PX))
    groups = []
    for kind, relative in NODE_SIZE.items():
        mine = at[seen & (scene.node_kind == kind)]
        if len(mine):
            step = 1 if most is None else -(-len(mine) // most)
            groups.append(Points(mine[::step], theme.nodes[kind], basic * relative))
    return tuple(groups)


@dataclass(frozen=True)
class FabricExport:
    """Everything needed to paint the fabric view again later.

    Parameters
    ----------
    state, picture, theme, size, font
        What to paint; the state's scene, scale and quantity must not change until it is written.
    """

    state: FabricViewState
    picture: Picture
    theme: Theme
    size: QSizeF
    font: QFont

    def paint(self, painter: QPainter) -> None:
        """Paint the view with caption and color bar; on any thread."""
        painter.setFont(self.font)
        paint(painter, self.picture, antialias=True)
        paint_annotations(painter, self.state, self.theme, self.size)


def paint_annotations(painter: QPainter, state: FabricViewState, theme: Theme, size: QSizeF) -> None:
    """Write caption, color bar and legend over a picture."""
    if state.scene is None:
        return
    overlays.paint_caption(painter, theme, state.scene, size.width())
    overlays.paint_color_bar(painter, theme, state.map_name, state.scale, state.quantity, size, state.scale_locked)
    overlays.paint_node_legend(painter, theme, state.scene, size)
