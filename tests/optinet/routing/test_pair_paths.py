# SPDX-License-Identifier: Apache-2.0
"""Paths of single pairs: shares by hand, numbers by combinatorics, and against loads and hashed flows."""

from __future__ import annotations

import itertools
import math

import networkx as nx
import numpy as np
import pytest

import optinet
import topologies
from optinet import Demand, Fabric
from optinet.routing import direct_transit
from optinet.routing.flow_paths import flow_paths
from optinet.routing.pair_paths import pair_paths


def test_shares_are_the_products_of_the_splits_and_the_largest_comes_first():
    #        +==== a ====+        every line is a link; a node splits equally over its links
    #   h0 - s           t - h1
    #        +---- b ----+
    graph = nx.MultiGraph()
    graph.add_nodes_from([("h0", {"kind": "host"}), ("h1", {"kind": "host"})])
    ends = [("h0", "s"), ("s", "a"), ("s", "a"), ("s", "b"), ("a", "t"), ("a", "t"), ("b", "t"), ("t", "h1")]
    graph.add_edges_from(ends, capacity_gbps=100.0)
    fabric = Fabric.from_networkx(graph)
    found = pair_paths(fabric, 0, 1, most=3)
    assert found.is_exact and found.n_paths == 5 and len(found.paths) == 3
    assert found.shares == pytest.approx((1 / 3, 1 / 6, 1 / 6))
    names = [fabric.node_names[fabric.arc_head[arc]] for arc in found.paths[0]]
    assert names == ["s", "b", "t", "h1"]
    assert len(pair_paths(fabric, 0, 1, most=9).paths) == 5


def test_paths_across_a_torus_are_as_many_as_orders_of_its_steps_in_every_direction():
    fabric = topologies.build("torus", dims=(16, 16, 16))
    opposite = np.ravel_multi_index((8, 8, 8), (16, 16, 16))
    found = pair_paths(fabric, 0, int(opposite))
    assert found.n_paths == 2**3 * math.factorial(24) // math.factorial(8) ** 3
    assert len(set(found.paths)) == 32 and {len(path) for path in found.paths} == {24}
    by_axis = pair_paths(fabric, 0, int(opposite), "dor")
    assert by_axis.n_paths == 2**3 and by_axis.shares == pytest.approx([1 / 8] * 8)


@pytest.mark.parametrize(
    ("name", "parameters", "routing"),
    [
        ("clos3", {"pods": 3, "leaves_per_pod": 2, "aggs_per_pod": 2, "cores": 4, "hosts_per_leaf": 2}, "wcmp"),
        ("multiplane", {"planes": 2, "leaves": 3, "spines": 2, "hosts_per_leaf": 2}, "ecmp"),
        ("torus", {"dims": (4, 4, 8), "twisted": True}, "dor"),
        ("slim_fly", {"q": 5}, "paths"),
    ],
)
def test_all_paths_together_are_the_loads_and_hashed_flows_take_no_others(name, parameters, routing):
    fabric = topologies.build(name, **parameters)
    last = fabric.n_endpoints - 1
    found = pair_paths(fabric, 0, last, routing, most=10_000)
    assert len(found.paths) == found.n_paths and sum(found.shares) == pytest.approx(1)
    load = np.zeros(fabric.n_arcs)
    for path, share in zip(found.paths, found.shares, strict=True):
        load[list(path)] += share
    gbps = np.zeros((fabric.n_endpoints,) * 2)
    gbps[0, last] = 1.0
    assert load == pytest.approx(optinet.link_loads(fabric, Demand.from_matrix(fabric, gbps), routing).arc_load_gbps)
    offsets, arcs = flow_paths(fabric, [0], [last], routing, subflows=2000)
    drawn = [tuple(arcs[first:end].tolist()) for first, end in itertools.pairwise(offsets.tolist())]
    assert set(drawn) <= set(found.paths)
    for path, share in zip(found.paths, found.shares, strict=True):
        assert drawn.count(path) / 2000 == pytest.approx(share, abs=4 * math.sqrt(share / 2000) + 1e-9)


def test_direct_transit_splits_a_pair_as_all_traffic_together_needs_it():
    # three blocks in a triangle of equal trunks: alone a pair uses its trunk and the way around; when every pair is as
    # full, the way around is of no use
    fabric = topologies.build("ocs_mesh", blocks=3, hosts_per_block=1, uplinks_per_block=2)
    alone = pair_paths(fabric, 0, 1, "direct_transit")
    assert sorted(zip(map(len, alone.paths), alone.shares, strict=True)) == [(3, 0.5), (4, 0.5)]
    everyone = Demand.uniform(fabric, 800.0)
    together = pair_paths(fabric, 0, 1, "direct_transit", among=everyone)
    assert [len(path) for path in together.paths] == [3] and together.shares == pytest.approx([1.0])
    demand = Demand.from_matrix(fabric, [[0.0, 5, 1], [2, 0, 0], [0, 1, 0]])
    loads = direct_transit.loads(fabric, demand)
    assert direct_transit.loads(fabric, demand, among=demand) == pytest.approx(loads)
    # blocks that have no traffic in `among` are split alone
    assert pair_paths(fabric, 2, 0, "direct_transit", among=demand).shares == pytest.approx([0.5, 0.5])


def test_paths_of_a_random_intermediate_are_drawn():
    fabric = topologies.build("torus", dims=(4, 4))
    found = pair_paths(fabric, 0, 5, "valiant", most=4)
    assert not found.is_exact and len(found.paths) == 4 < found.n_paths
    assert list(found.shares) == sorted(found.shares, reverse=True)
    hops = sum(share for share in found.arc_share.tolist())
    assert hops == pytest.approx(2 * 32 / 16, abs=0.2)  # two legs of the mean distance from a node to any, itself too
