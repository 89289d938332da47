# SPDX-License-Identifier: Apache-2.0
"""Link loads against closed forms, an independent reference and exact rationals."""

import dataclasses
from collections import Counter
from fractions import Fraction

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optinet
import topologies
from optinet.errors import DemandError, SolverError


def reference_ecmp(fabric, demand):
    """Hop-by-hop ECMP in exact rationals, pair by pair, from networkx distances."""
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(range(fabric.n_nodes))
    usable = np.flatnonzero(fabric.arc_capacity_gbps > 0)
    for arc in usable:
        graph.add_edge(
            int(fabric.arc_tail[arc]), int(fabric.arc_head[arc]), arc=int(arc), cost=float(fabric.arc_cost[arc])
        )
    load = Counter()
    for j, target in enumerate(map(int, fabric.endpoints)):
        blocked = [int(e) for e in fabric.endpoints if not fabric.forwards[e] and e != target]
        for i, source in enumerate(map(int, fabric.endpoints)):
            rate = Fraction(demand[i, j]).limit_denominator(10**6)
            if i == j or rate == 0:
                continue
            passing = graph.subgraph(set(graph) - set(blocked) | {source})
            distance = nx.single_source_dijkstra_path_length(passing.reverse(), target, weight="cost")
            flow = {source: rate}
            for v in sorted(distance, key=distance.get, reverse=True):
                amount = flow.pop(v, 0)
                if v == target or not amount:
                    continue
                nexts = [
                    (w, d["arc"])
                    for _, w, d in passing.out_edges(v, data=True)
                    if w != source and w in distance and abs(distance[w] + d["cost"] - distance[v]) < 1e-9
                ]
                for w, arc in nexts:
                    load[arc] += amount / len(nexts)
                    flow[w] = flow.get(w, 0) + amount / len(nexts)
    return np.array([float(load[arc]) for arc in range(fabric.n_arcs)])


