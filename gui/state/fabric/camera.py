# SPDX-License-Identifier: Apache-2.0
"""An orbit camera: it looks at a target from a fixed distance and magnifies by `zoom`.

Zooming changes the magnification, not the distance, so no point ever comes behind the eye and nothing needs clipping.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MIN_ZOOM, MAX_ZOOM = 0.2, 400.0
EYE_DISTANCE = 4.5  # in scene radii
FIT_MARGINS = (28.0, 80.0, 110.0, 40.0)  # left, top, right, bottom in pixels: room for caption, color bar and legend
ROOMY, LEAST_MARGIN = (800.0, 560.0), 0.75  # in smaller views the margins shrink with the view, down to this share
MAX_OFFSET = 1.2  # how far from the scene's center the target may go, in scene radii


@dataclass(frozen=True)
class Camera:
    """Where the scene is looked at from; every method returns a new camera.

    Parameters
    ----------
    center, radius
        Center and radius of the ball that holds the scene.
    azimuth_deg, elevation_deg
        Direction from the target to the eye; elevation 90 looks straight down.
    zoom
        1 makes the scene's ball as large as the smaller side of the view.
    target
        The point in the middle of the view, about which the camera orbits.
    perspective
        Whether near things are larger.
    """

    center: tuple[float, float, float] = (0.0, 0.0, 0.0)
    radius: float = 1.0
    azimuth_deg: float = -60.0
    elevation_deg: float = 25.0
    zoom: float = 1.0
    target: tuple[float, float, float] = (0.0, 0.0, 0.0)
    perspective: bool = True

    @classmethod
    def around(cls, xyz: NDArray[np.float64], azimuth_deg: float, elevation_deg: float) -> Camera:
        """Return a camera that looks at the middle of these points, shape (n, 3)."""
        if not len(xyz):
            return cls(azimuth_deg=azimuth_deg, elevation_deg=elevation_deg)
        low, high = xyz.min(axis=0), xyz.max(axis=0)
        center = (float(low[0] + high[0]) / 2, float(low[1] + high[1]) / 2, float(low[2] + high[2]) / 2)
        radius = float(np.linalg.norm(high - low)) / 2 or 1.0
        return cls(center, radius, azimuth_deg, elevation_deg, target=center)

    @property
    def axes(self) -> NDArray[np.float64]:
        """Unit vectors to the right, up and toward the eye, as rows."""
        a, e = math.radians(self.azimuth_deg), math.radians(self.elevation_deg)
        toward = (math.cos(e) * math.cos(a), math.cos(e) * math.sin(a), math.sin(e))
        right = (-math.sin(a), math.cos(a), 0.0)
        return np.array([right, np.cross(toward, right), toward])

    def pixels_per_unit(self, width: float, height: float) -> float:
        """Return the magnification at the target."""
        return self.zoom * min(width, height) / (2 * self.radius)

    def project(self, xyz: NDArray[np.float64], width: float, height: float) -> NDArray[np.float64]:
        """Return where points appear in a view of this size, pixels from its top left corner.

        Parameters
        ----------
        xyz
            shape (n, 3).
        width, height
            Size of the view in pixels.

        Returns
        -------
        NDArray
            shape (n, 2).
        """
        turned = (xyz - np.array(self.target)) @ self.axes.T
        scale = self.pixels_per_unit(width, height)
        if self.perspective:
            distance = EYE_DISTANCE * self.radius
            xy = turned[:, :2] * (scale * distance / (distance - turned[:, 2]))[:, None]
        else:
            xy = turned[:, :2] * scale
        xy[:, 0] += width / 2
        np.subtract(height / 2, xy[:, 1], out=xy[:, 1])
        return xy

    def orbit(self, right_deg: float, up_deg: float) -> Camera:
        """Turn about the target; leaving the view from the top brings perspective back."""
        elevation = min(90.0, max(-90.0, self.elevation_deg + up_deg))
        azimuth = (self.azimuth_deg + right_deg + 180.0) % 360.0 - 180.0
        perspective = self.perspective or self.elevation_deg == 90.0
        return dataclasses.replace(self, azimuth_deg=azimuth, elevation_deg=elevation, perspective=perspective)

    def pan(self, dx: float, dy: float, width: float, height: float) -> Camera:
        """Move the picture by this many pixels to the right and down."""
        scale = self.pixels_per_unit(width, height)
        right, up, _ = self.axes
        return self._at(np.array(self.target) - (right * dx - up * dy) / scale)

    def zoomed(self, factor: float, x: float, y: float, width: float, height: float) -> Camera:
        """Magnify by `factor` and keep what lies under pixel (x, y), in the plane of the target, where it is."""
        zoom = min(MAX_ZOOM, max(MIN_ZOOM, self.zoom * factor))
        right, up, _ = self.axes
        aim = (right * (x - width / 2) + up * (height / 2 - y)) / self.pixels_per_unit(width, height)
        moved = self._at(np.array(self.target) + aim * (1 - self.zoom / zoom))
        return dataclasses.replace(moved, zoom=zoom)

    def fit(self, xyz: NDArray[np.float64], width: float, height: float) -> Camera:
        """Return a camera in the same direction that shows all points as large as the view allows."""
        across, down = np.clip([width / ROOMY[0], height / ROOMY[1]], LEAST_MARGIN, 1.0)
        left, top, right, bottom = np.array(FIT_MARGINS) * (across, down, across, down)
        free = np.maximum([width - left - right, height - top - bottom], 20.0)
        if not len(xyz):
            return dataclasses.replace(self, zoom=1.0, target=self.center)
        camera = dataclasses.replace(self, zoom=1.0)._at((xyz.min(axis=0) + xyz.max(axis=0)) / 2)
        for _ in range(3):  # perspective makes one step inexact
            xy = camera.project(xyz, width, height)
            low, high = xy.min(axis=0), xy.max(axis=0)
            middle = (low + high) / 2
            extent = np.maximum(high - low, 1e-9)
            zoom = camera.zoom * float((free / extent).min())
            camera = dataclasses.replace(camera, zoom=min(MAX_ZOOM, max(MIN_ZOOM, zoom)))
            grown = (middle - [width / 2, height / 2]) * float((free / extent).min())
            camera = camera.pan(
                left + free[0] / 2 - width / 2 - grown[0], top + free[1] / 2 - height / 2 - grown[1], width, height
            )
        return camera

    def looking_at(self, target: tuple[float, float, float]) -> Camera:
        """Put a point in the middle of the view."""
        return self._at(np.array(target))

    def with_perspective(self, perspective: bool) -> Camera:
        """Draw near things larger, or all at one scale."""
        return dataclasses.replace(self, perspective=perspective)

    def like(self, other: Camera, magnified: float = 1.0) -> Camera:
        """Look at this scene as another camera looks at its own: direction, place, and `magnified` times its zoom."""
        away = (np.array(other.target) - other.center) * (self.radius / other.radius)
        turned = dataclasses.replace(
            self,
            azimuth_deg=other.azimuth_deg,
            elevation_deg=other.elevation_deg,
            zoom=min(MAX_ZOOM, max(MIN_ZOOM, other.zoom * magnified)),
            perspective=other.perspective,
        )
        return turned._at(np.array(self.center) + away)

    def from_top(self) -> Camera:
        """Look straight down without perspective, x to the right and y up."""
        return dataclasses.replace(self, azimuth_deg=-90.0, elevation_deg=90.0, perspective=False)

    def _at(self, target: NDArray[np.float64]) -> Camera:
        offset = target - np.array(self.center)
        length = float(np.linalg.norm(offset))
        if length > MAX_OFFSET * self.radius:
            offset *= MAX_OFFSET * self.radius / length
        x, y, z = (float(value) for value in np.array(self.center) + offset)
        return dataclasses.replace(self, target=(x, y, z))
