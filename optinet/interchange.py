# SPDX-License-Identifier: Apache-2.0
"""Fabrics from and to networkx graphs.

What networkx cannot hold is not carried: structure and plant. A link with different capacities in its two directions
becomes two directed edges.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import networkx as nx
import numpy as np

from optinet.errors import Problem, TopologyError
from optinet.fabric import Fabric, NodeKind, kind_of

_SHOWN = 20  # problems listed before "and n more": a graph with one systematic mistake has as many as edges


def fabric_from_networkx(graph: nx.Graph[Any]) -> Fabric:
    """Return the fabric described by a graph; see `Fabric.from_networkx`."""
    if not isinstance(graph, nx.Graph):
        raise TopologyError(Problem("graph", f"a {type(graph).__name__}", "a networkx graph of any class"))
    names = list(graph.nodes)
    index = {name: i for i, name in enumerate(names)}
    given = [data.get("kind") for _, data in graph.nodes(data=True)]
    default = NodeKind.SWITCH if any(kind in ("host", "chip") for kind in given) else NodeKind.CHIP
    kinds = [
        default if kind is None else kind_of(str(kind), f"node {name!r}: kind")
        for name, kind in zip(names, given, strict=True)
    ]
    edges = list(graph.edges(data=True))
    problems = [kind for kind in kinds if isinstance(kind, Problem)]
    problems += [problem for name, data in graph.nodes(data=True) for problem in _node_problems(name, data)]
    problems += [problem for edge in edges for problem in _edge_problems(*edge)]
    if not names:
        problems.append(Problem("graph", "no nodes", "at least one node"))
    if problems:
        more = len(problems) - _SHOWN
        raise TopologyError(problems[:_SHOWN] + ([Problem("graph", f"and {more} more problems")] if more > 0 else []))

    class_names = list(dict.fromkeys(str(data.get("link_class", "link")) for *_, data in edges)) or ["link"]
    class_index = {name: i for i, name in enumerate(class_names)}
    capacity = np.array([float(data["capacity_gbps"]) for *_, data in edges])
    return Fabric.from_links(
        [int(kind) for kind in kinds if not isinstance(kind, Problem)],
        np.array([(index[a], index[b]) for a, b, _ in edges], dtype=np.int64).reshape(-1, 2),
        capacity_gbps=capacity,
        reverse_capacity_gbps=np.zeros(len(edges)) if graph.is_directed() else None,
        length_m=[float(data.get("length_m", 0.0)) for *_, data in edges],
        cost=[float(data.get("cost", 1.0)) for *_, data in edges],
        link_class=[class_index[str(data.get("link_class", "link"))] for *_, data in edges],
        link_class_names=class_names,
        node_tier=[int(data.get("tier", 0)) for _, data in graph.nodes(data=True)],
        node_group=[int(data.get("group", -1)) for _, data in graph.nodes(data=True)],
        node_names=names,
    )


def _node_problems(node: Any, data: dict[str, Any]) -> Iterator[Problem]:
    for name, low in (("tier", 0), ("group", -1)):
        value = data.get(name, low)
        if not isinstance(value, int | np.integer) or value < low:
            yield Problem(f"node {node!r}: {name}", f"{value!r}", f"a whole number of at least {low}")


def _edge_problems(a: Any, b: Any, data: dict[str, Any]) -> Iterator[Problem]:
    where = f"edge {a!r} - {b!r}"
    if a == b:
        yield Problem(where, "joins a node to itself", "two different nodes")
    for name, default, low in (("capacity_gbps", None, 0.0), ("length_m", 0.0, 0.0), ("cost", 1.0, 1e-12)):
        value = data.get(name, default)
        if name == "capacity_gbps" and value is None:
            yield Problem(f"{where}: {name}", "missing", "a number of Gb/s per direction")
            continue
        try:
            number = math.nan if value is None else float(value)
        except (TypeError, ValueError):
            number = math.nan
        if not low <= number < math.inf:
            yield Problem(f"{where}: {name}", f"{value!r}", f"a finite number of at least {low:g}")


def fabric_to_networkx(fabric: Fabric) -> nx.Graph[Any]:
    """Return the graph of a fabric.

    Returns
    -------
    networkx.MultiGraph or networkx.MultiDiGraph
        Undirected when both directions of every link have one capacity; otherwise directed with an edge for each arc of
        capacity above 0. Node attributes ``kind``, ``tier``, ``group``; edge attributes as `from_networkx` reads them.
    """
    forward, reverse = fabric.arc_capacity_gbps[::2], fabric.arc_capacity_gbps[1::2]
    undirected = bool(np.array_equal(forward, reverse))
    graph: nx.Graph[Any] = nx.MultiGraph() if undirected else nx.MultiDiGraph()
    for i, name in enumerate(fabric.node_names):
        kind = NodeKind(int(fabric.node_kind[i])).name.lower()
        graph.add_node(name, kind=kind, tier=int(fabric.node_tier[i]), group=int(fabric.node_group[i]))
    arcs = range(0, fabric.n_arcs, 2) if undirected else np.flatnonzero(fabric.arc_capacity_gbps > 0)
    for arc in arcs:
        link = arc // 2
        graph.add_edge(
            fabric.node_names[fabric.arc_tail[arc]],
            fabric.node_names[fabric.arc_head[arc]],
            capacity_gbps=float(fabric.arc_capacity_gbps[arc]),
            length_m=float(fabric.link_length_m[link]),
            cost=float(fabric.link_cost[link]),
            link_class=fabric.link_class_names[fabric.link_class[link]],
        )
    return graph
