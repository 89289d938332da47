# SPDX-License-Identifier: Apache-2.0
"""The demand of a flow problem row by row, without a matrix where it is rank one."""

from __future__ import annotations

import numpy as np

from optinet.flows.concurrent.problem import Floats, FlowProblem, Ints
from optinet.routing.core_graph import sum_by


class DemandRows:
    """What every node sends to every node.

    Parameters
    ----------
    problem
        The problem; only demands that are not rank one have their matrix made.
    """

    def __init__(self, problem: FlowProblem) -> None:
        self._problem = problem
        core, demand = problem.core, problem.demand
        self._rank_one = demand.is_rank_one
        if not self._rank_one:
            self.sends = np.diff(problem.matrix.indptr) > 0
            return
        assert demand.source_gbps is not None and demand.target_share is not None
        known = core.group_node >= 0
        node = core.group_node[known]

        def at(nodes: Ints, per_endpoint: Floats) -> Floats:
            return sum_by(nodes, core.by_group(per_endpoint)[known], problem.n_nodes)

        sink = problem.sink_of(node)
        self._source, self._share = at(node, demand.source_gbps), at(sink, demand.target_share)
        # merged hosts send to one another, but none to itself
        self._own = np.where(core.merged[known], core.by_group(demand.source_gbps * demand.target_share)[known], 0.0)
        alone = np.bincount(core.group_of, minlength=core.n_groups)[known] <= 1
        self._sink = np.arange(problem.n_nodes)
        self._sink[node] = sink
        self._own = sum_by(node, self._own, problem.n_nodes)
        self._silent = np.zeros(problem.n_nodes, dtype=bool)
        self._silent[node[alone]] = True
        elsewhere = self._share.sum() - self._share[self._sink]
        within = ~self._silent & (self._sink != np.arange(problem.n_nodes))
        self.sends = (self._source > 0) & ((elsewhere > 0) | within)

    def row(self, node: int) -> Floats:
        """Return what a node sends across arcs to each node; shape (n_nodes,)."""
        if not self._rank_one:
            return self._problem.matrix[[node]].toarray()[0]
        row = self._source[node] * self._share
        sink = self._sink[node]
        row[sink] = 0.0 if sink == node or self._silent[node] else row[sink] - self._own[node]
        return row

    def preserved_by(self, node_map: Ints) -> bool:
        """Whether a permutation of the nodes maps the demand onto itself, exactly."""
        if self._rank_one:
            vectors = (self._source, self._share, self._own, self._silent)
            sinks = bool(np.all(self._sink[node_map] == node_map[self._sink]))
            return sinks and all(bool(np.all(vector[node_map] == vector)) for vector in vectors)
        matrix = self._problem.matrix
        row = np.repeat(np.arange(self._problem.n_nodes), np.diff(matrix.indptr))
        image = node_map[row] * self._problem.n_nodes + node_map[matrix.indices]
        order = np.argsort(image, kind="stable")
        key = row * self._problem.n_nodes + matrix.indices
        same = np.array_equal(image[order], key)
        return same and bool(np.allclose(matrix.data[order], matrix.data, rtol=1e-12, atol=0.0))
