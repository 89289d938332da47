# SPDX-License-Identifier: Apache-2.0
"""Where the nodes of a fabric stand in space, from its structure.

A link is drawn as a straight line between its ends, except the wraps of a torus: a line through the whole grid would
hide the row it runs along, so a wrap is drawn as two stubs that leave the grid at either end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gui.state.layout_general import general_positions
from optinet.structure import Blocks, Clos, Planes, Structure, Torus

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CELL_GAP = 0.9  # between the cubes of a pod, in node spacings
STUB = 0.55  # length of a wrap's stub, in node spacings


@dataclass(frozen=True, eq=False)
class Layout:
    """Points in space and the straight segments that stand for links.

    Parameters
    ----------
    xyz
        shape (n_points, 3): the nodes first, then the free ends of stubs.
    segment_ends
        shape (n_segments, 2): indices of points.
    segment_link
        shape (n_segments,): the link that each segment stands for.
    azimuth_deg, elevation_deg
        A good direction to look from.
    """

    xyz: Floats
    segment_ends: Ints
    segment_link: Ints
    azimuth_deg: float = -60.0
    elevation_deg: float = 25.0


def layout_of(structure: Structure | None, link_ends: Ints, n_nodes: int) -> Layout:
    """Return the layout of a fabric.

    Parameters
    ----------
    structure
        What the builder knew; one that does not fit the numbers of nodes and links is not used.
    link_ends
        shape (n_links, 2): node indices.
    n_nodes
        Number of nodes.
    """
    if isinstance(structure, Torus) and _is_torus(structure, link_ends, n_nodes):
        return _torus(structure, link_ends)
    if isinstance(structure, Clos) and structure.hosts + sum(structure.tiers) == n_nodes:
        return _straight(_clos(structure), link_ends, -64.0, 17.0)
    if (
        isinstance(structure, Planes)
        and structure.plane.hosts + structure.planes * sum(structure.plane.tiers) == n_nodes
    ):
        return _straight(_planes(structure), link_ends, -52.0, 20.0)
    if isinstance(structure, Blocks) and structure.blocks * (structure.hosts_per_block + 1) == n_nodes:
        return _straight(_blocks(structure), link_ends, -60.0, 32.0)
    return _straight(general_positions(link_ends, n_nodes), link_ends)


def _straight(xyz: Floats, link_ends: Ints, azimuth_deg: float = -60.0, elevation_deg: float = 25.0) -> Layout:
    return Layout(xyz, link_ends, np.arange(len(link_ends)), azimuth_deg, elevation_deg)


def _is_torus(structure: Torus, link_ends: Ints, n_nodes: int) -> bool:
    axes = len(structure.link_axes)
    if axes == 0 or int(np.prod(structure.dims)) != n_nodes or len(link_ends) != axes * n_nodes:
        return False
    return bool(np.array_equal(link_ends[:, 0], np.tile(np.arange(n_nodes), axes)))


def _torus(structure: Torus, link_ends: Ints) -> Layout:
    dims = structure.dims
    n_nodes = int(np.prod(dims))
    if len(structure.link_axes) == 1 and n_nodes > 2:
        angle = 2 * np.pi * np.arange(n_nodes) / n_nodes
        ring = np.column_stack((np.cos(angle), np.sin(angle), np.zeros(n_nodes))) * n_nodes / (2 * np.pi)
        return _straight(ring, link_ends, -90.0, 60.0)
    position = np.array(np.unravel_index(np.arange(n_nodes), dims))
    xyz, pitch = _grid(structure, position)
    wraps = np.concatenate([position[axis] == dims[axis] - 1 for axis in structure.link_axes])
    wrap = np.flatnonzero(wraps)
    axis = np.array(structure.link_axes)[wrap // n_nodes]
    outward = np.zeros((len(wrap), 3))
    outward[np.arange(len(wrap)), axis % 3] = STUB * pitch[axis]
    ends = np.concatenate((xyz[link_ends[wrap, 0]] + outward, xyz[link_ends[wrap, 1]] - outward))
    inner = np.flatnonzero(~wraps)
    stubs = np.column_stack((np.concatenate((link_ends[wrap, 0], link_ends[wrap, 1])), n_nodes + np.arange(len(ends))))
    flat = len([k for k in dims if k > 1]) < 3
    return Layout(
        np.concatenate((xyz, ends)),
        np.concatenate((link_ends[inner], stubs)),
        np.concatenate((inner, wrap, wrap)),
        -90.0 if flat else -62.0,
        65.0 if flat else 22.0,
    )


def _grid(structure: Torus, position: Ints) -> tuple[Floats, Floats]:
    """Return positions and the spacing along each axis; axes beyond the third repeat the grid along x, y, z in turn."""
    xyz = np.zeros((position.shape[1], 3))
    pitch = np.ones(len(structure.dims))
    extent = np.zeros(3)
    for axis, (k, cell) in enumerate(zip(structure.dims, structure.cell, strict=True)):
        pitch[axis] = extent[axis % 3] + 3.0 if axis >= 3 else 1.0
        along = position[axis] * pitch[axis]
        if 1 < cell < k:
            along = along + CELL_GAP * (position[axis] // cell)
        xyz[:, axis % 3] += along
        extent[axis % 3] += along.max(initial=0.0)
    return xyz, pitch


def _clos(structure: Clos) -> Floats:
    """Pods side by side along x, hosts in rows along y below their leaf, tiers in height.

    The upper tier of a pod stands along y, across the leaves, so that their full mesh does not fall into one plane.
    """
    leaves, pods = structure.tiers[0], structure.pods
    x, y, depth = _hosts(structure)
    leaf_x = _leaf_x(leaves, pods)
    rise = 0.5 * max(np.ptp(leaf_x), depth) / len(structure.tiers) + 1.0
    parts = [_points(x, y, 0.0), _points(leaf_x, np.zeros(leaves), rise)]
    below = leaf_x
    for level, count in enumerate(structure.tiers[1:], start=2):
        if level == len(structure.tiers) and pods > 1:
            parts.append(_cores(count, structure.tiers[-2] // pods, np.ptp(leaf_x), depth, level * rise))
            continue
        per_pod = count // pods
        middle = below.reshape(pods, -1).mean(axis=1)
        below = np.repeat(middle, per_pod)
        parts.append(_points(below, np.tile(_spread(per_pod, depth), pods), level * rise))
    return np.concatenate(parts)


def _cores(count: int, aggs_per_pod: int, width: float, depth: float, height: float) -> Floats:
    """Cores stand in rows along x, each row at the depth of the aggregation switches it is joined to."""
    groups = int(np.gcd(aggs_per_pod, count))
    agg_y = _spread(aggs_per_pod, depth)
    group_y = np.array([agg_y[g::groups].mean() for g in range(groups)])
    row = _spread(count // groups, 0.7 * width)
    return _points(np.tile(row, groups), np.repeat(group_y, count // groups), height)


def _planes(structure: Planes) -> Floats:
    """Hosts below as in a Clos; each plane is an upright sheet, one behind the other."""
    clos, planes = structure.plane, structure.planes
    x, y, depth = _hosts(clos)
    leaf_x = _leaf_x(clos.tiers[0], clos.pods)
    width = float(np.ptp(leaf_x))
    rise = 0.45 * max(width, depth) / len(clos.tiers) + 1.0
    parts = [_points(x, y, 0.0)]
    for plane_y in _spread(planes, 1.1 * depth):
        for level, count in enumerate(clos.tiers, start=1):
            tier_x = leaf_x if level == 1 else _spread(count, 0.9 * width)
            parts.append(_points(tier_x, np.full(count, plane_y), level * rise))
    return np.concatenate(parts)


def _blocks(structure: Blocks) -> Floats:
    """Blocks on a ring, the hosts of each on an upright panel that points outward."""
    blocks, hosts = structure.blocks, structure.hosts_per_block
    radius = max(blocks / 4.0, 3.0)
    angle = 2 * np.pi * np.arange(blocks) / blocks
    ring = np.column_stack((np.cos(angle), np.sin(angle)))
    rows = max(1, int(np.sqrt(hosts)))
    column, row = np.divmod(np.arange(hosts), rows)
    columns = int(column.max(initial=0)) + 1
    outward = radius * (1.12 + 0.5 * column / max(columns, 4))
    height = (row - (rows - 1) / 2) * radius * 0.6 / max(rows, 4)
    host_xy = ring[:, None, :] * outward[None, :, None]
    host_xyz = np.concatenate((host_xy, np.broadcast_to(height[None, :, None], (blocks, hosts, 1))), axis=2)
    return np.concatenate((host_xyz.reshape(-1, 3), np.column_stack((ring * radius, np.zeros(blocks)))))


def _hosts(structure: Clos) -> tuple[Floats, Floats, float]:
    """Return x and y of the hosts and the depth of the floor they stand on."""
    leaves = structure.tiers[0]
    leaf_x = _leaf_x(leaves, structure.pods)
    per_leaf = structure.hosts // leaves
    # between a third of the width and the whole: a strip would leave most of the window empty
    width = max(float(np.ptp(leaf_x)), 1.0)
    depth = float(np.clip(per_leaf, width / 2.5, width))
    return np.repeat(leaf_x, per_leaf), np.tile(_spread(per_leaf, depth), leaves), depth


def _leaf_x(leaves: int, pods: int) -> Floats:
    per_pod = leaves // pods
    index = np.arange(leaves)
    x = index + max(1.0, 0.3 * per_pod) * (index // per_pod)
    return x - (x[0] + x[-1]) / 2


def _spread(count: int, extent: float) -> Floats:
    """Return `count` values about zero that fill `extent`; one stands at zero."""
    return np.linspace(-extent / 2, extent / 2, count) if count > 1 else np.zeros(count)


def _points(x: Floats, y: Floats, z: float) -> Floats:
    return np.column_stack((x, y, np.full(len(x), z)))
