# SPDX-License-Identifier: Apache-2.0
"""The circuits of an optical circuit switch as a port matrix, and the steps of a reconfiguration."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from experiments.plain_values import format_number
from gui.state.fabric.quantities import UTILIZATION
from gui.state.fabric.scene import Scene
from optinet.plant import OpticalPlant
from optinet.rewiring import Rewiring, plant_of

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class PortMatrix:
    """The circuits of one OCS.

    Parameters
    ----------
    ocs, n_ports
        The device and the ports that a device of this plant needs.
    ports
        shape (n, 2): the ports each circuit joins.
    links
        shape (n,): the link of the run that each circuit makes, -1 for one that the run does not have.
    nodes
        shape (n, 2): the nodes at the far ends of the two fibers.
    plugged
        Ports with a fiber.
    """

    ocs: int
    n_ports: int
    ports: Ints
    links: Ints
    nodes: Ints
    plugged: int

    def at(self, row: int, column: int) -> int | None:
        """Return the circuit of a cell; None if there is none."""
        hit = np.flatnonzero((np.sort(self.ports, axis=1) == sorted((row, column))).all(axis=1))
        return int(hit[0]) if len(hit) else None

    def summary(self) -> str:
        """Return one line about it."""
        return f"{len(self.ports):,} circuits on {self.plugged:,} plugged of {self.n_ports:,} ports"

    def describe(self, circuit: int, scene: Scene) -> str:
        """Return which ports and nodes a circuit joins, and how full its link is."""
        (a, b), (x, y) = self.ports[circuit], self.nodes[circuit]
        text = f"port {a} ({scene.node_names[x]}) – port {b} ({scene.node_names[y]})"
        link = self.links[circuit]
        if link < 0:
            return f"{text}: new"
        return f"{text}: {scene.link_values[UTILIZATION.id][link]:,.1f} % of capacity"


def port_matrix(plant: OpticalPlant, ocs: int, circuit_ends: Ints, circuit_link: Ints) -> PortMatrix:
    """Return the circuits that join ports of one device; `circuit_ends` and `circuit_link` as in a plant."""
    mine = plant.end_ocs[circuit_ends[:, 0]] == ocs
    ends = circuit_ends[mine]
    return PortMatrix(
        ocs=ocs,
        n_ports=plant.ports_needed,
        ports=plant.end_port[ends],
        links=circuit_link[mine],
        nodes=plant.end_node[ends],
        plugged=int((plant.end_ocs == ocs).sum()) * plant.ports_per_end,
    )


@dataclass(frozen=True, eq=False)
class Playback:
    """A reconfiguration, device by device: its circuits go dark, then the new ones are set.

    Devices switch independently; they are played one after the other so that each can be followed.

    Parameters
    ----------
    title
        From what to what.
    plant
        The plant before.
    after_ends
        shape (n, 2): the circuits after.
    devices
        The devices on which circuits move.
    dark_ms
        How long a circuit that moves is dark; NaN where the run does not say.
    """

    title: str
    plant: OpticalPlant
    after_ends: Ints
    devices: tuple[int, ...]
    dark_ms: float

    @property
    def n_steps(self) -> int:
        """Number of steps; step 0 is before, each device takes two, and the last one is after."""
        return 2 * len(self.devices) + 1

    def device(self, step: int) -> int | None:
        """Return the device that a step is about."""
        return self.devices[(step - 1) // 2] if step and self.devices else None

    def circuits(self, step: int) -> tuple[Ints, Ints]:
        """Return the circuits set at a step: their ends, and their links in the run before, -1 for new ones."""
        kept, gone, new = self.parts
        before = self.plant.circuit_ends.reshape(-1, 2)
        down = np.isin(self.plant.circuit_ocs, self.devices[: (step + 1) // 2]) & gone
        stays = ~down | kept
        up = new[np.isin(self.plant.end_ocs[new[:, 0]], self.devices[: step // 2])]
        ends = np.concatenate((before[stays], up))
        return ends, np.concatenate((self.plant.circuit_link[stays], np.full(len(up), -1)))

    def dark_links(self, step: int) -> Ints:
        """Return the links of the run before whose circuits are down at a step."""
        _, links = self.circuits(step)
        return np.setdiff1d(self.plant.circuit_link, links)

    def new_links(self, step: int) -> Ints:
        """Return the pairs of nodes that new circuits join at a step; shape (n, 2)."""
        ends, links = self.circuits(step)
        return self.plant.end_node[ends[links < 0]].reshape(-1, 2)

    def describe(self, step: int) -> str:
        """Return what has happened at a step."""
        if not self.devices:
            return "No circuit moves."
        if step == 0:
            dark = "" if math.isnan(self.dark_ms) else f", each dark for {format_number(self.dark_ms)} ms"
            n_down = int(self.parts[1].sum())
            return f"Before: {n_down:,} circuits go, {self.n_moves:,} are set anew{dark}"
        device, (_, gone, new) = self.device(step), self.parts
        if step % 2:
            return f"OCS {device}: {(gone & (self.plant.circuit_ocs == device)).sum():,} circuits down"
        return f"OCS {device}: {(self.plant.end_ocs[new[:, 0]] == device).sum():,} circuits set"

    @property
    def n_moves(self) -> int:
        """Circuits set anew."""
        return len(self.parts[2])

    @cached_property
    def parts(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_], Ints]:
        """Which circuits of before stay, which go, and the ends of the new ones."""
        before = self.plant.circuit_ends.reshape(-1, 2)
        factor = self.plant.n_ends + 1
        key_before, key_after = (np.sort(ends, axis=1) @ (factor, 1) for ends in (before, self.after_ends))
        kept = np.isin(key_before, key_after)
        return kept, ~kept, self.after_ends[~np.isin(key_after, key_before)]


def playback_of(title: str, change: Rewiring, dark_ms: float) -> Playback:
    """Return the steps of a change of circuits."""
    plant, after = plant_of(change.before), plant_of(change.fabric)
    playback = Playback(title, plant, after.circuit_ends.reshape(-1, 2), (), dark_ms)
    _, gone, new = playback.parts
    devices = np.union1d(plant.circuit_ocs[gone], plant.end_ocs[new[:, 0]])
    return Playback(title, plant, after.circuit_ends.reshape(-1, 2), tuple(devices.tolist()), dark_ms)
