# SPDX-License-Identifier: Apache-2.0
"""Link loads of a demand under a routing, and the throughput they allow."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from optinet.arguments import public
from optinet.errors import DemandError, Problem, SolverError
from optinet.fabric import Fabric
from optinet.flows.concurrent.auto import RoutedFlow, concurrent_routes
from optinet.flows.loads import LinkLoads
from optinet.routing import all_options, candidates, routing, validated_options
from optinet.routing.core_graph import checked_mask
from optinet.traffic.demand import Demand


@public
def link_loads(
    fabric: Fabric, demand: Demand, routing: str = "ecmp", *, arc_up: NDArray[np.bool_] | None = None, **options: Any
) -> LinkLoads:
    """Route a demand and return the load on every arc.

    Parameters
    ----------
    fabric
        Any fabric.
    demand
        A demand made for a fabric with as many endpoints.
    routing
        One of `optinet.routing.names`. "best" tries those that suit the fabric, shortest paths first, and takes the
        first that carries the whole demand, or else the one that carries most. "optimal" is the flow of
        `optinet.concurrent_flow`, which no routing surpasses.
    arc_up
        shape (n_arcs,): which arcs are up (`Fabric.arc_mask`); all when None.
    options
        Options of the routing, such as ``tie="positive"`` for "dor".

    Returns
    -------
    LinkLoads

    Raises
    ------
    SolverError
        For an unknown routing or option, or a demand between endpoints without a path.
    DemandError
        If the demand is for another number of endpoints.
    """
    return all_loads(fabric, demand, routing, arc_up=arc_up, **options)[0]


def all_loads(
    fabric: Fabric, demand: Demand, name: str, *, arc_up: NDArray[np.bool_] | None = None, **options: Any
) -> tuple[LinkLoads, dict[str, float]]:
    """Return the loads of the routing asked for and the throughput of every routing tried, best first on a tie."""
    if demand.n_endpoints != fabric.n_endpoints:
        raise DemandError(
            Problem("demand", f"made for {demand.n_endpoints} endpoints", f"the fabric's {fabric.n_endpoints}")
        )
    if name == "optimal":
        loads, found = optimal_loads(fabric, demand, arc_up=arc_up, **options)
        return loads, {name: found.flow.lower}
    options, arc_up = validated_options(name, options), checked_mask(fabric, arc_up)
    tried: dict[str, LinkLoads] = {}
    for each in candidates(fabric) if name == "best" else (name,):
        try:
            tried[each] = _loads(fabric, demand, each, arc_up, options)
        except SolverError:
            # the first, ECMP, routes whatever can be routed; others may have no path left after a failure
            if not tried:
                raise
            continue
        if tried[each].throughput >= 1.0 - 1e-9:
            break  # the whole demand is carried
    # a routing with shorter paths wins unless another carries really more
    best = max(tried, key=lambda each: (round(min(tried[each].throughput, 1e300), 9), -list(tried).index(each)))
    return tried[best], {each: loads.throughput for each, loads in tried.items()}


def optimal_loads(
    fabric: Fabric, demand: Demand, *, arc_up: NDArray[np.bool_] | None = None, **options: Any
) -> tuple[LinkLoads, RoutedFlow]:
    """Return the loads when the whole demand is routed as in the best concurrent flow found, and that flow."""
    asked = all_options("optimal", options)
    gap, budget_s = asked["optimum_gap"], asked["optimum_budget_s"]
    found = concurrent_routes(fabric, demand, gap=gap, arc_up=arc_up, time_budget_s=budget_s)
    lower = found.flow.lower
    if lower == 0.0:
        raise SolverError(Problem("routing", f"no flow was found within {budget_s:g} s", "more optimum_budget_s"))
    load = found.flow.arc_flow_gbps / lower if np.isfinite(lower) else found.flow.arc_flow_gbps
    return LinkLoads(load, _utilization(fabric, load), lower, "optimal"), found


def _utilization(fabric: Fabric, load: NDArray[np.float64]) -> NDArray[np.float64]:
    capacity = fabric.arc_capacity_gbps
    return np.divide(load, capacity, out=np.zeros_like(load), where=capacity > 0)


def _loads(
    fabric: Fabric, demand: Demand, name: str, arc_up: NDArray[np.bool_] | None, options: dict[str, Any]
) -> LinkLoads:
    load = routing(name).loads(fabric, demand, arc_up, **options)
    utilization = _utilization(fabric, load)
    highest = float(utilization.max(initial=0.0))
    return LinkLoads(load, utilization, 1.0 / highest if highest > 0 else np.inf, name)
