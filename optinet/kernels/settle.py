# SPDX-License-Identifier: Apache-2.0
"""Max-min rates of paths that come and go, in one sweep upward over the levels that a change touches.

A path's *level* is its rate over its weight. Filling raises all levels together until an arc is full: that arc is the
*bottleneck* of its paths still rising, which stay at its level. After a change the same filling is replayed from below,
but only where it differs from the last one. What rises differently than before is *rising*; every other path is *kept*:
it holds its old level. An arc's *room* is what kept paths leave over of its capacity, its *rise* the weight of its
rising paths, so it is full at level room / rise or, as long as it carries kept paths above that, later. Arcs wait in a
heap at the lowest level at which they can matter. When one comes up at level t,

* it is full at t: its rising paths and the kept ones above t stay at t; the latter *give way*, leaving room elsewhere;
* it was full at t before and is not any more: the paths it held rise on from t, on all their arcs;
* otherwise it waits for a higher level.

Levels are settled in rising order, so no path is held twice. An arc is *open* while it may no longer hold its own
paths; one that is not leaves the heap with its last rising path. The sweep ends when nothing rises and no arc is open.
What stands then is the max-min allocation, since every path is held by a full arc on which no path has a larger level
(D. Bertsekas, R. Gallager, "Data Networks", 2nd ed., section 6.5.2).

Flows with a limit of their own wait in the same heap, as items after the arcs.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from optinet.kernels._jit import borrower, part
from optinet.kernels.placed_heap import sift_down, sift_up

_NEAR = 1e-12  # relative: levels this close are one level
_FULL = 1e-11  # of its capacity: an arc with no more room than this is full

# sentinels and columns of a `Sharing`
RISING = -2  # in `bottleneck`: the path's level is being sought
OWN_LIMIT = -1  # in `bottleneck`: the path is held by nothing but its own limit
LEVEL, WEIGHT = 0, 1  # columns of `path`
ROOM, RISE, HOLDS, WAITS, OPEN, SEEN, GIVES, GIVES_WEIGHT = 0, 1, 2, 3, 4, 5, 6, 7  # columns of `state`
N_STATE = 8


class Sharing(NamedTuple):
    """Paths on arcs, their levels, and the heap.

    By path: ``offsets`` and ``arcs`` its arcs; ``path`` its level, while it rises minus the one it had, and its weight;
    ``limit`` of its rate; ``bottleneck`` an arc. By arc: ``capacity``;
    ``arc_paths[arc_offsets[a]:][:arc_count[a]]`` the paths present; ``state``: its room, its rise, the level it holds
    paths at (inf if none), the level at which it waits in the heap (inf if it does not), 1 if it is open, the level at
    which it was last looked at in this sweep (inf if it was not), and rates and weights of the kept paths above that.
    By hop: ``spot`` its entry in ``arc_paths``, and ``arc_hop`` the way back. ``heap_key``, ``heap_item`` and
    ``heap_place`` are the heap of arcs and, after them, paths with a limit. ``up`` lists paths about to rise,
    ``changed`` those whose level is new, marked in ``listed``.
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
    heap_key: np.ndarray
    heap_item: np.ndarray
    heap_place: np.ndarray
    up: np.ndarray
    changed: np.ndarray
    listed: np.ndarray


@part
def _rise(i, offsets, arcs, path, state, heap_key, heap_item, heap_place, size, n_open):
    """Let a path rise from the level it has; return how many entries the heap has and how many arcs are open."""
    level, weight = path[i, LEVEL], path[i, WEIGHT]
    given = weight * level
    path[i, LEVEL] = -level
    for hop in range(offsets[i], offsets[i + 1]):
        arc = np.int64(arcs[hop])
        state[arc, ROOM] += given
        state[arc, RISE] += weight
        if level > state[arc, SEEN]:
            state[arc, GIVES] -= given
            state[arc, GIVES_WEIGHT] -= weight
        else:
            room, rise = state[arc, ROOM] + state[arc, GIVES], state[arc, RISE] + state[arc, GIVES_WEIGHT]
            if room < state[arc, WAITS] * rise:
                at = np.int64(heap_place[arc])
                if at < 0:
                    at = size
                    size += 1
                state[arc, WAITS] = room / rise
                sift_up(heap_key, heap_item, heap_place, at, room / rise, arc)
        if state[arc, HOLDS] < np.inf and state[arc, OPEN] == 0.0:
            state[arc, OPEN] = 1.0
            n_open += 1
    return size, n_open


