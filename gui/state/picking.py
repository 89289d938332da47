# SPDX-License-Identifier: Apache-2.0
"""What lies under the mouse pointer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

NODE_REACH_PX, SEGMENT_REACH_PX = 7.0, 5.0


@dataclass(frozen=True)
class Picked:
    """A node or a segment by its index."""

    kind: Literal["node", "segment"]
    index: int


def pick(
    xy: NDArray[np.float64],
    n_nodes: int,
    segment_ends: NDArray[np.int64],
    values: NDArray[np.float64],
    x: float,
    y: float,
) -> Picked | None:
    """Return the node or segment at a pixel; a node wins over a segment, the larger value among segments as near.

    Parameters
    ----------
    xy
        shape (n_points, 2): projected points, the nodes first, pixels.
    n_nodes
        Number of nodes among the points.
    segment_ends
        shape (n_segments, 2): indices of points.
    values
        shape (n_segments,).
    x, y
        The pixel.
    """
    if n_nodes:
        away = np.hypot(xy[:n_nodes, 0] - x, xy[:n_nodes, 1] - y)
        node = int(away.argmin())
        if away[node] <= NODE_REACH_PX:
            return Picked("node", node)
    if not len(segment_ends):
        return None
    away = segment_distances(xy, segment_ends, x, y)
    nearest = float(away.min())
    if not nearest <= SEGMENT_REACH_PX:
        return None
    near = np.flatnonzero(away <= nearest + 0.5)
    return Picked("segment", int(near[values[near].argmax()]))


def segment_distances(
    xy: NDArray[np.float64], segment_ends: NDArray[np.int64], x: float, y: float
) -> NDArray[np.float64]:
    """Return the distance in pixels from a pixel to each segment; shape (n_segments,)."""
    start = xy[segment_ends[:, 0]]
    along = xy[segment_ends[:, 1]] - start
    to_point = np.array([x, y]) - start
    length2 = np.maximum((along**2).sum(axis=1), 1e-12)
    share = np.clip((to_point * along).sum(axis=1) / length2, 0.0, 1.0)
    return np.hypot(*(to_point - share[:, None] * along).T)
