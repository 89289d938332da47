# SPDX-License-Identifier: Apache-2.0
"""Equal-cost multi-path on a torus, with or without holes, target by target.

On the whole torus traffic to every target goes alike, but for a translation. Here everything is seen from the target:
places are numbered by falling distance, so that the last one is the target's, and holes and sources are what moves from
one target to the next. A hole changes little. Nodes that lost some of their ways to the target split over the others;
those that lost all (`risen`) are farther away now, by which others may lose a way. Of traffic from all to all, of which
the loads on the whole torus are known, what these nodes sent is withdrawn. Then what there is to send is pushed: first
by the risen ones, onto which no other sends, from the farthest inwards, then by all in order of their places; with all
sending to all a node whose ways are as before passes on the change alone. Nothing is left out: loads differ from those
of `optinet.kernels.ecmp` by rounding. A target costs as much as there is between holes or sources and it.

Arrays: ``to[v, way]`` is the place that a way leads to from place v; `way ^ 1` leads back over the same link. On the
whole torus a place is ``distance[v]`` away, its shortest paths start by ``ways[v, :n_ways[v]]``, and ``flow[v]`` passes
it when every node sends 1.
"""

from __future__ import annotations

import numpy as np
from numba.cpython.unsafe.numbers import trailing_zeros

from optinet.kernels._jit import kernel, part

FAR = 1 << 30  # level of a place without a path to the target
NONE, ONE = np.uint64(0), np.uint64(1)


@kernel
def loads_by_view(
    to, distance, n_ways, ways, flow, here, steps, moves, up, down_place, down_way,
    silent, sends, receives, column_offsets, row, gbps, load,
):  # fmt: skip
    """Add to `load`, shape (n_nodes, n_ways), how holes change what all send to all, or what a matrix sends.

    ``here[v]`` is the node at place v for the first target, ``steps[way, node]`` is where a way leads from a node, and
    `moves` are ways from each target to the next. ``up[node, way]`` tells what works; the ways that do not are at
    ``(down_place, down_way)`` for the first target. With a matrix (`column_offsets`, `row`, `gbps`, by target) `flow`
    is 0 and `load` gets all of it. Without one, nodes that `sends` send 1 to every node that `receives`; `silent` are
    the places of those that do not send. All but `load` are left as they were. Returns a pair (s, t) with traffic but
    no path, or (-1, -1).
    """
    n = len(distance)
    here, hole, mute, level = here.copy(), down_place.copy(), silent.copy(), distance.copy()
    left, risen, lost = np.empty_like(level), np.empty_like(level), np.empty(to.size, dtype=np.int32)
    place, by_matrix, words = np.empty_like(level), len(column_offsets) > 0, (n + 63) // 64
    dirty, entered, more = np.zeros(words, dtype=np.uint64), np.zeros(words, dtype=np.uint64), np.zeros(n)
    for turn in range(n):
        if turn > 0:
            way = moves[turn - 1]
            for v in range(n):
                here[v] = steps[way, here[v]]
            for i in range(len(hole)):
                hole[i] = to[hole[i], way ^ 1]
            for i in range(len(mute)):
                mute[i] = to[mute[i], way ^ 1]
        t = here[n - 1]
        if by_matrix and column_offsets[t] == column_offsets[t + 1]:
            continue
        if not by_matrix and not receives[t]:
            for v in range(n - 1):
                for i in range(n_ways[v]):
                    load[here[v], ways[v, i]] -= flow[v] / n_ways[v]
            continue
        n_risen = _lose_ways(to, distance, n_ways, up, here, hole, down_way, dirty, left, lost, risen)
        _climb(to, up, here, level, risen, n_risen)
        if by_matrix:
            for v in range(n):
                place[here[v]] = v
            for i in range(column_offsets[t], column_offsets[t + 1]):
                v = place[row[i]]
                if level[v] == FAR:
                    return row[i], t
                more[v] += gbps[i]
                entered[v >> 6] |= ONE << np.uint64(v & 63)
        else:
            for i in range(n_risen):
                if level[risen[i]] == FAR and sends[here[risen[i]]]:
                    return here[risen[i]], t
            for v in mute:
                more[v] -= 1.0
                entered[v >> 6] |= ONE << np.uint64(v & 63)
            _withdraw(to, n_ways, ways, flow, here, dirty, entered, more, load)
        _push_risen(to, flow, up, here, level, risen, n_risen, entered, more, load)
        _push(to, n_ways, ways, flow, up, here, level, dirty, entered, more, load)
        for i in range(n_risen):
            level[risen[i]] = distance[risen[i]]
    return -1, -1


@part
def _lose_ways(to, distance, n_ways, up, here, hole, down_way, dirty, left, lost, risen):
    """Mark the places that lost a way to the target in `dirty`; list those that lost all, and return how many."""
    size = n_risen = 0
    for i in range(len(hole)):
        if distance[to[hole[i], down_way[i]]] < distance[hole[i]]:
            lost[size] = hole[i]
            size += 1
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
                if distance[u] > distance[v] and up[here[u], way ^ 1]:
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
def _withdraw(to, n_ways, ways, flow, here, dirty, entered, more, load):
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
                more[w] -= each
                entered[w >> 6] |= ONE << np.uint64(w & 63)


@part
def _push_risen(to, flow, up, here, level, risen, n_risen, entered, more, load):
    """Push what the risen places send now, from the farthest inwards; those without a path send nothing."""
    low, high = FAR, 0
    for i in range(n_risen):
        v = risen[i]
        entered[v >> 6] &= ~(ONE << np.uint64(v & 63))
        if level[v] < FAR:
            low, high = min(low, level[v]), max(high, level[v])
    for each_level in range(high, low - 1, -1):
        for i in range(n_risen):
            if level[risen[i]] == each_level:
                _split(risen[i], flow[risen[i]] + more[risen[i]], to, up, here, level, entered, more, load)
    for i in range(n_risen):
        v = risen[i]
        more[v] = 0.0
        entered[v >> 6] &= ~(ONE << np.uint64(v & 63))


@part
def _push(to, n_ways, ways, flow, up, here, level, dirty, entered, more, load):
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
                _split(v, flow[v] + extra, to, up, here, level, entered, more, load)
                continue
            each = extra / n_ways[v]
            for i in range(n_ways[v]):
                w = to[v, ways[v, i]]
                load[here[v], ways[v, i]] += each
                more[w] += each
                entered[w >> 6] |= ONE << np.uint64(w & 63)
        dirty[word] = NONE


@part
def _split(v, total, to, up, here, level, entered, more, load):
    """Split what a place sends over the ways it has now."""
    n_next = 0
    for way in range(to.shape[1]):
        n_next += up[here[v], way] and level[to[v, way]] < level[v]
    for way in range(to.shape[1]):
        if up[here[v], way] and level[to[v, way]] < level[v]:
            w = to[v, way]
            load[here[v], way] += total / n_next
            more[w] += total / n_next
            entered[w >> 6] |= ONE << np.uint64(w & 63)
