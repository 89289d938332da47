# SPDX-License-Identifier: Apache-2.0
"""Translation symmetry of tori: what one cell of targets or sources tells about all."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from optinet.structure import Torus


def over_translations(torus: Torus, arc: NDArray[np.int64], load: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give every arc the summed load of all arcs that translations by a cell map onto it.

    Parameters
    ----------
    torus
        Its links in the order `Torus` promises.
    arc
        shape (n,): arcs of the fabric.
    load
        shape (n,): load from the targets (or sources) of one cell.
    """
    n_nodes = int(np.prod(torus.dims))
    position = np.array(np.unravel_index(np.arange(n_nodes), torus.dims))
    in_cell = np.ravel_multi_index(tuple(position % np.array(torus.cell)[:, None]), torus.cell)
    axis_rank, tail = np.divmod(arc // 2, n_nodes)
    arc_class = (axis_rank * int(np.prod(torus.cell)) + in_cell[tail]) * 2 + arc % 2
    # numpy counts in whole numbers where there is nothing to weigh: a torus of one chip has no arcs
    return np.bincount(arc_class, weights=load)[arc_class].astype(np.float64)


@lru_cache(maxsize=16)
def neighbors(torus: Torus) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return next_node and next_arc as `optinet.kernels.dor` describes them; shape (2 n_axes, n_nodes)."""
    n_nodes, n_axes = int(np.prod(torus.dims)), len(torus.dims)
    node = np.tile(np.arange(n_nodes), (2 * n_axes, 1))
    arc = np.zeros_like(node)
    for rank, axis in enumerate(torus.link_axes):
        ahead = torus.neighbor(axis)
        node[2 * axis], arc[2 * axis] = ahead, 2 * (rank * n_nodes + np.arange(n_nodes))
        node[2 * axis + 1, ahead], arc[2 * axis + 1, ahead] = (
            np.arange(n_nodes),
            2 * (rank * n_nodes + np.arange(n_nodes)) + 1,
        )
    return node, arc


def distances(node: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many links each node is from node 0; shape (n_nodes,).

    Parameters
    ----------
    node
        shape (n_ways, n_nodes): the neighbors of each node.
    """
    distance = np.full(node.shape[1], -1)
    distance[0] = reached = 0
    while (distance < 0).any():
        near = node[:, distance == reached]
        reached += 1
        distance[near[distance[near] < 0]] = reached
    return distance


def moved_back(torus: Torus, at: NDArray[np.int64], by: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return positions translated so that others come to the origin.

    Parameters
    ----------
    torus
        Twisted or not.
    at, by
        shape (n_axes, n) each, or one position in `by`: what is translated, and what comes to the origin.
    """
    place = at - by
    twist = np.array(torus.twist).reshape(len(torus.dims), len(torus.dims))
    for axis in np.argsort(~twist.any(axis=1), kind="stable"):  # wraps that shift others first
        laps = place[axis] // torus.dims[axis]
        place[axis] -= laps * torus.dims[axis]
        place += twist[axis][:, None] * laps
    return place
