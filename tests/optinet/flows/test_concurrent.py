# SPDX-License-Identifier: Apache-2.0
"""Concurrent flow: textbook optima, every proof checked anew arc by arc, and the methods against one another."""

import time
from fractions import Fraction

import networkx as nx
import numpy as np
import pytest

import optinet
import topologies
from optinet.errors import SolverError
from optinet.flows.concurrent import fptas, lp
from optinet.flows.concurrent.deadline import Deadline, OutOfTimeError
from optinet.flows.concurrent.problem import FlowProblem
from optinet.traffic.patterns import grid_neighbors, random_permutation
from tests.support.proven_flow import proven


def chips(graph, capacity_gbps=1.0):
    nx.set_edge_attributes(graph, capacity_gbps, "capacity_gbps")
    return optinet.Fabric.from_networkx(graph)


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


def test_one_cell_alone_is_no_symmetry():
    fabric = fabric_of("tpu_pod", cubes=(1, 1, 1))  # a move by a whole cell leaves every chip where it is
    answer = proven(fabric, random_permutation(fabric, 800.0, 1), gap=0.05)
    assert (answer.method, answer.note) == ("fptas", "not by symmetry: no symmetry known of this fabric and demand")


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
    proven(fabric, demand, "fptas", 0.5)  # kernels are loaded, which takes as long
    answer = proven(fabric, demand, "fptas", 1e-7, time_budget_s=0.05)
    assert "the gap was not reached in the time budget" in answer.note
    assert 0 < answer.lower < answer.upper < 2 * answer.lower


def test_a_budget_counts_what_is_computed_not_what_is_waited_for():
    deadline = Deadline(0.02)
    time.sleep(0.05)
    deadline.check()
    with pytest.raises(OutOfTimeError):
        for _ in deadline.pieces(10**9, 1e6):
            np.arange(100_000).sum()
    assert deadline.left_s == 0.0


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
