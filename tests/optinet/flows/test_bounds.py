# SPDX-License-Identifier: Apache-2.0
"""Bisection against known values and all halves of small graphs; bounds by distance, which nothing may exceed."""

import dataclasses
import itertools
from fractions import Fraction

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optinet
import topologies
from optinet.errors import SolverError
from optinet.flows.halving import links_cut
from optinet.flows.quick_bisection import quick_bisection
from optinet.traffic.patterns import random_permutation


def chips(graph, capacity_gbps=1.0):
    nx.set_edge_attributes(graph, capacity_gbps, "capacity_gbps")
    return optinet.Fabric.from_networkx(graph)


def checked_bisection(fabric):
    found = optinet.bisection(fabric)
    assert 0 <= found.lower <= found.upper == links_cut(fabric, found.side)
    assert int(found.side[fabric.endpoints].sum()) in (fabric.n_endpoints // 2, (fabric.n_endpoints + 1) // 2)
    return found


def brute_force(fabric):
    """The fewest links cut over all halves of the endpoints and all places of the switches."""
    n = fabric.n_nodes
    codes = np.arange(2**n)
    side = (codes[:, None] >> np.arange(n)) & 1
    halves = side[:, fabric.endpoints].sum(axis=1) == fabric.n_endpoints // 2
    side = side[halves].astype(bool)
    return int((side[:, fabric.arc_tail[::2]] != side[:, fabric.arc_head[::2]]).sum(axis=1).min())


@pytest.mark.parametrize(
    ("dims", "links"),
    [
        ((4, 4, 4), 32), ((4, 4, 8), 32), ((8, 8, 8), 128), ((8, 8, 16), 128), ((16, 16, 16), 512), ((5, 5, 5), 62),
        ((5, 4), 10), ((7, 4), 10), ((4, 7), 10), ((3, 3, 3), 26), ((4, 3, 3), 18), ((9,), 2), ((1, 6, 1), 2),
    ],
)  # fmt: skip
def test_bisection_of_tori(dims, links):
    found = checked_bisection(topologies.build("torus", dims=dims))
    assert (found.lower, found.upper, found.method) == (links, links, "formula")


@pytest.mark.parametrize(
    "dims", [(2,), (2, 2), (2, 3), (2, 2, 2), (2, 2, 3), (3, 3), (3, 4), (3, 5), (2, 7), (2, 2, 4)]
)
def test_bisection_of_small_tori_is_that_of_all_halves(dims):
    # an axis of size 2 has two parallel links
    fabric = topologies.build("torus", dims=dims)
    assert checked_bisection(fabric).lower == checked_bisection(fabric).upper == brute_force(fabric)


@pytest.mark.parametrize("dims", [(4,), (5,), (2, 3), (3, 3), (4, 3), (2, 2, 3), (2, 2, 2, 2), (2, 7)])
def test_bisection_of_small_hyperx_is_that_of_all_halves(dims):
    fabric = topologies.build("hyperx", dims=dims, hosts_per_switch=0)
    found = checked_bisection(fabric)
    assert (found.lower, found.upper, found.method) == (brute_force(fabric), brute_force(fabric), "formula")


@pytest.mark.parametrize(
    ("name", "parameters", "links"),
    [
        ("fat_tree", {"k": 4}, 8),
        ("fat_tree", {"k": 8}, 64),
        ("fat_tree", {"k": 16}, 512),
        ("leaf_spine", {"leaves": 4, "spines": 2, "hosts_per_leaf": 4}, 4),  # half the leaves' uplinks
        ("leaf_spine", {"leaves": 4, "spines": 4, "hosts_per_leaf": 2}, 4),  # half the hosts
        ("clos3", {"pods": 2, "leaves_per_pod": 2, "aggs_per_pod": 2, "cores": 2, "hosts_per_leaf": 4}, 2),
        ("multiplane", {"planes": 2, "leaves": 4, "spines": 2, "hosts_per_leaf": 4}, 8),
        ("hypercube", {"dimensions": 4}, 8),
        ("hypercube", {"dimensions": 6}, 32),
        ("hyperx", {"dims": (4, 4)}, 16),
        ("full_mesh", {"switches": 8, "links_per_pair": 3}, 48),
        ("dragonfly", {"switches_per_group": 4, "global_links_per_switch": 2}, 20),
        ("torus", {"dims": (2, 2, 4), "twisted": True}, 16),
        ("torus", {"dims": (2, 4, 4), "twisted": True}, 32),
    ],
)
def test_bisection_of_known_fabrics(name, parameters, links):
    found = checked_bisection(topologies.build(name, **parameters))
    assert (found.lower, found.upper) == (links, links)


@pytest.mark.parametrize(
    ("graph", "links"),
    [(nx.petersen_graph(), 5), (nx.heawood_graph(), 7), (nx.grid_2d_graph(5, 4), 5), (nx.grid_2d_graph(7, 4), 5),
     (nx.grid_2d_graph(3, 3), 4), (nx.path_graph(7), 1), (nx.star_graph(5), 3)],
)  # fmt: skip
def test_bisection_of_known_graphs(graph, links):
    found = checked_bisection(chips(graph))
    assert (found.lower, found.upper) == (links, links)


def test_bisection_of_a_larger_twisted_torus_is_bounded():
    found = checked_bisection(topologies.build("torus", dims=(4, 4, 8), twisted=True))
    # 3 / 220 per pair of 64 x 64 pairs is 55.9 links; the best cut known has 64
    assert 56 <= found.lower <= found.upper == 64


@st.composite
def small_fabrics(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, hosts = draw(st.integers(2, 6)), draw(st.integers(0, 5))
    graph = nx.MultiGraph()
    for v in range(n):
        graph.add_node(v, kind=str(rng.choice(["chip", "switch"])))
    for v in range(1, n):
        graph.add_edge(v, int(rng.integers(v)), capacity_gbps=1.0)
    for _ in range(draw(st.integers(0, 8))):
        a, b = rng.choice(n, 2, replace=False)
        graph.add_edge(int(a), int(b), capacity_gbps=2.0)
    for h in range(n, n + hosts):
        graph.add_node(h, kind="host")
        for _ in range(int(rng.integers(1, 4))):
            graph.add_edge(h, int(rng.integers(n)), capacity_gbps=1.0)
    for extra in ("x", "y"):
        graph.add_node(extra, kind="chip")
        graph.add_edge(extra, 0, capacity_gbps=1.0)
    return optinet.Fabric.from_networkx(graph)


@settings(max_examples=60)
@given(small_fabrics())
def test_bisection_of_small_fabrics_is_that_of_all_halves(fabric):
    found = checked_bisection(fabric)
    assert (found.lower, found.upper) == (brute_force(fabric), brute_force(fabric))


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        # unequal links into planes of one switch
        ("multiplane", {"planes": 2, "leaves": 1, "spines": 0, "hosts_per_leaf": 4, "links_per_host": (2, 1)}),
        # more uplinks than hosts: the links of hosts are fewest, with all switches on one side
        ("multiplane", {"planes": 1, "leaves": 3, "spines": 3, "hosts_per_leaf": 2, "links_per_pair": 2}),
        ("multiplane", {"planes": 2, "leaves": 2, "spines": 1, "hosts_per_leaf": 3}),
        ("rail_optimized", {"gpus_per_server": 2, "servers_per_segment": 2, "segments": 2, "spines": 1}),
        ("rail_optimized", {"gpus_per_server": 2, "servers_per_segment": 3, "segments": 1, "spines": 2, "planes": 2}),
        ("ocs_mesh", {"blocks": 4, "hosts_per_block": 3, "uplinks_per_block": 3}),
        ("ocs_mesh", {"blocks": 5, "hosts_per_block": 2, "uplinks_per_block": 4}),
    ],
)
def test_bisection_of_planes_rails_and_meshes_is_that_of_all_halves(name, parameters):
    fabric = topologies.build(name, **parameters)
    found = quick_bisection(fabric)
    assert found.lower <= brute_force(fabric) <= found.upper == links_cut(fabric, found.side)
    exact = checked_bisection(fabric)
    assert exact.lower == exact.upper == brute_force(fabric)


