# SPDX-License-Identifier: Apache-2.0
"""Event-driven fluid simulation of flows under max-min sharing.

A *flow* has a volume and one or more *paths*; every path gets its own max-min rate (`optinet.kernels.settle`) and they
drain the flow's volume together. The simulation steps from one moment at which something happens to the next.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from optinet.kernels._jit import kernel
from optinet.kernels.heap import heap_push, heap_replace_top
from optinet.kernels.settle import add_path, free_bottlenecked, remove_path, set_free, settle

BLOCK = 256  # flows per block of the table in which the next end is sought

WAITING, READY, RUNNING, DONE = 0, 1, 2, 3


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
    block = flow // BLOCK
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
            for flow in range(block * BLOCK, min((block + 1) * BLOCK, len(flows.end))):
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
        for flow in range(block * BLOCK, min((block + 1) * BLOCK, len(flows.end))):
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
        n_freed = _end_flows(paths, rates, flows, now, np.int64(0), stamp)
        n_freed = _start_flows(paths, rates, flows, now, n_freed, stamp)
        n_freed = _change_capacities(paths, rates, flows, now, n_freed, stamp)
        if n_freed > 0:
            n_freed = settle(paths, rates, n_freed, stamp)
            _apply_rates(paths, rates, flows, n_freed, now)
    return True
