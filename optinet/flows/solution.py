# SPDX-License-Identifier: Apache-2.0
"""What solving a demand on a fabric gives: loads, throughput and path statistics. No watts and no dollars."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optinet.fabric import Fabric, NodeKind
from optinet.flows.quick_bisection import Bisection, quick_bisection
from optinet.traffic.demand import Demand

if TYPE_CHECKING:
    from optinet.collectives.result import CollectiveTime
    from optinet.flows.concurrent.result import ConcurrentFlow
    from optinet.flows.limit import Limit
    from optinet.jobs.phase import SolvedJob
    from optinet.jobs.sharing import SharingJob
    from optinet.traffic.flow_list import Replay


@dataclass(frozen=True, eq=False)
class LinkLoads:
    """The load on every arc when the whole demand is routed.

    Parameters
    ----------
    arc_load_gbps
        shape (n_arcs,), >= 0; above the capacity where the demand does not fit.
    utilization
        shape (n_arcs,): load over capacity; 0 for an arc of capacity 0.
    throughput
        1 / largest utilization: the largest common scale factor of the demand that fits. Infinite if nothing flows.
    routing
        Name of the routing that gave these loads.
    """

    arc_load_gbps: NDArray[np.float64]
    utilization: NDArray[np.float64]
    throughput: float
    routing: str


@dataclass(frozen=True, eq=False)
class HopKinds:
    """The kinds of arcs a path is counted in: link class and what the arc leads to.

    Parameters
    ----------
    arc_kind
        shape (n_arcs,): the kind of each arc.
    link_class
        shape (n_kinds,): index of the link class.
    head_tier, head_kind
        shape (n_kinds,): tier and `NodeKind` of the node the arcs of this kind lead to.
    """

    arc_kind: NDArray[np.int64]
    link_class: NDArray[np.int64]
    head_tier: NDArray[np.int64]
    head_kind: NDArray[np.int64]

    @classmethod
    def of(cls, fabric: Fabric) -> HopKinds:
        """Return the hop kinds of a fabric, in order of link class, tier and node kind."""
        tiers = int(fabric.node_tier.max(initial=0)) + 1
        tier, kind = fabric.node_tier[fabric.arc_head], fabric.node_kind[fabric.arc_head]
        key = (np.repeat(fabric.link_class, 2) * tiers + tier) * len(NodeKind) + kind
        kinds, arc_kind = np.unique(key, return_inverse=True)
        class_and_tier, head_kind = np.divmod(kinds, len(NodeKind))
        link_class, head_tier = np.divmod(class_and_tier, tiers)
        return cls(np.ascontiguousarray(arc_kind), link_class, head_tier, head_kind)


@dataclass(frozen=True, eq=False)
class PathSignatures:
    """How the traffic's paths are composed: a distribution over hop counts by kind.

    Paths alike in the number of hops of every kind share one signature. The distribution is over the traffic: endpoint
    pairs weighted by demand, paths of a pair weighted by the routing.

    Parameters
    ----------
    hops
        shape (n_signatures, n_kinds): hops of each kind.
    length_m
        shape (n_signatures,): mean length of the paths of each signature.
    weight
        shape (n_signatures,), > 0, sums to 1 (empty for an empty demand).
    kinds
        What the columns of `hops` mean.
    method
        "exact", or how the paths were sampled.
    """

    hops: NDArray[np.int64]
    length_m: NDArray[np.float64]
    weight: NDArray[np.float64]
    kinds: HopKinds
    method: str

    @property
    def total_hops(self) -> NDArray[np.int64]:
        """Arcs on the paths of each signature; shape (n_signatures,)."""
        return self.hops.sum(axis=1)

    @property
    def mean_hops(self) -> float:
        """Mean number of arcs over the traffic."""
        return float(self.weight @ self.total_hops) if len(self.weight) else 0.0


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
    replay
        What came of simulating the flows that the demand is the traffic of; None if it is none.
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
    replay: Replay | None = None

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
        """Bisection of the fabric or bounds on it; None where neither a theorem nor a quick search tells."""
        return quick_bisection(self.fabric)

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