def test_bisection_of_large_planes_rails_and_meshes_is_known():
    """By hand: half of the uplinks of half of the leaves; half of the pairs of blocks; half of the hosts of a star."""
    hpn = topologies.build(
        "rail_optimized", gpus_per_server=8, servers_per_segment=128, segments=15, spines=60, planes=2
    )
    mesh = topologies.build("ocs_mesh", blocks=64, hosts_per_block=64, uplinks_per_block=64, ocs_ports=576)
    assert [(b.lower, b.upper) for b in map(quick_bisection, (hpn, mesh))] == [(7200, 7200), (32 * 32,) * 2]


def test_switches_that_lead_to_different_tops_have_no_bound_of_spread_traffic():
    """Two leaf-spines that share no spine: traffic between them has no path, and half the hosts is cut off free."""
    graph = nx.Graph()
    for part in range(2):
        graph.add_edges_from([(f"h{part}{i}", f"leaf{part}") for i in range(2)])
        graph.add_edge(f"leaf{part}", f"spine{part}")
    nx.set_edge_attributes(graph, 1.0, "capacity_gbps")
    for node in graph:
        graph.nodes[node].update(kind="host" if node.startswith("h") else "switch")
    fabric = optinet.Fabric.from_networkx(graph)
    tier = np.array([("h", "l", "s").index(str(name)[0]) for name in fabric.node_names])
    found = checked_bisection(dataclasses.replace(fabric, node_tier=tier))
    assert (found.lower, found.upper) == (0, 0)


@pytest.mark.parametrize(
    ("n", "degree", "mean"), [(50, 7, "13/7"), (40, 10, "68/39"), (1000, 24, "799/333"), (2, 1, "1")]
)
def test_least_mean_distance(n, degree, mean):
    assert optinet.least_mean_distance(n, degree) == pytest.approx(float(Fraction(mean)), rel=1e-12)


