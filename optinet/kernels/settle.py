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

Most arcs on the way of a rising path are full far above the level at which another one stops it. So the heap has to
have only what can matter *soon*, up to some level above the present one; all arcs on which paths have risen are listed,
and looked through again if paths still rise when that level is reached.

Flows with a limit of their own wait in the same heap, as items after the arcs.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from optinet.kernels._jit import borrower, part
from optinet.kernels.placed_heap import sift_down, sift_up, take_out

_NEAR = 1e-12  # relative: levels this close are one level
_SOON = 1.25  # times the present level: most paths rise less than that
_FULL = 1e-11  # of its capacity: an arc with no more room than this is full

# values of `bottleneck` that are no arc
OWN_LIMIT = -1  # the path is held by nothing but its own limit
RISING = -2  # the path's level is being sought
_NOTHING = -3

# What is read together lies together: a path in half a line of the processor's cache, an arc in a line. Indices are
# unsigned, so that none is looked at for being negative.
PATH = np.dtype(
    [("level", "f8"), ("weight", "f8"), ("first", "u4"), ("last", "u4"), ("bottleneck", "i4"), ("flow", "u4")]
)
ARC = np.dtype(
    [(name, "f8") for name in ("room", "rise", "holds", "waits", "seen", "gives", "gives_weight")]
    + [("open", "i4"), ("risen", "i4")]
)
LIST = np.dtype([("capacity", "f8"), ("first", "u4"), ("count", "u4")])


class Sharing(NamedTuple):
    """Paths on arcs, their levels, and the heap.

    ``path``: the level of each, while it rises minus the one it had, its weight, its hops ``arcs[first:last]``, its
    bottleneck, an arc, and its flow. ``limit`` of the rate of each path, empty if none has any. ``arc``: the room of
    each, its rise, the level it holds paths at (inf if none), the level at which it waits in the heap (inf if it does
    not), the level at which it was last looked at in this sweep (inf if it was not), rates and weights of the kept
    paths above that, 1 if it is open, and 1 if it is listed in ``risen``. ``present``: the capacity of each arc, and
    ``arc_paths[first:][:count]`` the paths present on it. By hop: ``spot`` its entry in ``arc_paths``, and ``arc_hop``
    the way back. ``heap_key``, ``heap_item`` and ``heap_place`` are the heap of arcs and, after them, paths with a
    limit. ``up`` lists paths about to rise, ``stay`` those an arc is about to hold, ``changed`` those whose level is
    new, marked in ``listed``, and ``risen`` the arcs on which paths have risen in this sweep.
    """

    path: np.ndarray
    arcs: np.ndarray
    limit: np.ndarray
    arc: np.ndarray
    present: np.ndarray
    arc_paths: np.ndarray
    arc_hop: np.ndarray
    spot: np.ndarray
    heap_key: np.ndarray
    heap_item: np.ndarray
    heap_place: np.ndarray
    up: np.ndarray
    stay: np.ndarray
    changed: np.ndarray
    listed: np.ndarray
    risen: np.ndarray


@part
def _rise(i, soon, path, arcs, state, heap_key, heap_item, heap_place, risen, size, n_open, n_risen):
    """Let a path rise from the level it has; return sizes of the heap and of `risen` and how many arcs are open."""
    level, weight = path[i].level, path[i].weight
    given = weight * level
    path[i].level = -level
    path[i].bottleneck = RISING
    for hop in range(path[i].first, path[i].last):
        a = arcs[hop]
        arc = state[a]
        risen[n_risen] = a
        n_risen += 1 - arc.risen
        arc.risen = 1
        arc.room += given
        arc.rise += weight
        if level > arc.seen:
            arc.gives -= given
            arc.gives_weight -= weight
        else:
            room, rise = arc.room + arc.gives, arc.rise + arc.gives_weight
            # what is in the heap already, as are arcs that are open, must be at the right level there
            until = soon if arc.waits == np.inf and arc.holds == np.inf else arc.waits
            if room < until * rise:
                at = np.int64(heap_place[a])
                if at < 0:
                    at = size
                    size += 1
                arc.waits = room / rise
                sift_up(heap_key, heap_item, heap_place, at, room / rise, a)
        if (arc.holds < np.inf) & (arc.open == 0):
            arc.open = 1
            n_open += 1
    return size, n_open, n_risen


