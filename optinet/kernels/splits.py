# SPDX-License-Identifier: Apache-2.0
"""Traffic on shortest paths under any split that each node chooses for itself, target by target.

A *split* gives the fraction of the traffic to a target that a node puts on each of its arcs that start a shortest path.
It is equal over the arcs when `capacity` is empty. Else, from the target outwards, with c an arc's capacity and p its
part of the trunk of parallel arcs it belongs to (`trunk_part`, 1 / n for n equal arcs),

    weight of arc v -> w = min(c * count(w), p * weight(w)),   count(v) = sum of p * count(w),

weight(v) is the sum of the weights of its arcs, to which the fractions are proportional, and at the target count is 1
and weight `at_target`. If that is infinite, weights stand for capacity, and the hops that all paths to the target end
with (where a node can be reached by way of one node alone) are left out: the nodes on them weigh as the target does.
Infinite capacities with p = 1 and `at_target` = 1 make weight(v) the number of shortest paths. Graph arrays as in
`optinet.kernels.shortest`.
"""

from __future__ import annotations

import numpy as np

from optinet.kernels._jit import kernel, part
from optinet.kernels.growing import doubled
from optinet.kernels.hashing import as_fraction, mixed
from optinet.kernels.shortest import SLACK, distances_to

TOO_MANY = -2


@part
def split_to(
    target,
    order,
    reached,
    distance,
    through,
    wanted,
    forwards,
    out_offsets,
    head,
    in_offsets,
    in_tail,
    cost,
    capacity,
    trunk_part,
    at_target,
    count,
    weight,
    fraction,
    shared,
):
    """Fill the fractions of the arcs of the nodes in `wanted`; `count`, `weight` and `shared` are room, one by node.

    The arguments up to `through` are what `distances_to` gives; with a node, all next hops must be in `wanted`. Returns
    False if a weight is beyond what a float holds.
    """
    equal = len(capacity) == 0
    shared[:] = False
    if at_target == np.inf:
        _mark_shared(target, forwards, in_offsets, in_tail, shared)
    count[target] = 1.0
    weight[target] = at_target
    for i in range(1, reached):
        v = order[i]
        if not wanted[v]:
            continue
        limit = distance[v] * SLACK
        paths = 0.0
        total = 0.0
        for arc in range(out_offsets[v], out_offsets[v + 1]):
            w = head[arc]
            fraction[arc] = 0.0
            if through[w] + cost[arc] <= limit:
                if equal:
                    fraction[arc] = 1.0
                else:
                    fraction[arc] = capacity[arc] * count[w]
                    if trunk_part[arc] * weight[w] < fraction[arc]:
                        fraction[arc] = trunk_part[arc] * weight[w]
                    paths += trunk_part[arc] * count[w]
                total += fraction[arc]
        if not total < np.inf:
            return False
        for arc in range(out_offsets[v], out_offsets[v + 1]):
            fraction[arc] /= total
        count[v] = 1.0 if shared[v] else paths
        weight[v] = at_target if shared[v] else total
    return True


@part
def _mark_shared(target, forwards, in_offsets, in_tail, shared):
    """Mark the nodes every path to the target ends with, the target included."""
    v = target
    while v >= 0:
        shared[v] = True
        before = -1
        for i in range(in_offsets[v], in_offsets[v + 1]):
            u = in_tail[i]
            if forwards[u] and not shared[u] and u != before:
                if before >= 0:
                    return
                before = u
        v = before


@part
def mark_wanted(order, reached, distance, through, out_offsets, head, cost, wanted):
    """Mark all nodes on shortest paths from the nodes that are marked; arguments as for `split_to`."""
    for i in range(reached - 1, 0, -1):
        v = order[i]
        if wanted[v]:
            limit = distance[v] * SLACK
            for arc in range(out_offsets[v], out_offsets[v + 1]):
                if through[head[arc]] + cost[arc] <= limit:
                    wanted[head[arc]] = True


@kernel
def flow_to(t, column_offsets, row, gbps, source, share, flow):
    """Fill what every node sends to t.

    The demand is a sparse matrix over nodes by columns (`column_offsets`, `row`, `gbps`, one column per target) when
    `column_offsets` is not empty, else ``source[s] * share[t]``.
    """
    if len(column_offsets) > 0:
        flow[:] = 0.0
        for i in range(column_offsets[t], column_offsets[t + 1]):
            flow[row[i]] += gbps[i]
    else:
        for s in range(len(flow)):
            flow[s] = source[s] * share[t]


