# SPDX-License-Identifier: Apache-2.0
"""Topology engineering: a brute force over whole circuits, an independent program for the bound, mixed generations."""

import itertools

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from optinet.engineering import program
from optinet.engineering.topology import BlockLayer, engineer_topology, round_circuits, uniform_circuits
from optinet.engineering.traffic import engineer_traffic
from optinet.errors import SolverError


def random_demand(rng, n, share=1.0):
    demand = rng.exponential(size=(n, n)) ** 2 * (rng.random((n, n)) < share) * (1 - np.eye(n))
    demand[0, 1] += 0.1
    return demand


def bound_by_flow_balance(demand, layer):
    """The relaxation as a program of its own: variables f[u, v, w] and x[u, v], largest throughput, simplex method."""
    n, speed = layer.n_blocks, layer.circuit_gbps
    paths = [(u, v, w) for u, v in itertools.permutations(range(n), 2) for w in range(n) if w != u]
    pairs = list(itertools.combinations(range(n), 2))
    width = len(paths) + len(pairs) + 1
    carried, within = np.zeros((n, n, width)), np.zeros((n, n, width))
    for column, (u, v, w) in enumerate(paths):
        carried[u, v, column] = 1.0
        within[u, w, column] += 1.0
        if w != v:
            within[w, v, column] += 1.0
    carried[:, :, -1] = -demand
    uplinks = np.zeros((n, width))
    for column, (u, v) in enumerate(pairs, len(paths)):
        within[u, v, column] = within[v, u, column] = -speed[u, v]
        uplinks[[u, v], column] = 1.0
    off = ~np.eye(n, dtype=bool)
    rows = np.vstack((within[off], uplinks))
    room = np.concatenate((np.zeros(n * (n - 1)), layer.uplinks))
    goal = np.zeros(width)
    goal[-1] = -1.0
    return -linprog(goal, rows, room, carried[off], np.zeros(n * (n - 1)), method="highs-ds").fun


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1))
@example(3750)  # on trunks that differ by six orders of magnitude the interior point method gives up
def test_the_bound_is_that_of_an_independent_program(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 7))
    layer = BlockLayer.of(n, rng.integers(1, 9, n), rng.choice([100.0, 200.0, 400.0], n))
    demand = random_demand(rng, n, 0.8)
    found = program.relaxation(demand, layer.circuit_gbps, layer.uplinks)
    best = bound_by_flow_balance(demand, layer)
    assert found.upper_throughput == pytest.approx(best, rel=2e-4)
    assert found.upper_throughput >= best * (1 - 1e-7)
    assert found.throughput == pytest.approx(best, rel=2e-4)
    assert np.all(found.circuits.sum(axis=1) <= layer.uplinks * (1 + 1e-6))
    carried = engineer_traffic(demand, layer.capacity_gbps(np.maximum(found.circuits, 0)), method="lp")
    assert carried.throughput >= best * (1 - 3e-4)


def all_topologies(uplinks):
    """Every way to join blocks by whole circuits within their uplinks."""
    n = len(uplinks)
    pairs = list(itertools.combinations(range(n), 2))
    for counts in itertools.product(*(range(min(uplinks[u], uplinks[v]) + 1) for u, v in pairs)):
        circuits = np.zeros((n, n), dtype=int)
        for (u, v), count in zip(pairs, counts, strict=True):
            circuits[u, v] = circuits[v, u] = count
        if np.all(circuits.sum(axis=1) <= uplinks):
            yield circuits


@pytest.mark.parametrize("seed", range(4))
def test_no_whole_circuits_beat_the_bound_and_ours_come_near_the_best(seed):
    rng = np.random.default_rng(seed)
    layer = BlockLayer.of(4, 3, 100.0)
    demand = random_demand(rng, 4)
    plan = engineer_topology(demand, layer, method="lp")
    best = 0.0
    for circuits in all_topologies(layer.uplinks):
        try:
            best = max(best, engineer_traffic(demand, layer.capacity_gbps(circuits), method="lp").throughput)
        except SolverError:  # a pair is out of reach
            continue
    assert best <= plan.upper_throughput * (1 + 1e-6)
    # three uplinks are the coarsest case: one circuit is a third of a block
    assert best * 0.75 <= plan.throughput <= best * (1 + 1e-6)


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_circuits_stay_within_uplinks_and_are_never_worse_than_a_uniform_mesh(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 10))
    layer = BlockLayer.of(n, rng.integers(n, 40, n), rng.choice([100.0, 400.0], n))
    demand = random_demand(rng, n, 0.6)
    plan = engineer_topology(demand, layer, method="lp")
    assert np.array_equal(plan.circuits, plan.circuits.T)
    assert np.all(np.diag(plan.circuits) == 0)
    assert np.all(plan.circuits.sum(axis=1) <= layer.uplinks)
    assert plan.throughput <= plan.upper_throughput * (1 + 1e-6)
    uniform = engineer_traffic(demand, layer.capacity_gbps(uniform_circuits(layer)), method="lp")
    assert plan.throughput >= uniform.throughput * (1 - 0.006)
    assert np.allclose(plan.traffic.flow_gbps.sum(axis=2), demand)


