# SPDX-License-Identifier: Apache-2.0
"""The optical plant: OCS devices, the fiber end on each port, and the circuits set now.

An optical circuit switch (OCS) is a box with ports, not a node of the fabric: a circuit joins two of its ports and so
makes a link of the fabric between the nodes at the far ends of the two fibers. Port counts here are per link end with
one fiber; a design whose links need several fibers (duplex, or several modules per link) uses as many parallel copies
of the plant.

`wire` is the constructive part of the theory: a multigraph in which every block has at most 2m ends per OCS decomposes
into 2m-regular pieces (Petersen, 1891) by an Euler orientation and a bipartite edge coloring (Koenig, 1916).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from optinet.errors import Problem, TopologyError


@dataclass(frozen=True, eq=False)
class OpticalPlant:
    """OCS devices with their fiber ends and circuits.

    Parameters
    ----------
    n_ocs
        Number of OCS devices, >= 1.
    end_ocs, end_port
        shape (n_ends,): the device and the port each fiber end is plugged into; a port takes one end.
    end_node
        shape (n_ends,): the fabric node at the far end of the fiber.
    circuit_ends
        shape (n_circuits, 2): the two fiber ends each circuit joins, on one device.
    circuit_link
        shape (n_circuits,): the link of the fabric each circuit makes.
    """

    n_ocs: int
    end_ocs: NDArray[np.int64]
    end_port: NDArray[np.int64]
    end_node: NDArray[np.int64]
    circuit_ends: NDArray[np.int64]
    circuit_link: NDArray[np.int64]

    def __post_init__(self) -> None:
        a, b = self.circuit_ends.reshape(-1, 2).T
        problems = []
        if np.any(self.end_ocs[a] != self.end_ocs[b]):
            problems.append(Problem("plant.circuit_ends", "a circuit joins ports of two OCS", "ports of one OCS"))
        used = np.concatenate((a, b))
        if len(np.unique(used)) != len(used):
            problems.append(
                Problem("plant.circuit_ends", "a fiber end is in two circuits", "at most one circuit per end")
            )
        sockets = self.end_ocs * (self.end_port.max(initial=0) + 1) + self.end_port
        if len(np.unique(sockets)) != len(sockets):
            problems.append(Problem("plant.end_port", "two fiber ends share a port", "one end per port"))
        if problems:
            raise TopologyError(problems)

    @property
    def n_ends(self) -> int:
        """Fiber ends plugged into OCS ports, with and without a circuit."""
        return len(self.end_ocs)

    @property
    def n_circuits(self) -> int:
        """Circuits set now."""
        return len(self.circuit_link)

    @cached_property
    def ports_needed(self) -> int:
        """Ports an OCS must have: the largest number of ends plugged into one device."""
        return int(np.bincount(self.end_ocs, minlength=self.n_ocs).max(initial=0))

    @cached_property
    def sha256(self) -> str:
        """Hash of devices, ends and circuits."""
        digest = hashlib.sha256(str(self.n_ocs).encode())
        for array in (self.end_ocs, self.end_port, self.end_node, self.circuit_ends, self.circuit_link):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


def wire(n_blocks: int, pairs: NDArray[np.int64], ends_per_block: int, ends_per_ocs: int) -> NDArray[np.int64]:
    """Choose an OCS for every block-to-block circuit.

    Parameters
    ----------
    n_blocks
        Number of blocks.
    pairs
        shape (n_circuits, 2): the two blocks of each circuit (different blocks; parallel circuits are repeated).
    ends_per_block
        Fiber ends of every block on the OCS layer.
    ends_per_ocs
        Most fiber ends of any block on one OCS, an even number.

    Returns
    -------
    NDArray
        shape (n_circuits,): the OCS of each circuit. No block has more than `ends_per_ocs` ends on one OCS, and
        ceil(ceil(ends_per_block / 2) / (ends_per_ocs / 2)) OCS are enough.

    Raises
    ------
    TopologyError
        If a block has more circuits than ends, or `ends_per_ocs` is odd (then a wiring need not exist: three blocks,
        two OCS and one end each cannot form a triangle).
    """
    if ends_per_ocs % 2 or ends_per_ocs < 2:
        raise TopologyError(
            Problem("ends_per_ocs", f"{ends_per_ocs} ends of each block on each OCS", "an even number, at least 2")
        )
    degree = np.bincount(pairs.ravel(), minlength=n_blocks)
    if degree.max(initial=0) > ends_per_block:
        block = int(degree.argmax())
        raise TopologyError(
            Problem("circuits", f"block {block} has {degree[block]} circuits", f"at most its {ends_per_block} ends")
        )
    color = _bipartite_colors(n_blocks, _euler_orientation(n_blocks, pairs), -(-ends_per_block // 2))
    return color // (ends_per_ocs // 2)


def _euler_orientation(n_blocks: int, pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Direct every edge so that each block's in- and out-degrees differ by at most one."""
    incident: list[list[int]] = [[] for _ in range(n_blocks + 1)]
    edges = [(int(a), int(b)) for a, b in pairs]
    odd = np.flatnonzero(np.bincount(pairs.ravel(), minlength=n_blocks) % 2)
    edges += [(int(block), n_blocks) for block in odd]  # a helper block makes every degree even
    for edge, (a, b) in enumerate(edges):
        incident[a].append(edge)
        incident[b].append(edge)
    oriented = np.array(edges, dtype=np.int64).reshape(-1, 2)
    used = np.zeros(len(edges), dtype=bool)
    for start in range(n_blocks + 1):
        at = start
        while incident[at]:
            edge = incident[at].pop()
            if used[edge]:
                continue
            used[edge] = True
            a, b = edges[edge]
            to = b if at == a else a
            oriented[edge] = at, to
            at = to  # every degree is even, so the walk can only end where it started
    return oriented[: len(pairs)]


def _bipartite_colors(n_blocks: int, edges: NDArray[np.int64], n_colors: int) -> NDArray[np.int64]:
    """Color edges (left block, right block) properly with `n_colors` >= the largest degree, by alternating paths."""
    at_left = np.full((n_blocks, n_colors), -1, dtype=np.int64)
    at_right = np.full((n_blocks, n_colors), -1, dtype=np.int64)
    color = np.full(len(edges), -1, dtype=np.int64)
    for edge, (u, v) in enumerate(edges):
        free_u = int(np.argmax(at_left[u] < 0))
        free_v = int(np.argmax(at_right[v] < 0))
        if free_u != free_v:
            # swap the two colors along the path that starts at v with free_u; it cannot reach u, the sides alternate
            path, here, side, wanted = [], int(v), at_right, free_u
            while (other := int(side[here, wanted])) >= 0:
                path.append(other)
                left = side is at_right
                here = int(edges[other, 0] if left else edges[other, 1])
                side = at_left if left else at_right
                wanted = free_v if wanted == free_u else free_u
            for other in path:
                at_left[edges[other, 0], color[other]] = at_right[edges[other, 1], color[other]] = -1
            for other in path:
                color[other] = free_v if color[other] == free_u else free_u
                at_left[edges[other, 0], color[other]] = at_right[edges[other, 1], color[other]] = other
        color[edge] = free_u
        at_left[u, free_u] = at_right[v, free_u] = edge
    return color
