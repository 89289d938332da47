# SPDX-License-Identifier: Apache-2.0
"""Rings: one, two in opposite directions, or several.

In a ring every rank sends a chunk to the next one in each step: p - 1 steps reduce and scatter, p - 1 more gather (P.
Patarasuk, X. Yuan, JPDC 69, 2009). The groups give the order. Two rings in opposite directions use both directions of
every link between neighbors, several rings use several links of each rank; each ring carries an equal part.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from optinet.collectives.operation import Collective
from optinet.collectives.schedule import Ints, Phase, Transfers, joined, transfers

NAMES = {
    "all_reduce": "reduce-scatter and all-gather",
    "all_gather": "all-gather",
    "reduce_scatter": "reduce-scatter",
    "broadcast": "all-gather",
}


def ring_step(groups: Ints, gbit: float, stream: int = 0, axis: int = -1, step: int = 1) -> Transfers:
    """Return one step of rings along an axis of an array of ranks."""
    return transfers(groups, np.roll(groups, -step, axis), gbit, stream)


def passes(operation: str) -> int:
    """Return how often a ring goes round: twice for all-reduce."""
    return 2 if operation == "all_reduce" else 1


def ring(call: Collective) -> Iterator[Phase]:
    """One ring in the order of the groups."""
    yield from over_rings(call, [call.groups])


def bidirectional_ring(call: Collective) -> Iterator[Phase]:
    """Two rings in opposite directions, half the buffer on each."""
    yield from over_rings(call, [call.groups, call.groups[:, ::-1]])


def over_rings(call: Collective, orders: list[Ints]) -> Iterator[Phase]:
    """Several rings at once, an equal part of the buffer on each.

    Parameters
    ----------
    call
        The collective; a broadcast is a scatter along a binomial tree, then an all-gather on the rings.
    orders
        The ranks in the order of each ring; each of shape (n_groups, p).
    """
    if call.operation == "broadcast":
        yield from scatter(call)
    chunk = call.size_gbit / call.p / len(orders)
    step = joined([ring_step(order, chunk, stream) for stream, order in enumerate(orders)])
    yield Phase(NAMES[call.operation], passes(call.operation) * (call.p - 1), step)


def scatter(call: Collective) -> Iterator[Phase]:
    """A scatter from the first rank along a binomial tree: each passes on what its branch is to have."""
    p, rank = call.p, np.arange(call.p)
    for k in reversed(range((p - 1).bit_length())):
        sender = rank[(rank % 2 ** (k + 1) == 0) & (rank + 2**k < p)]
        receiver = sender + 2**k
        gbit = np.minimum(2**k, p - receiver) * (call.size_gbit / p)
        size = np.broadcast_to(gbit, (len(call.groups), len(gbit)))
        yield Phase("scatter", 1, transfers(call.groups[:, sender], call.groups[:, receiver], size))
