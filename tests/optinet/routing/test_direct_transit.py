# SPDX-License-Identifier: Apache-2.0
"""Direct trunk plus one transit: closed forms, an independent linear program, and the bounds of the fast method."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

import optinet
import topologies
from optinet.engineering import traffic
from optinet.errors import SolverError
from optinet.routing import direct_transit
from optinet.routing.signatures import HopKinds


@pytest.fixture(params=["exact", "fast"])
def method(request, monkeypatch):
    """Both ways to find the split."""
    direct_transit._solved.cache_clear()
    if request.param == "fast":
        monkeypatch.setattr(traffic, "EXACT_PATHS", 0)
    yield request.param
    direct_transit._solved.cache_clear()


def full_mesh(n):
    """Chips, each pair joined by 1 / (n - 1) of a chip's capacity."""
    graph = nx.complete_graph(n)
    nx.set_edge_attributes(graph, 1.0 / (n - 1), "capacity_gbps")
    return optinet.Fabric.from_networkx(graph)


@pytest.mark.parametrize("n", [4, 8, 30])
def test_a_full_mesh(n, method):
    fabric = full_mesh(n)
    uniform = optinet.solve(fabric, optinet.Demand.uniform(fabric, 1 / (n - 1)), "direct_transit")
    assert uniform.throughput == pytest.approx(1.0, rel=1e-9)
    assert uniform.paths.total_hops.tolist() == [1]
    worst = optinet.solve(fabric, optinet.Demand.permutation(fabric, (np.arange(n) + 1) % n), "direct_transit")
    assert worst.throughput == pytest.approx(n / (2 * (n - 1)), rel=1e-9)
    # a trunk's worth at that utilization goes direct: 2 / n of the traffic
    assert worst.paths.mean_hops == pytest.approx(2 - 2 / n)


def optimum(capacity, demand):
    """Solve for the smallest largest utilization with the simplex method, over paths listed by networkx."""
    n = len(capacity)
    graph = nx.DiGraph([(u, v) for u in range(n) for v in range(n) if capacity[u, v] > 0])
    pairs = [(u, v) for u in range(n) for v in range(n) if demand[u, v] > 0]
    paths = [(i, path) for i, (u, v) in enumerate(pairs) for path in nx.all_simple_edge_paths(graph, u, v, cutoff=2)]
    trunk = {edge: i for i, edge in enumerate(graph.edges)}
    on_trunk, of_pair = np.zeros((len(trunk), len(paths) + 1)), np.zeros((len(pairs), len(paths) + 1))
    for column, (pair, path) in enumerate(paths):
        of_pair[pair, column] = 1.0
        for edge in path:
            on_trunk[trunk[edge], column] = 1.0 / capacity[edge]
    on_trunk[:, -1] = -1.0
    cost = np.append(np.zeros(len(paths)), 1.0)
    rates = [demand[pair] for pair in pairs]
    return linprog(cost, on_trunk, np.zeros(len(trunk)), of_pair, rates, method="highs-ds").fun


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_the_split_is_the_best_there_is(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 8))
    capacity = rng.integers(0, 4, (n, n)).astype(float)
    capacity[0, :] = capacity[:, 0] = 1.0  # so that every pair has a path
    np.fill_diagonal(capacity, 0.0)
    demand = rng.random((n, n)) * (rng.random((n, n)) < 0.6) * (1 - np.eye(n))
    demand[1, 2] = 1.0
    u, v = np.nonzero(capacity)
    fabric = optinet.Fabric.from_links(
        [1] * n, np.column_stack((u, v)), capacity_gbps=capacity[u, v], reverse_capacity_gbps=0.0
    )
    best = optimum(capacity, demand)
    matrix = optinet.Demand.from_matrix(fabric, demand)
    exact = optinet.link_loads(fabric, matrix, "direct_transit")
    assert exact.throughput == pytest.approx(1 / best, rel=1e-7)
    fast = traffic.engineer_traffic(demand, capacity, method="prices").load_gbps
    utilization = np.divide(fast, capacity, out=np.zeros_like(fast), where=capacity > 0).max()
    assert best * (1 - 1e-9) <= utilization <= best * 1.02
    assert np.all(fast[capacity == 0] == 0)


@pytest.mark.parametrize("pattern", ["random", "skewed", "wide", "shift", "sparse"])
def test_never_worse_than_all_direct_or_valiant(pattern, method):
    fabric = topologies.build("ocs_mesh", blocks=12, hosts_per_block=4, uplinks_per_block=30, host_gbps=1e6)
    rng = np.random.default_rng(7)
    n = fabric.n_endpoints
    gbps = {
        "random": lambda: rng.random((n, n)),
        "skewed": lambda: rng.exponential(size=(n, n)) ** 4,
        "wide": lambda: 10.0 ** rng.uniform(-14, 3, (n, n)),
        "shift": lambda: np.roll(np.eye(n), 4, axis=1),
        "sparse": lambda: rng.random((n, n)) * (rng.random((n, n)) < 0.02),
    }[pattern]()
    demand = optinet.Demand.from_matrix(fabric, 1e4 * gbps)  # more than fits, so that the best routing is wanted
    of = {each: optinet.link_loads(fabric, demand, each).throughput for each in ("ecmp", "valiant", "direct_transit")}
    assert of["direct_transit"] >= max(of["ecmp"], of["valiant"]) * (1 - 1e-9)
    best = optinet.link_loads(fabric, demand, "best")
    assert (best.routing, best.throughput) == ("direct_transit", of["direct_transit"])


