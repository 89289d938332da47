# SPDX-License-Identifier: Apache-2.0
"""Concurrent flow: textbook optima, every proof checked anew arc by arc, and the methods against one another."""

from fractions import Fraction

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.sparse.csgraph import dijkstra

import optinet
import topologies
from optinet.errors import SolverError
from optinet.flows.concurrent import fptas, lp, symmetric
from optinet.flows.concurrent.deadline import Deadline
from optinet.flows.concurrent.problem import FlowProblem
from optinet.traffic.patterns import grid_neighbors, random_permutation


def chips(graph, capacity_gbps=1.0):
    nx.set_edge_attributes(graph, capacity_gbps, "capacity_gbps")
    return optinet.Fabric.from_networkx(graph)


def proven(fabric, demand, method="auto", gap=0.01, arc_up=None, **options):
    """Return the answer after checking both of its proofs without the engine."""
    answer = optinet.concurrent_flow(fabric, demand, method, gap, arc_up=arc_up, **options)
    assert answer.lower <= answer.upper
    matrix = demand.to_matrix()
    capacity = fabric.arc_capacity_gbps * (1 if arc_up is None else arc_up)
    flow, length = answer.arc_flow_gbps, answer.arc_length
    assert np.all(flow >= 0) and np.all(flow <= capacity * (1 + 1e-9))
    # what enters a node, less what leaves it, is what it receives less what it sends
    net = np.bincount(fabric.arc_head, flow, fabric.n_nodes) - np.bincount(fabric.arc_tail, flow, fabric.n_nodes)
    wanted = np.zeros(fabric.n_nodes)
    wanted[fabric.endpoints] = answer.lower * (matrix.sum(axis=0) - matrix.sum(axis=1))
    assert net == pytest.approx(wanted, abs=1e-6 * max(1.0, flow.max()))
    # as much flow as demand times distance can need at least
    far = demand_distance(fabric, matrix, np.where(capacity > 0, 1.0, np.inf))
    assert flow.sum() >= answer.lower * far * (1 - 1e-9)
    # any lengths bound the throughput by capacity times length over demand times distance
    distance = demand_distance(fabric, matrix, np.where(capacity > 0, length, np.inf))
    assert answer.upper >= capacity @ length / distance * (1 - 1e-7)
    return answer


def demand_distance(fabric, matrix, length):
    """Demand times distance, hosts split into a sender and a receiver so that they do not forward."""
    n = fabric.n_nodes
    used = np.isfinite(length)
    head = np.where(fabric.forwards[fabric.arc_head], fabric.arc_head, fabric.arc_head + n)[used]
    tail = fabric.arc_tail[used]
    shortest = {}
    for u, v, far in zip(tail.tolist(), head.tolist(), length[used].tolist(), strict=True):
        shortest[u, v] = min(far, shortest.get((u, v), np.inf))
    rows, columns = np.array(list(shortest)).T
    # scipy drops zeros: they stand for lengths too small to matter
    graph = sparse.csr_array((np.maximum(list(shortest.values()), 1e-300), (rows, columns)), shape=(2 * n, 2 * n))
    sinks = np.where(fabric.forwards[fabric.endpoints], fabric.endpoints, fabric.endpoints + n)
    distance = dijkstra(graph, indices=fabric.endpoints)[:, sinks]
    wanted = matrix > 0
    return float((matrix[wanted] * distance[wanted]).sum())


def fabric_of(name, **parameters):
    return topologies.build(name, **parameters)


