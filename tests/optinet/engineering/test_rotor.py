# SPDX-License-Identifier: Apache-2.0
"""Rotor schedules: tournaments, long-run throughput against closed forms, and a published shuffle."""

import numpy as np
import pytest

from optinet.engineering.rotor import RotorSchedule, round_robin
from optinet.errors import SolverError


@pytest.mark.parametrize("n", [2, 3, 4, 7, 8, 33, 108])
def test_every_pair_meets_once(n):
    matchings = round_robin(n)
    node = np.arange(n)
    assert len(matchings) == n - 1 + n % 2
    met = np.zeros((n, n), dtype=int)
    for partner in matchings:
        assert np.array_equal(partner[partner], node)
        assert np.count_nonzero(partner == node) == n % 2
        met[node, partner] += 1
    np.fill_diagonal(met, 1)
    assert np.all(met == 1)


@pytest.mark.parametrize("n", [4, 8, 16])
def test_long_run_throughput(n):
    """Uniform 1, a permutation n / (2 (n - 1)) over intermediates and 1 / (n - 1) directly, guard times taken off."""
    schedule = RotorSchedule.of(n, 1, slot_s=1e-3, guard_s=1e-4)
    assert schedule.duty_fraction == pytest.approx(0.9)
    assert schedule.cycle_s == pytest.approx((n - 1) * 1e-3)
    uniform = (1 - np.eye(n)) / (n - 1)
    permutation = np.roll(np.eye(n), 1, axis=1)
    for routing in ("direct", "best"):
        assert schedule.throughput(uniform, 1.0, routing) == pytest.approx(0.9)
    assert schedule.throughput(permutation, 1.0, "direct") == pytest.approx(0.9 / (n - 1))
    for routing in ("valiant", "best"):
        assert schedule.throughput(permutation, 1.0, routing) == pytest.approx(0.9 * n / (2 * (n - 1)), rel=1e-6)


def test_several_rotors_share_the_matchings():
    schedule = RotorSchedule.of(8, 3, slot_s=1.0, guard_s=0.25)
    assert schedule.matchings.shape == (3, 3, 8)
    capacity = schedule.mean_capacity_gbps(10.0)
    assert np.allclose(capacity[~np.eye(8, dtype=bool)], 10 * 0.75 / 3)


def test_finish_times_by_hand():
    """Two nodes, one rotor: 1 s slots, dark for 0.2 s; 2 Gbit at 1 Gb/s end in the third slot after 0.4 s of light."""
    schedule = RotorSchedule.of(2, 1, slot_s=1.0, guard_s=0.2)
    finish = schedule.finish_s(np.array([[0.0, 2.0], [0.5, 0.0]]), 1.0)
    assert finish == pytest.approx(np.array([[0, 2.6], [0.7, 0]]))


def test_staggered_rotors_begin_within_their_slot():
    """The second of two rotors changed half a slot before the start and gives its pairs 0.5 s at once."""
    schedule = RotorSchedule.of(4, 2, slot_s=1.0, guard_s=0.2, stagger=True)
    a, b = schedule.matchings[:, 0, 0]
    size = np.zeros((4, 4))
    size[0, [a, b]] = 0.4
    finish = schedule.finish_s(size, 1.0)[0]
    assert finish[a] == pytest.approx(0.6)
    assert finish[b] == pytest.approx(0.4)


def test_opera_shuffle():
    """NSDI 2020, figure 8: 100 kB from every host to every host of the other racks, 108 racks of 6, 6 rotors, 10G.

    The published packet simulation ends at 60.5 ms (99 %: 60.4 ms) with five paths and 64.6 ms with one. Slices of
    99 us, so that a cycle of 108 takes the 10.7 ms of the paper, and 10 us of guard time are assumed; headers,
    retransmissions and pulls are not modeled.
    """
    racks, hosts, host_gbps = 108, 6, 10.0
    flows = racks * hosts * (racks - 1) * hosts
    assert flows == 416_016
    floor_s = (racks - 1) * hosts * 100e3 * 8e-9 / host_gbps
    assert floor_s == pytest.approx(51.36e-3)
    schedule = RotorSchedule.of(racks, 6, slot_s=6 * 99e-6, guard_s=10e-6, stagger=True)
    assert schedule.cycle_s == pytest.approx(10.7e-3, rel=0.005)
    finish = schedule.finish_s(np.full((racks, racks), hosts**2 * 100e3 * 8e-9), host_gbps)
    last_s = finish.max()
    assert floor_s < last_s < 66e-3
    assert last_s == pytest.approx(53.4e-3, abs=0.2e-3)
    plateau = schedule.throughput((1 - np.eye(racks)) / (racks - 1) * hosts * host_gbps, host_gbps)
    assert 0.93 <= plateau <= 1.0


@pytest.mark.parametrize(
    ("change", "words"),
    [({"n_nodes": 1}, "at least 2"), ({"n_rotors": 0}, "at least 1"), ({"guard_s": 1.0}, "less than a slot")],
)
def test_impossible_schedules_are_refused(change, words):
    with pytest.raises(SolverError, match=words):
        RotorSchedule.of(**({"n_nodes": 4, "n_rotors": 1, "slot_s": 1.0, "guard_s": 0.1} | change))
