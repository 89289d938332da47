# SPDX-License-Identifier: Apache-2.0
"""Event-driven fluid simulation of flows under max-min sharing.

A *flow* has a volume and one or more *paths*; every path gets its own max-min rate (`optinet.kernels.settle`) and they
drain the flow's volume together. The simulation steps from one moment at which something happens to the next.

What a kernel calls is compiled with it again, so there are few kernels here, and those called for every flow take plain
arrays: a tuple of arrays costs a count of references for each of them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from optinet.kernels._jit import kernel, part
from optinet.kernels.placed_heap import sift_down, sift_up
from optinet.kernels.settle import LEVEL, OPEN, ROOM, WAITS, WEIGHT, give_way, settle

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
    start_place: np.ndarray
    finish: np.ndarray
    change_time: np.ndarray
    change_arc: np.ndarray
    change_capacity: np.ndarray
    progress: np.ndarray  # starts queued, next change, flows done, events, rates changed


QUEUED, NEXT_CHANGE, N_DONE, N_EVENTS, N_RATES = 0, 1, 2, 3, 4


@part
def _next_end(ends, block_end):
    """Return the earliest end of a running flow, looking anew into the blocks that need it."""
    earliest = np.inf
    for block in range(len(block_end)):
        if block_end[block] < 0.0:
            smallest = np.inf
            for flow in range(block * BLOCK, min((block + 1) * BLOCK, len(ends))):
                if ends[flow] < smallest:
                    smallest = ends[flow]
            block_end[block] = smallest
        if block_end[block] < earliest:
            earliest = block_end[block]
    return earliest


@part
def _swap(arc_paths, arc_hop, spot, a, b):
    hop_a, hop_b = arc_hop[a], arc_hop[b]
    arc_paths[a], arc_paths[b] = arc_paths[b], arc_paths[a]
    arc_hop[a], arc_hop[b] = hop_b, hop_a
    spot[hop_a], spot[hop_b] = b, a


@part
def _leave(sharing, i, size, n_open):
    """Take a path from those present on its arcs; return how many entries the heap has and how many arcs are open."""
    for hop in range(sharing.offsets[i], sharing.offsets[i + 1]):
        arc = sharing.arcs[hop]
        sharing.arc_count[arc] -= 1
        last = sharing.arc_offsets[arc] + sharing.arc_count[arc]
        _swap(sharing.arc_paths, sharing.arc_hop, sharing.spot, sharing.spot[hop], last)
    return give_way(
        i, sharing.path[i, LEVEL], np.float64(0.0), np.int64(-1), sharing.offsets, sharing.arcs, sharing.path,
        sharing.state, sharing.heap_key, sharing.heap_item, sharing.heap_place, size, n_open,
    )  # fmt: skip


@part
def _set_capacity(sharing, arc, capacity, size, n_open):
    """Give an arc another capacity and have it seen from level 0 up; return as `_leave`."""
    left = capacity
    for j in range(sharing.arc_offsets[arc], sharing.arc_offsets[arc] + sharing.arc_count[arc]):
        i = sharing.arc_paths[j]
        left -= sharing.path[i, WEIGHT] * sharing.path[i, LEVEL]
    sharing.capacity[arc] = capacity
    sharing.state[arc, ROOM] = left
    at = np.int64(sharing.heap_place[arc])
    if at < 0:
        at = size
        size += 1
    sharing.state[arc, WAITS] = 0.0
    sift_up(sharing.heap_key, sharing.heap_item, sharing.heap_place, at, np.float64(0.0), arc)
    if sharing.state[arc, OPEN] == 0.0:
        sharing.state[arc, OPEN] = 1.0
        n_open += 1
    return size, n_open


@part
def _apply_rates(sharing, flows, n_changed, now):
    """Bring volumes up to `now` for flows whose rate has changed and set their new rate and end."""
    for each in range(n_changed):
        i = sharing.changed[each]
        sharing.listed[i] = False
        flow = flows.flow_of[i]
        left = flows.left_gbit[flow]
        if flows.rate[flow] > 0.0:
            left = max(left - flows.rate[flow] * (now - flows.since[flow]), 0.0)
            flows.left_gbit[flow] = left
        flows.since[flow] = now
        rate = 0.0
        for each_path in range(flows.path_offsets[flow], flows.path_offsets[flow + 1]):
            rate += sharing.path[each_path, WEIGHT] * sharing.path[each_path, LEVEL]
        flows.rate[flow] = rate
        end = now + left / rate if rate > 0.0 else np.inf
        block = flow // BLOCK
        if end < flows.block_end[block]:
            flows.block_end[block] = end
        elif flows.end[flow] == flows.block_end[block]:
            flows.block_end[block] = -1.0  # its smallest may have left: look anew
        flows.end[flow] = end


@part
def _complete(flows, flow, now):
    """Record a flow's end and queue those that waited for it last."""
    flows.status[flow] = DONE
    flows.finish[flow] = now
    flows.progress[N_DONE] += 1
    for i in range(flows.next_offsets[flow], flows.next_offsets[flow + 1]):
        other = flows.next_flow[i]
        flows.waits_for[other] -= 1
        if flows.waits_for[other] == 0:
            flows.status[other] = READY
            flows.begin[other] = max(flows.begin[other], now)
            ready = flows.begin[other] + flows.latency[other]
            sift_up(flows.start_key, flows.start_flow, flows.start_place, flows.progress[QUEUED], ready, other)
            flows.progress[QUEUED] += 1


