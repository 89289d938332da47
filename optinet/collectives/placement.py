# SPDX-License-Identifier: Apache-2.0
"""Placement: which endpoints the ranks of a group stand on."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np

from optinet.collectives.schedule import Ints
from optinet.errors import DemandError, Problem

Placement: TypeAlias = Literal["packed", "strided", "random"]


def groups_of(n_endpoints: int, group_size: int | None, placement: Placement = "packed", seed: int = 0) -> Ints:
    """Return groups that take all endpoints; shape (n_groups, group_size).

    Parameters
    ----------
    n_endpoints
        Endpoints in all.
    group_size
        Ranks of a group; all endpoints when None.
    placement
        "packed": consecutive endpoints. "strided": every n-th endpoint, n groups side by side, as ranks of equal place
        in packed groups are. "random": drawn by the seed.
    seed
        Seed of a random placement.

    Raises
    ------
    DemandError
        If the groups do not take all endpoints, with sizes that do.
    """
    size = n_endpoints if group_size is None else group_size
    if size < 1 or n_endpoints % size:
        near = [k for k in range(1, n_endpoints + 1) if n_endpoints % k == 0]
        shown = sorted(sorted(near, key=lambda k: abs(k - size))[:6])
        found = f"{size} does not divide {n_endpoints} endpoints"
        raise DemandError(Problem("workload.group_size", found, f"a divisor, such as {', '.join(map(str, shown))}"))
    rank = np.arange(n_endpoints)
    if placement == "strided":
        return np.ascontiguousarray(rank.reshape(size, -1).T)
    if placement == "random":
        rank = np.random.default_rng(seed).permutation(n_endpoints)
    return rank.reshape(-1, size)
