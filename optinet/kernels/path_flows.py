# SPDX-License-Identifier: Apache-2.0
"""Flows on explicit paths, moved from long paths to short ones while lengths follow the load.

The length of an arc is ``exp(sharpness * (load / capacity / reference - 1)) / capacity``, the slope of a soft maximum
of the utilization; kernels take ``softness = (sharpness, reference)``. Rows of demand are as in
`optinet.kernels.trees`; each entry is one pair. Inner kernels take plain arrays: of a tuple of arrays every use is
compiled anew.
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


def set_lengths(load, softness):
    """Compute all lengths anew."""
    sharpness, reference = softness
    excess = sharpness * (load.gbps / load.capacity / reference - 1.0)
    np.divide(np.exp(np.clip(excess, _FLATTEST, -_FLATTEST)), load.capacity, out=load.length)


@borrower
def add_paths(first_row, last_row, sources, offsets, targets, gbps, known, graph, load, pool, softness, work):
    """Add the shortest path of every pair of some rows where it is new; a pair without any sends all it has over it.

    `graph` is (out_offsets, head, tail); every target must be within reach. The shortest of the `HopPaths` of a pair is
    taken if those are `known`, else of all. Return the row whose paths did not fit into the pool, or `last_row`, and
    the sum of gbps times distance over the rows before it.
    """
    out_offsets, head, tail = graph
    length, distance = load.length, work.distance
    by_hops = len(known.offsets) > 0
    total = 0.0
    for i in range(first_row, last_row):
        source = sources[i]
        if not by_hops:
            shortest_tree(source, targets[offsets[i] : offsets[i + 1]], out_offsets, head, length, work)
        part = 0.0
        for j in range(offsets[i], offsets[i + 1]):
            # a path has no more arcs than there are nodes; what a row that is done anew has is not new
            if len(pool.flow) == pool.used[0] or len(pool.arcs) - pool.used[1] < len(work.order):
                return i, total
            if by_hops:
                shortest_of(j, source, known.offsets, known.arcs, head, tail, length, distance, work.parent)
            part += gbps[j] * distance[targets[j]]
            _add_shortest(j, source, targets[j], gbps[j], tail, work.parent, load, pool, softness)
        total += part
    return last_row, total


@borrower
def balance(first_pair, last_pair, load, pool, softness):
    """Move flow of pairs, one after the other, to the shortest of their paths.

    From every other path goes what a Newton step in the difference of lengths says.
    """
    first, following, flow, start, size, arcs = (
        pool.first, pool.following, pool.flow, pool.start, pool.size, pool.arcs,
    )  # fmt: skip
    capacity, gbps, length, mark = load.capacity, load.gbps, load.length, load.mark
    sharpness, reference = softness
    for j in range(first_pair, last_pair):
        best = first[j]
        if best < 0 or following[best] < 0:
            continue
        least = np.inf
        p = best
        while p >= 0:
            long = _path_length(p, start, size, arcs, length)
            if long < least:
                least = long
                best = p
            p = following[p]
        for k in range(start[best], start[best] + size[best]):
            mark[arcs[k]] = best
        p = first[j]
        while p >= 0:
            if p != best and flow[p] > 0.0:
                least = _path_length(best, start, size, arcs, length)
                excess = _path_length(p, start, size, arcs, length) - least
                if excess > 1e-6 * least:
                    _shift(
                        p, best, excess, flow, start, size, arcs, capacity, gbps, length, mark, sharpness, reference
                    )  # fmt: skip
            p = following[p]
        for k in range(start[best], start[best] + size[best]):
            mark[arcs[k]] = -1


def compacted(gbps, load, pool):
    """Return a pool with the paths in use alone, those of a pair side by side, and compute the load anew from them."""
    pair, place = np.empty(pool.used[0], dtype=np.int64), np.empty(pool.used[0], dtype=np.int64)
    pairs, paths, turn = np.arange(len(gbps)), pool.first, 0
    while len(paths) > 0:
        there = paths >= 0
        pairs, paths = pairs[there], paths[there]
        pair[paths], place[paths] = pairs, turn
        paths, turn = pool.following[paths], turn + 1
    kept = np.flatnonzero(pool.flow[: len(pair)] > _NEGLIGIBLE * gbps[pair])
    kept = kept[np.lexsort((place[kept], pair[kept]))]
    pair, flow, size = pair[kept], pool.flow[kept], pool.size[kept]
    flow = flow * (gbps[pair] / np.bincount(pair, flow, len(gbps))[pair])
    start = np.cumsum(size) - size
    arcs = pool.arcs[np.repeat(pool.start[kept] - start, size) + np.arange(size.sum())]
    load.gbps[:] = np.bincount(arcs, np.repeat(flow, size), len(load.gbps))
    room = path_pool(len(gbps), len(pool.flow), len(pool.arcs))
    room.flow[: len(kept)], room.start[: len(kept)], room.size[: len(kept)] = flow, start, size
    room.arcs[: len(arcs)] = arcs
    room.following[: len(kept)] = np.arange(len(kept)) - 1
    begins = np.flatnonzero(np.diff(pair, prepend=-1))
    room.following[begins] = -1
    room.first[pair] = np.arange(len(kept))  # of several the last
    room.used[:] = len(kept), len(arcs)
    return room


@part
def _set_length(a, gbps, capacity, length, sharpness, reference):
    excess = sharpness * (gbps[a] / capacity[a] / reference - 1.0)
    length[a] = math.exp(min(max(excess, _FLATTEST), -_FLATTEST)) / capacity[a]


@part
def _path_length(p, start, size, arcs, length):
    total = 0.0
    for k in range(start[p], start[p] + size[p]):
        total += length[arcs[k]]
    return total


@part
def _add_shortest(j, source, target, demand, tail, parent, load, pool, softness):
    """Add the path in the tree unless the pair has one as short; a pair without any sends all it has over it."""
    start, size, arcs, following = pool.start, pool.size, pool.arcs, pool.following
    capacity, gbps, length = load.capacity, load.gbps, load.length
    long = 0.0
    v = target
    while v != source:
        long += length[parent[v]]
        v = tail[parent[v]]
    p = first = pool.first[j]
    while p >= 0:
        if _path_length(p, start, size, arcs, length) <= long * (1.0 + 1e-9):
            return
        p = following[p]
    sharpness, reference = softness
    new = pool.used[0]
    at = pool.used[1]
    start[new] = at
    v = target
    while v != source:
        a = parent[v]
        arcs[at] = a
        at += 1
        v = tail[a]
        if first < 0:
            gbps[a] += demand
            _set_length(a, gbps, capacity, length, sharpness, reference)
    pool.flow[new] = demand if first < 0 else 0.0
    size[new] = at - start[new]
    following[new] = first
    pool.first[j] = new
    pool.used[0] = new + 1
    pool.used[1] = at


@part
def _shift(p, best, excess, flow, start, size, arcs, capacity, gbps, length, mark, sharpness, reference):
    """Move flow from path p to the path marked `best` until their lengths are about equal."""
    slope = 0.0
    narrow = np.inf
    for k in range(start[p], start[p] + size[p]):
        a = arcs[k]
        if mark[a] == best:
            mark[a] = -2 - best  # common to both: nothing changes there
        else:
            slope += length[a] / capacity[a]
            narrow = min(narrow, capacity[a])
    for k in range(start[best], start[best] + size[best]):
        a = arcs[k]
        if mark[a] == best:
            slope += length[a] / capacity[a]
            narrow = min(narrow, capacity[a])
    # lengths are exponential in the load: a step beyond e-fold would overshoot
    step = min(excess / (slope * sharpness / reference), narrow * reference / sharpness, flow[p])
    flow[p] -= step
    flow[best] += step
    for k in range(start[p], start[p] + size[p]):
        a = arcs[k]
        if mark[a] == -2 - best:
            continue
        gbps[a] -= step
        _set_length(a, gbps, capacity, length, sharpness, reference)
    for k in range(start[best], start[best] + size[best]):
        a = arcs[k]
        if mark[a] == best:
            gbps[a] += step
            _set_length(a, gbps, capacity, length, sharpness, reference)
        mark[a] = best
