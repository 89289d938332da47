# SPDX-License-Identifier: Apache-2.0
"""One demand on one fabric, solved once for every design that is to be assessed on it.

A solution has loads, throughput and path statistics, and what else its workload asked for. No watts and no dollars.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optinet.arguments import public
from optinet.fabric import Fabric, NodeKind
from optinet.flows.concurrent.auto import concurrent_flow
from optinet.flows.limit import limit_of
from optinet.flows.link_loads import all_loads, optimal_loads
from optinet.flows.loads import LinkLoads
from optinet.flows.quick_bisection import Bisection, quick_bisection
from optinet.kernels._ahead import shared
from optinet.routing import OPTIMUM, all_options, validated_options
from optinet.routing import routing as routing_named
from optinet.routing.core_graph import checked_mask
from optinet.routing.signatures import PathSignatures
from optinet.traffic.demand import Demand

if TYPE_CHECKING:
    from optinet.collectives.result import CollectiveTime
    from optinet.failure_masks import FailureMasks
    from optinet.flows.concurrent.result import ConcurrentFlow
    from optinet.flows.limit import Limit
    from optinet.jobs.phase import SolvedJob
    from optinet.jobs.sharing import SharingJob
    from optinet.replay import Replay
    from optinet.workloads.flow_list import RoutedFlows


@dataclass(frozen=True, eq=False)
class Optimum:
    """What the best routing there is carries of a demand, and why no more.

    Parameters
    ----------
    flow
        The throughput between two proven bounds.
    limit
        Where the limit is.
    """

    flow: ConcurrentFlow
    limit: Limit


@dataclass(frozen=True, eq=False)
class Solution:
    """A fabric with one demand routed and solved.

    Parameters
    ----------
    fabric, demand
        What was solved.
    loads
        Loads of the whole demand under the routing named in it.
    alternatives
        Throughput of every routing that was tried, by name.
    paths
        Composition of the paths, of the same routing.
    optimum
        What any routing can carry; None if it was not asked for.
    collective
        How long the collective takes that the demand is the traffic of; None if it is none.
    job
        The job that makes the demand, its exchanges timed; None where the demand is not of a job.
    sharing
        The jobs that make the demand together, and what they do to each other; () where there are not several.
    flows, replay
        The flows that the demand is the traffic of, and what came of replaying them; None if it is none.
    failed
        What is down, which carries nothing; None where everything works. The fabric is the whole one.
    """

    fabric: Fabric
    demand: Demand
    loads: LinkLoads
    alternatives: dict[str, float]
    paths: PathSignatures
    optimum: Optimum | None = None
    collective: CollectiveTime | None = None
    job: SolvedJob | None = None
    sharing: tuple[SharingJob, ...] = ()
    flows: RoutedFlows | None = None
    replay: Replay | None = None
    failed: FailureMasks | None = None

    def __repr__(self) -> str:
        each = f"{self.delivered_gbps_per_endpoint:.6g} Gb/s per endpoint delivered"
        down = f", {self.failed.text} down" if self.failed else ""
        return f"<Solution by {self.routing}: throughput {self.throughput:.6g}, {each}{down}; {self.fabric!r}>"

    def scaled(self, factor: float) -> Solution:
        """Return the same with the demand times a factor, > 0; paths do not change."""
        loads = self.loads
        loads = LinkLoads(
            loads.arc_load_gbps * factor, loads.utilization * factor, loads.throughput / factor, loads.routing
        )
        tried = {name: throughput / factor for name, throughput in self.alternatives.items()}
        optimum = self.optimum
        if optimum is not None:
            lower, upper = optimum.flow.lower / factor, optimum.flow.upper / factor
            optimum = replace(optimum, flow=replace(optimum.flow, lower=lower, upper=upper))
        return replace(self, demand=self.demand.scaled(factor), loads=loads, alternatives=tried, optimum=optimum)

    @property
    def routing(self) -> str:
        """Name of the routing used."""
        return self.loads.routing

    @property
    def throughput(self) -> float:
        """Largest common scale factor of the demand that fits; dimensionless."""
        return self.loads.throughput

    @property
    def delivered_fraction(self) -> float:
        """Share of the demand that is delivered: min(1, throughput)."""
        return min(1.0, self.throughput)

    @cached_property
    def delivered_gbps(self) -> float:
        """Delivered bits per second of all endpoints together, counted once end to end."""
        return self.delivered_fraction * self.demand.total_gbps

    @property
    def optimum_gbps_per_endpoint(self) -> tuple[float, float] | None:
        """What the best of all routings delivers per endpoint, between two proven bounds; None if not asked for."""
        if self.optimum is None:
            return None
        lower, upper = (min(1.0, bound) for bound in (self.optimum.flow.lower, self.optimum.flow.upper))
        each = self.demand.total_gbps / self.fabric.n_endpoints
        return lower * each, upper * each

    @property
    def delivered_gbps_per_endpoint(self) -> float:
        """Delivered rate per endpoint."""
        return self.delivered_gbps / self.fabric.n_endpoints

    @cached_property
    def bisection(self) -> Bisection | None:
        """Bisection of the fabric or bounds on it; None where neither a theorem nor a quick search tells.

        What is told is of whole fabrics; none with parts down.
        """
        return quick_bisection(self.fabric) if self.failed is None else None

    @cached_property
    def stretch(self) -> float:
        """Mean links between switches of traffic that leaves its first one: 1 direct between blocks, 2 over a spine.

        Not a number where nothing does, as between chips.
        """
        to_switch = self.paths.hops[:, self.paths.kinds.head_kind == NodeKind.SWITCH].sum(axis=1)
        between = np.maximum(to_switch - 1, 0) if np.any(self.fabric.node_kind == NodeKind.HOST) else 0 * to_switch
        leaving = float(self.paths.weight @ (between > 0))
        return float(self.paths.weight @ between) / leaving if leaving > 0 else np.nan

    @cached_property
    def arc_delivered_gbps(self) -> NDArray[np.float64]:
        """Load of the delivered traffic on every arc, which load-dependent power is taken at; shape (n_arcs,)."""
        return self.loads.arc_load_gbps * self.delivered_fraction


@public
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
    with shared("solve ecmp") if routing == "ecmp" else nullcontext():
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
        flow = replace(flow, lower=min(loads.throughput, flow.upper), arc_flow_gbps=carried)
    return Optimum(flow, limit_of(fabric, flow, arc_up=arc_up))