@st.composite
def random_fabrics(draw):
    """Small connected fabrics of hosts, chips and switches with parallel links, costs and one-way links."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_switches, n_chips, n_hosts = draw(st.integers(1, 4)), draw(st.integers(0, 3)), draw(st.integers(2, 5))
    kinds = [2] * n_switches + [1] * n_chips + [0] * n_hosts
    forwarding = n_switches + n_chips
    ends = [(i, int(rng.integers(i))) for i in range(1, forwarding)]
    ends += [
        tuple(int(x) for x in rng.choice(forwarding, 2, replace=False))
        for _ in range(int(rng.integers(5)) if forwarding > 1 else 0)
    ]
    for host in range(forwarding, len(kinds)):
        ends += [(host, int(rng.integers(forwarding))) for _ in range(int(rng.integers(1, 4)))]
    reverse = np.ones(len(ends))
    cost = rng.integers(1, draw(st.sampled_from([2, 3])), len(ends)).astype(float)
    return optinet.Fabric.from_links(kinds, ends, capacity_gbps=1.0, reverse_capacity_gbps=reverse, cost=cost)


@settings(max_examples=60)
@given(random_fabrics(), st.integers(0, 2**32 - 1))
def test_ecmp_agrees_with_a_reference_on_random_fabrics(fabric, seed):
    n = fabric.n_endpoints
    dense = np.random.default_rng(seed).integers(0, 3, (n, n)).astype(float)
    assert optinet.link_loads(fabric, optinet.Demand.from_matrix(fabric, dense)).arc_load_gbps == pytest.approx(
        reference_ecmp(fabric, dense), abs=1e-9
    )
    uniform = optinet.link_loads(fabric, optinet.Demand.uniform(fabric)).arc_load_gbps
    assert uniform == pytest.approx(reference_ecmp(fabric, np.ones((n, n))), abs=1e-9)


@pytest.mark.parametrize("uniform", [True, False])
@pytest.mark.parametrize("degree", [3, 12])
def test_targets_in_batches_get_what_targets_one_by_one_get(degree, uniform):
    # a hair on the cost of one link changes no path, but makes the solver take targets singly, over Dijkstra's search
    fabric = topologies.build("random_regular", switches=150, degree=degree, hosts_per_switch=0)
    hair = dataclasses.replace(fabric, link_cost=fabric.link_cost + 1e-12 * (np.arange(fabric.n_links) == 7))
    sparse = np.random.default_rng(3).random((150, 150)) * (np.random.default_rng(4).random((150, 150)) < 0.1)
    batched, single = (
        optinet.link_loads(
            each, optinet.Demand.uniform(each) if uniform else optinet.Demand.from_matrix(each, sparse)
        ).arc_load_gbps
        for each in (fabric, hair)
    )
    assert batched == pytest.approx(single, rel=1e-12)


@pytest.mark.parametrize("name", ["leaf_spine", "multiplane", "torus", "twisted", "pod", "mesh"])
def test_rank_one_and_matrix_demands_agree(name):
    fabric = {
        "leaf_spine": lambda: topologies.build("leaf_spine", leaves=3, spines=2, hosts_per_leaf=2),
        "multiplane": lambda: topologies.build("multiplane", planes=2, leaves=3, spines=2, hosts_per_leaf=2),
        "torus": lambda: topologies.build("torus", dims=(3, 4)),
        "twisted": lambda: topologies.build("torus", dims=(2, 2, 4), twisted=True),
        "pod": lambda: topologies.build("tpu_pod", cubes=(2, 1, 2), cube_side=2),
        "mesh": lambda: topologies.build("ocs_mesh", blocks=4, hosts_per_block=2, uplinks_per_block=6),
    }[name]()
    rng = np.random.default_rng(5)
    uneven = optinet.Demand.rank_one(fabric, rng.random(fabric.n_endpoints), rng.random(fabric.n_endpoints))
    for demand in (optinet.Demand.uniform(fabric), uneven):
        matrix = optinet.Demand.from_matrix(fabric, demand.to_matrix())
        for routing in ("ecmp", "valiant", "dor") if fabric.n_endpoints == fabric.n_nodes else ("ecmp", "valiant"):
            a, b = (optinet.link_loads(fabric, each, routing=routing).arc_load_gbps for each in (demand, matrix))
            assert a == pytest.approx(b, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    ("dims", "per_axis"),
    [((8, 8), (64, 64)), ((4, 4, 8), (64, 64, 128)), ((5, 5), (15, 15)), ((16, 16, 16), (8192,) * 3), ((9,), (10,))],
)
def test_dimension_order_loads_of_uniform_traffic(dims, per_axis):
    # N k / 8 per directed link of an axis of even k, N (k^2 - 1) / (8 k) of odd k
    fabric = topologies.build("torus", dims=dims, capacity_gbps=1.0)
    load = optinet.link_loads(fabric, optinet.Demand.uniform(fabric), routing="dor").arc_load_gbps.reshape(
        len(dims), -1
    )
    for axis, expected in enumerate(per_axis):
        assert load[axis] == pytest.approx(expected, rel=1e-12)
    # shortest paths without preference for an axis load a cube alike
    if len(set(dims)) == 1:
        ecmp = optinet.link_loads(fabric, optinet.Demand.uniform(fabric)).arc_load_gbps
        assert ecmp == pytest.approx(per_axis[0], abs=1e-9)


def _permutation(name):
    x, y = np.divmod(np.arange(64), 8)
    return {
        "complement": (7 - x, 7 - y),
        "transpose": (y, x),
        "tornado": ((x + 3) % 8, y),
        "neighbor": ((x + 1) % 8, y),
    }[name]


@pytest.mark.parametrize(
    ("name", "throughput"),
    [
        ("complement", Fraction(1, 2)),
        ("transpose", Fraction(2, 7)),
        ("tornado", Fraction(1, 3)),
        ("neighbor", Fraction(1)),
    ],
)
def test_dimension_order_throughput_of_permutations(name, throughput):
    fabric = topologies.build("torus", dims=(8, 8), capacity_gbps=1.0)
    tx, ty = _permutation(name)
    demand = optinet.Demand.permutation(fabric, 8 * tx + ty)
    assert optinet.link_loads(fabric, demand, routing="dor").throughput == pytest.approx(float(throughput), rel=1e-12)


def test_the_tie_rule_is_a_choice():
    # half way round a ring of 8: split sends half each way, positive everything one way
    fabric = topologies.build("torus", dims=(8,), capacity_gbps=1.0)
    demand = optinet.Demand.permutation(fabric, (np.arange(8) + 4) % 8)
    assert optinet.link_loads(fabric, demand, routing="dor").throughput == pytest.approx(1 / 2)
    assert optinet.link_loads(fabric, demand, routing="dor", tie="positive").throughput == pytest.approx(1 / 4)


@pytest.mark.parametrize("dims", [(2, 2, 4), (2, 4, 4), (3, 3, 6), (4, 4, 8)])
def test_dimension_order_on_twisted_tori_takes_shortest_paths(dims):
    fabric = topologies.build("torus", dims=dims, twisted=True)
    uniform = optinet.Demand.uniform(fabric)
    counts = optinet.path_metrics(fabric).distance_counts
    total_hops = counts @ np.arange(len(counts))
    for demand in (uniform, optinet.Demand.from_matrix(fabric, uniform.to_matrix())):
        assert optinet.link_loads(fabric, demand, routing="dor").arc_load_gbps.sum() == pytest.approx(total_hops)


def test_one_lost_core_of_a_small_fat_tree():
    fabric = topologies.build("fat_tree", k=4, capacity_gbps=1.0)
    core = fabric.n_nodes - 1
    loads = optinet.link_loads(fabric, optinet.Demand.uniform(fabric), arc_up=fabric.arc_mask(failed_nodes=[core]))
    assert loads.throughput == pytest.approx(1 / 24)


@pytest.mark.parametrize("n", [4, 8])
def test_valiant_on_a_full_mesh(n):
    # each pair has 1 / (n - 1) of a node's capacity: any permutation gets n / (2 (n - 1))
    graph = nx.complete_graph(n)
    nx.set_edge_attributes(graph, 1.0 / (n - 1), "capacity_gbps")
    fabric = optinet.Fabric.from_networkx(graph)
    demand = optinet.Demand.permutation(fabric, (np.arange(n) + 1) % n)
    assert optinet.link_loads(fabric, demand, routing="valiant").throughput == pytest.approx(n / (2 * (n - 1)))


def test_parallel_paths_and_costs_as_netgraph_documents_them():
    # A-B and B-C each two parallel links of 1 and 2 (cost 1), A-D and D-C of 3 (cost 2): equal split gets 2 through B
    graph = nx.MultiGraph()
    for a, b in (("A", "B"), ("B", "C")):
        graph.add_edge(a, b, capacity_gbps=1, cost=1)
        graph.add_edge(a, b, capacity_gbps=2, cost=1)
    for a, b in (("A", "D"), ("D", "C")):
        graph.add_edge(a, b, capacity_gbps=3, cost=2)
    fabric = optinet.Fabric.from_networkx(graph)
    names = list(fabric.node_names)
    matrix = np.zeros((4, 4))
    matrix[names.index("A"), names.index("C")] = 1.0
    loads = optinet.link_loads(fabric, optinet.Demand.from_matrix(fabric, matrix))
    assert loads.throughput == pytest.approx(2.0)


def test_best_takes_the_routing_that_carries_most():
    fabric = topologies.build(
        "ocs_mesh", blocks=4, hosts_per_block=3, uplinks_per_block=3, host_gbps=1.0, uplink_gbps=1.0
    )
    shift = optinet.Demand.permutation(fabric, (np.arange(12) + 3) % 12)
    ecmp, valiant, best = (optinet.link_loads(fabric, shift, routing=name) for name in ("ecmp", "valiant", "best"))
    assert ecmp.throughput == pytest.approx(1 / 3)
    assert valiant.throughput == pytest.approx(2 / 3)
    # as much as Valiant, on shorter paths
    assert (best.routing, best.throughput) == ("direct_transit", pytest.approx(valiant.throughput))


def test_what_cannot_be_routed_is_named():
    graph = nx.Graph()
    graph.add_edge("a", "b", capacity_gbps=1)
    graph.add_edge("c", "d", capacity_gbps=1)
    fabric = optinet.Fabric.from_networkx(graph)
    with pytest.raises(SolverError, match=r"no path from '[ab]' to '[cd]'|no path from '[cd]' to '[ab]'"):
        optinet.link_loads(fabric, optinet.Demand.uniform(fabric))
    with pytest.raises(SolverError, match="did you mean 'ecmp'"):
        optinet.link_loads(fabric, optinet.Demand.uniform(fabric), routing="ecmmp")
    with pytest.raises(SolverError, match="needs a torus"):
        optinet.link_loads(fabric, optinet.Demand.uniform(fabric), routing="dor")
    other = topologies.build("torus", dims=(3,))
    with pytest.raises(DemandError, match="made for 3 endpoints"):
        optinet.link_loads(fabric, optinet.Demand.uniform(other))
    small = topologies.build("leaf_spine", leaves=2, spines=1, hosts_per_leaf=2)
    with pytest.raises(SolverError, match="2 endpoints with demand have no link that is up, the first is 'host0'"):
        optinet.link_loads(small, optinet.Demand.uniform(small), arc_up=small.arc_mask(failed_nodes=[4]))


@pytest.mark.parametrize("mask", [[True] * 3, np.ones(12), np.ones((12, 1), dtype=bool), "up"])
@pytest.mark.parametrize("routing", ["ecmp", "k_shortest", "valiant"])
def test_a_mask_that_says_no_yes_or_no_for_every_arc_is_refused(mask, routing):
    fabric = topologies.build("leaf_spine", leaves=2, spines=1, hosts_per_leaf=2)
    demand = optinet.Demand.uniform(fabric)
    with pytest.raises(SolverError, match=r"\(12,\) of bool"):
        optinet.link_loads(fabric, demand, routing=routing, arc_up=mask)
    with pytest.raises(SolverError, match=r"\(12,\) of bool"):
        optinet.path_metrics(fabric, mask)
    whole = optinet.link_loads(fabric, demand, routing=routing, arc_up=[True] * 12)
    assert whole.throughput == pytest.approx(optinet.link_loads(fabric, demand, routing=routing).throughput)


def test_a_host_that_can_only_receive_is_sent_to():
    graph = nx.DiGraph()
    graph.add_node("a", kind="host")
    graph.add_node("b", kind="host")
    graph.add_edge("a", "s", capacity_gbps=2)
    graph.add_edge("s", "b", capacity_gbps=2)
    fabric = optinet.Fabric.from_networkx(graph)
    loads = optinet.link_loads(fabric, optinet.Demand.from_matrix(fabric, [[0, 1], [0, 0]]))
    assert loads.arc_load_gbps.tolist() == [1, 0, 1, 0]
    with pytest.raises(SolverError, match="no path from 'b' to 'a'"):
        optinet.link_loads(fabric, optinet.Demand.from_matrix(fabric, [[0, 0], [1, 0]]))


def test_valiant_names_a_switch_without_endpoints_that_it_cannot_reach():
    # c is on x and y alone, both switches that packets may turn at, and neither joined to the rest
    graph = nx.Graph([("a", "s"), ("b", "t"), ("s", "t"), ("c", "x"), ("c", "y")])
    nx.set_node_attributes(graph, dict.fromkeys("abc", "host"), "kind")
    nx.set_edge_attributes(graph, 1, "capacity_gbps")
    fabric = optinet.Fabric.from_networkx(graph)
    demand = optinet.Demand.permutation(fabric, [1, 0, 2])
    with pytest.raises(SolverError, match=r"no path from '[ab]' to '[xy]'"):
        optinet.link_loads(fabric, demand, routing="valiant")


@pytest.mark.parametrize("routing", ["ecmp", "dor", "valiant", "best"])
def test_one_chip_has_no_loads(routing):
    fabric = topologies.build("torus", dims=(1,))
    loads = optinet.link_loads(fabric, optinet.Demand.uniform(fabric), routing=routing)
    assert (loads.arc_load_gbps.shape, loads.arc_load_gbps.dtype) == ((0,), np.float64)
    assert loads.throughput == np.inf
