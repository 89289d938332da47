# SPDX-License-Identifier: Apache-2.0
"""Splits over shortest paths (paths, wcmp, up_down) against exact rationals and published cases."""

import dataclasses

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optinet
import topologies
from optinet.errors import SolverError
from optinet.routing import shortest_paths
from optinet.routing.signatures import HopKinds
from tests.support import routing_reference as reference

SPLITS = {"paths": reference.split_paths, "wcmp": reference.split_wcmp, "ecmp": reference.split_ecmp}


def random_case(fabric, split, seed):
    """Return a mask with a failed link and a demand between the pairs that are left connected."""
    rng = np.random.default_rng(seed)
    arc_up = fabric.arc_mask(failed_links=[rng.integers(fabric.n_links)]) if rng.random() < 0.5 else None
    demand = rng.integers(0, 4, (fabric.n_endpoints,) * 2) * reference.reachable(fabric, split, arc_up)
    return arc_up, demand.astype(float)


@pytest.mark.parametrize("routing", SPLITS)
@settings(max_examples=60)
@given(fabric=reference.random_fabrics(), seed=st.integers(0, 2**32 - 1))
def test_loads_agree_with_exact_rationals(routing, fabric, seed):
    arc_up, demand = random_case(fabric, SPLITS[routing], seed)
    loads = optinet.link_loads(fabric, optinet.Demand.from_matrix(fabric, demand), routing, arc_up=arc_up)
    expected = reference.loads_of(SPLITS[routing], fabric, demand, arc_up)
    assert loads.arc_load_gbps == pytest.approx(expected, rel=1e-9, abs=1e-12)


@settings(max_examples=80)
@given(fabric=reference.random_tiers(), seed=st.integers(0, 2**32 - 1))
def test_up_down_agrees_with_exact_rationals(fabric, seed):
    arc_up, demand = random_case(fabric, reference.split_up_down, seed)
    loads = optinet.link_loads(fabric, optinet.Demand.from_matrix(fabric, demand), "up_down", arc_up=arc_up)
    expected = reference.loads_of(reference.split_up_down, fabric, demand, arc_up)
    assert loads.arc_load_gbps == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("routing", ["paths", "wcmp", "up_down"])
@settings(max_examples=30)
@given(fabric=reference.random_tiers(), seed=st.integers(0, 2**32 - 1))
def test_paths_account_for_every_load_on_irregular_fabrics(routing, fabric, seed):
    arc_up, matrix = random_case(fabric, reference.split_up_down, seed)
    demand = optinet.Demand.from_matrix(fabric, matrix)
    solution = optinet.solve(fabric, demand, routing, arc_up=arc_up)
    kinds = HopKinds.of(fabric)
    by_kind = np.bincount(kinds.arc_kind, weights=solution.loads.arc_load_gbps, minlength=len(kinds.link_class))
    assert solution.paths.method == "exact"
    assert demand.total_gbps * (solution.paths.weight @ solution.paths.hops) == pytest.approx(by_kind, abs=1e-9)


@pytest.mark.parametrize("failed", [{"failed_nodes": [35]}, {"failed_links": [47]}])
def test_a_degraded_fat_tree(failed):
    # one core or one of its links lost: ECMP sends half of a leaf's cross-pod traffic, 12 of 24, to the switch with
    # half of its cores, which makes 24 on its one core link. Two to one instead makes 16 on every core link, and 16 + 2
    # within the pod on the uplink to the whole switch.
    fabric = topologies.build("fat_tree", k=4, capacity_gbps=1.0)
    demand, arc_up = optinet.Demand.uniform(fabric), fabric.arc_mask(**failed)
    expected = {"ecmp": 1 / 24, "up_down": 1 / 24, "paths": 1 / 18, "wcmp": 1 / 18, "best": 1 / 18}
    for routing, throughput in expected.items():
        loads = optinet.link_loads(fabric, demand, routing, arc_up=arc_up)
        assert loads.throughput == pytest.approx(throughput, rel=1e-12), routing
    assert loads.routing == "wcmp"


@pytest.mark.parametrize(("routing", "throughput"), [("paths", 2.0), ("wcmp", 3.0), ("ecmp", 2.0)])
def test_parallel_links_as_netgraph_documents_them(routing, throughput):
    # A to C: over B, two parallel links of 1 and 2 on either side. Four paths put half of the traffic on each link,
    # weights split 1 : 2. The way over D costs more.
    graph = nx.MultiGraph()
    for a, b, gbps, cost in (("A", "B", 1, 1), ("A", "B", 2, 1), ("B", "C", 1, 1), ("B", "C", 2, 1), ("A", "D", 3, 2)):
        graph.add_edge(a, b, capacity_gbps=gbps, cost=cost)
    graph.add_edge("D", "C", capacity_gbps=3, cost=2)
    fabric = optinet.Fabric.from_networkx(graph)
    matrix = np.zeros((4, 4))
    matrix[fabric.node_names.index("A"), fabric.node_names.index("C")] = 1.0
    loads = optinet.link_loads(fabric, optinet.Demand.from_matrix(fabric, matrix), routing)
    assert loads.throughput == pytest.approx(throughput)


