# SPDX-License-Identifier: Apache-2.0
"""What the fabric view shows: which scene, from where, colored by what."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gui.state.camera import Camera
from gui.state.colormap import ColorScale
from gui.state.event import Event
from gui.state.picking import Picked
from gui.state.scene import UTILIZATION, Quantity, Scene

MAPS = ("viridis", "cividis")


class FabricViewState:
    """State of the fabric view; `changed` fires when anything but the camera changes, `moved` when the camera does.

    `values` holds the value of each segment. `segments` are the segments to draw, which stand for `n_links_shown`
    links; any first part of them is a fair sample.
    """

    def __init__(self) -> None:
        self.changed = Event()
        self.moved = Event()
        self.scene: Scene | None = None
        self.camera = Camera()
        self.quantity: Quantity = UTILIZATION
        self.scale = ColorScale()
        self.scale_locked = False
        self.scale_stretched = False
        self.map_name = MAPS[0]
        self.host_links_shown = True
        self.segments: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self.n_links_shown = 0
        self.values: NDArray[np.float64] = np.zeros(0)
        self.hovered: Picked | None = None
        self.message = ""
        self._size = (800.0, 600.0)
        self._fitted = False

    def show(self, scene: Scene | None, message: str = "") -> None:
        """Draw another scene, or none and a message; the view of the same fabric stays where it is."""
        before, self.scene, self.message, self.hovered = self.scene, scene, message, None
        self._choose_segments()
        self._revalue()
        if scene is not None and not (before is not None and _alike(before, scene)):
            self.reset()
        self.changed.emit()

    def set_quantity(self, quantity: Quantity) -> None:
        """Color by another quantity; a locked range belongs to the old one and is unlocked."""
        self.quantity, self.scale_locked = quantity, False
        self._revalue()
        self.changed.emit()

    def set_scale_locked(self, locked: bool) -> None:
        """Keep the color range for the runs shown from now on, or let it follow each run."""
        self.scale_locked = locked
        self._revalue()
        self.changed.emit()

    def set_scale_stretched(self, stretched: bool) -> None:
        """End the color range at the largest value even where that is below 100 % of capacity."""
        self.scale_stretched, self.scale_locked = stretched, False
        self._revalue()
        self.changed.emit()

    def set_host_links_shown(self, shown: bool) -> None:
        """Draw the links of hosts, which often hide the others, or leave them out."""
        self.host_links_shown = shown
        self._choose_segments()
        self.changed.emit()

    def set_map(self, name: str) -> None:
        """Use another color map."""
        self.map_name = name
        self.changed.emit()

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
        if self.scene is not None:
            self.move(self.camera.fit(self.scene.layout.xyz, *self._size))
            self._fitted = True

    def reset(self) -> None:
        """Look from the direction that suits the layout and fit."""
        if self.scene is not None:
            layout = self.scene.layout
            self.camera = Camera.around(layout.xyz, layout.azimuth_deg, layout.elevation_deg)
            self.fit()

    def top(self) -> None:
        """Look straight down."""
        if self.scene is not None:
            self.camera = self.camera.from_top()
            self.fit()

    def projected(self) -> NDArray[np.float64]:
        """Return where all points appear now, pixels; shape (n_points, 2)."""
        return np.zeros((0, 2)) if self.scene is None else self.camera.project(self.scene.layout.xyz, *self._size)

    def _choose_segments(self) -> None:
        if self.scene is None:
            self.segments, self.n_links_shown = np.zeros(0, dtype=np.int64), 0
            return
        order = self.scene.sample_order
        self.segments = order if self.host_links_shown else order[~self.scene.is_host_segment[order]]
        # a wrap of a torus has two segments and is one link
        _, first = np.unique(self.scene.layout.segment_link[self.segments], return_index=True)
        self.n_links_shown = int(self.scene.segment_copies[self.segments[first]].sum())

    def _revalue(self) -> None:
        self.values = np.zeros(0) if self.scene is None else self.scene.segment_values(self.quantity)
        if not self.scale_locked:
            self.scale = ColorScale.of(self.values, 0.0 if self.scale_stretched else self.quantity.full)


def _alike(one: Scene, other: Scene) -> bool:
    return np.array_equal(one.layout.xyz, other.layout.xyz)
