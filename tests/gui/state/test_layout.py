# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

import topologies
from gui.state.fabric.layout import FLOOR, FORCE, Nodes, layout_of
from gui.state.fabric.layout.base import STUB
from gui.state.fabric.layout.floor import Stands, stands_of
from gui.state.fabric.layout.torus import CELL_GAP
from optinet.structure import Clos, Torus

RAILS = {"gpus_per_server": 4, "servers_per_segment": 3, "segments": 2, "spines": 2, "planes": 2}
EVERY = [
    ("torus", {"dims": (8,)}),
    ("torus", {"dims": (4, 3)}),
    ("torus", {"dims": (4, 4, 8), "twisted": True}),
    ("torus", {"dims": (3, 2, 3, 2)}),
    ("tpu_pod", {"cubes": (2, 2, 1), "cube_side": 2}),
    ("tpu_pod", {"cube_side": 2, "pod_cubes": 5, "slices": [{"chips": (4, 2, 2)}, {"chips": (2, 2, 4)}]}),
    ("hyperx", {"dims": (4, 3), "hosts_per_switch": 2}),
    ("hypercube", {"dimensions": 4, "hosts_per_switch": 1}),
    ("full_mesh", {"switches": 5, "hosts_per_switch": 3}),
    ("dragonfly", {"switches_per_group": 4, "hosts_per_switch": 2, "global_links_per_switch": 2}),
    ("slim_fly", {"q": 5, "hosts_per_switch": 1}),
    ("rail_optimized", RAILS),
    ("leaf_spine", {"leaves": 4, "spines": 2, "hosts_per_leaf": 3, "links_per_pair": 2}),
    ("fat_tree", {"k": 4}),
    ("clos3", {"pods": 2, "leaves_per_pod": 3, "aggs_per_pod": 4, "cores": 6, "hosts_per_leaf": 2}),
    ("multiplane", {"planes": 3, "leaves": 4, "spines": 2, "hosts_per_leaf": 3}),
    ("ocs_mesh", {"blocks": 6, "hosts_per_block": 5, "uplinks_per_block": 10}),
]


def built(name, parameters):
    fabric = topologies.build(name, **parameters)
    return fabric, np.column_stack((fabric.arc_tail[::2], fabric.arc_head[::2]))


def nodes_of(fabric):
    return Nodes(fabric.node_kind.astype(np.int64), fabric.node_tier, fabric.node_group)


@pytest.mark.parametrize("style", ["structure", FLOOR, FORCE])
@pytest.mark.parametrize(("name", "parameters"), EVERY)
def test_every_node_has_a_place_of_its_own_and_every_link_a_segment(name, parameters, style):
    fabric, ends = built(name, parameters)
    layout = layout_of(fabric.structure, ends, nodes_of(fabric), style)
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
    layout = layout_of(fabric.structure, ends, nodes_of(fabric))
    wraps = 3 * 5 + 4 * 5 + 4 * 3
    assert len(layout.xyz) == 60 + 2 * wraps
    assert len(layout.segment_ends) == 180 + wraps
    # link 45 is the wrap along x of node 45 = (3, 0, 0), which leads to node 0
    assert tuple(ends[45]) == (45, 0)
    stubs = layout.xyz[layout.segment_ends[layout.segment_link == 45]]
    assert stubs == pytest.approx(np.array([[[3, 0, 0], [3 + STUB, 0, 0]], [[0, 0, 0], [-STUB, 0, 0]]]))


def test_the_cubes_of_a_pod_stand_apart():
    fabric, ends = built("tpu_pod", {"cubes": (2, 1, 1), "cube_side": 2})
    x = layout_of(fabric.structure, ends, nodes_of(fabric)).xyz[: fabric.n_nodes, 0]
    assert np.unique(x) == pytest.approx([0, 1, 2 + CELL_GAP, 3 + CELL_GAP])


