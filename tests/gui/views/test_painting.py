# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import QSizeF
from PyQt6.QtGui import QColor

from gui.state.fabric.colormap import N_COLORS
from gui.state.fabric.view import MAPS
from gui.views.fabric.painting import CHUNK, Points, SlicedImage, picture_of
from gui.views.widgets.palette import DARK, LIGHT

SIZE = QSizeF(100, 60)
WHITE = QColor("white")
COLORS = tuple(QColor(4 * i, 0, 255 - 4 * i) for i in range(N_COLORS))


def image(picture, antialias=False, ratio=1.0):
    sliced = SlicedImage(picture, SIZE, ratio, antialias)
    assert sliced.advance(60.0)
    return sliced.image


def picture(xy, ends, bins, points=()):
    return picture_of(np.array(xy, float), np.array(ends), np.array(bins), COLORS, points, WHITE, SIZE)


@pytest.mark.parametrize("antialias", [False, True])
def test_a_line_has_the_color_of_its_bin_and_the_rest_is_background(qapp, antialias):
    made = image(picture([[10, 30.5], [90, 30.5]], [[0, 1]], [63]), antialias)
    assert made.pixelColor(50, 30) == COLORS[63]
    assert made.pixelColor(50, 20) == WHITE and made.pixelColor(5, 30) == WHITE


def test_the_higher_bin_is_drawn_on_top_whatever_the_order(qapp):
    xy = [[50.5, 0], [50.5, 60], [0, 30.5], [100, 30.5]]
    for ends, bins in (([[0, 1], [2, 3]], [5, 60]), ([[2, 3], [0, 1]], [60, 5])):
        assert image(picture(xy, ends, bins)).pixelColor(50, 30) == COLORS[60]


def test_points_are_drawn_over_lines(qapp):
    points = (Points(np.array([[50.0, 30.0]]), QColor("#00ff00"), 8.0),)
    made = image(picture([[10, 30], [90, 30]], [[0, 1]], [63], points))
    assert made.pixelColor(50, 30) == QColor("#00ff00")
    assert made.pixelColor(50, 20) == WHITE


def test_segments_beside_the_view_are_left_out_and_crossing_ones_kept(qapp):
    xy = [[-50, 10], [-1, 50], [150, 30.5], [-50, 30.5], [50, 70], [60, 99]]
    made = picture(xy, [[0, 1], [2, 3], [4, 5]], [1, 2, 3])
    assert len(made.lines) == 1
    assert image(made).pixelColor(50, 30) == COLORS[2]


def test_an_image_grows_in_slices_and_is_the_same_in_the_end(qapp):
    rng = np.random.default_rng(1)
    n = 20 * CHUNK
    made = picture(rng.uniform(0, 60, (2 * n, 2)), np.arange(2 * n).reshape(n, 2), rng.integers(0, N_COLORS, n))
    sliced = SlicedImage(made, SIZE, 1.0, antialias=False)
    slices = 1
    while not sliced.advance(0.0):
        slices += 1
    assert slices > 20
    assert sliced.image == image(made)


def test_an_image_for_a_dense_screen_has_more_pixels(qapp):
    made = image(picture([[10, 30.5], [90, 30.5]], [[0, 1]], [63]), ratio=2.0)
    assert (made.width(), made.height()) == (200, 120)
    assert made.pixelColor(100, 61) == COLORS[63]


def luminance(color):
    return 0.2126 * color.redF() ** 2.2 + 0.7152 * color.greenF() ** 2.2 + 0.0722 * color.blueF() ** 2.2


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", MAPS)
@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_a_map_stands_out_from_the_ground_and_moves_steadily_away_from_it_in_gray_too(qapp, name, theme):
    colors = theme.colors(name)
    lightness = 116 * np.cbrt([luminance(color) for color in colors]) - 16  # CIE L*, 0 to 100
    steps = np.diff(lightness) if theme.dark else -np.diff(lightness)
    assert len(colors) == N_COLORS
    assert (steps > -0.1).all() and abs(lightness[-1] - lightness[0]) > 40
    assert min(contrast(color, theme.canvas) for color in colors) > 2.9  # 3:1 by the exact curve of sRGB


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_text_can_be_read(theme):
    ground = luminance(theme.canvas)
    for color in (theme.text, theme.faint_text, theme.good, theme.warning, theme.bad):
        high, low = sorted((ground, luminance(color)), reverse=True)
        assert (high + 0.05) / (low + 0.05) > 4.5  # WCAG 2.1, level AA