UNIFORM = [
    # leaf-spine: min(host / (N - 1), spines uplink / (h (N - h)))
    ("leaf_spine", {"leaves": 4, "spines": 2, "hosts_per_leaf": 4, "host_gbps": 1, "uplink_gbps": 1}, "1/24"),
    ("leaf_spine", {"leaves": 4, "spines": 2, "hosts_per_leaf": 4, "host_gbps": 1, "uplink_gbps": 2}, "1/15"),
    ("fat_tree", {"k": 4, "capacity_gbps": 1}, "1/15"),
    ("fat_tree", {"k": 8, "capacity_gbps": 1}, "1/127"),
    (
        "multiplane",
        {"planes": 2, "leaves": 3, "spines": 2, "hosts_per_leaf": 2, "host_gbps": 1, "uplink_gbps": 1},
        "2/5",
    ),
    ("ocs_mesh", {"blocks": 4, "hosts_per_block": 3, "uplinks_per_block": 3, "host_gbps": 1, "uplink_gbps": 1}, "1/11"),
    # plain tori: capacity 1 over the load N k / 8 of the longest axis, N (k^2 - 1) / (8 k) if k is odd
    ("torus", {"dims": (8,), "capacity_gbps": 1}, "1/8"),
    ("torus", {"dims": (7,), "capacity_gbps": 1}, "1/6"),
    ("torus", {"dims": (4, 4), "capacity_gbps": 1}, "1/8"),
    ("torus", {"dims": (4, 6), "capacity_gbps": 1}, "1/18"),
    ("torus", {"dims": (4, 4, 4), "capacity_gbps": 1}, "1/32"),
    ("torus", {"dims": (4, 4, 8), "capacity_gbps": 1}, "1/128"),
    ("torus", {"dims": (4, 8, 8), "capacity_gbps": 1}, "1/256"),
    ("torus", {"dims": (8, 8, 16), "capacity_gbps": 1}, "1/2048"),
    ("torus", {"dims": (16, 16, 16), "capacity_gbps": 1}, "1/8192"),
    # twisted tori are edge-transitive: 6 links over the sum of distances
    ("torus", {"dims": (2, 2, 4), "twisted": True, "capacity_gbps": 1}, "3/13"),
    ("torus", {"dims": (4, 4, 8), "twisted": True, "capacity_gbps": 1}, "3/220"),
    ("torus", {"dims": (4, 8, 8), "twisted": True, "capacity_gbps": 1}, "1/184"),
    ("torus", {"dims": (8, 8, 16), "twisted": True, "capacity_gbps": 1}, "3/3568"),
    ("torus", {"dims": (8, 16, 16), "twisted": True, "capacity_gbps": 1}, "1/2976"),
    ("tpu_pod", {"cubes": (2, 2, 2), "cube_side": 2, "link_gbps": 1}, "1/32"),
    ("hypercube", {"dimensions": 4, "link_gbps": 1}, "1/8"),
    ("hypercube", {"dimensions": 6, "link_gbps": 1}, "1/32"),
    ("hyperx", {"dims": (4, 4), "link_gbps": 1}, "1/4"),
    ("torus", {"dims": (3, 3, 6), "twisted": True, "capacity_gbps": 1}, "6/137"),
    ("dragonfly", {"switches_per_group": 4, "global_links_per_switch": 2, "local_gbps": 1, "global_gbps": 1}, "41/679"),
]


@pytest.mark.parametrize(("name", "parameters", "exact"), UNIFORM)
def test_uniform_traffic_is_exact_by_symmetry(name, parameters, exact):
    fabric = fabric_of(name, **parameters)
    demand = optinet.Demand.uniform(fabric)
    answer = proven(fabric, demand) if fabric.n_nodes <= 300 else optinet.concurrent_flow(fabric, demand)
    expected = float(Fraction(exact))
    assert answer.method == "symmetric"
    assert (answer.lower, answer.upper) == (pytest.approx(expected, rel=1e-9), pytest.approx(expected, rel=1e-9))


def grid_permutation(name):
    x, y = np.divmod(np.arange(64), 8)
    return {
        "complement": 8 * (7 - x) + 7 - y,
        "transpose": 8 * y + x,
        "tornado": 8 * ((x + 3) % 8) + y,
        "neighbor": 8 * ((x + 1) % 8) + y,
    }[name]


@pytest.mark.parametrize(("name", "best"), [("complement", "1/2"), ("transpose", "10/11"), ("tornado", "8/15")])
def test_best_throughput_of_permutations_on_a_torus(name, best):
    fabric = fabric_of("torus", dims=(8, 8), capacity_gbps=1)
    demand = optinet.Demand.permutation(fabric, grid_permutation(name))
    answer = proven(fabric, demand)
    assert answer.method == "symmetric"
    assert answer.lower == pytest.approx(float(Fraction(best)), rel=1e-9)
    close = proven(fabric, demand, "fptas", 0.005)
    assert close.lower <= float(Fraction(best)) * (1 + 1e-9) and close.upper >= float(Fraction(best)) * (1 - 1e-9)
    assert close.gap <= 0.005


