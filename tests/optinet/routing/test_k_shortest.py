# SPDX-License-Identifier: Apache-2.0
"""The k shortest paths against a list of all simple paths."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optinet
import topologies
from optinet.errors import SolverError
from optinet.routing.signatures import HopKinds
from tests.support import routing_reference as reference


@settings(max_examples=50)
@given(fabric=reference.random_fabrics(distinct_costs=True), seed=st.integers(0, 2**32 - 1), k=st.integers(1, 6))
def test_loads_agree_with_exact_rationals(fabric, seed, k):
    rng = np.random.default_rng(seed)
    arc_up = fabric.arc_mask(failed_links=[rng.integers(fabric.n_links)]) if rng.random() < 0.5 else None
    pairs = reference.reachable(fabric, reference.split_paths, arc_up)
    matrix = rng.integers(0, 3, pairs.shape) * pairs.astype(float)
    demand = optinet.Demand.from_matrix(fabric, matrix)
    solution = optinet.solve(fabric, demand, "k_shortest", arc_up=arc_up, k=k)
    expected = reference.loads_of(reference.split_k_shortest, fabric, matrix, arc_up, k=k)
    assert solution.loads.arc_load_gbps == pytest.approx(expected, rel=1e-9, abs=1e-12)
    kinds = HopKinds.of(fabric)
    by_kind = np.bincount(kinds.arc_kind, weights=expected, minlength=len(kinds.link_class))
    assert demand.total_gbps * (solution.paths.weight @ solution.paths.hops) == pytest.approx(by_kind, abs=1e-9)


def test_parallel_links_are_paths_of_their_own():
    # NetGraph's example: A to C by two links and two links (cost 2), or over D (cost 4): of five paths one is over D
    graph = nx.MultiGraph()
    for a, b, gbps, cost in (("A", "B", 1, 1), ("A", "B", 2, 1), ("B", "C", 1, 1), ("B", "C", 2, 1), ("A", "D", 3, 2)):
        graph.add_edge(a, b, capacity_gbps=gbps, cost=cost)
    graph.add_edge("D", "C", capacity_gbps=3, cost=2)
    fabric = optinet.Fabric.from_networkx(graph)
    matrix = np.zeros((4, 4))
    matrix[fabric.node_names.index("A"), fabric.node_names.index("C")] = 1.0
    demand = optinet.Demand.from_matrix(fabric, matrix)
    assert optinet.link_loads(fabric, demand, "k_shortest", k=4).throughput == pytest.approx(2.0)
    solution = optinet.solve(fabric, demand, "k_shortest", k=5)
    assert solution.throughput == pytest.approx(2.5)
    assert solution.paths.total_hops.tolist() == [2]


def test_enough_paths_of_one_cost_are_all_shortest_paths():
    fabric = topologies.build("clos3", pods=2, leaves_per_pod=2, aggs_per_pod=2, cores=4, hosts_per_leaf=2)
    shift = optinet.Demand.permutation(fabric, (np.arange(8) + 4) % 8)  # four paths for every pair
    ecmp, four = (optinet.solve(fabric, shift, **each) for each in ({}, {"routing": "k_shortest", "k": 4}))
    assert four.loads.arc_load_gbps == pytest.approx(ecmp.loads.arc_load_gbps)
    assert four.paths.weight @ four.paths.length_m == pytest.approx(ecmp.paths.weight @ ecmp.paths.length_m)
    uniform = optinet.Demand.rank_one(fabric, np.ones(8), np.arange(8.0))
    matrix = optinet.Demand.from_matrix(fabric, uniform.to_matrix())
    a, b = (optinet.link_loads(fabric, each, "k_shortest").arc_load_gbps for each in (uniform, matrix))
    assert a == pytest.approx(b)


def test_too_much_work_is_refused_with_its_size():
    fabric = topologies.build("fat_tree", k=16)
    with pytest.raises(
        SolverError, match=r"k_shortest would list 131072 paths \(k = 8 for 16384 pairs\) over 4096 arcs"
    ):
        optinet.link_loads(fabric, optinet.Demand.uniform(fabric), "k_shortest", k=8)
    with pytest.raises(SolverError, match="k"):
        optinet.link_loads(fabric, optinet.Demand.uniform(fabric), "k_shortest", k=0)
