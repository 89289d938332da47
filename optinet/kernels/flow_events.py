# SPDX-License-Identifier: Apache-2.0
"""Event-driven fluid simulation of flows under max-min sharing.

A *flow* has a volume and one or more *paths*; every path gets its own max-min rate (`optinet.kernels.settle`) and they
drain the flow's volume together. The simulation steps from one moment at which something happens to the next.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from optinet.kernels._jit import kernel
from optinet.kernels.placed_heap import sift_down, sift_up
from optinet.kernels.settle import LEVEL, OWN_LIMIT, RISING, ROOM, WEIGHT, settle

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
    ended: np.ndarray
    change_time: np.ndarray
    change_arc: np.ndarray
    change_capacity: np.ndarray
    progress: np.ndarray  # starts queued, next change, flows done, events, rates changed


QUEUED, NEXT_CHANGE, N_DONE, N_EVENTS, N_RATES = 0, 1, 2, 3, 4


@kernel
def _swap(arc_paths, arc_hop, spot, a, b):
    hop_a, hop_b = arc_hop[a], arc_hop[b]
    arc_paths[a], arc_paths[b] = arc_paths[b], arc_paths[a]
    arc_hop[a], arc_hop[b] = hop_b, hop_a
    spot[hop_a], spot[hop_b] = b, a


@kernel
def run_events(sharing, flows, now, max_events):
    """Process up to `max_events` moments at which something happens; return the last of them, inf if none is left."""
    offsets, arcs, arc_offsets, arc_count = sharing.offsets, sharing.arcs, sharing.arc_offsets, sharing.arc_count
    arc_paths, arc_hop, spot, path = sharing.arc_paths, sharing.arc_hop, sharing.spot, sharing.path
    bottleneck, room, arc_level, is_open = sharing.bottleneck, sharing.room, sharing.arc_level, sharing.open
    heap_key, heap_item, heap_place = sharing.heap_key, sharing.heap_item, sharing.heap_place
    path_offsets, ends, block_end, status = flows.path_offsets, flows.end, flows.block_end, flows.status
    start_key, start_flow, start_place = flows.start_key, flows.start_flow, flows.start_place
    rates, left_gbit, since, progress = flows.rate, flows.left_gbit, flows.since, flows.progress
    n_queued = progress[QUEUED]
    for _ in range(max_events):
        then = start_key[0] if n_queued > 0 else np.inf
        for block in range(len(block_end)):  # the next end
            if block_end[block] < 0.0:
                smallest = np.inf
                for flow in range(block * BLOCK, min((block + 1) * BLOCK, len(ends))):
                    if ends[flow] < smallest:
                        smallest = ends[flow]
                block_end[block] = smallest
            if block_end[block] < then:
                then = block_end[block]
        change = progress[NEXT_CHANGE]
        if change < len(flows.change_time) and flows.change_time[change] < then:
            then = flows.change_time[change]
        if then == np.inf:
            now = then
            break
        if then > now:
            now = then
        progress[N_EVENTS] += 1
        size, n_open, n_up, n_ended = np.int64(0), np.int64(0), np.int64(0), 0  # literals would compile callees twice
        horizon = now * (1.0 + 1e-13)
        for block in range(len(block_end)):  # flows that end
            if block_end[block] <= horizon:
                block_end[block] = -1.0
                for flow in range(block * BLOCK, min((block + 1) * BLOCK, len(ends))):
                    if ends[flow] <= horizon:
                        ends[flow] = np.inf
                        flows.ended[n_ended] = flow
                        n_ended += 1
        while True:
            for each in range(n_ended):
                flow = flows.ended[each]
                flows.finish[flow] = now
                progress[N_DONE] += 1
                if status[flow] == RUNNING:
                    for i in range(path_offsets[flow], path_offsets[flow + 1]):
                        given = path[i, WEIGHT] * path[i, LEVEL]
                        for hop in range(offsets[i], offsets[i + 1]):
                            arc = np.int64(arcs[hop])
                            arc_count[arc] -= 1
                            _swap(arc_paths, arc_hop, spot, spot[hop], arc_offsets[arc] + arc_count[arc])
                            room[arc, ROOM] += given
                            if arc_level[arc] < np.inf and not is_open[arc]:
                                is_open[arc] = True
                                n_open += 1
                                sift_up(heap_key, heap_item, heap_place, size, arc_level[arc], arc)
                                size += 1
                status[flow] = DONE
                for i in range(flows.next_offsets[flow], flows.next_offsets[flow + 1]):  # those that waited for it
                    other = flows.next_flow[i]
                    flows.waits_for[other] -= 1
                    if flows.waits_for[other] == 0:
                        status[other] = READY
                        if flows.begin[other] < now:
                            flows.begin[other] = now
                        ready = flows.begin[other] + flows.latency[other]
                        sift_up(start_key, start_flow, start_place, n_queued, ready, other)
                        n_queued += 1
            n_ended = 0
            while n_queued > 0 and start_key[0] <= now:  # flows that start
                flow = np.int64(start_flow[0])
                n_queued -= 1
                if n_queued > 0:
                    sift_down(start_key, start_flow, start_place, n_queued, np.int64(0), start_key[n_queued], np.int64(start_flow[n_queued]))
                if left_gbit[flow] == 0.0:
                    flows.ended[n_ended] = flow
                    n_ended += 1
                    continue
                status[flow] = RUNNING
                since[flow] = now
                for i in range(path_offsets[flow], path_offsets[flow + 1]):
                    for hop in range(offsets[i], offsets[i + 1]):
                        arc = arcs[hop]
                        _swap(arc_paths, arc_hop, spot, spot[hop], arc_offsets[arc] + arc_count[arc])
                        arc_count[arc] += 1
                    path[i, LEVEL] = 0.0
                    sharing.up[n_up] = i
                    n_up += 1
            if n_ended == 0:
                break
        while change < len(flows.change_time) and flows.change_time[change] <= now:
            arc = flows.change_arc[change]
            left = flows.change_capacity[change]
            sharing.capacity[arc] = left
            change += 1
            for j in range(arc_offsets[arc], arc_offsets[arc] + arc_count[arc]):
                i = arc_paths[j]
                if bottleneck[i] != RISING: left -= path[i, WEIGHT] * path[i, LEVEL]
            room[arc, ROOM] = left
            at = np.int64(heap_place[arc])
            if at < 0:
                at = size
                size += 1
            sift_up(heap_key, heap_item, heap_place, at, np.float64(0.0), arc)
            if not is_open[arc]:
                is_open[arc] = True
                n_open += 1
        progress[NEXT_CHANGE] = change
        n_changed = settle(sharing, n_up, size, n_open)
        progress[N_RATES] += n_changed
        for each in range(n_changed):
            i = sharing.changed[each]
            sharing.listed[i] = False
            flow = flows.flow_of[i]
            if rates[flow] > 0.0:
                left = left_gbit[flow] - rates[flow] * (now - since[flow])
                left_gbit[flow] = left if left > 0.0 else 0.0
            since[flow] = now
            rate = 0.0
            for i in range(path_offsets[flow], path_offsets[flow + 1]):
                rate += path[i, WEIGHT] * path[i, LEVEL]
            rates[flow] = rate
            end = now + left_gbit[flow] / rate if rate > 0.0 else np.inf
            block = flow // BLOCK
            if end < block_end[block]:
                block_end[block] = end
            elif ends[flow] == block_end[block]:
                block_end[block] = -1.0  # its smallest may have left: look anew
            ends[flow] = end
    progress[QUEUED] = n_queued
    return now
