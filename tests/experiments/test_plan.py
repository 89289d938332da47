# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

import topologies
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
    # on a new machine kernels are compiled for it, and after that long no plan looks at more fabrics
    topologies.build("ocs_mesh", blocks=4, hosts_per_block=2, uplinks_per_block=4, ocs_ports=8)
    return load_study(study_path).points()


def names(groups):
    return [[point.name for point in group.points] for group in groups]


def test_points_of_one_solution_are_together_and_long_groups_come_first(points):
    # all of them are small: what a point takes for itself outweighs what is shared
    assert names(plan_of(points, 2).groups) == [
        ["small devices / uniform", "large devices / uniform"],
        ["small devices / random_permutation", "large devices / random_permutation"],
        ["retimed / uniform", "LPO / uniform"],
        ["retimed / random_permutation", "LPO / random_permutation"],
        ["pod / random_permutation"],
        ["pod / uniform"],
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


@pytest.fixture
def n_compiled(monkeypatch):
    """Set how many kernels have been compiled on this machine."""
    return lambda n: monkeypatch.setattr("optinet.kernels._jit.n_compiled", lambda: n)


def test_costs_add_up_to_the_time_that_one_worker_takes(points, n_compiled):
    n_compiled(60)
    made = plan_of(points, 2)
    assert made.solutions == 6
    assert set(made.costs) == {point.name for point in points}
    assert made.estimated_s(1) == pytest.approx(sum(made.costs.values()) + 3.0)
    # the longest group bounds the time on many workers, which have to start first
    longest = max(sum(made.costs[point.name] for point in group.points) for group in made.groups)
    assert made.estimated_s(100) == pytest.approx(longest + 3.0)


def test_the_first_point_of_a_group_takes_what_all_of_it_share(points):
    costs = plan_of(points, 2).costs
    assert costs["retimed / uniform"] > costs["LPO / uniform"] > 0.2


def test_the_first_sweep_on_a_machine_is_announced_with_the_time_for_compiling(points, n_compiled, monkeypatch):
    monkeypatch.setattr("numba.config.DISABLE_JIT", 0)
    n_compiled(60)
    many, one = plan_of(points, 2), plan_of(points[:1], 2)
    later = many.estimated_s(2), one.estimated_s(2)
    assert (many.compiling_s(2), one.compiling_s(2)) == (0.0, 0.0)
    n_compiled(0)  # several workers compile all kernels beforehand, one process what its points need
    assert many.compiling_s(2) == pytest.approx(53 * 1.1) and one.compiling_s(2) == pytest.approx(10.0)
    assert (many.estimated_s(2) - later[0], one.estimated_s(2) - later[1]) == pytest.approx((53 * 1.1, 10.0))
    n_compiled(43)
    assert many.compiling_s(2) == pytest.approx(10 * 1.1) and one.compiling_s(2) == 0.0
