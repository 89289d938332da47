# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from experiments import plan
from experiments.plan import plan_of
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
    return [[point.name for point in group.points] for group in groups]


def test_points_of_one_solution_are_together_and_long_groups_come_first(points):
    # endpoints x arcs: 16 x 96 in the pod, 8 x 28 in the mesh, 4 x 16 in the leaf-spine; a point outweighs them all
    assert names(plan_of(points, 2).groups) == [
        ["small devices / uniform", "large devices / uniform"],
        ["small devices / random_permutation", "large devices / random_permutation"],
        ["retimed / uniform", "LPO / uniform"],
        ["retimed / random_permutation", "LPO / random_permutation"],
        ["pod / uniform"],
        ["pod / random_permutation"],
    ]


def test_no_group_is_so_long_that_a_process_stands_idle(points):
    assert [len(group.points) for group in plan_of(points, 10).groups] == [1] * 10
    assert max(len(group.points) for group in plan_of(points, 1).groups) == 2


def test_nothing_is_lost_when_there_is_no_time_to_look_at_the_graphs(points, monkeypatch):
    monkeypatch.setattr(plan, "_LOOK_S", -1.0)
    groups = plan_of(points, 2).groups
    assert sorted(point.name for group in groups for point in group.points) == sorted(point.name for point in points)
    # two plants on one graph cannot be told from two graphs then
    assert ["retimed / uniform", "LPO / uniform"] in names(groups)
    assert ["small devices / uniform"] in names(groups)


def test_a_topology_that_cannot_be_built_is_left_to_its_point(study_path):
    study_path.write_text(study_path.read_text() + MESH.replace("uplinks_per_block = 4", "uplinks_per_block = 2"))
    assert sum(len(group.points) for group in plan_of(load_study(study_path).points(), 2).groups) == 10


def test_no_points_are_no_groups():
    assert plan_of([], 2).groups == ()
    assert plan_of([], 2).estimated_s(1) == 0.0


def test_costs_add_up_to_the_time_that_one_worker_takes(points):
    made = plan_of(points, 2)
    assert made.solutions == 6
    assert set(made.costs) == {point.name for point in points}
    # ten points of 2e7 and six graphs of next to nothing, at 1.5e8 a second
    assert made.estimated_s(1) == pytest.approx(10 * 2e7 / 1.5e8, rel=1e-3)
    # the longest group bounds the time on many workers, which have to start first
    assert made.estimated_s(100) == pytest.approx(2 * 2e7 / 1.5e8 + 3.0, rel=1e-3)
