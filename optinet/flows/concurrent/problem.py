# SPDX-License-Identifier: Apache-2.0
r"""The maximum concurrent flow problem of a fabric and a demand, reduced to what must be searched.

Problem. Given arcs of capacity :math:`c_a` and demands :math:`d_{st}`, find the largest :math:`\lambda` such that
:math:`\lambda d` can be routed, each pair over any number of paths, within all capacities. Its dual is over lengths
:math:`l_a \ge 0` (F. Shahrokhi, D. W. Matula, "The maximum concurrent flow problem", J. ACM 37 (1990)):

.. math:: \lambda^* = \min_{l \ge 0} \frac{\sum_a c_a l_a}{\sum_{st} d_{st}\, \mathrm{dist}_l(s, t)}

so that any flow gives a lower bound and any lengths an upper bound.

Reductions, all exact. A host with all its links to one switch carries just what it sends and receives: its arcs bound
:math:`\lambda` by capacity over demand, and its demand joins at the switch. Parallel arcs become one. A host with
links to several switches becomes a source and a sink, since it does not forward; hosts alike in links, capacities and
demand become one, because averaging a flow over their permutations loses nothing. Traffic within a switch crosses no
other arc.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from optinet.errors import Problem, SolverError
from optinet.fabric import Fabric
from optinet.flows.concurrent.cuts import CutLimit, tightest
from optinet.flows.concurrent.deadline import Deadline
from optinet.kernels.trees import shortest_tree, tree_workspace
from optinet.routing.core_graph import CoreGraph, sum_by
from optinet.routing.group_demand import group_demand
from optinet.traffic.demand import Demand

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FlowProblem:
    """A directed graph without parallel arcs, demands between its nodes, and the bound of the plainest cuts.

    Parameters
    ----------
    core, demand
        Where the problem comes from.
    n_nodes
        Core nodes, of which those that do not forward only send, and one more for each of those, which only receives.
    tail, head, capacity_gbps
        Arcs sorted by tail, then head; capacities > 0.
    arc_of_core
        shape (n_core_arcs,): the arc each core arc is part of.
    cut_limit
        The tightest of the cuts that are plain to see.
    """

    core: CoreGraph
    demand: Demand
    n_nodes: int
    tail: Ints
    head: Ints
    capacity_gbps: Floats
    arc_of_core: Ints
    cut_limit: CutLimit

    @classmethod
    def of(cls, fabric: Fabric, demand: Demand, arc_up: NDArray[np.bool_] | None = None) -> FlowProblem:
        """Return the reduced problem.

        Raises
        ------
        SolverError
            If an endpoint with demand has no link that is up.
        """
        core = CoreGraph.of(fabric, arc_up, merge=demand.is_rank_one)
        if not _merged_hosts_are_alike(core, demand):
            core = CoreGraph.of(fabric, arc_up, merge=False)
        core.require_attached(demand)
        n_forwarding = int(core.forwards.sum())
        n_nodes = 2 * core.n_nodes - n_forwarding
        tail = np.repeat(np.arange(core.n_nodes), np.diff(core.out_offsets))
        head = np.where(core.head < n_forwarding, core.head, core.head + core.n_nodes - n_forwarding)
        key, arc_of_core = np.unique(tail * n_nodes + head, return_inverse=True)
        capacity = sum_by(arc_of_core, _core_capacity_gbps(core), len(key))
        return cls(core, demand, n_nodes, key // n_nodes, key % n_nodes, capacity, arc_of_core, tightest(core, demand))

    @property
    def n_arcs(self) -> int:
        """Arcs of the reduced graph."""
        return len(self.tail)

    @cached_property
    def out_offsets(self) -> Ints:
        """Bounds of each node's arcs; shape (n_nodes + 1,)."""
        return np.searchsorted(self.tail, np.arange(self.n_nodes + 1)).astype(np.int64)

    @cached_property
    def by_head(self) -> tuple[Ints, Ints]:
        """Bounds of each node's incoming arcs, shape (n_nodes + 1,), and those arcs, shape (n_arcs,)."""
        order = np.argsort(self.head, kind="stable")
        offsets = np.searchsorted(self.head[order], np.arange(self.n_nodes + 1))
        return offsets.astype(np.int64), order.astype(np.int64)

    @cached_property
    def core_capacity_gbps(self) -> Floats:
        """Capacity of each core arc, of merged hosts all together; shape (n_core_arcs,)."""
        return _core_capacity_gbps(self.core)

    @cached_property
    def matrix(self) -> sparse.csr_array:
        """Gb/s between nodes that must cross arcs; shape (n_nodes, n_nodes)."""
        by_group = group_demand(self.core, self.demand)
        row, column = (self.core.group_node[index] for index in by_group.coords)
        sink = self.sink_of(column)
        keep = (row != sink) & (by_group.data > 0)
        shape = (self.n_nodes, self.n_nodes)
        matrix = sparse.coo_array((by_group.data[keep], (row[keep], sink[keep])), shape=shape).tocsr()
        matrix.sort_indices()
        return matrix

    @cached_property
    def rows(self) -> tuple[Ints, Ints, Ints, Floats]:
        """Nodes that send, and what each sends where: `sources`, `offsets`, `targets`, `gbps` in compressed rows."""
        sources = np.flatnonzero(np.diff(self.matrix.indptr))
        offsets = np.append(self.matrix.indptr[sources], self.matrix.nnz)
        return sources, offsets.astype(np.int64), self.matrix.indices.astype(np.int64), self.matrix.data

    def sink_of(self, node: Ints) -> Ints:
        """Return where traffic to core nodes arrives."""
        n_forwarding = int(self.core.forwards.sum())
        return np.where(node < n_forwarding, node, node + self.core.n_nodes - n_forwarding)

    def distance_sum(self, length: Floats, deadline: Deadline | None = None) -> float:
        """Return the demand times its distance under the given lengths, over all pairs.

        Raises
        ------
        SolverError
            If a demand has no path.
        OutOfTimeError
            After the deadline.
        """
        work, total = tree_workspace(self.n_nodes, self.n_arcs), 0.0
        sources, offsets, targets, gbps = self.rows
        for first, last in (deadline or Deadline()).pieces(len(sources), self.n_arcs):
            for i in range(first, last):
                row = slice(offsets[i], offsets[i + 1])
                shortest_tree(sources[i], targets[row], self.out_offsets, self.head, length, work)
                distance = work.distance[targets[row]]
                if np.isinf(distance).any():
                    self.require_path(int(sources[i]), int(targets[row][np.argmax(distance)]))
                total += float(gbps[row] @ distance)
        return total

    def require_path(self, source: int, target: int) -> None:
        """Raise `SolverError` naming two nodes without a path, unless they are negative."""
        back = target if target < self.core.n_nodes else target - self.core.n_nodes + int(self.core.forwards.sum())
        self.core.require_paths((source, back))

    def fabric_flow(self, arc_flow_gbps: Floats, throughput: float) -> Floats:
        """Spread flow over the fabric's arcs and add what single-homed hosts carry; shape (n_fabric_arcs,)."""
        core, fabric = self.core, self.core.fabric
        capacity = fabric.arc_capacity_gbps
        share = self.core_capacity_gbps / self.capacity_gbps[self.arc_of_core]
        flow = np.zeros(fabric.n_arcs)
        flow[core.fabric_arc] = arc_flow_gbps[self.arc_of_core] * share
        for group, attachment in enumerate(core.attachments):
            if attachment is None or core.group_node[group] < 0:
                continue
            for arcs, gbps in ((attachment.up, self.demand.out_gbps), (attachment.down, self.demand.in_gbps)):
                if core.joined[group]:
                    each = capacity[arcs]
                    flow[arcs] = throughput * gbps[attachment.members, None] * each / each.sum(axis=1, keepdims=True)
                elif core.merged[group]:
                    flow[arcs] = flow[arcs[0]] / len(arcs)
        return flow

    def fabric_length(self, length: Floats) -> Floats:
        """Return lengths on the fabric's arcs, of which every member of merged hosts has its own; shape (n_arcs,)."""
        result = np.zeros(self.core.fabric.n_arcs)
        result[self.core.fabric_arc] = length[self.arc_of_core]
        for group in np.flatnonzero(self.core.merged):
            attachment = self.core.attachments[group]
            assert attachment is not None
            for arcs in (attachment.up, attachment.down):
                result[arcs] = result[arcs[0]]
        return result


