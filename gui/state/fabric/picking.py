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
    """A node, which may be a folded group, by the index of its point; or a segment by its index."""

    kind: Literal["node", "segment"]
    index: int


class Picker:
    """Finds what is at a pixel in well under a millisecond: boxes around the segments leave few to be measured.

    Parameters
    ----------
    xy
        shape (n_points, 2): projected points, the nodes first, pixels.
    n_nodes
        Number of nodes among the points.
    segment_ends
        shape (n_segments, 2): indices of points.
    values
        shape (n_segments,): of segments as near the one with the largest value is picked.
    drawn
        shape (n_nodes,): whether each node is there to be picked; None where all are.
    """

    def __init__(
        self,
        xy: NDArray[np.float64],
        n_nodes: int,
        segment_ends: NDArray[np.int64],
        values: NDArray[np.float64],
        drawn: NDArray[np.bool_] | None = None,
    ) -> None:
        self._xy, self._ends, self._values, self._drawn = xy, segment_ends, values, drawn
        self._node_x, self._node_y = (np.ascontiguousarray(column, dtype=np.float32) for column in xy[:n_nodes].T)
        a, b = (xy[segment_ends[:, side]].astype(np.float32).T for side in (0, 1))
        reach = SEGMENT_REACH_PX + 0.5
        self._low, self._high = np.minimum(a, b) - reach, np.maximum(a, b) + reach

    def at(self, x: float, y: float) -> Picked | None:
        """Return the node or segment at a pixel; a node wins over a segment."""
        near = np.flatnonzero((np.abs(self._node_x - x) <= NODE_REACH_PX) & (np.abs(self._node_y - y) <= NODE_REACH_PX))
        if self._drawn is not None:
            near = near[self._drawn[near]]
        if len(near):
            away = np.hypot(*(self._xy[near] - (x, y)).T)
            if away.min() <= NODE_REACH_PX:
                return Picked("node", int(near[away.argmin()]))
        near = np.flatnonzero((self._low[0] <= x) & (self._high[0] >= x))
        near = near[(self._low[1][near] <= y) & (self._high[1][near] >= y)]
        if not len(near):
            return None
        away = segment_distances(self._xy, self._ends[near], x, y)
        nearest = float(away.min())
        if not nearest <= SEGMENT_REACH_PX:
            return None
        near = near[away <= nearest + 0.5]
        return Picked("segment", int(near[np.nan_to_num(self._values[near], nan=-np.inf).argmax()]))


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
