# SPDX-License-Identifier: Apache-2.0
"""Changing demands: hand-computed break-even points, and the same change as a simulation of flows."""

import numpy as np
import pytest

import optinet
from optinet.engineering import phases
from optinet.engineering.phases import Change, carried_fraction, change, follow, mispredicted
from optinet.engineering.topology import BlockLayer, uniform_circuits
from optinet.errors import SolverError


def test_break_even_by_hand():
    """Staying carries half, what stays in the dark a quarter, new ones all: 75 % lost at first, 50 % gained after."""
    one = Change(0.5, 0.25, 1.0, demand_gbps=100.0, circuits_moved=3, circuits=9)
    assert one.break_even_s(2.0) == pytest.approx(3.0)
    assert one.mean_fraction(3.0, 2.0) == pytest.approx(0.5)
    assert one.mean_fraction([1.0, 4.0, 1e9], 2.0) == pytest.approx([0.25, 0.625, 1.0], abs=1e-6)
    # in 3 s staying sends 150 Gbit; changing sends 50 Gbit in the dark and 100 Gbit in the second after
    assert one.break_even_gbit(2.0) == pytest.approx(150.0)


def test_when_changing_never_or_always_pays():
    assert Change(0.8, 0.5, 0.8, 1.0, 2, 4).break_even_s([1.0, 2.0]).tolist() == [np.inf, np.inf]
    assert Change(0.4, 0.5, 0.8, 1.0, 2, 4).break_even_s(1.0) == 0.0
    unmoved = Change(0.8, 0.8, 0.8, 1.0, 0, 4)
    assert unmoved.mean_fraction([1e-9, 1.0], 1.0).tolist() == [0.8, 0.8]


def ring(n, step=1):
    demand = np.roll(np.eye(n), step, axis=1)
    return demand + demand.T


def test_pairs_that_are_dark_wait():
    demand = np.array([[0, 1, 1], [0, 0, 0], [0, 0, 0.0]])
    capacity = np.array([[0, 0.5, 0], [0.5, 0, 0], [0, 0, 0]])
    assert carried_fraction(demand, capacity) == pytest.approx(0.25)  # half of the demand has a path, half of it fits
    assert carried_fraction(np.eye(3), capacity) == 1.0
    assert carried_fraction(demand, np.zeros((3, 3))) == 0.0


def test_circuits_follow_the_demand():
    layer = BlockLayer.of(6, 10, 1.0)
    demands = [5.0 * ring(6, step) for step in (1, 2, 1)]
    fresh = follow(demands, layer, uniform_circuits(layer))
    stale = follow(demands, layer, uniform_circuits(layer), lag=1)
    assert [one.new_fraction for one in fresh] == pytest.approx([1.0] * 3)
    assert all(one.stay_fraction < 1 and one.circuits_moved > 0 for one in fresh)
    assert stale[0].circuits_moved == 0
    assert stale[0].new_fraction == stale[0].stay_fraction
    # circuits for the other demand: what comes a phase late does harm
    assert stale[1].new_fraction < stale[1].stay_fraction
    assert stale[1].new_fraction < fresh[1].new_fraction
    with pytest.raises(SolverError, match="lag"):
        follow(demands, layer, uniform_circuits(layer), lag=-1)


def test_moves_are_counted_between_pairs():
    layer = BlockLayer.of(3, 4, 1.0)
    old = np.array([[0, 2, 2], [2, 0, 2], [2, 2, 0]])
    new = np.array([[0, 3, 1], [3, 0, 1], [1, 1, 0]])
    one = change(np.ones((3, 3)), layer, old, new)
    assert (one.circuits_moved, one.circuits, one.demand_gbps) == (1, 5, 6.0)


def test_a_wrong_forecast_is_right_on_average():
    demand = np.ones((200, 200))
    wrong = mispredicted(demand, 0.5, seed=1)
    assert wrong.mean() == pytest.approx(1.0, abs=0.01)
    assert wrong.std() == pytest.approx(0.5, abs=0.01)
    assert np.array_equal(mispredicted(demand, 0.0, seed=1), demand)


def test_a_change_as_a_flow_simulation():
    """Three blocks; 12 Gbit from 0 to 1 and 4 Gbit from 0 to 2, at 1 Gb/s a circuit, two circuits to each at first.

    At 1 s one circuit moves from 2 to 1 and is dark for 2 s. 0 to 1 sends 2 Gb/s until 3 s, then 3 Gb/s: 6 Gbit are
    left and take 2 s. 0 to 2 sends 2 Gbit in the first second, then 1 Gb/s: the other 2 Gbit end at 3 s.
    """
    layer = BlockLayer.of(3, 4, 1.0)
    old = np.array([[0, 2, 2], [2, 0, 2], [2, 2, 0]])
    new = np.array([[0, 3, 1], [3, 0, 1], [1, 1, 0]])
    changes = phases.capacity_changes(layer, old, new, start_s=1.0, dark_s=2.0)
    capacity = layer.capacity_gbps(old).ravel()
    result = optinet.simulate_flows(capacity, [0, 1, 2], [1, 2], [12.0, 4.0], capacity_changes=changes)
    assert result.finish_s == pytest.approx([5.0, 3.0])
    # trunks that neither lose nor gain are left alone
    assert set(changes[1].tolist()) == {1, 2, 3, 5, 6, 7}
