# SPDX-License-Identifier: Apache-2.0
"""Demands and the patterns that make them."""

import numpy as np
import pytest

import optinet
import topologies
from optinet import workloads
from optinet.errors import DemandError
from optinet.traffic import patterns


@pytest.fixture(scope="module")
def fabric():
    return topologies.build("torus", dims=(2, 3))


def test_rank_one_and_matrix_say_the_same(fabric):
    rng = np.random.default_rng(0)
    demand = optinet.Demand.rank_one(fabric, rng.random(6), rng.random(6))
    matrix = optinet.Demand.from_matrix(fabric, demand.to_matrix())
    assert demand.out_gbps == pytest.approx(matrix.out_gbps)
    assert demand.in_gbps == pytest.approx(matrix.in_gbps)
    assert demand.to_matrix() == pytest.approx(matrix.to_matrix())
    assert demand.total_gbps == pytest.approx(demand.to_matrix().sum())


def test_self_traffic_carries_nothing(fabric):
    demand = optinet.Demand.from_matrix(fabric, np.eye(6) * 5)
    assert demand.total_gbps == 0
    assert optinet.Demand.permutation(fabric, np.arange(6)).total_gbps == 0


def test_uniform_is_known_without_pairs(fabric):
    demand = optinet.Demand.uniform(fabric, 2.0)
    assert demand.is_uniform
    assert demand.total_gbps == 2.0 * 6 * 5
    assert not optinet.Demand.from_matrix(fabric, demand.to_matrix()).is_uniform


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda f: optinet.Demand.from_matrix(f, np.ones((5, 5))), r"\(6, 6\)"),
        (lambda f: optinet.Demand.from_matrix(f, -np.ones((6, 6))), "at least 0"),
        (lambda f: optinet.Demand.from_matrix(f, np.full((6, 6), np.nan)), "nan"),
        (lambda f: optinet.Demand.permutation(f, [0, 0, 1, 2, 3, 4]), "permutation"),
        (lambda f: optinet.Demand.from_matrix(f, [["a"] * 6] * 6), "gbps: not numbers"),
        (lambda f: optinet.Demand.from_matrix(f, [[0, 1], [0]]), "gbps: not numbers"),
        (lambda f: optinet.Demand.permutation(f, [[0], [1, 2]]), "target: not numbers"),
        (lambda f: optinet.Demand.rank_one(f, np.ones(6), np.ones(4)), "target_share"),
        (lambda f: optinet.Demand.uniform(f, 1e308), r"gbps_per_pair: 1e\+308; allowed: at most 1e\+15"),
        (lambda f: patterns.grid_neighbors(f, (2, 2), 1.0), "grid of 6 ranks"),
        (lambda f: workloads.demand(f, "grid_neighbors", {"dms": (2, 3)}), "dims"),
        (lambda f: workloads.demand(f, "unifrom", {}), "did you mean 'uniform'"),
    ],
)
def test_wrong_demands_are_refused(fabric, make, words):
    with pytest.raises(DemandError, match=words):
        make(fabric)


def test_grid_neighbors_send_equal_parts(fabric):
    demand = patterns.grid_neighbors(fabric, (2, 3), 4.0).to_matrix()
    # rank 0 = (0, 0): twice to (1, 0) = 3 across the axis of 2, once each to (0, 1) and (0, 2)
    assert demand[0].tolist() == [0, 1, 1, 2, 0, 0]
    assert demand.sum(axis=0).tolist() == [4] * 6


def test_grid_neighbors_know_the_grid_of_chips(fabric):
    own = workloads.demand(fabric, "grid_neighbors", {"gbps_per_endpoint": 4.0}).to_matrix()
    assert own.tolist() == patterns.grid_neighbors(fabric, (2, 3), 4.0).to_matrix().tolist()
    clos = topologies.build("leaf_spine", leaves=2, spines=1, hosts_per_leaf=3)
    ring = workloads.demand(clos, "grid_neighbors", {"gbps_per_endpoint": 4.0}).to_matrix()
    assert ring[0].tolist() == [0, 2, 0, 0, 0, 2]


@pytest.mark.parametrize("seed", range(20))
def test_a_random_permutation_has_no_fixed_point(seed):
    fabric = topologies.build("torus", dims=(3 + seed % 4,))
    demand = patterns.random_permutation(fabric, 1.0, seed).to_matrix()
    assert np.diag(demand).sum() == 0
    assert demand.sum(axis=0).tolist() == demand.sum(axis=1).tolist() == [1.0] * fabric.n_endpoints


def test_uniform_inside_slices():
    pod = topologies.build("tpu_pod", slices=[{"chips": (2, 2, 4)}, {"chips": (2, 2, 2)}], pod_cubes=4, cube_side=2)
    demand = workloads.demand(pod, "uniform_in_slices", {"gbps_per_endpoint": 30.0}).to_matrix()
    assert demand[:16, :16].sum(axis=1).tolist() == pytest.approx([30.0] * 16)
    assert demand[16:24, 16:24].sum(axis=1).tolist() == pytest.approx([30.0] * 8)
    assert demand.sum() == pytest.approx(24 * 30.0)
    alone = topologies.build("tpu_pod", slices=[{"chips": (2, 2, 4)}], pod_cubes=4, cube_side=2)
    one = workloads.demand(alone, "uniform_in_slices", {"gbps_per_endpoint": 30.0})
    assert one.is_rank_one
    assert np.array_equal(one.to_matrix()[:16, :16], demand[:16, :16])
    assert one.total_gbps == pytest.approx(16 * 30.0)


def test_pairs_inside_slices_that_no_memory_holds(monkeypatch):
    pod = topologies.build("tpu_pod", slices=[{"chips": (2, 2, 4)}, {"chips": (2, 2, 2)}], cube_side=2)
    monkeypatch.setattr(patterns, "MOST_PAIRS", 16**2 + 8**2 - 1)
    with pytest.raises(DemandError, match="320 pairs of chips in 2 slices"):
        workloads.demand(pod, "uniform_in_slices", {})
