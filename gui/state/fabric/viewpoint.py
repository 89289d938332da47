# SPDX-License-Identifier: Apache-2.0
"""Where a fabric is looked at from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gui.state.event import Event
from gui.state.fabric.camera import Camera
from gui.state.fabric.drawing import Drawing
from gui.state.fabric.layout import Layout
from gui.state.fabric.picking import Picked

EDGE_SHARE = 0.05  # of the view's size: what is nearer to its edge is not well seen


class Viewpoint:
    """The camera of a view of some size, and what is drawn there; `moved` fires when the camera has moved.

    What is `hovered` is forgotten then, for something else is under the pointer.
    """

    def __init__(self) -> None:
        self.moved = Event()
        self.drawing: Drawing | None = None
        self.layout: Layout | None = None
        self.camera = Camera()
        self.hovered: Picked | None = None
        self._fitted, self._fit_zoom, self._size = False, 1.0, (800.0, 600.0)

    def resize(self, width: float, height: float) -> None:
        """Take note of the size of the view in pixels; what fitted the old size is fitted to the new one."""
        self._size = (max(width, 1.0), max(height, 1.0))
        if self._fitted:
            self.fit()

    def move(self, camera: Camera) -> None:
        """Look from elsewhere."""
        self.camera, self.hovered, self._fitted = camera, None, False
        self.moved.emit()

    def orbit(self, right_deg: float, up_deg: float) -> None:
        """Turn about the target."""
        self.move(self.camera.orbit(right_deg, up_deg))

    def pan(self, dx: float, dy: float) -> None:
        """Move the picture, pixels."""
        self.move(self.camera.pan(dx, dy, *self._size))

    def zoom(self, factor: float, x: float | None = None, y: float | None = None) -> None:
        """Magnify about a pixel, the middle of the view by default."""
        width, height = self._size
        self.move(
            self.camera.zoomed(factor, width / 2 if x is None else x, height / 2 if y is None else y, width, height)
        )

    def fit(self) -> None:
        """Show everything as large as possible, in the same direction."""
        if self.drawing is not None:
            camera = self.camera.fit(self.shown_xyz, *self._size)
            self.camera, self.hovered, self._fitted, self._fit_zoom = camera, None, True, camera.zoom
            self.moved.emit()

    @property
    def shown_xyz(self) -> NDArray[np.float64]:
        """Where the points are that are to be seen when everything fits; shape (n, 3)."""
        if self.drawing is None:
            return np.zeros((0, 3))
        corners = self.layout.frame_corners.reshape(-1, 3) if self.layout is not None else np.zeros((0, 3))
        return np.concatenate((self.drawing.xyz, corners))

    def follow(self, other: Viewpoint) -> None:
        """Look as another view does: what fits there fits here, and what is magnified there is magnified here."""
        if self.drawing is None:
            return
        camera = self.camera.like(other.camera, self._fit_zoom / other._fit_zoom)
        if other._fitted:
            self.camera = camera
            self.fit()
        else:
            self.move(camera)

    def reset(self) -> None:
        """Look from the direction that suits the layout and fit."""
        if self.layout is not None:
            self.camera = Camera.around(self.layout.xyz, self.layout.azimuth_deg, self.layout.elevation_deg)
            self.fit()

    def top(self) -> None:
        """Look straight down."""
        if self.layout is not None:
            self.camera = self.camera.from_top()
            self.fit()

    def set_perspective(self, perspective: bool) -> None:
        """Draw near things larger, or all at one scale."""
        self.move(self.camera.with_perspective(perspective))

    def is_in_view(self, xyz: NDArray[np.float64]) -> bool:
        """Whether a point, shape (3,), appears in the view and not at its very edge."""
        size = np.array(self._size, dtype=float)
        at = self.camera.project(xyz[None, :], *self._size)[0]
        return bool(((at > EDGE_SHARE * size) & (at < (1.0 - EDGE_SHARE) * size)).all())

    def projected(self) -> NDArray[np.float64]:
        """Return where all points appear now, pixels; shape (n_points, 2)."""
        return np.zeros((0, 2)) if self.drawing is None else self.camera.project(self.drawing.xyz, *self._size)