def test_wcmp_does_not_flood_a_thin_arc_or_a_thin_trunk_further_on():
    # s to t over a (1 then 10), b (10 then 3) and c (4 then 4): 1 : 3 : 4
    graph = nx.Graph()
    for way, first, second in (("a", 1, 10), ("b", 10, 3), ("c", 4, 4)):
        graph.add_edge("s", way, capacity_gbps=first)
        graph.add_edge(way, "t", capacity_gbps=second)
    fabric = optinet.Fabric.from_networkx(graph)
    names = list(fabric.node_names)
    matrix = np.zeros((5, 5))
    matrix[names.index("s"), names.index("t")] = 8.0
    loads = optinet.link_loads(fabric, optinet.Demand.from_matrix(fabric, matrix), "wcmp")
    into = names.index("t")
    by_way = {
        names[tail]: load
        for tail, head, load in zip(fabric.arc_tail, fabric.arc_head, loads.arc_load_gbps, strict=True)
        if head == into
    }
    assert by_way == pytest.approx({"a": 1.0, "b": 3.0, "c": 4.0})


FABRICS = {
    "clos3": {"pods": 2, "leaves_per_pod": 2, "aggs_per_pod": 4, "cores": 6, "hosts_per_leaf": 3},
    "leaf_spine": {"leaves": 3, "spines": 2, "hosts_per_leaf": 2, "links_per_pair": 2},
    "multiplane": {"planes": 2, "leaves": 3, "spines": 2, "hosts_per_leaf": 2},
    "torus": {"dims": (4, 5)},
    "tpu_pod": {"cubes": (2, 1, 2), "cube_side": 2},
    "ocs_mesh": {"blocks": 4, "hosts_per_block": 2, "uplinks_per_block": 6},
}


@pytest.mark.parametrize("name", FABRICS)
@pytest.mark.parametrize("routing", ["paths", "wcmp", "up_down"])
def test_rank_one_and_matrix_demands_agree(name, routing):
    fabric = topologies.build(name, **FABRICS[name])
    rng = np.random.default_rng(5)
    n = fabric.n_endpoints
    uneven = optinet.Demand.rank_one(fabric, rng.random(n), rng.random(n))
    for demand in (optinet.Demand.uniform(fabric), uneven):
        matrix = optinet.Demand.from_matrix(fabric, demand.to_matrix())
        if routing == "up_down" and name in ("torus", "tpu_pod", "ocs_mesh"):
            with pytest.raises(SolverError, match=r"up_down needs tiers, but .* are joined"):
                optinet.link_loads(fabric, demand, routing)
            continue
        a, b = (optinet.solve(fabric, each, routing) for each in (demand, matrix))
        assert a.loads.arc_load_gbps == pytest.approx(b.loads.arc_load_gbps, rel=1e-9, abs=1e-12)
        assert a.paths.method == b.paths.method == "exact"
        assert a.paths.weight @ a.paths.hops == pytest.approx(b.paths.weight @ b.paths.hops)
        assert a.paths.weight @ a.paths.length_m == pytest.approx(b.paths.weight @ b.paths.length_m)


@pytest.mark.parametrize("name", ["clos3", "leaf_spine", "multiplane"])
@pytest.mark.parametrize("routing", ["paths", "wcmp", "up_down"])
def test_an_intact_clos_needs_no_weights(name, routing):
    fabric = topologies.build(name, **FABRICS[name])
    demand = optinet.Demand.uniform(fabric)
    ecmp, other = (optinet.solve(fabric, demand, each) for each in ("ecmp", routing))
    assert other.loads.arc_load_gbps == pytest.approx(ecmp.loads.arc_load_gbps, rel=1e-12)
    assert other.paths.weight @ other.paths.total_hops == pytest.approx(ecmp.paths.mean_hops)


