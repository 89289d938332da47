# SPDX-License-Identifier: Apache-2.0
"""networkx: uniform all-to-all link loads are edge betweenness, in Python (https://networkx.org)."""

from __future__ import annotations

import numpy as np

from experiments.benchmarks.measure import Work
from experiments.benchmarks.peers import version_of

NAME = "networkx"


def version() -> str | None:
    """Return networkx' version, or None."""
    return version_of("networkx")


def betweenness(dims: tuple[int, ...]) -> Work:
    """Return the work: loads of one unit between every ordered pair of a torus, in optinet's arc order."""
    import networkx as nx

    import topologies

    fabric = topologies.build("torus", dims=dims)
    arcs = list(zip(fabric.arc_tail.tolist(), fabric.arc_head.tolist(), strict=True))
    graph = nx.DiGraph(arcs)

    def work() -> np.ndarray:
        load = nx.edge_betweenness_centrality(graph, normalized=False)
        return np.array([load[arc] for arc in arcs])

    return work
