# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

import topologies
from gui.state.layout import CELL_GAP, STUB, layout_of
from optinet.structure import Clos, Torus

EVERY = [
    ("torus", {"dims": (8,)}),
    ("torus", {"dims": (4, 3)}),
    ("torus", {"dims": (4, 4, 8), "twisted": True}),
    ("torus", {"dims": (3, 2, 3, 2)}),
    ("tpu_pod", {"cubes": (2, 2, 1), "cube_side": 2}),
    ("leaf_spine", {"leaves": 4, "spines": 2, "hosts_per_leaf": 3, "links_per_pair": 2}),
    ("fat_tree", {"k": 4}),
    ("clos3", {"pods": 2, "leaves_per_pod": 3, "aggs_per_pod": 4, "cores": 6, "hosts_per_leaf": 2}),
    ("multiplane", {"planes": 3, "leaves": 4, "spines": 2, "hosts_per_leaf": 3}),
    ("ocs_mesh", {"blocks": 6, "hosts_per_block": 5, "uplinks_per_block": 10}),
]


def built(name, parameters):
    fabric = topologies.build(name, **parameters)
    return fabric, np.column_stack((fabric.arc_tail[::2], fabric.arc_head[::2]))


@pytest.mark.parametrize("with_structure", [True, False])
@pytest.mark.parametrize(("name", "parameters"), EVERY)
def test_every_node_has_a_place_of_its_own_and_every_link_a_segment(name, parameters, with_structure):
    fabric, ends = built(name, parameters)
    layout = layout_of(fabric.structure if with_structure else None, ends, fabric.n_nodes)
    places = layout.xyz[: fabric.n_nodes]
    assert np.isfinite(layout.xyz).all()
    assert len(np.unique(np.round(places, 6), axis=0)) == fabric.n_nodes
    assert set(layout.segment_link) == set(range(fabric.n_links))
    assert layout.segment_ends.min() >= 0 and layout.segment_ends.max() < len(layout.xyz)
    # a segment that joins two nodes joins those of its link
    whole = (layout.segment_ends < fabric.n_nodes).all(axis=1)
    assert np.array_equal(layout.segment_ends[whole], ends[layout.segment_link[whole]])


def test_the_wraps_of_a_torus_are_two_stubs_that_leave_the_grid():
    fabric, ends = built("torus", {"dims": (4, 3, 5), "capacity_gbps": 1})
    layout = layout_of(fabric.structure, ends, fabric.n_nodes)
    wraps = 3 * 5 + 4 * 5 + 4 * 3
    assert len(layout.xyz) == 60 + 2 * wraps
    assert len(layout.segment_ends) == 180 + wraps
    # link 45 is the wrap along x of node 45 = (3, 0, 0), which leads to node 0
    assert tuple(ends[45]) == (45, 0)
    stubs = layout.xyz[layout.segment_ends[layout.segment_link == 45]]
    assert stubs == pytest.approx(np.array([[[3, 0, 0], [3 + STUB, 0, 0]], [[0, 0, 0], [-STUB, 0, 0]]]))


def test_the_cubes_of_a_pod_stand_apart():
    fabric, ends = built("tpu_pod", {"cubes": (2, 1, 1), "cube_side": 2})
    x = layout_of(fabric.structure, ends, fabric.n_nodes).xyz[: fabric.n_nodes, 0]
    assert np.unique(x) == pytest.approx([0, 1, 2 + CELL_GAP, 3 + CELL_GAP])


def test_the_tiers_of_a_clos_are_levels_and_hosts_stand_below_their_leaf():
    fabric, ends = built("fat_tree", {"k": 4})
    xyz = layout_of(fabric.structure, ends, fabric.n_nodes).xyz
    heights = [np.unique(xyz[fabric.node_tier == tier, 2]) for tier in range(4)]
    assert [len(level) for level in heights] == [1, 1, 1, 1]
    assert np.all(np.diff(np.concatenate(heights)) > 0)
    host_links = fabric.node_kind[ends[:, 0]] == 0
    assert xyz[ends[host_links, 0], 0] == pytest.approx(xyz[ends[host_links, 1], 0])
    # pods side by side: their ranges of x do not overlap
    below = fabric.node_group >= 0
    ranges = [np.ptp(xyz[below & (fabric.node_group == pod), 0]) for pod in range(4)]
    starts = [xyz[below & (fabric.node_group == pod), 0].min() for pod in range(4)]
    assert all(starts[pod] + ranges[pod] < starts[pod + 1] for pod in range(3))


def test_a_core_stands_at_the_depth_of_the_aggregation_switches_it_is_joined_to():
    fabric, ends = built("fat_tree", {"k": 6})
    xyz = layout_of(fabric.structure, ends, fabric.n_nodes).xyz
    core_links = fabric.node_tier[ends[:, 1]] == 3
    assert xyz[ends[core_links, 0], 1] == pytest.approx(xyz[ends[core_links, 1], 1])


def test_planes_stand_one_behind_the_other():
    fabric, ends = built("multiplane", {"planes": 3, "leaves": 4, "spines": 2, "hosts_per_leaf": 3})
    xyz = layout_of(fabric.structure, ends, fabric.n_nodes).xyz
    depths = [np.unique(xyz[fabric.node_group == plane, 1]) for plane in range(3)]
    assert [len(depth) for depth in depths] == [1, 1, 1]
    assert depths[0] < depths[1] < depths[2]


def test_blocks_stand_on_a_ring_with_their_hosts_outside():
    fabric, ends = built("ocs_mesh", {"blocks": 6, "hosts_per_block": 5, "uplinks_per_block": 10})
    xyz = layout_of(fabric.structure, ends, fabric.n_nodes).xyz
    away = np.hypot(xyz[:, 0], xyz[:, 1])
    blocks = away[fabric.node_tier == 1]
    assert blocks == pytest.approx(np.full(6, blocks[0]))
    assert away[fabric.node_tier == 0].min() > blocks[0]


@pytest.mark.parametrize("structure", [Clos(7, (2, 1)), Torus((2, 2), ((0, 0), (0, 0)), (1, 1))])
def test_a_structure_that_does_not_fit_the_graph_is_not_used(structure):
    ends = np.array([[0, 1], [1, 2], [2, 3], [3, 0]])
    assert np.array_equal(layout_of(structure, ends, 4).xyz, layout_of(None, ends, 4).xyz)


def test_without_structure_near_nodes_stand_near_each_other():
    # two triangles joined by a long chain
    ends = np.array([[0, 1], [1, 2], [2, 0], [2, 3], [3, 4], [4, 5], [5, 6], [6, 7], [7, 8], [8, 6]])
    xyz = layout_of(None, ends, 9).xyz
    assert np.linalg.norm(xyz[0] - xyz[1]) < 0.4 * np.linalg.norm(xyz[0] - xyz[8])


def test_a_graph_in_pieces_and_one_without_links_have_a_layout():
    pieces = layout_of(None, np.array([[0, 1], [2, 3], [3, 4]]), 6)
    assert np.isfinite(pieces.xyz).all()
    alone = layout_of(None, np.zeros((0, 2), dtype=np.int64), 3)
    assert alone.xyz.shape == (3, 3) and len(alone.segment_ends) == 0
    assert layout_of(None, np.zeros((0, 2), dtype=np.int64), 0).xyz.shape == (0, 3)
