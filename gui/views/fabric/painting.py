# SPDX-License-Identifier: Apache-2.0
"""Many lines and points through QPainter at once.

`QPainter.drawLines` takes one `sip.array` of QLineF, filled here through numpy. Qt's raster engine draws opaque lines
just wider than one pixel by its scan converter, four times faster than those of width one without antialiasing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6 import sip
from PyQt6.QtCore import QLineF, QPointF, QSizeF, Qt
from PyQt6.QtGui import QColor, QImage, QPainter, QPen

CHUNK = 400  # lines or points drawn between two looks at the clock
FAST_WIDTH, SMOOTH_WIDTH, FEW_WIDTH = 1.02, 1.0, 1.7
FEW = 2_500  # segments; so few are drawn wider


@dataclass(frozen=True)
class Points:
    """Points of one color and size."""

    xy: NDArray[np.float64]
    color: QColor
    size: float


@dataclass(frozen=True)
class Lines:
    """Lines of one color, width and dash, drawn over the others."""

    xy: NDArray[np.float64]  # (n, 4)
    color: QColor
    width: float
    style: Qt.PenStyle = Qt.PenStyle.SolidLine


@dataclass(frozen=True)
class Picture:
    """What one frame of the fabric consists of; arrays are not changed after it is made, so any thread may paint it.

    Parameters
    ----------
    lines
        shape (n, 4): x1, y1, x2, y2 in pixels, ordered by color.
    color_starts
        shape (n_colors + 1,): where the lines of each color start.
    colors
        One per color index.
    marks
        Drawn after the lines, in order.
    points
        Drawn after them, in order.
    background
        Fills the image.
    """

    lines: NDArray[np.float64]
    color_starts: NDArray[np.int64]
    colors: tuple[QColor, ...]
    points: tuple[Points, ...]
    background: QColor
    marks: tuple[Lines, ...] = ()


def picture_of(
    xy: NDArray[np.float64],
    segment_ends: NDArray[np.int64],
    bins: NDArray[np.int64],
    colors: tuple[QColor, ...],
    points: tuple[Points, ...],
    background: QColor,
    size: QSizeF,
    marks: tuple[Lines, ...] = (),
) -> Picture:
    """Make a picture: leave out the segments that lie beside the view and order the others by color, highest on top."""
    x, y = xy[:, 0], xy[:, 1]
    # which sides a point lies beyond; a segment is not seen where both of its ends lie beyond the same one
    beyond = (x < 0) | (x > size.width()) << np.uint8(1) | (y < 0) << np.uint8(2) | (y > size.height()) << np.uint8(3)
    visible = np.flatnonzero((beyond[segment_ends[:, 0]] & beyond[segment_ends[:, 1]]) == 0)
    color = bins[visible].astype(np.uint16)  # short numbers are sorted in a fraction of the time
    order = np.argsort(color, kind="stable")
    starts = np.searchsorted(color[order], np.arange(len(colors) + 1))
    ends = segment_ends[visible[order]]
    return Picture(xy[ends].reshape(-1, 4), starts, colors, points, background, marks)


def paint_steps(painter: QPainter, picture: Picture, antialias: bool) -> Iterator[None]:
    """Paint a picture bit by bit; between two steps the painter may be ended and begun again."""
    few = len(picture.lines) <= FEW
    width = FEW_WIDTH if few else SMOOTH_WIDTH if antialias else FAST_WIDTH
    lines = _line_array(picture.lines)
    for color, first, last in zip(picture.colors, picture.color_starts[:-1], picture.color_starts[1:], strict=True):
        yield from _strokes(painter, QPen(color, width), antialias, painter.drawLines, lines, int(first), int(last))
    for mark in picture.marks:
        pen = QPen(mark.color, mark.width, mark.style)
        yield from _strokes(painter, pen, antialias, painter.drawLines, _line_array(mark.xy), 0, len(mark.xy))
    for group in picture.points:
        round_points = antialias and len(group.xy) <= FEW
        cap = Qt.PenCapStyle.RoundCap if round_points else Qt.PenCapStyle.SquareCap
        pen = QPen(group.color, group.size, cap=cap)
        yield from _strokes(painter, pen, round_points, painter.drawPoints, _point_array(group.xy), 0, len(group.xy))


def _strokes(
    painter: QPainter, pen: QPen, antialias: bool, draw: Callable[[Any], None], items: Any, first: int, last: int
) -> Iterator[None]:
    """Draw some of the lines or points with one pen, bit by bit; the painter may have been begun anew meanwhile."""
    for start in range(first, last, CHUNK):
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, antialias)
        painter.setPen(pen)
        draw(items[start : min(start + CHUNK, last)])
        yield


def paint(painter: QPainter, picture: Picture, antialias: bool) -> None:
    """Paint a whole picture over what is there."""
    for _ in paint_steps(painter, picture, antialias):
        pass


class SlicedImage:
    """A picture painted into an image in slices, so that the window stays alive.

    Parameters
    ----------
    picture
        What to paint.
    size, pixel_ratio
        Size of the image in logical pixels, and device pixels per logical one.
    antialias
        Smooth lines, slower.
    """

    def __init__(self, picture: Picture, size: QSizeF, pixel_ratio: float, antialias: bool) -> None:
        self.image = blank_image(size, pixel_ratio, picture.background)
        self._painter = QPainter()
        self._steps = paint_steps(self._painter, picture, antialias)

    def advance(self, budget_s: float) -> bool:
        """Paint for about this long; return whether the image is complete."""
        end = time.perf_counter() + budget_s
        self._painter.begin(self.image)
        try:
            return all(time.perf_counter() < end for _ in self._steps)
        finally:
            self._painter.end()


def blank_image(size: QSizeF, pixel_ratio: float, background: QColor) -> QImage:
    """Return an image of this logical size, filled."""
    pixels = (size * pixel_ratio).toSize()
    image = QImage(max(pixels.width(), 1), max(pixels.height(), 1), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(pixel_ratio)
    image.fill(background)
    return image


def _line_array(lines: NDArray[np.float64]) -> sip.array[QLineF]:
    array = sip.array(QLineF, max(len(lines), 1))
    np.frombuffer(sip.voidptr(array, 32 * len(array)), dtype=np.float64)[: lines.size] = lines.ravel()
    return array[: len(lines)]


def _point_array(xy: NDArray[np.float64]) -> sip.array[QPointF]:
    array = sip.array(QPointF, max(len(xy), 1))
    np.frombuffer(sip.voidptr(array, 16 * len(array)), dtype=np.float64)[: xy.size] = xy.ravel()
    return array[: len(xy)]
