# SPDX-License-Identifier: Apache-2.0
r"""Bisection: the fewest links whose removal parts the endpoints into halves, switches placed to minimize the cut.

Links are counted, not Gb/s; with an odd number of endpoints one half has one more. What is used, first that fits:

- Theorems and eigenvalues, as in `optinet.flows.quick_bisection`.
- The links that uniform concurrent flow needs, :math:`\lambda \lfloor N/2 \rfloor \lceil N/2 \rceil` with links of
  capacity 1, are a lower bound for any fabric.
- Small graphs whose bounds do not meet are searched exactly (integer program, HiGHS).
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from optinet.arguments import public
from optinet.errors import Problem, SolverError
from optinet.fabric import Fabric
from optinet.flows.concurrent.auto import concurrent_flow
from optinet.flows.halving import Halving, links_cut
from optinet.flows.quick_bisection import Bisection, by_spectrum, by_theorem
from optinet.traffic.demand import Demand

_SEARCHED_NODES = 50


@public
def bisection(fabric: Fabric, *, time_budget_s: float = 30.0) -> Bisection:
    """Return the bisection of a fabric, or bounds on it.

    Parameters
    ----------
    fabric
        A fabric with at least two endpoints. Links of capacity 0 in both directions do not count.
    time_budget_s
        Seconds that each of the lower bound by flow and the exact search may take, > 0.

    Raises
    ------
    SolverError
        If there are fewer than two endpoints.
    """
    if fabric.n_endpoints < 2:
        raise SolverError(Problem("bisection", "fewer than two endpoints have no halves"))
    known = by_theorem(fabric)
    if known is not None and known.is_proven:
        return known
    graph = Halving.of(fabric)
    found = by_spectrum(fabric, graph, known)
    if found.is_proven:
        return found
    lower, upper, best = max(found.lower, _by_flow(fabric, found.upper, time_budget_s)), found.upper, found.side
    if lower < upper and graph.n_nodes <= _SEARCHED_NODES:
        lower, side = graph.search(lower, time_budget_s)
        best, upper = (side, links_cut(fabric, side)) if links_cut(fabric, side) < upper else (best, upper)
        if lower >= upper:
            return Bisection(upper, upper, "search", best)
    return Bisection(lower, upper, "bounds meet" if lower == upper else "bounds", best)


def _by_flow(fabric: Fabric, upper: int, time_budget_s: float) -> int:
    halves = (fabric.n_endpoints // 2) * ((fabric.n_endpoints + 1) // 2)
    unit = dataclasses.replace(fabric, arc_capacity_gbps=np.where(fabric.arc_capacity_gbps > 0, 1.0, 0.0))
    try:
        flow = concurrent_flow(unit, Demand.uniform(unit), gap=0.002, time_budget_s=time_budget_s)
    except SolverError:
        return 0  # not all endpoints reach one another, or too many pairs
    return min(upper, math.ceil(flow.lower * halves * (1 - 1e-9) - 1e-9))
