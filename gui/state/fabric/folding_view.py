# SPDX-License-Identifier: Apache-2.0
"""Which groups of a large fabric are near enough to be unfolded."""

from __future__ import annotations

import numpy as np

from gui.state.fabric.camera import Camera
from gui.state.fabric.scene import Scene

UNFOLD_PX2, FOLD_PX2 = 60.0, 25.0  # area of the view for each link at the nodes of a group
UNFOLDED_NODES = 12_000  # in all


def adapted(
    scene: Scene, folded: frozenset[int], pinned: frozenset[int], camera: Camera, size: tuple[float, float]
) -> frozenset[int]:
    """Return the groups to fold: those in view that have room for their nodes are unfolded, largest first.

    Parameters
    ----------
    folded
        The groups that are folded now; between two thresholds a group stays as it is.
    pinned
        Groups that the user has folded or unfolded, which stay as they are.
    """
    corners, count, n_links = scene.boxes
    if not len(count):
        return folded
    xy = camera.project(corners.reshape(-1, 3), *size).reshape(len(count), 8, 2)
    low, high = xy.min(axis=1), xy.max(axis=1)
    seen = np.all((high >= 0) & (low <= size), axis=1)
    room = np.prod(high - low, axis=1) / np.maximum(n_links, count)
    is_folded = np.isin(np.arange(len(count)), list(folded))
    wanted = seen & np.where(is_folded, room >= UNFOLD_PX2, room >= FOLD_PX2)
    fixed = np.isin(np.arange(len(count)), list(pinned))
    budget = UNFOLDED_NODES - int(count[fixed & ~is_folded].sum())
    result = set(np.flatnonzero(fixed & is_folded).tolist())
    for group in np.argsort(-room):
        if fixed[group]:
            continue
        if wanted[group] and count[group] <= budget:
            budget -= int(count[group])
        else:
            result.add(int(group))
    return frozenset(result)
