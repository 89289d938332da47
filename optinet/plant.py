# SPDX-License-Identifier: Apache-2.0
"""The optical plant: OCS devices, the fiber end on each port, and the circuits set now.

An optical circuit switch (OCS) is a box with ports, not a node of the fabric: a circuit joins two of its ports and so
makes a link of the fabric between the nodes at the far ends of the two fibers. An end takes one port where both
directions share a fiber (bidirectional, with circulators) and two where each has its own (duplex). A design whose links
need more fibers than that uses as many parallel copies of the plant. Which OCS carries which link is chosen in
`optinet.wiring`; circuits of a fabric are changed by `optinet.reconfigure` and `optinet.rewire`.
"""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from optinet.errors import Problem, TopologyError
from optinet.shown import Shown


@dataclass(frozen=True, eq=False)
class OpticalPlant(Shown):
    """OCS devices with their fiber ends and circuits.

    Parameters
    ----------
    n_ocs
        Number of OCS devices, >= 1.
    end_ocs, end_port
        shape (n_ends,): the device and the first of the ports each fiber end is plugged into; a multiple of
        `ports_per_end`, and a port takes one end.
    end_node
        shape (n_ends,): the fabric node at the far end of the fiber.
    end_gbps, end_leg_m
        shape (n_ends,): rate per direction of the transceiver at the node, > 0; length of the fiber, >= 0. A circuit
        runs at the slower rate of its two ends over both lengths.
    circuit_ends
        shape (n_circuits, 2): the two fiber ends each circuit joins, on one device.
    circuit_link
        shape (n_circuits,): the link of the fabric each circuit makes.
    ports_per_end
        1 for bidirectional fibers, 2 for duplex.

    Raises
    ------
    TopologyError
        If a circuit joins two OCS, a fiber end is in two circuits, or two ends share a port.
    """

    n_ocs: int
    end_ocs: NDArray[np.int64]
    end_port: NDArray[np.int64]
    end_node: NDArray[np.int64]
    end_gbps: NDArray[np.float64]
    end_leg_m: NDArray[np.float64]
    circuit_ends: NDArray[np.int64]
    circuit_link: NDArray[np.int64]
    ports_per_end: int = 1

    def __post_init__(self) -> None:
        a, b = self.circuit_ends.reshape(-1, 2).T
        problems = []
        apart = np.flatnonzero(self.end_ocs[a] != self.end_ocs[b])
        if len(apart):
            i = apart[0]
            found = f"joins a port of OCS {self.end_ocs[a[i]]} to one of OCS {self.end_ocs[b[i]]}"
            problems.append(Problem(f"plant.circuit_ends[{i}]", found, "ports of one OCS"))
        times = np.bincount(self.circuit_ends.ravel(), minlength=self.n_ends)
        if times.max(initial=0) > 1:
            found = f"fiber end {times.argmax()} is in {times.max()} circuits"
            problems.append(Problem("plant.circuit_ends", found, "at most one circuit per end"))
        if np.any(self.end_port % self.ports_per_end):
            found = f"an end of {self.ports_per_end} ports starts between two ends"
            problems.append(Problem("plant.end_port", found, f"multiples of {self.ports_per_end}"))
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

    @property
    def circuit_ocs(self) -> NDArray[np.int64]:
        """The device of each circuit; shape (n_circuits,)."""
        return self.end_ocs[self.circuit_ends[:, 0]]

    @cached_property
    def ports_needed(self) -> int:
        """Ports an OCS must have: those of all ends plugged into the fullest device."""
        return int(np.bincount(self.end_ocs, minlength=self.n_ocs).max(initial=0)) * self.ports_per_end

    @cached_property
    def end_circuit(self) -> NDArray[np.int64]:
        """The circuit each fiber end is in, -1 for none; shape (n_ends,)."""
        circuit = np.full(self.n_ends, -1, dtype=np.int64)
        circuit[self.circuit_ends.ravel()] = np.repeat(np.arange(self.n_circuits), 2)
        return circuit

    def with_circuits(self, circuit_ends: NDArray[np.int64], circuit_link: NDArray[np.int64]) -> OpticalPlant:
        """Return the plant with other circuits set."""
        return dataclasses.replace(self, circuit_ends=circuit_ends, circuit_link=circuit_link)

    def ends_of_blocks(
        self, block_of_node: NDArray[np.int64], n_blocks: int, usable: NDArray[np.bool_] | None = None
    ) -> NDArray[np.int64]:
        """Return how many fiber ends each block has on each OCS; shape (n_blocks, n_ocs).

        Parameters
        ----------
        block_of_node
            shape (n_nodes,): block of each node, -1 for none.
        n_blocks
            Number of blocks.
        usable
            shape (n_ends,): which ends count; all when None.
        """
        block = block_of_node[self.end_node]
        counts = (block >= 0) if usable is None else (block >= 0) & usable
        ends = np.zeros((n_blocks, self.n_ocs), dtype=np.int64)
        np.add.at(ends, (block[counts], self.end_ocs[counts]), 1)
        return ends

    @cached_property
    def sha256(self) -> str:
        """Hash of devices, ends and circuits."""
        digest = hashlib.sha256(f"{self.n_ocs} {self.ports_per_end}".encode())
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                digest.update(np.ascontiguousarray(value).tobytes())
        return digest.hexdigest()
