# SPDX-License-Identifier: Apache-2.0
"""Event-driven fluid simulation of flows under max-min sharing, recomputing only what an event touches.

A *flow* has a volume and one or more *paths*; every path gets its own max-min rate and they drain the flow's volume
together. After an event the paths whose bottleneck may have moved are set free and filled again beside all others,
which keep their rate (`settle`). Then every arc the free paths cross is checked: a kept path whose bottleneck is no
longer full, or no longer gives it the largest level there, or that has more than the level at which the arc has just
filled, is set free too, and the filling repeats. When no arc objects, every path has a bottleneck, so the rates are
the max-min rates.

`Paths` is what does not change but for who is present; `Rates` the solution and scratch; `Flows` what happens to flows.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from optinet.kernels._jit import kernel
from optinet.kernels.heap import heap_push, heap_replace_top
from optinet.kernels.max_min import fill

_BLOCK = 256  # flows per block of the table in which the next end is sought
_TOLERANCE = 1e-9  # relative: levels this close are equal, an arc this close to its capacity is full

WAITING, READY, RUNNING, DONE = 0, 1, 2, 3


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


class Flows(NamedTuple):
    """What happens to flows: times in s, volumes in Gbit, and the queues of what comes next."""

    path_offsets: np.ndarray
    flow_of: np.ndarray
    left_gbit: np.ndarray
    since: np.ndarray
    rate: np.ndarray
    end: np.ndarray
    block_end: np.ndarray
    status: np.ndarray
    begin: np.ndarray
    latency: np.ndarray
    waits_for: np.ndarray
    next_offsets: np.ndarray
    next_flow: np.ndarray
    start_key: np.ndarray
    start_flow: np.ndarray
    finish: np.ndarray
    ended: np.ndarray
    change_time: np.ndarray
    change_arc: np.ndarray
    change_capacity: np.ndarray
    flow_stamp: np.ndarray
    counters: np.ndarray  # stamp, starts queued, next change, flows done, events, levels changed
    clock: np.ndarray


STAMP, QUEUED, NEXT_CHANGE, N_DONE, N_EVENTS, N_CHANGED = 0, 1, 2, 3, 4, 5


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
    first = 0
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


@kernel
def _apply_rates(paths, rates, flows, n_freed, now):
    """Bring volumes up to `now` for flows whose rate has changed and set their new rate and end."""
    stamp = flows.counters[STAMP]
    for i in range(n_freed):
        path = rates.freed[i]
        flow = flows.flow_of[path]
        if rates.level[path] == rates.before[i] and flows.rate[flow] > 0.0:
            continue
        flows.counters[N_CHANGED] += 1
        if flows.flow_stamp[flow] == stamp:
            continue
        flows.flow_stamp[flow] = stamp
        flows.left_gbit[flow] = max(0.0, flows.left_gbit[flow] - _drained(flows.rate[flow], now - flows.since[flow]))
        flows.since[flow] = now
        rate = 0.0
        for each in range(flows.path_offsets[flow], flows.path_offsets[flow + 1]):
            rate += paths.weight[each] * rates.level[each]
        flows.rate[flow] = rate
        _set_end(flows, flow, now + flows.left_gbit[flow] / rate if rate > 0.0 else np.inf)


@kernel
def _drained(rate, seconds):
    return rate * seconds if seconds > 0.0 else 0.0


@kernel
def _set_end(flows, flow, end):
    block = flow // _BLOCK
    if end < flows.block_end[block]:
        flows.block_end[block] = end
    elif flows.end[flow] == flows.block_end[block]:
        flows.block_end[block] = -1.0  # its smallest may have left: look again
    flows.end[flow] = end


@kernel
def _next_end(flows):
    """Return the earliest end of a running flow, refreshing the blocks that need it."""
    earliest = np.inf
    for block in range(len(flows.block_end)):
        if flows.block_end[block] < 0.0:
            smallest = np.inf
            for flow in range(block * _BLOCK, min((block + 1) * _BLOCK, len(flows.end))):
                smallest = min(smallest, flows.end[flow])
            flows.block_end[block] = smallest
        earliest = min(earliest, flows.block_end[block])
    return earliest


@kernel
def queue_start(flows, flow, ready):
    """Let a flow begin at the later of its start time and `ready`, and send after its latency."""
    flows.status[flow] = READY
    flows.begin[flow] = max(flows.begin[flow], ready)
    heap_push(flows.start_key, flows.start_flow, flows.counters[QUEUED], flows.begin[flow] + flows.latency[flow], flow)
    flows.counters[QUEUED] += 1


@kernel
def _complete(flows, flow, now):
    """Record a flow's end and start those that waited for it last."""
    flows.status[flow] = DONE
    flows.finish[flow] = now
    flows.counters[N_DONE] += 1
    for i in range(flows.next_offsets[flow], flows.next_offsets[flow + 1]):
        follower = flows.next_flow[i]
        flows.waits_for[follower] -= 1
        if flows.waits_for[follower] == 0:
            queue_start(flows, follower, now)


