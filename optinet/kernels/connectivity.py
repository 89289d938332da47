# SPDX-License-Identifier: Apache-2.0
"""The fewest arcs whose loss parts terminals, by augmenting paths of unit flow."""

from __future__ import annotations

import numpy as np

from optinet.kernels._jit import kernel


@kernel
def fewest_arcs(terminals, may_join, forwards, out_offsets, out_arc, in_offsets, in_arc, tail, head, fewest):
    """Return the fewest arcs that part the first terminal from another, or `fewest` if that is less.

    Only from others to the first: callers turn the graph round for the other direction. A terminal found to be held by
    at least as many arcs as the best so far joins the first if it may, which keeps later searches near their start. It
    may if a smallest cut never parts what it sends from what it receives: if it forwards, or hangs on one other node.
    Nodes that do not forward are passed by no path.
    """
    n_nodes, n_arcs = len(forwards), len(tail)
    joined = np.zeros(n_nodes, dtype=np.bool_)
    joined[terminals[0]] = True
    used = np.zeros(n_arcs, dtype=np.bool_)  # arcs that carry a unit of flow
    touched = np.empty(n_arcs, dtype=np.int64)
    seen = np.full(n_nodes, -1, dtype=np.int64)
    came_by = np.empty(n_nodes, dtype=np.int64)  # arc, or ~arc if against its flow
    queue = np.empty(n_nodes, dtype=np.int64)
    stamp = 0
    for t in terminals[1:]:
        units, n_touched = 0, 0
        while units < fewest:
            stamp += 1
            end = _search(
                t, stamp, joined, forwards, out_offsets, out_arc, in_offsets, in_arc, tail, head, used, seen, came_by,
                queue,
            )  # fmt: skip
            if end < 0:
                break
            v = end
            while v != t:
                a = came_by[v]
                if a >= 0:
                    used[a] = True
                    if n_touched < n_arcs:
                        touched[n_touched] = a
                        n_touched += 1
                    v = tail[a]
                else:
                    used[~a] = False
                    v = head[~a]
            units += 1
        fewest = min(fewest, units)
        joined[t] = may_join[t]
        if n_touched == n_arcs:
            used[:] = False
        for i in range(n_touched):
            used[touched[i]] = False
    return fewest


@kernel
def _search(
    t, stamp, joined, forwards, out_offsets, out_arc, in_offsets, in_arc, tail, head, used, seen, came_by, queue
):
    """Return the first node of the joined ones that a further unit from t reaches, or -1."""
    seen[t] = stamp
    queue[0] = t
    first, last = 0, 1
    while first < last:
        v = queue[first]
        first += 1
        if forwards[v] or v == t:
            for i in range(out_offsets[v], out_offsets[v + 1]):
                a = out_arc[i]
                w = head[a]
                if used[a] or seen[w] == stamp:
                    continue
                seen[w] = stamp
                came_by[w] = a
                if joined[w]:
                    return w
                queue[last] = w
                last += 1
        for i in range(in_offsets[v], in_offsets[v + 1]):
            a = in_arc[i]
            u = tail[a]
            if used[a] and seen[u] != stamp:
                seen[u] = stamp
                came_by[u] = ~a
                queue[last] = u
                last += 1
    return -1
