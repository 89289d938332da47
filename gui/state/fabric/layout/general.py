# SPDX-License-Identifier: Apache-2.0
"""Positions for a graph without known structure, in time that grows with pivots x links and no faster.

Pivot MDS (U. Brandes, C. Pich, "Eigensolver Methods for Progressive Multidimensional Scaling of Large Data", GD 2006)
places nodes by their distances to a few pivots. Nodes alike in all distances would coincide: they are spread on a small
ball about their place, and the few that stand far off from all others are drawn in, for they would leave these no room.
A small graph is then improved by the force-directed method of networkx. Nodes with a single neighbor, such as hosts,
are left out of all this and then put on a ball about that neighbor.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gui.state.fabric.layout.base import rank_in_group, sphere

N_PIVOTS = 40
MOST_HOSTS_SHARE = 0.38  # of the way to the next node, for the ball of those with a single neighbor
FAR_OFF = 1.5  # times the distance from the middle within which nine of ten nodes are
FORCE_LIMIT = 250  # nodes but hosts; more would take the force-directed method longer than about a second


def general_positions(link_ends: NDArray[np.int64], n_nodes: int) -> NDArray[np.float64]:
    """Return a position for every node; shape (n_nodes, 3), the same for the same graph."""
    if n_nodes == 0 or len(link_ends) == 0:
        return _ball(n_nodes) * max(n_nodes, 1) ** (1 / 3)
    neighbor = _only_neighbor(link_ends, n_nodes)
    inner = np.flatnonzero(neighbor < 0)
    number = np.full(n_nodes, -1)
    number[inner] = np.arange(len(inner))
    inner_ends = number[link_ends]
    inner_ends = inner_ends[(inner_ends >= 0).all(axis=1)]
    placed = _drawn_in(_separated(_pivot_mds(inner_ends, len(inner))))
    if len(inner) <= FORCE_LIMIT:
        placed = _by_forces(inner_ends, placed)
    xyz = np.zeros((n_nodes, 3))
    xyz[inner] = placed / max(float(np.abs(placed).max()), 1e-9)
    outer = np.flatnonzero(neighbor >= 0)
    rank, count = rank_in_group(neighbor[outer])
    xyz[outer] = xyz[neighbor[outer]] + sphere(rank, count) * MOST_HOSTS_SHARE * _apart(xyz[inner])
    return xyz * (n_nodes ** (1 / 3) / max(float(np.abs(xyz).max()), 1e-9))


def _by_forces(link_ends: NDArray[np.int64], xyz: NDArray[np.float64]) -> NDArray[np.float64]:
    import networkx as nx  # here, because a window is there sooner without it

    graph = nx.Graph()
    graph.add_nodes_from(range(len(xyz)))
    graph.add_edges_from(link_ends.tolist())
    start = dict(enumerate(xyz / max(float(np.abs(xyz).max()), 1e-9)))
    placed = nx.spring_layout(graph, dim=3, pos=start, iterations=60, seed=1)
    return np.array([placed[i] for i in range(len(xyz))]).reshape(-1, 3)


def _drawn_in(xyz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bring the few nodes that stand far off from all others nearer, in their directions and in their order."""
    away = np.linalg.norm(xyz, axis=1)
    bound = FAR_OFF * float(np.quantile(away, 0.9))
    far = np.flatnonzero(away > max(bound, 1e-9))
    drawn = xyz.copy()
    drawn[far] *= ((bound + bound * 0.3 * np.tanh(away[far] / bound - 1)) / away[far])[:, None]
    return drawn


def _apart(xyz: NDArray[np.float64]) -> float:
    """Return how far from the next one most nodes stand."""
    from scipy.spatial import cKDTree

    if len(xyz) < 2:
        return 1.0
    nearest = cKDTree(xyz).query(xyz, k=2)[0][:, 1]
    return float(np.quantile(nearest, 0.25)) or 1e-3


def _only_neighbor(link_ends: NDArray[np.int64], n_nodes: int) -> NDArray[np.int64]:
    """Return the one neighbor of each node that has a single link, to a node that has more; else -1."""
    degree = np.bincount(link_ends.ravel(), minlength=n_nodes)
    neighbor = np.full(n_nodes, -1)
    for end, other in (link_ends.T, link_ends.T[::-1]):
        single = (degree[end] == 1) & (degree[other] > 1)
        neighbor[end[single]] = other[single]
    return neighbor


def _pivot_mds(link_ends: NDArray[np.int64], n_nodes: int) -> NDArray[np.float64]:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import shortest_path

    if not len(link_ends):
        return np.zeros((n_nodes, 3))
    tail, head = link_ends.T
    graph = coo_array((np.ones(len(tail)), (tail, head)), shape=(n_nodes, n_nodes)).tocsr()
    # each next pivot is the node farthest from those before it
    nearest = np.full(n_nodes, np.inf)
    pivot = int(np.bincount(link_ends.ravel(), minlength=n_nodes).argmax())
    rows = []
    for _ in range(min(N_PIVOTS, n_nodes)):
        row = shortest_path(graph, directed=False, unweighted=True, indices=pivot)
        rows.append(row)
        nearest = np.minimum(nearest, row)
        pivot = int(nearest.argmax())
    distance = np.array(rows).T
    finite = distance[np.isfinite(distance)]
    distance = np.where(np.isfinite(distance), distance, finite.max() * 1.5 + 1)
    square = distance**2
    centered = square - square.mean(axis=0) - square.mean(axis=1, keepdims=True) + square.mean()
    _, vectors = np.linalg.eigh(centered.T @ centered)
    axes = vectors[:, ::-1][:, :3]
    xyz = np.zeros((n_nodes, 3))
    xyz[:, : axes.shape[1]] = centered @ axes
    return xyz


def _separated(xyz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Spread nodes that coincide on a ball about their common place."""
    size = max(float(np.ptp(xyz, axis=0).max()), 1e-9)
    places, which = np.unique(np.round(xyz / size, 3), axis=0, return_inverse=True)
    rank, count = rank_in_group(which.ravel())
    crowded = np.flatnonzero(count > 1)
    spread = xyz.copy()
    spread[crowded] += sphere(rank[crowded], count[crowded]) * size * 0.5 / max(len(places), 2) ** 0.5
    return spread


def _ball(count: int) -> NDArray[np.float64]:
    return sphere(np.arange(count), np.full(count, count))