@kernel
def split_loads(
    targets,
    column_offsets,
    row,
    gbps,
    source,
    share,
    forwards,
    out_offsets,
    head,
    in_offsets,
    in_tail,
    in_arc,
    cost,
    by_cost,
    capacity,
    trunk_part,
    at_target,
    load,
):
    """Add to `load` the traffic from all nodes to the nodes in `targets`; the demand as in `flow_to`.

    Returns the first pair (s, t) with traffic but no path, (-1, -1) if there is none, and (`TOO_MANY`, t) if a weight
    is beyond what a float holds.
    """
    n_nodes = len(forwards)
    distance, through, flow = np.empty(n_nodes), np.empty(n_nodes), np.empty(n_nodes)
    order = np.empty(n_nodes, dtype=np.int64)
    count, weight, fraction = np.empty(n_nodes), np.empty(n_nodes), np.empty(len(head))
    wanted, shared = np.ones(n_nodes, dtype=np.bool_), np.empty(n_nodes, dtype=np.bool_)
    for t in targets:
        flow_to(t, column_offsets, row, gbps, source, share, flow)
        reached = distances_to(t, forwards, in_offsets, in_tail, in_arc, cost, by_cost, distance, through, order)
        if reached < n_nodes:
            for s in range(n_nodes):
                if flow[s] > 0.0 and distance[s] == np.inf:
                    return s, t
        if len(column_offsets) > 0:
            for s in range(n_nodes):
                wanted[s] = flow[s] > 0.0
            mark_wanted(order, reached, distance, through, out_offsets, head, cost, wanted)
        if not split_to(
            t, order, reached, distance, through, wanted, forwards, out_offsets, head, in_offsets, in_tail, cost,
            capacity, trunk_part, at_target, count, weight, fraction, shared,
        ):  # fmt: skip
            return TOO_MANY, t
        for i in range(reached - 1, 0, -1):
            v = order[i]
            if flow[v] == 0.0:
                continue
            for arc in range(out_offsets[v], out_offsets[v + 1]):
                if fraction[arc] > 0.0:
                    load[arc] += flow[v] * fraction[arc]
                    flow[head[arc]] += flow[v] * fraction[arc]
    return -1, -1


@kernel
def walk_flows(
    key,
    start,
    target,
    forwards,
    out_offsets,
    head,
    in_offsets,
    in_tail,
    in_arc,
    cost,
    by_cost,
    capacity,
    trunk_part,
    at_target,
    hops,
):
    """Walk one path for each flow, choosing arcs by hash in proportion to their fractions; flows sorted by target.

    `key` is a hash per flow; `hops`, shape (n_flows,), is filled with the number of arcs of each. Returns the first
    flow without a path, or -1 (`TOO_MANY` as in `split_loads`), and the arcs of all flows, one flow after another.
    """
    n_nodes = len(forwards)
    distance, through = np.empty(n_nodes), np.empty(n_nodes)
    order = np.empty(n_nodes, dtype=np.int64)
    count, weight, fraction = np.empty(n_nodes), np.empty(n_nodes), np.empty(len(head))
    wanted, shared = np.ones(n_nodes, dtype=np.bool_), np.empty(n_nodes, dtype=np.bool_)
    arcs = np.empty(4 * len(start) + 1, dtype=np.int64)
    size = 0
    current = -1
    for i in range(len(start)):
        t = target[i]
        if t != current:
            reached = distances_to(t, forwards, in_offsets, in_tail, in_arc, cost, by_cost, distance, through, order)
            if not split_to(
                t, order, reached, distance, through, wanted, forwards, out_offsets, head, in_offsets, in_tail, cost,
                capacity, trunk_part, at_target, count, weight, fraction, shared,
            ):  # fmt: skip
                return TOO_MANY, arcs[:0]
            current = t
        v = start[i]
        if distance[v] == np.inf:
            return i, arcs[:0]
        hops[i] = 0
        while v != t:
            arc = chosen_arc(as_fraction(mixed(key[i], hops[i])), out_offsets[v], out_offsets[v + 1], fraction)
            if size == len(arcs):
                arcs = doubled(arcs)
            arcs[size] = arc
            size += 1
            hops[i] += 1
            v = head[arc]
    return -1, arcs[:size]


@part
def chosen_arc(draw, first, last, fraction):
    """Return the arc in [first, last) at which the running sum of fractions passes `draw`, in [0, 1)."""
    chosen = first
    for arc in range(first, last):
        if fraction[arc] > 0.0:
            chosen = arc
            draw -= fraction[arc]
            if draw < 0.0:
                break
    return chosen
