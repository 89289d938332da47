# SPDX-License-Identifier: Apache-2.0
"""Clos networks: tiers in height, pods side by side, planes one behind the other."""

from __future__ import annotations

import numpy as np

from gui.state.fabric.layout.base import Floats, Ints, Layout, points, spread, through
from optinet.structure import Clos, Planes

FEW_LEAVES = 8  # times as many hosts per leaf
SLANT = 0.5  # of the way to the next row of cores, from one end of a row to the other


def clos_positions(structure: Clos) -> Floats:
    """Pods side by side along x, hosts in rows along y below their leaf, tiers in height.

    The upper tier of a pod stands along y, across the leaves, so that their full mesh does not fall into one plane.
    """
    leaves, pods = structure.tiers[0], structure.pods
    x, y, depth = _hosts(structure)
    leaf_x = _leaf_x(leaves, pods) * _columns(structure)
    rise = 0.5 * max(np.ptp(leaf_x), depth) / len(structure.tiers) + 1.0
    parts = [points(x, y, 0.0), points(leaf_x, np.zeros(leaves), rise)]
    below = leaf_x
    for level, count in enumerate(structure.tiers[1:], start=2):
        if level == len(structure.tiers) and pods > 1:
            parts.append(_cores(count, structure.tiers[-2] // pods, np.ptp(leaf_x), depth, level * rise))
            continue
        per_pod = count // pods
        middle = below.reshape(pods, -1).mean(axis=1)
        below = np.repeat(middle, per_pod)
        parts.append(points(below, np.tile(spread(per_pod, depth), pods), level * rise))
    return np.concatenate(parts)


def _cores(count: int, aggs_per_pod: int, width: float, depth: float, height: float) -> Floats:
    """Cores stand in rows along x, each row at the depth of the aggregation switches it is joined to.

    Rows are slanted: from above their links would lie on one line otherwise.
    """
    groups = int(np.gcd(aggs_per_pod, count))
    agg_y = spread(aggs_per_pod, depth)
    group_y = np.array([agg_y[g::groups].mean() for g in range(groups)])
    row, slant = spread(count // groups, 0.7 * width), spread(count // groups, SLANT * depth / groups)
    return points(np.tile(row, groups), (group_y[:, None] + slant).ravel(), height)


def plane_positions(structure: Planes) -> Floats:
    """Hosts below as in a Clos; each plane is an upright sheet, one behind the other."""
    clos, planes = structure.plane, structure.planes
    x, y, depth = _hosts(clos)
    leaf_x = _leaf_x(clos.tiers[0], clos.pods) * _columns(clos)
    width = max(float(np.ptp(leaf_x)), float(np.ptp(x)))
    rise = 0.45 * max(width, depth) / len(clos.tiers) + 1.0
    parts = [points(x, y, 0.0)]
    for plane_y in spread(planes, 1.1 * depth):
        for level, count in enumerate(clos.tiers, start=1):
            tier_x = leaf_x if level == 1 else spread(count, 0.9 * width)
            parts.append(points(tier_x, np.full(count, plane_y), level * rise))
    return np.concatenate(parts)


def _hosts(structure: Clos) -> tuple[Floats, Floats, float]:
    """Return x and y of the hosts and the depth of the floor they stand on."""
    leaves = structure.tiers[0]
    per_leaf, columns = structure.hosts // leaves, _columns(structure)
    leaf_x = _leaf_x(leaves, structure.pods) * columns
    if columns > 1:
        row, column = np.divmod(np.arange(per_leaf), columns)
        depth = float(row[-1])
        x = (leaf_x[:, None] + column - (columns - 1) / 2).ravel()
        return x, np.tile(row - depth / 2, leaves), depth
    # between a third of the width and the whole: a strip would leave most of the window empty
    width = max(float(np.ptp(leaf_x)), 1.0)
    depth = float(np.clip(per_leaf, width / 2.5, width))
    return np.repeat(leaf_x, per_leaf), np.tile(spread(per_leaf, depth), leaves), depth


def _columns(structure: Clos) -> int:
    """Return in how many columns the hosts of a leaf stand: below few leaves one would be a line."""
    leaves = structure.tiers[0]
    per_leaf = structure.hosts // leaves
    return int(np.ceil(np.sqrt(per_leaf / leaves))) if per_leaf > FEW_LEAVES * leaves else 1


def _leaf_x(leaves: int, pods: int) -> Floats:
    per_pod = leaves // pods
    index = np.arange(leaves)
    x = index + max(1.0, 0.3 * per_pod) * (index // per_pod)
    return x - (x[0] + x[-1]) / 2


def with_shuffles(layout: Layout, structure: Planes, link_ends: Ints, shuffled: Ints) -> Layout:
    """Return the layout in which host links pass the shuffle of their box, which holds one leaf of every plane.

    Parameters
    ----------
    shuffled
        Links that pass a shuffle, in increasing order.
    """
    clos = structure.plane
    upper = link_ends[shuffled].max(axis=1) - clos.hosts
    box = upper % sum(clos.tiers)
    to_leaf = (link_ends[shuffled].min(axis=1) < clos.hosts) & (box < clos.tiers[0])
    links, box = shuffled[to_leaf], box[to_leaf]
    leaf = clos.hosts + np.arange(structure.planes)[:, None] * sum(clos.tiers) + np.arange(clos.tiers[0])
    below = layout.xyz[: clos.hosts].reshape(clos.tiers[0], -1, 3).mean(axis=1)
    return through(layout, links, box, 0.35 * below + 0.65 * layout.xyz[leaf].mean(axis=0))
