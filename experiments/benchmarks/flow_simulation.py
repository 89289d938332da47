# SPDX-License-Identifier: Apache-2.0
"""Flow simulation on tori beside SimGrid.

The flows are random: source i mod n, uniform random target, 0.5 to 1.5 x 1e8 B, all starting at 0, links of 100 Gb/s.
Both sides get source, target and size; routing is inside both times, building the network and handing over the flows
outside.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from experiments.benchmarks.measure import Effort, Measurement, Work, measured
from experiments.benchmarks.peers import simgrid_torus
from experiments.benchmarks.rows import Row, Target, peer_name, relative_difference

CAPACITY_GBPS = 100.0
LATENCY_S = 100e-9

Flows = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]


def rows(effort: Effort) -> Iterator[Row]:
    """Yield the rows, small ones first."""
    yield simgrid_row((4, 4, 4), 8, effort, LATENCY_S)
    yield simgrid_row((8, 8, 8), 8, effort, LATENCY_S, Target(ratio=100))
    yield simgrid_row((8, 8, 8), 8, effort, 0.0, Target(ratio=100))
    if not effort.quick:
        yield simgrid_row((8, 8, 8), 16, effort, LATENCY_S, Target(ratio=200))
        yield alone_row((16, 16, 16), 16, effort, Target(seconds=180, peak_mb=2000))


def simulation(dims: tuple[int, ...], flows_per_chip: int, latency_s: float) -> Work:
    """Return the work: route and simulate the random flows; when each ends.

    Parameters
    ----------
    dims, flows_per_chip
        The torus and how many flows each of its chips sends.
    latency_s
        Of every link. With latencies flows are weighted by 1 / latency of their path, as SimGrid does.
    """
    import optinet
    import topologies

    fabric = topologies.build("torus", dims=dims, capacity_gbps=CAPACITY_GBPS)
    source, target, size_gbit = random_flows(dims, flows_per_chip)

    def work() -> NDArray[np.float64]:
        offsets, arcs = simgrid_paths(dims, source, target)
        latency = np.diff(offsets) * latency_s
        weight = 1 / np.diff(offsets) if latency_s > 0 else None
        return optinet.simulate_flows(
            fabric.arc_capacity_gbps, offsets, arcs, size_gbit, latency_s=latency, weight=weight
        ).finish_s

    return work


def simgrid_row(
    dims: tuple[int, ...], flows_per_chip: int, effort: Effort, latency_s: float, target: Target | None = None
) -> Row:
    """Return the simulation beside SimGrid's, which runs with lazy and with full updates; the faster one counts.

    Finish times are compared with full updates, which are exact; see `simgrid_torus`.
    """
    ours = _ours(dims, flows_per_chip, latency_s, effort)
    version = simgrid_torus.version()
    theirs = []
    if version:
        flows = random_flows(dims, flows_per_chip)
        theirs = [
            simgrid_torus.simulate(dims, CAPACITY_GBPS, latency_s, *flows, full_updates=full) for full in (True, False)
        ]
    return Row(
        _work(dims, flows_per_chip, latency_s),
        peer_name(simgrid_torus.NAME, version),
        min(run.seconds for run in theirs) if theirs else None,
        ours,
        target or Target(),
        relative_difference(ours.answer, theirs[0].finish_s) if theirs else None,
        "finish time of every flow",
    )


def alone_row(dims: tuple[int, ...], flows_per_chip: int, effort: Effort, target: Target) -> Row:
    """Return a simulation too large for SimGrid."""
    return Row(_work(dims, flows_per_chip, 0.0), "", None, _ours(dims, flows_per_chip, 0.0, effort), target)


def random_flows(dims: tuple[int, ...], flows_per_chip: int) -> Flows:
    """Return source, target (shape (n_flows,)) and size_gbit of the random flows; the same every time."""
    n = int(np.prod(dims))
    rng = random.Random(1)
    target, size_bytes = [], []
    for i in range(n * flows_per_chip):
        other = i % n
        while other == i % n:
            other = rng.randrange(n)
        target.append(other)
        size_bytes.append(int(rng.uniform(0.5, 1.5) * 1e8))
    return np.arange(n * flows_per_chip) % n, np.array(target), np.array(size_bytes) * 8e-9


def simgrid_paths(
    dims: tuple[int, ...], source: NDArray[np.int64], target: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the dimension-order paths that SimGrid takes; like optinet's "dor" but for its own rule at ties.

    Parameters
    ----------
    dims
        Sides of the torus, each >= 3.
    source, target
        shape (n_flows,).
    """
    n, here = int(np.prod(dims)), list(np.unravel_index(source, dims))
    flow, arc = [], []
    for axis, (k, goal) in enumerate(zip(dims, np.unravel_index(target, dims), strict=True)):
        start = here[axis]
        ahead = (goal - start) % k
        forward = (2 * ahead < k) | ((2 * ahead == k) & ((goal > start) | (2 * start > k)))
        steps = np.where(forward, ahead, (start - goal) % k)
        each = np.repeat(np.arange(len(source)), steps)
        step = np.arange(len(each)) - np.repeat(np.cumsum(steps) - steps, steps)
        # a link belongs to the node whose positive neighbor it leads to: going back, that is the next node
        along = (start[each] + np.where(forward[each], step, -step - 1)) % k
        position = [along if other == axis else where[each] for other, where in enumerate(here)]
        arc.append(2 * (axis * n + np.ravel_multi_index(position, dims)) + ~forward[each])
        flow.append(each)
        here[axis] = goal
    flows, arcs = np.concatenate(flow), np.concatenate(arc)
    offsets = np.concatenate(([0], np.cumsum(np.bincount(flows, minlength=len(source)))))
    return offsets, arcs[np.argsort(flows, kind="stable")]


def _ours(dims: tuple[int, ...], flows_per_chip: int, latency_s: float, effort: Effort) -> Measurement:
    return measured(simulation, (dims, flows_per_chip, latency_s), effort, warm_up=((3, 3), 2, latency_s))


def _work(dims: tuple[int, ...], flows_per_chip: int, latency_s: float) -> str:
    shape = " x ".join(map(str, dims))
    return (
        f"simulate_flows, {shape} torus, {int(np.prod(dims)) * flows_per_chip:,} flows, {latency_s * 1e9:g} ns per link"
    )
