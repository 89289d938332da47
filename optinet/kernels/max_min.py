# SPDX-License-Identifier: Apache-2.0
"""Max-min fair rates by progressive filling, of all flows or of a chosen few beside others that keep their rate.

A flow's *level* is its rate over its weight. All free flows rise together; when an arc is full, its free flows freeze
at the arc's level. An arc's level never falls as flows freeze, so a heap with lazy keys finds the next full arc.

Arrays: ``flow_offsets``, ``flow_arcs`` the arcs of each flow; ``arc_offsets``, ``arc_flows`` the flows on each arc,
of which the first ``arc_count`` are present; ``free`` marks the flows to be set; ``level`` and ``bottleneck`` (an
arc, -1 for the flow's own limit) are written for them. By arc, ``left`` and ``weight_left`` go in as the capacity
that flows not free leave over and the weight of the free flows, and come out as what is still left; ``arc_level``
comes out as the level at which the arc filled (inf if it did not), ``arc_top`` as the largest level of a free flow on
it.
"""

from __future__ import annotations

import numpy as np

from optinet.kernels._jit import kernel
from optinet.kernels.heap import heap_replace_top, heapify


@kernel
def index_by_arc(flow_offsets, flow_arcs, n_arcs):
    """Return ``arc_offsets``, ``arc_flows`` and, for every hop, its place in ``arc_flows``."""
    arc_offsets = np.zeros(n_arcs + 1, dtype=np.int64)
    for arc in flow_arcs:
        arc_offsets[arc + 1] += 1
    for arc in range(n_arcs):
        arc_offsets[arc + 1] += arc_offsets[arc]
    fill = arc_offsets[:-1].copy()
    arc_flows = np.empty(len(flow_arcs), dtype=np.int64)
    place = np.empty(len(flow_arcs), dtype=np.int64)
    for flow in range(len(flow_offsets) - 1):
        for hop in range(flow_offsets[flow], flow_offsets[flow + 1]):
            arc = flow_arcs[hop]
            place[hop] = fill[arc]
            arc_flows[fill[arc]] = flow
            fill[arc] += 1
    return arc_offsets, arc_flows, place


@kernel
def fill(
    arcs,
    n_arcs,
    flows,
    n_flows,
    flow_offsets,
    flow_arcs,
    arc_offsets,
    arc_flows,
    arc_count,
    weight,
    limit,
    limited,
    free,
    level,
    bottleneck,
    left,
    weight_left,
    arc_level,
    arc_top,
    heap_key,
    heap_item,
):
    """Set level and bottleneck of the free flows listed in `flows`, which cross only the arcs listed in `arcs`.

    The heap holds up to one entry per arc and flow. `limited`: whether any flow has a finite limit. On return no flow
    is free.
    """
    size = 0
    for i in range(n_arcs):
        arc = arcs[i]
        arc_level[arc] = np.inf
        arc_top[arc] = 0.0
        if weight_left[arc] > 0.0:
            heap_key[size], heap_item[size] = left[arc] / weight_left[arc], arc
            size += 1
    if limited:  # a flow's own limit is an entry too, told apart by its sign
        for i in range(n_flows):
            if limit[flows[i]] < np.inf:
                heap_key[size], heap_item[size] = limit[flows[i]] / weight[flows[i]], -1 - flows[i]
                size += 1
    heapify(heap_key, heap_item, size)
    now = 0.0
    n_free = n_flows
    while size > 0 and n_free > 0:
        item = heap_item[0]
        if item >= 0 and weight_left[item] > 0.0:
            current = left[item] / weight_left[item]
            if current > heap_key[0] * (1.0 + 1e-14):  # flows on it froze below since: look again when it comes up
                heap_replace_top(heap_key, heap_item, size, current, item)
                continue
        now = max(now, heap_key[0])
        size -= 1
        heap_replace_top(heap_key, heap_item, size, heap_key[size], heap_item[size])
        if item < 0:
            if free[-1 - item]:
                n_free -= 1
                _freeze(
                    -1 - item,
                    now,
                    -1,
                    flow_offsets,
                    flow_arcs,
                    weight,
                    free,
                    level,
                    bottleneck,
                    left,
                    weight_left,
                    arc_top,
                )
        elif weight_left[item] > 0.0:
            arc_level[item] = now
            for i in range(arc_offsets[item], arc_offsets[item] + arc_count[item]):
                if free[arc_flows[i]]:
                    n_free -= 1
                    _freeze(
                        arc_flows[i],
                        now,
                        item,
                        flow_offsets,
                        flow_arcs,
                        weight,
                        free,
                        level,
                        bottleneck,
                        left,
                        weight_left,
                        arc_top,
                    )
            weight_left[item] = 0.0
    for i in range(n_flows if n_free > 0 else 0):
        if free[flows[i]]:  # crosses no arc and has no limit
            free[flows[i]] = False
            level[flows[i]] = np.inf
            bottleneck[flows[i]] = -1


@kernel
def _freeze(flow, at, why, flow_offsets, flow_arcs, weight, free, level, bottleneck, left, weight_left, arc_top):
    free[flow] = False
    level[flow] = at
    bottleneck[flow] = why
    w = weight[flow]
    for hop in range(flow_offsets[flow], flow_offsets[flow + 1]):
        arc = flow_arcs[hop]
        arc_top[arc] = at
        left[arc] = max(left[arc] - w * at, 0.0)
        rest = weight_left[arc] - w
        # what remains after the last free flow is rounding, not weight
        weight_left[arc] = rest if rest > 1e-9 * w else 0.0


@kernel
def weight_on_arcs(flow_offsets, flow_arcs, weight, on_arc):
    """Add every flow's weight to the arcs it crosses."""
    for flow in range(len(weight)):
        for hop in range(flow_offsets[flow], flow_offsets[flow + 1]):
            on_arc[flow_arcs[hop]] += weight[flow]
