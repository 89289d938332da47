# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from gui.state.fabric.camera import FIT_MARGINS, MAX_OFFSET, MAX_ZOOM, Camera

CUBE = np.array([[x, y, z] for x in (-1.0, 1.0) for y in (-1.0, 1.0) for z in (-1.0, 1.0)])


def test_a_point_at_the_target_appears_in_the_middle():
    camera = Camera(target=(1.0, 2.0, 3.0))
    assert camera.project(np.array([[1.0, 2.0, 3.0]]), 400, 300)[0] == pytest.approx((200, 150))


def test_from_the_top_x_goes_right_and_y_goes_up_at_the_scale_of_the_zoom():
    camera = Camera(radius=2.0, zoom=1.5).from_top()
    # 1.5 x 300 px / (2 x 2 units) = 112.5 px per unit, whatever the height z
    xy = camera.project(np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 7.0]]), 400, 300)
    assert xy == pytest.approx(np.array([[312.5, 150.0], [200.0, 37.5]]))


def test_near_points_appear_larger_in_perspective():
    camera = Camera(azimuth_deg=-90, elevation_deg=0, radius=1.0)
    near, far = camera.project(np.array([[1.0, -1.0, 0.0], [1.0, 1.0, 0.0]]), 200, 200)[:, 0] - 100
    # the eye stands 4.5 radii away: magnified by 4.5 / (4.5 -+ 1)
    assert (near, far) == pytest.approx((100 * 4.5 / 3.5, 100 * 4.5 / 5.5))


def test_the_axes_are_right_handed_unit_vectors():
    axes = Camera(azimuth_deg=33, elevation_deg=-12).axes
    assert axes @ axes.T == pytest.approx(np.eye(3), abs=1e-12)
    assert np.cross(axes[0], axes[1]) == pytest.approx(axes[2])


def test_panning_moves_the_picture_by_the_pixels_asked_for():
    camera = Camera(perspective=False)
    before = camera.project(CUBE, 640, 480)
    after = camera.pan(30, -20, 640, 480).project(CUBE, 640, 480)
    assert after - before == pytest.approx(np.tile([30.0, -20.0], (8, 1)))


def test_zooming_keeps_what_is_under_the_pointer():
    camera = Camera(perspective=False, target=(0.1, 0.2, 0.0))
    right, up, _ = camera.axes
    point = (np.array(camera.target) + 0.3 * right - 0.2 * up)[None]
    x, y = camera.project(point, 640, 480)[0]
    zoomed = camera.zoomed(3.0, x, y, 640, 480)
    assert zoomed.zoom == 3.0
    assert zoomed.project(point, 640, 480)[0] == pytest.approx((x, y))


@pytest.mark.parametrize("perspective", [False, True])
def test_fitting_fills_one_direction_between_the_margins(perspective):
    points = CUBE * [5.0, 1.0, 0.5] + [10.0, -3.0, 2.0]
    camera = Camera.around(points, -60, 25)
    camera = camera if perspective else camera.from_top()
    width, height = 900, 700
    xy = camera.fit(points, width, height).project(points, width, height)
    left, top, right, bottom = FIT_MARGINS
    low, high = xy.min(axis=0), xy.max(axis=0)
    assert low[0] == pytest.approx(left, abs=2) and high[0] == pytest.approx(width - right, abs=2)
    assert top < low[1] and high[1] < height - bottom
    assert (low[1] + high[1]) / 2 == pytest.approx((top + height - bottom) / 2, abs=2)


def test_fitting_one_point_or_none_stays_finite():
    for points in (np.zeros((1, 3)), np.zeros((0, 3))):
        camera = Camera.around(points, 0, 0).fit(points, 300, 200)
        assert camera.zoom <= MAX_ZOOM and np.isfinite(camera.target).all()


def test_orbiting_stops_at_the_poles_and_wraps_around():
    camera = Camera(azimuth_deg=170, elevation_deg=80).orbit(20, 30)
    assert (camera.azimuth_deg, camera.elevation_deg) == (-170, 90)
    assert camera.orbit(0, -200).elevation_deg == -90


def test_the_target_stays_near_the_scene_so_that_no_point_comes_behind_the_eye():
    camera = Camera(radius=1.0)
    for _ in range(50):
        camera = camera.pan(500, 300, 640, 480)
    assert np.linalg.norm(camera.target) == pytest.approx(MAX_OFFSET)
    assert np.isfinite(camera.project(CUBE / np.sqrt(3), 640, 480)).all()
