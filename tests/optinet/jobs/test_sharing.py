# SPDX-License-Identifier: Apache-2.0
"""Several jobs on one fabric: slowdowns by hand where they share one link, none where they share none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import topologies
from optinet.errors import DemandError
from optinet.flows.max_min import max_min_rates
from optinet.jobs.shares import placed_jobs, sharing_parameters
from optinet.jobs.sharing import fair_speeds, share_fabric
from optinet.jobs.solving import solve_job

SHAPE = {
    "layers": 12, "hidden": 64, "heads": 16, "kv_heads": 4, "head_width": 4, "ffn": 256, "vocabulary": 1000,
}  # fmt: skip
# two leaves of four hosts joined by one link of a host's speed
PAIR = topologies.build(
    "leaf_spine", leaves=2, spines=1, hosts_per_leaf=4, links_per_pair=1, host_gbps=100, uplink_gbps=100
)
COMPUTE_S = 1.0


def job(endpoints, **changes):
    parallelism = {"dp": 2, "endpoints": endpoints}
    return {"model": SHAPE, "sequence": 128, "global_batch": 2, "zero": 0, "parallelism": parallelism, **changes}


def bits_s(solved):
    return sum(x.count * x.transfer_s for phase in solved.phases for x in phase.exchanges)


def shared(fabric, *jobs, compute_s=COMPUTE_S):
    solved = [(str(i), solve_job(fabric, "training", each)) for i, each in enumerate(jobs)]
    return share_fabric(fabric, solved, lambda each: compute_s + bits_s(each))


def test_jobs_on_links_of_their_own_are_exactly_as_fast_as_alone():
    for each in shared(PAIR, job((0, 1)), job((4, 5))):
        assert (each.stretch, each.worst_stretch, each.held_by) == ((1.0,), (1.0,), "")
        assert each.together == each.alone == each.worst
    torus = topologies.build("torus", dims=(4, 4, 2), capacity_gbps=100)
    halves = [{"endpoints": 16, "first_endpoint": first, "axes": {"dp": [2, 4, 2]}, "dp": 16} for first in (0, 16)]
    for each in shared(torus, *(job(0, global_batch=16, parallelism=half) for half in halves)):
        assert set(each.stretch) == set(each.worst_stretch) == {1.0}


def test_two_jobs_alike_halve_the_one_link_they_share():
    # both rings of two cross between the leaves: together 200 Gb/s each way over 100
    one, other = job((0, 4)), job((1, 5))
    alone_s = bits_s(solve_job(PAIR, "training", one).job)
    for each in shared(PAIR, one, other, compute_s=3.0 * alone_s):
        assert each.worst_stretch == pytest.approx((2.0,))
        # a share p of the time it sends, at the mean speed 1 - p / 2: z = 1 / (1 - p / 2) with p = z / (3 + z)
        assert each.stretch == pytest.approx((10**0.5 - 2.0,))
        assert each.held_by == "leaf-spine"
    # never computing, each always meets the other
    assert shared(PAIR, one, other, compute_s=0.0)[0].stretch == pytest.approx((2.0,))


def test_three_jobs_of_different_needs_by_hand():
    # speeds of an arc that both cross fill alike; the third shares only with the second
    use = np.array([[[1.0, 0.0], [0.5, 0.25], [0.0, 1.0]]])
    speed, arc = fair_speeds(use)
    assert speed[0] == pytest.approx([2 / 3, 2 / 3, 5 / 6])
    assert arc[0].tolist() == [0, 0, 1]


@settings(max_examples=50)
@given(st.integers(2, 5), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_speeds_are_max_min_fair(n_jobs, n_arcs, seed):
    rng = np.random.default_rng(seed)
    # of flows that ask the same of every arc they cross, the general solver knows the answer
    crosses = rng.random((n_jobs, n_arcs)) < 0.6
    offsets = np.concatenate(([0], np.cumsum(crosses.sum(axis=1))))
    rates = max_min_rates(np.ones(n_arcs), offsets, np.nonzero(crosses)[1], None, np.ones(n_jobs))
    assert fair_speeds(crosses[None].astype(float))[0][0] == pytest.approx(rates)
    use = rng.random((1, n_jobs, n_arcs)) * crosses
    speed, arc = (each[0] for each in fair_speeds(use))
    load = speed @ use[0]
    assert load.max(initial=0.0) <= 1 + 1e-9
    for j in np.flatnonzero(speed < 1):  # a full arc on which nobody is faster
        assert load[arc[j]] == pytest.approx(1.0)
        assert speed[j] >= speed[use[0, :, arc[j]] > 0].max() - 1e-9


def test_draws_stand_for_all_meetings_where_there_are_too_many(monkeypatch):
    jobs = [job((i, 4 + i)) for i in range(4)]
    exact = shared(PAIR, *jobs, compute_s=1e-4)
    monkeypatch.setattr("optinet.jobs.sharing._MOST_MEETINGS", 1)
    drawn = shared(PAIR, *jobs, compute_s=1e-4)
    for each, other in zip(exact, drawn, strict=True):
        assert other.stretch == pytest.approx(each.stretch, rel=0.05)


def placed(placement, jobs, fabric=PAIR):
    whole = {name: {"name": "training", "model": SHAPE, "global_batch": 2, **each} for name, each in jobs.items()}
    found = placed_jobs(fabric, sharing_parameters({"placement": placement, "jobs": whole}))
    return {name: p.parallelism for name, (p, _) in found.items()}


def test_endpoints_are_dealt_as_the_placement_says():
    rest = placed("packed", {"a": {"endpoints": 6}, "b": {}})["b"]
    assert (rest.first_endpoint, rest.endpoints) == (6, 2)
    dealt = placed("strided", {"a": {"endpoints": 4}, "b": {"endpoints": 2}, "c": {"endpoints": (7, 1)}})
    assert [dealt[name].endpoints for name in "abc"] == [(0, 3, 4, 6), (2, 5), (7, 1)]
    random = placed("random", {"a": {}, "b": {}})
    assert sorted([*random["a"].endpoints, *random["b"].endpoints]) == list(range(8))
    pod = topologies.build("tpu_pod", slices=[{"chips": (2, 2, 2)}, {"chips": (2, 2, 4)}], cube_side=2)
    assert [p.slice for p in placed("packed", {"a": {}, "b": {"slice": 0}}, pod).values()] == [1, 0]


@pytest.mark.parametrize(
    ("jobs", "where", "says"),
    [
        ({"a": {"endpoints": 6}, "b": {"endpoints": 4}}, "workload.jobs", "8 in all, such as 4 each"),
        ({"a": {"endpoints": 8}, "b": {}}, "workload.jobs", "a 8 on 8 endpoints, and 1 without a number"),
        ({"a": {"endpoints": (0, 1)}, "b": {"endpoints": (1, 2)}}, "workload.jobs.b.endpoints", "free are 2-7"),
        ({"a": {"endpoints": (0, 8)}}, "workload.jobs.a.endpoints", "0 to 7"),
        ({"a": {"slice": 0}}, "workload.jobs.a.slice", "slices of a pod"),
        ({"a": {"parallelism": {"endpoints": 2}}}, "workload.jobs.a.parallelism.endpoints", "of the job itself"),
        ({"a": {"endpoint": 2}}, "workload.jobs.a.endpoint", "did you mean 'endpoints'"),
        ({"a": {"name": "traning"}}, "workload.jobs.a", "did you mean 'training'"),
    ],
)
def test_jobs_that_do_not_fit_are_told_with_what_would(jobs, where, says):
    with pytest.raises(DemandError) as caught:
        placed("packed", jobs)
    assert [each.where for each in caught.value.problems] == [where]
    assert says in str(caught.value)
