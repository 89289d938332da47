# SPDX-License-Identifier: Apache-2.0
r"""Concurrent flow to a proven gap, at sizes no linear program reaches.

Smooth the largest utilization u_a = load_a / c_a into a soft maximum of sharpness s. Its slope in the load of an arc,

.. math:: l_a \propto \exp(s\, u_a / \max u) / c_a,

is the arc's length, as in N. Garg, J. Koenemann, "Faster and simpler algorithms for multicommodity flow and other
fractional packing problems", SIAM J. Comput. 37 (2007). Where their method only ever adds flow, flow here moves: every
pair keeps the paths it uses, one step adds each pair's shortest path under the present lengths, then pair after pair
moves flow from longer paths to its shortest by a Newton step in the difference of their lengths, and lengths follow at
once (gradient projection for traffic assignment: R. Jayakrishnan et al., Transp. Res. Rec. 1443 (1994)). When the gap
no longer falls, the sharpness rises.

How good the answer is does not rest on any of this. The flow's largest utilization is a lower bound, the lengths an
upper one, and both are evaluated exactly; lengths of the search and their running mean are tried, and the best kept.
The first are alike for all arcs of one capacity, which alone proves the bound by distances.

Where there are so many pairs that their paths do not fit into memory, `averages` takes over.
"""

from __future__ import annotations

import time

import numpy as np

from optinet.flows.concurrent import averages
from optinet.flows.concurrent.problem import BoundedFlow, Floats, FlowProblem
from optinet.kernels.path_flows import Load, PathPool, add_shortest_paths, balance, compact, path_pool, set_lengths
from optinet.kernels.trees import tree_workspace
from optinet.routing.group_demand import n_group_pairs

_FIRST_SHARPNESS = 5.0
_SHARPER = 1.3
_PATIENCE = 4  # steps without progress before the sharpness rises
_MOST_ROUNDS = 20
MOST_PAIRS = 4_000_000  # about 1 GB of paths


def solve(problem: FlowProblem, gap: float, time_budget_s: float) -> BoundedFlow:
    """Return a flow and lengths whose bounds are within the gap, or the best found in the time.

    Raises
    ------
    SolverError
        If a demand has no path.
    """
    if n_group_pairs(problem.core, problem.demand) > MOST_PAIRS:
        return averages.solve(problem, gap, time_budget_s)
    end = time.monotonic() + time_budget_s
    search = _Search(problem)
    while search.gap > gap and time.monotonic() < end:
        search.step(gap)
    return BoundedFlow(search.lower, search.flow, search.length, search.distance, search.gap <= gap)


class _Search:
    """Paths, lengths and the bounds they prove."""

    def __init__(self, problem: FlowProblem) -> None:
        self._problem = problem
        self._capacity = problem.capacity_gbps
        self.length = 1.0 / self._capacity
        self.distance = problem.distance_sum(self.length)
        self._upper = problem.n_arcs / self.distance
        self.lower = 0.0
        self.flow = np.zeros(problem.n_arcs)
        gbps = problem.rows[3]
        self._work = tree_workspace(problem.n_nodes, problem.n_arcs)
        self._load = Load(self._capacity, np.zeros(problem.n_arcs), self.length.copy(), _nowhere(problem.n_arcs))
        self._pool = path_pool(len(gbps), 2 * len(gbps), 8 * len(gbps))
        self._mean_length = np.zeros(problem.n_arcs)
        self._sharpness, self._reference = _FIRST_SHARPNESS, 1.0 / self._upper
        self._least_gap, self._waited, self._steps = np.inf, 0, 0
        self._set_lengths()
        self._add_paths()
        self._balance()

    @property
    def gap(self) -> float:
        """How far the bounds are apart, where the hosts' own links do not bind first."""
        limit = self._problem.host_limit.throughput
        return max(0.0, min(self._upper, limit) / min(self.lower, limit) - 1.0) if self.lower > 0 else np.inf

    def step(self, gap: float) -> None:
        """Prove bounds with the present lengths, add paths, move flow and perhaps sharpen."""
        self._set_lengths()
        scale = 1.0 / float(self._capacity @ self._load.length)
        length = self._load.length * scale
        self._mean_length = 0.7 * self._mean_length + 0.3 * length
        distance = self._add_paths() * scale
        self._try_lengths(length, distance)
        self._steps += 1
        if self._steps % _PATIENCE == 0:
            self._try_lengths(self._mean_length, self._problem.distance_sum(self._mean_length))
        present = self._reference / distance - 1.0
        self._waited += 1
        if present < 0.95 * self._least_gap:
            self._least_gap, self._waited = present, 0
        self._balance()
        # at balance the soft maximum alone keeps the bounds about 1 / sharpness apart: then a sharper one is due
        if (present * self._sharpness < 2.0 or self._waited >= _PATIENCE) and self._sharpness < 6.0 / gap:
            self._sharpness *= _SHARPER
            self._least_gap, self._waited = np.inf, 0

    def _try_lengths(self, length: Floats, distance: float) -> None:
        upper = float(self._capacity @ length) / distance
        if upper < self._upper:
            self._upper, self.length, self.distance = upper, length, distance

    def _set_lengths(self) -> None:
        set_lengths(self._load, self._sharpness, self._reference)

    def _add_paths(self) -> float:
        """Add every pair's shortest path; return the demand times distance under the present lengths."""
        p = self._problem
        graph = (p.out_offsets, p.head, p.tail)
        row, total = 0, 0.0
        while True:
            row, part = add_shortest_paths(
                row, *p.rows, graph, self._load, self._pool, self._sharpness, self._reference, self._work
            )
            total += part
            if row == len(p.rows[0]):
                return total
            self._pool = _copied(self._pool, 2)

    def _balance(self) -> None:
        """Move flow, drop paths without any, and keep the flow if it is the best so far."""
        p = self._problem
        gbps = p.rows[3]
        # as much work as finding the paths takes, so that neither dominates
        rounds = int(np.clip(4 * len(p.rows[0]) * p.n_arcs // (2 * int(self._pool.used[1])), 2, _MOST_ROUNDS))
        balance(gbps, self._load, self._pool, self._sharpness, self._reference, rounds)
        room = path_pool(len(gbps), len(self._pool.flow), len(self._pool.arcs))
        compact(gbps, self._load, self._pool, room)
        self._pool = room
        self._reference = float((self._load.gbps / self._capacity).max())
        if 1.0 / self._reference > self.lower:
            self.lower = 1.0 / self._reference
            self.flow = self._load.gbps * self.lower


def _nowhere(n_arcs: int) -> np.ndarray:
    return np.full(n_arcs, -1, dtype=np.int64)


def _copied(pool: PathPool, factor: int) -> PathPool:
    """Return the same paths with more room for others."""
    larger = path_pool(len(pool.first), factor * len(pool.flow), factor * len(pool.arcs))
    for old, new in zip(pool, larger, strict=True):
        new[: len(old)] = old
    return larger
