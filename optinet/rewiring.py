# SPDX-License-Identifier: Apache-2.0
"""Changing the circuits of a fabric: a new fabric on the same nodes, and the circuits that moved.

`reconfigure` sets given circuits, `rewire` finds circuits for wanted block-to-block links that move few of those set
now. A circuit stays if it joins the same two fiber ends; its link keeps all it has. A new circuit makes a link at the
slower rate of its two ends, as long as both fibers together. How long the change takes is a matter of the devices and
is left to `optinet.models.reconfiguration`.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optinet.arguments import public
from optinet.errors import Problem, TopologyError
from optinet.fabric import Fabric
from optinet.plant import OpticalPlant
from optinet.shown import Shown
from optinet.structure import Blocks, Structure
from optinet.wiring import Wiring, wire

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Rewiring(Shown):
    """A fabric after its circuits were changed.

    Parameters
    ----------
    fabric, before
        After and before the change; the same nodes. Links that stay come first, in their order, then the new ones.
    link_before
        shape (fabric.n_links,): the link of `before` that each link is, -1 for a new one.
    added_links
        shape (n_moves,): links of `fabric` that circuits set anew make.
    removed_links
        shape (n_removed,): links of `before` whose circuits were taken down.
    moves_per_ocs
        shape (n_ocs,): circuits set anew on each device.
    least_moves
        Proven lower bound on the circuits set anew; equal to `n_moves` where the circuits were given.
    method
        "given", or what found the circuits (see `optinet.wiring.Wiring`).
    """

    fabric: Fabric
    before: Fabric
    link_before: Ints
    added_links: Ints
    removed_links: Ints
    moves_per_ocs: Ints
    least_moves: int
    method: str

    @property
    def n_moves(self) -> int:
        """Circuits set anew."""
        return len(self.added_links)

    @property
    def n_removed(self) -> int:
        """Circuits taken down."""
        return len(self.removed_links)

    @property
    def n_kept(self) -> int:
        """Circuits that carry traffic all the time."""
        return plant_of(self.fabric).n_circuits - self.n_moves


def plant_of(fabric: Fabric) -> OpticalPlant:
    """Return the optical plant of a fabric; `TopologyError` if it has none."""
    if fabric.plant is None:
        raise TopologyError(Problem("fabric", "has no optical plant", "a fabric whose links pass an OCS"))
    return fabric.plant


def block_links(fabric: Fabric) -> Ints:
    """Return how many circuits join each two groups of nodes; shape (n_groups, n_groups), symmetric."""
    plant = plant_of(fabric)
    group = fabric.node_group[plant.end_node]
    n_blocks = int(group.max(initial=-1)) + 1
    links = np.zeros((n_blocks, n_blocks), dtype=np.int64)
    np.add.at(links, tuple(group[plant.circuit_ends].T), 1)
    return links + links.T


@public
def reconfigure(fabric: Fabric, circuit_ends: ArrayLike, *, structure: Structure | None = None) -> Rewiring:
    """Set circuits.

    Parameters
    ----------
    fabric
        A fabric with a plant.
    circuit_ends
        shape (n_circuits, 2): the two fiber ends (indices into the plant's ends) of every circuit wanted; circuits
        that are set now and not wanted are taken down.
    structure
        What is known of the new fabric. By default a mesh of blocks stays one, and anything else is a plain graph.

    Returns
    -------
    Rewiring

    Raises
    ------
    TopologyError
        If there is no plant, an end is out of range or used twice, or a circuit would join two OCS or a node to itself.
    """
    plant = plant_of(fabric)
    wanted = np.asarray(circuit_ends).reshape(-1, 2)
    if len(wanted) and (wanted.dtype.kind not in "iu" or wanted.min() < 0 or wanted.max() >= plant.n_ends):
        raise TopologyError(
            Problem("circuit_ends", "not all fiber ends", f"whole numbers from 0 to {plant.n_ends - 1}")
        )
    wanted = wanted.astype(np.int64)
    times = np.bincount(wanted.ravel(), minlength=plant.n_ends)
    if times.max(initial=0) > 1:
        found = f"fiber end {times.argmax()} is in {times.max()} circuits"
        raise TopologyError(Problem("circuit_ends", found, "at most one circuit per end"))
    key_now, key_wanted = (np.sort(ends, axis=1) @ (plant.n_ends, 1) for ends in (plant.circuit_ends, wanted))
    stays = np.isin(key_now, key_wanted)
    new = wanted[~np.isin(key_wanted, key_now)]
    removed = np.sort(plant.circuit_link[~stays])
    kept_links = np.setdiff1d(np.arange(fabric.n_links), removed)
    rank = np.full(fabric.n_links, -1, dtype=np.int64)
    rank[kept_links] = np.arange(len(kept_links))
    added = len(kept_links) + np.arange(len(new))
    after = plant.with_circuits(
        np.concatenate((plant.circuit_ends[stays], new)), np.concatenate((rank[plant.circuit_link[stays]], added))
    )
    if structure is None and isinstance(fabric.structure, Blocks):
        structure = fabric.structure
    return Rewiring(
        fabric=_with_links(fabric, kept_links, new, after, structure),
        before=fabric,
        link_before=np.concatenate((kept_links, np.full(len(new), -1))),
        added_links=added,
        removed_links=removed,
        moves_per_ocs=np.bincount(plant.end_ocs[new[:, 0]], minlength=plant.n_ocs),
        least_moves=len(new),
        method="given",
    )


@public
def rewire(
    fabric: Fabric,
    links: ArrayLike,
    *,
    block_of_node: ArrayLike | None = None,
    usable: NDArray[np.bool_] | None = None,
    prove: bool | None = None,
    time_limit_s: float = 20.0,
) -> Rewiring:
    """Find circuits for block-to-block links that move few of those set now, and set them.

    Parameters
    ----------
    fabric
        A fabric with a plant.
    links
        shape (n_blocks, n_blocks), symmetric: links wanted between each two blocks.
    block_of_node
        shape (n_nodes,): the block of each node with fiber ends; by default its group.
    usable
        shape (n_ends,): fiber ends that still work; all when None. Circuits on others are taken down.
    prove, time_limit_s
        As in `optinet.wiring.wire`.

    Returns
    -------
    Rewiring
        Its `least_moves` is the proven lower bound.

    Raises
    ------
    TopologyError
        If no wiring exists or was found, with the OCS, the blocks and the shortfall.
    """
    plant = plant_of(fabric)
    usable = np.ones(plant.n_ends, dtype=bool) if usable is None else np.asarray(usable, dtype=bool)
    block = fabric.node_group if block_of_node is None else np.asarray(block_of_node, dtype=np.int64)
    n_blocks = len(np.atleast_1d(links))
    problems = []
    if usable.shape != (plant.n_ends,):
        problems.append(Problem("usable", f"shape {usable.shape}", f"({plant.n_ends},), one entry per fiber end"))
    if block.shape != (fabric.n_nodes,):
        problems.append(Problem("block_of_node", f"shape {block.shape}", f"({fabric.n_nodes},), one entry per node"))
    elif block[plant.end_node].max(initial=0) >= n_blocks:
        found = f"block {block[plant.end_node].max()}, and {n_blocks} rows of links"
        problems.append(Problem("block_of_node", found, "a row of links for every block"))
    if problems:
        raise TopologyError(problems)
    end_block = block[plant.end_node]
    works = usable[plant.circuit_ends].all(axis=1) & (end_block[plant.circuit_ends] >= 0).all(axis=1)
    now = np.column_stack((plant.circuit_ocs, np.sort(end_block[plant.circuit_ends], axis=1)))[works]
    wiring = wire(links, plant.ends_of_blocks(block, n_blocks, usable), now, prove=prove, time_limit_s=time_limit_s)
    result = reconfigure(fabric, _ends_of(wiring, plant, end_block, usable, np.flatnonzero(works), now))
    return dataclasses.replace(result, least_moves=wiring.least_moves, method=wiring.method)


def _ends_of(
    wiring: Wiring, plant: OpticalPlant, end_block: Ints, usable: NDArray[np.bool_], circuit: Ints, now: Ints
) -> Ints:
    """Return the two ends of every circuit of a wiring: of those set now as many as it keeps, the rest on free ends."""
    keep = np.minimum(wiring.count, wiring.before)
    kept = []
    for index, (o, a, b) in zip(circuit, now, strict=True):
        if keep[o, a, b] > 0:
            keep[o, a, b] -= 1
            kept.append(index)
    staying = plant.circuit_ends[np.array(kept, dtype=np.int64)]
    free = usable.copy()
    free[staying.ravel()] = False
    n_blocks = wiring.count.shape[1]
    ends = np.flatnonzero(free & (end_block >= 0))
    ends = ends[np.lexsort((plant.end_port[ends], plant.end_ocs[ends] * n_blocks + end_block[ends]))]
    key = plant.end_ocs[ends] * n_blocks + end_block[ends]
    next_free = np.searchsorted(key, np.arange(plant.n_ocs * n_blocks))
    new = []
    o, a, b = np.nonzero(np.triu(wiring.count - np.minimum(wiring.count, wiring.before), 1))
    for row in zip(o, a, b, strict=True):
        for _ in range(wiring.count[row] - min(wiring.count[row], wiring.before[row])):
            sides = [row[0] * n_blocks + block for block in row[1:]]
            new.append([ends[next_free[side]] for side in sides])
            next_free[sides] += 1
    return np.concatenate((staying, np.array(new, dtype=np.int64).reshape(-1, 2)))


def _with_links(fabric: Fabric, kept: Ints, new: Ints, plant: OpticalPlant, structure: Structure | None) -> Fabric:
    """Return the fabric with some of its links and one for each new circuit."""
    gbps = plant.end_gbps[new].min(axis=1)
    names, link_class = _classes(fabric, gbps)
    return Fabric.from_links(
        fabric.node_kind,
        np.concatenate((np.column_stack((fabric.arc_tail, fabric.arc_head))[2 * kept], plant.end_node[new])),
        capacity_gbps=np.concatenate((fabric.arc_capacity_gbps[2 * kept], gbps)),
        reverse_capacity_gbps=np.concatenate((fabric.arc_capacity_gbps[2 * kept + 1], gbps)),
        length_m=np.concatenate((fabric.link_length_m[kept], plant.end_leg_m[new].sum(axis=1))),
        cost=np.concatenate((fabric.link_cost[kept], np.ones(len(new)))),
        link_class=np.concatenate((fabric.link_class[kept], link_class)),
        link_class_names=names,
        node_tier=fabric.node_tier,
        node_group=fabric.node_group,
        node_names=fabric.node_names,
        structure=structure,
        plant=plant,
    )


def _classes(fabric: Fabric, gbps: NDArray[np.float64]) -> tuple[tuple[str, ...], Ints]:
    """Return the names of link classes and the class of each new circuit.

    That of circuits as fast as it; else the last class that has no link; else a new one.
    """
    names = list(fabric.link_class_names)
    circuits = plant_of(fabric).circuit_link
    class_of = dict(
        zip(fabric.arc_capacity_gbps[2 * circuits].tolist(), fabric.link_class[circuits].tolist(), strict=True)
    )
    without_links = [index for index in range(len(names)) if index not in set(fabric.link_class.tolist())]
    for rate in np.unique(gbps):
        if rate not in class_of and without_links:
            class_of[rate] = without_links.pop()  # builders list classes from the endpoints inward
        elif rate not in class_of:
            class_of[rate] = len(names)
            names.append(f"ocs-{rate:g}g")
    return tuple(names), np.array([class_of[rate] for rate in gbps], dtype=np.int64)