@pytest.mark.parametrize(("k", "offset"), [(8, 3), (9, 4), (6, 2)])
def test_tornado_on_a_ring(k, offset):
    # clockwise h arcs, back k - h: shared so that both directions fill, k / (h (k - h))
    fabric = fabric_of("torus", dims=(k,), capacity_gbps=1)
    demand = optinet.Demand.permutation(fabric, (np.arange(k) + offset) % k)
    for method in ("symmetric", "lp"):
        assert proven(fabric, demand, method).lower == pytest.approx(k / (offset * (k - offset)), rel=1e-8)


@pytest.mark.parametrize("method", ["lp", "fptas"])
def test_a_small_fat_tree_with_a_core_or_a_link_lost(method):
    fabric = fabric_of("fat_tree", k=4, capacity_gbps=1)
    uniform = optinet.Demand.uniform(fabric)
    lost_core = fabric.arc_mask(failed_nodes=[fabric.n_nodes - 1])
    lost_link = fabric.arc_mask(failed_links=[fabric.n_links - 1])
    across = optinet.Demand.permutation(fabric, (np.arange(16) + 8) % 16)
    for demand, arc_up, exact in (
        (uniform, lost_core, 1 / 16),
        (uniform, lost_link, 1 / 16),
        (across, lost_core, 3 / 4),
    ):
        answer = proven(fabric, demand, method, 1e-3, arc_up=arc_up)
        assert answer.lower == pytest.approx(exact, rel=1e-3 if method == "fptas" else 1e-8)
        assert answer.upper >= exact * (1 - 1e-9)


GRAPHS = [
    (nx.petersen_graph(), "1/5"),
    (nx.heawood_graph(), "1/9"),
    (nx.hypercube_graph(4), "1/8"),
    (nx.cartesian_product(nx.complete_graph(4), nx.complete_graph(4)), "1/4"),
    (nx.grid_2d_graph(4, 4), "1/16"),
    # equal lengths are not optimal here, nor are lengths alike on look-alike edges
    (nx.frucht_graph(), None),
]


@pytest.mark.parametrize(("graph", "exact"), GRAPHS, ids=["petersen", "heawood", "q4", "hyperx", "mesh", "frucht"])
def test_uniform_traffic_on_known_graphs(graph, exact):
    fabric = chips(graph)
    demand = optinet.Demand.uniform(fabric)
    answer = proven(fabric, demand, "lp")
    assert answer.gap < 1e-7
    if exact is None:
        assert answer.lower == pytest.approx(0.0857, abs=5e-5)
    else:
        assert answer.lower == pytest.approx(float(Fraction(exact)), rel=1e-7)
    close = proven(fabric, demand, "fptas", 0.005)
    assert close.lower <= answer.upper * (1 + 1e-9) and close.upper >= answer.lower * (1 - 1e-9)
    assert close.gap <= 0.005


def test_a_torus_without_one_link():
    graph = nx.grid_2d_graph(4, 4, periodic=True)
    graph.remove_edge((0, 0), (0, 1))
    fabric = chips(graph)
    assert proven(fabric, optinet.Demand.uniform(fabric), "fptas", 0.005).lower == pytest.approx(7 / 64, rel=0.005)


@pytest.mark.parametrize(("orders", "exact"), [(2, "3/4"), (1, "8/9")])
def test_okamura_seymour(orders, exact):
    # K(2, 3) with demands between the four pairs that are not adjacent: the cut condition says 1
    fabric = chips(nx.complete_bipartite_graph(2, 3))
    matrix = np.zeros((5, 5))
    for a, b in ((0, 1), (2, 3), (2, 4), (3, 4)):
        matrix[a, b] = 1
        matrix[b, a] = orders - 1
    answer = proven(fabric, optinet.Demand.from_matrix(fabric, matrix))
    assert answer.method == "lp"
    assert answer.lower == pytest.approx(float(Fraction(exact)), rel=1e-7)


