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

from optinet.kernels._jit import borrower, part
from optinet.kernels.settle import give_way, settle

BLOCK = 128  # flows per block of the table in which the next moment is sought

WAITING, READY, RUNNING, DONE = 0, 1, 2, 3

VOLUME = np.dtype([("left", "f8"), ("since", "f8"), ("rate", "f8"), ("first_path", "u4"), ("last_path", "u4")])
STAGE = np.dtype([("begin", "f8"), ("latency", "f8"), ("finish", "f8"), ("status", "i4"), ("waits_for", "i4")])
N_DONE, N_EVENTS, N_RATES = 0, 1, 2  # in `progress`


class Flows(NamedTuple):
    """What happens to flows: times in s, volumes in Gbit.

    By flow: ``volume``: what is left, as of when, the rate, and its paths; ``stage``: when it begins, starts to send
    after that, and ended, its status and how many flows it waits for; ``moment`` when it starts to send if it does not,
    or its end, inf after the last flow to the end of its block; ``block_moment`` the first of each block of flows, -1
    if that must be found anew; ``next_offsets`` of ``next_flow``, who waits for it.
    """

    volume: np.ndarray
    stage: np.ndarray
    moment: np.ndarray
    block_moment: np.ndarray
    next_offsets: np.ndarray
    next_flow: np.ndarray
    progress: np.ndarray


@part
def _first_moment(moment, block_moment):
    """Return when the next flow starts to send or ends, looking anew into the blocks that need it."""
    first = np.inf
    for block in range(len(block_moment)):
        if block_moment[block] < 0.0:
            earliest = np.inf
            for flow in range(block * BLOCK, (block + 1) * BLOCK):
                if moment[flow] < earliest:
                    earliest = moment[flow]
            block_moment[block] = earliest
        if block_moment[block] < first:
            first = block_moment[block]
    return first


@part
def _move(sharing, i, joins):
    """Enter a path into those present on its arcs, or take it out of them."""
    arc_paths, arc_hop, spot = sharing.arc_paths, sharing.arc_hop, sharing.spot
    for hop in range(sharing.path[i].first, sharing.path[i].last):
        present = sharing.present[sharing.arcs[hop]]
        if not joins:
            present.count -= 1
        here, last = spot[hop], present.first + present.count
        other = arc_hop[last]
        arc_paths[here], arc_hop[here], spot[other] = arc_paths[last], other, here
        arc_paths[last], arc_hop[last], spot[hop] = i, hop, last
        if joins:
            present.count += 1


@part
def _apply_rates(sharing, flows, n_changed, now):
    """Bring volumes up to `now` for flows whose rate has changed and set their new rate and end."""
    path, moment, block_moment = sharing.path, flows.moment, flows.block_moment
    for each in range(n_changed):
        i = sharing.changed[each]
        sharing.listed[i] = False
        flow = path[i].flow
        volume = flows.volume[flow]
        left = volume.left - volume.rate * (now - volume.since)
        volume.left = left if left > 0.0 else 0.0
        volume.since = now
        rate = 0.0
        for each_path in range(volume.first_path, volume.last_path):
            rate += path[each_path].weight * path[each_path].level
        volume.rate = rate
        end = now + volume.left / rate if rate > 0.0 else np.inf
        block = flow // BLOCK
        if end < block_moment[block]:
            block_moment[block] = end
        elif moment[flow] == block_moment[block]:
            block_moment[block] = -1.0  # its first may have moved: look anew
        moment[flow] = end


@part
def _complete(flows, flow, now):
    """Record a flow's end and tell those that waited for it last when they start to send."""
    flows.stage[flow].status = DONE
    flows.stage[flow].finish = now
    flows.progress[N_DONE] += 1
    for i in range(flows.next_offsets[flow], flows.next_offsets[flow + 1]):
        flow = flows.next_flow[i]
        stage = flows.stage[flow]
        stage.waits_for -= 1
        if stage.waits_for == 0:
            stage.status = READY
            if stage.begin < now:
                stage.begin = now
            flows.moment[flow] = stage.begin + stage.latency
            flows.block_moment[flow // BLOCK] = -1.0


@part
def _start_and_end(sharing, flows, now, size, n_open):
    """Let the flows whose moment it is start to send or end.

    Return how many paths are listed in `up`, the size of the heap and how many arcs are open.
    """
    path, moment, block_moment = sharing.path, flows.moment, flows.block_moment
    stage, volume = flows.stage, flows.volume
    n_up = np.int64(0)  # a literal would have callees compiled twice
    horizon = now * (1.0 + 1e-13)
    while _first_moment(moment, block_moment) <= horizon:  # again: one that ends may let another start
        for block in range(len(block_moment)):
            if block_moment[block] > horizon:
                continue
            block_moment[block] = -1.0
            for flow in range(block * BLOCK, (block + 1) * BLOCK):
                if moment[flow] > horizon:
                    continue
                moment[flow] = np.inf
                starts = stage[flow].status == READY
                if starts and volume[flow].left > 0.0:
                    stage[flow].status = RUNNING
                    volume[flow].since = now
                else:
                    _complete(flows, flow, now)
                    if starts:
                        continue
                for number in range(volume[flow].first_path, volume[flow].last_path):
                    i = np.uint32(number)
                    _move(sharing, i, starts)
                    if starts:
                        sharing.up[n_up] = i
                        n_up += 1
                    else:
                        size, n_open = give_way(
                            i, path[i].level, np.float64(0.0), path, sharing.arcs, sharing.arc,
                            sharing.heap_key, sharing.heap_item, sharing.heap_place, size, n_open,
                        )  # fmt: skip
    return n_up, size, n_open


@borrower
def run_events(sharing, flows, now, until, n_changed_arcs, max_events):
    """Process up to `max_events` moments at which flows start to send or end; return the last, or `until` if all are.

    If `n_changed_arcs` have been given another capacity (`optinet.flows.simulate`), `now` is the first moment.
    """
    moment, block_moment, progress = flows.moment, flows.block_moment, flows.progress
    size = n_open = n_changed_arcs
    for _ in range(max_events):
        if n_open == 0:
            then = _first_moment(moment, block_moment)
            if then >= until:
                return until
            if then > now:
                now = then
        progress[N_EVENTS] += 1
        n_up, size, n_open = _start_and_end(sharing, flows, now, size, n_open)
        n_changed = settle(sharing, n_up, size, n_open)
        progress[N_RATES] += n_changed
        _apply_rates(sharing, flows, n_changed, now)
        size = n_open = np.int64(0)
    return now
