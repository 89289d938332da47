# SPDX-License-Identifier: Apache-2.0
"""Algorithms of pairwise exchanges, of trees, and all at once.

*Halving and doubling* (R. Rabenseifner, "Optimization of collective reduction operations", ICCS 2004; R. Thakur et
al., "Optimization of collective communication operations in MPICH", IJHPCA 19, 2005): in step k ranks whose numbers
differ in bit k exchange halves of what they have, n/2 between next neighbors first; gathering goes back. *Recursive
doubling* exchanges the whole buffer in every step. A *binomial tree* sends the whole buffer along its edges and back.
A *pipeline* sends a broadcast in segments along a chain of the ranks, each passing on one segment while it receives the
next: s segments take s + p - 2 steps, and almost the time of the buffer on one link where s is large.
*Direct* sends everything to its target at once; no time is charged for the number of messages.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from optinet.collectives.operation import Collective
from optinet.collectives.rings import scatter
from optinet.collectives.schedule import STARTUP_S, AllPairs, Phase, endpoint_gbps, transfers


def _exchange(call: Collective, name: str, distance: int, gbit: float) -> Phase:
    partner = np.arange(call.p) ^ distance
    return Phase(name, 1, transfers(call.groups, call.groups[:, partner], gbit))


def halving_doubling(call: Collective) -> Iterator[Phase]:
    """Halving for reduce-scatter, doubling for all-gather, both for all-reduce; a broadcast scatters first."""
    bits = range(call.p.bit_length() - 1)
    if call.operation == "broadcast":
        yield from scatter(call)
    if call.operation in ("all_reduce", "reduce_scatter"):
        for k in bits:
            yield _exchange(call, f"halving, {2**k} apart", 2**k, call.size_gbit / 2 ** (k + 1))
    if call.operation != "reduce_scatter":
        for k in reversed(bits):
            yield _exchange(call, f"doubling, {2**k} apart", 2**k, call.size_gbit / 2 ** (k + 1))


def recursive_doubling(call: Collective) -> Iterator[Phase]:
    """The whole buffer exchanged in every step."""
    for k in range(call.p.bit_length() - 1):
        yield _exchange(call, f"exchange, {2**k} apart", 2**k, call.size_gbit)


def tree(call: Collective) -> Iterator[Phase]:
    """Reduce to the first rank of each group along a binomial tree, then broadcast along it."""
    rank = np.arange(call.p)
    edges = []
    for k in range((call.p - 1).bit_length()):
        below = rank[rank % 2 ** (k + 1) == 2**k]
        edges.append((2**k, call.groups[:, below], call.groups[:, below - 2**k]))
    if call.operation == "all_reduce":
        for distance, low, high in edges:
            yield Phase(f"reduce, {distance} apart", 1, transfers(low, high, call.size_gbit))
    for distance, low, high in reversed(edges):
        yield Phase(f"broadcast, {distance} apart", 1, transfers(high, low, call.size_gbit))


def pipeline(call: Collective) -> Iterator[Phase]:
    """Along the ranks in their order, in as many segments as are best for `STARTUP_S` a step at line rate.

    Too few or too many segments by half cost a tenth of what is best to lose.
    """
    hops = call.p - 1
    line_s = call.size_gbit / max(float(endpoint_gbps(call.fabric)[call.groups].min()), 1e-300)
    segments = max(1, round(math.sqrt((hops - 1) * line_s / STARTUP_S)))
    along = transfers(call.groups[:, :-1], call.groups[:, 1:], call.size_gbit / segments)
    yield Phase("segments", segments + hops - 1, along, np.tile(np.arange(hops), len(call.groups)))


def direct(call: Collective) -> Iterator[Phase]:
    """All ranks send each other their parts at once; all-reduce does so twice."""
    steps = 2 if call.operation == "all_reduce" else 1
    yield Phase("all to all", steps, AllPairs(call.groups, call.size_gbit / call.p))
