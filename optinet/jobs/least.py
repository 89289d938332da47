# SPDX-License-Identifier: Apache-2.0
r"""The least time an exchange can take, known before it is solved: what a search orders and drops candidates by.

Always: what an endpoint sends over all its links. On a plain torus with routing along shortest paths much more is
known, because a path from one member of a group to another keeps to the axes, and the directions, in which they differ:

- a member reaches the others only by its links in those directions, and has all its bits to send and to receive there;
- a bit that is received has come at least as many hops as the nearest two members are apart, on all groups at once;
- of what goes between given pairs, all-to-all and to the next stage, it is known how much passes between neighboring
  positions of an axis, on all groups at once, and it has the links there: where a box does not go around, most passes
  through its middle.

No algorithm of `optinet.collectives` is faster: each sends from members to members of a group.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

import numpy as np

from optinet.collectives.operation import Collective
from optinet.collectives.schedule import Floats, endpoint_gbps
from optinet.fabric import Fabric
from optinet.jobs.least_twisted import TwistedWays
from optinet.jobs.parallelism import Ints, Placement
from optinet.jobs.phase import Exchange
from optinet.jobs.solving import group_key
from optinet.structure import Torus

SHORTEST = ("dor", "ecmp")
"""Routings along shortest paths alone, by hops on a torus of equal links."""


_SIZE: Mapping[str, Callable[[Placement], int]] = {
    "tensor": lambda placed: placed.tp,
    "context": lambda placed: placed.cp,
    "pipeline": lambda placed: placed.pp,
    "expert": lambda placed: placed.ep,
    "data": lambda placed: placed.shared_replicas,
    "expert data": lambda placed: placed.expert_replicas,
}


class LeastTimes:
    """Least times of exchanges on a fabric, per Gbit and group; alike ones are worked out once.

    On a twisted torus `optinet.jobs.least_twisted` knows what a place leaves. On a fabric that is not `whole` paths may
    leave the axes, so that no more than the links of endpoints is looked at.
    """

    def __init__(
        self, fabric: Fabric, routing: str, domain: int = 1, domain_gbps: float = 0.0, *, whole: bool = True
    ) -> None:
        self._fabric, self._domain, self._domain_gbps = fabric, domain, domain_gbps
        self._placed: Placement | None = None
        self._of_placed: dict[tuple[str, str], float] = {}
        self._room_gbps = endpoint_gbps(fabric)
        structure, links = fabric.structure, fabric.arc_capacity_gbps
        plain = isinstance(structure, Torus) and routing in SHORTEST
        alike = len(links) > 0 and bool(np.all(links == links[0])) and bool(np.all(fabric.link_cost == 1.0))
        self._dims = structure.dims if isinstance(structure, Torus) and plain and alike and whole else None
        self._known: dict[tuple[str, int, bytes], float] = {}
        if self._dims is not None:
            self._gbps = float(links[0])
            assert isinstance(structure, Torus)
            self._twisted = TwistedWays(structure, self._gbps) if structure.is_twisted else None
            tail, head = (np.stack(np.unravel_index(end, self._dims)) for end in (fabric.arc_tail, fabric.arc_head))
            self._axis_gbps = (tail != head).sum(axis=1) * self._gbps
            self._links_per_chip = self._axis_gbps / (self._gbps * fabric.n_endpoints)

    @property
    def knows_axes(self) -> bool:
        """Whether `along_axes_s` says more than nothing."""
        return self._dims is not None

    def at_line_rate_s(self, exchange: Exchange, placed: Placement) -> float:
        """Return the time in which the links of endpoints carry it, those into a scale-up domain inside."""
        p = _SIZE[exchange.members](placed)
        ways = 2.0 if exchange.operation == "all_reduce" else 1.0
        share = 1.0 if exchange.operation == "send" else ways * (p - 1) / p
        rate_gbps = float(self._room_gbps[placed.endpoint].max())
        return share * exchange.size_gbit / (rate_gbps if p > self._domain else max(rate_gbps, self._domain_gbps))

    def along_axes_s(self, exchange: Exchange, placed: Placement) -> float:
        """Return the time it takes at least; that at line rate where no more is known."""
        line_s = self.at_line_rate_s(exchange, placed)
        if self._dims is None or self._domain > 1:
            return line_s
        operation = "all_gather" if exchange.operation == "reduce_scatter" else exchange.operation  # mirror images
        if self._placed is not placed:
            self._placed, self._of_placed = placed, {}
        kind = operation, exchange.members
        if kind not in self._of_placed:
            groups = placed.groups(exchange.members)
            key = operation, *group_key(groups)
            if key not in self._known:
                self._known[key] = self._per_gbit_s(operation, groups)
            self._of_placed[kind] = self._known[key]
        return max(line_s, self._of_placed[kind] * exchange.size_gbit)

    def _per_gbit_s(self, operation: str, groups: Ints) -> float:
        assert self._dims is not None
        p = groups.shape[1]
        if p == 1:
            return 0.0
        if self._twisted is not None and operation == "send":
            return self._twisted.sending_s(groups)
        place = np.stack(np.unravel_index(groups, self._dims), axis=-1)
        if operation == "send":
            return self._sending_s(place)
        sent, received = Collective(self._fabric, operation, groups, 1.0).across(
            np.ones(1, dtype=np.int64), np.ones(1, dtype=bool)
        )
        own_gbit = max(float(sent[0]), float(received[0]))
        total_gbit = (2.0 if operation == "all_reduce" else 1.0) * (p - 1) * len(groups)
        if self._twisted is not None:
            return self._twisted.exchange_s(operation, groups, own_gbit, total_gbit)
        # how many members of a group are at each position along each axis
        counts = [_counts(place[..., axis], k) for axis, k in enumerate(self._dims)]
        links = sum(self._links(count, place[..., axis], axis) for axis, count in enumerate(counts))
        least = np.asarray(links)
        own_s = own_gbit / (float(least.min()) * self._gbps)
        if operation == "all_to_all":
            return max(own_s, *(self._passing_s(count.T @ count / p, axis) for axis, count in enumerate(counts)))
        extends = [bool((np.count_nonzero(count, axis=1) > 1).any()) for count in counts]
        room = sum(gbps for gbps, used in zip(self._axis_gbps, extends, strict=True) if used)
        return max(own_s, total_gbit / (float(least.sum()) * self._gbps), total_gbit * _nearest(counts, p) / room)

    def _links(self, count: Floats, at: Ints, axis: int) -> Floats:
        """Return the links of an axis over which each member reaches others of its group; shape (n_groups, p)."""
        assert self._dims is not None
        k, each = self._dims[axis], self._links_per_chip[axis]
        if k < 3:
            return each * (np.count_nonzero(count, axis=1) > 1)[:, None] * np.ones(at.shape)
        there, half = count > 0, k // 2
        # how many positions with members are in the half ring ahead of each
        passed = np.cumsum(np.concatenate((there, there[:, :half]), axis=1), axis=1)
        near: Ints = passed[:, half:] - passed[:, :k]
        ahead, behind = near > 0, np.roll(near, half + 1, axis=1) > 0
        both: Floats = each / 2 * (ahead.astype(np.float64) + behind)
        return np.take_along_axis(both, at, axis=1)

    def _sending_s(self, place: Ints) -> float:
        """Return the time in which all stages send a Gbit to the next and back."""
        assert self._dims is not None
        far_s, ways = 0.0, np.zeros(place[:, 1:, 0].shape)
        for axis, k in enumerate(self._dims):
            here, there = place[:, :-1, axis], place[:, 1:, axis]
            one_way = np.bincount((here * k + there).ravel(), minlength=k * k).reshape(k, k).astype(np.float64)
            far_s = max(far_s, self._passing_s(one_way + one_way.T, axis))
            apart = _apart(k)[here, there]
            # half way around both directions are as short
            both = (2.0 * apart == k) | (k < 3)
            ways += np.where(apart > 0, self._links_per_chip[axis] / np.where(both, 1.0, 2.0), 0.0)
        return max(far_s, 1.0 / (float(ways.min()) * self._gbps))

    def _passing_s(self, gbit: Floats, axis: int) -> float:
        """Return the time in which what goes between positions of an axis, alike both ways, passes where most does."""
        assert self._dims is not None
        k = self._dims[axis]
        if k == 1:
            return 0.0
        most = _most_passing(gbit) if k > 2 else float(gbit[0, 1])
        # as many links between any two neighboring positions, half of them each way; two positions are neighbors once
        return most / (float(self._axis_gbps[axis]) / (2 * k if k > 2 else 2))


def _most_passing(gbit: Floats) -> float:
    """Return the most that goes one way between neighbors on a ring; shape (k, k) from position to position.

    Shortest ways; what goes half around goes half each way.
    """
    k = len(gbit)
    start, passing = np.arange(k), np.zeros(k)
    for apart in range(1, k // 2 + 1):
        ahead = gbit[start, (start + apart) % k] * (0.5 if 2 * apart == k else 1.0)
        # a link is passed by what starts at the `apart` positions up to it
        started = np.cumsum(np.concatenate((ahead[k - apart :], ahead)))
        passing += started[apart:] - started[:k]
    return float(passing.max())


def _counts(at: Ints, k: int) -> Floats:
    """Return how many members of each group are at each position along an axis; shape (n_groups, k)."""
    n_groups = len(at)
    flat = (np.arange(n_groups)[:, None] * k + at).ravel()
    return np.bincount(flat, minlength=n_groups * k).reshape(n_groups, k).astype(np.float64)


@lru_cache(maxsize=32)
def _apart(k: int) -> Floats:
    """Return the hops between any two positions of a ring of k; shape (k, k)."""
    gap = np.arange(k)
    ahead = (gap - gap[:, None]) % k
    return np.minimum(ahead, (k - ahead) % k).astype(np.float64)


def _nearest(counts: list[Floats], p: int) -> float:
    """Return the hops that the nearest two members of a group are apart at least: groups that are no boxes, 1."""
    sizes = np.prod([np.count_nonzero(count, axis=1) for count in counts], axis=0)
    if np.any(sizes != p):
        return 1.0
    longest = max(count.shape[1] for count in counts)
    for apart in range(1, longest // 2 + 1):
        if any(np.any((count > 0) & (np.roll(count, apart, axis=1) > 0)) for count in counts if count.shape[1] > apart):
            return float(apart)
    return 1.0
