# SPDX-License-Identifier: Apache-2.0
"""Which rack every node and every optical circuit switch stands in: boxes of a place in the order of their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optinet.fabric import Fabric, NodeKind
from optinet.models.bom import switch_boxes
from optinet.models.places import CHIPS, HOSTS, PLANT, place_of
from optinet.models.racks import Racks

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Placement:
    """Racks by number, those of hosts first.

    Parameters
    ----------
    node, device
        shape (n_nodes,) and (n_ocs,): the rack of each, -1 where none is known; where an OCS is several boxes, that of
        the first.
    racks
        Place and part of each rack.
    """

    node: Ints
    device: Ints
    racks: tuple[tuple[str, str], ...]


def placement(fabric: Fabric, racks: Sequence[Racks], asics: int) -> Placement:
    """Return where everything stands, filling one rack of a place after the other.

    Parameters
    ----------
    racks
        How many boxes of each place go into a rack.
    asics
        Switches in a box, >= 1.
    """
    node = np.full(fabric.n_nodes, -1, dtype=np.int64)
    device = np.full(fabric.plant.n_ocs if fabric.plant else 0, -1, dtype=np.int64)
    names: list[tuple[str, str]] = []
    homes = 0
    for each in sorted(racks, key=lambda racks: racks.where not in (HOSTS, CHIPS)):
        start = len(names) if each.racks else homes  # switches in the racks of hosts have none of their own
        if each.where == PLANT:
            number = np.arange(len(device)) * (each.boxes // max(len(device), 1)) // each.boxes_per_rack
            device = start + number
        elif each.where == HOSTS:
            homes = start
            node[fabric.endpoints] = start + np.arange(fabric.n_endpoints) // each.boxes_per_rack
        else:
            box, nodes = boxes_of_tier(fabric, each.where, asics)
            node[nodes] = start + box // each.boxes_per_rack
        names += [(each.where, each.rack)] * each.racks
    return Placement(node, device, tuple(names))


def boxes_of_tier(fabric: Fabric, place: str, asics: int) -> tuple[Ints, Ints]:
    """Return the boxes of a tier of switches, from 0, and the nodes that are in them."""
    box = switch_boxes(fabric, asics)
    nodes = np.flatnonzero((box >= 0) & (place_names(fabric) == place))
    return np.unique(box[nodes], return_inverse=True)[1].ravel(), nodes


def place_names(fabric: Fabric) -> NDArray[np.str_]:
    """Return the place of every node; shape (n_nodes,)."""
    key = np.where(fabric.node_kind == NodeKind.SWITCH, 1 + fabric.node_tier, fabric.node_kind - len(NodeKind))
    _, first, index = np.unique(key, return_index=True, return_inverse=True)
    return np.array([place_of(fabric, node) for node in first], dtype=np.str_)[index.ravel()]
