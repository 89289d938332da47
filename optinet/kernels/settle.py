# SPDX-License-Identifier: Apache-2.0
"""Max-min rates of changing flows, filling anew only what a change touches.

After a change the paths whose bottleneck may have moved are set free and filled again beside all others, which keep
their rate (`settle`). Then every arc the free paths cross is checked: a kept path whose bottleneck is no longer full,
or no longer gives it the largest level there, or that has more than the level at which the arc has just filled, is
set free too, and the filling repeats from the level up at which it would differ. When no arc objects, every path has
a bottleneck, so the rates are the max-min rates.

`Paths` is what does not change but for who is present; `Rates` the solution and scratch.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from optinet.kernels._jit import kernel
from optinet.kernels.max_min import fill

_TOLERANCE = 1e-9  # relative: levels this close are equal, an arc this close to its capacity is full


class Paths(NamedTuple):
    """Capacities, the arcs of every path, and the paths present on every arc (see `optinet.kernels.max_min`)."""

    capacity: np.ndarray
    offsets: np.ndarray
    arcs: np.ndarray
    arc_offsets: np.ndarray
    arc_paths: np.ndarray
    arc_hop: np.ndarray
    place: np.ndarray
    arc_count: np.ndarray
    weight: np.ndarray
    limit: np.ndarray
    limited: bool


class Rates(NamedTuple):
    """Level and bottleneck of every path, and scratch.

    By touched arc: ``room`` and ``waiting`` what kept paths leave over and the weight of free paths; ``kept_top`` a
    bound on the level of kept paths; ``tied`` how many kept paths have their bottleneck here, all at ``tied_level``.
    """

    level: np.ndarray
    before: np.ndarray
    bottleneck: np.ndarray
    free: np.ndarray
    freed: np.ndarray
    freed_stamp: np.ndarray
    refill: np.ndarray
    arcs: np.ndarray
    listed: np.ndarray
    touched_stamp: np.ndarray
    left: np.ndarray
    weight_left: np.ndarray
    arc_level: np.ndarray
    arc_top: np.ndarray
    kept_top: np.ndarray
    tied: np.ndarray
    tied_level: np.ndarray
    heap_key: np.ndarray
    heap_item: np.ndarray


@kernel
def add_path(paths, path):
    """Put a path among those present on its arcs."""
    for hop in range(paths.offsets[path], paths.offsets[path + 1]):
        arc = paths.arcs[hop]
        _swap(paths, paths.place[hop], paths.arc_offsets[arc] + paths.arc_count[arc])
        paths.arc_count[arc] += 1


@kernel
def remove_path(paths, path):
    """Take a path from those present on its arcs."""
    for hop in range(paths.offsets[path], paths.offsets[path + 1]):
        arc = paths.arcs[hop]
        paths.arc_count[arc] -= 1
        _swap(paths, paths.place[hop], paths.arc_offsets[arc] + paths.arc_count[arc])


@kernel
def _swap(paths, a, b):
    hop_a, hop_b = paths.arc_hop[a], paths.arc_hop[b]
    paths.arc_paths[a], paths.arc_paths[b] = paths.arc_paths[b], paths.arc_paths[a]
    paths.arc_hop[a], paths.arc_hop[b] = hop_b, hop_a
    paths.place[hop_a], paths.place[hop_b] = b, a


@kernel
def set_free(rates, path, n_freed, stamp):
    """Mark a path to be filled anew; return how many are marked."""
    if rates.freed_stamp[path] == stamp:
        return n_freed
    rates.freed_stamp[path] = stamp
    rates.freed[n_freed] = path
    rates.before[n_freed] = rates.level[path]
    return n_freed + 1


@kernel
def free_bottlenecked(paths, rates, arc, n_freed, stamp):
    """Set free the paths whose bottleneck is `arc`."""
    for i in range(paths.arc_offsets[arc], paths.arc_offsets[arc] + paths.arc_count[arc]):
        path = paths.arc_paths[i]
        if rates.bottleneck[path] == arc:
            n_freed = set_free(rates, path, n_freed, stamp)
    return n_freed


@kernel
def settle(paths, rates, n_freed, stamp):
    """Fill the free paths and those that sets free, until every path has a bottleneck; return how many were freed."""
    first = np.int64(0)  # a literal would have every function it is passed to compiled twice
    while True:
        floor = _unchanged_below(paths, rates, first, n_freed, stamp)
        _take_out(paths, rates, first, n_freed, stamp)
        n_refill = _reopen(paths, rates, first, n_freed, floor)
        n_arcs = _arcs_of(paths, rates, n_refill)
        fill(
            rates.arcs,
            n_arcs,
            rates.refill,
            n_refill,
            paths.offsets,
            paths.arcs,
            paths.arc_offsets,
            paths.arc_paths,
            paths.arc_count,
            paths.weight,
            paths.limit,
            paths.limited,
            rates.free,
            rates.level,
            rates.bottleneck,
            rates.left,
            rates.weight_left,
            rates.arc_level,
            rates.arc_top,
            rates.heap_key,
            rates.heap_item,
        )
        first = n_freed
        n_freed = _object(paths, rates, n_arcs, n_freed, stamp)
        if n_freed == first:
            return n_freed


@kernel
def _unchanged_below(paths, rates, first, n_freed, stamp):
    """Return the level below which filling anew with the newly freed paths would go just as before.

    A newly freed path changes nothing below its old level but on arcs that had filled by then, and on those nothing
    below the level at which they filled.
    """
    floor = np.inf
    for i in range(first, n_freed):
        path = rates.freed[i]
        floor = min(floor, rates.level[path])
        for hop in range(paths.offsets[path], paths.offsets[path + 1]):
            arc = paths.arcs[hop]
            if rates.touched_stamp[arc] == stamp:
                floor = min(floor, rates.arc_level[arc])
    return floor * (1.0 - _TOLERANCE)


@kernel
def _take_out(paths, rates, first, n_freed, stamp):
    """Take the newly freed paths out of what is kept on their arcs, and look at arcs met for the first time."""
    for i in range(first, n_freed):
        path = rates.freed[i]
        w = paths.weight[path]
        for hop in range(paths.offsets[path], paths.offsets[path + 1]):
            arc = paths.arcs[hop]
            if rates.touched_stamp[arc] == stamp:
                rates.left[arc] += w * rates.level[path]
                rates.weight_left[arc] += w
                if rates.bottleneck[path] == arc:
                    rates.tied[arc] -= 1
    for i in range(first, n_freed):
        path = rates.freed[i]
        for hop in range(paths.offsets[path], paths.offsets[path + 1]):
            arc = paths.arcs[hop]
            if rates.touched_stamp[arc] == stamp:
                continue
            rates.touched_stamp[arc] = stamp
            room, waiting, top, tied, tied_level = paths.capacity[arc], 0.0, 0.0, 0, 0.0
            for j in range(paths.arc_offsets[arc], paths.arc_offsets[arc] + paths.arc_count[arc]):
                other = paths.arc_paths[j]
                if rates.freed_stamp[other] == stamp:
                    waiting += paths.weight[other]
                else:
                    room -= paths.weight[other] * rates.level[other]
                    top = max(top, rates.level[other])
                    if rates.bottleneck[other] == arc:
                        tied += 1
                        tied_level = rates.level[other]
            rates.left[arc], rates.weight_left[arc], rates.kept_top[arc] = max(room, 0.0), waiting, top
            rates.tied[arc], rates.tied_level[arc] = tied, tied_level


@kernel
def _reopen(paths, rates, first, n_freed, floor):
    """Set free again the paths filled at `floor` and above and the newly freed; return how many are to be filled."""
    n_refill = 0
    for i in range(n_freed):
        path = rates.freed[i]
        if i < first:
            if rates.level[path] < floor:
                continue
            w = paths.weight[path]
            for hop in range(paths.offsets[path], paths.offsets[path + 1]):
                arc = paths.arcs[hop]
                rates.left[arc] += w * rates.level[path]
                rates.weight_left[arc] += w
        rates.free[path] = True
        rates.refill[n_refill] = path
        n_refill += 1
    return n_refill


@kernel
def _arcs_of(paths, rates, n_refill):
    """List the arcs of the paths to be filled; return how many there are."""
    n_arcs = 0
    for i in range(n_refill):
        path = rates.refill[i]
        for hop in range(paths.offsets[path], paths.offsets[path + 1]):
            arc = paths.arcs[hop]
            if not rates.listed[arc]:
                rates.listed[arc] = True
                rates.arcs[n_arcs] = arc
                n_arcs += 1
    for i in range(n_arcs):
        rates.listed[rates.arcs[i]] = False
    return n_arcs


@kernel
def _object(paths, rates, n_arcs, n_freed, stamp):
    """Set free the kept paths whose rate no longer fits on an arc just filled; return how many paths are free."""
    for i in range(n_arcs):
        arc = rates.arcs[i]
        full = rates.left[arc] <= _TOLERANCE * paths.capacity[arc]
        lost = rates.tied[arc] > 0 and not (full and rates.arc_top[arc] <= rates.tied_level[arc] * (1.0 + _TOLERANCE))
        ceiling = rates.arc_level[arc] * (1.0 + _TOLERANCE)
        if not lost and rates.kept_top[arc] <= ceiling:
            continue
        top = 0.0
        for j in range(paths.arc_offsets[arc], paths.arc_offsets[arc] + paths.arc_count[arc]):
            path = paths.arc_paths[j]
            if rates.freed_stamp[path] == stamp:
                continue
            if rates.level[path] > ceiling or (lost and rates.bottleneck[path] == arc):
                n_freed = set_free(rates, path, n_freed, stamp)
            else:
                top = max(top, rates.level[path])
        rates.kept_top[arc] = top
    return n_freed