@part
def _look_further(now, state, heap_key, heap_item, heap_place, risen, size, n_risen):
    """Enter into the heap the arcs that are full soonest; return its size and the level up to which none is missing."""
    soon = heap_key[0]
    for each in range(n_risen):
        arc = state[risen[each]]
        if arc.rise > 0.0 and arc.waits == np.inf and arc.room / arc.rise < soon:
            soon = arc.room / arc.rise
    soon = _SOON * (soon if soon > now else now)
    for each in range(n_risen):
        arc = state[risen[each]]
        if arc.rise > 0.0 and arc.waits == np.inf and arc.room / arc.rise <= soon:
            arc.waits = arc.room / arc.rise
            sift_up(heap_key, heap_item, heap_place, size, arc.waits, risen[each])
            size += 1
    return size, soon


@part
def _look(item, now, above, path, state, present, arc_paths, up, stay, n_open):
    """Find out whether an arc is full at level `now`, and list paths to hold there in `stay`, or to let rise in `up`.

    Return the level at which to look at it again, how many paths are listed in `stay` and in `up`, how many arcs are
    open, and whether all that the arc carries is held then.
    """
    arc = state[item]
    little = _FULL * present[item].capacity
    room, rise, again = arc.room, arc.rise, arc.holds
    if rise > 0.0 or room < -little:
        room, rise = room + arc.gives, rise + arc.gives_weight
        if rise > 0.0 and room < again * rise:
            again = room / rise
    else:  # there is room for all that it carries
        arc.seen, arc.gives, arc.gives_weight = np.inf, 0.0, 0.0
    none = np.int64(0)
    if again > above and (rise != 0.0 or room >= -little):
        arc.waits = again
        return again, none, none, n_open, False
    n_own, n_stay = none, none  # how many paths it holds, and is to hold
    own = np.int64(item) if arc.holds <= above else np.int64(_NOTHING)
    begin = np.uint64(present[item].first)
    gives = gives_weight = 0.0
    for j in range(begin, begin + np.uint64(present[item].count)):
        i = arc_paths[j]
        level, bottleneck = path[i].level, path[i].bottleneck
        if bottleneck == own:
            up[n_own] = i
            n_own += 1
            continue
        weight = path[i].weight * (level > above)
        gives += weight * level
        gives_weight += weight
        stay[n_stay] = i
        n_stay += (level > above) | (bottleneck == RISING)
    # of a capacity of 0 rounding may leave something
    room = arc.room + gives if little > 0.0 else 0.0
    rise = arc.rise + gives_weight
    if room - rise * now <= little:  # it is full, and leaves the heap when it holds its paths, not before
        n_open += 1 - arc.open
        arc.open = 1
        arc.waits = np.inf
        if n_own == 0:
            arc.holds = now if rise > 0.0 else np.inf
        return np.inf, n_stay, none, n_open, n_own > 0 or rise > 0.0
    arc.seen, arc.gives, arc.gives_weight = above, gives, gives_weight
    if gives_weight > 0.0 and arc.open == 0:
        arc.open = 1
        n_open += 1
    n_up = none
    if own == item:  # it was full at this level and is no longer
        arc.holds = np.inf
        for each in range(n_own):
            weight = path[up[each]].weight
            room += weight * path[up[each]].level
            rise += weight
        n_up = n_own
    arc.waits = room / rise if rise > 0.0 and room < arc.holds * rise else arc.holds
    return arc.waits, none, n_up, n_open, False


@part
def give_way(i, before, level, path, arcs, state, heap_key, heap_item, heap_place, size, n_open):
    """Lower a kept path and have its arcs seen that hold others; return as `_rise`."""
    weight = path[i].weight
    for hop in range(path[i].first, path[i].last):
        a = arcs[hop]
        arc = state[a]
        arc.room += weight * (before - level)
        if before > arc.seen:
            arc.gives -= weight * before
            arc.gives_weight -= weight
        if (arc.holds < np.inf) & (arc.open == 0):
            arc.open = 1
            n_open += 1
            arc.waits = arc.holds
            sift_up(heap_key, heap_item, heap_place, size, arc.holds, a)
            size += 1
    return size, n_open


