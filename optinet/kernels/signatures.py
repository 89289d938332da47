# SPDX-License-Identifier: Apache-2.0
"""How shortest paths are composed: distributions over path codes.

A path's code is the sum of its arcs' codes; an arc's code is a power of two that counts one hop of the arc's kind in
that kind's own bit field. The distribution over codes from each node to a target follows backwards from the target: a
node averages the distributions of its next hops, shifted by the arc between. Graph arrays as in
`optinet.kernels.shortest`, splits as in `optinet.kernels.splits`.
"""

from __future__ import annotations

import numpy as np

from optinet.kernels._jit import borrower, kernel, part
from optinet.kernels.hashing import as_fraction, mixed
from optinet.kernels.shortest import SLACK, distances_to
from optinet.kernels.splits import mark_wanted, split_to


@part
def add_code(code, mass, length, codes, masses, lengths, size):
    """Add mass to one code of an unsorted table; return the table's new size, or -1 when it is full."""
    for i in range(size):
        if codes[i] == code:
            masses[i] += mass
            lengths[i] += length
            return size
    if size == len(codes):
        return -1
    codes[size] = code
    masses[size] = mass
    lengths[size] = length
    return size + 1


def path_signatures(
    targets,
    column_offsets,
    row,
    gbps,
    source,
    share,
    own,
    node,
    up_code,
    up_length,
    down_code,
    down_length,
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
    arc_code,
    arc_length,
):
    """Return the distribution over codes of the traffic to `targets` (group indices) under a split.

    Groups are endpoints alike: ``node`` is where a group joins the graph, ``up_*`` and ``down_*`` the code and length
    of the hops between its endpoints and that node. The demand between groups is a sparse matrix by columns when
    `column_offsets` is not empty, else ``source[s] * share[t]``, less ``own[t]`` within group t. Returns the codes,
    their traffic, and their traffic times length.
    """
    n_nodes, width, room = len(forwards), 64, 1024
    while True:
        code, mass, length = np.empty(room, dtype=np.int64), np.empty(room), np.empty(room)
        size = _path_signatures(
            targets, column_offsets, row, gbps, source, share, own, node, up_code, up_length, down_code, down_length,
            forwards, out_offsets, head, in_offsets, in_tail, in_arc, cost, by_cost, capacity, trunk_part, at_target,
            arc_code, arc_length, code, mass, length,
            np.empty(n_nodes), np.empty(n_nodes), np.empty(n_nodes, dtype=np.int64), np.empty(n_nodes),
            np.empty(n_nodes), np.empty(len(head)), np.empty(n_nodes, dtype=np.bool_),
            np.empty(n_nodes, dtype=np.bool_), np.empty(len(node)), np.empty((n_nodes, width), dtype=np.int64),
            np.empty((n_nodes, width)), np.empty((n_nodes, width)), np.empty(n_nodes, dtype=np.int64),
        )  # fmt: skip
        if size >= 0:
            return code[:size], mass[:size], length[:size]
        width, room = 4 * width, 4 * room


@borrower
def _path_signatures(
    targets, column_offsets, row, gbps, source, share, own, node, up_code, up_length, down_code, down_length,
    forwards, out_offsets, head, in_offsets, in_tail, in_arc, cost, by_cost, capacity, trunk_part, at_target,
    arc_code, arc_length, codes, masses, lengths,
    distance, through, order, count, split_weight, fraction, wanted, shared, weight, at_code, at_mass, at_length,
    at_size,
):  # fmt: skip
    """Do what `path_signatures` tells, in arrays from outside; return how many codes, -1 if they do not fit."""
    n_groups = len(node)
    size = np.int64(0)
    for t in targets:
        _group_weights(t, column_offsets, row, gbps, source, share, own, weight)
        target = node[t]
        reached = distances_to(target, forwards, in_offsets, in_tail, in_arc, cost, by_cost, distance, through, order)
        wanted[:] = False
        for s in range(n_groups):
            if weight[s] > 0.0:
                wanted[node[s]] = True
        mark_wanted(order, reached, distance, through, out_offsets, head, cost, wanted)
        split_to(
            target, order, reached, distance, through, wanted, forwards, out_offsets, head, in_offsets, in_tail, cost,
            capacity, trunk_part, at_target, count, split_weight, fraction, shared,
        )  # fmt: skip
        at_code[target, 0] = 0
        at_mass[target, 0] = 1.0
        at_length[target, 0] = 0.0
        at_size[target] = 1
        for i in range(1, reached):
            v = order[i]
            if wanted[v]:
                at_size[v] = _average_next(
                    v, out_offsets, head, fraction, arc_code, arc_length, at_code, at_mass, at_length, at_size
                )
                if at_size[v] < 0:
                    return -1
        for s in range(n_groups):
            if weight[s] <= 0.0:
                continue
            v = node[s]
            extra = up_length[s] + down_length[t]
            for i in range(at_size[v]):
                mass = weight[s] * at_mass[v, i]
                length = weight[s] * at_length[v, i] + mass * extra
                size = add_code(at_code[v, i] + up_code[s] + down_code[t], mass, length, codes, masses, lengths, size)
                if size < 0:
                    return -1
    return size


@part
def _group_weights(t, column_offsets, row, gbps, source, share, own, weight):
    weight[:] = 0.0
    if len(column_offsets) > 0:
        for i in range(column_offsets[t], column_offsets[t + 1]):
            weight[row[i]] = gbps[i]
    else:
        for s in range(len(weight)):
            weight[s] = source[s] * share[t]
        weight[t] -= own[t]


@part
def _average_next(v, out_offsets, head, fraction, arc_code, arc_length, at_code, at_mass, at_length, at_size):
    size = np.int64(0)  # a literal, here and above, would have `add_code` compiled twice
    for arc in range(out_offsets[v], out_offsets[v + 1]):
        if fraction[arc] <= 0.0:
            continue
        w = head[arc]
        for i in range(at_size[w]):
            mass = at_mass[w, i] * fraction[arc]
            length = at_length[w, i] * fraction[arc] + mass * arc_length[arc]
            size = add_code(at_code[w, i] + arc_code[arc], mass, length, at_code[v], at_mass[v], at_length[v], size)
            if size < 0:
                return -1
    return size


@kernel
def sample_walks(
    seed,
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
    arc_code,
    arc_length,
    code,
    length,
):
    """Walk a random shortest path for each sample and add its code and length; samples are sorted by target.

    Returns the first sample without a path, or -1.
    """
    n_nodes = len(forwards)
    distance = np.empty(n_nodes)
    through = np.empty(n_nodes)
    order = np.empty(n_nodes, dtype=np.int64)
    current = -1
    for i in range(len(start)):
        t = target[i]
        if t != current:
            distances_to(t, forwards, in_offsets, in_tail, in_arc, cost, by_cost, distance, through, order)
            current = t
        v = start[i]
        if distance[v] == np.inf:
            return i
        step = 0
        while v != t:
            limit = distance[v] * SLACK
            n_next = 0
            for arc in range(out_offsets[v], out_offsets[v + 1]):
                if through[head[arc]] + cost[arc] <= limit:
                    n_next += 1
            pick = int(as_fraction(mixed(mixed(seed, i), step)) * n_next)
            step += 1
            for arc in range(out_offsets[v], out_offsets[v + 1]):
                if through[head[arc]] + cost[arc] <= limit:
                    if pick == 0:
                        code[i] += arc_code[arc]
                        length[i] += arc_length[arc]
                        v = head[arc]
                        break
                    pick -= 1
    return -1
