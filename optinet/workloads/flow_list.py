# SPDX-License-Identifier: Apache-2.0
"""Flows one by one, with what they wait for: what a list of flows or a trace asks of a fabric, and its replay.

A flow has a size, a start and a time that passes before its bits flow; it may wait for others. Work that uses no link,
such as computing, is a flow from an endpoint to itself. The replay is `optinet.simulate_flows`: fluid flows on one path
each under max-min sharing.

How long transfers take to start up is the design's (`optinet.models.replay`), so that flows are replayed for a few
start-up times, and what lies between them is read off straight lines. Waiting alone would make every time the largest
of some sums, convex in the start-up; links that are shared may bend it either way, or even turn it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from optinet.collectives.schedule import PROPAGATION_S_PER_M, endpoint_gbps
from optinet.collectives.striping import striped
from optinet.fabric import Fabric
from optinet.flows.simulate import FlowSimulation, simulate_flows
from optinet.replay import PERCENTILES, Replay
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
    by_library
        Whether a library sends them, which takes its time for each besides what the network takes.
    """

    source: Ints
    target: Ints
    size_gbit: Floats
    start_s: Floats
    wait_s: Floats
    after: Ints
    by_library: bool = False

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

    @property
    def computing_s(self) -> float:
        """Work without links of the endpoint that has most."""
        off = ~self.on_links
        return float(np.bincount(self.source[off], self.wait_s[off]).max(initial=0.0))

    def routed(
        self, fabric: Fabric, routing: str = "ecmp", seed: int = 0, arc_up: NDArray[np.bool_] | None = None
    ) -> RoutedFlows:
        """Give every flow its path.

        Parameters
        ----------
        fabric
            The fabric whose endpoints are meant.
        routing, seed
            How the path of every flow is chosen, as in `optinet.flow_paths`.
        arc_up
            shape (n_arcs,): which arcs are up; all when None.

        Raises
        ------
        SolverError
            If a flow has no path.
        """
        offsets, arcs = flow_paths(fabric, self.source, self.target, routing, seed, arc_up=arc_up)
        hops = np.diff(offsets)
        length_m = np.bincount(np.repeat(np.arange(len(hops)), hops), fabric.arc_length_m[arcs], len(hops))
        subflow_of = np.arange(len(hops))
        if self.by_library:
            offsets, arcs, subflow_of = striped(fabric, offsets, arcs, arc_up)
        way_s = np.asarray(length_m * PROPAGATION_S_PER_M, dtype=np.float64)
        return RoutedFlows(self, fabric, routing, offsets, arcs, subflow_of, way_s)


@dataclass(frozen=True, eq=False)
class RoutedFlows:
    """Flows and their paths.

    Parameters
    ----------
    flows, fabric, routing
        What was routed, where, and whose hash chose the paths.
    offsets, arcs
        The arcs of each path, as `optinet.flow_paths` returns them.
    subflow_of
        shape (n_paths,): the flow that each path is of; one each, but where a library has several links to a neighbor.
    way_s
        shape (n,): propagation along the way of each flow.
    """

    flows: FlowList
    fabric: Fabric
    routing: str
    offsets: Ints
    arcs: Ints
    subflow_of: Ints
    way_s: Floats

    def simulated(self, startup_s: float = 0.0) -> FlowSimulation:
        """Simulate the flows.

        Parameters
        ----------
        startup_s
            What each flow on links takes besides its bits and the propagation on its way; where it is less than 0,
            which takes off what a design propagates faster, no flow takes less than nothing.

        Raises
        ------
        SolverError
            If flows wait for each other in a cycle.
        """
        flows = self.flows
        way_s = np.where(flows.on_links, np.maximum(self.way_s + startup_s, 0.0), 0.0)
        return simulate_flows(
            self.fabric.arc_capacity_gbps,
            self.offsets,
            self.arcs,
            flows.size_gbit,
            flows.start_s,
            after=flows.after,
            latency_s=flows.wait_s + way_s,
            subflow_of=self.subflow_of,
        )

    def replayed(self, startup_s: Sequence[float] = (0.0,)) -> Replay:
        """Replay the flows once for every start-up time; raises as `simulated` does.

        Parameters
        ----------
        startup_s
            As in `simulated`; the first is that of the design as listed.
        """
        on, at = self.flows.on_links, np.unique(startup_s)
        makespan_s, completion_s = np.zeros(len(at)), np.full((len(at), len(PERCENTILES)), np.nan)
        for row, each in enumerate(at.tolist()):
            found = self.simulated(each)
            makespan_s[row] = found.makespan_s
            if on.any():
                took_s, shares = (found.finish_s - found.begin_s)[on], np.array(PERCENTILES) / 100.0
                completion_s[row] = np.quantile(took_s, shares, method="inverted_cdf")
        flows, listed_s = self.flows, float(startup_s[0])
        terms = (self.routing, flows.n_flows, flows.by_library, flows.computing_s, listed_s)
        return Replay(*terms, at, makespan_s, completion_s)
