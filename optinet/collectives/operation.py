# SPDX-License-Identifier: Apache-2.0
r"""The operations, what their size means, and what every way of doing them has to move.

Sizes are those of nccl-tests (NVIDIA, nccl-tests, doc/PERFORMANCE.md): the full buffer of a rank. With p ranks and n
bits, *all-reduce* sums the buffers of all and leaves n with each; *all-gather* leaves n with each, of which each had
n / p; *reduce-scatter* sums buffers of n and leaves n / p with each; in *all-to-all* each rank has n, n / p for every
rank, its own included; *broadcast* gives n of the first rank of a group to all.

*Bus bandwidth* is n over time, times 2 (p - 1) / p for all-reduce, (p - 1) / p for all-gather, reduce-scatter and
all-to-all, and 1 for broadcast: what the links of a rank carry in an algorithm that wastes nothing.

What must cross a cut, whatever the algorithm. Let a of the p ranks be on one side. Results a side lacks must come in
and what only it has must go out, each at least once: all-reduce n both ways, all-gather n (p - a) / p in and n a / p
out, reduce-scatter the reverse, all-to-all n a (p - a) / p both ways, broadcast n towards the side without the root.
All-reduce besides takes at least 2 (m - 1) n transfers between m parts: to combine m values of every bit and spread
the result is gossip with one-way messages, which takes 2 m - 2 of them (P. Patarasuk, X. Yuan, "Bandwidth optimal
all-reduce algorithms for clusters of workstations", JPDC 69, 2009, for the case of single ranks).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike

from optinet.collectives.schedule import Floats, Ints
from optinet.errors import DemandError, Problem, unknown_name
from optinet.fabric import Fabric

Operation: TypeAlias = Literal["all_reduce", "all_gather", "reduce_scatter", "all_to_all", "broadcast"]
OPERATIONS: tuple[str, ...] = get_args(Operation)


@dataclass(frozen=True, eq=False)
class Collective:
    """One operation among groups of endpoints, all at once; checked by `Collective.of`.

    Parameters
    ----------
    fabric
        Where.
    operation
        One of `OPERATIONS`.
    groups
        shape (n_groups, p): endpoint indices of the ranks; row by row the order of rings. No endpoint is in two groups.
    size_gbit
        Full buffer of a rank, as the operation counts it.
    """

    fabric: Fabric
    operation: str
    groups: Ints
    size_gbit: float

    @classmethod
    def of(cls, fabric: Fabric, operation: str, groups: ArrayLike, size_gbit: float) -> Collective:
        """Check and return a collective; `DemandError` naming everything that is wrong."""
        problems = []
        if operation not in OPERATIONS:
            problems.append(unknown_name("operation", operation, OPERATIONS, "operation"))
        ranks, group_problems = _checked_groups(fabric, groups)
        if not 0 <= size_gbit < np.inf:
            problems.append(Problem("size_gbit", f"{size_gbit}", "finite, at least 0"))
        problems += group_problems
        if problems:
            raise DemandError(problems)
        return cls(fabric, operation, ranks, float(size_gbit))

    @property
    def p(self) -> int:
        """Ranks of each group."""
        return self.groups.shape[1]

    @property
    def bus_factor(self) -> float:
        """What bits over time are multiplied with to give bus bandwidth."""
        if self.operation == "broadcast":
            return 1.0 if self.p > 1 else 0.0
        return (2.0 if self.operation == "all_reduce" else 1.0) * (self.p - 1) / self.p

    def across(self, inside: Ints, root_inside: np.ndarray) -> tuple[Floats, Floats]:
        """Return the Gbit that must leave and enter sets of endpoints that hold some ranks of a group.

        Parameters
        ----------
        inside
            any shape: ranks of a group in the set.
        root_inside
            the same shape: whether the group's first rank is among them.
        """
        n, p, a = self.size_gbit, self.p, inside.astype(np.float64)
        split = ((a > 0) & (a < p)).astype(np.float64)
        if self.operation == "all_reduce":
            return n * split, n * split
        if self.operation == "all_to_all":
            return n * a * (p - a) / p, n * a * (p - a) / p
        if self.operation == "broadcast":
            return n * split * root_inside, n * split * ~root_inside
        own, other = n * a / p * split, n * (p - a) / p * split
        return (own, other) if self.operation == "all_gather" else (other, own)


def _checked_groups(fabric: Fabric, groups: ArrayLike) -> tuple[Ints, list[Problem]]:
    none = np.zeros((1, 1), dtype=np.int64)
    try:
        ranks = np.asarray(groups)
    except ValueError:
        return none, [Problem("groups", "groups of unequal size", "an array of shape (n_groups, p)")]
    ranks = ranks[None] if ranks.ndim == 1 else ranks
    if ranks.ndim != 2 or not ranks.size or ranks.dtype.kind not in "iu":
        return none, [Problem("groups", f"{ranks.dtype} of shape {ranks.shape}", "indices of shape (n_groups, p)")]
    if ranks.min() < 0 or ranks.max() >= fabric.n_endpoints:
        wrong = ranks[(ranks < 0) | (ranks >= fabric.n_endpoints)][0]
        return none, [Problem("groups", f"endpoint {wrong}", f"0 to {fabric.n_endpoints - 1}")]
    count = np.bincount(ranks.ravel())
    if count.max() > 1:
        found = f"endpoint {int(np.argmax(count))} is there {count.max()} times"
        return none, [Problem("groups", found, "every endpoint in one group at most")]
    return np.ascontiguousarray(ranks, dtype=np.int64), []
