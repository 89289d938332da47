# SPDX-License-Identifier: Apache-2.0
"""The arcs on paths of fewest hops of every pair, kept, so that a shortest path among them is found without a search.

Rows of demand and the graph are as in `optinet.kernels.trees`. A pair's arcs are ordered by the hops from its source:
following them once in this order settles every node.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from optinet.kernels._jit import borrower, part


class HopPaths(NamedTuple):
    """The arcs of pair j are ``arcs[offsets[j]:offsets[j + 1]]``."""

    offsets: np.ndarray
    arcs: np.ndarray


NO_HOP_PATHS = HopPaths(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))


@borrower
def list_hop_paths(
    row, first_pair, last_row, sources, row_offsets, targets, out_offsets, head, in_offsets, in_arc, tail, work, seen,
    offsets, arcs,
):  # fmt: skip
    """List the arcs of every pair of some rows, from pair `first_pair` of the first of them on.

    ``offsets[:first_pair + 1]`` tells what `arcs` has already. Return the row and the pair for which another graph's
    arcs might not fit, or `last_row` and the pair after the last. `seen` is -1 for every node at first.
    """
    hops, queue = work.rank, work.order
    for i in range(row, last_row):
        _breadth_first(sources[i], out_offsets, head, hops, queue)
        for j in range(max(first_pair, row_offsets[i]), row_offsets[i + 1]):
            start = size = offsets[j]
            if len(arcs) - size < len(tail):
                return i, j
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
                    arcs[size] = in_arc[k]
                    size += 1
                    if seen[u] != j:
                        seen[u] = j
                        queue[last] = u
                        last += 1
            for k in range((size - start) // 2):  # the nearest to the source first
                arcs[start + k], arcs[size - 1 - k] = arcs[size - 1 - k], arcs[start + k]
            offsets[j + 1] = size
    return last_row, row_offsets[last_row]


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
def shortest_of(j, source, offsets, arcs, head, tail, length, distance, parent):
    """Fill distance and parent arc along the shortest of a pair's paths."""
    for k in range(offsets[j], offsets[j + 1]):
        distance[head[arcs[k]]] = np.inf
    distance[source] = 0.0
    for k in range(offsets[j], offsets[j + 1]):
        a = arcs[k]
        through = distance[tail[a]] + length[a]
        if through < distance[head[a]]:
            distance[head[a]] = through
            parent[head[a]] = a
