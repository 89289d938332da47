# SPDX-License-Identifier: Apache-2.0
"""Equal-cost multi-path on a torus, with or without holes, target by target.

On the whole torus traffic to every target goes alike, but for a translation. Here everything is seen from the target:
places are numbered by falling distance, so that the last one is the target's, and holes and sources stand where the
translation puts them; which node is at a place is told where it is reached. Of a matrix, what meets no hole on its way
is sent as on the whole torus. A hole changes little. Nodes that lost some of their ways to the target split over the
others; those that lost all (`risen`) are farther away now, by which others may lose a way. Of traffic from all to all,
of which the loads on the whole torus are known, what these nodes sent is withdrawn. Then what there is to send is
pushed: first by the risen ones, onto which no other sends, from the farthest inwards, then by all in order of their
places; with all sending to all a node whose ways are as before passes on the change alone. Nothing is left out: loads
differ from those of `optinet.kernels.ecmp` by rounding. A target costs as much as there is between holes or sources and
it.

Arrays: ``to[v, way]`` is the place that a way leads to from place v; `way ^ 1` leads back over the same link. On the
whole torus a place is ``distance[v]`` away, its shortest paths start by ``ways[v, :n_ways[v]]``, and ``flow[v]`` passes
it when every node sends 1.
"""

from __future__ import annotations

import numpy as np
from numba.cpython.unsafe.numbers import trailing_zeros

from optinet.kernels._jit import borrower, part

FAR = 1 << 30  # level of a place without a path to the target
NONE, ONE = np.uint64(0), np.uint64(1)


def loads_by_view(
    to, distance, n_ways, ways, flow, place, steps, coordinates, dims, twist, up, down_node, down_way,
    silent, sends, receives, column_offsets, row, gbps, load,
):  # fmt: skip
    """Add to `load`, shape (n_nodes, n_ways), how holes change what all send to all, or what a matrix sends.

    ``place[v]`` is where node v stands for node 0 as the target, ``steps[way, node]`` is where a way leads from a node,
    and `coordinates`, `dims` and `twist` are as `optinet.structure.Torus` has them. ``up[node, way]`` tells what works;
    the ways that do not are ``(down_node, down_way)``. With a matrix (`column_offsets`, `row`, `gbps`, by target)
    `flow` is 0 and `load` gets all of it. Without one, nodes that `sends` send 1 to every node that `receives`;
    `silent` are the nodes that do not send. All but `load` are left as they were. Returns a pair (s, t) with traffic
    but no path, or (-1, -1).
    """
    n, words = len(distance), (len(distance) + 63) // 64
    return _loads_by_view(
        to, distance, n_ways, ways, flow, place, steps, coordinates, dims, twist, up, down_node, down_way,
        silent, sends, receives, column_offsets, row, gbps, load,
        np.empty_like(distance), distance.copy(), np.empty_like(distance), np.empty_like(distance),
        np.empty(to.size, dtype=np.int32), np.zeros(words, dtype=np.uint64), np.zeros(words, dtype=np.uint64),
        np.zeros(n), np.empty_like(distance),
    )  # fmt: skip


