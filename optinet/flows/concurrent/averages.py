# SPDX-License-Identifier: Apache-2.0
r"""Bounds on concurrent flow where there are too many pairs to keep the paths of each.

The flow is a mean of routings over shortest paths, all pairs at once: each new one is made under lengths that follow
the utilization of the mean so far, exp(s u_a / max u) / c_a, and joins it with the weight that lowers the largest
utilization most (M. Frank, P. Wolfe, "An algorithm for quadratic programming", Naval Res. Logist. Quart. 3 (1956)).
Memory grows with arcs alone; the gap closes far slower than with paths.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from optinet.flows.concurrent.bounded_flow import BoundedFlow
from optinet.flows.concurrent.deadline import Deadline, OutOfTimeError
from optinet.flows.concurrent.problem import Floats, FlowProblem
from optinet.flows.concurrent.routes import SplitRoutes
from optinet.flows.concurrent.rows import DemandRows
from optinet.kernels.trees import split_load, tree_workspace

_FIRST_SHARPNESS = 10.0
_WEIGHTS = 2.0 ** -np.arange(1, 12)


def solve(problem: FlowProblem, gap: float, deadline: Deadline) -> BoundedFlow:
    """Return a flow and lengths whose bounds are within the gap, or the best found in the time.

    Raises
    ------
    SolverError
        If a demand has no path.
    """
    best = BoundedFlow.nothing_found(problem)
    with contextlib.suppress(OutOfTimeError):
        for better in _improved(problem, gap, deadline):
            best = better
    return best


def _improved(problem: FlowProblem, gap: float, deadline: Deadline) -> Iterator[BoundedFlow]:
    """Yield the best flow and lengths so far until they are within the gap."""
    capacity, limit = problem.capacity_gbps, problem.cut_limit.throughput
    length = 1.0 / capacity
    mean, distance = routed(problem, length, deadline)
    lengths, parts = [length], np.ones(1)
    best = BoundedFlow(0.0, mean, length, distance, reached=False)
    upper, sharpness = float(capacity @ length) / distance, _FIRST_SHARPNESS
    while True:
        highest = float((mean / capacity).max())
        if 1.0 / highest > best.throughput:
            routes = SplitRoutes(np.array(lengths), np.repeat(parts[:, None], problem.n_nodes, axis=1))
            best = replace(best, throughput=1.0 / highest, flow_gbps=mean / highest, routes=routes)
        best = replace(best, reached=min(upper, limit) <= best.throughput * (1.0 + gap))
        yield best
        if best.reached:
            return
        length = np.exp(sharpness * (mean / capacity / highest - 1.0)) / capacity
        load, distance = routed(problem, length, deadline)
        bound = float(capacity @ length) / distance
        if bound < upper:
            upper = bound
            best = replace(best, length=length, distance=distance)
        heights = [float((((1.0 - weight) * mean + weight * load) / capacity).max()) for weight in _WEIGHTS]
        # the softer maximum falls with a small step although the largest utilization does not
        weight = _WEIGHTS[int(np.argmin(heights))] if min(heights) < highest else _WEIGHTS[-1]
        sharpness *= 1.0 if min(heights) < highest else 1.5
        mean = (1.0 - weight) * mean + weight * load
        lengths, parts = [*lengths, length], np.append((1.0 - weight) * parts, weight)


def routed(problem: FlowProblem, length: Floats, deadline: Deadline) -> tuple[Floats, float]:
    """Return the load of all demand over shortest paths, split by capacity, and the demand times distance.

    Raises
    ------
    SolverError
        If a demand has no path.
    OutOfTimeError
        After the deadline.
    """
    rows, work = DemandRows(problem), tree_workspace(problem.n_nodes, problem.n_arcs)
    load, inflow, total = np.zeros(problem.n_arcs), np.empty(problem.n_nodes), 0.0
    sources = np.flatnonzero(rows.sends)
    for first, last in deadline.pieces(len(sources), 2 * problem.n_arcs):
        for source in sources[first:last]:
            row = rows.row(int(source))
            distance = split_load(
                source, row, problem.out_offsets, problem.head, length, problem.capacity_gbps, *problem.by_head,
                problem.tail, work, inflow, load,
            )  # fmt: skip
            if np.isinf(distance):
                problem.require_path(int(source), int(np.flatnonzero((row > 0) & np.isinf(work.distance))[0]))
            total += distance
    return load, total