@part
def _hold(
    n_stay, by, now, above, path, arcs, state, heap_key, heap_item, heap_place, stay, changed, listed, size, n_open,
    n_rising, n_changed,
):  # fmt: skip
    """Hold the paths of `stay` at level `now`.

    Return the size of the heap and how many arcs are open, how many paths rise, and how many are listed in `changed`.
    """
    for each in range(n_stay):
        i = stay[each]
        before, weight = abs(path[i].level), path[i].weight
        rose = path[i].bottleneck == RISING
        if not rose and before <= above:  # the arc occurs twice on its way
            continue
        level = before if abs(now - before) <= _NEAR * before else now
        path[i].level = level
        path[i].bottleneck = by
        if level != before and not listed[i]:
            listed[i] = True
            changed[n_changed] = i
            n_changed += 1
        if not rose:
            size, n_open = give_way(
                i, before, level, path, arcs, state, heap_key, heap_item, heap_place, size, n_open
            )  # fmt: skip
            continue
        n_rising -= 1
        for hop in range(path[i].first, path[i].last):
            a = arcs[hop]
            arc = state[a]
            arc.room -= weight * level
            arc.rise -= weight
            if arc.rise <= _NEAR * weight:  # rounding
                arc.rise = 0.0
                if (arc.waits < np.inf) & (arc.open == 0):  # it matters no longer
                    arc.waits = arc.seen = np.inf
                    arc.gives = arc.gives_weight = 0.0
                    take_out(heap_key, heap_item, heap_place, size, a)
                    size -= 1
    return size, n_open, n_rising, n_changed


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
    path, arcs, state, limit = sharing.path, sharing.arcs, sharing.arc, sharing.limit
    up, stay = sharing.up, sharing.stay
    heap_key, heap_item, heap_place = sharing.heap_key, sharing.heap_item, sharing.heap_place
    risen, n_arcs = sharing.risen, len(state)
    n_rising = n_risen = n_changed = np.int64(0)  # literals would have callees compiled twice
    now = soon = 0.0
    while True:
        if n_rising == 0:
            soon = _SOON * now
        for each in range(n_up):
            i = up[each]
            if path[i].bottleneck == RISING:  # the arc occurs twice on its way
                continue
            size, n_open, n_risen = _rise(
                i, soon, path, arcs, state, heap_key, heap_item, heap_place, risen, size, n_open, n_risen
            )
            n_rising += 1
            if len(limit) > 0 and limit[i] < np.inf and heap_place[n_arcs + i] < 0:
                sift_up(heap_key, heap_item, heap_place, size, limit[i] / path[i].weight, np.uint32(n_arcs + i))
                size += 1
        n_up = np.int64(0)
        if n_rising > 0 and heap_key[0] > soon:
            size, soon = _look_further(now, state, heap_key, heap_item, heap_place, risen, size, n_risen)
        if size == 0 or (n_rising == 0 and n_open == 0):
            break
        item = heap_item[0]
        if heap_key[0] > now:
            now = heap_key[0]
        above = now * (1.0 + _NEAR)
        if item < n_arcs:
            by = np.int64(item)
            again, n_stay, n_up, n_open, all_held = _look(
                item, now, above, path, state, sharing.present, sharing.arc_paths, up, stay, n_open
            )
        else:
            by, again, all_held = np.int64(OWN_LIMIT), np.inf, False
            stay[0] = item - n_arcs
            n_stay = np.int64(path[item - n_arcs].bottleneck == RISING)
        if n_stay > 0:
            size, n_open, n_rising, n_changed = _hold(
                n_stay, by, now, above, path, arcs, state, heap_key, heap_item, heap_place, stay, sharing.changed,
                sharing.listed, size, n_open, n_rising, n_changed,
            )  # fmt: skip
        if all_held:  # what is left is rounding
            state[item].room = state[item].rise = 0.0
        if again < np.inf:
            sift_down(heap_key, heap_item, heap_place, size, np.int64(heap_place[item]), again, item)
            continue
        if item < n_arcs:
            arc = state[item]
            arc.seen, arc.gives, arc.gives_weight = np.inf, 0.0, 0.0
            n_open -= arc.open
            arc.open = 0
        take_out(heap_key, heap_item, heap_place, size, item)
        size -= 1
    for each in range(n_risen):
        state[risen[each]].risen = 0
    for j in range(size):  # limits of paths held elsewhere
        heap_key[j], heap_place[heap_item[j]] = np.inf, -1
    return n_changed