def test_the_tiers_of_a_clos_are_levels_and_hosts_stand_below_their_leaf():
    fabric, ends = built("fat_tree", {"k": 4})
    xyz = layout_of(fabric.structure, ends, nodes_of(fabric)).xyz
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


def test_a_core_stands_near_the_depth_of_the_switches_it_is_joined_to_and_its_links_apart_from_others_from_above():
    fabric, ends = built("fat_tree", {"k": 6})
    xyz = layout_of(fabric.structure, ends, nodes_of(fabric)).xyz
    links = ends[fabric.node_tier[ends[:, 1]] == 3]
    rows = np.unique(np.round(xyz[links[:, 0], 1], 9))
    away = np.abs(xyz[links[:, 1], 1][:, None] - rows)
    assert rows[away.argmin(axis=1)] == pytest.approx(xyz[links[:, 0], 1])
    # from above no other core lies on the line from a switch to a core
    for switch, core in links:
        others = [other for other in np.unique(links[:, 1]) if other != core]
        (x, y), along = (xyz[others, :2] - xyz[switch, :2]).T, xyz[core, :2] - xyz[switch, :2]
        assert np.abs(x * along[1] - y * along[0]).min() > 1e-3


def test_planes_stand_one_behind_the_other():
    fabric, ends = built("multiplane", {"planes": 3, "leaves": 4, "spines": 2, "hosts_per_leaf": 3})
    xyz = layout_of(fabric.structure, ends, nodes_of(fabric)).xyz
    depths = [np.unique(xyz[fabric.node_group == plane, 1]) for plane in range(3)]
    assert [len(depth) for depth in depths] == [1, 1, 1]
    assert depths[0] < depths[1] < depths[2]


def test_blocks_stand_on_a_ring_with_their_hosts_outside():
    fabric, ends = built("ocs_mesh", {"blocks": 6, "hosts_per_block": 5, "uplinks_per_block": 10})
    xyz = layout_of(fabric.structure, ends, nodes_of(fabric)).xyz
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


def test_the_slices_of_a_pod_are_grids_of_their_own_beside_each_other_with_spare_cubes_before_them():
    slices = [{"chips": (4, 2, 2)}, {"chips": (2, 2, 4)}]
    fabric, ends = built("tpu_pod", {"cube_side": 2, "pod_cubes": 5, "slices": slices})
    layout = layout_of(fabric.structure, ends, nodes_of(fabric))
    xyz = layout.xyz[: fabric.n_nodes]
    first, second = (np.isin(fabric.node_group, piece.cubes) for piece in fabric.structure.slices)
    spare = ~first & ~second
    assert (first.sum(), second.sum(), spare.sum()) == (16, 16, 8)
    assert xyz[first, 0].max() < xyz[second, 0].min()
    assert xyz[spare, 1].max() < xyz[~spare, 1].min()
    number = int(fabric.node_group[spare][0])
    names, places = zip(*layout.labels, strict=True)
    assert names == ("slice 0: 4 x 2 x 2", "slice 1: 2 x 2 x 4", f"spare cube {number}")
    for part, (x, y, z) in zip((first, second, spare), places, strict=True):
        assert np.array([x, y]) == pytest.approx(xyz[part, :2].mean(axis=0)) and z > xyz[part, 2].max()
    # links through OCS are stubs where they leave a slice
    wraps = np.bincount(layout.segment_link, minlength=fabric.n_links) == 2
    crossing = {int(link) for link in fabric.plant.circuit_link if wraps[link]}
    assert crossing == set(np.flatnonzero(wraps))
    # a slice of 4 x 2 x 2 has 4 wraps along x, 8 along y and 8 along z; the other one as many
    assert len(crossing) == 40
    inner = layout.segment_ends[(layout.segment_ends < fabric.n_nodes).all(axis=1)]
    assert np.linalg.norm(xyz[inner[:, 0]] - xyz[inner[:, 1]], axis=1).max() <= 1 + CELL_GAP + 1e-9


