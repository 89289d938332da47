# SPDX-License-Identifier: Apache-2.0
"""Which layout a fabric gets."""

from __future__ import annotations

import numpy as np

from gui.state.fabric.layout.base import Floats, Ints, Layout, Nodes, straight
from gui.state.fabric.layout.clos import clos_positions, plane_positions
from gui.state.fabric.layout.direct import block_positions, dragonfly_positions, hyperx_positions
from gui.state.fabric.layout.floor import Stands, floor_layout, stands_of
from gui.state.fabric.layout.torus import is_pod, is_torus, pod_layout, torus_layout
from optinet.fabric import NodeKind
from optinet.structure import Blocks, Clos, Dragonfly, HyperX, Planes, Pod, Structure, Torus

STRUCTURE, FLOOR, FORCE = STYLES = ("structure", "floor", "force")


def layout_of(
    structure: Structure | None,
    link_ends: Ints,
    nodes: Nodes | int,
    style: str = STRUCTURE,
    stands: Stands | None = None,
    link_device: Ints | None = None,
) -> Layout:
    """Return the layout of a fabric.

    Parameters
    ----------
    structure
        What the builder knew; one that does not fit the numbers of nodes and links is not used.
    link_ends
        shape (n_links, 2): node indices.
    nodes
        The nodes, or how many there are where nothing else is known.
    style
        "structure": as it is built; "floor": racks in rows; "force": near in the graph is near in space.
    stands, link_device
        On the floor, what stands together, and the optical circuit switch that each link passes.
    """
    # these load scipy and networkx, which the start of the window does not need
    from gui.state.fabric.layout.general import general_positions
    from gui.state.fabric.layout.tiers import has_tiers, tiered_positions

    if isinstance(nodes, int):
        nothing = np.zeros(nodes, dtype=np.int64)
        nodes = Nodes(nothing + NodeKind.SWITCH, nothing, nothing - 1)
    if style == FLOOR:
        return floor_layout(nodes, link_ends, stands or stands_of(nodes, link_ends), link_device)
    if style == STRUCTURE:
        if isinstance(structure, Torus) and is_torus(structure, link_ends, len(nodes)):
            return torus_layout(structure, link_ends)
        if isinstance(structure, Pod) and is_pod(structure, nodes.group):
            return pod_layout(structure, link_ends, nodes.group)
        placed = _positions(structure, len(nodes))
        if placed is not None:
            return straight(placed[0], link_ends, *placed[1:])
        if has_tiers(nodes, link_ends):
            return straight(tiered_positions(nodes, link_ends), link_ends, -60.0, 20.0)
    return straight(general_positions(link_ends, len(nodes)), link_ends)


def _positions(structure: Structure | None, n_nodes: int) -> tuple[Floats, float, float] | None:
    """Return positions and a good direction to look from; None where the structure says nothing of them."""
    if isinstance(structure, Clos) and structure.hosts + sum(structure.tiers) == n_nodes:
        return clos_positions(structure), -64.0, 17.0
    if isinstance(structure, Planes):
        clos = structure.plane
        if clos.hosts + structure.planes * sum(clos.tiers) == n_nodes:
            return plane_positions(structure), -52.0, 20.0
    if isinstance(structure, Blocks) and structure.blocks * (structure.hosts_per_block + 1) == n_nodes:
        return block_positions(structure), -60.0, 32.0
    if isinstance(structure, HyperX) and int(np.prod(structure.dims)) * (structure.hosts_per_switch + 1) == n_nodes:
        return hyperx_positions(structure), -62.0, 22.0
    if isinstance(structure, Dragonfly):
        switches = structure.groups * structure.switches_per_group
        if switches * (structure.hosts_per_switch + 1) == n_nodes:
            return dragonfly_positions(structure), -60.0, 35.0
    return None
