# SPDX-License-Identifier: Apache-2.0
"""Flows one by one, with what they wait for: what a list of flows or a trace asks of a fabric, and its replay.

A flow has a size, a start and a time that passes before its bits flow; it may wait for others. Work that uses no link,
such as computing, is a flow from an endpoint to itself. The replay is `optinet.simulate_flows`: fluid flows on one path
each under max-min sharing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from optinet.collectives.schedule import PROPAGATION_S_PER_M, endpoint_gbps
from optinet.fabric import Fabric
from optinet.flows.simulate import simulate_flows
from optinet.routing.core_graph import sum_by
from optinet.routing.flow_paths import flow_paths
from optinet.traffic.demand import Demand

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FlowList:
    """Flows between endpoints.

    Parameters
    ----------
    source, target
        shape (n,): endpoint indices; equal for work that uses no link.
    size_gbit
        shape (n,), >= 0.
    start_s
        shape (n,), >= 0: no flow begins earlier.
    wait_s
        shape (n,), >= 0: passes between a flow's beginning and its first bit; the duration of work without a link.
    after
        shape (m, 2): pairs (i, j): flow j begins when flow i has ended.
    """

    source: Ints
    target: Ints
    size_gbit: Floats
    start_s: Floats
    wait_s: Floats
    after: Ints

    @property
    def n_flows(self) -> int:
        """Flows that use links."""
        return int(np.count_nonzero(self.on_links))

    @property
    def on_links(self) -> NDArray[np.bool_]:
        """Which flows use links; shape (n,)."""
        return self.source != self.target

    def line_rate_demand(self, fabric: Fabric) -> Demand:
        """Return all traffic together, scaled so that the busiest endpoint sends what its links carry."""
        n, on = fabric.n_endpoints, self.on_links
        pairs = (self.source[on], self.target[on])
        sent, room = sum_by(pairs[0], self.size_gbit[on], n), endpoint_gbps(fabric)
        line_s = float(np.max(sent[room > 0] / room[room > 0], initial=0.0))
        gbps = self.size_gbit[on] / (line_s or 1.0)
        return Demand.from_matrix(fabric, sparse.coo_array((gbps, pairs), shape=(n, n)))

    def replayed(
        self,
        fabric: Fabric,
        routing: str = "ecmp",
        seed: int = 0,
        progress: Callable[[float], None] | None = None,
        arc_up: NDArray[np.bool_] | None = None,
    ) -> Replay:
        """Simulate the flows on a fabric.

        Parameters
        ----------
        fabric
            The fabric whose endpoints are meant.
        routing, seed
            How the path of every flow is chosen, as in `optinet.flow_paths`.
        progress
            As in `optinet.simulate_flows`.
        arc_up
            shape (n_arcs,): which arcs are up; all when None.

        Raises
        ------
        SolverError
            If a flow has no path or flows wait for each other in a cycle.
        """
        offsets, arcs = flow_paths(fabric, self.source, self.target, routing, seed, arc_up=arc_up)
        hops = np.diff(offsets)
        flow = np.repeat(np.arange(len(hops)), hops)
        way_s = np.bincount(flow, fabric.arc_length_m[arcs], len(hops)) * PROPAGATION_S_PER_M
        found = simulate_flows(
            fabric.arc_capacity_gbps,
            offsets,
            arcs,
            self.size_gbit,
            self.start_s,
            after=self.after,
            latency_s=self.wait_s + way_s,
            progress=progress,
        )
        return Replay(self, routing, found.begin_s, found.finish_s)


@dataclass(frozen=True, eq=False)
class Replay:
    """What came of simulating a list of flows.

    Parameters
    ----------
    flows, routing
        What was simulated.
    begin_s, finish_s
        shape (n,): when each flow began and when its last bit arrived.
    """

    flows: FlowList
    routing: str
    begin_s: Floats
    finish_s: Floats

    @property
    def makespan_s(self) -> float:
        """When everything has ended."""
        return float(self.finish_s.max(initial=0.0))

    @property
    def computing_s(self) -> float:
        """Work without links of the endpoint that has most."""
        off = ~self.flows.on_links
        return float(np.bincount(self.flows.source[off], self.flows.wait_s[off]).max(initial=0.0))

    def completion_s(self, fraction: float) -> float:
        """Return the time from beginning to end that a share of the flows on links does not exceed; NaN without any."""
        times = (self.finish_s - self.begin_s)[self.flows.on_links]
        return float(np.quantile(times, fraction, method="inverted_cdf")) if len(times) else np.nan
