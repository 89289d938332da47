# SPDX-License-Identifier: Apache-2.0
"""Halving a graph with few edges cut, by moving one node at a time.

The graph is undirected, in compressed rows: the neighbors of node v are ``neighbor[offsets[v]:offsets[v + 1]]``, each
over ``count`` parallel edges. Node v weighs ``weight[v]``; of that, ``loose[v]`` can be left on the other side for one
edge cut each.
"""

from __future__ import annotations

import numpy as np

from optinet.kernels._jit import kernel, part


@kernel
def refine(side, weight, loose, offsets, neighbor, count, passes):
    """Improve `side` (0 or 1 per node) in place; return the edges cut, -1 if no balance was found.

    C. M. Fiduccia, R. M. Mattheyses, "A linear-time heuristic for improving network partitions", DAC 1982: in every
    pass each node moves once, best first, from the heavier side, and the best state on the way is kept.
    """
    n = len(weight)
    gain = np.empty(n, dtype=np.int64)
    locked = np.empty(n, dtype=np.bool_)
    order = np.empty(n, dtype=np.int64)
    best_cost = -1
    for _ in range(passes):
        held = np.zeros(2, dtype=np.int64)
        spare = np.zeros(2, dtype=np.int64)
        cut = 0
        for v in range(n):
            held[side[v]] += weight[v]
            spare[side[v]] += loose[v]
            locked[v] = False
            gain[v] = 0
            for k in range(offsets[v], offsets[v + 1]):
                if side[neighbor[k]] != side[v]:
                    gain[v] += count[k]
                    cut += count[k]
                else:
                    gain[v] -= count[k]
        cut //= 2
        found = _cost(cut, held, spare)
        keep = 0
        last = 0
        improved = best_cost < 0 and found >= 0
        if improved:
            best_cost = found
        for moved in range(n):
            heavy = -1 if held[0] == held[1] else (0 if held[0] > held[1] else 1)
            v = -1
            for u in range(n):
                allowed = heavy < 0 or side[u] == heavy or weight[u] == 0
                if not locked[u] and allowed and (v < 0 or gain[u] > gain[v]):
                    v = u
            if v < 0:
                break
            locked[v] = True
            order[moved] = v
            cut -= gain[v]
            held[side[v]] -= weight[v]
            spare[side[v]] -= loose[v]
            side[v] = 1 - side[v]
            held[side[v]] += weight[v]
            spare[side[v]] += loose[v]
            gain[v] = -gain[v]
            for k in range(offsets[v], offsets[v + 1]):
                u = neighbor[k]
                gain[u] += -2 * count[k] if side[u] == side[v] else 2 * count[k]
            found = _cost(cut, held, spare)
            if found >= 0 and (best_cost < 0 or found < best_cost):
                best_cost = found
                keep = moved + 1
                improved = True
            last = moved + 1
        for i in range(last - 1, keep - 1, -1):
            side[order[i]] = 1 - side[order[i]]
        if not improved or keep == 0:
            break
    return best_cost


@part
def _cost(cut, held, spare):
    """Return the edges cut once loose weight has moved to balance the sides, -1 if there is too little of it."""
    heavy = 0 if held[0] > held[1] else 1
    excess = (held[heavy] - held[1 - heavy]) // 2
    return cut + excess if excess <= spare[heavy] else -1