def test_six_neighbors_on_sixty_four_blocks():
    # 4,096 ranks on a 16 x 16 x 16 grid, 800 / 6 Gb/s to each neighbor, 64 per block, one circuit per pair of blocks
    fabric = topologies.build("ocs_mesh", blocks=64, hosts_per_block=64, uplinks_per_block=64)
    grid = np.arange(4096).reshape(16, 16, 16)
    matrix = np.zeros((4096, 4096), dtype=np.float32)
    for axis in range(3):
        for step in (-1, 1):
            matrix[grid.ravel(), np.roll(grid, step, axis).ravel()] = 800 / 6
    demand = optinet.Demand.from_matrix(fabric, matrix)
    solution = optinet.solve(fabric, demand, "direct_transit")
    assert solution.throughput == pytest.approx(1.0, rel=1e-6)  # the hosts' own links are full
    # within a block 2 hops; between blocks 3 direct and 4 in transit, of which Valiant sends 2 / 64 direct
    between = 1 - solution.paths.weight[solution.paths.total_hops == 2].sum()
    assert between == pytest.approx((2 + 2 / 4) / 6, rel=1e-6)
    assert 2 + between < solution.paths.mean_hops <= 2 + between * (2 - 2 / 64) + 1e-9
    assert optinet.link_loads(fabric, demand).throughput == pytest.approx(0.09375, rel=1e-6)


def test_paths_account_for_every_load(method):
    # trunks of two link classes and lengths, hosts of two classes, one of them with two links to its block
    rng = np.random.default_rng(2)
    ends = [(0, 4), (1, 4), (2, 5), (3, 6), (3, 6), (4, 5), (4, 5), (5, 6), (6, 4)]
    fabric = optinet.Fabric.from_links(
        [0] * 4 + [2] * 3,
        ends,
        capacity_gbps=rng.integers(1, 4, len(ends)).astype(float),
        length_m=rng.integers(1, 50, len(ends)),
        link_class=[0, 1, 0, 0, 0, 2, 3, 2, 3],
        link_class_names=("a", "b", "c", "d"),
        node_tier=[0] * 4 + [1] * 3,
    )
    kinds = HopKinds.of(fabric)
    for demand in (
        optinet.Demand.from_matrix(fabric, rng.random((4, 4))),
        optinet.Demand.rank_one(fabric, rng.random(4), rng.random(4)),
    ):
        direct_transit._solved.cache_clear()
        solution = optinet.solve(fabric, demand, "direct_transit")
        by_kind = np.bincount(kinds.arc_kind, weights=solution.loads.arc_load_gbps, minlength=len(kinds.link_class))
        assert demand.total_gbps * (solution.paths.weight @ solution.paths.hops) == pytest.approx(by_kind)
        gbps_m = solution.loads.arc_load_gbps @ fabric.arc_length_m
        assert demand.total_gbps * (solution.paths.weight @ solution.paths.length_m) == pytest.approx(gbps_m)


def test_failures_take_trunks_away():
    fabric = full_mesh(5)
    demand = optinet.Demand.from_matrix(fabric, np.eye(5)[[1, 0, 2, 3, 4]])
    assert optinet.link_loads(fabric, demand, "direct_transit").throughput == pytest.approx(1.0)
    # without the trunk 0 - 1 each way has three paths over 2, 3 and 4, of 1/4 each
    arc_up = fabric.arc_mask(failed_links=[0])
    assert {int(fabric.arc_tail[0]), int(fabric.arc_head[0])} == {0, 1}
    solution = optinet.solve(fabric, demand, "direct_transit", arc_up=arc_up)
    assert solution.throughput == pytest.approx(0.75)
    assert solution.paths.total_hops.tolist() == [2]


def test_what_it_cannot_route():
    fabric = topologies.build("leaf_spine", leaves=3, spines=2, hosts_per_leaf=2)
    uniform = optinet.Demand.uniform(fabric)
    with pytest.raises(SolverError, match="no direct link and no path with one transit from 'host0' to 'host2'"):
        optinet.link_loads(fabric, uniform, "direct_transit")
    planes = topologies.build("multiplane", planes=2, leaves=2, spines=1, hosts_per_leaf=2)
    with pytest.raises(SolverError, match="needs hosts with all links to one block, 4 have others"):
        optinet.link_loads(planes, optinet.Demand.uniform(planes), "direct_transit")
    torus = topologies.build("torus", dims=(12, 12))
    with pytest.raises(SolverError, match="every transit node of 144; allowed: at most 128"):
        optinet.link_loads(torus, optinet.Demand.uniform(torus), "direct_transit")
    # where a failure leaves a pair more than two hops apart, the best routing is one of the others
    path = topologies.build("ocs_mesh", blocks=4, hosts_per_block=1, uplinks_per_block=3)
    blocks = path.arc_tail.reshape(-1, 2)[:, 0] * 10 + path.arc_head.reshape(-1, 2)[:, 0]
    arc_up = path.arc_mask(failed_links=np.flatnonzero(np.isin(blocks, [46, 47, 57])))
    best = optinet.link_loads(path, optinet.Demand.uniform(path), "best", arc_up=arc_up)
    assert best.routing in ("ecmp", "valiant")


def test_no_demand_is_no_load(method):
    fabric = full_mesh(4)
    solution = optinet.solve(fabric, optinet.Demand.uniform(fabric, 0.0), "direct_transit")
    assert solution.throughput == np.inf
    assert len(solution.paths.weight) == 0
