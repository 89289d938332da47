# SPDX-License-Identifier: Apache-2.0
"""Solving: one demand on one fabric, once, for every design that is to be assessed on it."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optinet.fabric import Fabric
from optinet.flows.concurrent.auto import concurrent_flow
from optinet.flows.limit import limit_of
from optinet.flows.link_loads import all_loads, optimal_loads
from optinet.flows.solution import LinkLoads, Optimum, Solution
from optinet.routing import OPTIMUM, all_options, validated_options
from optinet.routing import routing as routing_named
from optinet.routing.core_graph import checked_mask
from optinet.traffic.demand import Demand


def solve(
    fabric: Fabric,
    demand: Demand,
    routing: str = "ecmp",
    *,
    arc_up: NDArray[np.bool_] | None = None,
    seed: int = 0,
    **options: Any,
) -> Solution:
    """Route a demand and return loads, throughput and the composition of the paths.

    Parameters
    ----------
    fabric, demand, routing, arc_up, options
        As in `optinet.link_loads`.
    seed
        Seeds the sampling of paths where they are sampled.

    Besides, every routing takes ``optimum_gap``: bound what the best of all routings carries, to this relative gap, and
    ``optimum_budget_s``: seconds after which the bounds found so far are kept (60).

    Raises
    ------
    SolverError, DemandError
        As in `optinet.link_loads`.
    """
    arc_up = checked_mask(fabric, arc_up)
    if routing == "optimal":
        loads, found = optimal_loads(fabric, demand, arc_up=arc_up, **options)
        optimum = Optimum(found.flow, limit_of(fabric, found.flow, arc_up=arc_up))
        return Solution(fabric, demand, loads, {routing: found.flow.lower}, found.signatures(seed), optimum)
    loads, alternatives = all_loads(fabric, demand, routing, arc_up=arc_up, **options)
    asked = all_options(routing, options)
    used = validated_options(loads.routing, options) if routing != "best" else {}
    paths = routing_named(loads.routing).signatures(fabric, demand, arc_up, seed=seed, **used)
    gap, budget_s = (asked[key] for key in OPTIMUM)
    bounds = _optimum(loads, fabric, demand, gap, budget_s, arc_up) if gap is not None else None
    return Solution(fabric, demand, loads, alternatives, paths, bounds)


def _optimum(
    loads: LinkLoads,
    fabric: Fabric,
    demand: Demand,
    gap: float,
    budget_s: float,
    arc_up: NDArray[np.bool_] | None,
) -> Optimum:
    """Return the optimum; where the routing itself carries more than the flow found, its loads are the better flow."""
    flow = concurrent_flow(fabric, demand, gap=gap, arc_up=arc_up, time_budget_s=budget_s)
    if flow.lower < loads.throughput < np.inf:
        carried = loads.arc_load_gbps * min(loads.throughput, flow.upper)
        flow = dataclasses.replace(flow, lower=min(loads.throughput, flow.upper), arc_flow_gbps=carried)
    return Optimum(flow, limit_of(fabric, flow, arc_up=arc_up))