def test_rails_without_structure_still_stand_in_tiers_segments_and_planes():
    fabric, ends = built("rail_optimized", RAILS)
    assert fabric.structure is None
    xyz = layout_of(None, ends, nodes_of(fabric)).xyz
    assert [len(np.unique(np.round(xyz[fabric.node_tier == tier, 2], 6))) for tier in range(3)] == [1, 1, 1]
    leaves = fabric.node_tier == 1
    assert len(np.unique(np.round(xyz[leaves, 1], 6))) == 2  # one depth for each plane
    spans = [(xyz[fabric.node_group == g, 0].min(), xyz[fabric.node_group == g, 0].max()) for g in range(2)]
    assert spans[0][1] < spans[1][0]


def test_on_the_floor_a_leaf_stands_above_its_hosts():
    fabric, ends = built("leaf_spine", {"leaves": 4, "spines": 2, "hosts_per_leaf": 3})
    xyz = layout_of(fabric.structure, ends, nodes_of(fabric), FLOOR).xyz
    host_links = ends[fabric.node_kind[ends[:, 0]] == 0]
    assert xyz[host_links[:, 0], :2] == pytest.approx(xyz[host_links[:, 1], :2])
    assert np.all(xyz[host_links[:, 0], 2] < xyz[host_links[:, 1], 2])


def test_no_block_of_a_mesh_stands_far_off_where_near_is_near():
    fabric, ends = built("ocs_mesh", {"blocks": 40, "hosts_per_block": 8, "uplinks_per_block": 40})
    xyz = layout_of(fabric.structure, ends, nodes_of(fabric), FORCE).xyz
    blocks = xyz[fabric.node_tier == 1]
    away = np.linalg.norm(blocks - blocks.mean(axis=0), axis=1)
    assert away.max() < 2 * np.median(away)
    apart = np.linalg.norm(blocks[:, None] - blocks[None], axis=2) + 1e9 * np.eye(40)
    hosts = np.linalg.norm(xyz[ends[:, 0]] - xyz[ends[:, 1]], axis=1)[fabric.node_kind[ends[:, 0]] == 0]
    assert hosts.max() < np.median(apart.min(axis=1)) < 2 * apart.min()


def test_racks_hold_what_the_run_counts_and_links_run_in_trays_by_way_of_the_ocs_they_pass():
    fabric, ends = built("ocs_mesh", {"blocks": 6, "hosts_per_block": 5, "uplinks_per_block": 10})
    nodes, plant = nodes_of(fabric), fabric.plant
    rack = np.where(fabric.node_tier == 1, (np.arange(fabric.n_nodes) - 30) // 4, -1)
    told = Stands(
        rack, ("tier 1 rack 0", "tier 1 rack 1", "OCS rack 0"), np.ones(3, dtype=bool), np.full(plant.n_ocs, 2)
    )
    stands = stands_of(nodes, ends, told)
    assert stands.names == (*told.names, *(f"hosts {leaf}" for leaf in range(6))) and stands.counted.sum() == 3
    device = np.full(len(ends), -1)
    device[plant.circuit_link] = plant.circuit_ocs
    layout = layout_of(fabric.structure, ends, nodes, FLOOR, stands, device)
    low, high = layout.frames[stands.of_node].transpose(1, 0, 2)
    places = layout.xyz[: fabric.n_nodes]
    assert ((low <= places) & (places <= high)).all() and layout.is_rack.tolist() == stands.counted.tolist()
    top_of_ocs = fabric.n_nodes + 2
    for link in range(fabric.n_links):
        segments = layout.segment_ends[layout.segment_link == link]
        points, times = np.unique(segments, return_counts=True)
        # one way without a gap from node to node
        assert sorted(points[times % 2 == 1]) == sorted(ends[link])
        assert (top_of_ocs in points) == (device[link] >= 0)
    # each box keeps clear of the others
    middles = layout.frames.mean(axis=1)[:, :2]
    away = np.abs(middles[:, None] - middles[None])
    assert ((away[..., 0] > 0.6) | (away[..., 1] > 1.2) | np.eye(len(middles), dtype=bool)).all()
