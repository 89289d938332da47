# SPDX-License-Identifier: Apache-2.0
"""Flow simulation: hand-computed times, a plain reference that recomputes everything, and degenerate input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optinet
import topologies
from optinet.errors import SolverError


def simulate(capacity, paths, size, *args, **options):
    offsets = np.cumsum([0, *map(len, paths)])
    return optinet.simulate_flows(capacity, offsets, [arc for path in paths for arc in path], size, *args, **options)


def test_a_flow_alone_and_then_shared():
    # alone for 1 s, then the second has the arc to itself
    assert simulate([1.0], [[0], [0]], [1, 1], [0, 1]).finish_s.tolist() == [1, 2]
    # both from 0: half each until both end
    assert simulate([1.0], [[0], [0]], [1, 1]).finish_s.tolist() == [2, 2]
    # half each until 2 s, when 2 of 3 Gbit are left of the second: 1 left, alone, ends at 4 s ... 1 + 3 Gbit in all
    assert simulate([1.0], [[0], [0]], [1, 3]).finish_s == pytest.approx([2, 4])


def test_an_arc_that_occurs_twice_on_a_path_is_taken_twice():
    # five shares of 3 until the first ends, four until the second does, then the last is held by the other arc
    run = simulate([3.0, 1.0], [[0], [0, 0], [0, 0, 1]], [1, 2, 3])
    assert run.finish_s == pytest.approx([5 / 3, 3, 4])


def test_dependencies_and_latency():
    run = simulate([1.0], [[0], [0]], [1, 1], after=[(0, 1)], latency_s=[0.5, 0.25])
    assert run.finish_s.tolist() == [1.5, 2.75]
    assert run.begin_s.tolist() == [0, 1.5]


def test_several_paths_drain_one_volume():
    assert simulate([1.0, 3.0], [[0], [1]], [2], subflow_of=[0, 0]).finish_s.tolist() == [0.5]
    # order of the rows does not matter; flow 1 shares arc 0 with one path of flow 0
    mixed = simulate([1.0, 1.0], [[0], [0], [1]], [3, 1], subflow_of=[0, 1, 0])
    assert mixed.finish_s == pytest.approx([2.0, 2.0])


def test_capacity_that_goes_and_comes_back():
    run = simulate([1.0], [[0]], [2], capacity_changes=([1, 3], [0, 0], [0, 1]))
    assert run.finish_s.tolist() == [4]
    assert simulate([1.0], [[0]], [2], capacity_changes=([1], [0], [0])).finish_s.tolist() == [np.inf]


def test_what_waits_for_a_flow_that_never_ends_never_begins():
    run = simulate([0.0, 1.0], [[0], [1]], [1, 1], after=[(0, 1)])
    assert run.finish_s.tolist() == [np.inf, np.inf]
    assert run.begin_s.tolist() == [0, np.inf]


def test_degenerate_flows():
    assert simulate([1.0], [], []).finish_s.tolist() == []
    assert simulate([], [[]], [1], [2.0]).finish_s.tolist() == [2.0]  # no arc on the way: nothing takes time
    assert simulate([1.0], [[0]], [0], latency_s=[3.0]).finish_s.tolist() == [3.0]
    assert simulate([1.0], [[0], [0]], [1, 1], limit_gbps=[0.25, np.inf]).finish_s == pytest.approx([4.0, 4 / 3])
    assert simulate([1.0], [[0], [0]], [1, 1], limit_gbps=[0.25, 0.25]).finish_s == pytest.approx([4.0, 4.0])


def test_progress_and_cancel():
    seen = []
    n = 2000
    run = simulate([1.0], [[0]] * n, np.arange(1, n + 1) / n, progress=seen.append)
    assert not run.cancelled
    assert seen
    assert seen == sorted(seen)
    stopped = simulate([1.0], [[0]] * n, np.arange(1, n + 1) / n, cancel=lambda: True)
    assert stopped.cancelled
    assert np.isnan(stopped.finish_s).any()
    ended = ~np.isnan(stopped.finish_s)
    assert np.array_equal(stopped.finish_s[ended], run.finish_s[ended])


def reference(capacity, paths, size, start, latency, after, subflow_of, weight, limit, changes):
    """Step from event to event, all rates anew each time by `max_min_rates`."""
    capacity, left = capacity.copy(), size.copy()
    n = len(size)
    finish, begin = np.full(n, np.inf), start.copy()
    waits = {f: {i for i, j in after if j == f} for f in range(n)}
    changes = sorted(zip(*changes, strict=True), key=lambda change: change[0])
    now, running = 0.0, set()
    queued = {f for f in range(n) if not waits[f]}
    while True:
        rows = [row for row, flow in enumerate(subflow_of) if flow in running]
        offsets = np.cumsum([0, *(len(paths[row]) for row in rows)])
        x = optinet.max_min_rates(capacity, offsets, [a for row in rows for a in paths[row]], weight[rows], limit[rows])
        rate = np.bincount(np.asarray(subflow_of)[rows].astype(int), weights=x, minlength=n) if rows else np.zeros(n)
        times = [now + left[f] / rate[f] for f in running if rate[f] > 0]
        times += [begin[f] + latency[f] for f in queued] + [t for t, _, _ in changes[:1]]
        if not times:
            return finish
        then = max(now, min(times))
        ended = [f for f in running if rate[f] > 0 and now + left[f] / rate[f] <= then * (1 + 1e-12)]
        for f in running:
            left[f] = max(0.0, left[f] - rate[f] * (then - now))
        now = then
        while changes and changes[0][0] <= now:
            capacity[changes[0][1]] = changes[0][2]
            changes.pop(0)
        while True:
            started = [f for f in queued if begin[f] + latency[f] <= now]
            ended += [f for f in started if left[f] == 0]
            running |= set(started)
            queued -= set(started)
            if not ended:
                break
            for f in ended:
                finish[f] = now
                running.discard(f)
                for g in range(n):
                    if f in waits[g]:
                        waits[g].discard(f)
                        if not waits[g]:
                            begin[g] = max(begin[g], now)
                            queued.add(g)
            ended = []


@settings(max_examples=150)
@given(st.integers(0, 2**32 - 1), st.integers(1, 7), st.integers(1, 30))
def test_it_agrees_with_recomputing_everything(seed, n_arcs, n_paths):
    rng = np.random.default_rng(seed)
    n_flows = int(rng.integers(1, n_paths + 1))
    subflow_of = np.concatenate((np.arange(n_flows), rng.integers(0, n_flows, n_paths - n_flows)))
    rng.shuffle(subflow_of)
    twice = rng.random() < 0.3  # arcs may occur on a path more than once
    paths = [
        rng.choice(n_arcs, int(rng.integers(1, min(n_arcs, 4) + 1)), replace=twice).tolist() for _ in range(n_paths)
    ]
    capacity = rng.choice([1.0, 2.0, 3.0], n_arcs)
    size, start, latency = (
        rng.integers(0, 5, n_flows) / 2,
        rng.integers(0, 4, n_flows) / 2,
        rng.integers(0, 3, n_flows) / 10,
    )
    after = [(int(i), int(j)) for i, j in rng.integers(0, n_flows, (n_flows // 3, 2)) if i < j]
    weight, limit = rng.choice([1.0, 2.0], n_paths), rng.choice([0.4, np.inf], n_paths)
    n_changes = int(rng.integers(0, 4))
    changes = (rng.random(n_changes) * 4, rng.integers(0, n_arcs, n_changes), rng.choice([0.0, 0.5, 4.0], n_changes))
    run = simulate(
        capacity,
        paths,
        size,
        start,
        after=after or None,
        latency_s=latency,
        subflow_of=subflow_of,
        weight=weight,
        limit_gbps=limit,
        capacity_changes=changes,
    )
    expected = reference(capacity, paths, size, start, latency, set(after), subflow_of, weight, limit, changes)
    assert run.finish_s == pytest.approx(expected, rel=1e-9)


def test_many_flows_on_a_torus_end_as_if_every_rate_were_computed_anew():
    fabric = topologies.build("torus", dims=(4, 4, 3), capacity_gbps=10.0)
    rng = np.random.default_rng(3)
    n = 600
    source = rng.integers(0, fabric.n_endpoints, n)
    target = (source + rng.integers(1, fabric.n_endpoints, n)) % fabric.n_endpoints
    offsets, arcs = optinet.flow_paths(fabric, source, target, routing="dor", seed=1)
    size, start, weight = rng.uniform(0.5, 1.5, n), rng.choice([0.0, 0.1, 0.2], n), rng.choice([1.0, 0.5], n)
    change = (rng.uniform(0, 1, 40), rng.integers(0, fabric.n_arcs, 40), rng.choice([0.0, 5.0, 10.0, 20.0], 40))
    back = (np.full(fabric.n_arcs, 2.0), np.arange(fabric.n_arcs), np.full(fabric.n_arcs, 10.0))
    changes = tuple(np.concatenate(both) for both in zip(change, back, strict=True))
    run = optinet.simulate_flows(
        fabric.arc_capacity_gbps, offsets, arcs, size, start, weight=weight, capacity_changes=changes
    )
    paths = [arcs[offsets[f] : offsets[f + 1]].tolist() for f in range(n)]
    none = np.full(n, np.inf)
    expected = reference(
        fabric.arc_capacity_gbps, paths, size, start, np.zeros(n), set(), np.arange(n), weight, none, changes
    )
    assert np.isfinite(expected).all()
    assert run.finish_s == pytest.approx(expected, rel=1e-9)
    assert run.n_rate_changes < 0.2 * n * run.n_events  # and only what an event touches was computed


def test_dependencies_in_a_long_chain_and_all_at_once():
    n = 20_000
    chain = np.column_stack((np.arange(n - 1), np.arange(1, n)))
    assert simulate([1.0], [[0]] * n, np.full(n, 1e-3), after=chain).makespan_s == pytest.approx(n * 1e-3)
    barrier = np.column_stack((np.arange(n - 1), np.full(n - 1, n - 1)))
    assert simulate([1.0], [[0]] * n, np.full(n, 1e-3), after=barrier).finish_s[-1] == pytest.approx(n * 1e-3)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"after": [(0, 1), (1, 0)]}, "cycle, among them 0, 1"),
        ({"after": [(0, 1), (1, 1)]}, "cycle, among them 1;"),
        ({"after": [(0, 5)]}, "after: an index out of range; allowed: whole numbers from 0 to 1"),
        ({"after": [(0, 1), (1,)]}, "after: rows of unequal length; allowed: 2 in each row"),
        ({"after": 1}, r"after: shape \(\), int64"),
        ({"subflow_of": 0}, r"subflow_of: shape \(\), int64"),
        ({"capacity_changes": ([1], [0])}, "capacity_changes: 2 entries"),
        ({"start_s": [0, np.nan]}, r"start_s\[1\]: nan"),
        ({"latency_s": [1]}, "1 entries; allowed: 2"),
        ({"subflow_of": [0, 2]}, "a flow has no path"),
        ({"capacity_changes": ([1, 2], [0], [1])}, "equally many"),
        ({"capacity_changes": ([1], [9], [1])}, "0 to 0"),
    ],
)
def test_wrong_input_is_named(options, words):
    with pytest.raises(SolverError, match=words):
        simulate([1.0], [[0], [0]], [1, 1], **options)
