# SPDX-License-Identifier: Apache-2.0
"""Queueing against closed forms, a simulated queue and a fabric small enough for pencil and paper."""

import math

import numpy as np
import pytest

import optinet
import topologies
from optinet.models.latency import LatencyDistribution
from optinet.models.queueing import erlang_b, loaded_latency, md1_wait_ns, mg1_wait_ns, mm1_wait_ns
from tests.support.parts import PARTS, design


def test_published_waits():
    assert md1_wait_ns([0.5, 0.9], 120.0) == pytest.approx([60, 540], rel=1e-12)
    assert mg1_wait_ns(0.8, 400.0, 4096) == pytest.approx(163.84, rel=1e-12)
    # 5.12 and 120 ns: E[S] = 62.56, E[S^2] = 7213.1072
    assert mg1_wait_ns(0.6, 100.0, [64, 1500], [0.5, 0.5]) == pytest.approx(0.6 / 0.8 * 7213.1072 / 62.56, rel=1e-12)
    assert mg1_wait_ns(0.6, 100.0, [64, 1500], [0.5, 0.5]) == pytest.approx(86.474, abs=5e-4)
    # an M/M/1 packet stays S / (1 - rho) in all
    assert mm1_wait_ns(0.5, 120.0) + 120 == pytest.approx(240, rel=1e-12)
    assert erlang_b(15, 10) == pytest.approx(0.0364969, abs=5e-8)


def test_erlang_b_is_the_ratio_of_its_series():
    terms = [10.0**n / math.factorial(n) for n in range(16)]
    assert erlang_b(15, 10) == pytest.approx(terms[-1] / sum(terms), rel=1e-12)
    assert erlang_b(0, 3) == 1
    assert erlang_b(3, 0) == 0


@pytest.mark.parametrize("utilization", [1.0, 1.5])
def test_no_steady_state_waits_for_ever(utilization):
    assert md1_wait_ns(utilization, 120.0) == np.inf
    assert mg1_wait_ns(utilization, 100.0, 1500) == np.inf


def test_an_arc_without_capacity_has_no_wait():
    assert list(mg1_wait_ns([0.0, 0.5], [0.0, 100.0], 1500)) == [0, 60]


def test_a_simulated_queue_waits_as_long():
    rng = np.random.default_rng(5)
    rho, n = 0.6, 200_000
    service = np.where(rng.random(n) < 0.5, 5.12, 120.0)
    gap = rng.exponential(62.56 / rho, n)
    # Lindley's recursion as a running minimum
    walk = np.concatenate(([0.0], np.cumsum(service[:-1] - gap[1:])))
    wait = walk - np.minimum.accumulate(walk)
    batches = wait.reshape(100, -1).mean(axis=1)
    error = batches.std(ddof=1) / 10
    assert abs(wait.mean() - mg1_wait_ns(rho, 100.0, [64, 1500], [0.5, 0.5])) < 3 * error


@pytest.mark.parametrize(
    ("size", "share", "where"),
    [
        (0, 1.0, ["packet_bytes"]),
        ([], 1.0, ["packet_bytes", "packet_fraction"]),
        ([64, 1500], [0.5, 0.6], ["packet_fraction"]),
        ([64, -1], [0.5], ["packet_bytes", "packet_fraction"]),
        (np.nan, np.nan, ["packet_bytes", "packet_fraction"]),
    ],
)
def test_a_mix_that_makes_no_sense(size, share, where):
    with pytest.raises(optinet.OptinetError) as error:
        mg1_wait_ns(0.5, 100.0, size, share)
    assert [problem.where for problem in error.value.problems] == where


def leaf_spine(gbps):
    """Two leaves of two hosts under one spine, links of 100 Gb/s; host 0 sends to 1 and to 2."""
    fabric = topologies.build(
        "leaf_spine", leaves=2, spines=1, hosts_per_leaf=2, links_per_pair=1, host_gbps=100.0, uplink_gbps=100.0
    )
    matrix = np.zeros((4, 4))
    matrix[0, 1:3] = gbps
    solution = optinet.solve(fabric, optinet.Demand.from_matrix(fabric, matrix))
    n = len(solution.paths.weight)
    return solution, LatencyDistribution(np.full(n, 1000.0), solution.paths.weight, {"switch": 1000.0}, True)


def test_waits_add_up_along_the_paths():
    solution, times = leaf_spine(25.0)
    loaded = loaded_latency(solution, times, 1500)
    # the host's link is half full, 60 ns; all others are a quarter full, 120 * 0.25 / 1.5 = 20 ns
    assert sorted(loaded.times.latency_ns) == pytest.approx([1080, 1120], rel=1e-12)
    assert loaded.times.mean_ns == pytest.approx(1100, rel=1e-12)
    assert loaded.times.components_ns == pytest.approx({"switch": 1000, "queueing": 100}, rel=1e-12)
    assert loaded.times.includes_nic
    assert loaded.n_congested == 0
    # what every packet waits, counted arc by arc
    by_arc = solution.loads.arc_load_gbps @ loaded.wait_ns / solution.demand.total_gbps
    assert loaded.times.components_ns["queueing"] == pytest.approx(by_arc, rel=1e-12)


def test_load_is_scaled():
    solution, times = leaf_spine(25.0)
    half = loaded_latency(solution, times, 1500, load_scale=0.5)
    assert half.utilization.max() == pytest.approx(0.25)
    assert half.times.mean_ns < loaded_latency(solution, times, 1500).times.mean_ns
    assert list(loaded_latency(solution, times, 1500, load_scale=0.0).times.latency_ns) == [1000, 1000]
    for scale in (-1.0, np.nan, np.inf):
        with pytest.raises(optinet.OptinetError, match="load_scale"):
            loaded_latency(solution, times, load_scale=scale)


def test_congestion_is_told():
    solution, times = leaf_spine(48.0)  # the host's link at 0.96
    assert loaded_latency(solution, times).n_congested == 1
    solution, times = leaf_spine(50.0)
    full = loaded_latency(solution, times)
    assert full.n_congested == 1
    assert full.times.mean_ns == np.inf


def test_draws_and_empty_demands():
    solution, times = leaf_spine(25.0)
    drawn = LatencyDistribution(times.latency_ns * np.array([[1.0], [2.0]]), times.weight, {}, True)
    assert loaded_latency(solution, drawn, 1500).times.mean_ns == pytest.approx([1100, 2100])
    solution, times = leaf_spine(0.0)
    assert np.isnan(loaded_latency(solution, times).times.mean_ns)


def test_an_assessment_tells_latency_under_load():
    solution, _ = leaf_spine(25.0)
    found = optinet.assess(solution, design(switch="box", optics="dr8", host_link="aec"), PARTS)
    # scaled so that the host's link is at 0.8 and the others at 0.4; 4096 B take 327.68 ns
    busy, other = 327.68 * 0.8 / (2 * 0.2), 327.68 * 0.4 / (2 * 0.6)
    near, far = busy + other, busy + 3 * other
    waits = found.metric("loaded_latency_mean_ns").value - found.metric("latency_mean_ns").value
    assert waits == pytest.approx((near + far) / 2, rel=1e-9)
    waits = found.metric("loaded_latency_p99_ns").value - found.metric("latency_p99_ns").value
    assert waits == pytest.approx(far, rel=1e-9)
