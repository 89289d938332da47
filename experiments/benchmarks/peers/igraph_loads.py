# SPDX-License-Identifier: Apache-2.0
"""igraph: uniform all-to-all link loads are edge betweenness, in C (https://igraph.org).

Betweenness splits equally over whole shortest paths, hop-by-hop ECMP equally at every node; on tori of even sides
both load all links alike, so that the two agree.
"""

from __future__ import annotations

import numpy as np

from experiments.benchmarks.measure import Work
from experiments.benchmarks.peers import version_of

NAME = "igraph"


def version() -> str | None:
    """Return igraph's version, or None."""
    return version_of("igraph")


def betweenness(dims: tuple[int, ...]) -> Work:
    """Return the work: loads of one unit between every ordered pair of a torus, in optinet's arc order."""
    import igraph

    import topologies

    fabric = topologies.build("torus", dims=dims)
    arcs = np.column_stack((fabric.arc_tail, fabric.arc_head)).tolist()
    graph = igraph.Graph(n=fabric.n_nodes, edges=arcs, directed=True)
    return lambda: np.array(graph.edge_betweenness())
