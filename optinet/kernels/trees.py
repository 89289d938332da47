# SPDX-License-Identifier: Apache-2.0
"""Shortest-path trees from a source under changing lengths, and flow along them.

The graph is in compressed rows: arcs sorted by tail, ``out_offsets`` shape (n_nodes + 1,), ``head`` and ``length``
shape (n_arcs,). Rows of demand are ``targets[offsets[i]:offsets[i + 1]]`` and ``gbps`` alike, for ``sources[i]``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from optinet.kernels._jit import borrower
from optinet.kernels.heap import heap_push, heap_replace_top


class TreeWorkspace(NamedTuple):
    """Arrays a tree is made in: per node `distance`, `parent` arc, `rank` and `order` of settling; and a heap."""

    distance: np.ndarray
    parent: np.ndarray
    rank: np.ndarray
    order: np.ndarray
    heap_key: np.ndarray
    heap_node: np.ndarray


def tree_workspace(n_nodes, n_arcs):
    """Return a workspace for graphs of this size."""
    return TreeWorkspace(
        np.empty(n_nodes),
        np.empty(n_nodes, dtype=np.int64),
        np.empty(n_nodes, dtype=np.int64),
        np.empty(n_nodes, dtype=np.int64),
        np.empty(n_arcs + 1),
        np.empty(n_arcs + 1, dtype=np.int64),
    )


@borrower
def shortest_tree(source, targets, out_offsets, head, length, work):
    """Fill distance (inf where unreachable), parent, rank (n_nodes there) and order; return how many were reached.

    The search ends once all `targets` are final; nothing is then told of nodes that are farther. None stand for all.
    """
    n_nodes = len(out_offsets) - 1
    work.distance[:] = np.inf
    work.rank[:] = n_nodes
    work.distance[source] = 0.0
    work.heap_key[0] = 0.0
    work.heap_node[0] = source
    size = 1
    reached = 0
    final = 0
    while size > 0:
        while final < len(targets) and work.distance[targets[final]] <= work.heap_key[0]:
            final += 1
        if final == len(targets) and final > 0:
            return reached
        v = work.heap_node[0]
        size -= 1
        if size > 0:
            heap_replace_top(work.heap_key, work.heap_node, size, work.heap_key[size], work.heap_node[size])
        if work.rank[v] < n_nodes:
            continue
        work.rank[v] = reached
        work.order[reached] = v
        reached += 1
        so_far = work.distance[v]
        for a in range(out_offsets[v], out_offsets[v + 1]):
            w = head[a]
            through = so_far + length[a]
            if through < work.distance[w]:
                work.distance[w] = through
                work.parent[w] = a
                if out_offsets[w] < out_offsets[w + 1]:
                    heap_push(work.heap_key, work.heap_node, size, through, w)
                    size += 1
    # nodes without arcs of their own, such as hosts that only receive, come last: no path leads on from them
    for v in range(n_nodes):
        if work.rank[v] == n_nodes and work.distance[v] < np.inf:
            work.rank[v] = reached
            work.order[reached] = v
            reached += 1
    return reached


@borrower
def split_load(source, demand, out_offsets, head, length, capacity, in_offsets, in_arc, tail, work, inflow, load):
    """Route `demand` (per node, from `source`) over shortest paths, split by capacity at every node; add to `load`.

    Return the demand times distance, inf if a node with demand was not reached. `inflow` is room for one number per
    node. Nodes settled earlier come before, so that arcs of length 0 make no circles.
    """
    reached = shortest_tree(source, out_offsets[:0], out_offsets, head, length, work)
    total = 0.0
    for v in range(len(demand)):
        inflow[v] = demand[v]
        if demand[v] > 0:
            if work.distance[v] == np.inf:
                return np.inf
            total += demand[v] * work.distance[v]
    for i in range(reached - 1, 0, -1):
        v = work.order[i]
        if inflow[v] == 0.0:
            continue
        limit = work.distance[v] * (1.0 + 1e-12)
        width = 0.0
        for j in range(in_offsets[v], in_offsets[v + 1]):
            a = in_arc[j]
            if work.rank[tail[a]] < work.rank[v] and work.distance[tail[a]] + length[a] <= limit:
                width += capacity[a]
        for j in range(in_offsets[v], in_offsets[v + 1]):
            a = in_arc[j]
            u = tail[a]
            if work.rank[u] < work.rank[v] and work.distance[u] + length[a] <= limit:
                part = inflow[v] * capacity[a] / width
                load[a] += part
                inflow[u] += part
    return total
