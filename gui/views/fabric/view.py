# SPDX-License-Identifier: Apache-2.0
"""The fabric in 3-D: while it moves a sample within a time budget, at rest everything, smoothly, in slices.

Nothing is painted for longer than a slice on the GUI thread: when movement stops, the whole fabric is painted into an
image bit by bit, first with plain lines, then again with smooth ones, and each image is shown when it is complete.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QEvent, QPoint, QPointF, QSize, QSizeF, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import (
    QFocusEvent,
    QFont,
    QFontInfo,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PyQt6.QtWidgets import QWidget

from gui.state.fabric.picking import Picked, Picker
from gui.state.fabric.table import arcs_csv
from gui.state.fabric.view import FabricViewState
from gui.views.fabric import overlays
from gui.views.fabric.painting import SlicedImage, paint
from gui.views.fabric.picture import fabric_picture
from gui.views.widgets.exporting import ViewExport
from gui.views.widgets.palette import Theme

SLICE_S = 0.015
FRAME_S = 0.024  # for one moving frame: 30 in a second remain where one takes a third longer than the last ones
LEAST_LINES_S = 0.006  # of it for lines and points, however long the rest takes
REST_AFTER_MS = 120
ORBIT_DEG_PER_PX = 0.35
WHEEL_FACTOR = 1.0015  # per eighth of a degree of the wheel
MIN_SAMPLE = 500
CLICK_PX = 3.0
_KEY_REASONS = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)


class FabricView(QWidget):
    """Draws `state` and turns mouse and wheel into camera moves and hovering; `hovered_text` tells what is hovered."""

    hovered_text = pyqtSignal(str)
    menu_wanted = pyqtSignal(object, QPoint)  # Picked or None, and where on the screen

    def __init__(self, state: FabricViewState, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state, self.theme = state, theme
        self.badge = ""
        self._xy: NDArray[np.float64] = np.zeros((0, 2))
        self._picker: Picker | None = None
        self._image: QImage | None = None
        self._pending: list[SlicedImage] = []
        self._seconds_per_item, self._n_points, self._share_seen = 2e-6, 0, 1.0  # measured on moving frames
        self._drawing_s, self._rest_of_frame_s = 0.0, 0.010
        self._drawn_share = 1.0
        self._drag_from: QPointF | None = None
        self._pointer = QPointF()
        self._pressed_at: QPointF | None = None
        self._description: tuple[str, ...] = ()
        self._by_keys = False  # whether keys brought the focus here
        self._rest_timer = QTimer(self, singleShot=True, interval=REST_AFTER_MS)
        self._rest_timer.timeout.connect(self._rest)
        self._slice_timer = QTimer(self, interval=0)
        self._slice_timer.timeout.connect(self._paint_slice)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(240, 180)
        self.setAccessibleName("Fabric")
        state.changed.connect(self.redraw)
        state.moved.connect(self._moved)
        state.pointed_changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Return the size the view would like to have."""
        return QSize(900, 560)

    def set_theme(self, theme: Theme) -> None:
        """Take other colors."""
        self.theme = theme
        self.redraw()

    @property
    def is_complete(self) -> bool:
        """Whether the fabric is drawn whole and smooth."""
        return not (self._pending or self._rest_timer.isActive()) and self._image is not None

    def redraw(self) -> None:
        """Draw everything anew, starting with a quick frame."""
        self._moved()

    @property
    def drawn_share(self) -> float:
        """Share of the segments that the last frame holds, 1 at rest."""
        return self._drawn_share

    def finish(self) -> None:
        """Complete the resting image now; for tests."""
        for _ in self.resting():
            pass

    def resting(self) -> Iterator[None]:
        """Complete the resting images now, yielding after each slice."""
        self._rest()
        yield
        while self._rest_timer.isActive():  # groups were folded or unfolded, which draws anew
            self._rest()
            yield
        while self._pending:
            self._paint_slice()
            yield

    def export(self) -> ViewExport | None:
        """Return the view with caption and color bar, and its links as a table."""
        if self.state.scene is None:
            return None
        size, state, theme, font = QSizeF(self.size()), self.state.frozen(), self.theme, QFont(self.font())
        font.setPixelSize(QFontInfo(font).pixelSize())  # points would be enlarged by the dots of paper once more
        picture = fabric_picture(state, theme, size, state.projected())

        def paint_all(painter: QPainter) -> None:
            painter.setFont(font)
            paint(painter, picture, antialias=True)
            overlays.paint_annotations(painter, state, theme, size)

        title = f"Fabric: {self.state.scene.title}"
        return ViewExport(title, size, theme.canvas, paint_all, lambda: arcs_csv([state]))

    def _moved(self) -> None:
        self._pending.clear()
        self._slice_timer.stop()
        self._image = None
        self._rest_timer.start()
        self._announce(None)
        self.update()

    def _rest(self) -> None:
        """Start the complete images: plain first, because the smooth one takes several times longer."""
        self._rest_timer.stop()
        if self.state.adapt_folds():
            return  # which draws anew
        self._xy = self.state.projected()
        self._picker = None
        size = QSizeF(self.size())
        picture = fabric_picture(self.state, self.theme, size, self._xy)
        ratio = self.devicePixelRatioF()
        sampled = bool(self.badge)
        self._pending = [
            SlicedImage(picture, size, ratio, antialias) for antialias in ([False, True] if sampled else [True])
        ]
        self._slice_timer.start()

    def _paint_slice(self) -> None:
        if not self._pending:
            self._slice_timer.stop()
        elif self._pending[0].advance(SLICE_S):
            self._image = self._pending.pop(0).image
            self.badge, self._drawn_share = "", 1.0
            self.update()

    def _quick_image(self) -> QImage:
        """Return a frame made within the time budget, of a sample if need be; the badge says so."""
        scene = self.state.scene
        self._xy = self.state.projected()
        self._picker = None
        total = len(self.state.segments)
        budget_s = max(LEAST_LINES_S, FRAME_S - self._rest_of_frame_s)
        affordable = max(MIN_SAMPLE, (budget_s / self._seconds_per_item - self._n_points) / self._share_seen)
        # steps of a tenth keep the sample from flickering with every small change of speed
        n_segments = min(total, int(1.1 ** int(np.log(affordable) / np.log(1.1))))
        size = QSizeF(self.size())
        picture = fabric_picture(self.state, self.theme, size, self._xy, n_segments)
        start = time.perf_counter()
        quick = SlicedImage(picture, size, self.devicePixelRatioF(), antialias=False)
        quick.advance(10 * FRAME_S)
        self._drawing_s = time.perf_counter() - start
        self._n_points = sum(len(group.xy) for group in picture.points)
        self._share_seen = max(len(picture.lines) / max(n_segments, 1), 0.01)
        n_items = len(picture.lines) + self._n_points
        if n_items:
            cost = self._drawing_s / n_items
            self._seconds_per_item += 0.5 * (cost - self._seconds_per_item)
        self.badge, self._drawn_share = "", n_segments / max(total, 1)
        if scene and n_segments < total:
            n_links = self.state.n_links_shown
            self.badge = f"drawing {round(n_links * n_segments / total):,} of {n_links:,} links"
        return quick.image

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Show the newest image and write over it."""
        super().paintEvent(event)
        start, is_moving = time.perf_counter(), self._image is None
        if self._image is None:
            self._image = self._quick_image()
        painter = QPainter(self)
        try:
            painter.drawImage(QPointF(0, 0), self._image)
            self._paint_over(painter)
            if self._by_keys and self.hasFocus():
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), 2))
                painter.drawRect(self.rect().adjusted(1, 1, -1, -1))
        finally:  # Qt crashes when a painter outlives its paint event
            painter.end()
        if is_moving:
            rest_s = time.perf_counter() - start - self._drawing_s
            self._rest_of_frame_s += 0.3 * (rest_s - self._rest_of_frame_s)

    def _paint_over(self, painter: QPainter) -> None:
        size = QSizeF(self.size())
        if self.state.scene is None:
            overlays.paint_message(painter, self.theme, self.state.message, size)
            return
        self._paint_hovered(painter)
        overlays.paint_pointed(painter, self.state, self.theme, self._xy)
        overlays.paint_annotations(painter, self.state, self.theme, size, names=not self._rest_timer.isActive())
        if self.badge:
            overlays.paint_badge(painter, self.theme, self.badge, size)
        if self.state.hovered is not None:
            overlays.paint_tooltip(painter, self.theme, self._description, self._pointer, size)

    def _paint_hovered(self, painter: QPainter) -> None:
        scene, drawing, hovered = self.state.scene, self.state.drawing, self.state.hovered
        if scene is None or drawing is None or hovered is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if hovered.kind == "node":
            painter.setPen(QPen(self.theme.highlight, 2))
            painter.drawEllipse(QPointF(*self._xy[hovered.index]), 7, 7)
            return
        links = drawing.links_of(hovered.index)
        segments = np.flatnonzero(drawing.link_starts[:-1] == drawing.link_starts[hovered.index])
        if len(links) == 1:
            segments = drawing.segments_of(links)
        if len(segments) > 1:  # a wrap is drawn as two stubs; a dotted line tells where it leads
            ends = [QPointF(*self._xy[drawing.node_point[node]]) for node in scene.link_ends[links[0]]]
            painter.setPen(QPen(self.theme.highlight, 1.5, Qt.PenStyle.DotLine))
            painter.drawLine(*ends)
        painter.setPen(QPen(self.theme.highlight, 3))
        for segment in segments:
            ends = [QPointF(*self._xy[point]) for point in drawing.segment_ends[segment]]
            painter.drawLine(*ends)
            for end, point in zip(ends, drawing.segment_ends[segment], strict=True):
                if point < drawing.n_marks:
                    painter.drawEllipse(end, 5, 5)

    def _announce(self, hovered: Picked | None) -> None:
        changed = hovered != self.state.hovered
        self.state.hovered = hovered
        if changed:
            self._description = self.state.describe(hovered)
        if changed or hovered is None:
            self.hovered_text.emit("   ".join(self._description if hovered is not None else ()))

    def focusInEvent(self, event: QFocusEvent | None) -> None:
        """Remember whether the user goes through the window with keys, and wants to see where they are."""
        self._by_keys = event is not None and event.reason() in _KEY_REASONS
        super().focusInEvent(event)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Draw at the new size."""
        super().resizeEvent(event)
        self.state.resize(self.width(), self.height())
        self.redraw()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Start a drag, or a click."""
        if event is not None:
            self._drag_from = self._pressed_at = event.position()

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """End a drag; without one it was a click, which chooses what is under it, or opens a menu of it."""
        super().mouseReleaseEvent(event)
        if event is not None and self._pressed_at is not None:
            moved = event.position() - self._pressed_at
            if abs(moved.x()) + abs(moved.y()) <= CLICK_PX:
                picked = self.pick(event.position().x(), event.position().y())
                if event.button() == Qt.MouseButton.LeftButton:
                    self.state.choose(picked)
                elif event.button() == Qt.MouseButton.RightButton:
                    self.menu_wanted.emit(picked, event.globalPosition().toPoint())
        self._drag_from = self._pressed_at = None

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        """Fold the group of a node, or unfold a folded one."""
        picked = self.pick(event.position().x(), event.position().y()) if event is not None else None
        if picked is not None:
            self.state.toggle_fold(picked)
        self._drag_from = self._pressed_at = None

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Orbit or pan while dragging, else hover."""
        if event is None:
            return
        self._pointer = event.position()
        if self._drag_from is None or event.buttons() == Qt.MouseButton.NoButton:
            self._hover()
            return
        moved = event.position() - self._drag_from
        self._drag_from = event.position()
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if event.buttons() & Qt.MouseButton.LeftButton and not shift:
            self.state.orbit(-moved.x() * ORBIT_DEG_PER_PX, moved.y() * ORBIT_DEG_PER_PX)
        else:
            self.state.pan(moved.x(), moved.y())

    def _hover(self) -> None:
        self._announce(self.pick(self._pointer.x(), self._pointer.y()))
        self.update()

    def pick(self, x: float, y: float) -> Picked | None:
        """Return what is drawn at a pixel; of segments only those that are drawn."""
        drawing, drawn = self.state.drawing, self.state.segments
        if drawing is None or len(self._xy) != len(drawing.xyz):
            return None
        if self._picker is None:
            self._picker = Picker(
                self._xy,
                drawing.n_marks,
                drawing.segment_ends[drawn],
                self.state.values[drawn],
                self.state.drawn_points,
            )
        found = self._picker.at(x, y)
        if found is not None and found.kind == "segment":
            return Picked("segment", int(drawn[found.index]))
        return found

    def leaveEvent(self, event: QEvent | None) -> None:
        """Take the tooltip away."""
        super().leaveEvent(event)
        self._announce(None)
        self.update()

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        """Zoom about the pointer."""
        if event is not None and event.angleDelta().y():
            at = event.position()
            self.state.zoom(WHEEL_FACTOR ** event.angleDelta().y(), at.x(), at.y())
            event.accept()
