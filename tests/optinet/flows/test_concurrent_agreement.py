# SPDX-License-Identifier: Apache-2.0
"""Concurrent flow: the methods agree with each other and with maximum flow, on random graphs and on symmetric ones."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optinet
import topologies
from optinet.flows.concurrent import symmetric
from optinet.flows.concurrent.deadline import Deadline
from optinet.flows.concurrent.problem import FlowProblem
from tests.support.proven_flow import proven


@pytest.fixture(scope="module", autouse=True)
def compiled():
    """Have kernels compiled, which would take more than the time budgets here."""
    fabric = topologies.build("torus", dims=(3, 3, 2))
    optinet.concurrent_flow(fabric, optinet.Demand.permutation(fabric, np.roll(np.arange(18), 7)), "fptas")


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


@settings(max_examples=200)
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


@settings(max_examples=40)
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
    fabric = topologies.build(name, **parameters)
    demand = optinet.Demand.uniform(fabric)
    assert proven(fabric, demand, "symmetric").lower == pytest.approx(proven(fabric, demand, "lp").lower, rel=1e-7)
