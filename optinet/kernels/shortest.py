# SPDX-License-Identifier: Apache-2.0
"""Shortest-path distances to one target over a graph in compressed rows.

Graph arrays: arcs sorted by tail; ``out_offsets`` shape (n_nodes + 1,), ``head`` and ``cost`` shape (n_arcs,); the
reverse graph as ``in_offsets``, ``in_tail``, ``in_arc`` sorted by head. `by_cost` is None where all arcs cost 1, so
that no search by cost is compiled for them, else True. A node that does not forward ends every path but its own.
"""

from __future__ import annotations

import numpy as np

from optinet.kernels._jit import kernel, part
from optinet.kernels.heap import heap_push, heap_replace_top

SLACK = 1.0 + 1e-9  # sums of costs along two paths may differ by rounding


@part
def distances_to(target, forwards, in_offsets, in_tail, in_arc, cost, by_cost, distance, through, order):
    """Fill the distances to `target`; return how many nodes were reached.

    `distance` is inf where unreachable; `order` lists the nodes reached by distance. `through` is the distance of a
    node as a next hop, inf if it does not forward: the arc from v to w starts a shortest path from v exactly if
    ``through[w] + cost <= distance[v]``, up to rounding, for which callers allow `SLACK`.
    """
    distance[:] = np.inf
    if by_cost is None:
        reached = _breadth_first(target, forwards, in_offsets, in_tail, distance, order)
    else:
        reached = _dijkstra(target, forwards, in_offsets, in_tail, in_arc, cost, distance, order)
    for v in range(len(distance)):
        through[v] = distance[v] if forwards[v] or v == target else np.inf
    return reached


@part
def _breadth_first(target, forwards, in_offsets, in_tail, distance, order):
    distance[target] = 0.0
    order[0] = target
    reached = 1
    first = 0
    while first < reached:
        v = order[first]
        first += 1
        if v != target and not forwards[v]:
            continue
        next_distance = distance[v] + 1.0
        for i in range(in_offsets[v], in_offsets[v + 1]):
            u = in_tail[i]
            if distance[u] == np.inf:
                distance[u] = next_distance
                order[reached] = u
                reached += 1
    return reached


@kernel
def _dijkstra(target, forwards, in_offsets, in_tail, in_arc, cost, distance, order):
    n_arcs = len(in_tail)
    heap_key = np.empty(n_arcs + 1)
    heap_node = np.empty(n_arcs + 1, dtype=np.int64)
    settled = np.zeros(len(forwards), dtype=np.bool_)
    heap_key[0] = 0.0
    heap_node[0] = target
    size = 1
    distance[target] = 0.0
    reached = 0
    while size > 0:
        v = heap_node[0]
        size -= 1
        if size > 0:
            heap_replace_top(heap_key, heap_node, size, heap_key[size], heap_node[size])
        if settled[v]:
            continue
        settled[v] = True
        order[reached] = v
        reached += 1
        if v != target and not forwards[v]:
            continue
        for i in range(in_offsets[v], in_offsets[v + 1]):
            u = in_tail[i]
            length = distance[v] + cost[in_arc[i]]
            if length < distance[u] * (1 - 1e-12):
                distance[u] = length
                heap_push(heap_key, heap_node, size, length, u)
                size += 1
    return reached


@kernel
def hop_histogram(targets, weight, node, extra, forwards, in_offsets, in_tail, histogram):
    """Add ``weight[i] * weight[j]`` to ``histogram[hops from i to j + extra[i] + extra[j]]`` over groups i != j.

    Groups stand for endpoints alike: `node` is where a group joins the graph, `extra` how many hops its endpoints are
    from there. Only groups j in `targets` are taken. Returns the first unreachable pair of groups, or (-1, -1).
    """
    n_nodes = len(forwards)
    distance = np.empty(n_nodes)
    order = np.empty(n_nodes, dtype=np.int64)
    for j in targets:
        distance[:] = np.inf
        _breadth_first(node[j], forwards, in_offsets, in_tail, distance, order)
        for i in range(len(node)):
            if i == j:
                continue
            hops = distance[node[i]]
            if hops == np.inf:
                return i, j
            histogram[int(hops) + extra[i] + extra[j]] += weight[i] * weight[j]
    return -1, -1
