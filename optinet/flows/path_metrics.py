# SPDX-License-Identifier: Apache-2.0
"""Distances between endpoints in hops, host links included, self pairs excluded.

Hops are arcs on a path with the fewest arcs; routing costs play no part. On a torus whose links are all up one search
tells all distances, because every translation maps the graph onto itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optinet.arguments import public
from optinet.errors import Problem, SolverError
from optinet.fabric import Fabric
from optinet.kernels.shortest import hop_histogram
from optinet.routing.core_graph import CoreGraph
from optinet.shown import Shown
from optinet.structure import Torus


@dataclass(frozen=True, eq=False)
class PathMetrics(Shown):
    """Distances over ordered pairs of different endpoints.

    Parameters
    ----------
    diameter
        Largest distance in hops.
    mean_distance
        Mean distance in hops.
    distance_counts
        shape (diameter + 1,): ordered pairs at each distance.
    """

    diameter: int
    mean_distance: float
    distance_counts: NDArray[np.int64]


@public
def path_metrics(fabric: Fabric, arc_up: NDArray[np.bool_] | None = None) -> PathMetrics:
    """Return the distances between the endpoints of a fabric.

    Parameters
    ----------
    fabric
        A fabric with at least two endpoints.
    arc_up
        shape (n_arcs,): which arcs are up; all when None.

    Raises
    ------
    SolverError
        If fewer than two endpoints, or two of them are not connected.
    """
    if fabric.n_endpoints < 2:
        raise SolverError(Problem("path_metrics", "fewer than two endpoints have no distances"))
    core = CoreGraph.of(fabric, arc_up, merge=True)
    if np.any(core.group_node < 0):
        lost = fabric.endpoints[np.flatnonzero(core.group_node[core.group_of] < 0)[0]]
        raise SolverError(Problem("path_metrics", f"endpoint {fabric.node_names[lost]!r} has no link that is up"))
    size = np.bincount(core.group_of, minlength=core.n_groups)
    counts = np.zeros(core.n_nodes + 3)
    _, _, _, in_offsets, in_tail, *_ = core.graph
    torus = fabric.structure if isinstance(fabric.structure, Torus) and len(core.head) == fabric.n_arcs else None
    targets = np.zeros(1, dtype=np.int64) if torus else np.arange(core.n_groups)
    pair = hop_histogram(
        targets, size.astype(np.float64), core.group_node, core.joined, core.forwards, in_offsets, in_tail, counts
    )
    if pair[0] >= 0:
        core.require_paths((int(core.group_node[pair[0]]), int(core.group_node[pair[1]])))
    if torus:
        counts *= fabric.n_endpoints
    hosts = np.array([attachment is not None for attachment in core.attachments])
    counts[2] += float((size * (size - 1))[hosts].sum())  # hosts of one group meet at their switch
    used = np.flatnonzero(counts)
    distance_counts = np.rint(counts[: used[-1] + 1]).astype(np.int64)
    total = int(distance_counts.sum())
    mean = sum(int(n) * hops for hops, n in enumerate(distance_counts)) / total
    return PathMetrics(int(used[-1]), mean, distance_counts)
