# SPDX-License-Identifier: Apache-2.0
r"""Exact concurrent flow by symmetry.

Let a group of automorphisms map graph, capacities and demand onto themselves. Averaging an optimal flow, or optimal
lengths, over the group keeps it optimal, so flow and lengths may be taken alike on all arcs of an orbit. The linear
program then has one row per orbit of arcs: with C_o the capacity of an orbit, find the convex combination of routings
whose loads L_o on the orbits are least against C_o,

.. math:: \frac{1}{\lambda^*} = \min_\mu \max_o \frac{\sum_k \mu_k L_{ko}}{C_o}

The routings are made as they are needed: shortest paths under the prices of the orbits, from one source of each orbit
of sources, times the orbit's size (G. B. Dantzig, P. Wolfe, "Decomposition principle for linear programs", Oper.
Res. 8 (1960)); the prices are smoothed (P. Wentges, Int. Trans. Oper. Res. 4 (1997)). For uniform traffic on a torus of
equal sides the first routing is the answer.

What is proven. Candidate automorphisms come from the structure (`automorphisms`), and each is checked on the whole
graph and demand arc by arc before it is used; orbits are what those generate. The combination of routings, spread
evenly over its orbits, is then a flow on the whole graph, and the prices are lengths on the whole graph, of which the
sources of an orbit see equal distances. An answer is returned only if the two bounds meet to 1e-9.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from optinet.flows.concurrent.automorphisms import candidates, rotations
from optinet.flows.concurrent.bounded_flow import BoundedFlow
from optinet.flows.concurrent.deadline import Deadline
from optinet.flows.concurrent.problem import Floats, FlowProblem, Ints
from optinet.flows.concurrent.routes import SplitRoutes
from optinet.flows.concurrent.rows import DemandRows
from optinet.kernels.trees import split_load, tree_workspace

_MEET = 1e-9
_STAY = 0.7
_MOST_ROUTINGS = 200
_MOST_ORBITS = 2_000
_MOST_SOURCES = 64


def solve(problem: FlowProblem, deadline: Deadline) -> BoundedFlow | str:
    """Return the flow and the lengths whose bounds meet, or why symmetry does not give them.

    Raises
    ------
    SolverError
        If a demand has no path.
    OutOfTimeError
        After the deadline.
    """
    rows = DemandRows(problem)
    maps = _automorphisms(problem, rows, deadline)
    if not maps:
        return "no symmetry known of this fabric and demand"
    node_orbit = _orbits(np.arange(problem.n_nodes), maps)
    arc_orbit = _orbits(np.arange(problem.n_arcs), [_arc_map(problem, node_map) for node_map in maps])
    n_orbits = int(arc_orbit.max(initial=-1)) + 1  # one switch alone has no arcs
    _, first = np.unique(node_orbit, return_index=True)
    senders = first[rows.sends[first]]
    if n_orbits > _MOST_ORBITS or len(senders) > _MOST_SOURCES:
        return f"{n_orbits} kinds of arcs and {len(senders)} of sources are too many"
    if not len(senders):
        return BoundedFlow.without_demand(problem)
    return _generate(_Router(problem, rows, senders, node_orbit, arc_orbit, deadline))


def _automorphisms(problem: FlowProblem, rows: DemandRows, deadline: Deadline) -> list[Ints]:
    """Return the candidates that are symmetries; of the many rotations only those that join further nodes."""
    maps: list[Ints] = []
    nodes = np.arange(problem.n_nodes)
    for node_map in candidates(problem):
        deadline.check()
        # a move of a whole cell is none where there is but one
        if np.any(node_map != nodes) and _preserves(problem, rows, node_map):
            maps.append(node_map)
    orbit = _orbits(nodes, maps) if maps else nodes
    for node_map in rotations(problem):
        deadline.check()
        if np.any(orbit[node_map] != orbit) and _preserves(problem, rows, node_map):
            maps.append(node_map)
            orbit = _orbits(np.arange(problem.n_nodes), maps)
    return maps


class _Router:
    """Routes the demand over shortest paths under lengths alike within orbits, and tells the loads of the orbits.

    `is_sender` tells for each of the senders, one of every orbit, which nodes are in its orbit.
    """

    def __init__(
        self,
        problem: FlowProblem,
        rows: DemandRows,
        senders: Ints,
        node_orbit: Ints,
        arc_orbit: Ints,
        deadline: Deadline,
    ) -> None:
        self.problem, self.rows, self.senders, self.arc_orbit = problem, rows, senders, arc_orbit
        self.deadline = deadline
        self.is_sender = (node_orbit[senders][:, None] == node_orbit).astype(np.float64)
        self.capacity = np.bincount(arc_orbit, weights=problem.capacity_gbps)
        self._work = tree_workspace(problem.n_nodes, problem.n_arcs)

    def route(self, orbit_length: Floats) -> tuple[Floats, float]:
        """Return the load of each sender on each orbit, and the demand times distance under these lengths."""
        p = self.problem
        length = orbit_length[self.arc_orbit]
        loads, total = np.zeros((len(self.senders), len(self.capacity))), 0.0
        for i, (source, count) in enumerate(zip(self.senders, self.is_sender.sum(axis=1), strict=True)):
            self.deadline.check()
            arc_load = np.zeros(p.n_arcs)
            distance = split_load(
                source, self.rows.row(int(source)), p.out_offsets, p.head, length, p.capacity_gbps, *p.by_head, p.tail,
                self._work, np.empty(p.n_nodes), arc_load,
            )  # fmt: skip
            if np.isinf(distance):
                lost = np.flatnonzero((self.rows.row(int(source)) > 0) & np.isinf(self._work.distance))[0]
                p.require_path(int(source), int(lost))
            loads[i] = count * np.bincount(self.arc_orbit, weights=arc_load, minlength=len(self.capacity))
            total += count * distance
        return loads, total


def _generate(router: _Router) -> BoundedFlow | str:
    problem, capacity = router.problem, router.capacity
    n_orbits = len(capacity)
    loads: list[Floats] = []
    prices: list[Floats] = []
    price = np.full(n_orbits, 1.0 / capacity.sum())
    lower, upper, best = 0.0, np.inf, (price, 1.0)
    for _ in range(_MOST_ROUTINGS):
        load, distance = router.route(price)
        bound = float(capacity @ price) / distance if distance > 0 else np.inf
        if bound < upper:
            upper, best = bound, (price, distance)
        loads.append(load)
        prices.append(price)
        answer = _master(np.array(loads) / capacity, router.deadline)
        if answer is None:
            break
        mixture, mixed, price = answer
        lower = 1.0 / float(mixed.max())
        if min(upper, problem.cut_limit.throughput) - lower <= _MEET * lower:
            flow = lower * mixed[router.arc_orbit] * problem.capacity_gbps
            taken = mixture.max(axis=1) > 0
            routes = SplitRoutes(
                np.array(prices)[taken][:, router.arc_orbit], mixture[taken] @ router.is_sender, symmetric=True
            )
            return BoundedFlow(lower, flow, best[0][router.arc_orbit], best[1], routes=routes)
        # prices of the few routings so far jump about: stay near the best known
        old = best[0] / float(capacity @ best[0])
        price = _STAY * old + (1.0 - _STAY) * price / capacity
    return f"{len(loads)} routings over {n_orbits} kinds of arcs leave {lower:.9g} to {upper:.9g}"


def _master(utilization: Floats, deadline: Deadline) -> tuple[Floats, Floats, Floats] | None:
    """Return the best mixture of each sender's routings, its utilization, and the prices; None if HiGHS fails.

    `utilization` has shape (n_routings, n_senders, n_orbits).
    """
    from scipy.optimize import linprog  # slow to load

    n_routings, n_senders, n_columns = utilization.shape
    n_rows = n_routings * n_senders
    utilization = utilization.reshape(n_rows, n_columns)
    scale = float(utilization.max())
    rows = np.hstack((utilization.T / scale, -np.ones((n_columns, 1))))
    each = np.hstack((np.tile(np.eye(n_senders), n_routings), np.zeros((n_senders, 1))))
    answer = linprog(
        np.append(np.zeros(n_rows), 1.0),
        A_ub=rows,
        b_ub=np.zeros(n_columns),
        A_eq=each,
        b_eq=np.ones(n_senders),
        method="highs-ds",
        options={
            "primal_feasibility_tolerance": 1e-10,
            "dual_feasibility_tolerance": 1e-10,
            "time_limit": deadline.left_s,
        },
    )
    deadline.check()
    if answer.x is None or answer.status != 0:
        return None
    mixture = np.maximum(answer.x[:-1], 0.0).reshape(n_routings, n_senders)
    mixture = mixture / mixture.sum(axis=0)
    price = np.maximum(-answer.ineqlin.marginals, 0.0)
    return mixture, mixture.ravel() @ utilization, price / price.sum()


def _arc_map(problem: FlowProblem, node_map: Ints) -> Ints:
    """Return the arc each arc goes to, -1 where there is none; arcs are sorted by tail, then head."""
    key = problem.tail * problem.n_nodes + problem.head
    image = node_map[problem.tail] * problem.n_nodes + node_map[problem.head]
    place = np.minimum(np.searchsorted(key, image), len(key) - 1)
    return np.where(key[place] == image, place, -1)


def _preserves(problem: FlowProblem, rows: DemandRows, node_map: Ints) -> bool:
    """Whether a permutation of the nodes maps the graph, its capacities and the demand onto themselves."""
    if not rows.preserved_by(node_map):
        return False
    arc = _arc_map(problem, node_map)
    return not np.any(arc < 0) and bool(np.all(problem.capacity_gbps[arc] == problem.capacity_gbps))


def _orbits(items: Ints, maps: list[Ints]) -> Ints:
    """Return the orbit of each item under the permutations."""
    graph = sparse.coo_array(
        (np.ones(len(items) * len(maps)), (np.tile(items, len(maps)), np.concatenate(maps))), shape=(len(items),) * 2
    )
    orbit: NDArray[np.int64] = connected_components(graph, directed=False)[1].astype(np.int64)
    return orbit
