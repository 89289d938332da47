# SPDX-License-Identifier: Apache-2.0
"""Equal-cost multi-path loads where all arcs cost the same, up to 64 targets at a time.

Sets of targets are bits of one word, so that one search serves all: at every step a node learns the targets that a
neighbor has just found, less those it knows, and is entered into the list of that distance with the set of them. Then
the lists are gone through from the farthest inwards. An arc out of a node starts a shortest path to those of the
targets entered that its head has in the list before; each target's traffic splits equally over the arcs so found. Cost:
one operation per arc and distinct distance for the search, and one per arc used for each target. Graph arrays as in
`optinet.kernels.shortest`.
"""

from __future__ import annotations

import numpy as np
from numba.cpython.unsafe.numbers import trailing_zeros

from optinet.kernels._jit import borrower, part

NONE, ONE, ALL = np.uint64(0), np.uint64(1), np.uint64(0xFFFFFFFFFFFFFFFF)


def ecmp_loads(
    targets, column_offsets, row, gbps, source, share, forwards, out_offsets, head, in_offsets, in_tail, load
):
    """Add to `load` the traffic from all nodes to the nodes in `targets`; the demand as in `splits.flow_to`.

    Returns a pair (s, t) with traffic but no path, or (-1, -1).
    """
    n_nodes, width = len(forwards), max(1, min(64, len(targets)))
    most = int(np.diff(out_offsets).max(initial=0))
    return _ecmp_loads(
        targets, column_offsets, row, gbps, source, share, forwards, out_offsets, head, in_offsets, in_tail, load,
        np.empty(n_nodes, dtype=np.uint64), np.zeros(n_nodes, dtype=np.uint64),
        np.empty(n_nodes * width, dtype=np.int32), np.empty(n_nodes * width, dtype=np.uint64),
        np.empty(n_nodes + 2, dtype=np.int64), np.empty((n_nodes, width)), np.empty(n_nodes, dtype=np.uint64),
        np.empty(most, dtype=np.uint64), np.empty(width),
    )  # fmt: skip


@borrower
def _ecmp_loads(
    targets, column_offsets, row, gbps, source, share, forwards, out_offsets, head, in_offsets, in_tail, load,
    seen, fresh, node, found, level_offsets, flow, sends, uses, each,
):  # fmt: skip
    """Do what `ecmp_loads` tells, in arrays from outside; `flow` has a column for each target of a batch."""
    n_nodes, width = flow.shape
    for first in range(0, len(targets), width):
        size = width if first + width < len(targets) else len(targets) - first
        _demand(targets, first, size, column_offsets, row, gbps, source, share, flow, sends)
        n_levels = _search(
            targets, first, size, forwards, sends, in_offsets, in_tail, seen, fresh, node, found, level_offsets
        )  # fmt: skip
        for v in range(n_nodes):
            lost = sends[v] & ~seen[v]
            if lost != NONE:
                return v, targets[first + trailing_zeros(lost)]
        _push(n_levels, forwards, out_offsets, head, fresh, node, found, level_offsets, flow, sends, uses, each, load)
    return -1, -1


@part
def _search(targets, first, size, forwards, sends, in_offsets, in_tail, seen, fresh, node, found, level_offsets):
    """Fill the lists of nodes and the sets of targets they are nearest to, by distance; return how many lists.

    Nodes that neither forward nor send are passed over. `fresh` is zero before and after.
    """
    seen[:] = NONE
    for i in range(size):
        node[i] = targets[first + i]
        found[i] = ONE << np.uint64(i)
        seen[node[i]] = found[i]
    level_offsets[0] = 0
    n_levels, begin, end = 0, 0, size
    while begin < end:
        n_levels += 1
        level_offsets[n_levels] = end
        n_entries = end
        for i in range(begin, end):
            if n_levels > 1 and not forwards[node[i]]:
                continue
            for j in range(in_offsets[node[i]], in_offsets[node[i] + 1]):
                u = in_tail[j]
                new = found[i] & ~seen[u]
                if not forwards[u]:
                    new &= sends[u]
                if new != NONE:
                    if fresh[u] == NONE:
                        node[n_entries] = u
                        n_entries += 1
                    fresh[u] |= new
                    seen[u] |= new
        for i in range(end, n_entries):
            found[i] = fresh[node[i]]
            fresh[node[i]] = NONE
        begin, end = end, n_entries
    return n_levels


@part
def _demand(targets, first, size, column_offsets, row, gbps, source, share, flow, sends):
    """Fill the set of targets that every node sends anything to, and what it sends; rows of empty sets are left."""
    for v in range(len(sends)):
        sends[v] = NONE
        if len(column_offsets) == 0 and source[v] > 0.0:
            sends[v] = ALL >> np.uint64(64 - size)
            for i in range(size):
                flow[v, i] = source[v] * share[targets[first + i]]
    if len(column_offsets) > 0:
        for i in range(size):
            for j in range(column_offsets[targets[first + i]], column_offsets[targets[first + i] + 1]):
                if sends[row[j]] == NONE:
                    flow[row[j]] = 0.0
                flow[row[j], i] += gbps[j]
                sends[row[j]] |= ONE << np.uint64(i)


@part
def _push(n_levels, forwards, out_offsets, head, fresh, node, found, level_offsets, flow, sends, uses, each, load):
    """Push all flow to the targets; `fresh` is zero before and after."""
    for level in range(n_levels - 1, 0, -1):
        before, begin, end = level_offsets[level - 1], level_offsets[level], level_offsets[level + 1]
        for i in range(before, begin):
            if level == 1 or forwards[node[i]]:
                fresh[node[i]] = found[i]
        for i in range(begin, end):
            v = node[i]
            lanes = found[i] & sends[v]
            out = out_offsets[v]
            degree = out_offsets[v + 1] - out
            for k in range(degree):
                uses[k] = lanes & fresh[head[out + k]]
            while lanes != NONE:
                lane = trailing_zeros(lanes)
                lanes &= lanes - ONE
                n_next = NONE
                for k in range(degree):
                    n_next += (uses[k] >> lane) & ONE
                each[lane] = flow[v, lane] / np.int64(n_next)
            for k in range(degree):
                lanes = uses[k]
                if lanes == NONE:
                    continue
                w = head[out + k]
                if sends[w] == NONE:
                    flow[w] = 0.0
                sends[w] |= lanes
                total = 0.0
                while lanes != NONE:
                    lane = trailing_zeros(lanes)
                    lanes &= lanes - ONE
                    total += each[lane]
                    flow[w, lane] += each[lane]
                load[out + k] += total
        for i in range(before, begin):
            fresh[node[i]] = NONE
