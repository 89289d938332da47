# SPDX-License-Identifier: Apache-2.0
r"""Concurrent flow to a proven gap, at sizes no linear program reaches.

First all demand is routed over shortest paths, split by capacity at every node. Where that meets the bound by
distances or a plain cut, as on any Clos that is whole, it is the answer. Else a search follows.

Smooth the largest utilization u_a = load_a / c_a into a soft maximum of sharpness s. Its slope in the load of an arc,

.. math:: l_a \propto \exp(s\, u_a / \max u) / c_a,

is the arc's length, as in N. Garg, J. Koenemann, "Faster and simpler algorithms for multicommodity flow and other
fractional packing problems", SIAM J. Comput. 37 (2007). Where their method only ever adds flow, flow here moves: every
pair keeps the paths it uses, one step adds each pair's shortest path under the present lengths, then pair after pair
moves flow from longer paths to its shortest by a Newton step in the difference of their lengths, and lengths follow at
once (gradient projection for traffic assignment: R. Jayakrishnan et al., Transp. Res. Rec. 1443 (1994)). When the gap
no longer falls, the sharpness rises.

A search for shortest paths through the whole graph is by far the dearest part where every source has few targets. Then
most steps add the shortest of the pair's paths of fewest hops, which are few arcs and kept
(`optinet.kernels.hop_paths`), and only some search the graph: they find the detours, and prove bounds.

How good the answer is does not rest on any of this. The flow's largest utilization is a lower bound, the lengths an
upper one, and both are evaluated exactly; lengths of the search and their running mean are tried, and the best kept.

Where there are so many pairs that their paths do not fit into memory, `averages` takes over.
"""

from __future__ import annotations

import contextlib

import numpy as np

from optinet.flows.concurrent import averages
from optinet.flows.concurrent.bounded_flow import BoundedFlow
from optinet.flows.concurrent.deadline import Deadline, OutOfTimeError
from optinet.flows.concurrent.problem import Floats, FlowProblem
from optinet.flows.concurrent.routes import ListedRoutes, Routes, SplitRoutes
from optinet.kernels._ahead import ahead
from optinet.kernels.hop_paths import NO_HOP_PATHS, HopPaths, list_hop_paths
from optinet.kernels.path_flows import (
    Load,
    PathPool,
    add_paths,
    balance,
    compacted,
    path_pool,
    set_lengths,
)
from optinet.kernels.trees import tree_workspace
from optinet.routing.group_demand import n_group_pairs

_FIRST_SHARPNESS = 5.0
# while the graph is searched, and among paths of fewest hops; the fastest of several tried
_SHARPER, _SHARPER_BY_HOPS = 1.3, 1.5
_AT_BALANCE, _AT_BALANCE_BY_HOPS = 2.0, 6.0  # gap times sharpness
_CLOSE = 0.7  # of the gap asked for: among paths of fewest hops this is near enough to search for others
_PATIENCE = 4  # steps without progress before the sharpness rises
_MOST_ROUNDS = 20
_HOP_ROUNDS = 3
_MOST_HOP_STEPS = 60
MOST_PAIRS = 4_000_000  # about 1 GB of paths


def solve(problem: FlowProblem, gap: float, deadline: Deadline) -> BoundedFlow:
    """Return a flow and lengths whose bounds are within the gap, or the best found in the time.

    Raises
    ------
    SolverError
        If a demand has no path.
    """
    if n_group_pairs(problem.core, problem.demand) > MOST_PAIRS:
        return averages.solve(problem, gap, deadline)
    search = _Search(problem, deadline)
    with contextlib.suppress(OutOfTimeError), ahead("fptas"):
        search.run(gap)
    return BoundedFlow(search.lower, search.flow, search.length, search.distance, search.gap <= gap, search.routes)


