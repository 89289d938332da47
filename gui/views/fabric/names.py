# SPDX-License-Identifier: Apache-2.0
"""Names beside what they name, evenly spaced and clear of each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRectF, QSizeF, Qt
from PyQt6.QtGui import QColor, QFontMetricsF, QPainter

from gui.state.fabric.view import FabricViewState
from gui.views.widgets.palette import Theme
from optinet.fabric import NodeKind

Floats = NDArray[np.float64]

MOST_NAMES = 200  # of a sort
STEPS = (1, 2, 4, 5, 8, 10, 16, 20, 32, 50)  # every how many-th of a row is named where not all can be
EVEN_SHARE = 0.45  # of the names that have room; an even choice of fewer says too little
MOST_SIDES = 3  # of a point where its name is tried
DOT = 4.0  # half of what a point takes from the room for names
# where a name can be of its point, and how far from it
_SIDES = np.array([(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1)], dtype=np.float64)
_UNIT_SIDES = _SIDES / np.linalg.norm(_SIDES, axis=1, keepdims=True)
_GAP = np.array([9.0, 7.0])
_APART = np.array([-4, -2, 4, 2])  # names that touch read as one


def paint_places(painter: QPainter, state: FabricViewState, theme: Theme, size: QSizeF, caption: QRectF) -> None:
    """Write what stands where: slices, folded groups, and if asked for the other groups and the nodes but hosts.

    Of each sort those in view are named as far as they lie neither on each other nor on the caption, or none if they
    are too many.
    """
    drawing, scene = state.drawing, state.scene
    if drawing is None or scene is None:
        return
    xy, view = state.projected(), (size.width(), size.height())
    group, node = drawing.point_group, drawing.point_node
    is_drawn = np.ones(drawing.n_marks, dtype=bool) if state.drawn_points is None else state.drawn_points
    folded = np.flatnonzero((group >= 0) & is_drawn)
    told = {scene.folds.names[each] for each in group[folded]}
    labels = [
        (name, at) for (name, _), at in zip(scene.layout.labels, _above(state, view), strict=True) if name not in told
    ]
    sorts: list[tuple[Floats, Callable[[int], str]]] = [
        (np.array([at for _, at in labels]).reshape(-1, 2), lambda i: labels[i][0]),
        (xy[folded], lambda i: scene.folds.names[group[folded[i]]]),
    ]
    if state.names_shown:
        whole = sorted(scene.folds.everything - state.folded)
        kind = scene.node_kind[node]
        nodes = np.flatnonzero((node >= 0) & (kind != NodeKind.HOST) & is_drawn)
        sorts += [
            (state.camera.project(scene.boxes[0][whole].mean(axis=1), *view), lambda i: scene.folds.names[whole[i]]),
            (xy[nodes], lambda i: scene.node_names[node[nodes[i]]]),
        ]
    named = []
    for at, name in sorts:
        inside = np.flatnonzero(np.all((at >= 0) & (at <= view), axis=1))
        if len(inside) <= MOST_NAMES:
            named += [(QPointF(*at[i]), name(i)) for i in inside.tolist()]
    if named:
        paint_names(painter, theme, named, size, middle(xy), caption)


def _above(state: FabricViewState, view: tuple[float, float]) -> Floats:
    """Return where the labels of a layout belong in the picture, those of racks above their frames; shape (n, 2)."""
    layout = state.layout
    if layout is None:
        return np.zeros((0, 2))
    at = state.camera.project(np.array([place for _, place in layout.labels]).reshape(-1, 3), *view)
    corners = layout.frame_corners[layout.is_rack]
    if len(corners) == len(at):
        top = state.camera.project(corners.reshape(-1, 3), *view)[:, 1].reshape(corners.shape[:2])
        at[:, 1] = np.minimum(at[:, 1], top.min(axis=1))
    return at


def middle(xy: Floats) -> Floats:
    """Return the middle of what is drawn."""
    return np.asarray((xy.min(axis=0) + xy.max(axis=0)) / 2)


def paint_names(
    painter: QPainter,
    theme: Theme,
    names: Sequence[tuple[QPointF, str]],
    size: QSizeF,
    center: Floats,
    caption: QRectF | None = None,
) -> None:
    """Write names beside their points, away from the center of what is drawn, leaving out those without room."""
    metrics = QFontMetricsF(painter.font())
    texts = tuple(name for _, name in names)
    wide = tuple(metrics.horizontalAdvance(text) for text in texts)
    points = np.array([(at.x(), at.y()) for at, _ in names]).reshape(-1, 2)
    view = (size.width(), size.height(), metrics.height())
    ground = QColor(theme.canvas)
    ground.setAlphaF(0.7)
    painter.setPen(theme.text)
    middle_of_all = float(center[0]), float(center[1])
    corners = None
    if caption is not None:
        corners = caption.left(), caption.top(), caption.right(), caption.bottom()
    for index, left, top in _places(points.tobytes(), texts, wide, view, middle_of_all, corners):
        box = QRectF(left, top, wide[index], metrics.height())
        painter.fillRect(box.adjusted(-2, 0, 2, 0), ground)
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, texts[index])


@lru_cache(maxsize=8)  # painted again and again while the pointer moves
def _places(
    points: bytes,
    texts: tuple[str, ...],
    wide: tuple[float, ...],
    view: tuple[float, float, float],
    center: tuple[float, float],
    caption: tuple[float, float, float, float] | None = None,
) -> tuple[tuple[int, float, float], ...]:
    """Return which names are written, and where the left top corner of each is.

    Names that differ in a number alone are a row: of it every one is written, or else every second, and so on, all at
    the same side of their points or each away from the center; where that names far fewer than have room, those.
    """
    at = np.frombuffer(points).reshape(-1, 2)
    half = np.column_stack([np.array(wide) / 2, np.full(len(wide), view[2] / 2)])
    outward = (at - center) @ _UNIT_SIDES.T
    taken = np.column_stack([at - DOT, at + DOT])  # left, top, right, bottom; no name lies on a point
    if caption is not None:
        taken = np.vstack([taken, caption])
    rows: dict[str, list[int]] = {}
    for index, text in enumerate(texts):
        rows.setdefault(text.rstrip("0123456789"), []).append(index)
    written: list[tuple[int, float, float]] = []
    for row in rows.values():
        boxes = _row(at[row], half[row], outward[row], taken, view)
        taken = np.vstack([taken, [box + _APART for _, box in boxes]]) if boxes else taken
        written += [(row[index], float(box[0]), float(box[1])) for index, box in boxes]
    return tuple(written)


def _row(
    at: Floats, half: Floats, outward: Floats, taken: Floats, view: tuple[float, float, float]
) -> list[tuple[int, Floats]]:
    """Return which names of a row are written, and their boxes."""
    sides = np.argsort(-outward, axis=1, kind="stable")[:, :MOST_SIDES].T
    # the sides that most are away from the center at come first
    alike = np.argsort(-outward.sum(axis=0), kind="stable")[:MOST_SIDES]
    own, same = (np.stack([_boxes(at, half, side) for side in some], axis=1) for some in (sides, alike))
    own_free, same_free = (_free(boxes.reshape(-1, 4), taken, view).reshape(len(at), -1) for boxes in (own, same))
    most = _greedy(own, own_free)
    for step in STEPS:
        chosen = np.arange(0, len(at), step)
        if len(chosen) < EVEN_SHARE * len(most):
            break
        for boxes, free in ((own[:, 0], own_free[:, 0]), *zip(np.moveaxis(same, 1, 0), same_free.T, strict=True)):
            if free[chosen].all() and not _overlapping(boxes[chosen]):
                return list(zip(chosen.tolist(), boxes[chosen], strict=True))
        if boxes_of := _greedy(own[chosen], own_free[chosen], all_or_none=True):
            return [(int(chosen[index]), box) for index, box in boxes_of]
    return most


def _greedy(boxes: Floats, free: NDArray[np.bool_], *, all_or_none: bool = False) -> list[tuple[int, Floats]]:
    """Return the names that have room, one after the other; or nothing where one of them has none.

    Parameters
    ----------
    boxes, free
        shape (n, n_sides, 4) and (n, n_sides): where each name could be, and whether it lies on nothing else there.
    """
    used = np.zeros((len(boxes), 4))  # filled as names find their places
    found: list[tuple[int, Floats]] = []
    for index, tried in enumerate(boxes):
        for box in tried[free[index]]:
            if not _hits((box + _APART)[None], used[: len(found)]).any():
                used[len(found)] = box
                found.append((index, box))
                break
        else:
            if all_or_none:
                return []
    return found


def _boxes(at: Floats, half: Floats, side: NDArray[np.int64] | int) -> Floats:
    """Return the boxes of names at some side of their points: left, top, right, bottom."""
    middles = at + _SIDES[side] * (_GAP + half)
    return np.column_stack([middles - half, middles + half])


def _free(boxes: Floats, taken: Floats, view: tuple[float, float, float]) -> NDArray[np.bool_]:
    """Return which boxes are in the view and lie on nothing that is taken."""
    room = boxes + _APART
    inside = (room[:, :2] >= 0).all(axis=1) & (room[:, 2:] <= view[:2]).all(axis=1)
    return np.asarray(inside & ~_hits(room, taken).any(axis=1))


def _hits(boxes: Floats, others: Floats) -> NDArray[np.bool_]:
    """Return which boxes lie on which others; shape (n_boxes, n_others)."""
    return ((boxes[:, None, :2] < others[None, :, 2:]) & (others[None, :, :2] < boxes[:, None, 2:])).all(axis=2)


def _overlapping(boxes: Floats) -> bool:
    """Tell whether any of these boxes lie on each other or touch."""
    hits = _hits(boxes + _APART, boxes)
    np.fill_diagonal(hits, False)
    return bool(hits.any())
