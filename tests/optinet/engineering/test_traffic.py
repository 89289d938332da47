# SPDX-License-Identifier: Apache-2.0
"""Traffic engineering: closed forms, proofs that hold, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optinet.engineering.traffic import TrafficPlan, engineer_traffic, trunk_load
from optinet.errors import SolverError


def mesh(n, gbps=1.0):
    return gbps * (1 - np.eye(n))


def shift(n):
    return np.roll(np.eye(n), 1, axis=1)


@pytest.mark.parametrize("method", ["lp", "prices"])
@pytest.mark.parametrize("n", [3, 8, 16])
def test_uniform_goes_direct_and_a_permutation_gets_about_half(n, method):
    """n / (2 (n - 1)) of a block's capacity, the bound of rotor networks and of uniform meshes alike."""
    uniform = engineer_traffic(mesh(n), mesh(n), method=method)
    assert uniform.throughput == pytest.approx(1.0)
    assert uniform.stretch == pytest.approx(1.0)
    worst = engineer_traffic(shift(n), mesh(n, 1 / (n - 1)), method=method)
    assert worst.throughput == pytest.approx(n / (2 * (n - 1)), rel=1e-6)
    assert worst.gap < (1e-6 if method == "lp" else 0.03)
    assert worst.stretch == pytest.approx(2 - 2 / n)


def test_sixty_percent_in_one_hop_and_forty_in_two():
    """Published for Jupiter: 60 % of the traffic direct and 40 % over one transit block are 1.4 hops on average."""
    flow = np.zeros((3, 3, 3))
    flow[0, 1, 1], flow[0, 1, 2] = 6.0, 4.0
    plan = TrafficPlan(flow, mesh(3, 10.0), 1.0, mesh(3))
    assert plan.direct_fraction == 0.6
    assert plan.stretch == 1.4
    assert plan.load_gbps.tolist() == [[0, 6, 4], [0, 0, 0], [0, 4, 0]]
    assert plan.throughput == pytest.approx(10 / 6)


def test_only_named_blocks_are_passed():
    demand = np.zeros((4, 4))
    demand[0, 1] = 1.0
    free = engineer_traffic(demand, mesh(4))
    assert free.throughput == pytest.approx(3.0)
    assert engineer_traffic(demand, mesh(4), np.array([True, True, True, False])).throughput == pytest.approx(2.0)


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_every_demand_is_carried_within_its_proof(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 9))
    capacity = rng.integers(1, 9, (n, n)) * (1 - np.eye(n)) * 10.0 ** rng.integers(-2, 4)
    demand = rng.exponential(size=(n, n)) ** 2 * (rng.random((n, n)) < 0.7) * (1 - np.eye(n))
    plans = [engineer_traffic(demand, capacity, method=method) for method in ("lp", "prices")]
    for plan in plans:
        assert plan.flow_gbps.min() >= 0
        assert np.allclose(plan.flow_gbps.sum(axis=2), demand)
        if demand.any():
            node = np.arange(n)
            cost = plan.price[:, None, :] + plan.price.T[None]  # all pairs are joined; w = v is the trunk alone
            cost[node, :, node] = np.inf
            proven = (capacity * plan.price).sum() / (demand * cost.min(axis=2)).sum()
            assert plan.upper_throughput == pytest.approx(proven)
            assert plan.throughput <= plan.upper_throughput * (1 + 1e-9)
    if demand.any():
        exact, fast = plans
        assert exact.gap < 1e-6
        assert exact.throughput * (1 - 0.02) <= fast.throughput <= exact.throughput * (1 + 1e-6)
        assert np.allclose(trunk_load(exact.flow_gbps), exact.load_gbps)


def test_the_linear_program_finds_missing_paths_by_itself(monkeypatch):
    """Large programs begin with the paths of the fast split; what they lack is added until the proof is complete."""
    rng = np.random.default_rng(3)
    n = 12
    demand, capacity = rng.exponential(size=(n, n)) * (1 - np.eye(n)), rng.integers(1, 5, (n, n)) * (1.0 - np.eye(n))
    whole = engineer_traffic(demand, capacity, method="lp")
    monkeypatch.setattr("optinet.engineering.traffic.EXACT_PATHS", 0)
    grown = engineer_traffic(demand, capacity, method="lp")
    assert grown.throughput == pytest.approx(whole.throughput, rel=1e-6)
    assert grown.gap < 1e-5


def test_without_demand_nothing_flows():
    plan = engineer_traffic(np.zeros((3, 3)), mesh(3))
    assert (plan.throughput, plan.stretch, plan.gap) == (np.inf, 1.0, 0.0)


@pytest.mark.parametrize(
    ("demand", "capacity", "words"),
    [
        (mesh(3), mesh(4), "blocks by blocks"),
        (-mesh(3), mesh(3), "negative"),
        (mesh(3), np.full((3, 3), np.inf), "infinite"),
        (mesh(3), np.zeros((3, 3)), "from block 0 to block 1"),
    ],
)
def test_what_cannot_be_split_is_refused(demand, capacity, words):
    with pytest.raises(SolverError, match=words):
        engineer_traffic(demand, capacity)
