# SPDX-License-Identifier: Apache-2.0
"""Solving: one demand on one fabric, once, for every design that is to be assessed on it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from optinet.fabric import Fabric
from optinet.flows.link_loads import all_loads
from optinet.flows.solution import Solution
from optinet.routing import routing as routing_named
from optinet.routing import validated_options
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

    Raises
    ------
    SolverError, DemandError
        As in `optinet.link_loads`.
    """
    arc_up = checked_mask(fabric, arc_up)
    loads, alternatives = all_loads(fabric, demand, routing, arc_up=arc_up, **options)
    used = validated_options(loads.routing, options if routing != "best" else {})
    paths = routing_named(loads.routing).signatures(fabric, demand, arc_up, seed=seed, **used)
    return Solution(fabric, demand, loads, alternatives, paths)