def test_a_mesh_that_is_joined_part_of_the_time():
    # N nodes, each pair 1 / (N - 1) of a node's capacity: any permutation gets N / (2 (N - 1)), uniform all
    fabric = chips(nx.complete_graph(8), 1 / 7)
    shift = optinet.Demand.permutation(fabric, (np.arange(8) + 1) % 8)
    assert proven(fabric, shift).lower == pytest.approx(4 / 7, rel=1e-8)
    assert proven(fabric, optinet.Demand.uniform(fabric, 1 / 7)).lower == pytest.approx(1.0, rel=1e-8)


def test_a_random_regular_graph_meets_the_bound_by_distances():
    # networkx's graph of this seed may change between versions: the bound is computed from its distances
    graph = nx.random_regular_graph(10, 40, seed=1)
    fabric = chips(graph)
    answer = proven(fabric, optinet.Demand.uniform(fabric), gap=0.002)
    bound = fabric.n_arcs / (optinet.path_metrics(fabric).mean_distance * 40 * 39)
    assert answer.method == "fptas"
    assert bound * (1 - 0.002) <= answer.lower <= bound * (1 + 1e-9)


def test_a_slim_fly_meets_the_bound_by_distances():
    fabric = fabric_of("slim_fly", q=5, hosts_per_switch=0, link_gbps=1)
    assert proven(fabric, optinet.Demand.uniform(fabric), gap=0.001).lower == pytest.approx(1 / 13, rel=0.001)


def test_more_pairs_than_paths_can_be_kept_of_are_averaged(monkeypatch):
    monkeypatch.setattr(fptas, "MOST_PAIRS", 0)
    for name, parameters in (
        ("torus", {"dims": (4, 6), "capacity_gbps": 1}),
        ("multiplane", {"planes": 2, "leaves": 3, "spines": 2, "hosts_per_leaf": 2}),
        ("random_regular", {"switches": 30, "degree": 4, "hosts_per_switch": 0}),
    ):
        fabric = fabric_of(name, **parameters)
        demand = optinet.Demand.uniform(fabric)
        answer = proven(fabric, demand, "fptas", 0.1, time_budget_s=5.0)
        assert answer.gap <= 0.1
        exact = optinet.concurrent_flow(fabric, demand, "lp")
        assert answer.lower <= exact.upper * (1 + 1e-9) and answer.upper >= exact.lower * (1 - 1e-9)


def test_where_the_limit_is():
    # two triangles joined by one thin link: it alone has length, and more of it is worth its length
    graph = nx.barbell_graph(3, 0)
    fabric = chips(graph, 10.0)
    thin = next(
        i for i in range(fabric.n_links) if {int(fabric.arc_tail[2 * i]), int(fabric.arc_head[2 * i])} == {2, 3}
    )
    nx.set_edge_attributes(graph, 10.0, "capacity_gbps")
    graph.edges[2, 3]["capacity_gbps"] = 1.0
    fabric = optinet.Fabric.from_networkx(graph)
    answer = proven(fabric, optinet.Demand.uniform(fabric), "lp")
    assert answer.lower == pytest.approx(1 / 9)
    assert np.flatnonzero(answer.arc_length > 1e-9).tolist() in ([2 * thin], [2 * thin + 1], [2 * thin, 2 * thin + 1])
    graph.edges[2, 3]["capacity_gbps"] = 1.1
    wider = optinet.Fabric.from_networkx(graph)
    more = optinet.concurrent_flow(wider, optinet.Demand.uniform(wider), "lp").lower - answer.lower
    assert more == pytest.approx(0.1 * answer.arc_length[[2 * thin, 2 * thin + 1]].sum())


def test_the_hosts_own_links_may_be_the_limit():
    fabric = fabric_of("leaf_spine", leaves=4, spines=4, hosts_per_leaf=2, host_gbps=1, uplink_gbps=8)
    demand = optinet.Demand.permutation(fabric, (np.arange(8) + 2) % 8, 4.0)
    for method in ("symmetric", "lp", "fptas"):
        answer = proven(fabric, demand, method)
        assert answer.lower == answer.upper == pytest.approx(1 / 4)
    within = optinet.Demand.permutation(fabric, np.arange(8) ^ 1, 4.0)  # no arc but the hosts' own is crossed
    for method in ("auto", "symmetric", "lp", "fptas"):
        assert proven(fabric, within, method).lower == pytest.approx(1 / 4)


