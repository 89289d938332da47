# SPDX-License-Identifier: Apache-2.0
"""Tori and pods of cubes: grids whose wraps are stubs, slices of a pod side by side, spare cubes behind them."""

from __future__ import annotations

import dataclasses

import numpy as np

from gui.state.fabric.layout.base import STUB, Floats, Ints, Layout, straight, with_stubs
from optinet.structure import Pod, PodSlice, Torus

CELL_GAP = 0.9  # between the cubes of a pod, in node spacings
SLICE_GAP = 3.5  # between the slices of a pod


def is_torus(structure: Torus, link_ends: Ints, n_nodes: int) -> bool:
    """Whether these are the links of the torus, in the order that its structure promises."""
    axes = len(structure.link_axes)
    if axes == 0 or int(np.prod(structure.dims)) != n_nodes or len(link_ends) != axes * n_nodes:
        return False
    return bool(np.array_equal(link_ends[:, 0], np.tile(np.arange(n_nodes), axes)))


def torus_layout(structure: Torus, link_ends: Ints) -> Layout:
    """Return a grid, or a ring where only one axis has links."""
    dims = structure.dims
    n_nodes = int(np.prod(dims))
    if len(structure.link_axes) == 1 and n_nodes > 2:
        angle = 2 * np.pi * np.arange(n_nodes) / n_nodes
        ring = np.column_stack((np.cos(angle), np.sin(angle), np.zeros(n_nodes))) * n_nodes / (2 * np.pi)
        return straight(ring, link_ends, -90.0, 60.0)
    position = np.array(np.unravel_index(np.arange(n_nodes), dims))
    xyz, pitch = _grid(structure, position)
    wrap = np.flatnonzero(np.concatenate([position[axis] == dims[axis] - 1 for axis in structure.link_axes]))
    axis = np.array(structure.link_axes)[wrap // n_nodes]
    outward = np.zeros((len(wrap), 3))
    outward[np.arange(len(wrap)), axis % 3] = STUB * pitch[axis]
    flat = len([k for k in dims if k > 1]) < 3
    return with_stubs(xyz, link_ends, wrap, outward, -90.0 if flat else -62.0, 65.0 if flat else 22.0)


def is_pod(structure: Pod, group: Ints) -> bool:
    """Whether the groups of nodes are the cubes of the pod."""
    return bool(np.array_equal(np.bincount(group + 1)[1:], np.full(structure.cubes, structure.cube_side**3)))


def pod_layout(structure: Pod, link_ends: Ints, group: Ints) -> Layout:
    """Return the slices of a pod side by side, each a grid of its own, and the spare cubes in a row before them."""
    side = structure.cube_side
    chips = np.argsort(group, kind="stable").reshape(structure.cubes, side**3)  # of each cube, row-major
    parts = [(piece, _slice_chips(piece, chips, side)) for piece in structure.slices]
    xyz = np.zeros((len(group), 3))
    x, labels = 0.0, []
    for number, (piece, nodes) in enumerate(parts):
        torus = piece.torus(side)
        xyz[nodes], _ = _grid(torus, np.array(np.unravel_index(np.arange(len(nodes)), torus.dims)))
        xyz[nodes, 0] += x
        x = float(xyz[nodes, 0].max()) + SLICE_GAP
        shape = " x ".join(map(str, piece.chips)) + (" twisted" if piece.twisted else "")
        labels.append((f"slice {number}: {shape}", _above(xyz[nodes])))
    cube = np.array(np.unravel_index(np.arange(side**3), (side,) * 3)).T.astype(np.float64)
    pitch = side + CELL_GAP
    per_row = max(1, round(x / pitch)) if parts else int(np.ceil(np.sqrt(structure.cubes)))
    for place, spare in enumerate(structure.spare_cubes):
        row, column = divmod(place, per_row)
        corner = np.array([column * pitch, -SLICE_GAP - side - row * pitch, 0.0])
        xyz[chips[spare]] = corner + cube
        labels.append((f"spare cube {spare}", _above(xyz[chips[spare]])))
    wrap, outward = _pod_wraps(parts, link_ends, side, len(group))
    layout = with_stubs(xyz, link_ends, wrap, outward, -62.0, 24.0)
    return dataclasses.replace(layout, labels=tuple(labels) if len(labels) > 1 else ())


def _above(xyz: Floats) -> tuple[float, float, float]:
    """Return a place above the middle of some points."""
    x, y, z = (float(v) for v in (*xyz[:, :2].mean(axis=0), xyz[:, 2].max() + 1.0))
    return x, y, z


def _slice_chips(piece: PodSlice, chips: Ints, side: int) -> Ints:
    """Return the nodes of a slice, row-major over the slice."""
    cubes = tuple(k // side for k in piece.chips)
    inside = chips[list(piece.cubes)].reshape(*cubes, side, side, side)
    return inside.transpose(0, 3, 1, 4, 2, 5).ravel()


def _pod_wraps(parts: list[tuple[PodSlice, Ints]], link_ends: Ints, side: int, n_nodes: int) -> tuple[Ints, Floats]:
    """Return the links that leave a slice at one face and come in at the opposite one, and the way they leave."""
    tail, head = link_ends.T
    outward = np.zeros((len(link_ends), 3))
    for piece, nodes in parts:
        torus = piece.torus(side)
        position = np.array(np.unravel_index(np.arange(len(nodes)), torus.dims))
        for axis in torus.link_axes:
            following = np.full(n_nodes, -1)
            following[nodes] = nodes[torus.neighbor(axis)]
            last = np.zeros(n_nodes, dtype=bool)
            last[nodes] = position[axis] == torus.dims[axis] - 1
            onward = following[tail] == head  # on an axis of two chips either way fits: links lead onward
            backward = last[head] & (following[head] == tail) & ~onward
            outward[onward & last[tail], axis], outward[backward, axis] = STUB, -STUB
    wrap = np.flatnonzero(outward.any(axis=1))
    return wrap, outward[wrap]


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
