# SPDX-License-Identifier: Apache-2.0
"""The strokes drawn over the colors of links: what limits, what is down, circuits that change, traced paths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor

from gui.state.fabric.drawing import Drawing
from gui.state.fabric.view import FabricViewState
from gui.views.fabric.painting import FAST_WIDTH, FEW, FEW_WIDTH, Lines
from gui.views.widgets.palette import Theme

FRAME_PX = 1.1
CASING = 2.6  # by how much the ground beneath a traced path is wider, so that it is told from what limits

_Style = Qt.PenStyle
# the pairs of corners of a box that are one apart
_EDGES = np.array([(a, b) for a in range(8) for b in range(a) if bin(a ^ b).count("1") == 1])


@dataclass(frozen=True)
class Mark:
    """A stroke, and what it says of the links that have it."""

    name: str
    color: QColor
    width: float
    style: Qt.PenStyle = _Style.SolidLine
    casing: QColor | None = None
    keeps_color: bool = False  # the links are drawn in their own colors over it; `color` is that of the legend

    def strokes(self, width: float) -> list[tuple[QColor, float, Qt.PenStyle]]:
        """Return the pens that draw it, in order, for one of this width."""
        beneath = [] if self.casing is None else [(self.casing, width + CASING, _Style.SolidLine)]
        return [*beneath, (self.color, width, self.style)]


def marks_of(state: FabricViewState, theme: Theme) -> list[Mark]:
    """Return the strokes that are in the picture beside the colors of links."""
    scene, drawing = state.scene, state.drawing
    if scene is None or drawing is None:
        return []
    sorts = [(mark, scene.link_ends[links]) for mark, links in _marked_links(state, theme)]
    sorts.append((_new(theme), state.new_links))
    frames = [mark for mark, _ in _frames(theme, scene.layout.is_rack)]
    return [*frames, *(mark for mark, ends in sorts if _is_drawn(drawing, ends))]


def mark_lines(
    state: FabricViewState,
    drawing: Drawing,
    theme: Theme,
    xy: NDArray[np.float64],
    colors: tuple[QColor, ...],
    most: int | None,
) -> tuple[Lines, ...]:
    """Return the lines of all marks, at most so many of each, for points projected to `xy` and links in `colors`."""
    lines: list[Lines] = []
    for mark, links in _marked_links(state, theme):
        if len(links):
            segments = drawing.segments_of(links)[:most]
            ends = drawing.segment_ends[segments]
            width = mark.width if len(links) <= FEW else FAST_WIDTH
            lines += _lines(mark, xy[ends], width)
            if mark.keeps_color:
                bins = state.color_bins(state.values[segments])
                lines += [Lines(xy[ends[bins == b]].reshape(-1, 4), colors[b], width) for b in np.unique(bins).tolist()]
    if len(state.new_links):
        mark = _new(theme)
        lines += _lines(mark, xy[drawing.node_point[state.new_links][:most]], mark.width)
    return tuple(lines)


def frame_lines(state: FabricViewState, theme: Theme, size: tuple[float, float], most: int | None) -> tuple[Lines, ...]:
    """Return the edges of racks, and fainter those of what stands together without being a rack, at most so many."""
    layout = state.layout
    if layout is None or not len(layout.frames):
        return ()
    every = slice(None if most is None else most // len(_EDGES))
    corners, is_rack = layout.frame_corners[every], layout.is_rack[every]
    xy = state.camera.project(corners.reshape(-1, 3), *size).reshape(*corners.shape[:2], 2)
    lines = xy[:, _EDGES].reshape(len(corners), len(_EDGES), 4)
    return tuple(Lines(lines[which].reshape(-1, 4), mark.color, FRAME_PX) for mark, which in _frames(theme, is_rack))


def _new(theme: Theme) -> Mark:
    return Mark("new circuit", theme.good, 2.2)


def _frames(theme: Theme, is_rack: NDArray[np.bool_]) -> list[tuple[Mark, NDArray[np.bool_]]]:
    """Return the strokes of frames that there are, and which of the frames have each."""
    pale = QColor(theme.faint_text)
    pale.setAlpha(150)
    sorts = [
        (Mark("rack", theme.faint_text, FRAME_PX), is_rack),
        (Mark("rack not given", pale, FRAME_PX), ~is_rack),
    ]
    return [(mark, which) for mark, which in sorts if which.any()]


def _lines(mark: Mark, ends: NDArray[np.float64], width: float) -> list[Lines]:
    return [Lines(ends.reshape(-1, 4), *stroke) for stroke in mark.strokes(width)]


def _marked_links(state: FabricViewState, theme: Theme) -> list[tuple[Mark, NDArray[np.int64]]]:
    scene = state.scene
    if scene is None:
        return []
    nothing = np.zeros(0, dtype=np.int64)
    limits = Mark("limits", theme.canvas, FEW_WIDTH, casing=theme.highlight, keeps_color=True)
    traced = state.trace.links(state.path_shown) if state.trace is not None else nothing
    sorts = [
        (limits, np.flatnonzero(scene.limiting) if state.limit_shown else nothing),
        (Mark("failed", theme.bad, 2.2, _Style.DashLine), state.failed if state.failed_shown else nothing),
        (Mark("dark circuit", theme.bad, 2.2, _Style.DotLine), state.dark_links),
        (Mark("traced path", theme.highlight, 3.0, casing=theme.canvas), traced),
    ]
    return [(mark, state.of_group(links)) for mark, links in sorts]


def _is_drawn(drawing: Drawing, ends: NDArray[np.int64]) -> bool:
    """Tell whether any of these links is seen, and not hidden in a folded group."""
    points = drawing.node_point[ends]
    return bool((points[:, 0] != points[:, 1]).any())