def test_a_symmetric_demand_goes_direct_in_proportion():
    """Blocks in a line of three: the middle one limits, and every trunk gets what its pair asks for."""
    demand = np.array([[0, 3, 1], [3, 0, 6], [1, 6, 0.0]])
    plan = engineer_topology(demand, BlockLayer.of(3, 90, 100.0), method="lp")
    assert plan.circuits.tolist() == [[0, 30, 30], [30, 0, 60], [30, 60, 0]]  # the first block has 30 to spare
    assert plan.upper_throughput == pytest.approx(9000 / 9)
    assert plan.throughput == pytest.approx(1000)
    assert plan.stretch == pytest.approx(1.0)


def test_traffic_around_a_ring_uses_the_idle_directions():
    """1 -> 2 -> 3 -> 1: a circuit has two directions, and transit over the idle ones gives half as much again."""
    demand = np.roll(np.eye(3), 1, axis=1)
    plan = engineer_topology(demand, BlockLayer.of(3, 4, 1.0), method="lp")
    assert plan.circuits.tolist() == [[0, 2, 2], [2, 0, 2], [2, 2, 0]]
    assert plan.throughput == pytest.approx(3.0)
    assert plan.upper_throughput == pytest.approx(3.0)


def test_mixed_generations_run_at_the_slower_speed():
    layer = BlockLayer.of(3, 8, [100.0, 400.0, 400.0])
    assert layer.circuit_gbps.tolist() == [[0, 100, 100], [100, 0, 400], [100, 400, 0]]
    demand = 1.0 - np.eye(3)
    plan = engineer_topology(demand, layer, method="lp")
    assert plan.upper_throughput == pytest.approx(400.0)  # the slow block's eight uplinks serve two peers
    assert plan.throughput == pytest.approx(400.0)
    assert plan.circuits[1, 2] == 4  # fast uplinks left over join the fast blocks


@pytest.mark.parametrize(("n", "uplinks"), [(5, 8), (5, 9), (64, 512), (64, 64), (3, 1), (2, 7)])
def test_a_uniform_mesh_is_even_and_leaves_nothing_over(n, uplinks):
    circuits = uniform_circuits(BlockLayer.of(n, uplinks, 100.0))
    trunks = circuits[~np.eye(n, dtype=bool)]
    assert trunks.max() - trunks.min() <= 1
    assert (n * uplinks - circuits.sum()) in (0, 1)  # an odd end cannot be joined to itself


def test_rounding_keeps_whole_targets():
    target = np.array([[0, 2, 1], [2, 0, 3], [1, 3, 0.0]])
    assert np.array_equal(round_circuits(target, np.array([3, 5, 4])), target)


def test_hedging_keeps_a_share_of_the_mesh():
    demand = np.zeros((5, 5))
    demand[0, 1] = demand[1, 0] = 1.0
    layer = BlockLayer.of(5, 40, 100.0)
    bold = engineer_topology(demand, layer, method="lp", hedge_fraction=0.1)
    hedged = engineer_topology(demand, layer, method="lp", hedge_fraction=0.5)
    other = np.roll(np.eye(5), 2, axis=1)
    after = [engineer_traffic(other, layer.capacity_gbps(plan.circuits), method="lp") for plan in (bold, hedged)]
    assert hedged.stretch >= bold.stretch
    assert after[1].throughput > after[0].throughput
    whole = engineer_topology(demand, layer, method="lp", hedge_fraction=1.0)
    assert np.array_equal(whole.circuits, uniform_circuits(layer))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"uplinks": [1, 2]}, "uplinks"),
        ({"uplinks": 0}, "whole numbers"),
        ({"uplinks": 1.5}, "whole numbers"),
        ({"uplink_gbps": -1.0}, "finite numbers above 0"),
        ({"n_blocks": 1}, "at least 2"),
    ],
)
def test_impossible_layers_are_refused(change, words):
    with pytest.raises(SolverError, match=words):
        BlockLayer.of(**({"n_blocks": 3, "uplinks": 4, "uplink_gbps": 100.0} | change))


def test_a_demand_for_other_blocks_is_refused():
    layer = BlockLayer.of(3, 4, 100.0)
    with pytest.raises(SolverError, match="3, as the layer has"):
        engineer_topology(np.zeros((4, 4)), layer)
    with pytest.raises(SolverError, match="0 to 1"):
        engineer_topology(np.zeros((3, 3)), layer, hedge_fraction=2)
    assert engineer_topology(np.zeros((3, 3)), layer).throughput == np.inf
