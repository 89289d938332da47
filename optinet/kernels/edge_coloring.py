# SPDX-License-Identifier: Apache-2.0
"""Euler orientations, and proper edge colorings of bipartite multigraphs.

An edge is a row (a, b) of node indices; parallel edges are repeated rows.
"""

from __future__ import annotations

import numpy as np

from optinet.kernels._jit import kernel


@kernel
def euler_orientation(n_nodes, edges):
    """Return the edges directed so that in- and out-degree of every node differ by at most one; shape of `edges`.

    Nodes of odd degree get an edge to a helper node, which makes every degree even: a walk along unused edges can then
    end only where it started (Euler, 1736), and leaves every node it enters.
    """
    n_edges = len(edges)
    degree = np.zeros(n_nodes + 1, dtype=np.int64)
    for e in range(n_edges):
        degree[edges[e, 0]] += 1
        degree[edges[e, 1]] += 1
    odd = 0
    for v in range(n_nodes):
        odd += degree[v] % 2
    both = np.empty((n_edges + odd, 2), dtype=np.int64)
    both[:n_edges] = edges
    at = n_edges
    for v in range(n_nodes):
        if degree[v] % 2:
            both[at, 0] = v
            both[at, 1] = n_nodes
            degree[v] += 1
            degree[n_nodes] += 1
            at += 1
    offsets = np.zeros(n_nodes + 2, dtype=np.int64)
    offsets[1:] = np.cumsum(degree)
    fill = offsets[:-1].copy()
    incident = np.empty(2 * len(both), dtype=np.int64)
    for e in range(len(both)):
        for side in range(2):
            v = both[e, side]
            incident[fill[v]] = e
            fill[v] += 1
    used = np.zeros(len(both), dtype=np.bool_)
    last = offsets[1:].copy()  # edges of v not looked at yet: incident[offsets[v]:last[v]]
    for start in range(n_nodes + 1):
        v = start
        while last[v] > offsets[v]:
            last[v] -= 1
            e = incident[last[v]]
            if used[e]:
                continue
            used[e] = True
            if both[e, 0] != v:
                both[e, 1] = both[e, 0]
                both[e, 0] = v
            v = both[e, 1]
    return both[:n_edges].copy()


@kernel
def color_bipartite(n_left, n_right, edges, n_colors):
    """Return a color of every edge (left, right) so that no two edges of a node share one; shape (n_edges,).

    `n_colors` must be at least the largest degree (D. Koenig, 1916). An edge whose ends lack different colors takes
    the one that its left end lacks, after the two colors are swapped along the path of edges that alternate between
    them from the right end: the sides alternate too, so the path cannot come back to the left end.
    """
    at_left = np.full((n_left, n_colors), -1, dtype=np.int64)
    at_right = np.full((n_right, n_colors), -1, dtype=np.int64)
    color = np.full(len(edges), -1, dtype=np.int64)
    path = np.empty(len(edges), dtype=np.int64)
    for e in range(len(edges)):
        u, v = edges[e, 0], edges[e, 1]
        free_u = 0
        while at_left[u, free_u] >= 0:
            free_u += 1
        free_v = 0
        while at_right[v, free_v] >= 0:
            free_v += 1
        if free_u != free_v:
            length = 0
            wanted, right, here = free_u, True, v
            while True:
                other = at_right[here, wanted] if right else at_left[here, wanted]
                if other < 0:
                    break
                path[length] = other
                length += 1
                here = edges[other, 0] if right else edges[other, 1]
                right = not right
                wanted = free_v if wanted == free_u else free_u
            for i in range(length):
                other = path[i]
                at_left[edges[other, 0], color[other]] = -1
                at_right[edges[other, 1], color[other]] = -1
            for i in range(length):
                other = path[i]
                color[other] = free_v if color[other] == free_u else free_u
                at_left[edges[other, 0], color[other]] = other
                at_right[edges[other, 1], color[other]] = other
        color[e] = free_u
        at_left[u, free_u] = e
        at_right[v, free_u] = e
    return color
