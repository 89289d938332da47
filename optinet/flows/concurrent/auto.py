# SPDX-License-Identifier: Apache-2.0
"""Concurrent flow by whichever method suits: exact by symmetry, exact by linear programming, or to a proven gap."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from optinet.errors import Problem, SolverError, unknown_name
from optinet.fabric import Fabric
from optinet.flows.concurrent import fptas, lp, symmetric
from optinet.flows.concurrent.problem import BoundedFlow, FlowProblem, require_demand_fits
from optinet.flows.concurrent.result import ConcurrentFlow
from optinet.flows.concurrent.rows import DemandRows
from optinet.traffic.demand import Demand

Method = Literal["auto", "symmetric", "lp", "fptas"]


def concurrent_flow(
    fabric: Fabric,
    demand: Demand,
    method: Method = "auto",
    gap: float = 0.01,
    *,
    arc_up: NDArray[np.bool_] | None = None,
    time_budget_s: float = 60.0,
) -> ConcurrentFlow:
    """Return how much of a demand fits over the best routing there is, with proof from both sides.

    Parameters
    ----------
    fabric
        Any fabric.
    demand
        A demand made for a fabric with as many endpoints.
    method
        "symmetric" and "lp" are exact; "fptas" stops at the gap; "auto" takes the first that suits, in this order.
    gap
        Largest ``(upper - lower) / lower`` that "fptas" may stop at, > 0.
    arc_up
        shape (n_arcs,): which arcs are up (`Fabric.arc_mask`); all when None.
    time_budget_s
        Seconds after which "fptas" returns the bounds it has and says so in `note`, > 0.

    Returns
    -------
    ConcurrentFlow

    Raises
    ------
    SolverError
        For an unknown method, a gap or budget that is not positive, a demand between endpoints without a path, or
        method "symmetric" where symmetry does not give the answer.
    """
    _check(method, gap, time_budget_s)
    require_demand_fits(fabric, demand)
    if demand.total_gbps == 0.0:
        nothing = np.zeros(fabric.n_arcs)
        return ConcurrentFlow(np.inf, np.inf, "symmetric" if method == "auto" else method, "", nothing, nothing.copy())
    problem = FlowProblem.of(fabric, demand, arc_up)
    note = ""
    if method in ("auto", "symmetric"):
        answer = symmetric.solve(problem)
        if not isinstance(answer, str):
            return _told(problem, answer, method="symmetric", note="")
        if method == "symmetric":
            raise SolverError(Problem("method", f"symmetry does not give the answer: {answer}", "auto, lp, fptas"))
        note = f"not by symmetry: {answer}"
    if not DemandRows(problem).sends.any():
        return _told(problem, BoundedFlow.without_demand(problem), method="lp" if method == "auto" else method, note="")
    if method == "lp" or (method == "auto" and lp.is_small(problem)):
        return _told(problem, lp.solve(problem), method="lp", note=note)
    flow = fptas.solve(problem, gap, time_budget_s)
    if not flow.reached:
        note = "; ".join(filter(None, (note, f"the gap was not reached in the budget of {time_budget_s:g} s")))
    return _told(problem, flow, method="fptas", note=note)


def _told(problem: FlowProblem, found: BoundedFlow, *, method: str, note: str) -> ConcurrentFlow:
    """Return the answer on the whole fabric: the tighter of the graph's bounds and those of the hosts' own links."""
    limit = problem.host_limit
    upper = float(problem.capacity_gbps @ found.length) / found.distance if found.distance > 0 else np.inf
    if found.throughput > upper * (1.0 + 1e-6) and np.isfinite(found.throughput):
        msg = f"{method} found a flow of {found.throughput!r} above its own bound {upper!r}"
        raise RuntimeError(msg)
    if limit.throughput <= upper:
        upper = limit.throughput
        arc_length = np.zeros(problem.core.fabric.n_arcs)
        arc_length[limit.arcs] = 1.0 / limit.gbps
    else:
        arc_length = problem.fabric_length(found.length / found.distance)
    lower = min(found.throughput, upper)
    scale = lower / found.throughput if np.isfinite(found.throughput) else 0.0
    return ConcurrentFlow(lower, upper, method, note, problem.fabric_flow(found.flow_gbps * scale, lower), arc_length)


def _check(method: str, gap: float, time_budget_s: float) -> None:
    problems = [] if method in get_args(Method) else [unknown_name("method", method, get_args(Method), "method")]
    for name, value in (("gap", gap), ("time_budget_s", time_budget_s)):
        if not value > 0:
            problems.append(Problem(name, f"{value}", "above 0"))
    if problems:
        raise SolverError(problems)
