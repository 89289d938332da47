# SPDX-License-Identifier: Apache-2.0
"""Flows on explicit paths, moved from long paths to short ones while lengths follow the load.

The length of an arc is ``exp(sharpness * (load / capacity / reference - 1)) / capacity``, the slope of a soft maximum
of the utilization; kernels take ``softness = (sharpness, reference)``. Rows of demand are as in
`optinet.kernels.trees`; each entry is one pair.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from optinet.kernels._jit import borrower, part
from optinet.kernels.hop_paths import shortest_of
from optinet.kernels.trees import shortest_tree

_NEGLIGIBLE = 1e-9  # part of a pair's demand below which a path is given up
_FLATTEST = -40.0  # lengths stay positive, so that no circle is free


class PathPool(NamedTuple):
    """The paths of every pair as a linked list, and their arcs.

    `first` per pair and `following` per path are paths or -1; `flow`, `start` and `size` are per path, and the arcs of
    a path are ``arcs[start:start + size]`` from its end to its beginning; `used` counts paths and arcs in use.
    """

    first: np.ndarray
    following: np.ndarray
    flow: np.ndarray
    start: np.ndarray
    size: np.ndarray
    arcs: np.ndarray
    used: np.ndarray


class Load(NamedTuple):
    """Per arc: its capacity, what it carries, and its length; `mark` tells the path that was last looked at."""

    capacity: np.ndarray
    gbps: np.ndarray
    length: np.ndarray
    mark: np.ndarray


def path_pool(n_pairs, n_paths, n_arcs):
    """Return an empty pool with room for so many paths and arcs on them."""
    return PathPool(
        np.full(n_pairs, -1, dtype=np.int64),
        np.empty(n_paths, dtype=np.int64),
        np.empty(n_paths),
        np.empty(n_paths, dtype=np.int64),
        np.empty(n_paths, dtype=np.int64),
        np.empty(n_arcs, dtype=np.int64),
        np.zeros(2, dtype=np.int64),
    )


@borrower
def set_lengths(load, softness):
    """Compute all lengths anew."""
    for a in range(len(load.length)):
        _set_length(a, load, softness)


@borrower
def add_shortest_paths(first_row, last_row, sources, offsets, targets, gbps, graph, load, pool, softness, work):
    """Add the shortest path of every pair of some rows where it is new; a pair without any sends all it has over it.

    `graph` is (out_offsets, head, tail); every target must be within reach. Return the row whose paths did not fit
    into the pool, or `last_row`, and the sum of gbps times distance over the rows before it.
    """
    out_offsets, head, tail = graph
    total = 0.0
    for i in range(first_row, last_row):
        shortest_tree(sources[i], targets[offsets[i] : offsets[i + 1]], out_offsets, head, load.length, work)
        hops = 0
        part = 0.0
        for j in range(offsets[i], offsets[i + 1]):
            part += gbps[j] * work.distance[targets[j]]
            v = targets[j]
            while v != sources[i]:
                hops += 1
                v = tail[work.parent[v]]
        if len(pool.arcs) - pool.used[1] < hops or len(pool.flow) - pool.used[0] < offsets[i + 1] - offsets[i]:
            return i, total
        total += part
        for j in range(offsets[i], offsets[i + 1]):
            _add_shortest(j, sources[i], targets[j], gbps[j], tail, load, pool, softness, work)
    return last_row, total


@borrower
def add_hop_paths(first_row, last_row, sources, offsets, targets, gbps, known, graph, load, pool, softness, work):
    """Add the shortest of the `HopPaths` of every pair of some rows; all else as in `add_shortest_paths`."""
    _, head, tail = graph
    total = 0.0
    for i in range(first_row, last_row):
        part = 0.0
        for j in range(offsets[i], offsets[i + 1]):
            # a path of fewest hops has no more arcs than there are nodes; what a row that is done anew has is not new
            if len(pool.flow) == pool.used[0] or len(pool.arcs) - pool.used[1] < len(work.order):
                return i, total
            shortest_of(j, sources[i], known, head, tail, load.length, work)
            part += gbps[j] * work.distance[targets[j]]
            _add_shortest(j, sources[i], targets[j], gbps[j], tail, load, pool, softness, work)
        total += part
    return last_row, total


@borrower
def balance(first, last, load, pool, softness):
    """Balance the paths of some pairs, one after the other."""
    for j in range(first, last):
        _balance(j, load, pool, softness)


@borrower
def compact(gbps, load, pool, room):
    """Copy the paths in use to the empty pool `room`, and compute the load anew from them."""
    load.gbps[:] = 0.0
    paths, arcs = 0, 0
    for j in range(len(gbps)):
        room.first[j] = -1
        total = 0.0
        p = pool.first[j]
        while p >= 0:
            if pool.flow[p] > _NEGLIGIBLE * gbps[j]:
                total += pool.flow[p]
            p = pool.following[p]
        p = pool.first[j]
        while p >= 0:
            if pool.flow[p] > _NEGLIGIBLE * gbps[j]:
                flow = pool.flow[p] * (gbps[j] / total)
                room.flow[paths] = flow
                room.start[paths] = arcs
                room.size[paths] = pool.size[p]
                room.following[paths] = room.first[j]
                room.first[j] = paths
                paths += 1
                for k in range(pool.start[p], pool.start[p] + pool.size[p]):
                    room.arcs[arcs] = pool.arcs[k]
                    load.gbps[pool.arcs[k]] += flow
                    arcs += 1
            p = pool.following[p]
    room.used[0] = paths
    room.used[1] = arcs


@part
def _set_length(a, load, softness):
    sharpness, reference = softness
    excess = sharpness * (load.gbps[a] / load.capacity[a] / reference - 1.0)
    load.length[a] = math.exp(min(max(excess, _FLATTEST), -_FLATTEST)) / load.capacity[a]


@part
def _path_length(p, load, pool):
    total = 0.0
    for k in range(pool.start[p], pool.start[p] + pool.size[p]):
        total += load.length[pool.arcs[k]]
    return total


@part
def _add_shortest(j, source, target, gbps, tail, load, pool, softness, work):
    """Add the path in the tree unless the pair has one as short; a pair without any sends all it has over it."""
    length = 0.0
    v = target
    while v != source:
        length += load.length[work.parent[v]]
        v = tail[work.parent[v]]
    p = pool.first[j]
    while p >= 0:
        if _path_length(p, load, pool) <= length * (1.0 + 1e-9):
            return
        p = pool.following[p]
    new = pool.used[0]
    at = pool.used[1]
    pool.start[new] = at
    pool.flow[new] = gbps if pool.first[j] < 0 else 0.0
    v = target
    while v != source:
        a = work.parent[v]
        pool.arcs[at] = a
        at += 1
        v = tail[a]
        if pool.flow[new] > 0.0:
            load.gbps[a] += gbps
            _set_length(a, load, softness)
    pool.size[new] = at - pool.start[new]
    pool.following[new] = pool.first[j]
    pool.first[j] = new
    pool.used[0] = new + 1
    pool.used[1] = at


@part
def _balance(j, load, pool, softness):
    """Move flow of one pair to its shortest path, from every other by a Newton step in the difference of lengths."""
    best = pool.first[j]
    if best < 0 or pool.following[best] < 0:
        return
    least = np.inf
    p = best
    while p >= 0:
        length = _path_length(p, load, pool)
        if length < least:
            least = length
            best = p
        p = pool.following[p]
    for k in range(pool.start[best], pool.start[best] + pool.size[best]):
        load.mark[pool.arcs[k]] = best
    p = pool.first[j]
    while p >= 0:
        if p != best and pool.flow[p] > 0.0:
            least = _path_length(best, load, pool)
            excess = _path_length(p, load, pool) - least
            if excess > 1e-6 * least:
                _shift(p, best, excess, load, pool, softness)
        p = pool.following[p]
    for k in range(pool.start[best], pool.start[best] + pool.size[best]):
        load.mark[pool.arcs[k]] = -1


@part
def _shift(p, best, excess, load, pool, softness):
    """Move flow from path p to the path marked `best` until their lengths are about equal."""
    sharpness, reference = softness
    slope = 0.0
    narrow = np.inf
    for k in range(pool.start[p], pool.start[p] + pool.size[p]):
        a = pool.arcs[k]
        if load.mark[a] == best:
            load.mark[a] = -2 - best  # common to both: nothing changes there
        else:
            slope += load.length[a] / load.capacity[a]
            narrow = min(narrow, load.capacity[a])
    for k in range(pool.start[best], pool.start[best] + pool.size[best]):
        a = pool.arcs[k]
        if load.mark[a] == best:
            slope += load.length[a] / load.capacity[a]
            narrow = min(narrow, load.capacity[a])
    # lengths are exponential in the load: a step beyond e-fold would overshoot
    step = min(excess / (slope * sharpness / reference), narrow * reference / sharpness, pool.flow[p])
    pool.flow[p] -= step
    pool.flow[best] += step
    for k in range(pool.start[p], pool.start[p] + pool.size[p]):
        a = pool.arcs[k]
        if load.mark[a] == -2 - best:
            continue
        load.gbps[a] -= step
        _set_length(a, load, softness)
    for k in range(pool.start[best], pool.start[best] + pool.size[best]):
        a = pool.arcs[k]
        if load.mark[a] == best:
            load.gbps[a] += step
            _set_length(a, load, softness)
        load.mark[a] = best