class _Search:
    """Paths, lengths and the bounds they prove."""

    def __init__(self, problem: FlowProblem, deadline: Deadline) -> None:
        self._problem, self._deadline = problem, deadline
        self._capacity = problem.capacity_gbps
        self.length, self.distance, self._upper = np.zeros(problem.n_arcs), 0.0, np.inf
        self.lower, self.flow = 0.0, np.zeros(problem.n_arcs)
        self.routes: Routes | None = None

    def run(self, gap: float) -> None:
        """Improve the bounds until they are within the gap; `OutOfTimeError` if the time does not suffice."""
        self._split()
        if self.gap <= gap:
            return
        self._start()
        while self.gap > gap:
            self._step(gap)

    @property
    def gap(self) -> float:
        """How far the bounds are apart, where no plain cut binds first."""
        limit = self._problem.cut_limit.throughput
        return max(0.0, min(self._upper, limit) / min(self.lower, limit) - 1.0) if self.lower > 0 else np.inf

    def _split(self) -> None:
        length = 1.0 / self._capacity
        load, distance = averages.routed(self._problem, length, self._deadline)
        self._try_lengths(length, distance)
        self.lower = 1.0 / float((load / self._capacity).max())
        self.flow = load * self.lower
        self.routes = SplitRoutes(length[None], np.ones((1, self._problem.n_nodes)))

    def _start(self) -> None:
        n_arcs, gbps = self._problem.n_arcs, self._problem.rows[3]
        self._work = tree_workspace(self._problem.n_nodes, n_arcs)
        self._load = Load(self._capacity, np.zeros(n_arcs), self.length.copy(), np.full(n_arcs, -1, dtype=np.int64))
        self._pool = path_pool(len(gbps), 2 * len(gbps), 8 * len(gbps) + n_arcs)
        self._mean_length = np.zeros(n_arcs)
        self._sharpness, self._reference = _FIRST_SHARPNESS, 1.0 / self._upper
        self._least_gap, self._waited, self._searches = np.inf, 0, 0
        self._hop_steps = self._hop_steps_left = 0
        self._hop_apart = np.inf  # the gap as far as these paths alone tell
        self._hop_paths = self._list_hop_paths()
        set_lengths(self._load, self._softness)
        self._add_paths(by_hops=self._hop_paths is not None)
        self._balance()

    def _list_hop_paths(self) -> HopPaths | None:
        """Return the paths of fewest hops if following them costs far less than searching the graph."""
        p = self._problem
        sources, offsets, targets, _ = p.rows
        search = len(sources) * p.n_arcs
        seen = np.full(p.n_nodes, -1, dtype=np.int64)
        found = HopPaths(np.zeros(len(targets) + 1, dtype=np.int64), np.empty(2 * p.n_arcs, dtype=np.int64))
        graph, pair = (p.out_offsets, p.head, *p.by_head, p.tail), 0
        for first, last in self._deadline.pieces(len(sources), 2 * p.n_arcs):
            row = first
            while row < last:
                row, pair = list_hop_paths(row, pair, last, sources, offsets, targets, *graph, self._work, seen, *found)
                if row < last:
                    found = HopPaths(found.offsets, np.concatenate((found.arcs, np.empty_like(found.arcs))))
            if int(found.offsets[pair]) * 8 > search:
                return None
        size = int(found.offsets[-1])
        self._hop_steps = self._hop_steps_left = int(np.clip(search // max(1, size), 1, _MOST_HOP_STEPS))
        return HopPaths(found.offsets, found.arcs[:size])

    def _step(self, gap: float) -> None:
        """Add paths, prove bounds where the whole graph was searched, move flow, and perhaps sharpen."""
        by_hops = self._hop_steps_left > 0
        set_lengths(self._load, self._softness)
        scale = 1.0 / float(self._capacity @ self._load.length)
        length = self._load.length * scale
        distance = self._add_paths(by_hops=by_hops) * scale
        apart = self._reference / distance - 1.0
        if by_hops:
            self._hop_steps_left = self._hop_steps_left - 1 if apart > _CLOSE * gap else 0
            self._hop_apart = apart
        else:
            self._prove(length, distance)
            if self._hop_paths is not None and apart > 2.0 * self._hop_apart + gap:
                # detours matter: balance anew with all paths
                self._hop_paths, self._hop_steps = None, 0
                self._sharpness = _FIRST_SHARPNESS
            self._hop_steps_left = self._hop_steps
        self._waited += 1
        if apart < 0.95 * self._least_gap:
            self._least_gap, self._waited = apart, 0
        self._balance()
        # at balance the soft maximum alone keeps the bounds about 1 / sharpness apart: then a sharper one is due
        by_hops = self._hop_paths is not None
        at_balance = _AT_BALANCE_BY_HOPS if by_hops else _AT_BALANCE
        if (apart * self._sharpness < at_balance or self._waited >= _PATIENCE) and self._sharpness < 6.0 / gap:
            self._sharpness *= _SHARPER_BY_HOPS if by_hops else _SHARPER
            self._least_gap, self._waited = np.inf, 0

    def _prove(self, length: Floats, distance: float) -> None:
        self._mean_length = 0.7 * self._mean_length + 0.3 * length
        self._try_lengths(length, distance)
        self._searches += 1
        if self._searches % _PATIENCE == 0:
            self._try_lengths(self._mean_length, self._problem.distance_sum(self._mean_length, self._deadline))

    def _try_lengths(self, length: Floats, distance: float) -> None:
        upper = float(self._capacity @ length) / distance
        if upper < self._upper:
            self._upper, self.length, self.distance = upper, length, distance

    @property
    def _softness(self) -> tuple[float, float]:
        return self._sharpness, self._reference

    def _add_paths(self, *, by_hops: bool) -> float:
        """Add every pair's shortest path; return the demand times distance under the present lengths."""
        p, total = self._problem, 0.0
        known = self._hop_paths if by_hops and self._hop_paths else NO_HOP_PATHS
        graph = (p.out_offsets, p.head, p.tail)
        per_row = len(known.arcs) / len(p.rows[0]) if len(known.offsets) else p.n_arcs
        for first, last in self._deadline.pieces(len(p.rows[0]), per_row):
            row = first
            while row < last:
                row, part = add_paths(
                    row, last, *p.rows, known, graph, self._load, self._pool, self._softness, self._work
                )
                total += part
                if row < last:
                    self._pool = _copied(self._pool, 2)
        return total

    def _balance(self) -> None:
        """Move flow, drop paths without any, and keep the flow if it is the best so far."""
        p = self._problem
        gbps = p.rows[3]
        used = 2 * int(self._pool.used[1])
        # as much work as finding the paths takes, so that neither dominates
        search = _HOP_ROUNDS * used if self._hop_paths is not None else 4 * len(p.rows[0]) * p.n_arcs
        for _ in range(int(np.clip(search // used, 2, _MOST_ROUNDS))):
            for first, last in self._deadline.pieces(len(gbps), 2 * used / len(gbps)):
                balance(first, last, self._load, self._pool, self._softness)
        self._pool = compacted(gbps, self._load, self._pool)
        self._reference = float((self._load.gbps / self._capacity).max())
        if 1.0 / self._reference > self.lower:
            self.lower = 1.0 / self._reference
            self.flow = self._load.gbps * self.lower
            self.routes = ListedRoutes.of_pool(self._pool)


def _copied(pool: PathPool, factor: int) -> PathPool:
    """Return the same paths with more room for others."""
    larger = path_pool(len(pool.first), factor * len(pool.flow), factor * len(pool.arcs))
    for old, new in zip(pool, larger, strict=True):
        new[: len(old)] = old
    return larger
