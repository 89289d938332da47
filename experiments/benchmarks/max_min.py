# SPDX-License-Identifier: Apache-2.0
"""One-shot max-min rates beside progressive filling in numpy."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from experiments.benchmarks.measure import Effort, Work, measured
from experiments.benchmarks.peers import numpy_filling
from experiments.benchmarks.rows import Row, Target, peer_name, relative_difference

Paths = tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]


def rows(effort: Effort) -> Iterator[Row]:
    """Yield the rows, small ones first."""
    yield numpy_row(8, 20_000, effort)
    yield alone_row(32, 1_000_000, effort, Target(seconds=2))


def rates(k: int, n_flows: int) -> Work:
    """Return the work: rates of random flows on a fat tree, checks of the input inside."""
    import optinet

    paths = random_paths(k, n_flows)
    return lambda: optinet.max_min_rates(*paths)


def reference_rates(k: int, n_flows: int) -> Work:
    """Return the work: the same by progressive filling in numpy."""
    paths = random_paths(k, n_flows)
    return lambda: numpy_filling.max_min_rates(*paths)


def numpy_row(k: int, n_flows: int, effort: Effort) -> Row:
    """Return rates beside numpy's."""
    ours = measured(rates, (k, n_flows), effort, warm_up=(4, 10))
    theirs = measured(reference_rates, (k, n_flows), effort)
    return Row(
        _work(k, n_flows),
        peer_name("progressive filling, numpy", numpy_filling.version()),
        theirs.seconds,
        ours,
        Target(),
        relative_difference(ours.answer, theirs.answer),
        "rate of every flow",
    )


def alone_row(k: int, n_flows: int, effort: Effort, target: Target) -> Row:
    """Return rates that plain numpy would take very long for, checked by their certificate."""
    ours = measured(rates, (k, n_flows), effort, warm_up=(4, 10))
    excess = certificate(*random_paths(k, n_flows), ours.answer)
    return Row(_work(k, n_flows), "", None, ours, target, excess, "certificate of max-min fairness")


def random_paths(k: int, n_flows: int) -> Paths:
    """Return capacities, offsets and arcs of flows between random hosts of a fat tree, hashed over ECMP paths."""
    import optinet
    import topologies

    fabric = topologies.build("fat_tree", k=k, capacity_gbps=100.0)
    rng = np.random.default_rng(1)
    source = rng.integers(0, fabric.n_endpoints, n_flows)
    target = (source + rng.integers(1, fabric.n_endpoints, n_flows)) % fabric.n_endpoints
    return fabric.arc_capacity_gbps, *optinet.flow_paths(fabric, source, target, seed=1)


def certificate(
    capacity_gbps: NDArray[np.float64],
    offsets: NDArray[np.int64],
    arcs: NDArray[np.int64],
    rate: NDArray[np.float64],
) -> float:
    """Return by how much, relatively, rates miss the proof of being max-min fair; 0 if they are.

    They are if no arc is overfull and every flow crosses a full arc on which no flow gets more.
    """
    flow = np.repeat(np.arange(len(rate)), np.diff(offsets))
    load = np.bincount(arcs, weights=rate[flow], minlength=len(capacity_gbps))
    top = np.zeros(len(capacity_gbps))
    np.maximum.at(top, arcs, rate[flow])
    overfull = float(np.max(load / capacity_gbps)) - 1
    # how far each hop is from being the flow's bottleneck: room left on the arc, or a flow there that gets more
    miss = np.maximum(1 - load[arcs] / capacity_gbps[arcs], 1 - rate[flow] / top[arcs])
    best = np.full(len(rate), np.inf)
    np.minimum.at(best, flow, miss)
    return max(overfull, float(best.max(initial=0.0)), 0.0)


def _work(k: int, n_flows: int) -> str:
    return f"max_min_rates, {n_flows:,} random flows on fat_tree(k={k})"
