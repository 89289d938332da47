# SPDX-License-Identifier: Apache-2.0
"""What each transfer of a collective waits for: its sender's last step, part of the buffer by part.

A rank begins its transfers of a step when it has ended its part, sent and received, of the last step it took part in.
No step waits for ranks that have nothing to do with it, and parts run ahead of each other, unless an algorithm has them
begin a phase together.
"""

from __future__ import annotations

import numpy as np

from optinet.collectives.schedule import Ints


class Chain:
    """Transfers added step by step, numbered from `first`.

    Parameters
    ----------
    n_endpoints
        Endpoints of the fabric.
    first
        Number of the first transfer.
    ready
        (flows, ranks, n_streams): what the first steps of each rank wait for, in every stream; nothing when None.
    """

    def __init__(self, n_endpoints: int, first: int = 0, ready: tuple[Ints, Ints, int] | None = None) -> None:
        self._n_endpoints, self.next_flow = n_endpoints, first
        self._key = self._flow = np.zeros(0, dtype=np.int64)  # last transfers of every (part, rank), sorted by it
        self._pairs: list[Ints] = []
        if ready is not None:
            flow, rank, n_streams = ready
            key = (np.arange(n_streams)[:, None] * n_endpoints + rank).ravel()
            order = np.argsort(key, kind="stable")
            self._key, self._flow = key[order], np.tile(flow, n_streams)[order]

    def add(self, source: Ints, target: Ints, stream: Ints, *, together: bool = False) -> None:
        """Add the transfers of one step, which wait for all parts of their sender where they are to go `together`."""
        flow = self.next_flow + np.arange(len(source))
        self.next_flow += len(source)
        sender, receiver = (stream * self._n_endpoints + end for end in (source, target))
        known, flows, waiting = self._key, self._flow, sender
        if together:
            rank = self._key % self._n_endpoints
            order = np.argsort(rank, kind="stable")
            known, flows, waiting = rank[order], self._flow[order], source
        first, last = (np.searchsorted(known, waiting, side) for side in ("left", "right"))
        count = last - first
        before = np.repeat(first - (np.cumsum(count) - count), count) + np.arange(count.sum())
        self._pairs.append(np.column_stack((flows[before], np.repeat(flow, count))))
        key, new = np.concatenate((sender, receiver)), np.concatenate((flow, flow))
        kept = ~np.isin(self._key, key)
        key, new = np.concatenate((self._key[kept], key)), np.concatenate((self._flow[kept], new))
        order = np.argsort(key, kind="stable")
        self._key, self._flow = key[order], new[order]

    def after(self) -> Ints:
        """Return pairs (i, j): transfer j waits for transfer i."""
        return np.concatenate([np.zeros((0, 2), dtype=np.int64), *self._pairs])

    def last(self) -> tuple[Ints, Ints]:
        """Return the last transfers of every rank, in all parts: flows, and the rank of each."""
        return self._flow, self._key % self._n_endpoints
