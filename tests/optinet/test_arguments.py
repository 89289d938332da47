# SPDX-License-Identifier: Apache-2.0
"""What users pass to public functions by mistake is told by the argument's name; what they may pass is taken."""

import inspect
from fractions import Fraction

import networkx as nx
import numpy as np
import pytest

import optinet
import topologies
from optinet.errors import ArgumentError, DemandError, OptinetError, TopologyError

FABRIC = topologies.build("leaf_spine", leaves=2, spines=2, hosts_per_leaf=2)
DEMAND = optinet.Demand.uniform(FABRIC)
GRAPH = nx.cycle_graph(4)


def test_every_public_function_checks_its_arguments():
    functions = [found for name in optinet.__all__ if inspect.isfunction(found := getattr(optinet, name))]
    unchecked = [function.__name__ for function in functions if not hasattr(function, "__wrapped__")]
    assert len(functions) > 25 and not unchecked


@pytest.mark.parametrize("function", ["path_metrics", "bisection", "edge_connectivity", "worst_permutation"])
@pytest.mark.parametrize("wrong", [None, GRAPH, "torus", DEMAND])
def test_what_is_no_fabric_is_told_and_how_one_is_made(function, wrong):
    with pytest.raises(ArgumentError, match=r"fabric: .* where a Fabric belongs; allowed: what topologies.build"):
        getattr(optinet, function)(wrong)


@pytest.mark.parametrize("function", ["link_loads", "solve", "concurrent_flow", "throughput_bound"])
def test_arguments_in_the_wrong_order_are_all_told(function):
    with pytest.raises(ArgumentError) as told:
        getattr(optinet, function)(DEMAND, FABRIC)
    assert [problem.where for problem in told.value.problems] == ["fabric", "demand"]
    assert isinstance(told.value, OptinetError) and isinstance(told.value, TypeError)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: optinet.link_loads(FABRIC, np.ones((4, 4))), "demand: an array where a Demand belongs"),
        (lambda: optinet.link_loads(FABRIC, DEMAND, routing=None), "routing: None where text belongs"),
        (lambda: optinet.link_margin(None, []), "power_budget_db: None where a number or an array belongs"),
        (lambda: optinet.Demand.permutation(FABRIC, range(4), "fast"), "gbps: text 'fast' where a number belongs"),
        (lambda: optinet.Demand.permutation(FABRIC, range(4), [1, 2]), "gbps: a list where a number belongs"),
        (lambda: optinet.Demand.uniform(FABRIC, np.ones(6)), "gbps_per_pair: an array where a number belongs"),
        (lambda: optinet.concurrent_flow(FABRIC, DEMAND, gap="0.1"), "gap: text '0.1' where a number belongs"),
        (lambda: optinet.Demand.uniform(FABRIC, True), "gbps_per_pair: True where a number belongs"),
        (lambda: optinet.slice_availability(64.0, 16, 0.9, 4), "n_cubes: 64.0 where an int belongs"),
        (lambda: optinet.link_margin(4.0, None), "parts: None where a list belongs"),
        (lambda: optinet.open_run(3), "path: 3 where text or a PathLike belongs"),
        (lambda: optinet.load_catalogue("mine.toml"), "paths: text 'mine.toml' where a list belongs"),
        (lambda: optinet.simulate_flows([1.0], [0, 1], [0], [1.0], progress=5), "progress: 5 where a function or None"),
    ],
)
def test_a_wrong_type_is_told_in_one_line(call, message):
    with pytest.raises(ArgumentError) as told:
        call()
    assert str(told.value).startswith(message) and "\n" not in str(told.value)


@pytest.mark.parametrize("number", [1, np.int64(1), np.float32(1.0), Fraction(1), np.array(1.0)])
def test_any_kind_of_number_is_a_number(number):
    assert optinet.Demand.uniform(FABRIC, number).total_gbps == DEMAND.total_gbps


def test_lists_do_for_arrays_and_numpy_ints_for_ints():
    up = [True] * FABRIC.n_arcs
    assert optinet.link_loads(FABRIC, DEMAND, arc_up=up).throughput == optinet.link_loads(FABRIC, DEMAND).throughput
    assert optinet.slice_availability(np.int64(64), 16, 1, [4, 8]) == 12 / 64


def test_a_missing_argument_is_told_as_python_does():
    with pytest.raises(TypeError, match=r"link_loads\(\) missing 1 required positional argument: 'demand'"):
        optinet.link_loads(FABRIC)


def test_numbers_in_lists_are_numbers():
    for wrong in ("1", 1j):
        with pytest.raises(DemandError, match="gbps: not numbers"):
            optinet.Demand.from_matrix(FABRIC, [[wrong] * 4] * 4)
    with pytest.raises(OptinetError, match=r"parts\[0\]: 1.0; allowed: \(mean_loss_db") as told:
        optinet.link_margin(4.0, [1.0, ("a", 0.1, 2)])
    assert [problem.where for problem in told.value.problems] == ["parts[0]", "parts[1].mean_loss_db"]


def test_a_fabric_is_made_of_graphs_and_of_arrays_that_fit():
    with pytest.raises(TopologyError, match="graph: a Fabric; allowed: a networkx graph"):
        optinet.Fabric.from_networkx(FABRIC)
    with pytest.raises(TopologyError, match=r"capacity_gbps: shape \(3,\); allowed: one number, or \(1,\)"):
        optinet.Fabric.from_links([0, 0], [(0, 1)], capacity_gbps=[1.0, 2.0, 3.0])


def test_a_design_may_be_given_by_its_roles():
    roles = {"switch": "switch_51t2", "host_link": "aec_800g", "optics": "retimed_800g_dr8"}
    solution = optinet.solve(FABRIC, DEMAND)
    by_roles = optinet.assess(solution, roles)
    assert by_roles.metrics == optinet.assess(solution, optinet.Design.from_roles(roles)).metrics
    with pytest.raises(OptinetError, match="did you mean 'switch'"):
        optinet.assess(solution, {"swich": "switch_51t2"})