@borrower
def _loads_by_view(
    to, distance, n_ways, ways, flow, place, steps, coordinates, dims, twist, up, down_node, down_way,
    silent, sends, receives, column_offsets, row, gbps, load,
    here, level, left, risen, lost, dirty, entered, more, passed,
):  # fmt: skip
    """Do what `loads_by_view` tells, in arrays from outside (see `optinet.kernels._jit.borrower`)."""
    n, by_matrix = len(distance), len(column_offsets) > 0
    for t in range(n):
        if by_matrix and column_offsets[t] == column_offsets[t + 1]:
            continue
        here[n - 1] = t
        if not by_matrix and not receives[t]:
            _withdraw_all(to, n_ways, ways, flow, steps, here, load)
            continue
        if by_matrix and _passes(
            to, n_ways, ways, place, steps, coordinates, dims, twist, up, here,
            t, column_offsets, row, gbps, entered, more, passed, load,
        ):  # fmt: skip
            continue
        size = np.int64(0)  # a literal would have `_lose_ways` compiled twice
        for i in range(len(down_node)):
            v = place[_apart(down_node[i], t, coordinates, dims, twist)]
            if distance[to[v, down_way[i]]] < distance[v]:
                here[v] = down_node[i]
                lost[size] = v
                size += 1
        n_risen = _lose_ways(to, distance, n_ways, steps, up, here, dirty, left, lost, size, risen)
        _climb(to, up, here, level, risen, n_risen)
        if by_matrix:
            for i in range(column_offsets[t], column_offsets[t + 1]):
                v = place[_apart(row[i], t, coordinates, dims, twist)]
                if level[v] == FAR:
                    return row[i], t
                here[v] = row[i]
                more[v] += gbps[i]
                entered[v >> 6] |= ONE << np.uint64(v & 63)
        else:
            for i in range(n_risen):
                if level[risen[i]] == FAR and sends[here[risen[i]]]:
                    return here[risen[i]], t
            for node in silent:
                v = place[_apart(np.int64(node), t, coordinates, dims, twist)]
                here[v] = node
                more[v] -= 1.0
                entered[v >> 6] |= ONE << np.uint64(v & 63)
            _withdraw(to, n_ways, ways, flow, steps, here, dirty, entered, more, load)
        _push_risen(to, flow, steps, up, here, level, risen, n_risen, entered, more, load)
        _push(to, n_ways, ways, flow, steps, up, here, level, dirty, entered, more, load)
        for i in range(n_risen):
            level[risen[i]] = distance[risen[i]]
    return -1, -1


@part
def _apart(node, origin, coordinates, dims, twist):
    """Return the node as far from node 0 as `node` is from `origin`; a wrap shifts axes without a twist alone."""
    index = 0
    for axis in range(len(dims)):
        along = coordinates[node, axis] - coordinates[origin, axis]
        for other in range(len(dims)):
            if twist[other, axis] != 0 and coordinates[node, other] < coordinates[origin, other]:
                along -= twist[other, axis]
        while along < 0:
            along += dims[axis]
        while along >= dims[axis]:
            along -= dims[axis]
        index = index * dims[axis] + along
    return index


@part
def _passes(
    to, n_ways, ways, place, steps, coordinates, dims, twist, up, here,
    t, column_offsets, row, gbps, entered, more, passed, load,
):  # fmt: skip
    """Send what a matrix has for target t as on the whole torus, unless that meets a hole; tell whether it was sent."""
    for i in range(column_offsets[t], column_offsets[t + 1]):
        v = place[_apart(row[i], t, coordinates, dims, twist)]
        here[v] = row[i]
        more[v] += gbps[i]
        entered[v >> 6] |= ONE << np.uint64(v & 63)
    target, size, whole = len(n_ways) - 1, 0, True
    for word in range(len(entered)):
        while entered[word] != NONE:
            v = 64 * word + np.int64(trailing_zeros(entered[word]))
            entered[word] &= entered[word] - ONE
            passed[size] = v
            size += 1
            if not whole or v == target:
                continue
            for i in range(n_ways[v]):
                whole &= up[here[v], ways[v, i]]
                w = to[v, ways[v, i]]
                here[w] = steps[ways[v, i], here[v]]
                more[w] += more[v] / n_ways[v]
                entered[w >> 6] |= ONE << np.uint64(w & 63)
    for k in range(size):
        v = passed[k]
        for i in range(n_ways[v] if whole else 0):
            load[here[v], ways[v, i]] += more[v] / n_ways[v]
        more[v] = 0.0
    return whole


@part
def _withdraw_all(to, n_ways, ways, flow, steps, here, load):
    """Take back all that is sent to the target on the whole torus."""
    for v in range(len(n_ways) - 2, -1, -1):  # nearer places come later
        here[v] = steps[ways[v, 0] ^ 1, here[to[v, ways[v, 0]]]]
        for i in range(n_ways[v]):
            load[here[v], ways[v, i]] -= flow[v] / n_ways[v]