@part
def give_way(i, before, level, by, offsets, arcs, path, state, heap_key, heap_item, heap_place, size, n_open):
    """Lower a kept path and have its arcs seen that hold others, but for arc `by`; return as `_rise`."""
    weight = path[i, WEIGHT]
    for hop in range(offsets[i], offsets[i + 1]):
        arc = np.int64(arcs[hop])
        state[arc, ROOM] += weight * (before - level)
        if before > state[arc, SEEN]:
            state[arc, GIVES] -= weight * before
            state[arc, GIVES_WEIGHT] -= weight
        if state[arc, HOLDS] < np.inf and state[arc, OPEN] == 0.0 and arc != by:
            state[arc, OPEN] = 1.0
            n_open += 1
            state[arc, WAITS] = state[arc, HOLDS]
            sift_up(heap_key, heap_item, heap_place, size, state[arc, HOLDS], arc)
            size += 1
    return size, n_open


@part
def _pop(heap_key, heap_item, heap_place, size, item):
    """Take an item out of a heap of `size` entries."""
    at, last = np.int64(heap_place[item]), size - 1
    heap_place[item] = -1
    if at < last:
        key, other = heap_key[last], np.int64(heap_item[last])
        if at > 0 and key < heap_key[(at - 1) >> 1]:
            sift_up(heap_key, heap_item, heap_place, at, key, other)
        else:
            sift_down(heap_key, heap_item, heap_place, last, at, key, other)


@borrower
def settle_anew(sharing, n_up):
    """Settle the levels of ``n_up`` paths of ``up`` while no other is present."""
    zero = np.int64(0)  # a literal would have `settle` compiled for it besides
    return settle(sharing, n_up, zero, zero)


