# SPDX-License-Identifier: Apache-2.0
"""Folding groups: what is drawn, what the segments stand for, and which groups a large fabric unfolds by itself."""

from __future__ import annotations

import numpy as np
import pytest

from gui.state.fabric.drawing import FOLDED_STUB
from gui.state.fabric.failed_parts import group_part, links_down, node_part, ocs_part, part_rows, picked_part
from gui.state.fabric.folding_view import adapted
from gui.state.fabric.layout.base import STUB
from gui.state.fabric.picking import Picked
from gui.state.fabric.quantities import UTILIZATION
from gui.state.fabric.scene_reading import scene_of
from gui.state.fabric.search import find_nodes
from gui.state.fabric.view import FabricViewState
from gui.state.runs.entry import read_entry
from optinet.results import open_run


@pytest.fixture
def read(make_run):
    return lambda name="run", **content: scene_of(read_entry(open_run(make_run(name, **content))))


@pytest.fixture
def fat_tree(read):
    # links: 16 of hosts, 16 leaf-agg, 16 agg-core
    used = np.zeros(96)
    used[2 * 32] = 0.9  # pod 0 to a core
    return read(topology="fat_tree", parameters={"k": 4}, utilization=used)


def test_a_folded_pod_is_one_point_in_the_middle_and_its_links_are_added_up(fat_tree):
    assert fat_tree.folds.names == ("pod 0", "pod 1", "pod 2", "pod 3", "cores 0", "cores 1")
    drawing = fat_tree.drawing(frozenset({0}))
    inside = fat_tree.folds.group == 0
    assert drawing.n_marks == 36 - 8 + 1
    assert drawing.xyz[drawing.node_point[0]] == pytest.approx(fat_tree.layout.xyz[inside].mean(axis=0))
    assert set(drawing.node_point[inside]) == {drawing.n_marks - 1}
    # the 8 links inside pod 0 are not drawn; its 4 uplinks lead to 4 cores
    assert drawing.copies.sum() == 48 - 8
    everything = fat_tree.drawing(fat_tree.folds.everything)
    # 4 pods and 2 groups of cores, 2 links between every two of them
    assert everything.n_segments == 8 and everything.copies.tolist() == [2] * 8
    assert sorted(everything.most(fat_tree.link_values[UTILIZATION.id]))[-2:] == pytest.approx([0.0, 90.0])
    text = fat_tree.describe_group(0)
    assert text[:2] == ("pod 0", "4 hosts, 4 switches, folded")
    assert text[2].startswith("8 links inside") and text[3].startswith("4 links to others")
    assert text[3].endswith("fullest at 90.0 %")


def test_a_double_click_folds_and_unfolds(fat_tree):
    state = FabricViewState()
    state.show(fat_tree)
    leaf = int(np.flatnonzero(fat_tree.folds.group == 2)[0])
    assert state.toggle_fold(Picked("node", leaf))
    assert state.folded == {2} and state.describe(Picked("node", state.drawing.n_marks - 1))[0] == "pod 2"
    assert state.toggle_fold(Picked("node", state.drawing.n_marks - 1)) and not state.folded
    assert not state.toggle_fold(Picked("segment", 0))
    state.fold_all(True)
    assert state.n_links_shown == 16 and len(state.values) == 8
    state.set_found((leaf,))  # what is searched for must be seen
    assert 2 not in state.folded
    state.fit()
    camera = state.camera
    state.set_found((leaf,))
    assert state.camera == camera  # it is in view already
    state.pan(5000.0, 0.0)
    state.set_found((leaf,))
    assert state.camera.target == tuple(fat_tree.layout.xyz[leaf].tolist())


def test_the_wraps_of_a_folded_cube_leave_it_on_one_stub_for_each_face(read):
    scene = read(topology="tpu_pod", parameters={"cubes": (2, 1, 1), "cube_side": 2})
    drawing = scene.drawing(scene.folds.everything)
    # two cubes with one segment between them, and a stub on each of the faces that wrap
    stubs = (drawing.segment_ends >= 2).any(axis=1)
    assert drawing.n_marks == 2 and (~stubs).sum() == 1
    assert drawing.copies[~stubs].tolist() == [4]
    assert stubs.sum() == 2 + 4 + 4 and set(drawing.copies[stubs]) == {4}
    a, b = drawing.segment_ends[stubs][0]
    assert np.linalg.norm(drawing.xyz[a] - drawing.xyz[b]) == pytest.approx(FOLDED_STUB * STUB)