@part
def _next_start(flows):
    """Take the flow due first from the queue of starts."""
    flow = np.int64(flows.start_flow[0])
    flows.progress[QUEUED] -= 1
    last = flows.progress[QUEUED]
    if last > 0:
        key, other = flows.start_key[last], np.int64(flows.start_flow[last])
        sift_down(flows.start_key, flows.start_flow, flows.start_place, last, np.int64(0), key, other)
    return flow


@kernel
def run_events(sharing, flows, now, max_events):
    """Process up to `max_events` moments at which something happens; return the last of them, inf if none is left."""
    for _ in range(max_events):
        then = _next_end(flows.end, flows.block_end)
        if flows.progress[QUEUED] > 0:
            then = min(then, flows.start_key[0])
        change = flows.progress[NEXT_CHANGE]
        if change < len(flows.change_time):
            then = min(then, flows.change_time[change])
        if then == np.inf:
            return then
        now = max(now, then)
        flows.progress[N_EVENTS] += 1
        size, n_open, n_up = np.int64(0), np.int64(0), np.int64(0)  # a literal would have callees compiled twice
        horizon = now * (1.0 + 1e-13)
        for block in range(len(flows.block_end)):
            if flows.block_end[block] <= horizon:
                flows.block_end[block] = -1.0
                for flow in range(block * BLOCK, min((block + 1) * BLOCK, len(flows.end))):
                    if flows.end[flow] <= horizon:
                        flows.end[flow] = np.inf
                        for i in range(flows.path_offsets[flow], flows.path_offsets[flow + 1]):
                            size, n_open = _leave(sharing, i, size, n_open)
                        _complete(flows, flow, now)
        while flows.progress[QUEUED] > 0 and flows.start_key[0] <= now:
            flow = _next_start(flows)
            if flows.left_gbit[flow] == 0.0:
                _complete(flows, flow, now)
                continue
            flows.status[flow] = RUNNING
            flows.since[flow] = now
            for i in range(flows.path_offsets[flow], flows.path_offsets[flow + 1]):
                for hop in range(sharing.offsets[i], sharing.offsets[i + 1]):
                    arc = sharing.arcs[hop]
                    last = sharing.arc_offsets[arc] + sharing.arc_count[arc]
                    _swap(sharing.arc_paths, sharing.arc_hop, sharing.spot, sharing.spot[hop], last)
                    sharing.arc_count[arc] += 1
                sharing.up[n_up] = i
                n_up += 1
        while change < len(flows.change_time) and flows.change_time[change] <= now:
            size, n_open = _set_capacity(sharing, flows.change_arc[change], flows.change_capacity[change], size, n_open)
            change += 1
        flows.progress[NEXT_CHANGE] = change
        n_changed = settle(sharing, n_up, size, n_open)
        flows.progress[N_RATES] += n_changed
        _apply_rates(sharing, flows, n_changed, now)
    return now
