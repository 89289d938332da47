# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from gui.state.fabric.colormap import N_COLORS, ColorScale


def test_values_fall_into_even_bins_and_outside_ones_into_the_last():
    scale = ColorScale(0.0, 64.0)
    values = np.array([0.0, 0.99, 1.0, 32.0, 63.99, 64.0, 900.0, -3.0, np.nan, np.inf])
    assert scale.bins(values).tolist() == [0, 0, 1, 32, 63, 63, 63, 0, 0, 63]
    assert N_COLORS == 64


def test_the_scale_reaches_from_zero_to_the_largest_value():
    assert ColorScale.of(np.array([3.0, 7.0, np.inf, np.nan])) == ColorScale(0.0, 7.0)
    assert ColorScale.of(np.array([3.0, 7.0]), at_least=100.0) == ColorScale(0.0, 100.0)
    assert ColorScale.of(np.zeros(3)) == ColorScale.of(np.zeros(0)) == ColorScale(0.0, 1.0)


@pytest.mark.parametrize(
    ("high", "ticks"),
    [
        (1.0, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (100.0, [0, 20, 40, 60, 80, 100]),
        (175.0, [0, 50, 100, 150]),
        (0.03, [0, 0.01, 0.02, 0.03]),
    ],
)
def test_ticks_are_round(high, ticks):
    assert ColorScale(0.0, high).ticks() == pytest.approx(ticks)


def test_a_fraction_stays_between_the_ends():
    scale = ColorScale(10.0, 20.0)
    assert [scale.fraction(v) for v in (5, 10, 12.5, 20, 99)] == [0, 0, 0.25, 1, 1]
