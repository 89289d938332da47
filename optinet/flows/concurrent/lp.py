# SPDX-License-Identifier: Apache-2.0
"""Concurrent flow by linear programming (HiGHS through scipy), with one commodity per source.

Variables: the flow of each source on each arc, and the scale factor. Constraints: capacity of every arc, and balance of
every source at every other node. The prices of the capacities are the dual lengths. Both bounds are computed anew
from the solver's flow and prices, so that its tolerances cannot make them wrong.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from optinet.errors import Problem, SolverError
from optinet.flows.concurrent import averages
from optinet.flows.concurrent.bounded_flow import BoundedFlow
from optinet.flows.concurrent.deadline import Deadline
from optinet.flows.concurrent.problem import FlowProblem
from optinet.flows.concurrent.routes import ListedRoutes, SplitRoutes

_SMALL = 4_000
_OUT_OF_TIME = 1  # or out of iterations, which have no limit here


def size(problem: FlowProblem) -> int:
    """Return the number of variables, which tells how long the solver takes."""
    return len(problem.rows[0]) * problem.n_arcs + 1


def is_small(problem: FlowProblem) -> bool:
    """Whether HiGHS answers in well under a second; told without listing the pairs of a large demand."""
    return problem.n_arcs <= _SMALL and size(problem) <= _SMALL


def solve(problem: FlowProblem, deadline: Deadline) -> BoundedFlow:
    """Return the optimal flow and the dual lengths, or those of shortest paths if the time does not suffice.

    Raises
    ------
    SolverError
        If a demand has no path, or HiGHS does not find the optimum.
    OutOfTimeError
        If the time does not suffice even for them.
    """
    from scipy.optimize import linprog  # slow to load

    equal = 1.0 / problem.capacity_gbps
    load, distance = averages.routed(problem, equal, deadline)  # names a pair without a path, too
    fits = 1.0 / float((load * equal).max())
    split = SplitRoutes(equal[None], np.ones((1, problem.n_nodes)))
    in_time = BoundedFlow(fits, load * fits, equal, distance, reached=False, routes=split)
    n_arcs, n_nodes = problem.n_arcs, problem.n_nodes
    sources = problem.rows[0]
    # numbers near 1 suit the solver's tolerances
    per_capacity = 1.0 / float(problem.capacity_gbps.mean())
    per_demand = 1.0 / float(problem.matrix.sum(axis=1).max())
    row, column, value = _balance(problem)
    balance = sparse.csr_array((value, (row, column)), shape=(len(sources) * n_nodes, len(sources) * n_arcs))
    demand = -per_demand * problem.matrix[sources].toarray().reshape(-1, 1)
    keep = np.ones(len(sources) * n_nodes, dtype=bool)
    keep[np.arange(len(sources)) * n_nodes + sources] = False  # what a source sends follows from the rest
    balance = sparse.hstack((balance, sparse.csr_array(demand)), format="csr")[keep]
    share = sparse.hstack([sparse.identity(n_arcs)] * len(sources) + [sparse.csr_array((n_arcs, 1))], format="csr")
    objective = np.zeros(balance.shape[1])
    objective[-1] = -1.0
    answer = linprog(
        objective,
        A_ub=share,
        b_ub=problem.capacity_gbps * per_capacity,
        A_eq=balance,
        b_eq=np.zeros(balance.shape[0]),
        method="highs",
        options={"time_limit": deadline.left_s},
    )
    if answer.status == _OUT_OF_TIME:
        return in_time
    if answer.x is None or answer.status != 0:
        raise SolverError(Problem("concurrent_flow", f"HiGHS found no optimum: {answer.message}", 'method "fptas"'))
    by_source = np.maximum(answer.x[:-1].reshape(len(sources), n_arcs), 0.0) / per_capacity
    flow = by_source.sum(axis=0)
    fits = float(answer.x[-1]) * per_demand / per_capacity
    overload = max(1.0, float((flow / problem.capacity_gbps).max()))
    length = np.maximum(-answer.ineqlin.marginals, 0.0)
    routes = ListedRoutes.of_flow(problem, fits, by_source)
    return BoundedFlow(fits / overload, flow / overload, length, problem.distance_sum(length), routes=routes)


def _balance(problem: FlowProblem) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return row, column and value of inflow minus outflow, for every source and node."""
    n_sources, n_arcs, n_nodes = len(problem.rows[0]), problem.n_arcs, problem.n_nodes
    block = np.repeat(np.arange(n_sources), 2 * n_arcs)
    row = block * n_nodes + np.tile(np.concatenate((problem.head, problem.tail)), n_sources)
    column = block * n_arcs + np.tile(np.arange(n_arcs), 2 * n_sources)
    return row, column, np.tile(np.repeat([1.0, -1.0], n_arcs), n_sources)