def test_hosts_on_several_switches_do_not_forward():
    # a host on two switches that have no other link: what one plane sends the other cannot pass through it
    graph = nx.Graph()
    graph.add_nodes_from([("a", {"kind": "host"}), ("b", {"kind": "host"}), ("c", {"kind": "host"})])
    for host, plane, gbps in (("a", 1, 1), ("b", 1, 1), ("b", 2, 1), ("c", 2, 1), ("a", 2, 3)):
        graph.add_edge(host, plane, capacity_gbps=gbps)
    fabric = optinet.Fabric.from_networkx(graph)
    matrix = np.zeros((3, 3))
    names = [fabric.node_names[i] for i in fabric.endpoints]
    matrix[names.index("a"), names.index("b")] = 1.0
    for method in ("lp", "fptas"):
        # 1 over each plane, however wide the way to the second
        assert proven(fabric, optinet.Demand.from_matrix(fabric, matrix), method).lower == pytest.approx(2.0, rel=0.01)
    matrix[:] = 0.0
    matrix[names.index("a"), names.index("c")] = 1.0
    onward = optinet.Demand.from_matrix(fabric, matrix)
    assert proven(fabric, onward, "lp").lower == pytest.approx(1.0)
    ends = [{fabric.node_names[v] for v in fabric.arc_tail[2 * i : 2 * i + 2]} for i in range(fabric.n_links)]
    without = fabric.arc_mask(failed_links=[ends.index({"a", 2})])
    with pytest.raises(SolverError, match="no path from 'a' to 'c'"):
        optinet.concurrent_flow(fabric, onward, arc_up=without)


def test_merged_hosts_need_equal_demands():
    fabric = fabric_of("multiplane", planes=2, leaves=2, spines=1, hosts_per_leaf=3, host_gbps=1, uplink_gbps=1)
    uneven = optinet.Demand.rank_one(fabric, np.arange(1.0, 7.0), np.ones(6))
    plain = optinet.Demand.from_matrix(fabric, uneven.to_matrix())
    assert proven(fabric, uneven, "lp").lower == pytest.approx(proven(fabric, plain, "lp").lower, rel=1e-7)


def test_six_neighbors_on_a_mesh_of_blocks_at_flagship_size():
    fabric = fabric_of("ocs_mesh", blocks=64, hosts_per_block=64, uplinks_per_block=64)
    answer = optinet.concurrent_flow(fabric, grid_neighbors(fabric, (16, 16, 16), 800.0), "fptas", 0.01)
    # the blocks could carry 1.2, the hosts' own links carry 1
    assert answer.upper == pytest.approx(1.0)
    assert answer.lower >= 0.99


def test_six_neighbors_on_their_own_torus_are_exact():
    fabric = fabric_of("torus", dims=(16, 16, 16), capacity_gbps=1)
    answer = optinet.concurrent_flow(fabric, grid_neighbors(fabric, (16, 16, 16), 6.0))
    assert (answer.method, answer.lower) == ("symmetric", pytest.approx(1.0, rel=1e-9))


@pytest.mark.parametrize(
    ("name", "parameters", "throughput"),
    [
        ("fat_tree", {"k": 8, "capacity_gbps": 1}, 1.0),
        ("leaf_spine", {"leaves": 16, "spines": 2, "hosts_per_leaf": 8, "host_gbps": 1, "uplink_gbps": 1}, None),
        ("multiplane", {"planes": 2, "leaves": 16, "spines": 2, "hosts_per_leaf": 8, "host_gbps": 0.5,
                        "uplink_gbps": 0.25}, None),
        ("ocs_mesh", {"blocks": 16, "hosts_per_block": 8, "uplinks_per_block": 15, "host_gbps": 1, "uplink_gbps": 1},
         1.0),
    ],
)  # fmt: skip
def test_neighbors_on_switched_fabrics_are_exact_by_symmetry(name, parameters, throughput):
    fabric = fabric_of(name, **parameters)
    demand = grid_neighbors(fabric, (4, 8, 4), 1.0)
    answer = proven(fabric, demand)
    assert answer.method == "symmetric"
    assert answer.gap < 1e-8
    if throughput is not None:
        assert answer.lower == pytest.approx(throughput, rel=1e-9)
    assert answer.upper >= proven(fabric, demand, "fptas", 0.02).lower * (1 - 1e-9)