@part
def settle(sharing, n_up, size, n_open):
    """Settle all levels; return how many paths are listed in ``changed``.

    Goes in: ``n_up`` paths of ``up`` rise, the heap has ``size`` entries, arcs all, of which ``n_open`` are open. On
    return nothing rises, the heap is empty and every path is held by its bottleneck.
    """
    offsets, arcs, path, limit, bottleneck = (
        sharing.offsets, sharing.arcs, sharing.path, sharing.limit, sharing.bottleneck,
    )  # fmt: skip
    arc_offsets, arc_paths, state, up = sharing.arc_offsets, sharing.arc_paths, sharing.state, sharing.up
    heap_key, heap_item, heap_place = sharing.heap_key, sharing.heap_item, sharing.heap_place
    n_arcs = len(state)
    n_rising, n_changed = 0, 0
    now = 0.0
    while True:
        for each in range(n_up):
            i = up[each]
            bottleneck[i] = RISING
            size, n_open = _rise(i, offsets, arcs, path, state, heap_key, heap_item, heap_place, size, n_open)
            if limit[i] < np.inf and heap_place[n_arcs + i] < 0:
                sift_up(heap_key, heap_item, heap_place, size, limit[i] / path[i, WEIGHT], n_arcs + i)
                size += 1
        n_rising += n_up
        n_up = 0
        if size == 0 or (n_rising == 0 and n_open == 0):
            break
        item = np.int64(heap_item[0])
        now = max(now, heap_key[0])
        above = now * (1.0 + _NEAR)
        again = np.inf  # the level at which to look at it again
        first, last, by = np.int64(0), np.int64(0), item  # the paths to hold here, and what holds them
        full = False
        rise = holds = 0.0
        if item >= n_arcs:
            first, last, by = item - n_arcs, item - n_arcs + 1, np.int64(OWN_LIMIT)
        else:
            little = _FULL * sharing.capacity[item]
            room, rise, holds = state[item, ROOM], state[item, RISE], state[item, HOLDS]
            again = holds
            if rise > 0.0 or room < -little:
                room, rise = room + state[item, GIVES], rise + state[item, GIVES_WEIGHT]
                if rise > 0.0 and room < holds * rise:
                    again = room / rise
            else:  # there is room for all that it carries
                state[item, SEEN], state[item, GIVES], state[item, GIVES_WEIGHT] = np.inf, 0.0, 0.0
            if again <= above or (rise == 0.0 and room < -little):
                begin, end = arc_offsets[item], arc_offsets[item] + sharing.arc_count[item]
                gives = gives_weight = 0.0
                for j in range(begin, end):
                    i = arc_paths[j]
                    level = path[i, LEVEL]
                    weight = path[i, WEIGHT] if level > above else 0.0
                    gives += weight * level
                    gives_weight += weight
                # of a capacity of 0 rounding may leave something
                room = state[item, ROOM] + gives if little > 0.0 else 0.0
                rise = state[item, RISE] + gives_weight
                full = room - rise * now <= little
                again = np.inf
                if full:
                    first, last = begin, end
                else:
                    state[item, SEEN], state[item, GIVES], state[item, GIVES_WEIGHT] = above, gives, gives_weight
                    if gives_weight > 0.0 and state[item, OPEN] == 0.0:
                        state[item, OPEN] = 1.0
                        n_open += 1
                    if holds <= above:  # it was full at this level and is no longer
                        state[item, HOLDS] = holds = np.inf
                        for j in range(begin, end):
                            i = arc_paths[j]
                            if bottleneck[i] == item:
                                up[n_up] = i
                                n_up += 1
                                room += path[i, WEIGHT] * path[i, LEVEL]
                                rise += path[i, WEIGHT]
                    again = room / rise if rise > 0.0 and room < holds * rise else holds
        holding = False
        for j in range(first, last):
            i = np.int64(arc_paths[j]) if item < n_arcs else first
            before, weight = abs(path[i, LEVEL]), path[i, WEIGHT]
            rose = bottleneck[i] == RISING
            if not rose and (item >= n_arcs or before <= above):
                holding |= bottleneck[i] == item
                continue
            level = before if abs(now - before) <= _NEAR * before else now
            path[i, LEVEL] = level
            bottleneck[i] = by
            if level != before and not sharing.listed[i]:
                sharing.listed[i] = True
                sharing.changed[n_changed] = i
                n_changed += 1
            if not rose:
                size, n_open = give_way(
                    i, before, level, by, offsets, arcs, path, state, heap_key, heap_item, heap_place, size, n_open
                )  # fmt: skip
                continue
            n_rising -= 1
            for hop in range(offsets[i], offsets[i + 1]):
                arc = np.int64(arcs[hop])
                state[arc, ROOM] -= weight * level
                state[arc, RISE] -= weight
                if state[arc, RISE] <= _NEAR * weight:  # rounding
                    state[arc, RISE] = 0.0
                    if arc != item and state[arc, WAITS] < np.inf and state[arc, OPEN] == 0.0:  # it matters no longer
                        state[arc, WAITS], state[arc, SEEN] = np.inf, np.inf
                        state[arc, GIVES], state[arc, GIVES_WEIGHT] = 0.0, 0.0
                        _pop(heap_key, heap_item, heap_place, size, arc)
                        size -= 1
        if item < n_arcs:
            state[item, WAITS] = again
            if full and (not holding or holds > above):
                state[item, HOLDS] = now if rise > 0.0 else np.inf
            if full and (holding or rise > 0.0):
                state[item, ROOM], state[item, RISE] = 0.0, 0.0  # what is left is rounding
        if again < np.inf:
            sift_down(heap_key, heap_item, heap_place, size, np.int64(heap_place[item]), again, item)
            continue
        if item < n_arcs:
            state[item, SEEN], state[item, GIVES], state[item, GIVES_WEIGHT] = np.inf, 0.0, 0.0
            if state[item, OPEN] == 1.0:
                state[item, OPEN] = 0.0
                n_open -= 1
        _pop(heap_key, heap_item, heap_place, size, item)
        size -= 1
    for j in range(size):  # limits of paths held elsewhere
        heap_place[heap_item[j]] = -1
    return n_changed
