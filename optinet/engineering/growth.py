# SPDX-License-Identifier: Apache-2.0
"""Growth of a fabric whose blocks are joined through OCS: blocks added one by one, and blocks replaced.

Reference: L. Poutievski et al., "Jupiter Evolving", SIGCOMM 2022. The OCS and the fibers are there from the first day
and outlive the blocks: a new block takes free ports, and only circuits that make room for it move. A block replaced by
a faster generation keeps its fibers, and its circuits run at the slower of both ends until the others follow.

An electrical Clos of the same size needs its spine at full size on the first day, or its fibers moved by hand later:
spine blocks set the speed of every uplink, and a spine for `n` blocks has a port for each uplink of all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optinet.engineering.topology import BlockLayer, round_circuits, uniform_circuits
from optinet.errors import Problem, SolverError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Growth:
    """Circuits before and after blocks are added.

    Parameters
    ----------
    before, circuits
        shape (n, n): circuits among all blocks, the new ones last; zero rows for them before.
    n_old
        Blocks that were there.
    """

    before: Ints
    circuits: Ints
    n_old: int

    @property
    def circuits_removed(self) -> int:
        """Circuits between old blocks that are taken down."""
        return int(np.maximum(self.before - self.circuits, 0).sum()) // 2

    @property
    def circuits_added(self) -> int:
        """Circuits set anew."""
        return int(np.maximum(self.circuits - self.before, 0).sum()) // 2

    @property
    def least_removed(self) -> int:
        """Circuits that any way of joining the new blocks as fully must take down.

        What the old blocks have spare can be joined at once; of the rest, one circuit between two old blocks gives way
        for every two circuits to new ones.
        """
        across = int(self.circuits[: self.n_old, self.n_old :].sum())
        spare = int((self.circuits.sum(axis=1) - self.before.sum(axis=1))[: self.n_old].clip(min=0).sum())
        return max(0, -(-(across - spare) // 2))


def add_blocks(circuits: Ints, layer: BlockLayer, target: Floats | Ints | None = None) -> Growth:
    """Join blocks to those that are there, taking down only circuits that must give way.

    Parameters
    ----------
    circuits
        shape (m, m), symmetric: circuits set among the m blocks that are there.
    layer
        All n > m blocks, the new ones last.
    target
        shape (n, n): circuits wanted in the end, whole or not; the uniform mesh of all blocks when None.

    Returns
    -------
    Growth
        Between two old blocks no circuit is added; every new block gets the circuits that `target` gives it.

    Raises
    ------
    SolverError
        If there are no new blocks, or circuits exceed the uplinks.
    """
    n, m = layer.n_blocks, len(circuits)
    if not 0 < m < n:
        raise SolverError(Problem("circuits", f"{m} blocks of {n}", f"1 to {n - 1}, so that some are new"))
    if np.any(circuits.sum(axis=1) > layer.uplinks[:m]):
        raise SolverError(Problem("circuits", "more than the uplinks of a block", "at most its uplinks"))
    wanted = uniform_circuits(layer) if target is None else round_circuits(np.asarray(target, float), layer.uplinks)
    before = np.zeros((n, n), dtype=np.int64)
    before[:m, :m] = circuits
    after = before.copy()
    after[m:], after[:, m:] = wanted[m:], wanted[:, m:]
    # every old block gives up what it has too much, from the trunks that are furthest above their target
    excess = after.sum(axis=1) - layer.uplinks
    while np.any(excess[:m] > 0):
        over = np.where(after[:m, :m] > 0, after[:m, :m] - wanted[:m, :m] + 0.0, -np.inf)
        relieves = (excess[:m, None] > 0).astype(int) + (excess[:m] > 0)  # a circuit that helps both ends goes first
        a, b = np.unravel_index(int(np.where(relieves > 0, over + n * n * relieves, -np.inf).argmax()), over.shape)
        after[a, b] -= 1
        after[b, a] -= 1
        excess[[a, b]] -= 1
    return Growth(before, after, m)


@dataclass(frozen=True)
class Refresh:
    """One step of replacing blocks by a faster generation.

    Parameters
    ----------
    blocks_replaced
        Blocks of the new generation so far.
    mesh_gbps, clos_gbps
        Capacity of all uplinks in use, per direction: joined directly, each circuit at the slower of its ends; under a
        spine of the old generation, every uplink at the spine's speed.
    """

    blocks_replaced: int
    mesh_gbps: float
    clos_gbps: float


def refresh(circuits: Ints, uplink_gbps: Sequence[float]) -> tuple[Refresh, ...]:
    """Replace all blocks one by one by later generations on the same OCS, fibers and circuits.

    Parameters
    ----------
    circuits
        shape (n, n), symmetric: they stay as they are.
    uplink_gbps
        Speed of each generation, from the first, which all blocks have at the beginning.

    Returns
    -------
    tuple[Refresh, ...]
        One for each state, the first included. The spine stays what it was on the first day.
    """
    n = len(circuits)
    speed = np.full(n, float(uplink_gbps[0]))
    steps, count = [_refreshed(circuits, speed, 0, uplink_gbps[0])], 0
    for faster in uplink_gbps[1:]:
        for block in range(n):
            speed[block] = faster
            count += 1
            steps.append(_refreshed(circuits, speed, count, uplink_gbps[0]))
    return tuple(steps)


def _refreshed(circuits: Ints, speed: Floats, count: int, spine_gbps: float) -> Refresh:
    slower = np.minimum(speed[:, None], speed)
    ends = circuits.sum(axis=1)
    return Refresh(count, float((circuits * slower).sum()), float((ends * np.minimum(speed, spine_gbps)).sum()))


@dataclass(frozen=True)
class DayOne:
    """What must be there before the second block is: for growth to `n_blocks` without touching fibers.

    Parameters
    ----------
    n_blocks
        Blocks in the end.
    spine_ports
        Ports of the electrical spine, with optics in each: one for every uplink of all blocks.
    ocs_ports
        Ports of the OCS layer, without any optics.
    block_optics
        Optical ends at blocks that are there on the first day, the same for both.
    """

    n_blocks: int
    spine_ports: int
    ocs_ports: int
    block_optics: int


def day_one(layer: BlockLayer, blocks_there: int, ports_per_uplink: int = 1) -> DayOne:
    """Return what an OCS layer and an electrical spine for all blocks need while some blocks are there.

    Parameters
    ----------
    layer
        All blocks in the end.
    blocks_there
        Blocks on the first day.
    ports_per_uplink
        OCS ports of one uplink: 1 with both directions on one fiber, 2 with one each.
    """
    total = int(layer.uplinks.sum())
    return DayOne(layer.n_blocks, total, total * ports_per_uplink, int(layer.uplinks[:blocks_there].sum()))