def test_hosts_with_unequal_links_are_not_merged():
    # two hosts on two switches each, by links of 1 and 3, which also carry the traffic between the hosts: 1 : 3
    fabric = optinet.Fabric.from_links(
        [0, 0, 2, 2], [(0, 2), (0, 3), (1, 2), (1, 3)], capacity_gbps=[1.0, 3.0, 1.0, 3.0]
    )
    loads = optinet.link_loads(fabric, optinet.Demand.uniform(fabric, 4.0), "wcmp")
    assert loads.arc_load_gbps == pytest.approx(np.repeat([1.0, 3.0, 1.0, 3.0], 2))
    # a bond of both links to one switch splits alike, but is not seen by the search
    bond = optinet.Fabric.from_links([0, 0, 2], [(0, 2), (0, 2), (1, 2)], capacity_gbps=[1.0, 3.0, 1.0])
    assert optinet.link_loads(bond, optinet.Demand.uniform(bond, 4.0), "wcmp").arc_load_gbps == pytest.approx(
        [1, 1, 3, 3, 4, 4]
    )


@pytest.mark.parametrize("routing", ["ecmp", "paths", "wcmp", "valiant", "k_shortest"])
def test_a_one_way_ring(routing):
    # five chips, links one way: the pair at distance h loads h arcs, 1 + 2 + 3 + 4 = 10 on each arc
    ends = [(i, (i + 1) % 5) for i in range(5)]
    fabric = optinet.Fabric.from_links([1] * 5, ends, capacity_gbps=1.0, reverse_capacity_gbps=0.0)
    load = optinet.link_loads(fabric, optinet.Demand.uniform(fabric), routing).arc_load_gbps
    assert load[1::2] == pytest.approx(0.0, abs=0)
    if routing == "valiant":
        # 20 pairs by way of each of 5 chips: both legs are of length 0 to 4, 2 on average
        assert load[::2] == pytest.approx(20 * (2 + 2) / 5)
    else:
        assert load[::2] == pytest.approx(10.0)


@pytest.mark.parametrize("routing", ["paths", "wcmp"])
def test_translations_of_a_torus_give_what_a_full_search_gives(routing):
    fabric = topologies.build("tpu_pod", cubes=(2, 1, 2), cube_side=2)
    plain = dataclasses.replace(fabric, structure=None)
    a, b = (optinet.link_loads(each, optinet.Demand.uniform(each), routing).arc_load_gbps for each in (fabric, plain))
    assert a == pytest.approx(b, rel=1e-12)


def test_a_failure_can_leave_no_way_up_and_down():
    # two leaves under two spines, each leaf left with another spine, which a third leaf joins: down and up again
    fabric = topologies.build("leaf_spine", leaves=3, spines=2, hosts_per_leaf=1)
    failed = [i for i in range(fabric.n_links) if {fabric.arc_tail[2 * i], fabric.arc_head[2 * i]} in ({3, 7}, {4, 6})]
    assert len(failed) == 2
    arc_up = fabric.arc_mask(failed_links=failed)
    demand = optinet.Demand.from_matrix(fabric, [[0, 1, 0], [0, 0, 0], [0, 0, 0]])
    ecmp = optinet.solve(fabric, demand, "ecmp", arc_up=arc_up)
    assert ecmp.paths.total_hops.tolist() == [6]
    with pytest.raises(SolverError, match="no path up and then down from 'host0' to 'host1'"):
        optinet.link_loads(fabric, demand, "up_down", arc_up=arc_up)


def test_more_paths_than_a_float_counts():
    # 1,100 chips in a row, joined by two links each
    ends = np.repeat(np.column_stack((np.arange(1099), np.arange(1, 1100))), 2, axis=0)
    fabric = optinet.Fabric.from_links([1] * 1100, ends, capacity_gbps=1.0)
    matrix = np.zeros((1100, 1100))
    matrix[0, 1099] = 1.0
    demand = optinet.Demand.from_matrix(fabric, matrix)
    with pytest.raises(SolverError, match="more shortest paths than a float counts"):
        optinet.link_loads(fabric, demand, "paths")
    assert optinet.link_loads(fabric, demand, "wcmp").throughput == pytest.approx(2.0)


def test_targets_are_sampled_where_all_would_take_too_long(monkeypatch):
    fabric = topologies.build("leaf_spine", leaves=80, spines=2, hosts_per_leaf=1)
    demand = optinet.Demand.uniform(fabric)
    exact = shortest_paths.signatures(fabric, demand)
    monkeypatch.setattr(shortest_paths, "_SIGNATURE_WORK", 0.0)
    sampled = shortest_paths.signatures(fabric, demand, seed=1)
    assert sampled.method == "all sources to 64 of 80 sampled targets"
    assert sampled.hops.tolist() == exact.hops.tolist()
    assert sampled.weight == pytest.approx(exact.weight)
