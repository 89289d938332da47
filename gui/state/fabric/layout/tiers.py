# SPDX-License-Identifier: Apache-2.0
"""Fabrics that have tiers but no structure of a regular Clos: rails, uneven pods, parts of a network."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gui.state.fabric.layout.base import Floats, Ints, Nodes, rank_in_group
from optinet.fabric import NodeKind


def has_tiers(nodes: Nodes, link_ends: Ints) -> bool:
    """Whether there are hosts below switches and every link joins two tiers."""
    if not len(link_ends) or not np.any(nodes.kind == NodeKind.HOST) or np.any(nodes.kind == NodeKind.CHIP):
        return False
    below, above = np.sort(nodes.tier[link_ends], axis=1).T
    return bool(np.all(below < above))


def tiered_positions(nodes: Nodes, link_ends: Ints) -> Floats:
    """Return groups side by side along x, tiers in height, and planes one behind the other.

    Planes are the parts into which the switches fall when the hosts are taken away.
    """
    is_host = nodes.kind == NodeKind.HOST
    plane = _planes(is_host, link_ends)
    n_planes = int(plane.max(initial=-1)) + 1
    group = nodes.group.copy()
    group[is_host & (group < 0)] = 0
    blocks, hosts_in = np.unique(group[is_host], return_counts=True)
    # a block is as wide as its fullest row of switches, and deep enough for its hosts
    rows = np.maximum(np.ceil(np.sqrt(hosts_in)).astype(np.int64), 1)
    for index, block in enumerate(blocks):
        inside = (group == block) & ~is_host
        if inside.any():
            _, counts = np.unique(nodes.tier[inside] * n_planes + plane[inside], return_counts=True)
            rows[index] = max(rows[index], counts.max())
    start = np.concatenate(([0.0], np.cumsum(rows * 1.0 + np.maximum(1.5, 0.3 * rows))[:-1]))
    width = float(start[-1] + rows[-1])
    depth = max(float(np.ceil(hosts_in / rows).max()), width / 3)
    rise = 0.45 * max(width, depth) / max(int(nodes.tier.max()), 1) + 1.0
    xyz = np.zeros((len(nodes), 3))
    xyz[:, 2] = nodes.tier * rise
    place = np.searchsorted(blocks, group).clip(0, len(blocks) - 1)
    known = np.isin(group, blocks)

    host = np.flatnonzero(is_host)
    rank, count = rank_in_group(group[host])
    wide = rows[place[host]]
    deep = np.ceil(count / wide)
    xyz[host, 0] = start[place[host]] + rank % wide + (rows[place[host]] - wide) / 2
    xyz[host, 1] = (rank // wide - (deep - 1) / 2) * np.minimum(depth / np.maximum(deep, 1), 1.5)

    switch = np.flatnonzero(~is_host)
    own = known[switch]
    key = (nodes.tier[switch] * (n_planes + 1) + plane[switch]) * (len(blocks) + 1) + np.where(own, place[switch], -1)
    rank, count = rank_in_group(key)
    share = (rank + 0.5) / count
    xyz[switch, 0] = np.where(own, start[place[switch]] + share * rows[place[switch]] - 0.5, share * width - 0.5)
    xyz[switch, 1] = ((plane[switch] + 0.5) / max(n_planes, 1) - 0.5) * depth * (n_planes > 1)
    return xyz - xyz.mean(axis=0)


def _planes(is_host: np.ndarray[tuple[int], np.dtype[np.bool_]], link_ends: Ints) -> Ints:
    """Return the part of each switch, -1 for hosts, numbered in order of their first switch; shape (n_nodes,)."""
    n_nodes = len(is_host)
    a, b = link_ends[~is_host[link_ends].any(axis=1)].T
    graph = coo_array((np.ones(len(a)), (a, b)), shape=(n_nodes, n_nodes))
    _, part = connected_components(graph, directed=False)
    plane = np.full(n_nodes, -1, dtype=np.int64)
    if not is_host.all():
        _, first, which = np.unique(part[~is_host], return_index=True, return_inverse=True)
        plane[~is_host] = np.argsort(np.argsort(first))[which]
    # leaves without uplinks are each a part; they are not planes
    if len(a) == 0:
        plane[~is_host] = 0
    return plane
