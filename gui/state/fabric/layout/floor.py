# SPDX-License-Identifier: Apache-2.0
"""Racks on a floor: boxes in rows, those of hosts in front, and all cables in trays above the rows and a cross aisle.

Which boxes share a rack is what the run counts. Where it tells no racks, a leaf with its hosts or a cube of chips
stands together, and hosts whose racks are not told stand by leaf. Where racks stand is an arrangement for looking at,
no plan of a building: a run does not say it.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gui.state.fabric.layout.base import PLAIN, Floats, Ints, Layout, Nodes, rank_in_group, straight
from optinet.fabric import NodeKind

NETWORK_RACK = 8  # switches that stand together where no racks are told
WIDTH, DEPTH, HEIGHT, TRAY = 0.6, 1.2, 2.0, 2.6  # of a rack, and where the trays are; meters, as racks are built
PITCH, ROW_PITCH, AISLE = 0.8, 2.4, 1.6  # of racks in a row and of rows, and the width of the cross aisle
LEVELS = 24  # nodes above each other, before there is another column of them
AZIMUTH_DEG, ELEVATION_DEG = -62.0, 30.0


@dataclass(frozen=True, eq=False)
class Stands:
    """What stands together.

    Parameters
    ----------
    of_node
        shape (n_nodes,): the stand of each node.
    names
        Of the stands.
    counted
        shape (n_stands,): whether the run counts it as a rack.
    of_device
        shape (n_ocs,): the stand of each optical circuit switch, -1 where none is known.
    """

    of_node: Ints
    names: tuple[str, ...]
    counted: NDArray[np.bool_]
    of_device: Ints

    @property
    def remark(self) -> str:
        """What has to be said of them."""
        n = int(self.counted.sum())
        rest = [
            where
            for word, where in (
                ("hosts", "hosts by leaf"),
                ("cube", "chips by cube"),
                ("switches", "switches by number"),
            )
            if any(name.startswith(f"{word} ") for name in self.names)
        ]
        if not n:
            return "the run counts no racks: what belongs together stands together"
        return ", ".join([f"{n:,} rack{'s' * (n != 1)} as the run counts them", *rest])


def stands_of(nodes: Nodes, link_ends: Ints, racks: Stands | None = None) -> Stands:
    """Return what stands together; nodes without a rack of the run (-1) by leaf, by group, or in the order of numbers.

    Parameters
    ----------
    racks
        The racks that the run counts.
    """
    n_nodes = len(nodes)
    told = racks or Stands(np.full(n_nodes, -1), (), np.zeros(0, dtype=bool), np.zeros(0, dtype=np.int64))
    together, word = _together(nodes, link_ends), np.full(n_nodes, "switches", dtype=object)
    word[nodes.kind == NodeKind.HOST] = "hosts"
    chips = (nodes.kind == NodeKind.CHIP) & (nodes.group >= 0)
    word[chips] = "cube"
    if not len(told.names):
        with_hosts = np.isin(together, together[nodes.kind == NodeKind.HOST])
        word[with_hosts & ~chips] = "rack"
    stand, names = told.of_node.copy(), list(told.names)
    for kind in ("rack", "cube", "hosts", "switches"):
        rest = np.flatnonzero((stand < 0) & (word == kind))
        numbers, which = np.unique(together[rest], return_inverse=True)
        stand[rest] = len(names) + which.ravel()
        first = rest[np.unique(which.ravel(), return_index=True)[1]] if len(rest) else rest
        shown = nodes.group[first] if kind == "cube" else np.arange(len(numbers))
        names += [f"{kind} {number}" for number in shown.tolist()]
    counted = np.zeros(len(names), dtype=bool)
    counted[: len(told.names)] = True
    return Stands(stand, tuple(names), counted, told.of_device)


def floor_layout(nodes: Nodes, link_ends: Ints, stands: Stands, link_device: Ints | None = None) -> Layout:
    """Return racks in rows and links in trays.

    Parameters
    ----------
    link_device
        shape (n_links,): the optical circuit switch that each link passes, -1 for none.
    """
    place, row = _places(nodes, stands)
    n_rows = int(row.max(initial=-1)) + 1
    layout = straight(_positions(nodes, stands, place), link_ends, AZIMUTH_DEG, ELEVATION_DEG)
    tops = np.column_stack((place, np.full(len(place), TRAY)))
    row_y = np.zeros(n_rows)
    row_y[row] = place[:, 1]
    aisle = np.column_stack((np.zeros(n_rows), row_y, np.full(n_rows, TRAY)))
    ends, links = _trays(link_ends, stands, row, len(nodes), link_device)
    low = np.column_stack((place - (WIDTH / 2, DEPTH / 2), np.zeros(len(place))))
    frames = np.stack((low, low + np.array([WIDTH, DEPTH, HEIGHT])), axis=1)
    named = stands.counted if stands.counted.any() else np.ones(len(place), dtype=bool)
    above = np.column_stack((place, np.full(len(place), HEIGHT))).tolist()
    return dataclasses.replace(
        layout,
        xyz=np.concatenate((layout.xyz, tops, aisle)),
        segment_ends=ends,
        segment_link=links,
        stub_node=np.full(len(tops) + len(aisle), PLAIN),
        labels=tuple((stands.names[i], tuple(above[i])) for i in np.flatnonzero(named).tolist()),
        frames=frames,
        is_rack=named,
        remark=stands.remark,
    )


def _together(nodes: Nodes, link_ends: Ints) -> Ints:
    """Return a number for each node that those have alike which belong together; shape (n_nodes,)."""
    rack = np.full(len(nodes), -1, dtype=np.int64)
    chips = (nodes.kind == NodeKind.CHIP) & (nodes.group >= 0)
    is_host = nodes.kind == NodeKind.HOST
    # a host stands with the first switch it is joined to
    lower = np.where(is_host[link_ends[:, 0]], link_ends[:, 0], link_ends[:, 1])
    upper = link_ends.sum(axis=1) - lower
    first = np.flatnonzero(is_host[lower])[::-1]
    rack[lower[first]] = upper[first]
    leaves = np.unique(rack[is_host & (rack >= 0)])
    rack[leaves] = leaves
    rack[chips] = len(nodes) + nodes.group[chips]
    alone = np.flatnonzero(rack < 0)
    rack[alone] = 2 * len(nodes) + int(nodes.group.max(initial=0)) + np.arange(len(alone)) // NETWORK_RACK
    return rack


def _places(nodes: Nodes, stands: Stands) -> tuple[Floats, Ints]:
    """Return x and y of each stand, shape (n_stands, 2), and its row; those of hosts and chips are in front."""
    count = len(stands.names)
    served = np.zeros(count, dtype=bool)
    served[stands.of_node[nodes.kind != NodeKind.SWITCH]] = True
    filled = np.isin(np.arange(count), stands.of_node)
    per_row = max(4, int(np.ceil(np.sqrt(2.0 * max(count, 1)))))
    per_row += per_row % 2
    place, row, behind = np.zeros((count, 2)), np.zeros(count, dtype=np.int64), 0
    for chosen in map(np.flatnonzero, (served, ~served & filled, ~served & ~filled)):
        line, column = np.divmod(np.arange(len(chosen)), per_row)
        x = (column - (per_row - 1) / 2) * PITCH
        place[chosen] = np.column_stack((x + np.sign(x) * AISLE / 2, (behind + line) * ROW_PITCH))
        row[chosen] = behind + line
        behind += int(line.max(initial=-1)) + 1
    return place, row


def _positions(nodes: Nodes, stands: Stands, place: Floats) -> Floats:
    """Return where each node is in its rack: above each other by tier, in columns where they are many."""
    order = np.lexsort((np.arange(len(nodes)), nodes.tier, stands.of_node))
    rank, count = np.empty(len(nodes), dtype=np.int64), np.empty(len(nodes), dtype=np.int64)
    rank[order], count[order] = rank_in_group(stands.of_node[order])
    columns = -(-count // LEVELS)
    per_column = -(-count // columns)
    column, level = np.divmod(rank, per_column)
    x = place[stands.of_node, 0] + ((column + 0.5) / columns - 0.5) * WIDTH * 0.85
    return np.column_stack((x, place[stands.of_node, 1], (level + 0.5) / np.maximum(per_column, 4) * HEIGHT))


def _trays(link_ends: Ints, stands: Stands, row: Ints, n_nodes: int, link_device: Ints | None) -> tuple[Ints, Ints]:
    """Return the segments of all links, as pairs of points, and the link of each.

    Points are the nodes, then the top of each stand, then where the tray of each row meets that of the aisle.
    """
    a, b = link_ends.T
    from_stand, to_stand = stands.of_node[a], stands.of_node[b]
    links = np.arange(len(link_ends))
    via = np.full(len(links), -1)
    if link_device is not None and len(stands.of_device):
        via = np.where(link_device >= 0, stands.of_device[link_device], -1)
    inside = (from_stand == to_stand) & (via < 0)
    parts = [(a[inside], b[inside], links[inside])]
    out = links[~inside]
    parts += [(node[out], n_nodes + stand[out], out) for node, stand in ((a, from_stand), (b, to_stand))]
    direct, over = out[via[out] < 0], out[via[out] >= 0]
    for one, other, of in (
        (from_stand[direct], to_stand[direct], direct),
        (from_stand[over], via[over], over),
        (via[over], to_stand[over], over),
    ):
        aisle = n_nodes + len(row)
        near, far = row[one], row[other]
        alike = near == far
        parts.append((n_nodes + one[alike], n_nodes + other[alike], of[alike]))
        one, other, near, far, of = (each[~alike] for each in (one, other, near, far, of))
        parts += [
            (n_nodes + one, aisle + near, of),
            (aisle + near, aisle + far, of),
            (aisle + far, n_nodes + other, of),
        ]
    tails, heads, of_link = (np.concatenate(each) for each in zip(*parts, strict=True))
    kept = tails != heads
    return np.column_stack((tails, heads))[kept], of_link[kept]
