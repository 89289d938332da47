# SPDX-License-Identifier: Apache-2.0
"""The arcs on paths of fewest hops of every pair, kept, so that a shortest path among them is found without a search.

Rows of demand and the graph are as in `optinet.kernels.trees`. A pair's arcs are ordered by the hops from its source:
following them once in this order settles every node.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from optinet.kernels._jit import kernel, part
from optinet.kernels.growing import doubled


class HopPaths(NamedTuple):
    """The arcs of pair j are ``arcs[offsets[j]:offsets[j + 1]]``."""

    offsets: np.ndarray
    arcs: np.ndarray


@kernel
def list_hop_paths(first_row, last_row, sources, row_offsets, targets, out_offsets, head, in_offsets, in_arc, tail):
    """Return how many arcs every pair of some rows has, and the arcs."""
    n_nodes = len(out_offsets) - 1
    hops = np.empty(n_nodes, dtype=np.int64)
    queue = np.empty(n_nodes, dtype=np.int64)
    seen = np.full(n_nodes, -1, dtype=np.int64)
    counts = np.zeros(row_offsets[last_row] - row_offsets[first_row], dtype=np.int64)
    arcs = np.empty(1024, dtype=np.int64)
    size = 0
    for i in range(first_row, last_row):
        _breadth_first(sources[i], out_offsets, head, hops, queue)
        for j in range(row_offsets[i], row_offsets[i + 1]):
            start = size
            queue[0] = targets[j]
            seen[targets[j]] = j
            first, last = 0, 1
            while first < last:
                v = queue[first]
                first += 1
                for k in range(in_offsets[v], in_offsets[v + 1]):
                    u = tail[in_arc[k]]
                    if hops[u] != hops[v] - 1:
                        continue
                    if size == len(arcs):
                        arcs = doubled(arcs)
                    arcs[size] = in_arc[k]
                    size += 1
                    if seen[u] != j:
                        seen[u] = j
                        queue[last] = u
                        last += 1
            for k in range((size - start) // 2):  # the nearest to the source first
                arcs[start + k], arcs[size - 1 - k] = arcs[size - 1 - k], arcs[start + k]
            counts[j - row_offsets[first_row]] = size - start
    return counts, arcs[:size]


@part
def _breadth_first(source, out_offsets, head, hops, queue):
    hops[:] = len(hops) + 1
    hops[source] = 0
    queue[0] = source
    first, last = 0, 1
    while first < last:
        v = queue[first]
        first += 1
        for a in range(out_offsets[v], out_offsets[v + 1]):
            if hops[head[a]] > len(hops):
                hops[head[a]] = hops[v] + 1
                queue[last] = head[a]
                last += 1


@part
def shortest_of(j, source, known, head, tail, length, work):
    """Fill distance and parent arc along the shortest of a pair's paths."""
    for k in range(known.offsets[j], known.offsets[j + 1]):
        work.distance[head[known.arcs[k]]] = np.inf
    work.distance[source] = 0.0
    for k in range(known.offsets[j], known.offsets[j + 1]):
        a = known.arcs[k]
        through = work.distance[tail[a]] + length[a]
        if through < work.distance[head[a]]:
            work.distance[head[a]] = through
            work.parent[head[a]] = a