@st.composite
def small_cases(draw):
    """Directed, capacitated graphs with parallel links and hosts, strongly connected, and a demand."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(3, 8))
    graph = nx.MultiDiGraph()
    n_hosts = draw(st.integers(0, n // 2))
    for v in range(n):
        graph.add_node(v, kind="chip")
    for v in range(n):  # a ring makes all reachable
        graph.add_edge(v, (v + 1) % n, capacity_gbps=float(rng.integers(1, 5)))
    for _ in range(draw(st.integers(0, 2 * n))):
        a, b = rng.choice(n, 2, replace=False)
        graph.add_edge(int(a), int(b), capacity_gbps=float(rng.choice([0.5, 1.0, 2.5, 4.0])))
    for h in range(n_hosts):
        graph.add_node(n + h, kind="host")
        for v in rng.choice(n, int(rng.integers(1, 3)), replace=False):
            graph.add_edge(n + h, int(v), capacity_gbps=float(rng.integers(1, 4)))
            graph.add_edge(int(v), n + h, capacity_gbps=float(rng.integers(1, 4)))
    fabric = optinet.Fabric.from_networkx(graph)
    matrix = rng.random((n + n_hosts, n + n_hosts)) * (rng.random((n + n_hosts, n + n_hosts)) < draw(st.floats(0.1, 1)))
    matrix[0, 1] = 1.0
    return fabric, optinet.Demand.from_matrix(fabric, matrix)


@settings(max_examples=200, deadline=None)
@given(small_cases())
def test_methods_agree_within_the_gap(case):
    fabric, demand = case
    exact = proven(fabric, demand, "lp")
    assert exact.gap < 1e-6
    close = proven(fabric, demand, "fptas", 0.01, time_budget_s=2.0)
    assert close.gap <= 0.01
    assert close.lower <= exact.upper * (1 + 1e-9)
    assert close.upper >= exact.lower * (1 - 1e-9)
    by_symmetry = symmetric.solve(FlowProblem.of(fabric, demand), Deadline())
    assert isinstance(by_symmetry, str)  # nothing is known of such a graph


@settings(max_examples=40, deadline=None)
@given(small_cases(), st.integers(0, 100))
def test_a_single_pair_is_a_maximum_flow(case, seed):
    fabric, _ = case
    source, target = np.random.default_rng(seed).choice(fabric.n_endpoints, 2, replace=False)
    matrix = np.zeros((fabric.n_endpoints,) * 2)
    matrix[source, target] = 1.0
    graph = nx.DiGraph()
    for tail, head, gbps in zip(fabric.arc_tail, fabric.arc_head, fabric.arc_capacity_gbps, strict=True):
        ends = (int(tail), "out"), (int(head), "in")
        before = graph.get_edge_data(*ends, {"capacity": 0.0})["capacity"]
        graph.add_edge(*ends, capacity=before + gbps)
    graph.add_edges_from(((int(v), "in"), (int(v), "out")) for v in np.flatnonzero(fabric.forwards))
    a, b = (int(fabric.endpoints[v]) for v in (source, target))
    exact = nx.maximum_flow_value(graph, (a, "out"), (b, "in"))
    demand = optinet.Demand.from_matrix(fabric, matrix)
    assert proven(fabric, demand, "lp").lower == pytest.approx(exact, rel=1e-7)
    assert proven(fabric, demand, "fptas", 0.01).upper >= exact * (1 - 1e-9)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("torus", {"dims": (2, 3), "capacity_gbps": 1}),
        ("torus", {"dims": (3, 3), "capacity_gbps": 1}),
        ("torus", {"dims": (2, 2, 2), "capacity_gbps": 1}),
        ("leaf_spine", {"leaves": 3, "spines": 2, "hosts_per_leaf": 3, "host_gbps": 1, "uplink_gbps": 1}),
        (
            "clos3",
            {"pods": 2, "leaves_per_pod": 2, "aggs_per_pod": 2, "cores": 2, "hosts_per_leaf": 2, "agg_core_gbps": 300},
        ),
        ("hyperx", {"dims": (2, 3)}),
        ("full_mesh", {"switches": 5, "hosts_per_switch": 2}),
        ("multiplane", {"planes": 2, "leaves": 3, "spines": 2, "hosts_per_leaf": 2}),
        ("dragonfly", {"switches_per_group": 2, "global_links_per_switch": 1, "hosts_per_switch": 0}),
    ],
)
def test_symmetry_agrees_with_linear_programming(name, parameters):
    fabric = fabric_of(name, **parameters)
    demand = optinet.Demand.uniform(fabric)
    assert proven(fabric, demand, "symmetric").lower == pytest.approx(proven(fabric, demand, "lp").lower, rel=1e-7)


def test_symmetry_is_not_taken_on_trust():
    fabric = fabric_of("torus", dims=(4, 4), capacity_gbps=1)
    uniform = optinet.Demand.uniform(fabric)
    lost = fabric.arc_mask(failed_links=[0])
    with pytest.raises(SolverError, match="symmetry does not give the answer"):
        optinet.concurrent_flow(fabric, uniform, "symmetric", arc_up=lost)
    answer = proven(fabric, uniform, arc_up=lost)
    assert answer.note.startswith("not by symmetry")
    assert answer.lower == pytest.approx(7 / 64, rel=0.01)
    # a demand without symmetry
    matrix = uniform.to_matrix()
    matrix[3, 5] = 7.0
    uneven = optinet.Demand.from_matrix(fabric, matrix)
    with pytest.raises(SolverError, match="no symmetry known"):
        optinet.concurrent_flow(fabric, uneven, "symmetric")


@pytest.mark.parametrize("method", ["auto", "lp", "fptas"])
def test_no_time_at_all_leaves_the_plain_cuts(method):
    fabric = fabric_of("random_regular", switches=40, degree=5, hosts_per_switch=0, seed=3)
    answer = proven(fabric, random_permutation(fabric, 800.0, 3), method, time_budget_s=0.0)
    assert (answer.lower, answer.upper, answer.gap) == (0.0, pytest.approx(5 * 800 / 800), np.inf)
    assert "the gap was not reached in the time budget" in answer.note
    assert not answer.arc_flow_gbps.any()


def test_a_short_budget_returns_the_bounds_it_has():
    fabric = fabric_of("random_regular", switches=40, degree=5, hosts_per_switch=0, seed=3)
    demand = random_permutation(fabric, 800.0, 3)
    answer = proven(fabric, demand, "fptas", 1e-7, time_budget_s=0.05)
    assert "the gap was not reached in the time budget" in answer.note
    assert 0 < answer.lower < answer.upper < 2 * answer.lower


def test_nothing_to_carry_and_nowhere_to_go():
    fabric = fabric_of("torus", dims=(3,))
    idle = optinet.concurrent_flow(fabric, optinet.Demand.uniform(fabric, 0.0))
    assert (idle.lower, idle.upper, idle.gap, idle.arc_flow_gbps.sum()) == (np.inf, np.inf, 0.0, 0.0)
    apart = nx.Graph()
    apart.add_edge("a", "b")
    apart.add_edge("c", "d")
    split = chips(apart)
    for method in ("auto", "lp", "fptas"):
        with pytest.raises(SolverError, match="no path from"):
            optinet.concurrent_flow(split, optinet.Demand.uniform(split), method)
    apart.edges["a", "b"]["capacity_gbps"] = 0.0
    with pytest.raises(SolverError, match=r"no path from|no link that is up"):
        optinet.concurrent_flow(optinet.Fabric.from_networkx(apart), optinet.Demand.uniform(split))
    with pytest.raises(SolverError, match=r"did you mean 'fptas'(.|\n)*gap: 0"):
        optinet.concurrent_flow(fabric, optinet.Demand.uniform(fabric), "fpta", gap=0)
    with pytest.raises(SolverError, match="made for 4 endpoints"):
        optinet.concurrent_flow(fabric, optinet.Demand.uniform(split))


def test_the_linear_program_has_one_commodity_per_source():
    fabric = fabric_of("leaf_spine", leaves=3, spines=2, hosts_per_leaf=5)
    assert lp.size(FlowProblem.of(fabric, optinet.Demand.uniform(fabric))) == 3 * 12 + 1
