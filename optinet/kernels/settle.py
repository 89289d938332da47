# SPDX-License-Identifier: Apache-2.0
"""Max-min rates of paths that come and go, in one sweep upward over the levels that a change touches.

A path's *level* is its rate over its weight. Filling raises all levels together until an arc is full: that arc is the
*bottleneck* of its paths still rising, which stay at its level. After a change the same filling is replayed from below,
but only where it differs from the last one. What rises differently than before is *rising*; every other path is *kept*:
it holds its old level. An arc's *room* is what kept paths leave over of its capacity, its *rise* the weight of its
rising paths, so it is full at level room / rise or, as long as it carries kept paths above that, later. Arcs wait in a
heap at the lowest level at which they can matter. When one comes up at level t,

* it is full at t: its rising paths and the kept ones above t stay at t (the latter give way: they leave room elsewhere);
* it was full at t before and is not any more: the paths it held rise on from t, on all their arcs;
* otherwise it waits for a higher level.

Levels are settled in rising order, so no path is looked at twice, and the sweep ends when nothing rises and every arc
whose own paths may no longer be held (*open* arcs) has been seen. The fixed point is the max-min allocation, since every
path ends at a full arc on which no path has a larger level (D. Bertsekas, R. Gallager, "Data Networks", 2nd ed.,
section 6.5.2).

Flows with a limit of their own wait in the same heap, as items after the arcs.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from optinet.kernels._jit import kernel
from optinet.kernels.placed_heap import sift_down, sift_up

_NEAR = 1e-12  # relative: levels this close are one level
_FULL = 1e-11  # of its capacity: an arc with no more room than this is full

RISING = -2  # in `bottleneck`: the path's level is being sought
OWN_LIMIT = -1  # in `bottleneck`: the path is held by nothing but its own limit
ROOM, RISE, HOLDS, WAITS = 0, 1, 2, 3  # columns of `arc`
LEVEL, WEIGHT = 0, 1  # columns of `path`


class Sharing(NamedTuple):
    """Paths on arcs, their levels, and the heap.

    By path: ``offsets`` and ``arcs`` its arcs, ``path`` level and weight, ``limit`` of its rate, ``bottleneck`` an arc.
    By arc: ``capacity``; ``arc_paths[arc_offsets[a]:][:arc_count[a]]`` the paths present; ``room`` and rise;
    ``arc_level`` the level it holds paths at, inf if it holds none; ``open`` whether it must be seen. By hop: ``spot``
    its entry in ``arc_paths``, and ``arc_hop`` the way back. ``heap_key``, ``heap_item`` and ``heap_place`` are the
    heap of arcs and, after them, paths with a limit. ``up`` lists paths about to rise, ``changed`` those whose level is
    new, marked in ``listed``.
    """

    offsets: np.ndarray
    arcs: np.ndarray
    arc_offsets: np.ndarray
    arc_paths: np.ndarray
    arc_hop: np.ndarray
    spot: np.ndarray
    arc_count: np.ndarray
    capacity: np.ndarray
    limit: np.ndarray
    path: np.ndarray
    bottleneck: np.ndarray
    state: np.ndarray
    open: np.ndarray
    heap_key: np.ndarray
    heap_item: np.ndarray
    heap_place: np.ndarray
    up: np.ndarray
    changed: np.ndarray
    listed: np.ndarray


@kernel
def settle(sharing, n_up, size, n_open):
    """Settle all levels; return how many paths are listed in ``changed``.

    Goes in: ``n_up`` paths of ``up`` rise, the heap has ``size`` entries, arcs all, of which ``n_open`` are open. On
    return nothing rises, the heap is empty and every path is held by its bottleneck.
    """
    offsets, arcs, limit, path, bottleneck = (
        sharing.offsets, sharing.arcs, sharing.limit, sharing.path, sharing.bottleneck,
    )  # fmt: skip
    arc_offsets, arc_paths, arc_count, capacity = (
        sharing.arc_offsets, sharing.arc_paths, sharing.arc_count, sharing.capacity,
    )  # fmt: skip
    state, is_open = sharing.state, sharing.open
    heap_key, heap_item, heap_place = sharing.heap_key, sharing.heap_item, sharing.heap_place
    up, changed, listed = sharing.up, sharing.changed, sharing.listed
    n_arcs = len(state)
    n_rising, n_changed = 0, 0
    now = 0.0
    while True:
        for each in range(n_up):  # let them rise, from the level they had
            i = up[each]
            bottleneck[i] = RISING
            weight = path[i, WEIGHT]
            given = weight * path[i, LEVEL]
            for hop in range(offsets[i], offsets[i + 1]):
                arc = np.int64(arcs[hop])
                left = state[arc, ROOM] + given
                rising = state[arc, RISE] + weight
                state[arc, ROOM] = left
                state[arc, RISE] = rising
                if left < state[arc, WAITS] * rising:
                    at = np.int64(heap_place[arc])
                    if at < 0:
                        at = size
                        size += 1
                    state[arc, WAITS] = left / rising
                    sift_up(heap_key, heap_item, heap_place, at, left / rising, arc)
                if state[arc, HOLDS] < np.inf and not is_open[arc]:
                    is_open[arc] = True
                    n_open += 1
            if limit[i] < np.inf and heap_place[n_arcs + i] < 0:
                sift_up(heap_key, heap_item, heap_place, size, limit[i] / weight, np.int64(n_arcs + i))
                size += 1
        n_rising += n_up
        n_up = 0
        if size == 0 or (n_rising == 0 and n_open == 0):
            break
        item = np.int64(heap_item[0])
        if heap_key[0] > now:
            now = heap_key[0]
        above = now * (1.0 + _NEAR)
        again = np.inf  # the level at which to look at it again
        first, last, why = 0, 0, np.int64(item)
        if item >= n_arcs:
            first, last, why = item - n_arcs, item - n_arcs + 1, np.int64(OWN_LIMIT)
        else:
            left, rising, holds = state[item, ROOM], state[item, RISE], state[item, HOLDS]
            again = holds
            if rising > 0.0 and left < holds * rising:
                again = left / rising
            if again <= above or left < 0.0 or (again == np.inf and is_open[item]):
                begin, end = arc_offsets[item], arc_offsets[item] + arc_count[item]
                kept_above = False
                holding = False
                for j in range(begin, end):
                    i = arc_paths[j]
                    if bottleneck[i] == item:
                        holding = True
                    if bottleneck[i] != RISING and path[i, LEVEL] > above:
                        left += path[i, WEIGHT] * path[i, LEVEL]
                        rising += path[i, WEIGHT]
                        kept_above = True
                if capacity[item] == 0.0:
                    left = 0.0  # and not what rounding leaves of it
                again = np.inf
                if left - rising * now <= _FULL * capacity[item]:
                    if holding or rising > 0.0:
                        state[item, ROOM] = 0.0
                        first, last = begin, end
                        if holds > above:
                            state[item, HOLDS] = now
                    else:
                        state[item, HOLDS] = np.inf
                elif holds <= above:  # it was full at this level and is no longer
                    state[item, HOLDS] = np.inf
                    for j in range(begin, end):
                        if bottleneck[arc_paths[j]] == item:
                            up[n_up] = arc_paths[j]
                            n_up += 1
                    if n_up > 0 or rising > 0.0:
                        again = now
                else:
                    again = holds
                    if rising > 0.0 and left < holds * rising:
                        again = left / rising
                    if kept_above and not is_open[item]:
                        is_open[item] = True
                        n_open += 1
        for j in range(first, last):  # hold those that rose and those kept above
            i = arc_paths[j] if item < n_arcs else first
            before, weight = path[i, LEVEL], path[i, WEIGHT]
            rose = bottleneck[i] == RISING
            if not rose and (item >= n_arcs or before <= above):
                continue
            bottleneck[i] = why
            level = now
            if abs(level - before) <= _NEAR * before:
                level = before
            elif not listed[i]:
                listed[i] = True
                changed[n_changed] = i
                n_changed += 1
            path[i, LEVEL] = level
            if rose:
                n_rising -= 1
                given = weight * level
                for hop in range(offsets[i], offsets[i + 1]):
                    arc = arcs[hop]
                    state[arc, ROOM] -= given
                    rest = state[arc, RISE] - weight
                    state[arc, RISE] = rest if rest > _NEAR * weight else 0.0  # less is rounding
            else:
                given = weight * (before - level)
                for hop in range(offsets[i], offsets[i + 1]):
                    arc = np.int64(arcs[hop])
                    state[arc, ROOM] += given
                    if state[arc, HOLDS] < np.inf and not is_open[arc] and arc != why:  # those it held may rise now
                        is_open[arc] = True
                        n_open += 1
                        state[arc, WAITS] = state[arc, HOLDS]
                        sift_up(heap_key, heap_item, heap_place, size, state[arc, HOLDS], arc)
                        size += 1
        if first < last and item < n_arcs:
            state[item, ROOM] = 0.0
            state[item, RISE] = 0.0
        at = np.int64(heap_place[item])
        if item < n_arcs:
            state[item, WAITS] = again
        if again < np.inf:
            sift_down(heap_key, heap_item, heap_place, size, at, again, item)
            continue
        if item < n_arcs and is_open[item]:
            is_open[item] = False
            n_open -= 1
        size -= 1
        heap_place[item] = -1
        if at < size:
            key, item = heap_key[size], np.int64(heap_item[size])
            if at > 0 and key < heap_key[(at - 1) >> 1]:
                sift_up(heap_key, heap_item, heap_place, at, key, item)
            else:
                sift_down(heap_key, heap_item, heap_place, size, at, key, item)
    for j in range(size):
        item = np.int64(heap_item[j])
        heap_place[item] = -1
        if item < n_arcs:
            state[item, RISE] = 0.0
            state[item, WAITS] = np.inf
    return n_changed
