# SPDX-License-Identifier: Apache-2.0
"""Racks on a floor: every leaf with its hosts, or every cube of chips, is a rack; the other switches stand in rows.

This is an arrangement for looking at, not a floor plan of a building: a run does not say where its racks stand.
"""

from __future__ import annotations

import numpy as np

from gui.state.layout.base import Floats, Ints, Nodes, rank_in_group
from optinet.fabric import NodeKind

NETWORK_RACK = 8  # switches in a rack without hosts, for drawing
UNIT = 0.35  # height of a node in a rack, in rack spacings


def racks(nodes: Nodes, link_ends: Ints) -> Ints:
    """Return the rack of each node, numbered in order of their first node; shape (n_nodes,)."""
    rack = np.full(len(nodes), -1, dtype=np.int64)
    chips = nodes.kind == NodeKind.CHIP
    is_host = nodes.kind == NodeKind.HOST
    # a host stands with the first switch it is joined to
    lower = np.where(is_host[link_ends[:, 0]], link_ends[:, 0], link_ends[:, 1])
    upper = link_ends.sum(axis=1) - lower
    first = np.flatnonzero(is_host[lower])[::-1]
    rack[lower[first]] = upper[first]
    leaves = np.unique(rack[is_host & (rack >= 0)])
    rack[leaves] = leaves
    rack[chips & (nodes.group >= 0)] = len(nodes) + nodes.group[chips & (nodes.group >= 0)]
    alone = np.flatnonzero(rack < 0)
    base = 2 * len(nodes) + int(nodes.group.max(initial=0))
    rack[alone] = base + np.arange(len(alone)) // NETWORK_RACK
    _, first_node, which = np.unique(rack, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first_node))[which.ravel()].astype(np.int64)


def floor_positions(nodes: Nodes, link_ends: Ints) -> Floats:
    """Return racks in rows along x, hosts above each other, the switch on top; racks without hosts in rows behind."""
    rack = racks(nodes, link_ends)
    n_racks = int(rack.max(initial=-1)) + 1
    served = np.zeros(n_racks, dtype=bool)
    served[rack[nodes.kind != NodeKind.SWITCH]] = True
    per_row = max(4, int(np.ceil(np.sqrt(2.0 * max(n_racks, 1)))))
    place = np.zeros((n_racks, 2))
    behind = 0.0
    for wanted in (True, False):
        chosen = np.flatnonzero(served == wanted)
        row, column = np.divmod(np.arange(len(chosen)), per_row)
        place[chosen] = np.column_stack((column, behind + row * 2.0))
        behind += (float(row.max(initial=-1)) + 1) * 2.0 + 1.0
    order = np.lexsort((np.arange(len(nodes)), nodes.tier, rack))
    rank = np.empty(len(nodes), dtype=np.int64)
    rank[order], count = rank_in_group(rack[order])
    height = np.empty(len(nodes), dtype=np.int64)
    height[order] = count
    unit = UNIT * min(1.0, 24.0 / max(int(height.max(initial=1)), 1))
    # two columns of boxes in a rack that would be a tower
    xyz = np.column_stack((place[rack], rank * unit))
    return xyz - xyz.mean(axis=0)
