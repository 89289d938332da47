# SPDX-License-Identifier: Apache-2.0
"""Solutions: path composition against distances and loads, sampling against exact answers."""

import numpy as np
import pytest

import optinet
import topologies
from optinet.routing.signatures import HopKinds


def hop_load_by_kind(fabric, loads):
    """Gb/s x hops of each kind, from the loads."""
    kinds = HopKinds.of(fabric)
    return np.bincount(kinds.arc_kind, weights=loads.arc_load_gbps, minlength=len(kinds.link_class))


FABRICS = {
    "clos3": {"pods": 2, "leaves_per_pod": 2, "aggs_per_pod": 2, "cores": 2, "hosts_per_leaf": 3},
    "leaf_spine": {"leaves": 3, "spines": 2, "hosts_per_leaf": 2},
    "multiplane": {"planes": 2, "leaves": 3, "spines": 2, "hosts_per_leaf": 2},
    "torus": {"dims": (4, 5)},
    "tpu_pod": {"cubes": (2, 1, 2), "cube_side": 2},
    "ocs_mesh": {"blocks": 4, "hosts_per_block": 2, "uplinks_per_block": 6},
}


@pytest.mark.parametrize("name", FABRICS)
@pytest.mark.parametrize("pattern", ["uniform", "uneven", "matrix"])
@pytest.mark.parametrize("routing", ["ecmp", "dor", "valiant"])
def test_paths_account_for_every_load(name, pattern, routing):
    # the mean number of hops of each kind, times the traffic, is the sum of the loads of that kind
    fabric = topologies.build(name, **FABRICS[name])
    if routing == "dor" and name not in ("torus", "tpu_pod"):
        routing = "ecmp"
    n = fabric.n_endpoints
    rng = np.random.default_rng(3)
    demand = {
        "uniform": lambda: optinet.Demand.uniform(fabric),
        "uneven": lambda: optinet.Demand.rank_one(fabric, rng.random(n), rng.random(n)),
        "matrix": lambda: optinet.Demand.from_matrix(fabric, rng.integers(0, 3, (n, n))),
    }[pattern]()
    solution = optinet.solve(fabric, demand, routing)
    paths = solution.paths
    assert paths.weight.sum() == pytest.approx(1.0)
    mean_hops = paths.weight @ paths.hops
    expected = hop_load_by_kind(fabric, solution.loads) / demand.total_gbps
    tolerance = {"abs": 1e-9} if paths.method == "exact" else {"abs": 0.02}
    assert mean_hops == pytest.approx(expected, **tolerance)
    mean_length_m = paths.weight @ paths.length_m
    assert mean_length_m == pytest.approx(
        solution.loads.arc_load_gbps @ fabric.arc_length_m / demand.total_gbps,
        rel=1e-9 if paths.method == "exact" else 0.01,
    )


def test_signatures_of_a_leaf_spine_by_hand():
    # host0 shares its leaf with 1 other host (2 hops, 6 m) and reaches 4 others over a spine (4 hops, 106 m)
    fabric = topologies.build("leaf_spine", leaves=3, spines=2, hosts_per_leaf=2)
    paths = optinet.solve(fabric, optinet.Demand.uniform(fabric)).paths
    order = np.argsort(paths.total_hops)
    assert paths.total_hops[order].tolist() == [2, 4]
    assert paths.weight[order] == pytest.approx([1 / 5, 4 / 5])
    assert paths.length_m[order] == pytest.approx([6.0, 106.0])
    assert paths.method == "exact"


def test_distance_counts_equal_the_hops_of_uniform_traffic():
    fabric = topologies.build("tpu_pod", cubes=(2, 2, 2))
    paths = optinet.solve(fabric, optinet.Demand.uniform(fabric)).paths
    counts = optinet.path_metrics(fabric).distance_counts
    by_hops = np.bincount(paths.total_hops, weights=paths.weight, minlength=len(counts))
    assert by_hops == pytest.approx(counts / counts.sum())


def test_a_solution_knows_what_is_delivered():
    fabric = topologies.build("leaf_spine", leaves=4, spines=2, hosts_per_leaf=4, host_gbps=1.0, uplink_gbps=1.0)
    solution = optinet.solve(fabric, optinet.Demand.uniform(fabric, 1 / 15))
    assert solution.throughput == pytest.approx(0.625)
    assert solution.delivered_gbps_per_endpoint == pytest.approx(0.625)
    assert solution.arc_delivered_gbps.max() == pytest.approx(1.0)
    light = optinet.solve(fabric, optinet.Demand.uniform(fabric, 0.01))
    assert light.throughput > 1
    assert light.delivered_gbps_per_endpoint == pytest.approx(0.15)


def test_no_demand_has_no_paths():
    fabric = topologies.build("torus", dims=(3,))
    solution = optinet.solve(fabric, optinet.Demand.uniform(fabric, 0.0))
    assert solution.throughput == np.inf
    assert len(solution.paths.weight) == 0
    assert solution.delivered_gbps == 0.0