def test_least_mean_distance_is_met_by_moore_graphs_and_never_beaten():
    assert optinet.least_mean_distance(10, 3) == optinet.path_metrics(chips(nx.petersen_graph())).mean_distance
    for n, degree in itertools.product((12, 30), (3, 4, 6)):
        mean = optinet.path_metrics(chips(nx.random_regular_graph(degree, n, seed=n))).mean_distance
        assert mean >= optinet.least_mean_distance(n, degree)


@pytest.mark.parametrize(
    ("fabric", "tub"),
    [
        (lambda: topologies.build("slim_fly", q=5, hosts_per_switch=0, link_gbps=1), 3.5),
        (lambda: topologies.build("hypercube", dimensions=4, link_gbps=1), 1.0),
        (lambda: topologies.build("hyperx", dims=(4, 4), link_gbps=1), 3.0),
        (lambda: chips(nx.petersen_graph()), 1.5),
    ],
    ids=["mms5", "q4", "hyperx", "petersen"],
)
def test_throughput_upper_bound_of_permutations(fabric, tub):
    fabric = fabric()
    assert optinet.permutation_bound(fabric) == pytest.approx(tub)
    worst = optinet.worst_permutation(fabric)
    assert optinet.concurrent_flow(fabric, worst, "fptas", 0.02).lower <= tub * (1 + 1e-9)


def test_hosts_of_one_switch_stand_for_one_another():
    fabric = topologies.build("hypercube", dimensions=3, hosts_per_switch=2, host_gbps=9, link_gbps=1)
    demand = optinet.worst_permutation(fabric)
    target = demand.matrix.indices
    # every host sends to the switch across: 3 hops, and 24 arcs over 2 x 8 hosts x 3
    assert np.array_equal(target // 2, 7 - np.arange(16) // 2)
    assert optinet.throughput_bound(fabric, demand) == pytest.approx(24 / 48)
    one_switch = topologies.build("full_mesh", switches=1, hosts_per_switch=3, host_gbps=9)
    assert optinet.permutation_bound(one_switch, gbps=2.0) == pytest.approx(4.5)


def test_endpoints_in_unlike_places_are_matched_one_by_one():
    graph = nx.path_graph(4)
    graph.add_nodes_from([(v, {"kind": "switch"}) for v in (1, 2)])
    graph.add_nodes_from([(v, {"kind": "host"}) for v in (0, 3, 4)])
    graph.add_edge(4, 1)
    fabric = chips(graph)
    # hosts 0 and 4 at one switch, 3 at the other: two of the three flows cross
    demand = optinet.worst_permutation(fabric)
    assert optinet.throughput_bound(fabric, demand) == pytest.approx(1.0)
    assert demand.matrix.nnz == 3 or demand.matrix.nnz == 2


@settings(max_examples=30)
@given(st.integers(6, 16), st.integers(3, 5), st.integers(0, 10**6))
def test_nothing_exceeds_the_bounds(n, degree, seed):
    if n * degree % 2:
        n += 1
    graph = nx.random_regular_graph(degree, n, seed=seed)
    if not nx.is_connected(graph):
        return
    fabric = chips(graph)
    for demand in (optinet.Demand.uniform(fabric), random_permutation(fabric, 1.0, seed)):
        bound = optinet.throughput_bound(fabric, demand)
        for method in ("lp", "fptas"):
            assert optinet.concurrent_flow(fabric, demand, method, 0.02).lower <= bound * (1 + 1e-9)
        for routing in ("ecmp", "valiant"):
            assert optinet.link_loads(fabric, demand, routing=routing).throughput <= bound * (1 + 1e-9)
    uniform = optinet.Demand.uniform(fabric)
    moore = fabric.n_arcs / (n * (n - 1) * optinet.least_mean_distance(n, degree))
    assert optinet.throughput_bound(fabric, uniform) <= moore * (1 + 1e-9)


def test_what_has_no_halves_or_no_path_is_named():
    alone = topologies.build("full_mesh", switches=1, hosts_per_switch=1)
    for function in (optinet.bisection, optinet.worst_permutation):
        with pytest.raises(SolverError, match="fewer than two endpoints"):
            function(alone)
    apart = nx.Graph([("a", "b"), ("c", "d")])
    fabric = chips(apart)
    assert checked_bisection(fabric).upper == 0
    with pytest.raises(SolverError, match="no path from"):
        optinet.permutation_bound(fabric)
    with pytest.raises(SolverError, match="no path from"):
        optinet.throughput_bound(fabric, optinet.Demand.uniform(fabric))
    with pytest.raises(SolverError, match="3 nodes of degree 1"):
        optinet.least_mean_distance(3, 1)
    assert optinet.throughput_bound(fabric, optinet.Demand.uniform(fabric, 0.0)) == np.inf
