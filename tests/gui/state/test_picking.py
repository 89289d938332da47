# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from gui.state.fabric.picking import Picked, Picker, segment_distances

XY = np.array([[0.0, 0.0], [100.0, 0.0], [100.0, 100.0], [0.0, 3.0]])
ENDS = np.array([[0, 1], [1, 2], [3, 1]])
VALUES = np.array([1.0, 5.0, 2.0])


def test_distances_are_to_the_segment_not_to_its_line():
    assert segment_distances(XY, ENDS[:2], 50, 4) == pytest.approx([4.0, 50.0])
    assert segment_distances(XY, ENDS[:1], -30, 40) == pytest.approx([50.0])


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        (3, 0, Picked("node", 0)),
        (50, -3, Picked("segment", 0)),
        (97, 50, Picked("segment", 1)),
        (50, 50, None),
    ],
)
def test_nodes_come_before_segments_and_far_things_are_not_picked(x, y, expected):
    assert Picker(XY, 3, ENDS, VALUES).at(x, y) == expected


def test_among_segments_as_near_the_larger_value_wins():
    # halfway between segments 0 and 2, which are 1.5 px apart there
    assert Picker(XY, 3, ENDS, VALUES).at(50, 0.75) == Picked("segment", 2)


def test_an_empty_view_has_nothing_to_pick():
    assert Picker(np.zeros((0, 2)), 0, np.zeros((0, 2), dtype=int), np.zeros(0)).at(5, 5) is None
