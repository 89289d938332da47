# SPDX-License-Identifier: Apache-2.0
"""Wirings that theory guarantees: an OCS for every block-to-block link, found by construction.

J. Petersen (Acta Mathematica 15, 1891): a multigraph of degree at most 2 h K splits into K parts of degree at most 2 h.
Direct every link by an Euler orientation, so that no block sends or receives more than h K, and color the links between
senders and receivers. D. Koenig (Math. Annalen 77, 1916): if the blocks fall into two sides and every link joins the
sides, the split exists for odd degrees too. A block with room for g links of each color counts as g nodes here, and an
OCS that holds c times the ends of the smallest stands for c colors; so blocks and OCS may differ in size, as long as
every block spreads over the OCS in the same proportions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from optinet.kernels.edge_coloring import color_bipartite, euler_orientation

Ints = NDArray[np.int64]


def construct(pairs: Ints, ends: Ints) -> tuple[Ints, str] | None:
    """Return the OCS of every link and the theorem behind it, or None where neither applies.

    Parameters
    ----------
    pairs
        shape (n_links, 2): the two blocks of each link, different.
    ends
        shape (n_blocks, n_ocs): fiber ends of each block on each OCS.
    """
    side = two_sides(pairs, len(ends))
    if side is not None:
        directed = np.where((side[pairs[:, 0]] == 0)[:, None], pairs, pairs[:, ::-1])
        found = _by_colors(directed, ends)
        if found is not None:
            return found, "koenig"
    found = _by_colors(euler_orientation(len(ends), np.ascontiguousarray(pairs)), ends // 2)
    return None if found is None else (found, "petersen")


def two_sides(pairs: Ints, n_blocks: int) -> Ints | None:
    """Return a side, 0 or 1, of every block so that each link joins both sides; None if there is none."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import breadth_first_order, connected_components

    graph = coo_array((np.ones(len(pairs)), tuple(pairs.T)), shape=(n_blocks, n_blocks)).tocsr()
    side = np.zeros(n_blocks, dtype=np.int64)
    _, component = connected_components(graph, directed=False)
    for start in np.unique(component, return_index=True)[1]:
        order, before = breadth_first_order(graph, start, directed=False)
        for node in order[1:]:
            side[node] = 1 - side[before[node]]
    return None if np.any(side[pairs[:, 0]] == side[pairs[:, 1]]) else side


def _by_colors(directed: Ints, room: Ints) -> Ints | None:
    """Split directed links so that no block sends or receives more than `room` over any OCS; None if not guaranteed."""
    n_blocks = len(room)
    sent = np.bincount(directed[:, 0], minlength=n_blocks)
    received = np.bincount(directed[:, 1], minlength=n_blocks)
    most = np.maximum(sent, received)
    used = most > 0
    colors_per_ocs = _proportions(room, most, used)
    if colors_per_ocs is None:
        return None
    color_ocs = np.repeat(np.arange(room.shape[1]), colors_per_ocs)
    n_colors = len(color_ocs)
    # the i-th link a block sends leaves from its part i // n_colors, which has at most one link of each color
    part = np.column_stack([_rank(directed[:, side]) // n_colors for side in (0, 1)])
    first = np.concatenate(([0], np.cumsum(-(-most // n_colors))))
    split = first[directed] + part
    color = color_bipartite(int(first[-1]), int(first[-1]), np.ascontiguousarray(split), n_colors)
    return color_ocs[color]


def _proportions(room: Ints, most: Ints, used: NDArray[np.bool_]) -> Ints | None:
    """Return colors for each OCS so that every block has room for its links at the same number per color."""
    if not used.any():
        return None
    candidates = [np.ones(room.shape[1], dtype=np.int64)]
    candidates += [row // max(1, np.gcd.reduce(row)) for row in np.unique(room[used], axis=0)[:16]]
    for colors in candidates:
        held = colors > 0
        if held.any():
            per_color = (room[:, held] // colors[held]).min(axis=1)
            if np.all(most[used] <= per_color[used] * colors.sum()):
                return colors
    return None


def _rank(key: Ints) -> Ints:
    """Return for each entry how many earlier entries have the same key."""
    order = np.argsort(key, kind="stable")
    start = np.concatenate(([True], np.diff(key[order]) != 0)) if len(key) else np.zeros(0, dtype=bool)
    position = np.arange(len(key))
    rank = np.empty_like(key)
    rank[order] = position - np.maximum.accumulate(np.where(start, position, 0))
    return rank
