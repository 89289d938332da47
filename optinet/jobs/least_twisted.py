# SPDX-License-Identifier: Apache-2.0
"""The least time of exchanges on a twisted torus, where shortest paths do not keep to the axes in which members differ.

A torus looks alike from every chip, twisted or not. So the distance between two chips, and which links out of one are
on shortest paths to the other, depend on their difference alone and are known for all from those of one chip:

- a member has all its bits to send and to receive over links on shortest paths to others of its group;
- a bit that is received has come at least as many hops as the nearest two members are apart, on all groups at once;
- of what goes between given pairs, all-to-all and to the next stage, it is known how many links each bit passes.
"""

from __future__ import annotations

import numpy as np

from optinet.jobs.parallelism import Ints
from optinet.routing.symmetry import distances, moved_back, neighbors
from optinet.structure import Torus

_MOST_PAIRS = 2**21
"""Pairs of members, in all groups, beyond which no more is looked at than links of endpoints and one hop a bit."""


class TwistedWays:
    """Distances and first links on a torus whose links all carry `gbps` each way."""

    def __init__(self, torus: Torus, gbps: float) -> None:
        self._torus, self._gbps = torus, gbps
        node, _ = neighbors(torus)
        n = node.shape[1]
        distance = distances(node)
        self._distance = distance.astype(np.float64)
        here, everyone = np.zeros(n, dtype=np.int64), np.arange(n)
        # shape (n_ways, n_nodes): which links out of chip 0 are on shortest paths to each other chip
        self._ahead = np.array([distance[self._apart(here + first, everyone)] == distance - 1 for first in node[:, 0]])
        self._total_gbps = 2 * len(torus.link_axes) * n * gbps

    def exchange_s(self, operation: str, groups: Ints, own_gbit: float, total_gbit: float) -> float:
        """Return the time that an exchange takes at least.

        Parameters
        ----------
        operation, groups
            A collective among the members of each group, or "all_to_all".
        own_gbit, total_gbit
            What each member has to send or to receive, the more of both, and what all receive.
        """
        n_groups, p = groups.shape
        if n_groups * p * p > _MOST_PAIRS:
            return max(own_gbit / (len(self._ahead) * self._gbps), total_gbit / self._total_gbps)
        away = self._apart(*np.broadcast_arrays(groups[:, :, None], groups[:, None, :]))
        hops = self._distance[away]
        links = np.zeros((n_groups, p))
        for ahead in self._ahead:
            links += (ahead[away] & (hops > 0)).any(axis=2)
        pairs = hops[hops > 0]
        each = float(pairs.mean() if operation == "all_to_all" else pairs.min())
        own_s = own_gbit / float(links.min()), total_gbit / float(links.sum())
        return max(*own_s, total_gbit * each / (self._total_gbps / self._gbps)) / self._gbps

    def sending_s(self, groups: Ints) -> float:
        """Return the least time in which all stages, along the rows of `groups`, send a Gbit to the next and back."""
        here, there = groups[:, :-1].ravel(), groups[:, 1:].ravel()
        both = np.concatenate((self._apart(here, there), self._apart(there, here)))
        links = self._ahead[:, both].sum(axis=0)
        return max(1.0 / (float(links.min()) * self._gbps), float(self._distance[both].sum()) / self._total_gbps)

    def _apart(self, start: Ints, end: Ints) -> Ints:
        """Return the chip that is as far from chip 0, and on the same ways, as `end` from `start`."""
        dims = self._torus.dims
        by, at = (np.array(np.unravel_index(node.ravel(), dims)) for node in (start, end))
        return np.ravel_multi_index(tuple(moved_back(self._torus, at, by)), dims).reshape(start.shape)
