# SPDX-License-Identifier: Apache-2.0
r"""Bounds on concurrent flow where there are too many pairs to keep the paths of each.

The flow is a mean of routings over shortest paths, all pairs at once: each new one is made under lengths that follow
the utilization of the mean so far, exp(s u_a / max u) / c_a, and joins it with the weight that lowers the largest
utilization most (M. Frank, P. Wolfe, "An algorithm for quadratic programming", Naval Res. Logist. Quart. 3 (1956)).
Memory grows with arcs alone; the gap closes far slower than with paths.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from optinet.flows.concurrent.problem import BoundedFlow, Floats, FlowProblem
from optinet.flows.concurrent.rows import DemandRows
from optinet.kernels.trees import split_load, tree_workspace

_FIRST_SHARPNESS = 10.0
_WEIGHTS = 2.0 ** -np.arange(1, 12)


def solve(problem: FlowProblem, gap: float, time_budget_s: float) -> BoundedFlow:
    """Return a flow and lengths whose bounds are within the gap, or the best found in the time; at least one routing.

    Raises
    ------
    SolverError
        If a demand has no path.
    """
    end = time.monotonic() + time_budget_s
    rows, capacity = DemandRows(problem), problem.capacity_gbps
    length = 1.0 / capacity
    mean, distance = _routed(problem, rows, length)
    best = BoundedFlow(0.0, mean, length, distance, reached=False)
    upper, sharpness = float(capacity @ length) / distance, _FIRST_SHARPNESS
    while True:
        highest = float((mean / capacity).max())
        if 1.0 / highest > best.throughput:
            best = replace(best, throughput=1.0 / highest, flow_gbps=mean / highest)
        reached = upper <= best.throughput * (1.0 + gap)
        if reached or time.monotonic() >= end:
            return replace(best, reached=reached)
        length = np.exp(sharpness * (mean / capacity / highest - 1.0)) / capacity
        load, distance = _routed(problem, rows, length)
        bound = float(capacity @ length) / distance
        if bound < upper:
            upper = bound
            best = replace(best, length=length, distance=distance)
        mixtures = [(1.0 - weight) * mean + weight * load for weight in _WEIGHTS]
        least = min(mixtures, key=lambda mixture: float((mixture / capacity).max()))
        if float((least / capacity).max()) < highest:
            mean = least
        else:
            # the softer maximum falls with a small step although the largest utilization does not
            mean = mixtures[-1]
            sharpness *= 1.5


def _routed(problem: FlowProblem, rows: DemandRows, length: Floats) -> tuple[Floats, float]:
    """Return the load of all demand over shortest paths, and the demand times distance."""
    work = tree_workspace(problem.n_nodes, problem.n_arcs)
    load, inflow, total = np.zeros(problem.n_arcs), np.empty(problem.n_nodes), 0.0
    for source in np.flatnonzero(rows.sends):
        row = rows.row(int(source))
        distance = split_load(
            source, row, problem.out_offsets, problem.head, length, problem.capacity_gbps, *problem.by_head,
            problem.tail, work, inflow, load,
        )  # fmt: skip
        if np.isinf(distance):
            problem.require_path(int(source), int(np.flatnonzero((row > 0) & np.isinf(work.distance))[0]))
        total += distance
    return load, total
