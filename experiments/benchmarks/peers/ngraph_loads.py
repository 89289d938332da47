# SPDX-License-Identifier: Apache-2.0
"""NetGraph (ngraph): placing demands on a network (https://github.com/networmix/NetGraph)."""

from __future__ import annotations

import numpy as np

from experiments.benchmarks.measure import Work
from experiments.benchmarks.peers import version_of

NAME = "NetGraph"
ECMP = "SHORTEST_PATHS_ECMP"
"""Hop by hop with equal split: the routing that optinet calls "ecmp"."""
TUNNELS = "TE_ECMP_16_LSP"
"""16 label-switched paths for every demand: other loads, but the same in all where all paths are equally long."""
_AMPLE = 1e9  # its ECMP places what fits; with ample capacity that is all, and the loads are comparable


def version() -> str | None:
    """Return ngraph's version, or None."""
    return version_of("ngraph")


def placement(topology: str, parameters: dict[str, int], gbps: float, preset: str) -> Work:
    """Return the work: place a demand between every ordered pair of hosts; loads in optinet's arc order.

    Inside the time is what a call of NetGraph's own does: expand the demands, prepare the graph, place.

    Parameters
    ----------
    topology, parameters
        As `topologies.build` takes them.
    gbps
        Of every demand.
    preset
        NetGraph's name of a routing.
    """
    from netgraph_core import FlowGraph
    from ngraph import Link, Network, Node
    from ngraph.analysis import build_demand_placement_inputs, place_demands

    import topologies

    fabric = topologies.build(topology, **parameters)
    network = Network()
    for node in range(fabric.n_nodes):
        network.add_node(Node(f"n{node}"))
    links = [
        Link(f"n{tail}", f"n{head}", capacity=_AMPLE, cost=1)
        for tail, head in zip(fabric.arc_tail[::2], fabric.arc_head[::2], strict=True)
    ]
    for link in links:
        network.add_link(link)
    hosts = [f"n{host}" for host in fabric.endpoints]
    demands = [
        {"source": f"^{a}$", "target": f"^{b}$", "volume": gbps, "mode": "pairwise", "flow_policy": preset}
        for a in hosts
        for b in hosts
        if a != b
    ]

    def work() -> np.ndarray:
        context, expansion, ids = build_demand_placement_inputs(network, demands)
        flows = FlowGraph(context.multidigraph)
        nodes, edges = context.build_node_mask(set()), context.build_edge_mask(set())
        volumes = [demand.volume for demand in expansion.demands]
        place_demands(expansion.demands, volumes, flows, context, nodes, edges, resolved_ids=ids)
        load = flows.edge_flow_view()
        graph, number = context.multidigraph, context.node_mapper.node_id_of
        ends = zip(graph.edge_src_view().tolist(), graph.edge_dst_view().tolist(), load.tolist(), strict=True)
        by_ends = {(tail, head): gbps for tail, head, gbps in ends}
        return np.array(
            [
                by_ends[number[f"n{tail}"], number[f"n{head}"]]
                for tail, head in zip(fabric.arc_tail, fabric.arc_head, strict=True)
            ]
        )

    return work
