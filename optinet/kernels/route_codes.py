# SPDX-License-Identifier: Apache-2.0
"""How the paths of an optimal flow are composed: path codes (as in `optinet.kernels.signatures`) forward from a source.

An arc of the reduced graph stands for several parallel ones: it has `member` rows ``offsets[a]:offsets[a + 1]``, each
with its share of the arc's traffic, its code and its length.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from optinet.kernels._jit import borrower, kernel, part
from optinet.kernels.signatures import add_code
from optinet.kernels.trees import shortest_tree


class Members(NamedTuple):
    """The parallel arcs that each arc stands for."""

    offsets: np.ndarray
    share: np.ndarray
    code: np.ndarray
    length_m: np.ndarray


class Codes(NamedTuple):
    """An unsorted table of path codes with their mass, and mass times length; the first `size[0]` rows count."""

    code: np.ndarray
    mass: np.ndarray
    length_m: np.ndarray


@borrower
def split_codes(source, graph, capacity, length, members, work, at_code, at_mass, at_length, at_size):
    """Fill the distribution over codes of the paths from `source` to every node, split as `trees.split_load` does.

    Tables have shape (n_nodes, width). Return False if the width does not suffice.
    """
    out_offsets, head, in_offsets, in_arc, tail = graph
    reached = shortest_tree(source, out_offsets[:0], out_offsets, head, length, work)
    at_size[:] = 0
    at_code[source, 0] = 0
    at_mass[source, 0] = 1.0
    at_length[source, 0] = 0.0
    at_size[source] = 1
    for i in range(1, reached):
        v = work.order[i]
        limit = work.distance[v] * (1.0 + 1e-12)
        width = 0.0
        for j in range(in_offsets[v], in_offsets[v + 1]):
            a = in_arc[j]
            if work.rank[tail[a]] < work.rank[v] and work.distance[tail[a]] + length[a] <= limit:
                width += capacity[a]
        for j in range(in_offsets[v], in_offsets[v + 1]):
            a = in_arc[j]
            u = tail[a]
            if work.rank[u] < work.rank[v] and work.distance[u] + length[a] <= limit:
                size = _follow(
                    a, capacity[a] / width, members, at_code[u], at_mass[u], at_length[u], at_size[u], at_code[v],
                    at_mass[v], at_length[v], at_size[v],
                )  # fmt: skip
                if size < 0:
                    return False
                at_size[v] = size
    return True


@part
def _follow(a, part, members, code, mass, length_m, size, next_code, next_mass, next_length, next_size):
    for m in range(members.offsets[a], members.offsets[a + 1]):
        for k in range(size):
            add = mass[k] * part * members.share[m]
            meters = length_m[k] * part * members.share[m] + add * members.length_m[m]
            next_size = add_code(code[k] + members.code[m], add, meters, next_code, next_mass, next_length, next_size)
            if next_size < 0:
                return -1
    return next_size


@borrower
def add_weighted(weight, node, extra_code, extra_length, at_code, at_mass, at_length, at_size, table, size):
    """Add the distributions at the nodes of groups, by weight, to a table; return its new size, -1 when it is full."""
    for g in range(len(weight)):
        if weight[g] <= 0.0:
            continue
        v = node[g]
        for k in range(at_size[v]):
            mass = weight[g] * at_mass[v, k]
            meters = weight[g] * at_length[v, k] + mass * extra_length[g]
            size = add_code(at_code[v, k] + extra_code[g], mass, meters, table.code, table.mass, table.length_m, size)
            if size < 0:
                return -1
    return size


@borrower
def listed_codes(offsets, arcs, members, path, table):
    """Fill a table with the codes of every listed path, and `path` with which one each row is of; return its size.

    It is -1 when the table is full. Masses are shares of the path.
    """
    size = 0
    for p in range(len(offsets) - 1):
        first = size
        if size == len(path):
            return -1
        table.code[size] = 0
        table.mass[size] = 1.0
        table.length_m[size] = 0.0
        size += 1
        for k in range(offsets[p], offsets[p + 1]):
            a = arcs[k]
            last = size
            # the first member takes the rows there are, every further one adds its own
            for m in range(members.offsets[a] + 1, members.offsets[a + 1]):
                for row in range(first, last):
                    if size == len(path):
                        return -1
                    _take(row, size, m, members, table)
                    size += 1
            for row in range(first, last):
                _take(row, row, members.offsets[a], members, table)
        path[first:size] = p
    return size


@part
def _take(row, to, m, members, table):
    mass = table.mass[row] * members.share[m]
    table.length_m[to] = table.length_m[row] * members.share[m] + mass * members.length_m[m]
    table.code[to] = table.code[row] + members.code[m]
    table.mass[to] = mass


@kernel
def strip_paths(source, targets, gbps, in_offsets, in_arc, tail, flow, path_target, path_gbps, path_size, arcs):
    """Take the flow of one source apart into paths, each from its end to its beginning; `flow` is used up.

    Return how many paths and arcs there are; the rows that the arguments have room for are never exceeded, since every
    path ends a target or empties an arc.
    """
    n_paths, n_arcs = 0, 0
    seen = np.full(len(in_offsets) - 1, -1, dtype=np.int64)
    for j in range(len(targets)):
        left = gbps[j]
        while left > 1e-9 * gbps[j]:
            start = n_arcs
            v = targets[j]
            narrow = left
            seen[:] = -1
            while v != source:
                seen[v] = n_arcs
                best = -1
                for i in range(in_offsets[v], in_offsets[v + 1]):
                    if flow[in_arc[i]] > 0.0 and (best < 0 or flow[in_arc[i]] > flow[best]):
                        best = in_arc[i]
                if best < 0:
                    narrow = 0.0  # nothing but rounding is left
                    break
                u = tail[best]
                arcs[n_arcs] = best
                n_arcs += 1
                narrow = min(narrow, flow[best])
                if seen[u] >= 0:  # a circle carries nothing anywhere: without it, walk anew
                    least = np.inf
                    for k in range(seen[u], n_arcs):
                        least = min(least, flow[arcs[k]])
                    for k in range(seen[u], n_arcs):
                        flow[arcs[k]] -= least
                    n_arcs, u, narrow = start, targets[j], left
                    seen[:] = -1
                v = u
            if narrow <= 0.0:
                n_arcs = start
                break
            for k in range(start, n_arcs):
                flow[arcs[k]] -= narrow
            left -= narrow
            path_target[n_paths] = j
            path_gbps[n_paths] = narrow
            path_size[n_paths] = n_arcs - start
            n_paths += 1
    return n_paths, n_arcs