@part
def _lose_ways(to, distance, n_ways, steps, up, here, dirty, left, lost, size, risen):
    """Mark the places that lost a way to the target in `dirty`; list those that lost all, and return how many.

    ``lost[:size]`` are places that lost one, as often as they did.
    """
    n_risen = 0
    while size > 0:
        size -= 1
        v = lost[size]
        bit = ONE << np.uint64(v & 63)
        if dirty[v >> 6] & bit == NONE:
            dirty[v >> 6] |= bit
            left[v] = n_ways[v]
        left[v] -= 1
        if left[v] == 0:
            risen[n_risen] = v
            n_risen += 1
            for way in range(to.shape[1]):
                u = to[v, way]
                if distance[u] > distance[v] and up[steps[way, here[v]], way ^ 1]:
                    here[u] = steps[way, here[v]]
                    lost[size] = u
                    size += 1
    return n_risen


@part
def _climb(to, up, here, level, risen, n_risen):
    """Find how far the risen places are now: `FAR` without a path."""
    for i in range(n_risen):
        level[risen[i]] = FAR
    again = n_risen > 0
    while again:
        again = False
        for i in range(n_risen):
            v = risen[i]
            for way in range(to.shape[1]):
                if up[here[v], way] and level[to[v, way]] + 1 < level[v]:
                    level[v] = level[to[v, way]] + 1
                    again = True


@part
def _withdraw(to, n_ways, ways, flow, steps, here, dirty, entered, more, load):
    """Take back what the places that lost a way sent on the whole torus."""
    for word in range(len(dirty)):
        bits = dirty[word]
        entered[word] |= bits
        while bits != NONE:
            v = 64 * word + np.int64(trailing_zeros(bits))
            bits &= bits - ONE
            each = flow[v] / n_ways[v]
            for i in range(n_ways[v]):
                w = to[v, ways[v, i]]
                load[here[v], ways[v, i]] -= each
                here[w] = steps[ways[v, i], here[v]]
                more[w] -= each
                entered[w >> 6] |= ONE << np.uint64(w & 63)


@part
def _push_risen(to, flow, steps, up, here, level, risen, n_risen, entered, more, load):
    """Push what the risen places send now, from the farthest inwards; those without a path send nothing."""
    low, high = np.int64(FAR), np.int64(0)
    for i in range(n_risen):
        v = risen[i]
        entered[v >> 6] &= ~(ONE << np.uint64(v & 63))
        if level[v] < FAR:
            if level[v] < low:
                low = np.int64(level[v])
            if level[v] > high:
                high = np.int64(level[v])
    for each_level in range(high, low - 1, -1):
        for i in range(n_risen):
            if level[risen[i]] == each_level:
                v = np.int64(risen[i])  # `_split` is compiled for one kind of number
                _split(v, flow[v] + more[v], to, steps, up, here, level, entered, more, load)
    for i in range(n_risen):
        v = risen[i]
        more[v] = 0.0
        entered[v >> 6] &= ~(ONE << np.uint64(v & 63))


@part
def _push(to, n_ways, ways, flow, steps, up, here, level, dirty, entered, more, load):
    """Push what the other places have more, or less, than on the whole torus; `dirty` and `entered` are empty after."""
    target = len(n_ways) - 1
    for word in range(len(entered)):
        while entered[word] != NONE:
            place = trailing_zeros(entered[word])
            v = 64 * word + np.int64(place)
            entered[word] &= entered[word] - ONE
            extra, more[v] = more[v], 0.0
            if v == target:
                continue
            if (dirty[word] >> place) & ONE:
                _split(v, flow[v] + extra, to, steps, up, here, level, entered, more, load)
                continue
            each = extra / n_ways[v]
            for i in range(n_ways[v]):
                w = to[v, ways[v, i]]
                load[here[v], ways[v, i]] += each
                here[w] = steps[ways[v, i], here[v]]
                more[w] += each
                entered[w >> 6] |= ONE << np.uint64(w & 63)
        dirty[word] = NONE


@part
def _split(v, total, to, steps, up, here, level, entered, more, load):
    """Split what a place sends over the ways it has now."""
    n_next = 0
    for way in range(to.shape[1]):
        n_next += up[here[v], way] and level[to[v, way]] < level[v]
    for way in range(to.shape[1]):
        if up[here[v], way] and level[to[v, way]] < level[v]:
            w = to[v, way]
            load[here[v], way] += total / n_next
            here[w] = steps[way, here[v]]
            more[w] += total / n_next
            entered[w >> 6] |= ONE << np.uint64(w & 63)
