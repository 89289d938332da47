# SPDX-License-Identifier: Apache-2.0
"""Concurrent flow by whichever method suits: exact by symmetry, exact by linear programming, or to a proven gap."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from optinet.arguments import public
from optinet.errors import Problem, SolverError, unknown_name
from optinet.fabric import Fabric
from optinet.flows.concurrent import fptas, lp, symmetric
from optinet.flows.concurrent.bounded_flow import BoundedFlow
from optinet.flows.concurrent.deadline import Deadline, OutOfTimeError
from optinet.flows.concurrent.planes import OnePlane
from optinet.flows.concurrent.problem import FlowProblem, require_demand_fits
from optinet.flows.concurrent.result import ConcurrentFlow
from optinet.flows.concurrent.routes import signatures
from optinet.flows.concurrent.rows import DemandRows
from optinet.routing.core_graph import checked_mask
from optinet.routing.signatures import HopKinds, PathSignatures
from optinet.traffic.demand import Demand

Method = Literal["auto", "symmetric", "lp", "fptas"]


@public
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
        Seconds of computing after which the bounds found so far are returned, and `note` says so, >= 0; what other
        programs take from the machine is not counted. It is kept to about a tenth of a second, once the demand has been
        laid on the graph. With no time at all the lower bound is 0.

    Returns
    -------
    ConcurrentFlow

    Raises
    ------
    SolverError
        For an unknown method, a gap or budget that is not positive, a demand between endpoints without a path, or
        method "symmetric" where symmetry does not give the answer.
    """
    return concurrent_routes(fabric, demand, method, gap, arc_up=arc_up, time_budget_s=time_budget_s).flow


@dataclass(frozen=True, eq=False)
class RoutedFlow:
    """A concurrent flow, and the paths it takes in the problem that was solved for it.

    Parameters
    ----------
    fabric
        The whole fabric.
    flow
        The answer on it.
    problem
        What was solved; None for a demand that is empty.
    found
        The answer to it.
    """

    fabric: Fabric
    flow: ConcurrentFlow
    problem: FlowProblem | None = None
    found: BoundedFlow | None = None

    def signatures(self, seed: int = 0) -> PathSignatures:
        """Return how the traffic's paths are composed; `seed` picks the sources where not all are looked at."""
        if self.problem is None or self.found is None:
            none = np.zeros(0)
            kinds = HopKinds.of(self.fabric)
            return PathSignatures(np.zeros((0, len(kinds.link_class)), dtype=np.int64), none, none, kinds, "exact")
        paths = signatures(self.problem, self.found.routes, seed)
        # one plane may stand for several, which are built alike
        return paths if self.problem.core.fabric is self.fabric else replace(paths, kinds=HopKinds.of(self.fabric))


def concurrent_routes(
    fabric: Fabric,
    demand: Demand,
    method: Method = "auto",
    gap: float = 0.01,
    *,
    arc_up: NDArray[np.bool_] | None = None,
    time_budget_s: float = 60.0,
) -> RoutedFlow:
    """Return what `concurrent_flow` does, with the paths that the flow takes."""
    _check(method, gap, time_budget_s)
    deadline = Deadline(time_budget_s)
    require_demand_fits(fabric, demand)
    if demand.total_gbps == 0.0:
        nothing, method = np.zeros(fabric.n_arcs), "symmetric" if method == "auto" else method
        return RoutedFlow(fabric, ConcurrentFlow(np.inf, np.inf, method, "", nothing, nothing.copy()))
    one = OnePlane.of(fabric, checked_mask(fabric, arc_up))
    problem = FlowProblem.of(one.fabric, demand) if one else FlowProblem.of(fabric, demand, arc_up)
    found, method, note = _solved(problem, method, gap, deadline)
    flow = _told(problem, found, method=method, note=note)
    if one:
        share = flow.arc_flow_gbps[one.arc_of] / one.planes
        flow = replace(flow, arc_flow_gbps=share, arc_length=flow.arc_length[one.arc_of])
    return RoutedFlow(fabric, flow, problem, found)


def _solved(problem: FlowProblem, method: Method, gap: float, deadline: Deadline) -> tuple[BoundedFlow, Method, str]:
    """Return what is found, by which method, and why it was not by a better one."""
    note = ""
    if method in ("auto", "symmetric"):
        try:
            answer = symmetric.solve(problem, deadline)
        except OutOfTimeError:
            answer = BoundedFlow.nothing_found(problem)
        if not isinstance(answer, str):
            return answer, "symmetric", ""
        if method == "symmetric":
            raise SolverError(Problem("method", f"symmetry does not give the answer: {answer}", "auto, lp, fptas"))
        note = f"not by symmetry: {answer}"
    if not DemandRows(problem).sends.any():
        return BoundedFlow.without_demand(problem), "lp" if method == "auto" else method, ""
    if method == "auto":
        method = "lp" if lp.is_small(problem) else "fptas"
    try:
        found = lp.solve(problem, deadline) if method == "lp" else fptas.solve(problem, gap, deadline)
    except OutOfTimeError:
        found = BoundedFlow.nothing_found(problem)
    return found, method, note


def _told(problem: FlowProblem, found: BoundedFlow, *, method: str, note: str) -> ConcurrentFlow:
    """Return the answer on the whole fabric: the tighter of the graph's bounds and that of the plainest cuts."""
    limit = problem.cut_limit
    upper = float(problem.capacity_gbps @ found.length) / found.distance if found.distance > 0 else np.inf
    if found.throughput > upper * (1.0 + 1e-6) and np.isfinite(found.throughput):
        msg = f"{method} found a flow of {found.throughput!r} above its own bound {upper!r}"
        raise RuntimeError(msg)
    if limit.throughput <= upper * (1.0 + 1e-12):
        upper = min(upper, limit.throughput)
        arc_length = limit.arc_length
    else:
        arc_length = problem.fabric_length(found.length / found.distance)
    lower = min(found.throughput, upper)
    scale = lower / found.throughput if np.isfinite(found.throughput) and found.throughput > 0 else 0.0
    if not found.reached:
        note = "; ".join(filter(None, (note, "the gap was not reached in the time budget")))
    return ConcurrentFlow(lower, upper, method, note, problem.fabric_flow(found.flow_gbps * scale, lower), arc_length)


def _check(method: str, gap: float, time_budget_s: float) -> None:
    problems = [] if method in get_args(Method) else [unknown_name("method", method, get_args(Method), "method")]
    if not gap > 0:
        problems.append(Problem("gap", f"{gap}", "above 0"))
    if not time_budget_s >= 0:
        problems.append(Problem("time_budget_s", f"{time_budget_s}", "at least 0"))
    if problems:
        raise SolverError(problems)
