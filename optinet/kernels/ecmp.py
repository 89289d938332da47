# SPDX-License-Identifier: Apache-2.0
"""Equal-cost multi-path loads, target by target.

For one target, traffic is pushed from the farthest node inwards; at every node it splits equally over the arcs that
start a shortest path. Cost: one search and one pass over the arcs per target, whatever the number of sources. Graph
arrays as in `optinet.kernels.shortest`.
"""

from __future__ import annotations

import numpy as np

from optinet.kernels._jit import kernel, part
from optinet.kernels.shortest import SLACK, distances_to


@kernel
def ecmp_rank_one(
    targets, source, share, forwards, out_offsets, head, in_offsets, in_tail, in_arc, cost, unit_cost, load
):
    """Add to `load` the traffic ``source[s] * share[t]`` from all nodes s to all t in `targets`.

    Returns the first pair (s, t) with traffic but no path, or (-1, -1).
    """
    n_nodes = len(forwards)
    distance = np.empty(n_nodes)
    through = np.empty(n_nodes)
    order = np.empty(n_nodes, dtype=np.int64)
    flow = np.empty(n_nodes)
    for t in targets:
        if share[t] == 0.0:
            continue
        reached = distances_to(t, forwards, in_offsets, in_tail, in_arc, cost, unit_cost, distance, through, order)
        if reached < n_nodes:
            for s in range(n_nodes):
                if source[s] > 0.0 and distance[s] == np.inf:
                    return s, t
        for s in range(n_nodes):
            flow[s] = source[s] * share[t]
        _push(t, order, reached, distance, through, flow, out_offsets, head, cost, load)
    return -1, -1


@kernel
def ecmp_sparse(
    column_offsets, row, gbps, forwards, out_offsets, head, in_offsets, in_tail, in_arc, cost, unit_cost, load
):
    """Add to `load` the traffic of a sparse matrix over nodes, given by columns (one column per target).

    Returns the first pair (s, t) with traffic but no path, or (-1, -1).
    """
    n_nodes = len(forwards)
    distance = np.empty(n_nodes)
    through = np.empty(n_nodes)
    order = np.empty(n_nodes, dtype=np.int64)
    flow = np.zeros(n_nodes)
    for t in range(n_nodes):
        if column_offsets[t] == column_offsets[t + 1]:
            continue
        reached = distances_to(t, forwards, in_offsets, in_tail, in_arc, cost, unit_cost, distance, through, order)
        for i in range(column_offsets[t], column_offsets[t + 1]):
            s = row[i]
            if s != t and distance[s] == np.inf:
                return s, t
            flow[s] += gbps[i]
        _push(t, order, reached, distance, through, flow, out_offsets, head, cost, load)
    return -1, -1


@part
def _push(t, order, reached, distance, through, flow, out_offsets, head, cost, load):
    """Push all flow to `t`; leaves `flow` zero on the nodes reached."""
    for i in range(reached - 1, 0, -1):
        v = order[i]
        amount = flow[v]
        if amount == 0.0:
            continue
        flow[v] = 0.0
        limit = distance[v] * SLACK
        n_next = 0
        for arc in range(out_offsets[v], out_offsets[v + 1]):
            if through[head[arc]] + cost[arc] <= limit:
                n_next += 1
        each = amount / n_next
        for arc in range(out_offsets[v], out_offsets[v + 1]):
            w = head[arc]
            if through[w] + cost[arc] <= limit:
                load[arc] += each
                flow[w] += each
    flow[t] = 0.0
