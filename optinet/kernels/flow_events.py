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
from optinet.kernels.settle import LEVEL, WEIGHT, give_way, settle

BLOCK = 256  # flows per block of the table in which the next moment is sought

WAITING, READY, RUNNING, DONE = 0, 1, 2, 3
LEFT, SINCE, RATE, BEGIN, LATENCY, FINISH = 0, 1, 2, 3, 4, 5  # columns of `volume`
STATUS, WAITS_FOR = 0, 1  # columns of `stage`
N_DONE, N_EVENTS, N_RATES = 0, 1, 2  # in `progress`


class Flows(NamedTuple):
    """What happens to flows: times in s, volumes in Gbit.

    By flow: ``path_offsets`` and ``next_offsets`` (of ``next_flow``, who waits for it); ``volume``: what is left, as of
    when, the rate, and when it begins, starts to send after that, and ended; ``stage``: its status and how many flows
    it waits for; ``moment`` when it starts to send if it does not, or its end; ``block_moment`` the first of each block
    of flows, -1 if that must be found anew. By path ``flow_of``.
    """

    path_offsets: np.ndarray
    flow_of: np.ndarray
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
            for flow in range(block * BLOCK, min((block + 1) * BLOCK, len(moment))):
                if moment[flow] < earliest:
                    earliest = moment[flow]
            block_moment[block] = earliest
        if block_moment[block] < first:
            first = block_moment[block]
    return first


@part
def _move(sharing, i, joins):
    """Enter a path into those present on its arcs, or take it out of them."""
    arc_paths, arc_hop, spot, arc_count = sharing.arc_paths, sharing.arc_hop, sharing.spot, sharing.arc_count
    for hop in range(sharing.offsets[i], sharing.offsets[i + 1]):
        arc = sharing.arcs[hop]
        if not joins:
            arc_count[arc] -= 1
        here, last = spot[hop], sharing.arc_offsets[arc] + arc_count[arc]
        other = arc_hop[last]
        arc_paths[here], arc_hop[here], spot[other] = arc_paths[last], other, here
        arc_paths[last], arc_hop[last], spot[hop] = i, hop, last
        if joins:
            arc_count[arc] += 1


@part
def _apply_rates(sharing, flows, n_changed, now):
    """Bring volumes up to `now` for flows whose rate has changed and set their new rate and end."""
    path, volume, moment, block_moment = sharing.path, flows.volume, flows.moment, flows.block_moment
    for each in range(n_changed):
        i = sharing.changed[each]
        sharing.listed[i] = False
        flow = flows.flow_of[i]
        left = volume[flow, LEFT] - volume[flow, RATE] * (now - volume[flow, SINCE])
        if left < 0.0:
            left = 0.0
        rate = 0.0
        for each_path in range(flows.path_offsets[flow], flows.path_offsets[flow + 1]):
            rate += path[each_path, WEIGHT] * path[each_path, LEVEL]
        volume[flow, LEFT], volume[flow, SINCE], volume[flow, RATE] = left, now, rate
        end = now + left / rate if rate > 0.0 else np.inf
        block = flow // BLOCK
        if end < block_moment[block]:
            block_moment[block] = end
        elif moment[flow] == block_moment[block]:
            block_moment[block] = -1.0  # its first may have moved: look anew
        moment[flow] = end


@part
def _complete(flows, flow, now):
    """Record a flow's end and tell those that waited for it last when they start to send."""
    flows.stage[flow, STATUS] = DONE
    flows.volume[flow, FINISH] = now
    flows.progress[N_DONE] += 1
    for i in range(flows.next_offsets[flow], flows.next_offsets[flow + 1]):
        other = flows.next_flow[i]
        flows.stage[other, WAITS_FOR] -= 1
        if flows.stage[other, WAITS_FOR] == 0:
            flows.stage[other, STATUS] = READY
            flows.volume[other, BEGIN] = max(flows.volume[other, BEGIN], now)
            flows.moment[other] = flows.volume[other, BEGIN] + flows.volume[other, LATENCY]
            flows.block_moment[other // BLOCK] = -1.0


@borrower
def run_events(sharing, flows, now, until, n_changed_arcs, max_events):
    """Process up to `max_events` moments at which flows start to send or end; return the last, or `until` if all are.

    If `n_changed_arcs` have been given another capacity (`optinet.flows.simulate`), `now` is the first moment.
    """
    path, moment, block_moment, path_offsets = sharing.path, flows.moment, flows.block_moment, flows.path_offsets
    progress, stage, volume = flows.progress, flows.stage, flows.volume
    size = n_open = n_changed_arcs
    for _ in range(max_events):
        if n_open == 0:
            then = _first_moment(moment, block_moment)
            if then >= until:
                return until
            now = max(now, then)
        progress[N_EVENTS] += 1
        n_up = np.int64(0)  # a literal would have callees compiled twice
        horizon = now * (1.0 + 1e-13)
        while _first_moment(moment, block_moment) <= horizon:  # again: one that ends may let another start
            for block in range(len(block_moment)):
                if block_moment[block] > horizon:
                    continue
                block_moment[block] = -1.0
                for flow in range(block * BLOCK, min((block + 1) * BLOCK, len(moment))):
                    if moment[flow] > horizon:
                        continue
                    moment[flow] = np.inf
                    starts = stage[flow, STATUS] == READY
                    if starts and volume[flow, LEFT] > 0.0:
                        stage[flow, STATUS] = RUNNING
                        volume[flow, SINCE] = now
                    else:
                        _complete(flows, flow, now)
                        if starts:
                            continue
                    for i in range(path_offsets[flow], path_offsets[flow + 1]):
                        _move(sharing, i, starts)
                        if starts:
                            sharing.up[n_up] = i
                            n_up += 1
                        else:
                            size, n_open = give_way(
                                i, path[i, LEVEL], np.float64(0.0), np.int64(-1), sharing.offsets, sharing.arcs, path,
                                sharing.state, sharing.heap_key, sharing.heap_item, sharing.heap_place, size, n_open,
                            )  # fmt: skip
        n_changed = settle(sharing, n_up, size, n_open)
        progress[N_RATES] += n_changed
        _apply_rates(sharing, flows, n_changed, now)
        size = n_open = np.int64(0)
    return now
