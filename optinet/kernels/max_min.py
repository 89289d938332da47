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
from optinet.kernels.heap import heap_push, heap_replace_top


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
    heap_arc,
):
    """Set level and bottleneck of the free flows listed in `flows`, which cross only the arcs listed in `arcs`.

    `limited`: whether any flow has a finite limit. On return no flow is free.
    """
    size = 0
    for i in range(n_arcs):
        arc = arcs[i]
        arc_level[arc] = np.inf
        arc_top[arc] = 0.0
        if weight_left[arc] > 0.0:
            heap_push(heap_key, heap_arc, size, left[arc] / weight_left[arc], arc)
            size += 1
    by_limit, next_limit = _by_limit(flows, n_flows, weight, limit, limited), 0
    now = 0.0
    while True:
        # drop arcs without free flows, refresh keys that fell behind
        while size > 0:
            arc = heap_arc[0]
            if weight_left[arc] <= 0.0:
                size -= 1
                heap_replace_top(heap_key, heap_arc, size, heap_key[size], heap_arc[size])
                continue
            current = left[arc] / weight_left[arc]
            if current > heap_key[0] * (1.0 + 1e-14):
                heap_replace_top(heap_key, heap_arc, size, current, arc)
                continue
            break
        while next_limit < len(by_limit) and not free[by_limit[next_limit]]:
            next_limit += 1
        full = heap_key[0] if size > 0 else np.inf
        if next_limit < len(by_limit):
            flow = by_limit[next_limit]
            if limit[flow] / weight[flow] <= full:
                now = max(now, limit[flow] / weight[flow])
                _freeze(
                    flow,
                    limit[flow] / weight[flow],
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
                continue
        if size == 0:
            break
        now = max(now, full)
        arc = heap_arc[0]
        arc_level[arc] = now
        for i in range(arc_offsets[arc], arc_offsets[arc] + arc_count[arc]):
            if free[arc_flows[i]]:
                _freeze(
                    arc_flows[i],
                    now,
                    arc,
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
        weight_left[arc] = 0.0
    for i in range(n_flows):
        flow = flows[i]
        if free[flow]:  # crosses no arc at all
            free[flow] = False
            level[flow] = limit[flow] / weight[flow]
            bottleneck[flow] = -1


@kernel
def _by_limit(flows, n_flows, weight, limit, limited):
    if not limited:
        return np.empty(0, dtype=np.int64)
    chosen = np.empty(n_flows, dtype=np.int64)
    key = np.empty(n_flows)
    n = 0
    for i in range(n_flows):
        if limit[flows[i]] < np.inf:
            chosen[n] = flows[i]
            key[n] = limit[flows[i]] / weight[flows[i]]
            n += 1
    return chosen[:n][np.argsort(key[:n])]


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
def max_min(capacity, flow_offsets, flow_arcs, weight, limit):
    """Return level and bottleneck of every flow; shapes (n_flows,)."""
    n_arcs, n_flows = len(capacity), len(flow_offsets) - 1
    arc_offsets, arc_flows, _ = index_by_arc(flow_offsets, flow_arcs, n_arcs)
    arc_count = np.diff(arc_offsets)
    free = np.ones(n_flows, dtype=np.bool_)
    level = np.zeros(n_flows)
    bottleneck = np.full(n_flows, -1, dtype=np.int64)
    weight_left = np.zeros(n_arcs)
    for flow in range(n_flows):
        for hop in range(flow_offsets[flow], flow_offsets[flow + 1]):
            weight_left[flow_arcs[hop]] += weight[flow]
    fill(
        np.arange(n_arcs),
        n_arcs,
        np.arange(n_flows),
        n_flows,
        flow_offsets,
        flow_arcs,
        arc_offsets,
        arc_flows,
        arc_count,
        weight,
        limit,
        np.any(limit < np.inf),
        free,
        level,
        bottleneck,
        capacity.copy(),
        weight_left,
        np.empty(n_arcs),
        np.empty(n_arcs),
        np.empty(n_arcs + 1),
        np.empty(n_arcs + 1, dtype=np.int64),
    )
    return level, bottleneck