@pytest.mark.parametrize(
    ("topology", "parameters", "names"),
    [
        ("multiplane", {"planes": 2, "leaves": 2, "spines": 1, "hosts_per_leaf": 2}, "plane 0,plane 1,hosts 0,hosts 1"),
        ("ocs_mesh", {"blocks": 3, "hosts_per_block": 2, "uplinks_per_block": 4}, "block 0,block 1,block 2"),
        ("leaf_spine", {"leaves": 2, "spines": 2, "hosts_per_leaf": 2}, "rack 0,rack 1"),
        ("torus", {"dims": (3, 3, 3)}, ""),
    ],
)
def test_what_folds_follows_the_structure(read, topology, parameters, names):
    assert ",".join(read(topology=topology, parameters=parameters).folds.names) == names


def test_a_large_fabric_unfolds_what_is_near_and_keeps_what_the_user_has_folded(fat_tree):
    state = FabricViewState()
    state.resize(1200, 800)
    state.show(fat_tree)
    everything, size = fat_tree.folds.everything, (1200.0, 800.0)
    near = adapted(fat_tree, everything, frozenset(), state.camera, size)
    assert near < everything  # few nodes have much room
    assert adapted(fat_tree, frozenset(), frozenset(), state.camera, (30.0, 20.0)) == everything
    assert 0 in adapted(fat_tree, everything, frozenset({0}), state.camera, size)


def test_nodes_are_found_by_prefix_or_else_by_a_regular_expression(fat_tree):
    names = fat_tree.node_names
    assert [names[n] for n in find_nodes(fat_tree, "HOST1")[0]][:2] == ["host1", "host10"]
    found, problem = find_nodes(fat_tree, "(leaf|agg)0$")
    assert [names[n] for n in found] == ["leaf0", "agg0"] and problem == ""
    assert "no node" in find_nodes(fat_tree, "spine")[1]
    assert "regular expression" in find_nodes(fat_tree, "leaf(")[1]
    assert find_nodes(fat_tree, " ") == ((), "")


def test_failed_links_are_those_without_capacity_and_those_of_failed_parts(fat_tree):
    state = FabricViewState()
    state.show(fat_tree)
    assert len(state.failed) == 0
    host = picked_part(fat_tree, state.drawing, Picked("node", int(state.drawing.node_point[0])))
    assert host == node_part(fat_tree, 0) and host.title == "host0"
    state.set_parts(fat_tree.key, (host,))
    assert state.failed.tolist() == [0]
    line = picked_part(fat_tree, state.drawing, Picked("segment", 5))
    state.set_parts(fat_tree.key, (host, line))
    assert state.failed.tolist() == [0, *line.members]
    pod = group_part(fat_tree, int(fat_tree.folds.group[0]))
    inside = np.isin(fat_tree.link_ends, pod.members).any(axis=1)
    state.set_parts(fat_tree.key, (pod,))
    assert state.failed.tolist() == np.flatnonzero(inside).tolist() and len(pod.members) == 8
    assert part_rows(fat_tree, (pod, line))[0] == ("pod 0", "group", "8", f"{inside.sum()}")
    state.set_parts("another run", (host,))
    assert state.parts == (pod,)
    state.set_parts(fat_tree.key, ())
    assert len(state.failed) == 0


def test_an_ocs_that_fails_takes_its_circuits_down(read):
    mesh = read(topology="ocs_mesh", parameters={"blocks": 4, "hosts_per_block": 2, "uplinks_per_block": 6})
    plant = mesh.plant
    expected = plant.circuit_link[plant.end_ocs[plant.circuit_ends[:, 0]] == 0]
    assert links_down(mesh, (ocs_part(0),)).tolist() == sorted(expected.tolist()) and len(expected)
