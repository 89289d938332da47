# SPDX-License-Identifier: Apache-2.0
"""Networks whose switches are joined directly: meshes of blocks, HyperX, dragonfly."""

from __future__ import annotations

import numpy as np

from gui.state.fabric.layout.base import Floats, sphere
from optinet.structure import Blocks, Dragonfly, HyperX

BULGE = 0.22  # by how much rows of a HyperX are bent, so that the links of a row do not lie on each other


def block_positions(structure: Blocks) -> Floats:
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


def hyperx_positions(structure: HyperX) -> Floats:
    """Return the switches on a grid that bulges; an axis alone is a ring, axes beyond the third repeat the grid."""
    dims = structure.dims
    position = np.array(np.unravel_index(np.arange(int(np.prod(dims))), dims), dtype=np.float64)
    if len([k for k in dims if k > 1]) <= 1:
        count = position.shape[1]
        angle = 2 * np.pi * np.arange(count) / max(count, 1)
        radius = max(count / 4.0, 2.0)
        switches = np.column_stack((np.cos(angle), np.sin(angle), np.zeros(count))) * radius
        return _with_hosts(switches, structure.hosts_per_switch, outward=True)
    xyz = np.zeros((position.shape[1], 3))
    extent = np.zeros(3)
    for axis, k in enumerate(dims):
        pitch = extent[axis % 3] + 2.0 if axis >= 3 else 2.0
        xyz[:, axis % 3] += position[axis] * pitch
        extent[axis % 3] += (k - 1) * pitch
    xyz -= extent / 2
    reach = np.maximum(extent / 2, 1.0)
    share2 = (xyz / reach) ** 2
    for axis in range(3):  # the middle of a row bulges out along the other two axes
        others = [other for other in range(3) if other != axis]
        xyz[:, axis] *= 1 + BULGE * (2 - share2[:, others].sum(axis=1))
    return _with_hosts(xyz, structure.hosts_per_switch, outward=False)


def dragonfly_positions(structure: Dragonfly) -> Floats:
    """Return the groups on a ring; the switches of each on a circle that faces the middle, hosts outside."""
    groups, size = structure.groups, structure.switches_per_group
    circle = max(size / 5.0, 0.8)
    radius = max(groups * circle * 2.7 / (2 * np.pi), 3 * circle)
    angle = np.repeat(2 * np.pi * np.arange(groups) / groups, size)
    turn = np.tile(2 * np.pi * np.arange(size) / size, groups)
    away = radius + 0.45 * circle * np.cos(turn)
    sideways = circle * np.sin(turn)
    xyz = np.column_stack(
        (
            away * np.cos(angle) - sideways * np.sin(angle),
            away * np.sin(angle) + sideways * np.cos(angle),
            circle * np.cos(turn),
        )
    )
    return _with_hosts(xyz, structure.hosts_per_switch, outward=True)


def _with_hosts(switches: Floats, per_switch: int, *, outward: bool) -> Floats:
    """Return hosts on a small ball at each switch, or on its far side from the middle, then the switches."""
    if not per_switch:
        return switches
    step = float(np.linalg.norm(switches[0] - switches[-1])) if len(switches) > 1 else 2.0
    if len(switches) > 1:
        step = float(np.sort(np.linalg.norm(switches[1:] - switches[0], axis=1))[0])
    ball = sphere(np.arange(per_switch), np.full(per_switch, per_switch)) * 0.3 * step
    center = np.repeat(switches, per_switch, axis=0)
    if outward:
        away = switches / np.maximum(np.linalg.norm(switches, axis=1), 1e-9)[:, None]
        center = center + np.repeat(away, per_switch, axis=0) * 0.55 * step
    return np.concatenate((center + np.tile(ball, (len(switches), 1)), switches))