def _core_capacity_gbps(core: CoreGraph) -> Floats:
    """Return the capacity of each core arc, of merged hosts all together."""
    capacity = core.fabric.arc_capacity_gbps[core.fabric_arc].copy()
    place = np.full(core.fabric.n_arcs, -1)
    place[core.fabric_arc] = np.arange(len(capacity))
    for group in np.flatnonzero(core.merged):
        attachment = core.attachments[group]
        assert attachment is not None
        for arcs in (attachment.up, attachment.down):
            capacity[place[arcs[0]]] = core.fabric.arc_capacity_gbps[arcs].sum(axis=0)
    return capacity


def _merged_hosts_are_alike(core: CoreGraph, demand: Demand) -> bool:
    for group in np.flatnonzero(core.merged):
        attachment = core.attachments[group]
        assert attachment is not None
        same = [core.fabric.arc_capacity_gbps[arcs] for arcs in (attachment.up, attachment.down)]
        same += [gbps[attachment.members] for gbps in (demand.out_gbps, demand.in_gbps)]
        if any(bool(np.any(rows != rows[0])) for rows in same):
            return False
    return True


def require_demand_fits(fabric: Fabric, demand: Demand) -> None:
    """Raise `SolverError` if the demand was made for another number of endpoints."""
    if demand.n_endpoints != fabric.n_endpoints:
        raise SolverError(
            Problem("demand", f"made for {demand.n_endpoints} endpoints", f"the fabric's {fabric.n_endpoints}")
        )