@kernel
def _end_flows(paths, rates, flows, now, n_freed, stamp):
    """End the flows due, then set free the paths they held back: those that ended are gone from the arcs by then."""
    horizon = now * (1.0 + 1e-13)
    n_ended = 0
    for block in range(len(flows.block_end)):
        if flows.block_end[block] > horizon:
            continue
        for flow in range(block * _BLOCK, min((block + 1) * _BLOCK, len(flows.end))):
            if flows.end[flow] <= horizon:
                flows.ended[n_ended] = flow
                n_ended += 1
                _set_end(flows, flow, np.inf)
                for path in range(flows.path_offsets[flow], flows.path_offsets[flow + 1]):
                    remove_path(paths, path)
    for i in range(n_ended):
        flow = flows.ended[i]
        for path in range(flows.path_offsets[flow], flows.path_offsets[flow + 1]):
            for hop in range(paths.offsets[path], paths.offsets[path + 1]):
                n_freed = free_bottlenecked(paths, rates, paths.arcs[hop], n_freed, stamp)
        _complete(flows, flow, now)
    return n_freed


@kernel
def _start_flows(paths, rates, flows, now, n_freed, stamp):
    while flows.counters[QUEUED] > 0 and flows.start_key[0] <= now:
        flow = flows.start_flow[0]
        flows.counters[QUEUED] -= 1
        size = flows.counters[QUEUED]
        heap_replace_top(flows.start_key, flows.start_flow, size, flows.start_key[size], flows.start_flow[size])
        if flows.left_gbit[flow] == 0.0:
            _complete(flows, flow, now)
            continue
        flows.status[flow] = RUNNING
        flows.since[flow] = now
        for path in range(flows.path_offsets[flow], flows.path_offsets[flow + 1]):
            add_path(paths, path)
            n_freed = set_free(rates, path, n_freed, stamp)
    return n_freed


@kernel
def _change_capacities(paths, rates, flows, now, n_freed, stamp):
    while (
        flows.counters[NEXT_CHANGE] < len(flows.change_time) and flows.change_time[flows.counters[NEXT_CHANGE]] <= now
    ):
        change = flows.counters[NEXT_CHANGE]
        flows.counters[NEXT_CHANGE] += 1
        arc = flows.change_arc[change]
        paths.capacity[arc] = flows.change_capacity[change]
        for i in range(paths.arc_offsets[arc], paths.arc_offsets[arc] + paths.arc_count[arc]):
            n_freed = set_free(rates, paths.arc_paths[i], n_freed, stamp)
    return n_freed


@kernel
def run_events(paths, rates, flows, max_events):
    """Process up to `max_events` moments at which something happens; return whether anything can still happen."""
    for _ in range(max_events):
        now = _next_end(flows)
        if flows.counters[QUEUED] > 0:
            now = min(now, flows.start_key[0])
        if flows.counters[NEXT_CHANGE] < len(flows.change_time):
            now = min(now, flows.change_time[flows.counters[NEXT_CHANGE]])
        if now == np.inf:
            return False
        now = max(now, flows.clock[0])
        flows.clock[0] = now
        flows.counters[N_EVENTS] += 1
        flows.counters[STAMP] += 1
        stamp = flows.counters[STAMP]
        n_freed = _end_flows(paths, rates, flows, now, 0, stamp)
        n_freed = _start_flows(paths, rates, flows, now, n_freed, stamp)
        n_freed = _change_capacities(paths, rates, flows, now, n_freed, stamp)
        if n_freed > 0:
            n_freed = settle(paths, rates, n_freed, stamp)
            _apply_rates(paths, rates, flows, n_freed, now)
    return True
