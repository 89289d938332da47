# SPDX-License-Identifier: Apache-2.0
"""The best of all routings as a routing: loads, paths that account for them, and bounds beside other routings."""

import networkx as nx
import numpy as np
import pytest

import optinet
import topologies
from optinet.errors import SolverError
from optinet.flows.concurrent import fptas
from optinet.flows.concurrent.auto import concurrent_routes
from optinet.traffic.patterns import random_permutation

FABRICS = [
    ("leaf_spine", {"leaves": 4, "spines": 2, "hosts_per_leaf": 4, "host_gbps": 1, "uplink_gbps": 1}),
    ("fat_tree", {"k": 4}),
    ("torus", {"dims": (4, 6)}),
    ("tpu_pod", {"cubes": (2, 1, 2), "cube_side": 2}),
    ("multiplane", {"planes": 2, "leaves": 3, "spines": 2, "hosts_per_leaf": 2}),
    ("ocs_mesh", {"blocks": 8, "hosts_per_block": 8, "uplinks_per_block": 7}),
    ("random_regular", {"switches": 20, "degree": 4, "hosts_per_switch": 2, "host_gbps": 800}),
]


def assert_paths_account_for_the_flow(fabric, demand, method="auto", **options):
    found = concurrent_routes(fabric, demand, method, **options)
    paths = found.signatures()
    assert paths.method == "exact"
    per_gbps = found.flow.arc_flow_gbps / found.flow.lower / demand.total_gbps
    hops = np.bincount(paths.kinds.arc_kind, per_gbps, len(paths.kinds.link_class))
    assert paths.weight @ paths.hops == pytest.approx(hops, rel=1e-5)
    assert paths.weight @ paths.length_m == pytest.approx(per_gbps @ fabric.arc_length_m, rel=1e-5)


@pytest.mark.parametrize("method", ["auto", "lp", "fptas"])
@pytest.mark.parametrize(("name", "parameters"), FABRICS, ids=[name for name, _ in FABRICS])
def test_paths_account_for_every_load(name, parameters, method):
    fabric = topologies.build(name, **parameters)
    for demand in (optinet.Demand.uniform(fabric), random_permutation(fabric, 100.0, 1)):
        assert_paths_account_for_the_flow(fabric, demand, method, gap=0.05)


@pytest.mark.parametrize("method", ["lp", "fptas"])
def test_paths_of_parallel_links_unlike_and_of_broken_planes(method):
    graph = nx.MultiGraph()
    parallel = [(0, 1, 1, 5, "a"), (0, 1, 2, 9, "b")]
    ring = [(1, 2, 1, 3, "a"), (2, 0, 1, 7, "b"), (2, 3, 4, 1, "a"), (3, 0, 1, 2, "b")]
    for a, b, gbps, meters, kind in (*parallel, *ring):
        graph.add_edge(a, b, capacity_gbps=float(gbps), length_m=float(meters), link_class=kind)
    fabric = optinet.Fabric.from_networkx(graph)
    assert_paths_account_for_the_flow(fabric, optinet.Demand.permutation(fabric, [1, 2, 3, 0]), method)
    planes = topologies.build("multiplane", planes=2, leaves=3, spines=2, hosts_per_leaf=2)
    arc_up = planes.arc_mask(failed_links=[3, 14])
    for demand in (optinet.Demand.uniform(planes), random_permutation(planes, 1.0, 1)):
        assert_paths_account_for_the_flow(planes, demand, method, arc_up=arc_up)


def test_paths_of_an_average_of_routings(monkeypatch):
    monkeypatch.setattr(fptas, "MOST_PAIRS", 0)
    fabric = topologies.build("random_regular", switches=20, degree=4, hosts_per_switch=0, seed=2)
    assert_paths_account_for_the_flow(fabric, optinet.Demand.uniform(fabric), "fptas", gap=0.1)


def test_planes_alike_are_solved_as_one_and_agree_with_all():
    fabric = topologies.build("multiplane", planes=3, leaves=3, spines=2, hosts_per_leaf=4, uplink_gbps=100)
    demand = random_permutation(fabric, 100.0, 4)
    # a mask that takes nothing away keeps the planes; one link less breaks them up
    whole = np.ones(fabric.n_arcs, dtype=bool)
    as_one = concurrent_routes(fabric, demand, "lp", arc_up=whole)
    assert as_one.problem.core.fabric.n_nodes == 12 + 5
    wider = fabric.arc_capacity_gbps.copy()
    wider[-2:] *= 1.0 + 1e-9
    apart = concurrent_routes(optinet.Fabric(**{**vars_of(fabric), "arc_capacity_gbps": wider}), demand, "lp")
    assert apart.problem.core.fabric.n_nodes == fabric.n_nodes
    assert as_one.flow.lower == pytest.approx(apart.flow.lower, rel=1e-6)


def vars_of(fabric):
    return {name: getattr(fabric, name) for name in fabric.__dataclass_fields__}


def test_it_is_a_routing_that_no_other_surpasses():
    fabric = topologies.build("torus", dims=(4, 4))
    demand = random_permutation(fabric, 800.0, 3)
    best = optinet.solve(fabric, demand, "optimal", optimum_gap=1e-6)
    assert (best.routing, best.alternatives) == ("optimal", {"optimal": best.throughput})
    assert best.loads.utilization.max() == pytest.approx(1.0 / best.throughput)
    for routing in ("ecmp", "dor", "valiant", "best"):
        other = optinet.solve(fabric, demand, routing, optimum_gap=1e-6)
        assert other.throughput <= best.throughput * (1 + 1e-9)
        assert other.optimum.flow.lower == pytest.approx(best.throughput, rel=1e-6)
    assert optinet.link_loads(fabric, demand, "optimal").throughput == pytest.approx(best.throughput, rel=0.011)
    assert optinet.solve(fabric, demand, "ecmp").optimum is None


def test_a_routing_is_a_flow_too_when_time_is_short():
    fabric = topologies.build("torus", dims=(4, 4), capacity_gbps=1)
    demand = random_permutation(fabric, 1.0, 3)
    solution = optinet.solve(fabric, demand, "ecmp", optimum_gap=0.01, optimum_budget_s=0)
    flow = solution.optimum.flow
    assert flow.lower == solution.throughput <= flow.upper < np.inf
    assert np.all(flow.arc_flow_gbps <= fabric.arc_capacity_gbps * (1 + 1e-9))
    with pytest.raises(SolverError, match="more optimum_budget_s"):
        optinet.solve(fabric, demand, "optimal", optimum_budget_s=0)
    idle = optinet.solve(fabric, optinet.Demand.uniform(fabric, 0.0), "optimal")
    assert (idle.throughput, idle.delivered_gbps, len(idle.paths.weight)) == (np.inf, 0.0, 0)


def test_wrong_options_are_named():
    fabric = topologies.build("torus", dims=(3,))
    with pytest.raises(SolverError, match=r"optimum_gap(.|\n)*did you mean|optimum_gap"):
        optinet.solve(fabric, optinet.Demand.uniform(fabric), "optimal", optimum_gap=-1)
    with pytest.raises(SolverError, match="optimum_gap"):
        optinet.solve(fabric, optinet.Demand.uniform(fabric), "ecmp", optimum_gapp=0.1)
