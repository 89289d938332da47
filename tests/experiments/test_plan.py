# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from experiments import plan
from experiments.plan import grouped
from experiments.study import load_study

MESH = """
[[case]]
name = "small devices"
topology = {name = "ocs_mesh", blocks = 4, hosts_per_block = 2, uplinks_per_block = 4, ocs_ports = 8}
design = {switch = "switch_102t4", host_link = "aec_1t6", ocs_optics = "bidi_800g_fr4", ocs = "palomar"}

[[case]]
name = "large devices"
topology = {name = "ocs_mesh", blocks = 4, hosts_per_block = 2, uplinks_per_block = 4, ocs_ports = 136}
design = {switch = "switch_102t4", host_link = "aec_1t6", ocs_optics = "bidi_800g_fr4", ocs = "polatis_576"}
"""


@pytest.fixture
def points(study_path):
    study_path.write_text(study_path.read_text() + MESH)
    return load_study(study_path).points()


def names(groups):
    return [[point.name for point in group] for group in groups]


def test_points_of_one_solution_are_together_and_long_groups_come_first(points):
    # endpoints x arcs: 16 x 96 in the pod, 8 x 28 in the mesh, 4 x 16 in the leaf-spine; a point outweighs them all
    assert names(grouped(points, 2)) == [
        ["small devices / uniform", "large devices / uniform"],
        ["small devices / random_permutation", "large devices / random_permutation"],
        ["retimed / uniform", "LPO / uniform"],
        ["retimed / random_permutation", "LPO / random_permutation"],
        ["pod / uniform"],
        ["pod / random_permutation"],
    ]


def test_no_group_is_so_long_that_a_process_stands_idle(points):
    assert [len(group) for group in grouped(points, 10)] == [1] * 10
    assert max(len(group) for group in grouped(points, 1)) == 2


def test_nothing_is_lost_when_there_is_no_time_to_look_at_the_graphs(points, monkeypatch):
    monkeypatch.setattr(plan, "_LOOK_S", -1.0)
    groups = grouped(points, 2)
    assert sorted(point.name for group in groups for point in group) == sorted(point.name for point in points)
    # two plants on one graph cannot be told from two graphs then
    assert ["retimed / uniform", "LPO / uniform"] in names(groups)
    assert ["small devices / uniform"] in names(groups)


def test_a_topology_that_cannot_be_built_is_left_to_its_point(study_path):
    study_path.write_text(study_path.read_text() + MESH.replace("uplinks_per_block = 4", "uplinks_per_block = 2"))
    assert sum(map(len, grouped(load_study(study_path).points(), 2))) == 10


def test_no_points_are_no_groups():
    assert grouped([], 2) == []
